"""From an alarm's name to its detection: the files that the bundle holds, and the built-in ones behind them.

Only what is asked for is read: the function would else read a hundred files before it tells of one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib.resources import files
from pathlib import Path

from vedette.deploy.storyteller.contract import DETECTIONS
from vedette.detections.definition import Detection, Severity
from vedette.detections.loader import load_text
from vedette.detections.reading import ID

BUNDLED = Path(__file__).parents[3] / DETECTIONS
"""Where the bundle keeps the detections that were deployed with it, each as `ID.yaml`."""


@dataclass(slots=True)
class Library:
    """Detections by id, each read once; `prefix` is what stands before an id in an alarm's name."""

    prefix: str
    severity: Mapping[str, Severity] = field(default_factory=dict)
    folder: Path = BUNDLED
    _read: dict[str, Detection | None] = field(default_factory=dict)

    def id_of(self, alarm: str) -> str:
        """The id in an alarm's name; empty for an alarm that is not one of ours."""
        start = f"{self.prefix}-"
        name = alarm.removeprefix(start)
        return name if alarm.startswith(start) and ID.fullmatch(name) else ""

    def find(self, name: str) -> Detection | None:
        """The detection of that id, with the severity that it was deployed with; None if there is none.

        Raises ProblemsError for a file that cannot be used.
        """
        if name not in self._read:
            self._read[name] = self._load(name) if ID.fullmatch(name) else None
        return self._read[name]

    def with_children(self, name: str) -> tuple[Detection, ...]:
        """The detection, which tells, and before it those that its rule needs, which do not; empty if there is none."""
        wanted, waiting = dict[str, Detection](), [name]
        while waiting:
            each = waiting.pop()
            found = self.find(each) if each not in wanted else None
            if found is not None:
                wanted[each] = replace(found, notify=each == name)
                waiting += found.rule.children if found.rule is not None else ()
        return tuple(sorted(wanted.values(), key=lambda one: (one.id == name, one.id)))

    def _load(self, name: str) -> Detection | None:
        text = self._text(name)
        if text is None:
            return None
        found = load_text(text, f"{name}.yaml")
        return replace(found, severity=self.severity.get(name, found.severity))

    def _text(self, name: str) -> str | None:
        own = self.folder / f"{name}.yaml"
        if own.is_file():
            return own.read_text("utf-8")
        for category in sorted((files("vedette.detections") / "library").iterdir(), key=lambda entry: entry.name):
            shipped = category / f"{name}.yaml"
            if shipped.is_file():
                return shipped.read_text("utf-8")
        return None
