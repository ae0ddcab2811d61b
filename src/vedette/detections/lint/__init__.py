"""Judges detections that can be read: what they would miss, tell twice, or never tell.

`lint` answers problems and raises nothing; which of them stop a run is for the caller, by their level.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence

from vedette.detections.align import locate, on_one_line
from vedette.detections.definition import Detection
from vedette.detections.lint import rules
from vedette.detections.lint.alarms import check_alarm, check_deployable
from vedette.detections.lint.evidence import check_records, check_tests
from vedette.detections.lint.finding import Check, Finding, Subject
from vedette.detections.lint.prose import check_exceptions, check_prose
from vedette.detections.lint.questions import check_absence, check_booleans, check_fields, check_logic
from vedette.detections.lint.rules import RULES, LintRule
from vedette.detections.yaml import Mapping, Node, Place, Scalar, Text, parse
from vedette.detections.yaml import Sequence as Items
from vedette.errors import Problem, Span, did_you_mean

__all__ = ["RULES", "LintRule", "lint"]

CHECKS: tuple[Check, ...] = (
    check_fields,
    check_booleans,
    check_absence,
    check_logic,
    check_alarm,
    check_deployable,
    check_tests,
    check_records,
    check_prose,
    check_exceptions,
)
_BETWEEN = (rules.DUPLICATE_PATTERN, rules.REGEX_QUOTA)
_REGEX_PATTERNS = 5
"""Metric filters with regular expressions that a log group takes (CloudWatch Logs quotas)."""


def lint(detections: Sequence[Detection], today: dt.date, *, built_in: bool = False) -> tuple[Problem, ...]:
    """Every breach of a rule that its file does not allow, ordered by file and place.

    `today` is the day in UTC by which exceptions end. `built_in` asks more of tests and runbooks.
    """
    between = list(_between(detections))
    problems: list[Problem] = []
    for detection in detections:
        subject = Subject(detection, today, built_in)
        findings = [finding for check in CHECKS for finding in check(subject)]
        findings += [finding for owner, finding in between if owner is detection]
        problems += _problems(detection, findings)
    return tuple(sorted(problems, key=lambda problem: (problem.path, problem.line, problem.column)))


def _between(detections: Iterable[Detection]) -> Iterator[tuple[Detection, Finding]]:
    """duplicate-pattern and regex-quota: what shows between detections only."""
    first: dict[object, Detection] = {}
    with_regex = 0
    for detection in detections:
        if detection.pattern is None:
            continue
        key = _sameness(detection)
        earlier = first.setdefault(key, detection)
        if earlier is not detection:
            message = f"asks, counts and alarms exactly as `{earlier.id}` does"
            yield detection, Finding(rules.DUPLICATE_PATTERN, message, ("pattern",))
        with_regex += bool(detection.pattern.regex_count)
        if detection.pattern.regex_count and with_regex > _REGEX_PATTERNS:
            message = (
                f"number {with_regex} of the patterns with a regular expression; a log group takes {_REGEX_PATTERNS}"
            )
            yield detection, Finding(rules.REGEX_QUOTA, message, ("pattern",))


def _sameness(detection: Detection) -> object:
    metric, alarm = detection.metric, detection.alarm
    counted = None if metric is None else (metric.value, metric.default, metric.dimensions)
    settings = (
        None if alarm is None else tuple(getattr(alarm, name) for name in alarm.__dataclass_fields__ if name != "name")
    )
    return str(detection.pattern), counted, settings, detection.group_by, detection.notify, detection.exceptions


def _problems(detection: Detection, findings: Iterable[Finding]) -> Iterator[Problem]:
    allowed = {allow.rule for allow in detection.allow}
    known = {rule.id for rule in RULES}
    used = {rule.id for rule in _BETWEEN}  # whether those are broken depends on what else is loaded
    page: _Page | None = None
    kept = []
    for finding in findings:
        used.add(finding.rule.id)
        if finding.rule.id not in allowed:
            kept.append(finding)
    for index, allow in enumerate(detection.allow):
        if allow.rule not in used:
            message = "silences nothing" if allow.rule in known else "there is no such rule"
            note = None if allow.rule in known else did_you_mean(allow.rule, known)
            kept.append(Finding(rules.UNUSED_ALLOW, f"`{allow.rule}`: {message}", ("allow", index, "rule"), note=note))
    for finding in kept:
        page = page or _Page(detection)
        yield page.problem(finding)


class _Page:
    """The file once more, for places: read only when there is something to show in it."""

    def __init__(self, detection: Detection) -> None:
        self.text = Text.of(detection.source, detection.path)
        self.root = parse(self.text)

    def problem(self, finding: Finding) -> Problem:
        return self.text.problem(
            self.place(finding),
            finding.message,
            note=finding.note,
            hint=finding.hint,
            rule=finding.rule.id,
            level=finding.level or finding.rule.level,
        )

    def place(self, finding: Finding) -> Place:
        node: Node = self.root
        key: Place | None = None
        for step in finding.at:
            found, name = _descend(node, step)
            if found is None:
                break
            node, key = found, name
        if isinstance(node, Scalar):
            return self.within(node, finding.find)
        if key is not None:
            return key
        return Place(node.place.line, node.place.column, node.place.start, node.place.start + 1)

    def within(self, node: Scalar, wanted: str) -> Place:
        """The place of `wanted` in the scalar; of its first character where it is not there, or nothing is wanted."""
        value = on_one_line(node.text)
        start = value.find(wanted) if wanted else -1
        if start >= 0:
            return locate(self.text, node, value, Span(start, start + len(wanted)))
        if node.style in ("|", ">"):
            return locate(self.text, node, value, Span(0, 1))
        return node.place


def _descend(node: Node, step: str | int) -> tuple[Node | None, Place | None]:
    """The node one step down, and the place of its key."""
    if isinstance(node, Items) and isinstance(step, int) and step < len(node.items):
        item = node.items[step]
        return item, Place(item.place.line, item.place.column, item.place.start, item.place.start + 1)
    if isinstance(node, Mapping):
        return next(((value, key.place) for key, value in node.entries if key.text == step), (None, None))
    return None, None
