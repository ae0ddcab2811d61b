"""Each lint rule: a file that breaks it, the place that it points at, and a file that does not break it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detections.samples import COMPOSITE, SOUND, added, changed, with_pattern
from vedette.alarms.spec import AlarmSpec, ComparisonOperator
from vedette.detections.definition import Detection, Metric
from vedette.detections.lint import CHECKS, RULES, lint
from vedette.detections.lint.alarms import reach_of
from vedette.detections.loader import load_text
from vedette.errors import Level, Problem
from vedette.metrics.extended import statistic
from vedette.metrics.statistics import StatisticSet

TODAY = dt.date(2026, 11, 22)


def told(*detections: Detection, built_in: bool = False) -> list[Problem]:
    return list(lint(detections, TODAY, built_in=built_in))


def broken(*detections: Detection, built_in: bool = False) -> list[str]:
    return [problem.rule or "" for problem in told(*detections, built_in=built_in)]


def marked(problem: Problem) -> str:
    """What the carets stand under."""
    return problem.source_line[problem.column - 1 : problem.column - 1 + problem.length]


def test_a_sound_file_is_sound() -> None:
    assert told(load_text(SOUND), built_in=True) == []
    assert told(load_text(COMPOSITE), built_in=True) == []


PATTERNS = [
    ("unknown-field", "{ $.eventname = a }", "$.eventname"),
    ("unknown-field", "{ $.eventName = a && $.userIdentity.username = b }", "$.userIdentity.username"),
    ("unknown-field", "{ $.detail.eventName = a }", "$.detail.eventName"),
    ("unknown-field", "{ $.eventName.x = a }", "$.eventName.x"),
    ("unknown-field", "{ $.eventName[0] = a }", "$.eventName[0]"),
    ("unknown-field", "{ $.resources.ARN = a }", "$.resources.ARN"),
    ("unknown-field", "{ $.resources[0].arn = a }", "$.resources[0].arn"),
    ("unknown-field", "{ $.eventContext NOT EXISTS }", "$.eventContext"),
    ("unknown-field", "{ $.userIdentity.sessionContext.mfaAuthenticated = true }", "$.userIdentity.sessionContext.mf"),
    ("boolean-equals", "{ $.eventName = a && $.readOnly = true }", "$.readOnly"),
    ("boolean-equals", '{ $.readOnly = "true" }', "$.readOnly"),
    ("boolean-equals", "{ $.managementEvent != false }", "$.managementEvent"),
    ("boolean-equals", "{ $.requestParameters.force = true }", "$.requestParameters.force"),
    ("text-is-boolean", "{ $.userIdentity.sessionContext.attributes.mfaAuthenticated IS TRUE }", "$.userIdentity"),
    ("text-is-boolean", "{ $.sessionCredentialFromConsole IS FALSE }", "$.sessionCredentialFromConsole"),
    ("not-equals-absence", '{ $.errorCode != "AccessDenied" }', "$.errorCode"),
    ("not-equals-absence", '{ $.userIdentity.invokedBy != "x" }', "$.userIdentity.invokedBy"),
    ("not-equals-absence", '{ $.additionalEventData.MFAUsed != "Yes" }', "$.additionalEventData.MFAUsed"),
    ("not-equals-absence", '{ $.userIdentity.sessionContext.sessionIssuer.userName != "x" }', "$.userIdentity"),
    ("or-of-not-equals", "{ $.eventName != a || $.eventName != b }", "$.eventName"),
    ("or-of-not-equals", '{ ($.eventName != "HeadBucket") || ($.sourceIPAddress != "x") }', "$.sourceIPAddress"),
    ("contradictory-and", "{ $.eventName = a && $.eventName = b }", "$.eventName"),
    ("contradictory-and", "{ $.eventName = a && ($.awsRegion = c && $.eventName = b) }", "$.eventName"),
    ("contradictory-and", '{ $.eventName = "Del*" && $.eventName = "Create" }', "$.eventName"),
    ("contradictory-and", "{ $.eventName = a && $.eventName != a }", "$.eventName"),
    ("contradictory-and", "{ $.eventName = a && $.eventName = %^b% }", "$.eventName"),
    ("contradictory-and", "{ $.errorCode = * && $.errorCode NOT EXISTS }", "$.errorCode"),
    ("contradictory-and", "{ $.readOnly IS TRUE && $.readOnly IS FALSE }", "$.readOnly"),
    ("contradictory-and", "{ $.awsRegion = x || ($.eventName = a && $.eventName = b) }", "$.eventName"),
]


@pytest.mark.parametrize(("rule", "pattern", "place"), PATTERNS)
def test_patterns_that_break_a_rule(rule: str, pattern: str, place: str) -> None:
    (problem,) = told(with_pattern(pattern))
    assert problem.rule == rule
    assert marked(problem).startswith(place)
    assert problem.line == 9


@pytest.mark.parametrize(
    "pattern",
    [
        "{ $.requestParameters.anything[0].at.all = a }",
        "{ $.resources[*].ARN = a && $.resources[0].type = b }",
        "{ $.tlsDetails.tlsVersion = TLSv1 }",
        "{ $.readOnly IS TRUE }",
        "{ $.requestParameters.force IS TRUE || $.requestParameters.force = true }",
        '{ $.userIdentity.sessionContext.attributes.mfaAuthenticated = "false" }',
        '{ $.errorCode NOT EXISTS || $.errorCode != "AccessDenied" }',
        '{ $.errorCode = * && $.errorCode != "AccessDenied" }',
        '{ $.eventName != "a" && $.eventName != "b" }',
        '{ $.userIdentity.arn != "*:role/x" }',
        '{ $.additionalEventData.items[*] != "x" }',
        "{ $.eventName != a || $.eventName != a }",
        "{ $.eventName = a && $.eventName = %^a% }",
        '{ $.eventName = "Del*" && $.eventName = "DelX" }',
        "{ $.requestParameters.n = 1 && $.requestParameters.n > 0 }",
        "{ $.requestParameters.a[*] = x && $.requestParameters.a[*] = y }",
        "DeleteTopic",
    ],
)
def test_patterns_that_break_none(pattern: str) -> None:
    assert broken(with_pattern(pattern)) == []


def test_misspelt_fields_are_suggested() -> None:
    problem = told(with_pattern("{ $.errorcode = * }"))[0]
    assert problem.note == "did you mean `errorCode`?"
    problem = told(with_pattern("{ $.tlsDetails.x = * }"))[0]
    assert problem.hint == "known here are tlsVersion, cipherSuite, clientProvidedHostHeader, keyExchange"


def test_fields_are_looked_for_everywhere_in_the_file() -> None:
    text = added(
        """\
group_by: [actor, $.sourceIpAddress]
metric: {value: $.count, dimensions: {Region: $.region}}
exceptions:
  - {pattern: '{ $.user = a }', owner: a, reason: b, expires: 2027-06-30}
allow: [{rule: cannot-deploy-natively, reason: so be it}]
"""
    )
    found = told(load_text(text))
    assert [problem.rule for problem in found] == ["unknown-field"] * 4
    assert [marked(problem) for problem in found] == ["$.sourceIpAddress", "$.count", "$.region", "$.user"]


ALARMS = [
    ("average-with-default", "alarm: {statistic: Average}\nmetric: {default: 0}", "Average"),
    ("average-with-default", "alarm: {statistic: p50}\nmetric: {default: 0}", "p50"),
    ("alarm-cannot-fire", "alarm: {statistic: Maximum, threshold: 2}", "2"),
    ("alarm-cannot-fire", "alarm: {statistic: Average, threshold: 1, comparison_operator: GreaterThanThreshold}", "1"),
    ("alarm-cannot-fire", "alarm: {statistic: Minimum, threshold: 1, comparison_operator: LessThanThreshold}", "1"),
    (
        "alarm-cannot-fire",
        "alarm: {statistic: Sum, threshold: 0, comparison_operator: LessThanOrEqualToThreshold}",
        "0",
    ),
    ("alarm-cannot-fire", "alarm: {statistic: p99, threshold: 5}\nmetric: {value: 4}", "5"),
    ("alarm-cannot-fire", "alarm: {statistic: PR(1:2), threshold: 101}", "101"),
    ("alarm-cannot-fire", "alarm: {statistic: p99, threshold: -5}\nmetric: {value: -1}", "p99"),
    ("alarm-cannot-fire", "alarm: {threshold: 1}\nmetric: {value: -1}", "1"),
    ("alarm-cannot-fire", "alarm: {threshold: 1}\nmetric: {value: 0}", "1"),
    ("alarm-cannot-fire", "alarm: {unit: Bytes}\nmetric: {unit: Count}", "Bytes"),
    ("alarm-cannot-fire", "alarm: {unit: Count}", "Count"),
    ("alarm-always-on", "alarm: {threshold: 0}\nmetric: {default: 0}", "0"),
    ("alarm-always-on", "alarm: {threshold: 1}\nmetric: {default: 1}", "1"),
    ("alarm-refused", "alarm: {evaluation_periods: 2, datapoints_to_alarm: 3}", "3"),
    ("alarm-refused", "alarm: {period: 300, evaluation_periods: 289}", "289"),
    ("alarm-refused", "alarm: {period: 86400, evaluation_periods: 8}", "8"),
    ("period-below-resolution", "alarm: {period: 10}", "10"),
    ("dimensions-with-default", "metric: {default: 0, dimensions: {A: $.awsRegion}}", "0"),
]


@pytest.mark.parametrize(("rule", "lines", "place"), ALARMS)
def test_alarms_that_break_a_rule(rule: str, lines: str, place: str) -> None:
    (problem,) = told(load_text(added(lines + "\n")))
    assert (problem.rule, marked(problem)) == (rule, place)


@pytest.mark.parametrize(
    "lines",
    [
        "alarm: {statistic: Sum, threshold: 100}\nmetric: {default: 0}",
        "alarm: {statistic: Maximum, threshold: 2}\nmetric: {value: $.requestParameters.n}",
        "alarm: {statistic: Maximum, threshold: 2, treat_missing_data: breaching}",
        "alarm: {statistic: SampleCount, threshold: 2}",
        "alarm: {statistic: Average, threshold: 1}",
        "alarm: {statistic: Minimum, threshold: 2, comparison_operator: LessThanThreshold}",
        "alarm: {unit: None}",
        "alarm: {unit: Count}\nmetric: {unit: Count}",
        "alarm: {period: 3600, evaluation_periods: 168}",
        "alarm: {period: 300, evaluation_periods: 288, datapoints_to_alarm: 288}",
        "alarm: {statistic: Minimum, threshold: 1}\nmetric: {default: 0}",
    ],
)
def test_alarms_that_break_none(lines: str) -> None:
    assert broken(load_text(added(lines + "\n"))) == []


STATISTICS = [
    "Sum",
    "Average",
    "Minimum",
    "Maximum",
    "SampleCount",
    "p50",
    "tm90",
    "TC(:5)",
    "TS(:5)",
    "PR(0:5)",
    "IQM",
]


@settings(max_examples=150, deadline=None)
@given(
    name=st.sampled_from(STATISTICS),
    value=st.integers(-5, 5),
    default=st.none() | st.integers(-5, 5),
    matched=st.integers(0, 5),
    others=st.integers(0, 5),
)
def test_a_statistic_stays_within_its_reach(
    name: str, value: int, default: int | None, matched: int, others: int
) -> None:
    """`alarm-cannot-fire` rests on this: no counting of matches and others leads out of what `reach_of` says."""
    metric = Metric("N", "m", str(value), None if default is None else float(default))
    values = [value] * matched + ([] if default is None else [default] * others)
    seen = statistic(name, StatisticSet.of(values))
    reach = reach_of(metric, name)
    assert reach is not None
    assert seen is None or reach.low <= seen <= reach.high


def test_the_words_for_a_reach() -> None:
    def message(lines: str) -> str:
        return told(load_text(added(lines + "\n")))[0].message

    assert "Maximum of this metric is 1, and never ≥ 2" in message("alarm: {statistic: Maximum, threshold: 2}")
    assert "from 0 to 1, and never > 1" in message(
        "alarm: {statistic: Maximum, comparison_operator: GreaterThanThreshold}\nmetric: {default: 0}"
    )
    assert "at most -1, and never ≥ 1" in message("metric: {value: -1}")
    assert "at least 1, and never < 1" in message("alarm: {comparison_operator: LessThanThreshold}")


@pytest.mark.parametrize(
    ("pattern", "excess"),
    [
        (
            " || ".join(f'$.eventName = "Delete{"X" * 20}{n}"' for n in range(22)),
            "1046 characters, 1024 allowed",
        ),
        (" || ".join(f"$.eventName = %^{n}%" for n in range(3)), "3 regular expressions, 2 allowed"),
        (" || ".join(f"$.resources[*].ARN = a{n}" for n in range(4)), "4 selectors with a wildcard, 3 allowed"),
    ],
)
def test_patterns_over_the_quota(pattern: str, excess: str) -> None:
    (problem,) = told(with_pattern("{ " + pattern + " }"))
    assert (problem.rule, problem.line, problem.column) == ("pattern-over-quota", 9, 3)
    assert problem.message == f"a metric filter cannot hold this pattern: {excess}"


def test_the_same_question_twice() -> None:
    one = load_text(SOUND, "a.yaml")
    two = load_text(changed(("topic-deleted", "topic-gone")), "b.yaml")
    (problem,) = told(one, two)
    assert (problem.rule, problem.path) == ("duplicate-pattern", "b.yaml")
    assert problem.message == "asks, counts and alarms exactly as `topic-deleted` does"
    other = load_text(changed(("topic-deleted", "topic-gone"), text=added("alarm: {threshold: 5}\n")), "b.yaml")
    assert told(one, other) == []


def test_more_regular_expressions_than_a_log_group_takes() -> None:
    detections = [with_pattern(f"{{ $.eventName = %^Delete{n}% }}", ("topic-deleted", f"d{n}")) for n in range(7)]
    assert broken(*detections) == ["regex-quota", "regex-quota"]
    assert broken(*detections[:5]) == []


def test_tests_are_there() -> None:
    head = SOUND[: SOUND.index("tests:")]
    none = load_text(head)
    assert [(p.rule, p.level) for p in told(none)] == [("missing-test", Level.WARNING)] * 2
    assert [(p.rule, p.level) for p in told(none, built_in=True)] == [("missing-test", Level.ERROR)] * 2
    one_miss = load_text(SOUND[: SOUND.index("  - name: another")])
    assert broken(one_miss) == []
    (problem,) = told(one_miss, built_in=True)
    assert problem.message == "only one near miss; two are needed"
    composite = load_text(COMPOSITE[: COMPOSITE.index("tests:")])
    assert broken(composite) == ["missing-test"]


EVENT = "event: {eventSource: sns.amazonaws.com, eventName: CreateTopic}"


@pytest.mark.parametrize(
    ("event", "message"),
    [
        ("event: {eventName: CreateTopic}", "the record has no `eventSource`"),
        ("event: {eventSource: sns.amazonaws.com}", "the record has no `eventName`"),
        ("event: {eventSource: sns, eventName: A}", "`eventSource` is `sns`"),
        ("event: {eventSource: a.b, eventName: A, eventname: B}", "no CloudTrail record has `eventname`"),
        ("event: {eventSource: a.b, eventName: A, xyzzy: B}", "no CloudTrail record has `xyzzy`"),
        (
            "event: {eventSource: a.b, eventName: A, userIdentity: {username: B}}",
            "no CloudTrail record has `userIdentity.username`",
        ),
        (
            "event: {eventSource: a.b, eventName: A, recipientAccountId: 111122223333}",
            "`recipientAccountId` is a text in CloudTrail's records",
        ),
        ("event: {eventSource: a.b, eventName: A, readOnly: 'true'}", "`readOnly` is true or false"),
        ("event: {eventSource: a.b, eventName: A, userIdentity: root}", "`userIdentity` holds no fields here"),
        ("event: {eventSource: a.b, eventName: A, resources: [{arn: x}]}", "no CloudTrail record has `resources.arn`"),
    ],
)
def test_records_that_cloudtrail_would_not_write(event: str, message: str) -> None:
    (problem,) = told(load_text(changed((EVENT, event))))
    assert problem.rule == "test-record"
    assert message in problem.message
    assert problem.line == 14


def test_records_as_cloudtrail_writes_them() -> None:
    event = (
        "event: {eventSource: a.b, eventName: A, readOnly: false, requestParameters: {x: 1}, responseElements: null, "
        "resources: [{ARN: x}], userIdentity: {type: Root, sessionContext: {attributes: {mfaAuthenticated: 'true'}}}}"
    )
    assert broken(load_text(changed((EVENT, event)))) == []


def test_runbooks() -> None:
    text = changed(("respond:\n  - Ask the actor.\n", ""))
    assert [(p.rule, p.level) for p in told(load_text(text))] == [("missing-runbook", Level.WARNING)]
    assert [(p.rule, p.level) for p in told(load_text(text), built_in=True)] == [("missing-runbook", Level.ERROR)]
    assert broken(load_text(text + "notify: false\n")) == []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("title: Topic deleted", f"title: T{'o' * 80}", "the title has 81 characters"),
        ("title: Topic deleted", 'title: "Topic\\ndeleted"', "the title is not on one line"),
        ("title: Topic deleted", "title: Topic deleted.", "a title has no full stop"),
        ("title: Topic deleted", "title: topic deleted", "a title starts with a capital"),
        ("deleted a topic.", "deleted a topic", "the description does not end as a sentence"),
        ("Somebody deleted a topic.", "Topic deleted.", "the description only repeats the title"),
    ],
)
def test_prose(old: str, new: str, message: str) -> None:
    (problem,) = told(load_text(changed((old, new))))
    assert problem.rule == "prose"
    assert problem.message.startswith(message)


def test_a_title_may_start_with_a_name() -> None:
    assert broken(load_text(changed(("title: Topic deleted", "title: iSCSI target deleted")))) == []


@pytest.mark.parametrize(
    ("day", "rules"),
    [
        ("2026-11-21", ["exception-expired"]),
        ("2026-11-22", ["exception-expiring"]),
        ("2026-12-21", ["exception-expiring"]),
        ("2026-12-22", []),
    ],
)
def test_exceptions(day: str, rules: list[str]) -> None:
    text = added(f"exceptions:\n  - {{pattern: '{{ $.awsRegion = a }}', owner: a, reason: b, expires: {day}}}\n")
    found = told(load_text(text))
    assert [problem.rule for problem in found] == ["cannot-deploy-natively", *rules]
    assert [marked(problem) for problem in found][1:] == [day] * len(rules)


ALLOW = "allow:\n  - {rule: boolean-equals, reason: on purpose}\n"


def test_an_allowed_rule_is_silent() -> None:
    detection = load_text(changed(("$.eventName = ", "$.readOnly = "), text=added(ALLOW)))
    assert broken(detection) == []


def test_an_allow_that_silences_nothing_is_told() -> None:
    (problem,) = told(load_text(added(ALLOW)))
    assert (problem.rule, marked(problem)) == ("unused-allow", "boolean-equals")
    (problem,) = told(load_text(added(ALLOW.replace("boolean-equals", "bolean-equals"))))
    assert problem.message == "`bolean-equals`: there is no such rule"
    assert problem.note == "did you mean `boolean-equals`?"


def test_rules_between_files_may_be_allowed_ahead() -> None:
    """Whether they are broken depends on what else is loaded."""
    assert broken(load_text(added(ALLOW.replace("boolean-equals", "duplicate-pattern")))) == []


def test_problems_come_in_the_order_of_files_and_lines() -> None:
    worse = changed(("title: Topic deleted", "title: topic deleted."), ("$.eventName = ", "$.eventname = "))
    found = told(load_text(worse, "b.yaml"), load_text(worse.replace("topic-deleted", "x"), "a.yaml"))
    places = [(problem.path, problem.line, problem.column) for problem in found]
    assert places == sorted(places)
    assert len(places) == 7


def test_every_rule_is_broken_somewhere_here() -> None:
    """A rule that no test breaks may have no check."""
    source = Path(__file__).read_text(encoding="utf-8")
    assert [rule.id for rule in RULES if f'"{rule.id}"' not in source] == []
    assert len(CHECKS) == len(set(CHECKS))


def test_operators() -> None:
    """All four comparison operators are judged; none falls through."""
    spec = AlarmSpec("a", 1.0)
    assert {operator.value for operator in ComparisonOperator} >= {spec.comparison_operator.value}
    for operator in ComparisonOperator:
        lines = f"alarm: {{statistic: Maximum, threshold: 1, comparison_operator: {operator.value}}}\n"
        reachable = "OrEqual" in operator.value
        assert (broken(load_text(added(lines))) == []) is reachable
