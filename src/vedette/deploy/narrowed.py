"""Which of the detections that are known a deployment's options leave out: on purpose, and so none is missing. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from vedette.deploy.answers import text, texts
from vedette.deploy.selection import in_pack
from vedette.deploy.wanted import Pack
from vedette.detections.definition import Detection, Severity


def narrowing(held: Mapping[str, object]) -> tuple[str, ...]:
    """Those of the deployment's options (`remembered`) that leave detections out, without the ids that they name."""
    return tuple(_narrowing(held))


def _narrowing(held: Mapping[str, object]) -> Iterator[str]:
    if texts(held, "only"):
        yield "--only"
    elif (least := _least(held)) is not None:
        yield f"--min-severity {least.value}"
    if (pack := _pack(held)) is not Pack.ALL:
        yield f"--pack {pack.value}"
    if held.get("builtin") is False:
        yield "--no-builtin"


def let_in(held: Mapping[str, object], known: Sequence[Detection], own: frozenset[str]) -> frozenset[str]:
    """The ids that the options let in, with what their rules need; `own` are the ids that are not built in."""
    only, least, pack = texts(held, "only"), _least(held), _pack(held)
    offered = {
        one.id: one for one in known if (one.id in own or held.get("builtin") is not False) and in_pack(one, pack)
    }
    waiting = list(only) or [name for name, one in offered.items() if least is None or one.severity >= least]
    found: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in offered and name not in found:
            found.add(name)
            rule = offered[name].rule
            waiting += rule.children if rule is not None else ()
    return frozenset(found)


def _least(held: Mapping[str, object]) -> Severity | None:
    given = text(held, "min_severity")
    return next((one for one in Severity if one.value == given), None)


def _pack(held: Mapping[str, object]) -> Pack:
    given = text(held, "pack")
    return next((one for one in Pack if one.value == given), Pack.ALL)
