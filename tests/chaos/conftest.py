"""What the chaos tests share: how hard to try, a place to live, and a process that is gone afterwards.

`make chaos` sets VEDETTE_CHAOS_KILLS=200 and VEDETTE_CHAOS_FILES=10000; without them a short form runs. The seed is
printed, and VEDETTE_CHAOS_SEED sets it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from chaos.crowd import write_detections
from chaos.living import Monitor

MAIL = """\
kind = "maildir"
name = "mail"
path = "{home}/mail"
"""

SETTINGS = """\
[store]
url = "{store}"

[detections]
builtin = false
paths = ["{home}/detections"]

[[source]]
name = "logs"
{source}

[[channel]]
{channel}
rate = "100000/1s"

[[route]]
channels = ["mail"]

[policy]
group_wait = "1s"
group_window = "1s"
repeat_after = "0s"
max_age = "30d"
retry_first = "1s"
retry_longest = "2s"

[monitor]
interval = "1s"
health_port = 0
"""


@dataclass(frozen=True, slots=True)
class Hardness:
    """How often to kill, over how many files."""

    seed: int
    kills: int
    files: int


@pytest.fixture
def hardness() -> Hardness:
    found = Hardness(
        int(os.environ.get("VEDETTE_CHAOS_SEED", "20261121")),
        int(os.environ.get("VEDETTE_CHAOS_KILLS", "6")),
        int(os.environ.get("VEDETTE_CHAOS_FILES", "300")),
    )
    print(found)
    return found


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "logs").mkdir()
    write_detections(tmp_path / "detections")
    return tmp_path


@pytest.fixture
def monitor(home: Path) -> Iterator[Monitor]:
    monitor = Monitor(home / "vedette.toml", home / "log")
    yield monitor
    monitor.abandon()


def settle_in(
    home: Path, source: str = 'kind = "folder"\npath = "{home}/logs"', *, channel: str = MAIL,
    store: str = "sqlite:///{home}/store.db", more: str = "",
) -> None:  # fmt: skip
    """Write the settings."""
    text = SETTINGS.format(
        home=home, source=source.format(home=home), channel=channel.format(home=home), store=store.format(home=home)
    )
    (home / "vedette.toml").write_text(text + more)
