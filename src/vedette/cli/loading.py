"""What several commands ask for alike: the detections to work with, and the day it is."""

from __future__ import annotations

import datetime as dt
import difflib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from vedette.detections.definition import Detection
from vedette.detections.loader import load_builtin, load_paths
from vedette.errors import UsageError


def today() -> dt.date:
    """The day in UTC: exceptions and silences end by it."""
    return dt.datetime.now(dt.UTC).date()


def load(paths: Sequence[str], *, builtin: bool = True) -> tuple[Detection, ...]:
    """The built-in detections and those of `paths`; a file of your own takes the place of a built-in one by its id."""
    shipped = load_builtin(tests=False) if builtin else ()
    own = load_paths([Path(path) for path in paths], known=[d.id for d in shipped]) if paths else ()
    if paths and not own:
        told = ", ".join(f"`{path}`" for path in paths)
        raise UsageError(f"no detection file in {told}", hint="a detection file ends in .yaml or .yml")
    replaced = {detection.id for detection in own}
    return (*(detection for detection in shipped if detection.id not in replaced), *own)


def choose(detections: Sequence[Detection], ids: Iterable[str]) -> tuple[Detection, ...]:
    """The named detections, with what their composite rules need; all of them where none is named."""
    wanted = set(ids)
    if not wanted:
        return tuple(detections)
    by_id = {detection.id: detection for detection in detections}
    for name in sorted(wanted):
        find(by_id, name)
    needed: set[str] = set()
    while wanted - needed:
        needed |= (fresh := wanted - needed)
        wanted |= {child for name in fresh if (rule := by_id[name].rule) is not None for child in rule.children}
    return tuple(detection for detection in detections if detection.id in needed)


def ended_exceptions(detections: Iterable[Detection]) -> Iterator[str]:
    """A sentence on each exception that has ended: what was expected until then is told again."""
    for detection in detections:
        for exception in detection.exceptions:
            if exception.expires < today():
                told = f"an exception of `{detection.id}` ended on {exception.expires}: {exception.reason}"
                yield f"{told} ({exception.owner} vouched for it)"


def find(by_id: dict[str, Detection], name: str) -> Detection:
    """The detection with that id; raises UsageError that suggests the nearest ones."""
    if name in by_id:
        return by_id[name]
    hint = nearest_hint(name, by_id) or "`vedette detections list` names them all"
    raise UsageError(f"no detection has the id `{name}`", hint=hint)


def nearest_hint(name: str, known: Iterable[str]) -> str | None:
    """`did you mean …?` with those of the known names that are much like it; None if there is none."""
    names = list(known)
    near = difflib.get_close_matches(name, names, n=3) or [one for one in names if name in one][:3]
    return f"did you mean {' or '.join(f'`{one}`' for one in near)}?" if near else None
