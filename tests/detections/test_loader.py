"""Detection files to values: defaults, what stays as written, and what shows only between files."""

from __future__ import annotations

import dataclasses
import datetime as dt
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detections.samples import COMPOSITE, SOUND, added, changed
from vedette.alarms.spec import AlarmSpec, ComparisonOperator, State, TreatMissingData
from vedette.detections import loader
from vedette.detections.definition import Allowed, CompositeTest, Derived, Metric, Severity, TimelineTest, VerdictTest
from vedette.detections.format import DETECTION
from vedette.detections.loader import load_builtin, load_file, load_paths, load_text, read_paths
from vedette.errors import ExitCode, ProblemsError
from vedette.patterns import FilterPattern
from vedette.predicates.tree import Selector


def problems(text: str) -> list[str]:
    with pytest.raises(ProblemsError) as caught:
        load_text(text)
    return [f"{p.line}:{p.column} {p.message}" for p in caught.value.problems]


def test_defaults() -> None:
    detection = load_text(SOUND, "topic-deleted.yaml")
    assert detection.metric == Metric(namespace="Vedette", name="TopicDeleted", value="1", default=None, unit=None)
    assert detection.alarm == AlarmSpec(
        name="topic-deleted",
        threshold=1.0,
        statistic="Sum",
        period=300,
        evaluation_periods=1,
        datapoints_to_alarm=None,
        comparison_operator=ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        treat_missing_data=TreatMissingData.NOT_BREACHING,
    )
    assert detection.group_by == (Derived.ACTOR,)
    assert detection.notify is True
    assert detection.category == ""
    assert detection.severity is Severity.MEDIUM
    assert detection.path == "topic-deleted.yaml"
    assert detection.source == SOUND


def test_everything_that_can_be_said() -> None:
    text = added(
        """\
category: messaging
false_positives: [Somebody tidies up.]
references: ["https://docs.aws.amazon.com/sns/latest/api/API_DeleteTopic.html"]
attack: [T1485, T1562.008]
compliance: ["CIS AWS Foundations v5.0.0: 4.3"]
metric:
  namespace: Security
  name: Topics
  value: $.requestParameters.count
  unit: Count
  dimensions: {Account: $.recipientAccountId, Region: $.awsRegion}
alarm:
  statistic: p99.9
  period: 60
  evaluation_periods: 5
  datapoints_to_alarm: 3
  threshold: -1.5e2
  comparison_operator: LessThanThreshold
  treat_missing_data: ignore
  evaluate_low_sample_count_percentile: ignore
  unit: Count
group_by: [actor, $.sourceIPAddress, $.awsRegion]
notify: false
exceptions:
  - pattern: '{ $.userIdentity.arn = "*:role/break-glass" }'
    owner: security@example.com
    reason: tested monthly
    expires: 2027-06-30
allow:
  - rule: pattern-over-quota
    reason: meant
"""
    )
    detection = load_text(text)
    assert detection.metric == Metric(
        "Security",
        "Topics",
        "$.requestParameters.count",
        None,
        "Count",
        (("Account", "$.recipientAccountId"), ("Region", "$.awsRegion")),
    )
    assert detection.alarm == AlarmSpec(
        "topic-deleted",
        -150.0,
        "p99.9",
        60,
        5,
        3,
        ComparisonOperator.LESS_THAN_THRESHOLD,
        TreatMissingData.IGNORE,
        "ignore",
        "Count",
    )
    assert detection.group_by == (Derived.ACTOR, Selector(("sourceIPAddress",)), Selector(("awsRegion",)))
    assert detection.notify is False
    (exception,) = detection.exceptions
    assert exception.pattern == FilterPattern.parse('{ $.userIdentity.arn = "*:role/break-glass" }')
    assert (exception.owner, exception.reason) == ("security@example.com", "tested monthly")
    assert exception.expires == dt.date(2027, 6, 30)
    assert detection.allow == (Allowed("pattern-over-quota", "meant"),)
    assert detection.attack == ("T1485", "T1562.008")


def test_the_table_of_keys_names_every_field() -> None:
    """What the file can say is what a detection holds, and nothing is read that the table does not name."""
    fields = {field.name for field in dataclasses.fields(load_text(SOUND))}
    assert fields - {"path", "source"} == set(DETECTION.names)


@pytest.mark.parametrize("spelt", ["no", "012345670123", "2027-06-30", "1.0", "true", "0x10", "'null'", "~x"])
def test_where_a_text_is_expected_the_characters_stand(spelt: str) -> None:
    detection = load_text(changed(("Topic deleted", spelt)))
    assert detection.title == spelt.strip("'")


@pytest.mark.parametrize("nothing", ["", "~", "null", "''", '"  "'])
def test_where_a_text_is_expected_nothing_is_wrong(nothing: str) -> None:
    assert len(problems(changed(("title: Topic deleted", f"title: {nothing}")))) == 1


def test_a_pattern_over_several_lines_is_one_line() -> None:
    detection = load_text(changed(("&& $.eventName", "\n     && $.eventName")))
    assert detection.pattern == load_text(SOUND).pattern
    assert detection.pattern is not None
    assert detection.pattern.source == '{ $.eventSource = "sns.amazonaws.com" && $.eventName = "DeleteTopic" }'


def test_numbers_are_finite() -> None:
    for huge in ("9" * 400, "1e999", ".inf", ".nan"):
        (problem,) = problems(added(f"alarm: {{threshold: {huge}}}\n"))
        assert "`threshold` must be a finite number" in problem


def test_severities_are_ordered() -> None:
    """From a note to a night call: what `--fail-on` compares by."""
    ordered = [Severity.INFORMATIONAL, Severity.LOW, Severity.MEDIUM, Severity.HIGH, Severity.CRITICAL]
    assert sorted(Severity, key=lambda severity: severity.rank) == ordered
    assert Severity.LOW < Severity.HIGH
    assert Severity.HIGH <= Severity.HIGH
    assert not Severity.CRITICAL < Severity.HIGH


def test_an_empty_group_is_what_the_file_says() -> None:
    assert load_text(added("group_by: []\n")).group_by == ()


def test_metric_values() -> None:
    for value in ("5", "2.5", "-1", "1e3", '"7"', "$.a.b"):
        metric = load_text(added(f"metric: {{value: {value}}}\n")).metric
        assert metric is not None
        assert metric.value == value.strip('"')
    for value in ("true", "$.a[*]", "one", ".inf", "$a", "1" * 101, "$.a = 1"):
        assert len(problems(added(f"metric: {{value: {value}}}\n"))) == 1, value


def test_timelines() -> None:
    text = added("  - name: course\n    points: 1 _ 2x2 -.5e1 _x2\n    states: OK ALARMx5 INSUFFICIENT_DATA\n")
    test = load_text(text).tests[-1]
    assert isinstance(test, TimelineTest)
    assert test.points == (1.0, None, 2.0, 2.0, -5.0, None, None)
    assert test.states == (State.OK, *[State.ALARM] * 5, State.INSUFFICIENT_DATA)
    assert test.line == text[: text.index("- name: course")].count("\n") + 1


@pytest.mark.parametrize("points", ["1xx2", "x3", "_1", "nan", "inf", "1e400", "1e200", "1,2", "1x1000000000"])
def test_points_that_no_metric_can_hold(points: str) -> None:
    assert any("is not a number" in p for p in problems(added(f"  - name: n\n    points: {points}\n    states: OK\n")))


def test_a_script_cannot_fill_the_memory() -> None:
    told = problems(added(f"  - name: n\n    points: {'1x999999 ' * 50}\n    states: OK\n"))
    assert any("more than 100,000 minutes" in problem for problem in told)


def test_composites() -> None:
    detection = load_text(COMPOSITE)
    assert detection.pattern is detection.metric is detection.alarm is None
    assert detection.rule is not None
    assert detection.rule.children == ("one", "two")
    (test,) = detection.tests
    ok, alarm = State.OK, State.ALARM
    assert isinstance(test, CompositeTest)
    assert test.children == (("one", (ok, alarm, alarm, ok)), ("two", (ok, ok, alarm, alarm)))
    assert test.states == (ok, ok, alarm, ok)


def test_composite_tests_that_are_wrong() -> None:
    assert "5 states, but 4 of the rule" in problems(changed(("OKx2 ALARMx2", "OKx5"), text=COMPOSITE))[0]
    assert "`one` must be states" in problems(changed(("OK ALARM ALARM OK,", "[OK],"), text=COMPOSITE))[0]
    assert (
        "a mapping of ids"
        in problems(changed(("{one: OK ALARM ALARM OK, two: OKx2 ALARMx2}", "OK"), text=COMPOSITE))[0]
    )
    told = problems(changed(("children: {one: OK ALARM ALARM OK, two: OKx2 ALARMx2}\n    ", ""), text=COMPOSITE))
    assert told == ["10:5 a test needs `children`"]
    verdict = "children: {one: OK ALARM ALARM OK, two: OKx2 ALARMx2}\n    states: OK OK ALARM OK"
    told = problems(changed((verdict, "matches: true\n    event: {}"), text=COMPOSITE))
    assert told == ["10:5 a test of a composite rule has `children` and `states`"]


def test_files_and_folders(tmp_path: Path) -> None:
    (tmp_path / "b" / "deep").mkdir(parents=True)
    (tmp_path / "a.yaml").write_text(SOUND)
    (tmp_path / "b" / "deep" / "c.yml").write_text(changed(("topic-deleted", "other")))
    (tmp_path / "b" / "notes.txt").write_text("not a detection")
    found = load_paths([tmp_path / "b", tmp_path / "a.yaml"])
    assert [detection.id for detection in found] == ["other", "topic-deleted"]
    assert found[1].path == str(tmp_path / "a.yaml")
    assert load_file(tmp_path / "a.yaml").id == "topic-deleted"


def test_all_problems_of_all_files_come_at_once(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(changed(("medium", "dire"), ("title:", "titel:")))
    (tmp_path / "b.yaml").write_text("id: [")
    (tmp_path / "c.yaml").write_bytes(SOUND.encode() + b"category: caf\xe9\n")
    (tmp_path / "d.yaml").write_text(changed(("topic-deleted", "sound")))
    loaded = read_paths([tmp_path, tmp_path / "missing.yaml"])
    assert [detection.id for detection in loaded.detections] == ["sound"]
    with pytest.raises(ProblemsError) as caught:
        loaded.or_raise()
    names = [Path(problem.path).name for problem in caught.value.problems]
    assert names == ["a.yaml", "a.yaml", "a.yaml", "b.yaml", "c.yaml", "missing.yaml"]
    assert caught.value.exit_code is ExitCode.WRONG_INPUT
    rendered = str(caught.value)
    assert "not UTF-8: the byte 0xe9" in rendered
    assert "c.yaml:20:14" in rendered
    assert "cannot be read: no such file" in rendered


def test_ids_are_unique_over_files(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(SOUND)
    (tmp_path / "b.yaml").write_text(SOUND)
    with pytest.raises(ProblemsError, match="duplicate id `topic-deleted`") as caught:
        load_paths([tmp_path])
    (problem,) = caught.value.problems
    assert (Path(problem.path).name, problem.line, problem.column) == ("b.yaml", 1, 5)
    assert problem.note == f"also in {tmp_path / 'a.yaml'}"


def test_a_file_named_twice_is_read_once(tmp_path: Path) -> None:
    """`check detections detections/a.yaml`, or a link beside its file: no other detection has that id."""
    one = tmp_path / "a.yaml"
    one.write_text(SOUND)
    (tmp_path / "b.yaml").symlink_to(one)
    assert [detection.path for detection in load_paths([tmp_path, one, tmp_path])] == [str(one)]


def test_a_link_to_nowhere_in_a_folder_is_told(tmp_path: Path) -> None:
    """A detection that somebody counts on must not be left out in silence; an editor's mark is none."""
    (tmp_path / "a.yaml").write_text(SOUND)
    (tmp_path / "gone.yaml").symlink_to(tmp_path / "moved.yaml")
    (tmp_path / ".#a.yaml").symlink_to("somebody@example.com")
    loaded = read_paths([tmp_path])
    assert [problem.message for problem in loaded.problems] == ["cannot be read: no such file or directory"]
    assert len(loaded.detections) == 1


def test_a_folder_that_is_closed_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Detections that nobody may read must not be left out in silence."""
    (tmp_path / "a.yaml").write_text(SOUND)
    (tmp_path / "closed").mkdir()
    opened = os.scandir

    def scandir(path: str) -> object:
        if Path(path).name == "closed":
            raise PermissionError(13, "Permission denied", str(path))
        return opened(path)

    monkeypatch.setattr(os, "scandir", scandir)
    loaded = read_paths([tmp_path])
    assert [(problem.path, problem.message) for problem in loaded.problems] == [
        (str(tmp_path / "closed"), "cannot be read: permission denied")
    ]
    assert len(loaded.detections) == 1


def test_rules_name_detections_that_are_there(tmp_path: Path) -> None:
    (tmp_path / "both.yaml").write_text(COMPOSITE)
    (tmp_path / "one.yaml").write_text(changed(("topic-deleted", "one")))
    with pytest.raises(ProblemsError, match="the rule names a detection that is not there: `two`"):
        load_paths([tmp_path])
    assert len(load_paths([tmp_path], known=["two"])) == 2
    (tmp_path / "two.yaml").write_text(changed(("topic-deleted", "two")))
    assert len(load_paths([tmp_path])) == 3


def test_rules_do_not_lead_back_to_themselves(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(changed(("id: both", "id: a"), ('ALARM("one")', 'ALARM("b")'), text=COMPOSITE))
    (tmp_path / "b.yaml").write_text(changed(("id: both", "id: b"), ('ALARM("one")', 'ALARM("a")'), text=COMPOSITE))
    with pytest.raises(ProblemsError) as caught:
        load_paths([tmp_path], known=["two"])
    assert [p.message for p in caught.value.problems] == [f"the rule leads back to `{name}` itself" for name in "ab"]


def test_a_built_in_file_in_the_wrong_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "library" / "messaging"
    folder.mkdir(parents=True)
    (folder.parent / "README").write_text("not a category")
    (folder / "other.yaml").write_text(added("category: >-\n  mail\n"))
    monkeypatch.setattr(loader, "files", lambda _package: tmp_path)
    with pytest.raises(ProblemsError) as caught:
        load_builtin()
    assert [(p.path, p.line, p.message) for p in caught.value.problems] == [
        ("library/messaging/other.yaml", 1, "`id` of a built-in detection is what its file says: `other`"),
        ("library/messaging/other.yaml", 20, "`category` of a built-in detection is what its file says: `messaging`"),
    ]


def test_built_in_detections_without_their_tests() -> None:
    """The same detections but for the tests; what is not read is not judged either."""
    whole = [dataclasses.replace(detection, tests=()) for detection in load_builtin()]
    assert list(load_builtin(tests=False)) == whole


@pytest.mark.parametrize(
    ("text", "tests"),
    [(SOUND, 0), (SOUND.rstrip("\n") + "\n\n# the end\n", 0), (added("category: x\n"), 3)],
)
def test_tests_are_left_unread_only_where_they_stand_last(
    text: str, tests: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "library" / "x").mkdir(parents=True)
    text = text if "category" in text else changed(("title:", "category: x\ntitle:"), text=text)
    (tmp_path / "library" / "x" / "topic-deleted.yaml").write_text(text)
    monkeypatch.setattr(loader, "files", lambda _package: tmp_path)
    (detection,) = load_builtin(tests=False)
    assert len(detection.tests) == tests
    assert detection.source == text


LINES = SOUND.splitlines()


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_any_change_of_a_sound_file_gives_a_detection_or_problems(data: st.DataObject) -> None:
    """Nothing but ProblemsError comes out of the loader, and every problem can be drawn."""
    lines = list(LINES)
    for _ in range(data.draw(st.integers(1, 3))):
        index = data.draw(st.integers(0, len(lines) - 1))
        line = lines[index]
        cut = data.draw(st.integers(0, len(line)))
        junk = data.draw(st.text(st.sampled_from("aA1 :-'\"{}[]$.=&|*!%#>_~,\\\t()é\x07"), max_size=6))
        match data.draw(st.sampled_from(["insert", "cut", "drop", "double", "indent"])):
            case "insert":
                lines[index] = line[:cut] + junk + line[cut:]
            case "cut":
                lines[index] = line[:cut]
            case "drop":
                lines[index] = ""
            case "double":
                lines.insert(index, line)
            case _:
                lines[index] = "  " + line
    text = "\n".join(lines)
    try:
        detection = load_text(text, "f.yaml")
    except ProblemsError as error:
        assert error.problems
        for problem in error.problems:
            assert problem.line >= 1
            assert problem.column >= 1
            assert problem.render().startswith("f.yaml:")
    else:
        assert detection.source == text
        assert (detection.pattern is None) is not (detection.rule is None)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=60))
def test_any_text_gives_a_detection_or_problems(text: str) -> None:
    with pytest.raises(ProblemsError):
        load_text(text)


@settings(max_examples=100, deadline=None)
@given(
    key=st.sampled_from(DETECTION.names),
    value=st.sampled_from(
        ["", "1", "-1", "true", "x", "[]", "{}", "[x]", "{a: b}", "[{}]", "[[]]", "[~]", "'{'", "$.a"]
    ),
)
def test_any_value_under_any_key_gives_a_detection_or_problems(key: str, value: str) -> None:
    kept, skipping = [], False
    for line in LINES:
        if not line.startswith(" "):
            skipping = line.startswith(f"{key}:")
        if not skipping:
            kept.append(line)
    try:
        load_text("\n".join([*kept, f"{key}: {value}"]))
    except ProblemsError as error:
        assert error.problems


def test_verdict_tests_keep_their_line() -> None:
    tests = [test for test in load_text(SOUND).tests if isinstance(test, VerdictTest)]
    assert [test.line for test in tests] == [11, 14, 17]
