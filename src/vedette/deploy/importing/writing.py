"""Detection files from what was found: the text of one file, with comments that say where each part comes from."""

from __future__ import annotations

import itertools
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from vedette.deploy.importing.found import FoundAlarm, FoundFilter
from vedette.deploy.importing.naming import Guess
from vedette.detections.align import on_one_line
from vedette.errors import printable

_WIDTH = 110
_SIMPLE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")


@dataclass(frozen=True, slots=True)
class Written:
    """A file to write: its name, and its text."""

    name: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """Everything that goes into one file."""

    id: str
    title: str
    guess: Guess
    filter: FoundFilter
    alarm: FoundAlarm | None
    references: tuple[str, ...] = ()
    compliance: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    with_metric: bool = True
    with_alarm: bool = True


def written(draft: Draft) -> Written:
    """The file of a draft."""
    return Written(f"{draft.id}.yaml", "\n".join([*_lines(draft), ""]))


def _lines(draft: Draft) -> Iterator[str]:
    yield from _comments(draft)
    yield f"id: {draft.id}"
    yield f"title: {quoted(draft.title)}"
    yield f"severity: {draft.guess.severity.value}  # guessed: {printable(draft.guess.reason)}"
    yield "category: imported"
    yield from _folded("description", _description(draft))
    yield from _folded("why", "Somebody thought it worth an alarm before. Say here what is lost when it goes unseen.")
    yield "respond:"
    yield "  - Read in the evidence who did it, from where, and whether it succeeded; ask them whether they meant it."
    for key, texts in (("references", draft.references), ("compliance", draft.compliance)):
        yield from [f"{key}:", *(f"  - {quoted(text)}" for text in texts)] if texts else []
    yield from _folded("pattern", draft.filter.pattern or "")
    if draft.with_metric:
        yield from ["metric:", *(f"  {key}: {value}" for key, value in _metric(draft.filter))]
    if draft.with_alarm and draft.alarm is not None:
        yield from ["alarm:", *(f"  {key}: {value}" for key, value in _alarm(draft.alarm))]
    yield _group_by(draft.alarm)


def _comments(draft: Draft) -> Iterator[str]:
    found, alarm = draft.filter, draft.alarm
    group = f" of `{found.log_group}`" if found.log_group else ""
    said = [f"Imported from {found.where}: metric filter `{found.name}`{group}"]
    said += [f"and alarm `{alarm.name}` ({alarm.where})." if alarm is not None else "without an alarm."]
    for text in (" ".join(said), *draft.remarks):
        yield from textwrap.wrap(printable(text), _WIDTH, initial_indent="# ", subsequent_indent="# ")
    yield ""


def _description(draft: Draft) -> str:
    if draft.alarm is not None and draft.alarm.description.strip():
        said = draft.alarm.description.strip()
        return said if said.endswith((".", "!", "?", "…")) else f"{said}."
    return f"What the metric filter {draft.filter.name} counts."


def _metric(found: FoundFilter) -> Iterator[tuple[str, str]]:
    yield "namespace", quoted(found.namespace)
    yield "name", quoted(found.metric)
    yield "value", quoted(found.value) if found.value.startswith("$") else found.value
    if found.default is not None:
        yield "default", _number(found.default)
    if found.unit is not None:
        yield "unit", quoted(found.unit)
    if found.dimensions:
        yield "dimensions", "{" + ", ".join(f"{quoted(name)}: {quoted(text)}" for name, text in found.dimensions) + "}"


def _alarm(found: FoundAlarm) -> Iterator[tuple[str, str]]:
    yield "statistic", quoted(found.statistic)
    if found.period is not None:
        yield "period", str(found.period)
    yield "evaluation_periods", str(found.evaluation_periods)
    if found.datapoints_to_alarm is not None:
        yield "datapoints_to_alarm", str(found.datapoints_to_alarm)
    if found.threshold is not None:
        yield "threshold", _number(found.threshold)
    yield "comparison_operator", quoted(found.comparison_operator)
    yield "treat_missing_data", quoted(found.treat_missing_data)
    if found.unit is not None:
        yield "unit", quoted(found.unit)


def _number(value: float) -> str:
    whole = float(value).is_integer() and abs(value) < 1e15
    return str(int(value)) if whole else repr(value)


def _group_by(alarm: FoundAlarm | None) -> str:
    if alarm is None or alarm.threshold is None or alarm.threshold <= 1:
        return "group_by: [actor]  # one alert for each actor, where the metric made one for all"
    return "group_by: []  # one count for all, as the metric had; [actor] counts for each actor"


def _folded(key: str, text: str) -> Iterator[str]:
    """`key: >-` and the text in lines: a break is read as one space, so lines are broken at single spaces only."""
    text = on_one_line(text)
    if not text or not text.isprintable() or text.startswith(" "):
        yield f"{key}: {quoted(text)}"
        return
    yield f"{key}: >-"
    yield from (f"  {line}" for line in _broken(text.split(" ")))


def _broken(words: Sequence[str]) -> Iterator[str]:
    line = words[0]
    for before, word in itertools.pairwise(words):
        if len(line) + 1 + len(word) > _WIDTH and before and word:
            yield line
            line = word
        else:
            line += f" {word}"
    yield line


def quoted(text: str) -> str:
    """A text as YAML: plain where that is safe, else in double quotes with escapes for what cannot be seen."""
    if text and len(text) <= 40 and set(text) <= _SIMPLE and text.lower() not in _OTHER:
        return text
    return '"' + "".join(map(_escaped, text)) + '"'


_OTHER = frozenset(("true", "false", "null", "yes", "no", "on", "off", "y", "n"))


def _escaped(char: str) -> str:
    if char in '"\\':
        return "\\" + char
    if char.isprintable() and char != "\ufeff":
        return char
    return f"\\U{ord(char):08X}" if not 0xD800 <= ord(char) <= 0xDFFF else "\\uFFFD"
