"""The figures of a running monitor, in Prometheus' text format. Every name is declared once, here.

Counters begin at zero with the process. What the store knows better (waiting deliveries, standing alerts) is asked for
when somebody looks.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from vedette.errors import printable


@dataclass(frozen=True, slots=True)
class Figure:
    """One name: what kind Prometheus takes it for, what it tells, and the labels that keep its values apart."""

    name: str
    kind: str
    meaning: str
    labels: tuple[str, ...] = ()


OBJECTS = Figure("vedette_objects_total", "counter", "Objects read and kept.", ("source",))
RECORDS = Figure("vedette_records_total", "counter", "Records read, those seen before included.", ("source",))
MALFORMED = Figure("vedette_malformed_total", "counter", "Parts of objects that could not be read.", ("source",))
POISON = Figure("vedette_objects_rejected_total", "counter", "Objects put aside after several tries.", ("source",))
DETECTION_ERRORS = Figure(
    "vedette_detection_errors_total", "counter", "Objects of which a detection could not be asked.", ("detection",)
)
MATCHES = Figure("vedette_matches_total", "counter", "Matches counted for the first time.", ("source",))
ALERTS = Figure("vedette_alerts_total", "counter", "Alerts opened.", ("severity",))
TRIES = Figure("vedette_delivery_tries_total", "counter", "Tries to send, by how they ended.", ("channel", "outcome"))
SOURCE_ERRORS = Figure("vedette_source_errors_total", "counter", "Times that a source failed.", ("source",))
STORE_ERRORS = Figure("vedette_store_errors_total", "counter", "Transactions that the store refused.")
TICK_SECONDS = Figure("vedette_tick_seconds", "summary", "How long ticks took.")
INGEST_SECONDS = Figure("vedette_ingest_seconds", "summary", "How long an object took, from opening it to its commit.")
LAG = Figure(
    "vedette_source_lag_seconds", "gauge", "From the delivery of the newest object to its commit.", ("source",)
)
LAST_OBJECT = Figure(
    "vedette_source_last_object_timestamp_seconds", "gauge", "When the last object was read.", ("source",)
)
QUEUE = Figure("vedette_queue_objects", "gauge", "Objects that wait to be read, or are being read.")
STANDING = Figure("vedette_alerts_standing", "gauge", "Alerts whose alarm is in ALARM.", ("severity",))
DELIVERIES = Figure(
    "vedette_deliveries", "gauge", "Deliveries in the store, at most 1,000 of a kind.", ("channel", "state")
)
BUILD = Figure("vedette_build_info", "gauge", "1, with the version.", ("version",))

FIGURES = (
    OBJECTS, RECORDS, MALFORMED, POISON, DETECTION_ERRORS, MATCHES, ALERTS, TRIES, SOURCE_ERRORS, STORE_ERRORS,
    TICK_SECONDS, INGEST_SECONDS, LAG, LAST_OBJECT, QUEUE, STANDING, DELIVERIES, BUILD,
)  # fmt: skip

Labels = tuple[str, ...]
Asked = Callable[[], Mapping[Figure, Mapping[Labels, float]]]


class Figures:
    """Counts; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._values: dict[Figure, dict[Labels, float]] = {}
        self._sums: dict[Figure, tuple[float, int]] = {}

    def add(self, figure: Figure, *labels: str, by: float = 1) -> None:
        """Count further."""
        with self._lock:
            values = self._values.setdefault(figure, {})
            values[labels] = values.get(labels, 0) + by

    def set(self, figure: Figure, *labels: str, to: float) -> None:
        """Set a gauge."""
        with self._lock:
            self._values.setdefault(figure, {})[labels] = to

    def observe(self, figure: Figure, seconds: float) -> None:
        """Add to a summary."""
        with self._lock:
            total, count = self._sums.get(figure, (0.0, 0))
            self._sums[figure] = total + seconds, count + 1

    def value(self, figure: Figure, *labels: str) -> float:
        """What a counter or gauge stands at; of a summary, how many were observed."""
        with self._lock:
            if figure.kind == "summary":
                return self._sums.get(figure, (0.0, 0))[1]
            return self._values.get(figure, {}).get(labels, 0)

    def page(self, asked: Mapping[Figure, Mapping[Labels, float]]) -> str:
        """The whole page; `asked` are figures that come from elsewhere."""
        with self._lock:
            values = {figure: dict(found) for figure, found in self._values.items()}
            sums = dict(self._sums)
        values.update({figure: dict(found) for figure, found in asked.items()})
        return "".join(line + "\n" for figure in FIGURES for line in _lines(figure, values.get(figure, {}), sums))


def _lines(figure: Figure, values: Mapping[Labels, float], sums: Mapping[Figure, tuple[float, int]]) -> Iterator[str]:
    yield f"# HELP {figure.name} {figure.meaning}"
    yield f"# TYPE {figure.name} {figure.kind}"
    if figure.kind == "summary":
        total, count = sums.get(figure, (0.0, 0))
        yield f"{figure.name}_sum {total:.6f}"
        yield f"{figure.name}_count {count}"
        return
    if not figure.labels and not values:
        values = {(): 0}
    for labels, value in sorted(values.items()):
        yield f"{figure.name}{_labelled(zip(figure.labels, labels, strict=True))} {value:.15g}"


def _labelled(pairs: Iterable[tuple[str, str]]) -> str:
    inside = ",".join(f'{name}="{_escaped(value)}"' for name, value in pairs)
    return f"{{{inside}}}" if inside else ""


def _escaped(value: str) -> str:
    return printable(value).replace("\\", "\\\\").replace('"', '\\"')
