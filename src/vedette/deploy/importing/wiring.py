"""Defects that lie between things: a filter, its metric, the alarm on it, the topic, and who hears of it.

What is wrong with a pattern or an alarm by itself is found by the lint of detections.
"""

from __future__ import annotations

import difflib
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from vedette.deploy.importing.found import Found, FoundAlarm, FoundFilter, FoundTopic
from vedette.errors import Level

_NEAR = 0.8


@dataclass(frozen=True, slots=True)
class Defect:
    """Something wrong: the rule's id, what, and how to mend it."""

    rule: str
    message: str
    hint: str = ""
    level: Level = Level.ERROR


def between(filter_: FoundFilter, alarm: FoundAlarm, fellows: Sequence[FoundFilter]) -> Iterator[Defect]:
    """Defects of a filter and an alarm on one metric; `fellows` are the other filters that count into it."""
    if {name for name, _ in filter_.dimensions} != {name for name, _ in alarm.dimensions}:
        has = ", ".join(f"`{name}`" for name, _ in filter_.dimensions) or "no dimensions"
        asks = ", ".join(f"`{name}`" for name, _ in alarm.dimensions) or "none"
        message = f"the metric has {has} and the alarm asks for {asks}: it never sees data"
        yield Defect("dimensions-mismatch", message, "an alarm names every dimension with its value")
    if fellows:
        names = ", ".join(f"`{one.name}`" for one in fellows)
        message = f"{names} {'counts' if len(fellows) == 1 else 'count'} into the same metric: the alarm sums them"
        yield Defect("shared-metric", message, "give each filter a metric of its own", Level.WARNING)
    opened = [name for name in ("threshold", "period") if getattr(alarm, name) is None]
    if opened := [*(["the metric's name"] if is_open(filter_) else []), *opened]:
        message = f"{' and '.join(opened)}: only a deployment knows; the default is written"
        yield Defect("open-value", message, "read it from the account, or from `terraform show -json`", Level.WARNING)
    if filter_.default is None and alarm.treat_missing_data in ("missing", "ignore"):
        yield _missing(alarm)


def is_open(counts: FoundFilter | FoundAlarm) -> bool:
    """Whether only a deployment knows which metric it is."""
    return any("${" in name or name == "…" for name in counts.series)


def _missing(alarm: FoundAlarm) -> Defect:
    stays = "stays in ALARM for ever" if alarm.treat_missing_data == "ignore" else "goes to INSUFFICIENT_DATA, never OK"
    message = f"missing data counts as `{alarm.treat_missing_data}`, and there is no default: after an alarm it {stays}"
    return Defect("missing-data", message, "treat missing data as `notBreaching`", Level.WARNING)


def of_alarm(alarm: FoundAlarm, topics: Mapping[str, FoundTopic]) -> Iterator[Defect]:
    """Defects of what an alarm does when it fires."""
    if not alarm.actions:
        yield Defect("no-action", "the alarm does nothing when it fires", "give it a topic as its alarm action")
    elif not alarm.actions_enabled:
        hint = f"`aws cloudwatch enable-alarm-actions --alarm-names {shlex.quote(alarm.name)}`"
        yield Defect("actions-disabled", "the alarm's actions are switched off", hint)
    for arn in alarm.actions:
        if arn in topics:
            yield from _of_topic(topics[arn])


def _of_topic(topic: FoundTopic) -> Iterator[Defect]:
    if topic.confirmed is None or topic.confirmed:
        return
    name = topic.arn.rpartition(":")[2]
    if topic.arn.startswith("${"):
        message = f"nothing here subscribes to `{name[2:-1].removesuffix('.arn')}`"
        yield Defect("no-subscriber", message, "unless somebody does it by hand, nobody hears of it", Level.WARNING)
    elif topic.pending:
        waiting = f"{topic.pending} wait{'s' if topic.pending == 1 else ''} for confirmation"
        hint = "click the link in the confirmation mail; it holds for two days"
        yield Defect("no-subscriber", f"nobody hears of `{name}`: {waiting}", hint)
    else:
        yield Defect("no-subscriber", f"nobody has subscribed to `{name}`", "subscribe somebody, and confirm")


def lonely_filter(filter_: FoundFilter, found: Found) -> Defect:
    """The defect of a filter that no alarm watches."""
    near = _nearest(filter_.series, {alarm.series for alarm in found.alarms} - {one.series for one in found.filters})
    if near is not None:
        return _mismatch(f"counts into {_named(filter_.series)}", f"an alarm watches {_named(near)}")
    counted = {one.series for one in found.filters}
    if any(is_open(alarm) and alarm.series not in counted for alarm in found.alarms):
        message = f"no alarm that can be read watches {_named(filter_.series)}"
        return Defect("filter-without-alarm", message, "others watch what only a deployment knows", Level.WARNING)
    message = f"no alarm watches {_named(filter_.series)}: matches are counted and nobody is told"
    return Defect("filter-without-alarm", message, "put an alarm on the metric, or remove the filter")


def lonely_alarm(alarm: FoundAlarm, found: Found) -> Defect:
    """The defect of an alarm whose metric no filter counts into."""
    near = _nearest(alarm.series, {one.series for one in found.filters} - {alarm.series for alarm in found.alarms})
    if near is not None:
        return _mismatch(f"watches {_named(alarm.series)}", f"a filter counts into {_named(near)}")
    message = f"no filter here counts into {_named(alarm.series)}: unless a program does, it never fires"
    return Defect("alarm-without-filter", message, "remove it, or put its filter back")


def _mismatch(does: str, other: str) -> Defect:
    return Defect("metric-name-mismatch", f"it {does}, and {other}", "write both alike; capitals count")


def _nearest(series: tuple[str, str], others: set[tuple[str, str]]) -> tuple[str, str] | None:
    """Another metric that was probably meant: one that differs in a few letters, or in the namespace only."""

    named = {"/".join(each).casefold(): each for each in sorted(others)}
    if close := difflib.get_close_matches("/".join(series).casefold(), named, n=1, cutoff=_NEAR):
        return named[close[0]]
    return next((each for each in named.values() if each[1].casefold() == series[1].casefold()), None)


def _named(series: tuple[str, str]) -> str:
    return f"`{series[0]}/{series[1]}`"
