"""Which detections get a metric filter within the quotas, and how exceptions are worked into a pattern without NOT."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deploy.wishes import SMALL, builtin, everything, own, properties, wish
from vedette.deploy.folding import filter_text
from vedette.deploy.selection import CORE, EVERYDAY, MAX_FILTERS, MAX_REGEX_FILTERS, select
from vedette.deploy.template import build
from vedette.detections.definition import Detection, Severity
from vedette.detections.loader import load_text
from vedette.patterns import FilterPattern

EXCEPTION = "  - {{pattern: '{}', owner: a@example.com, reason: x, expires: {}}}\n"


def excepted(pattern: str, *exceptions: str, expires: str = "2030-01-01") -> Detection:
    text = "".join(EXCEPTION.format(one.replace("'", "''"), expires) for one in exceptions)
    return own(pattern=pattern, more=f"exceptions:\n{text}")


def test_the_quotas_of_a_log_group_are_kept() -> None:
    """100 metric filters and five with regular expressions for a log group; 1,024 characters a pattern."""
    found = properties(everything(), "Logs::MetricFilter").values()
    assert len(found) == MAX_FILTERS
    patterns = [FilterPattern.parse(one["FilterPattern"]) for one in found]
    assert sum(one.regex_count > 0 for one in patterns) <= MAX_REGEX_FILTERS
    assert max(len(one["FilterPattern"]) for one in found) <= 1_024


def test_the_most_severe_come_first_and_what_people_ask_for_first_is_there() -> None:
    chosen = {one.detection.id: one.detection for one in select(wish()).chosen}
    for one in builtin().values():
        if one.severity >= Severity.HIGH and one.notify and one.pattern is not None:
            assert one.id in chosen
    assert chosen.keys() >= EVERYDAY & builtin().keys()
    assert builtin().keys() >= EVERYDAY
    assert {one.category for one in builtin().values()} >= set(CORE)


def many(count: int, pattern: str = '{ $.eventName = "X" }', severity: str = "medium") -> tuple[Detection, ...]:
    one = own(pattern=pattern)
    assert one.metric is not None
    ids = [f"own-{number:03}" for number in range(count)]
    return tuple(
        replace(one, id=name, metric=replace(one.metric, name=name), severity=Severity(severity)) for name in ids
    )


def test_what_has_no_room_is_named_with_the_reason() -> None:
    wanted = wish("root-login", detections=(*many(100), builtin()["root-login"]), events=False)
    selection = select(wanted)
    assert len(selection.chosen) == 100
    assert [one.id for one, _ in selection.overflow] == ["own-099"]
    [left] = build(wanted).left_out
    assert left.reason == (
        "The log group's 100 metric filters are taken by what matters more. "
        "EventBridge cannot stand in. Rules of EventBridge are not wanted."
    )


def test_what_others_put_on_the_log_group_counts() -> None:
    detections = many(5)
    selection = select(wish("root-login", detections=detections, filters_taken=97))
    assert [one.detection.id for one in selection.chosen] == ["own-000", "own-001", "own-002"]
    assert not select(wish("root-login", detections=detections, filters_taken=250)).chosen


def test_regular_expressions_are_rationed() -> None:
    detections = (*many(7, "{ $.eventName = %X% }"), replace(own(), id="plain"))
    selection = select(wish("root-login", detections=detections, regex_filters_taken=1))
    assert [one.detection.id for one in selection.chosen] == ["own-000", "own-001", "own-002", "own-003", "plain"]
    assert all("regular expression" in reason for _, reason in selection.overflow)
    assert len(selection.overflow) == 3


def test_a_pattern_over_the_limits_gets_no_filter_but_may_get_a_rule() -> None:
    long = " || ".join(f'$.eventName = "Event{number:03}"' for number in range(60))
    one = replace(own(), pattern=FilterPattern.parse(f"{{ {long} }}", quotas=False))
    assert one.pattern is not None
    assert len(one.pattern.source) > 1_024
    deployment = build(wish("root-login", detections=(one,)))
    assert not properties(deployment, "Logs::MetricFilter")
    [placed] = deployment.placed
    assert (placed.event_rule, placed.alarm_name, placed.stack) == ("vedette-own", "", "vedette-events")
    assert "characters, 1024 allowed" in deployment.left_out[0].reason


def test_a_pattern_that_is_short_enough_in_another_spelling_gets_one() -> None:
    wide = "{" + " " * 1_100 + '$.eventName = "X" }'
    one = replace(own(), pattern=FilterPattern.parse(wide, quotas=False))
    assert filter_text(one, None).text == '{ $.eventName = "X" }'


def test_a_rule_is_deployed_whole_or_not_at_all() -> None:
    rule = builtin()["console-login-failures-then-success"]
    chosen = {one.detection.id for one in select(wish(*SMALL)).chosen}
    assert chosen >= set(rule.rule.children if rule.rule else ())
    alone = select(wish(*(one for one in SMALL if one != "console-login-success")))
    assert alone.composite == ()
    assert {one.detection: one.reason for one in alone.left_out} == {
        rule.id: "Its rule needs the alarm of `console-login-success`, which is not deployed.",
        "console-login-failures-recent": "It tells nobody, and no rule that is deployed needs it.",
    }


def test_what_a_rule_needs_stands_where_the_rule_stands() -> None:
    """Building blocks of a severe rule are not crowded out by what is milder than the rule."""
    rule = replace(builtin()["console-login-failures-then-success"], severity=Severity.CRITICAL)
    children = tuple(
        replace(builtin()[name], severity=Severity.LOW) for name in (rule.rule.children if rule.rule else ())
    )
    selection = select(wish("root-login", detections=(rule, *children, *many(100))))
    assert [one.id for one in selection.composite] == [rule.id]
    assert len(selection.chosen) == 100


def test_rules_over_rules_come_after_their_children() -> None:
    rule = builtin()["console-login-failures-then-success"]
    text = (
        "id: {}\ntitle: T\nseverity: high\ncategory: data\ndescription: D.\nwhy: W.\nfalse_positives: [N.]\n"
        "respond: [R.]\nreferences: ['https://example.com']\nrule: 'ALARM(\"{}\") OR NOT AT_LEAST(1, OK, (\"{}\"))'\n"
    )
    above = load_text(text.format("above", rule.id, "root-login"))
    top = load_text(text.format("a-top", "above", rule.id))
    deployment = build(wish(*SMALL, detections=(top, above, *(builtin()[name] for name in SMALL))))
    found = properties(deployment, "CloudWatch::CompositeAlarm")
    ours = [name for name in found if not name.startswith("Any")]
    assert ours == ["ConsoleLoginFailuresThenSuccessAlarm", "AboveAlarm", "ATopAlarm"]
    assert found["AboveAlarm"]["AlarmRule"] == (
        'ALARM("vedette-console-login-failures-then-success") OR NOT AT_LEAST(1, OK, ("vedette-root-login"))'
    )


# --- exceptions -------------------------------------------------------------------------------------------------------


def test_an_exception_is_worked_into_the_pattern() -> None:
    one = excepted('{ $.eventName = "X" }', '{ $.userIdentity.arn = "*:role/ci" && $.awsRegion != "eu-west-1" }')
    assert filter_text(one, None).text == (
        '{ $.eventName = "X" && ($.userIdentity.arn != "*:role/ci" || $.userIdentity.arn NOT EXISTS || '
        '$.userIdentity.arn IS NULL || $.awsRegion = "eu-west-1" || $.awsRegion NOT EXISTS || $.awsRegion IS NULL) }'
    )


def test_an_exception_that_is_over_is_not() -> None:
    one = excepted('{ $.eventName = "X" }', '{ $.awsRegion = "a" }', expires="2026-01-31")
    assert "awsRegion" in str(filter_text(one, dt.date(2026, 1, 31)).text)
    assert filter_text(one, dt.date(2026, 2, 1)).text == '{ $.eventName = "X" }'


@pytest.mark.parametrize(
    ("pattern", "exception", "why"),
    [
        ('{ $.eventName = "X" }', "{ $.a > 5 }", "compared by size"),
        ('{ $.eventName = "X" }', '{ $.a[*] = "x" }', "each of several values"),
        ("text", '{ $.awsRegion = "x" }', "its pattern reads records as text"),
        ('{ $.eventName = "X" }', '{ $.awsRegion = "' + "x" * 1_000 + '" }', "1024 are allowed"),
        ('{ $.eventName = "X" }', '{ $.a.b = "x" && $.c = "x" && $.d = "x" && $.e = "x" }', "wildcard"),
    ],
)
def test_what_cannot_be_said_is_deployed_without_and_named(pattern: str, exception: str, why: str) -> None:
    one = excepted(pattern, exception)
    folded = filter_text(one, None)
    assert folded.text == pattern
    assert why in folded.note
    assert folded.note.startswith("Its exceptions are not deployed, so that its alarm rings for them, too: ")
    assert folded.note.endswith(".")
    deployment = build(wish("root-login", detections=(one,), events=False))
    assert [left.reason for left in deployment.left_out] == [folded.note]
    assert deployment.placed


VALUES = st.sampled_from(["x", "y", "", 1, 2.5, True, False, None, {"a": "x"}, [1], ["x", None]])
FIELDS = ("awsRegion", "q.a", "q.b")
CONDITIONS = st.builds(
    str.format,
    st.sampled_from(
        [
            '$.{0} = "x"',
            '$.{0} != "x"',
            "$.{0} = 1",
            "$.{0} IS NULL",
            "$.{0} IS TRUE",
            "$.{0} NOT EXISTS",
            "$.{0} = %x%",
        ]
    ),
    st.sampled_from(FIELDS),
)


@given(
    st.lists(CONDITIONS, min_size=1, max_size=3),
    st.sampled_from([" && ", " || "]),
    st.fixed_dictionaries({}, optional={"awsRegion": st.sampled_from(["x", "y", None])}),
    st.dictionaries(st.sampled_from(["a", "b"]), VALUES, max_size=2),
)
@settings(max_examples=300, deadline=None)
def test_the_text_says_the_pattern_and_none_of_the_exceptions(
    conditions: list[str], sign: str, above: dict[str, object], below: dict[str, object]
) -> None:
    """A record matches the filter's text just if it matches the pattern and no exception, as `vedette scan` decides.

    Of lists the text may match more: `IS NULL` asks whether any element is null, and nothing asks whether none is.
    """
    one = excepted('{ $.eventName = "X" }', "{ " + sign.join(conditions) + " }")
    folded = filter_text(one, None)
    record = json.dumps({"eventName": "X", **above, "q": below})
    if folded.note:
        return
    assert folded.text is not None
    told = not one.exceptions[0].pattern.matches(record)
    matched = FilterPattern.parse(folded.text).matches(record)
    assert matched >= told if any(isinstance(value, list) for value in below.values()) else matched is told


def test_detections_of_one_metric_are_named() -> None:
    """CloudWatch adds up what filters count into a metric: the alarm of one rings for the matches of the other."""
    same = "metric: {name: Same}\n"
    detections = own("one", more=same), own("two", '{ $.eventName = "Y" }', more=same), own("three")
    found = build(wish(detections=detections))
    assert [(one.detection, one.reason) for one in found.left_out] == [
        ("one", "It counts into the metric Vedette/Same as `two`: the alarm of each rings for all."),
        ("two", "It counts into the metric Vedette/Same as `one`: the alarm of each rings for all."),
    ]
    assert len(found.placed) == 3
    six = build(wish(detections=tuple(own(f"own-{n}", more=same) for n in range(6))))
    assert six.left_out[0].reason.startswith("It counts into the metric Vedette/Same as `own-1`, `own-2` and 3 more:")


def test_two_deployments_of_one_region_count_apart() -> None:
    """Otherwise each record would count twice, and thresholds would be reached by half."""
    named = own("named", more="metric: {namespace: Mine}\n")
    found = build(wish(name="second", detections=(own(), named)))
    counted = {
        (one["MetricNamespace"], one["MetricName"])
        for each in properties(found, "Logs::MetricFilter").values()
        for one in each["MetricTransformations"]
    }
    assert counted == {("Vedette/second", "Own"), ("Mine", "Named")}
    watched = {(one["Namespace"], one["MetricName"]) for one in properties(found, "CloudWatch::Alarm").values()}
    assert counted <= watched
    assert {(one.namespace, one.metric_name) for one in found.placed} == counted
    assert "Vedette/second" in str(properties(found, "CloudWatch::Dashboard"))
