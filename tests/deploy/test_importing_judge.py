"""Judging what was found: which built-in asks the same, which control it serves, what is wrong, and the file made."""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools
import random
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import random_trees
from cli.samples import Shell, check_golden
from vedette.deploy.importing import Judged, Verdict, judge, read_files
from vedette.deploy.importing.found import Found, FoundAlarm, FoundFilter, FoundTopic, Where
from vedette.deploy.importing.naming import slug
from vedette.deploy.importing.questions import Library, Likeness, bare, canonical
from vedette.detections.definition import Derived, Detection
from vedette.detections.loader import load_builtin, load_text
from vedette.detections.reading import ID
from vedette.errors import Level, ProblemsError
from vedette.patterns import FilterPattern
from vedette.predicates.evaluate import evaluate
from vedette.predicates.tree import And, Or, Predicate

HERE = Path(__file__).parent
DATA = HERE / "import_data"
TODAY = dt.date(2026, 11, 23)
HERE_IT_IS = Where("here", "x")
PATTERN = '{ $.eventName = "DeleteTopic" && $.eventSource = "sns.amazonaws.com" && $.awsRegion = "xx-west-1" }'


@functools.cache
def builtin() -> tuple[Detection, ...]:
    return load_builtin()


@functools.cache
def library() -> Library:
    return Library(builtin(), TODAY)


def a_filter(pattern: str | None = PATTERN, **more: object) -> FoundFilter:
    made = FoundFilter("gone", HERE_IT_IS, pattern, "/trail", "Own", "Gone")
    return dataclasses.replace(made, **more)  # type: ignore[arg-type]


def an_alarm(**more: object) -> FoundAlarm:
    made = FoundAlarm(
        "gone-alarm", HERE_IT_IS, "Own", "Gone", threshold=1, statistic="Sum", period=300,
        treat_missing_data="notBreaching", actions=("arn:aws:sns:us-east-1:111122223333:t",),
    )  # fmt: skip
    return dataclasses.replace(made, **more)  # type: ignore[arg-type]


def judged(
    filters: Sequence[FoundFilter] = (),
    alarms: Sequence[FoundAlarm] = (),
    topics: Sequence[FoundTopic] = (),
    groups: frozenset[str] | None = None,
) -> Verdict:
    return judge(Found("here", tuple(filters), tuple(alarms), tuple(topics), (), groups), builtin(), TODAY)


def rules(one: Judged) -> list[str]:
    return [defect.rule for defect in one.defects]


@settings(max_examples=100, deadline=None)
@given(random_trees.predicates, random_trees.documents, st.integers())
def test_the_canonical_form_asks_the_same_and_has_no_order(
    predicate: Predicate, document: dict[str, object], seed: int
) -> None:
    """Order, brackets and repetition change nothing: neither the verdict, nor the canonical form."""
    form = canonical(predicate)
    assert evaluate(form, document) is evaluate(predicate, document)
    assert canonical(_shuffled(predicate, random.Random(seed))) == form
    assert canonical(form) == form


def _shuffled(predicate: Predicate, chance: random.Random) -> Predicate:
    if not isinstance(predicate, And | Or):
        return predicate
    parts = [_shuffled(part, chance) for part in predicate.parts]
    parts += parts[:1] if chance.random() < 0.5 else []
    chance.shuffle(parts)
    if len(parts) > 2 and chance.random() < 0.5:
        parts = [type(predicate)(tuple(parts[:2])), *parts[2:]]
    return type(predicate)(tuple(parts))


@pytest.mark.parametrize("detection", [d for d in load_builtin(tests=False) if d.category == "cis"], ids=lambda d: d.id)
def test_every_cis_pattern_is_recognised(detection: Detection) -> None:
    """In its exact text, and with other white space; with other quotes or brackets Security Hub would not see it."""
    assert detection.pattern is not None
    wanted = next(
        (text.removeprefix("Security Hub: ") for text in detection.compliance if "Security Hub" in text), None
    )
    found = library().equivalents(detection.pattern)
    assert (found[0].detection.id, found[0].likeness) == (detection.id, Likeness.TEXT)
    control = library().control(found)
    if wanted is not None and not detection.id.endswith("-corrected"):
        assert control is not None
        assert (control.name, control.exact, control.detection) == (wanted, True, detection.id)
    spaced = FilterPattern.parse(detection.pattern.source.replace("&&", "  &&\t").replace("||", " || "), quotas=False)
    assert library().equivalents(spaced)[0].likeness is Likeness.TEXT
    bracketed = FilterPattern.parse(f"{{ ({detection.pattern.source.strip()[1:-1]}) }}", quotas=False)
    again = library().equivalents(bracketed)
    assert detection.id in {one.detection.id for one in again}
    assert again[0].likeness is Likeness.QUESTION
    assert (left := library().control(again)) is None or not left.exact


def test_verdicts_tell_where_forms_differ() -> None:
    """Another question on paper that no test record can tell from a built-in one."""
    pattern = FilterPattern.parse(
        '{ ($.eventName = "ConsoleLogin" && $.errorMessage = "Failed authentication")'
        ' || ($.eventName = "ConsoleLogin" && $.errorMessage = "Failed authentication" && $.awsRegion = "*") }'
    )
    found = library().equivalents(pattern)
    assert {one.likeness for one in found} == {Likeness.VERDICTS}
    assert "cis-console-authentication-failures" in {one.detection.id for one in found}
    assert all(one.records > 500 for one in found)
    assert library().equivalents(FilterPattern.parse('{ $.eventName = "NobodyDoesThis" }')) == ()
    assert library().equivalents(FilterPattern.parse("ERROR")) == ()


def test_white_space_counts_within_quotes_only() -> None:
    assert bare('{ $.a = "b  c" &&\n $.d = 1 }') == '{$.a="b  c"&&$.d=1}'
    assert bare('{ $.a = "b c" }') != bare('{ $.a = "bc" }')


@pytest.mark.parametrize("detection", [d for d in load_builtin(tests=False) if d.pattern], ids=lambda d: d.id)
def test_every_builtin_survives_the_way_through_an_account(detection: Detection) -> None:
    """Filter and alarm as CloudWatch has them become a detection with the same pattern, metric and alarm."""
    metric, alarm = detection.metric, detection.alarm
    assert metric is not None
    assert alarm is not None
    assert detection.pattern is not None
    made = FoundFilter(
        detection.id, HERE_IT_IS, detection.pattern.source, "/trail", metric.namespace, metric.name, metric.value,
        metric.default, metric.unit, metric.dimensions,
    )  # fmt: skip
    watched = FoundAlarm(
        f"vedette-{detection.id}", HERE_IT_IS, metric.namespace, metric.name, alarm.threshold, alarm.statistic,
        alarm.period, alarm.evaluation_periods, alarm.datapoints_to_alarm, alarm.comparison_operator.value,
        alarm.treat_missing_data.value, alarm.unit, description=detection.title,
    )  # fmt: skip
    (one,) = judge(Found("here", (made,), (watched,)), (), TODAY).judged
    assert one.detection is not None
    assert one.detection.pattern == detection.pattern
    assert one.detection.metric == metric
    assert dataclasses.replace(one.detection.alarm, name=alarm.name) == alarm  # type: ignore[type-var]
    assert one.detection.group_by == ((Derived.ACTOR,) if alarm.threshold <= 1 else ())


_TEXT = st.text(st.characters(exclude_categories=()), max_size=40)


@settings(max_examples=150, deadline=None)
@given(_TEXT, _TEXT, _TEXT, _TEXT, st.sampled_from(["1", "0", "$.count", "x", "", "$.a[*]", "1e400"]), st.floats())
def test_hostile_names_make_files_that_load(
    name: str, description: str, namespace: str, group: str, value: str, threshold: float
) -> None:
    """Whatever an account's names and numbers are: a file that loads, or a reason; never a key that was not meant."""
    filters = [a_filter(name=name, namespace=namespace, value=value, log_group=group)]
    alarms = [an_alarm(name=name, namespace=namespace, description=description, threshold=threshold)]
    for one in judge(Found("here", tuple(filters), tuple(alarms)), (), TODAY).judged:
        if one.file is None:
            assert one.reason
            continue
        loaded = load_text(one.file.text)
        assert loaded.pattern == FilterPattern.parse(PATTERN)
        assert loaded.category == "imported"
        assert not loaded.exceptions


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=90), st.sets(st.sampled_from(["root-usage", "imported", "a"])))
def test_a_slug_is_an_id_that_is_free(name: str, taken: set[str]) -> None:
    found = slug(name, taken)
    assert ID.fullmatch(found)
    assert found not in taken


def test_long_patterns_are_folded_and_come_back_whole() -> None:
    spaced = '{ $.a = "one  two   three" ' + " ".join(f'|| $.b = "value number {n}"' for n in range(30)) + " }"
    (one,) = judged([a_filter(spaced)], [an_alarm()]).judged
    assert one.file is not None
    assert load_text(one.file.text).pattern == FilterPattern.parse(spaced)
    assert max(map(len, one.file.text.splitlines())) <= 120


@pytest.mark.parametrize(
    ("filter_", "alarm", "topics", "told"),
    [
        (a_filter(), an_alarm(), (), []),
        (a_filter(), None, (), ["filter-without-alarm"]),
        (None, an_alarm(), (), ["alarm-without-filter"]),
        (a_filter(), an_alarm(actions=()), (), ["no-action"]),
        (a_filter(), an_alarm(actions_enabled=False), (), ["actions-disabled"]),
        (a_filter(), an_alarm(), (FoundTopic("arn:aws:sns:us-east-1:111122223333:t", 0, 0),), ["no-subscriber"]),
        (a_filter(), an_alarm(), (FoundTopic("arn:aws:sns:us-east-1:111122223333:t", 0, 2),), ["no-subscriber"]),
        (a_filter(), an_alarm(), (FoundTopic("arn:aws:sns:us-east-1:111122223333:t", 1, 2),), []),
        (a_filter(), an_alarm(), (FoundTopic("arn:aws:sns:us-east-1:111122223333:t", None, None),), []),
        (a_filter(default=0.0), an_alarm(statistic="Average"), (), ["average-with-default"]),
        (a_filter(), an_alarm(statistic="Average", threshold=3), (), ["alarm-cannot-fire"]),
        (a_filter(), an_alarm(statistic="Maximum", threshold=2), (), ["alarm-cannot-fire"]),
        (a_filter(unit="Count"), an_alarm(unit="Bytes"), (), ["alarm-cannot-fire"]),
        (a_filter(default=0.0), an_alarm(threshold=0), (), ["alarm-always-on"]),
        (a_filter(), an_alarm(period=45), (), ["alarm-refused"]),
        (a_filter(), an_alarm(period=10), (), ["period-below-resolution"]),
        (a_filter(), an_alarm(period=300, evaluation_periods=500), (), ["alarm-refused"]),
        (a_filter(), an_alarm(comparison_operator="Above"), (), ["alarm-refused"]),
        (a_filter(), an_alarm(treat_missing_data="missing"), (), ["missing-data"]),
        (a_filter(), an_alarm(treat_missing_data="ignore"), (), ["missing-data"]),
        (a_filter(), an_alarm(threshold=None), (), ["open-value"]),
        (a_filter(dimensions=(("Bucket", "$.awsRegion"),)), an_alarm(), (), ["dimensions-mismatch"]),
        (a_filter('{ $.readOnly = false }'), an_alarm(), (), ["boolean-equals"]),
        (a_filter('{ $.nothing = 1 }'), an_alarm(), (), ["unknown-field"]),
        (a_filter('{ $.eventName = "a" && $.eventName = "b" }'), an_alarm(), (), ["contradictory-and"]),
        (a_filter('{ $.eventName != "a" || $.eventSource != "b" }'), an_alarm(), (), ["or-of-not-equals"]),
        (a_filter('{ $.a == 1 }'), an_alarm(), (), ["pattern-unreadable"]),
        (a_filter(None), an_alarm(), (), ["pattern-unreadable"]),
        (a_filter("{ ($.errorMessage = \"Failed authentication\") && ($.eventName = ConsoleLogin) }"), an_alarm(), (),
         ["control-not-exact"]),
    ],
)  # fmt: skip
def test_each_defect_alone(
    filter_: FoundFilter | None, alarm: FoundAlarm | None, topics: Sequence[FoundTopic], told: list[str]
) -> None:
    verdict = judged([filter_] if filter_ else [], [alarm] if alarm else [], topics)
    (one,) = verdict.judged
    assert rules(one) == told
    assert all(defect.message for defect in one.defects)


def test_names_that_were_probably_meant() -> None:
    for other in (
        an_alarm(metric="gone"),
        an_alarm(namespace="own"),
        an_alarm(namespace="Else"),
        an_alarm(metric="Gne"),
    ):
        verdict = judged([a_filter()], [other])
        assert [rules(one)[0] for one in verdict.judged] == ["metric-name-mismatch", "metric-name-mismatch"]
    far = judged([a_filter()], [an_alarm(namespace="Else", metric="SomethingElse")])
    assert [rules(one)[0] for one in far.judged] == ["filter-without-alarm", "alarm-without-filter"]


def test_filters_that_share_a_metric_and_alarms_that_share_a_filter() -> None:
    two = judged([a_filter(), a_filter('{ $.eventName = "X" }', name="second")], [an_alarm()])
    assert [rules(one) for one in two.judged] == [["shared-metric"], ["shared-metric"]]
    assert len({one.detection.id for one in two.judged if one.detection}) == 2
    both = judged([a_filter()], [an_alarm(), an_alarm(name="louder", threshold=10)])
    assert [one.detection.id for one in both.judged if one.detection] == ["gone", "louder"]


def test_what_is_not_of_cloudtrail_is_left_with_its_reason() -> None:
    shop = a_filter("ERROR", name="shop", log_group="/shop")
    assert [left.reason for left in judged([shop]).unread] == [
        "the pattern reads plain text, and CloudTrail's records are JSON"
    ]
    foreign = judged([a_filter(log_group="/shop")], groups=frozenset({"/trail"}))
    assert [left.reason for left in foreign.unread] == ["no trail of this region writes to `/shop`"]
    assert judged([a_filter()], groups=frozenset({"/trail"})).unread == ()


def test_what_only_a_deployment_knows_is_no_defect() -> None:
    """Rule: "judged by what the files can know": an alarm on a metric that is open says nothing about the filters."""
    verdict = judged([a_filter()], [an_alarm(metric="${var.metric}")])
    (one,) = verdict.judged
    assert [(defect.rule, defect.level) for defect in one.defects] == [("filter-without-alarm", Level.WARNING)]
    assert [left.reason for left in verdict.unread] == ["only a deployment knows which metric the alarm watches"]
    both = judged([a_filter(namespace="${Stage}/x")], [an_alarm(namespace="${Stage}/x", threshold=3)])
    (one,) = both.judged
    assert [defect.message for defect in one.defects] == [
        "the metric's name: only a deployment knows; the default is written"
    ]
    assert one.detection is not None
    assert one.detection.alarm.threshold == 3
    topic = FoundTopic("${aws_sns_topic.t.arn}", 0, 0)
    (one,) = judged([a_filter()], [an_alarm(actions=("${aws_sns_topic.t.arn}",))], [topic]).judged
    assert [(defect.rule, defect.level) for defect in one.defects] == [("no-subscriber", Level.WARNING)]


def test_a_text_that_security_hub_wants_is_not_to_be_mended() -> None:
    builtin_one = next(one for one in builtin() if one.id == "cis-console-sign-in-without-mfa")
    assert builtin_one.pattern is not None
    (one,) = judge(Found("x", (a_filter(builtin_one.pattern.source),), (an_alarm(),)), builtin(), TODAY).judged
    (defect,) = one.defects
    assert defect.hint == (
        "CloudWatch.3 fails with any other text: keep it, and ask the built-in "
        "`cis-console-sign-in-without-mfa-corrected` beside it"
    )


def test_a_pattern_that_is_nested_too_deep_to_be_compared_is_compared_by_its_form_alone() -> None:
    joined = "".join(f" {'&&' if n % 2 else '||'} $.requestParameters.n = {n})" for n in range(40))
    deep = "{ " + "(" * 41 + '$.eventName = "ConsoleLogin"' + joined + ") }"
    (one,) = judged([a_filter(deep)], [an_alarm()]).judged
    assert one.equivalents == ()


def test_very_many_filters_are_judged_in_no_time_and_told_of() -> None:
    told: list[str] = []
    many = [a_filter(name=f"f{n}", metric=f"m{n}") for n in range(120)]
    others = [an_alarm(name=f"a{n}", metric=f"other{n}", namespace="Far") for n in range(120)]
    verdict = judge(Found("x", tuple(many), tuple(others)), (), TODAY, told.append)
    assert len(verdict.judged) == 240
    assert told[::60] == ["judged: 0 of 120", "judged: 60 of 120"]


def test_severity_is_guessed_with_its_reason() -> None:
    for name, severity in (("critical-thing", "critical"), ("x-High", "high"), ("RootUsed", "high"), ("x", "medium")):
        (one,) = judged([a_filter()], [an_alarm(name=name)]).judged
        assert one.detection is not None
        assert one.detection.severity.value == severity
    assert one.file is not None
    assert "severity: medium  # guessed: nothing tells" in one.file.text


def test_an_id_of_a_builtin_is_not_taken() -> None:
    """A file with a built-in detection's id would take its place unseen."""
    (one,) = judged([a_filter()], [an_alarm(name="root-login")]).judged
    assert one.detection is not None
    assert one.detection.id == "root-login-imported"


def test_the_report_of_a_template_and_its_files(shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for file in ("monitoring.yaml", "main.tf"):
        (tmp_path / file).write_bytes((DATA / file).read_bytes())
    text = shell.transcript("deploy", "import", "monitoring.yaml", "--out", "own")
    text += shell.transcript("deploy", "import", "main.tf", "--out", "own")
    text += shell.transcript("deploy", "import", "main.tf", "--out", "own")
    text += "".join(f"\n=== {file.name}\n{file.read_text()}" for file in sorted((tmp_path / "own").iterdir()))
    check_golden("import.txt", text, HERE / "golden")
    lines = text.partition("=== ")[0].splitlines()
    assert max(len(line) for line in lines if not line.startswith("hint")) <= 100


def test_the_machine_readable_report(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "data").symlink_to(DATA)
    check_golden("import-json.txt", shell.transcript("deploy", "import", "data/main.tf", "-o", "json"), HERE / "golden")


def test_wrong_uses_are_told(shell: Shell, tmp_path: Path) -> None:
    assert "name either files or --from-account" in shell("deploy", "import").err
    (tmp_path / "empty.yaml").write_text("Resources: {Topic: {Type: AWS::SNS::Topic}}\n")
    nothing = shell("deploy", "import", "empty.yaml")
    assert (nothing.code, nothing.err) == (3, "error: no metric filter and no alarm in empty.yaml\n")
    assert shell("deploy", "import", "none.tf").code == 2
    (tmp_path / "file").write_text("")
    refused = shell("deploy", "import", str(DATA / "main.tf"), "--out", "file")
    assert refused.code == 4
    assert "cannot write `file`" in refused.err


def test_read_together_an_alarm_may_be_in_another_file(tmp_path: Path) -> None:
    whole = (DATA / "main.tf").read_text()
    at = whole.index('resource "aws_cloudwatch_metric_alarm" "cis"')
    (tmp_path / "a.tf").write_text(whole[:at])
    (tmp_path / "b.tf").write_text(whole[at:])
    verdict = judge(read_files([tmp_path]), builtin(), TODAY)
    assert [rules(one) for one in verdict.judged] == [[], []]
    with pytest.raises(ProblemsError):
        (tmp_path / "c.tf").write_text("x = [\n")
        read_files([tmp_path])
