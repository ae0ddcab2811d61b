"""One YAML document to one Detection: each section by its own function, every problem noted.

What needs other files (duplicate ids, rules over detections that do not exist) is the loader's.
"""

from __future__ import annotations

import datetime as dt
import re

from vedette.alarms.spec import AlarmSpec, ComparisonOperator, State, TreatMissingData
from vedette.detections import format as tables
from vedette.detections.definition import (
    Allowed,
    CompositeTest,
    Derived,
    Detection,
    GroupField,
    Metric,
    ScopedException,
    Severity,
    TimelineTest,
    VerdictTest,
)
from vedette.detections.fields import Fields, Report, shown
from vedette.detections.language import parse_selector, read_pattern, read_rule, read_selector
from vedette.detections.minutes import read_points, read_states, states_of
from vedette.detections.records import read_records
from vedette.detections.yaml import Mapping, Scalar, resolve
from vedette.errors import InputError, did_you_mean
from vedette.metrics.extended import Standard, parse_statistic

ID = re.compile(r"(?=.{1,80}\Z)[a-z][a-z0-9]*(-[a-z0-9]+)*")
_TECHNIQUE = re.compile(r"T[0-9]{4}(\.[0-9]{3})?")
_ADDRESS = re.compile(r"https?://[^\s<>]+")
_AWS_NAME = re.compile(r"[^:*$\x00-\x1f]{1,255}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MAX_DIMENSIONS = 3
_STAND_IN_DATE = dt.date(2000, 1, 1)


def read_detection(report: Report, root: Mapping) -> Detection:
    """The detection that `root` describes; worthless if the report then holds a problem."""
    fields = Fields(report, root, tables.DETECTION)
    detection_id = fields.matching("id", ID, "words of small letters and digits joined by `-`", "unknown")
    _check_question(fields)
    composite = "rule" in fields
    return Detection(
        id=detection_id,
        title=fields.text("title"),
        severity=fields.choice("severity", Severity, Severity.MEDIUM),
        description=fields.text("description"),
        why=fields.text("why"),
        pattern=read_pattern(fields, "pattern"),
        rule=read_rule(fields, "rule"),
        metric=None if composite else _metric(fields, detection_id),
        alarm=None if composite else _alarm(fields, detection_id),
        group_by=_group_by(fields),
        category=fields.text("category"),
        false_positives=fields.texts("false_positives"),
        respond=fields.texts("respond"),
        references=_all_matching(fields, "references", _ADDRESS, "an `https://` address"),
        attack=_all_matching(fields, "attack", _TECHNIQUE, "an ATT&CK technique such as `T1078.004`"),
        compliance=fields.texts("compliance"),
        exceptions=_exceptions(fields),
        tests=_tests(fields, composite=composite),
        notify=fields.flag("notify", True),
        allow=tuple(Allowed(each.text("rule"), each.text("reason")) for each in fields.each("allow", tables.ALLOW)),
        path=report.text.path,
        source=report.text.text,
    )


def _check_question(fields: Fields) -> None:
    if "pattern" in fields and "rule" in fields:
        fields.report.at(fields.key_place("rule"), "a detection has either `pattern` or `rule`, not both")
    elif "rule" in fields:
        for key in ("metric", "alarm", "exceptions"):
            if key in fields:
                hint = "a composite rule reads the alarms of other detections; put it into theirs"
                fields.report.at(fields.key_place(key), f"`{key}` has no place beside `rule`", hint=hint)
    elif "pattern" not in fields:
        fields.report.at(fields.start, "a detection needs `pattern`, or `rule` for a composite")


def _all_matching(fields: Fields, key: str, form: re.Pattern[str], wanted: str) -> tuple[str, ...]:
    texts = []
    for scalar in fields.scalars(key):
        if not form.fullmatch(scalar.text):
            fields.report.at(scalar.place, f"{shown(scalar.text)} is not {wanted}")
        texts.append(scalar.text)
    return tuple(texts)


def pascal_case(detection_id: str) -> str:
    """`root-login` as `RootLogin`."""
    return "".join(word[:1].upper() + word[1:] for word in detection_id.split("-"))


def _metric(fields: Fields, detection_id: str) -> Metric:
    name = pascal_case(detection_id)
    inner = fields.inner("metric", tables.METRIC)
    if inner is None:
        return Metric(namespace="Vedette", name=name)
    wanted = "from 1 to 255 characters without `:`, `*` and `$`"
    return Metric(
        namespace=inner.matching("namespace", _AWS_NAME, wanted, "Vedette"),
        name=inner.matching("name", _AWS_NAME, wanted, name),
        value=_metric_value(inner),
        default=inner.number("default", None),
        unit=inner.one_of("unit", tables.UNITS, "None") if "unit" in inner else None,
        dimensions=_dimensions(inner),
    )


def _metric_value(inner: Fields) -> str:
    scalar = inner.scalar("value", "a number or a selector")
    if scalar is None:
        return "1"
    value = resolve(scalar.text)
    if isinstance(value, int | float) and not isinstance(value, bool) and len(scalar.text) <= 100:
        inner.number("value", None) if not scalar.style else None
        return scalar.text
    selector = parse_selector(scalar.text)
    if selector is None or selector.has_wildcard or len(scalar.text) > 100:
        message = f"`value` must be a number or the selector of one value, not {shown(scalar.text)}"
        inner.report.at(scalar.place, message)
    return scalar.text


def _dimensions(inner: Fields) -> tuple[tuple[str, str], ...]:
    node = inner.values.get("dimensions")
    if node is None:
        return ()
    if not isinstance(node, Mapping):
        inner.wrong("dimensions", node, "a mapping of names to selectors")
        return ()
    if len(node.entries) > _MAX_DIMENSIONS:
        inner.report.at(node.place, f"a metric filter has at most {_MAX_DIMENSIONS} dimensions")
    for _, value in node.entries:
        read_selector(inner.report, "dimensions", value)
    return tuple((name.text, value.text) for name, value in node.entries if isinstance(value, Scalar))


def _alarm(fields: Fields, detection_id: str) -> AlarmSpec:
    inner = fields.inner("alarm", tables.ALARM) or Fields(fields.report, Mapping(fields.node.place, ()), tables.ALARM)
    threshold = inner.number("threshold", 1.0)
    return AlarmSpec(
        name=detection_id,
        threshold=1.0 if threshold is None else threshold,
        statistic=_statistic(inner),
        period=_period(inner),
        evaluation_periods=inner.whole("evaluation_periods", 1),
        datapoints_to_alarm=inner.whole("datapoints_to_alarm", 1) if "datapoints_to_alarm" in inner else None,
        comparison_operator=inner.choice(
            "comparison_operator", ComparisonOperator, ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD
        ),
        treat_missing_data=inner.choice("treat_missing_data", TreatMissingData, TreatMissingData.NOT_BREACHING),
        evaluate_low_sample_count_percentile=inner.one_of(
            "evaluate_low_sample_count_percentile", ("evaluate", "ignore"), "evaluate"
        ),
        unit=inner.one_of("unit", tables.UNITS, "None") if "unit" in inner else None,
    )


def _statistic(inner: Fields) -> str:
    scalar = inner.scalar("statistic", "a statistic")
    if scalar is None:
        return "Sum"
    try:
        parse_statistic(scalar.text)
    except InputError as error:
        note = did_you_mean(scalar.text, [each.value for each in Standard])
        inner.report.at(scalar.place, error.message, note=note, hint=error.hint)
    return scalar.text


def _period(inner: Fields) -> int:
    period = inner.whole("period", 300)
    if period not in (10, 20, 30) and period % 60:
        inner.report.at(inner.place("period"), "`period` must be 10, 20, 30 or a multiple of 60 seconds")
        return 300
    return period


def _group_by(fields: Fields) -> tuple[GroupField, ...]:
    if "group_by" not in fields:
        return (Derived.ACTOR,)
    found: list[GroupField] = []
    for node in fields.items("group_by", "a list of `actor` or selectors"):
        if isinstance(node, Scalar) and node.text == Derived.ACTOR.value:
            found.append(Derived.ACTOR)
        elif isinstance(node, Scalar) and not node.text.startswith("$") and did_you_mean(node.text, ["actor"]):
            fields.report.at(node.place, f"{shown(node.text)} is not a field", note="did you mean `actor`?")
        elif selector := read_selector(fields.report, "group_by", node):
            found.append(selector)
    return tuple(dict.fromkeys(found))


def _exceptions(fields: Fields) -> tuple[ScopedException, ...]:
    found = []
    for each in fields.each("exceptions", tables.EXCEPTION):
        pattern = read_pattern(each, "pattern")
        expires = _date(each, "expires")
        if pattern is not None:
            if pattern.predicate is None:
                hint = "write it as `{ $.field = value }`"
                each.report.at(each.place("pattern"), "an exception's pattern reads the record's fields", hint=hint)
            found.append(ScopedException(pattern, each.text("owner"), each.text("reason"), expires))
    return tuple(found)


def _date(fields: Fields, key: str) -> dt.date:
    scalar = fields.scalar(key, "a date")
    if scalar is None:
        return _STAND_IN_DATE
    try:
        if _DATE.fullmatch(scalar.text):
            return dt.date.fromisoformat(scalar.text)
    except ValueError:
        pass
    fields.report.at(scalar.place, f"`{key}` must be a date such as `2027-06-30`, not {shown(scalar.text)}")
    return _STAND_IN_DATE


def _tests(fields: Fields, *, composite: bool) -> tuple[VerdictTest | TimelineTest | CompositeTest, ...]:
    found: list[VerdictTest | TimelineTest | CompositeTest] = []
    for node in fields.mappings("tests"):
        if node.get("children") is not None or (composite and node.get("states") is not None):
            found.append(_composite_test(Fields(fields.report, node, tables.COMPOSITE_TEST)))
        elif node.get("points") is not None or node.get("states") is not None:
            found.append(_timeline_test(Fields(fields.report, node, tables.TIMELINE_TEST)))
        else:
            found.append(_verdict_test(Fields(fields.report, node, tables.VERDICT_TEST)))
        if composite is not isinstance(found[-1], CompositeTest):
            wanted = "`children` and `states`" if composite else "records, or `points` and `states`"
            of = "a composite rule" if composite else "a pattern"
            fields.report.at(node.place, f"a test of {of} has {wanted}")
    return tuple(found)


def _verdict_test(fields: Fields) -> VerdictTest:
    matches = fields.flag("matches", True)
    return VerdictTest(fields.text("name"), read_records(fields), matches, fields.start.line)


def _timeline_test(fields: Fields) -> TimelineTest:
    points, states = read_points(fields, "points"), read_states(fields, "states")
    if points and states and len(points) != len(states):
        message = f"{len(points)} minutes of datapoints, but {len(states)} states"
        fields.report.at(fields.place("states"), message)
    return TimelineTest(fields.text("name"), points, states, fields.start.line)


def _composite_test(fields: Fields) -> CompositeTest:
    states = read_states(fields, "states")
    children: list[tuple[str, tuple[State, ...]]] = []
    node = fields.values.get("children")
    if isinstance(node, Mapping):
        for name, value in node.entries:
            if not isinstance(value, Scalar):
                fields.wrong(name.text, value, "states such as `OK ALARMx3`")
                continue
            course = states_of(fields.report, value)
            if states and course and len(course) != len(states):
                fields.report.at(value.place, f"{len(course)} states, but {len(states)} of the rule")
            children.append((name.text, course))
    elif node is not None:
        fields.wrong("children", node, "a mapping of ids to states")
    return CompositeTest(fields.text("name"), tuple(children), states, fields.start.line)
