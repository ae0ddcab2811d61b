"""The detections that the settings ask for: built-in ones and your own, chosen, and with changed severities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from vedette.alerts.policy import fits
from vedette.detections.definition import Detection
from vedette.detections.loader import load_builtin, load_paths
from vedette.errors import InputError
from vedette.monitor.selfwatch import Concern
from vedette.monitor.watching import CANARY
from vedette.settings import check_detection_ids
from vedette.settings.model import Settings


def chosen_detections(settings: Settings) -> tuple[Detection, ...]:
    """The detections to ask, with what the rules of the chosen ones need; InputError where there is none."""
    given = settings.detections
    shipped = load_builtin(tests=False) if given.builtin else ()
    own = load_paths([Path(path) for path in given.paths], known=[one.id for one in shipped]) if given.paths else ()
    replaced = {one.id for one in own}
    every = (*(one for one in shipped if one.id not in replaced), *own)
    check_detection_ids(settings, [one.id for one in every], [CANARY, *(one.value for one in Concern)])
    wanted = [one.id for one in every if not given.only or _any_fits(given.only, one.id)]
    kept = _with_children(every, [name for name in wanted if not _any_fits(given.disable, name)])
    if not kept:
        raise InputError("the settings leave no detection to ask", hint="look at `[detections]`")
    return tuple(replace(one, severity=given.severity.get(one.id, one.severity)) for one in kept)


def _any_fits(patterns: Sequence[str], name: str) -> bool:
    return any(fits(pattern, name) for pattern in patterns)


def _with_children(every: Sequence[Detection], names: Sequence[str]) -> list[Detection]:
    """The named ones; those that only their rules need are asked, and tell nobody."""
    by_id = {one.id: one for one in every}
    needed, waiting = set(), list(names)
    while waiting:
        name = waiting.pop()
        if name in by_id and name not in needed:
            needed.add(name)
            rule = by_id[name].rule
            waiting += rule.children if rule is not None else ()
    told = set(names)
    return [one if one.id in told else replace(one, notify=False) for one in every if one.id in needed]
