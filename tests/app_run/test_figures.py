"""Figures as Prometheus reads them; the names are those of the guide."""

from __future__ import annotations

import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from vedette.app.figures import BUILD, DELIVERIES, FIGURES, OBJECTS, STORE_ERRORS, TICK_SECONDS, Figures
from vedette.app.health import HealthServer
from vedette.errors import InputError
from waiting import PATIENCE

GUIDE = Path(__file__).parents[2] / "docs" / "guide" / "running.md"


def test_counters_gauges_and_summaries() -> None:
    figures = Figures()
    figures.add(OBJECTS, "b")
    figures.add(OBJECTS, "a", by=2)
    figures.set(BUILD, "1.0", to=1)
    figures.observe(TICK_SECONDS, 0.25)
    figures.observe(TICK_SECONDS, 0.5)
    page = figures.page({DELIVERIES: {("mail", "dead"): 3}})
    lines = [line for line in page.splitlines() if not line.startswith("#")]
    assert lines == [
        'vedette_objects_total{source="a"} 2', 'vedette_objects_total{source="b"} 1', "vedette_store_errors_total 0",
        "vedette_tick_seconds_sum 0.750000", "vedette_tick_seconds_count 2", "vedette_ingest_seconds_sum 0.000000",
        "vedette_ingest_seconds_count 0", "vedette_queue_objects 0",
        'vedette_deliveries{channel="mail",state="dead"} 3',
        'vedette_build_info{version="1.0"} 1',
    ]  # fmt: skip
    assert (figures.value(OBJECTS, "a"), figures.value(TICK_SECONDS), figures.value(STORE_ERRORS)) == (2, 2, 0)


def test_labels_are_escaped() -> None:
    figures = Figures()
    figures.add(OBJECTS, 'a"b\\c\nd')
    assert 'source="a\\"b\\\\c d"' in figures.page({})


def test_the_guide_names_every_figure_and_no_other() -> None:
    """docs/guide/running.md has a row for each: name, labels, meaning."""
    rows = re.findall(r"^\| `(vedette_\w+)` \| (.*?) \| (.*?) \|$", GUIDE.read_text(), re.MULTILINE)
    declared = [(one.name, ", ".join(f"`{label}`" for label in one.labels), one.meaning.rstrip(".")) for one in FIGURES]
    assert [(name, labels.strip(), meaning) for name, labels, meaning in rows] == declared


@pytest.fixture
def troubles() -> list[str]:
    return []


@pytest.fixture
def server(troubles: list[str]) -> Iterator[HealthServer]:
    server = HealthServer("127.0.0.1", 0, lambda: troubles, lambda: "figures\n")
    yield server
    server.close()


def _get(server: HealthServer, path: str, method: str = "GET") -> tuple[int, str]:
    request = urllib.request.Request(f"http://127.0.0.1:{server.port}{path}", method=method)
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_alive_ready_and_figures(server: HealthServer, troubles: list[str]) -> None:
    assert _get(server, "/healthz") == (200, "alive\n")
    assert _get(server, "/readyz") == (200, "ready\n")
    assert _get(server, "/metrics?x=1") == (200, "figures\n")
    assert _get(server, "/metrics", "HEAD") == (200, "")
    troubles.append("the store is gone")
    assert _get(server, "/readyz") == (503, "the store is gone\n")
    assert _get(server, "/healthz")[0] == 200
    assert _get(server, "/etc/passwd")[0] == 404


def test_a_port_that_is_taken_is_told(server: HealthServer) -> None:
    with pytest.raises(InputError) as caught:
        HealthServer("127.0.0.1", server.port, list, str)
    assert caught.value.message == f"cannot listen on 127.0.0.1:{server.port}: address already in use"
