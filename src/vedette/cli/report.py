"""How a scan's findings look on a terminal: a table of alerts by severity, one alert in full, the tally."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TypeAlias

from rich.text import Text

from vedette.alerts import words
from vedette.alerts.alert import Alert
from vedette.alerts.evidence import Counts, Sighting
from vedette.alerts.related import Told, fold_related
from vedette.app import Report
from vedette.cli import output
from vedette.cloudtrail.envelope import APART
from vedette.cloudtrail.moment import print_time
from vedette.detections.definition import Severity

_LEFT = 10
_SHORT = {"informational": "INFO"}
_RECORD_LINES = 40
_STEP_LINES = 4
_NAME_LINES = 3
"""Lines in which an alert in full shows a text that somebody else wrote: names, agents, a record."""

_LOUD = Severity.MEDIUM
MOST_ENTRIES = 100

_Entry: TypeAlias = list[Told]
"""Alerts of one detection and group, the first in front."""


def summary(alerts: Sequence[Alert]) -> Text:
    """`7 alerts: 1 critical, 4 high, 2 medium`, in colours."""
    text = Text(output.count(len(alerts), "alert"), "bold")
    parts = [
        (severity.value, sum(alert.detection.severity is severity for alert in alerts))
        for severity in reversed(Severity)
    ]
    for number, (name, count) in enumerate((name, count) for name, count in parts if count):
        text.append(", " if number else ": ").append(f"{count:,} {name}", output.SEVERITY_STYLES[name])
    return text


def table(alerts: Sequence[Alert], columns: int, *, every: bool = False) -> Iterator[Text]:
    """The alerts of medium severity and above as entries, the most severe first; what is lower, a line a detection.

    Alerts about the same records share an entry, and so do those of one detection and group that came again. More than
    MOST_ENTRIES nobody reads: each detection then shows its first few, and the rest in a line, unless `every`.
    """
    days = {print_time(time)[:10] for alert in alerts for time in (alert.evidence.first, alert.evidence.last)}
    layout = _Layout(columns, dated=len(days) > 1, years=len({day[:4] for day in days}) > 1)
    loud = [alert for alert in alerts if alert.detection.severity >= _LOUD]
    told = fold_related(alerts)
    entries = list(_entries([one for one in told if one.alert.detection.severity >= _LOUD]))
    shown, rest = (entries, []) if every else _foremost(entries)
    if entries:
        yield layout.header("SEVERITY", "ALERT", "WHEN (UTC)")
        several = len({account for alert in loud for account in alert.evidence.accounts.values}) > 1
        for entry in shown:
            yield from _entry(entry, layout, several=several)
    if rest:
        yield layout.header("MORE", "SEEN", "ACTORS")
        yield from _in_lines([one.alert for entry in rest for one in entry], layout)
        yield Text(f"{len(rest):,} more in these lines: `--all` shows each", "dim")
        yield Text("")
    quiet = [one.alert for one in told if one.alert.detection.severity < _LOUD]
    if quiet:
        yield layout.header("LOWER", "SEEN", "ACTORS")
        yield from _in_lines(quiet, layout)


@dataclass(frozen=True, slots=True)
class _Layout:
    """How wide the table is, and whether times need their day, and days their year."""

    columns: int
    dated: bool
    years: bool

    def header(self, left: str, middle: str, right: str) -> Text:
        head = f"{left:<{_LEFT}}{middle}"
        return Text(head + f"{right:>{self.columns - len(head) - 7}}{'COUNT':>7}", "bold")

    def line(self, severity: str, title: Text, right: str) -> Text:
        label = _SHORT.get(severity, severity.upper())
        shown = title.copy()
        shown.truncate(self.columns - _LEFT - output.cells(right) - 2, overflow="ellipsis", pad=True)
        start = Text(f"{label:<{_LEFT}}")
        start.stylize(output.SEVERITY_STYLES[severity], 0, len(label))
        return Text.assemble(start, shown, "  ", right)


def _entries(told: Sequence[Told]) -> Iterator[_Entry]:
    """Entries by detection and group, in order of the first of each."""
    groups: dict[tuple[str, tuple[str, ...]], list[Told]] = {}
    for one in told:
        groups.setdefault((one.alert.detection.id, one.alert.group), []).append(one)
    yield from groups.values()


def _foremost(entries: list[_Entry]) -> tuple[list[_Entry], list[_Entry]]:
    """About MOST_ENTRIES of them, and the others. The most severe have the room that they need, and what remains goes
    to the less severe; of each detection one entry at least is there."""
    room = MOST_ENTRIES
    shown: list[_Entry] = []
    rest: list[_Entry] = []
    for _, alike in groupby(entries, key=lambda entry: entry[0].alert.detection.severity):
        same = list(alike)
        totals = Counter(entry[0].alert.detection.id for entry in same)
        each = next((n for n in range(room, 1, -1) if sum(min(total, n) for total in totals.values()) <= room), 1)
        met: Counter[str] = Counter()
        for entry in same:
            name = entry[0].alert.detection.id
            met[name] += 1
            (shown if met[name] <= each else rest).append(entry)
        room -= sum(min(total, each) for total in totals.values())
    return shown, rest


def _entry(told: Sequence[Told], layout: _Layout, *, several: bool) -> Iterator[Text]:
    alert = told[0].alert
    when = words.when(alert, with_date=layout.dated)
    when = when[len("2026-") :] if layout.dated and not layout.years else when
    if len(told) > 1:
        when += f" (+{len(told) - 1})"
    count = sum(one.alert.evidence.count for one in told)
    title = Text(output.calm(alert.detection.title), "bold")
    yield layout.line(alert.detection.severity.value, title, f"{when} {count:>6,}")
    room = layout.columns - _LEFT
    indent = " " * _LEFT
    account = f" · {', '.join(name for name, _ in alert.evidence.accounts.most_common(2))}" if several else ""
    yield Text(indent + _fitting(room, lambda most: _origin(alert, most) + account))
    yield Text(indent + _fitting(room, lambda most: words.what(alert, most, short=True)))
    also = dict.fromkeys(other.detection.title for one in told for other in one.also)
    if also:
        yield Text(indent + output.cut(f"also: {'; '.join(also)}", room), "dim")
    first, *more = output.fold(words.next_step(alert), room - 2, most=_STEP_LINES)
    yield Text.assemble(indent, ("→ ", "bold"), first)
    for line in more:
        yield Text(f"{indent}  {line}")
    yield Text("")


def _origin(alert: Alert, most: int) -> str:
    return f"{words.who(alert, most)} · from {words.whence(alert, most)} · {words.where(alert, most)}"


def _fitting(room: int, text: Callable[[int], str]) -> str:
    """The longest wording that fits: with two of a kind named, else one, else cut."""
    wordings = [output.calm(text(2)), output.calm(text(1))]
    return next((wording for wording in wordings if output.cells(wording) <= room), output.cut(wordings[-1], room))


def _in_lines(alerts: Sequence[Alert], layout: _Layout) -> Iterator[Text]:
    by_detection: dict[str, list[Alert]] = {}
    for alert in alerts:
        by_detection.setdefault(alert.detection.id, []).append(alert)
    for same in by_detection.values():
        detection = same[0].detection
        actors = {name for alert in same for name in alert.evidence.actors.values}
        told = next(iter(actors)) if len(actors) == 1 else f"{len(actors)} actors"
        right = f"{output.cut(told, 24)} {sum(alert.evidence.count for alert in same):>6,}"
        yield layout.line(detection.severity.value, Text(output.calm(detection.title)), right)


def full(alert: Alert, records: Mapping[Sighting, str], columns: int) -> Iterator[Text]:
    """One alert with everything that a human needs to act on it."""
    detection, evidence = alert.detection, alert.evidence
    name = detection.severity.value
    yield Text.assemble((f" {name.upper()} ", output.SEVERITY_STYLES[name]), " ", (detection.title, "bold"))
    yield Text(f"{alert.id}", "dim")
    yield from _section("What happened", output.fold(words.sentence(alert), columns - 2, most=8))
    yield from _section("Who", _who(alert, columns - 2))
    yield from _section("From where", _counts(evidence.addresses, columns - 2) or ["not recorded"])
    with_ = [("regions", evidence.regions), ("accounts", evidence.accounts), ("agents", evidence.user_agents)]
    yield from _section(
        "With what", [line for label, counts in with_ for line in _labelled(label, counts, columns - 2)]
    )
    yield from _section("When", [_when(alert)])
    yield from _section("Why it matters", output.fold(detection.why, columns - 2))
    if detection.false_positives:
        yield from _section("When it is harmless", _items(detection.false_positives, columns - 2, "- "))
    yield from _section("What to do now", _items(detection.respond, columns - 2, "1. "))
    told = [line for seen in evidence.sightings for line in _foreign(words.telling(seen), columns - 2)]
    yield from _section("Records", told)
    yield from _section("CloudWatch would say", output.fold(alert.opened.reason, columns - 2))
    if records and evidence.sightings and (record := records.get(evidence.sightings[0])):
        yield from _section("The first record, as CloudTrail wrote it", _pretty(record, columns - 2))


def _section(title: str, lines: Sequence[str]) -> Iterator[Text]:
    if lines:
        yield Text("")
        yield Text(title, "bold cyan")
        for line in lines:
            yield Text(f"  {line}")


def _who(alert: Alert, columns: int) -> list[str]:
    seen: dict[str, str] = {}
    for sighting in alert.evidence.sightings:
        actor = sighting.actor
        parts = [actor.kind.value]
        parts += [f"account {actor.account}"] if actor.account else []
        parts += [f"key {actor.access_key_id}"] if actor.access_key_id else []
        parts += [f"through {actor.invoked_by}"] if actor.invoked_by else []
        seen.setdefault(actor.name, ", ".join(parts))
    lines = []
    for name, count in alert.evidence.actors.most_common(5):
        about = f" ({seen[name]})" if name in seen else ""
        lines += _foreign(f"{output.cut(name, 100)}{about}, {words.times(count)}", columns)
    return lines + _rest(alert.evidence.actors)


def _foreign(text: str, columns: int) -> list[str]:
    return output.fold(text, columns, rest="  ", most=_NAME_LINES)


def _counts(counts: Counts, columns: int) -> list[str]:
    lines = [f"{output.cut(name, columns - 16)}, {words.times(count)}" for name, count in counts.most_common(5)]
    return lines + _rest(counts)


def _rest(counts: Counts) -> list[str]:
    others = len(counts.values) - 5
    if others <= 0:
        return []
    return [f"and {output.count(others, 'other')}" if counts.complete else f"and more than {others:,} others"]


def _labelled(label: str, counts: Counts, columns: int) -> list[str]:
    names = ", ".join(output.cut(name, 2 * columns) for name, _ in counts.most_common(3))
    return output.fold(names, columns, first=f"{label:<10}", rest=" " * 10) if names else []


def _when(alert: Alert) -> str:
    evidence = alert.evidence
    first, last = (print_time(time).replace("T", " ").rstrip("Z") for time in (evidence.first, evidence.last))
    until = "" if first == last else f" to {last if first[:10] != last[:10] else last[11:]}"
    return f"{first}{until} UTC, {words.times(evidence.count)}"


def _items(items: Sequence[str], columns: int, mark: str) -> list[str]:
    lines: list[str] = []
    for number, item in enumerate(items, start=1):
        first = f"{number}. " if mark == "1. " else mark
        lines += output.fold(item, columns, first=first, rest=" " * len(first), whole=True)
    return lines


def _pretty(record: str, columns: int) -> list[str]:
    try:
        lines = json.dumps(json.loads(record), indent=1, ensure_ascii=False).splitlines()
    except (ValueError, RecursionError):
        lines = [record]
    shown = [output.cut(line, columns) for line in lines[:_RECORD_LINES]]
    return shown + ([f"… {len(lines) - _RECORD_LINES} more lines"] if len(lines) > _RECORD_LINES else [])


def tally(report: Report, seconds: float) -> Iterator[str]:
    """What was read and what became of it; each line's parts add up to its first number."""
    t, a = report.tally, report.assembly
    rate = f" in {seconds:.1f} s ({t.records / seconds:,.0f} records/s)" if seconds > 0 else ""
    objects = f"{output.count(report.objects, 'object')} = {report.read:,} read"
    objects += f" + {report.older:,} delivered before the window" if report.older else ""
    objects += f" + {report.unreadable:,} unreadable" if report.unreadable else ""
    yield objects + rate
    yield f"{output.count(t.records, 'record')} = {t.unique:,} unique + {t.duplicates:,} duplicates"
    yield f"{t.unique:,} unique = {t.matched:,} matched + {t.unmatched:,} unmatched"
    matches = f"{a.matches:,} match{'' if a.matches == 1 else 'es'} = {a.alerted:,} in alerts"
    yield (
        matches
        + f" + {a.below_threshold:,} below a threshold"
        + (f" + {a.building_blocks:,} for composites" if a.building_blocks else "")
    )
    if report.outside:
        yield f"{report.outside:,} matches outside the window are in none of these"
    others = [
        f"{count:,} × {kind.value}"
        for kind, count in sorted(t.bodies.items(), key=lambda i: i[0].value)
        if kind in APART
    ]
    if others:
        yield f"counted apart: {', '.join(others)}"
    if total := sum(report.malformed_counts.values()):
        reasons = ", ".join(f"{count:,} {reason}" for reason, count in report.malformed_counts.most_common())
        yield f"{total:,} malformed: {reasons}"
