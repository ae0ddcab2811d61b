"""What the engine says of actors' habits, against one record after the other, and its bounds."""

from __future__ import annotations

import json
import pickle

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.samples import TODAY, detection, lines, log_file, record
from vedette.alerts.habits import Hour, Trace, program_of
from vedette.cloudtrail.identity import actor_of
from vedette.cloudtrail.moment import parse_time
from vedette.engine import Engine
from vedette.engine import habits as module

ENGINE = Engine([detection('{ $.eventName = "DeleteTrail" }')], TODAY, habits=True)
texts = st.sampled_from(["", "a", "b", "é", "x" * 600, "aws-cli/2.0 Python", "Mozilla/5.0 (X)", "[S3Console/0.4]"])
odd = texts | st.none() | st.sampled_from([7, 1.5, True, ["a"], {"a": "b"}])
identities = st.fixed_dictionaries(
    {"type": st.sampled_from(["IAMUser", "AssumedRole", "Root", "AWSService", "FederatedUser", "New"]) | odd},
    optional={
        "userName": odd,
        "principalId": st.sampled_from(["AROAEXAMPLE:alice", "AROAEXAMPLE:i-0123456789abcdef0"]) | odd,
        "arn": st.sampled_from(["arn:aws:sts::111122223333:assumed-role/deploy/nightly"]) | odd,
        "accountId": st.sampled_from(["111122223333", "123456789012"]) | odd,
        "invokedBy": odd,
        "sessionContext": st.sampled_from([{}, {"sourceIdentity": "bob"}, {"sourceIdentity": "carol"}]) | odd,
    },
)
whole = st.sampled_from(
    [
        {"type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/alice", "accessKeyId": "AKIA1", "userName": "alice"},
        {"type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/bob", "accessKeyId": "AKIA1", "userName": "bob"},
        {"type": "AssumedRole", "arn": "arn:aws:sts::111122223333:assumed-role/deploy/nightly", "accessKeyId": "ASIA1",
         "sessionContext": {"sourceIdentity": "bob"}},
        {"type": "AssumedRole", "arn": "arn:aws:sts::111122223333:assumed-role/deploy/nightly", "accessKeyId": "ASIA2",
         "sessionContext": {"sourceIdentity": "carol"}},
        {"type": "AWSService", "invokedBy": "ec2.amazonaws.com"},
    ]
)  # fmt: skip
"""As AWS writes them: an access key and an ARN stand for one session."""

times = st.sampled_from(
    [
        "2026-11-21T12:00:00Z",
        "2026-11-21T12:59:59Z",
        "2026-11-21T13:00:00Z",
        "2026-11-22T00:00:00Z",
        "noon",
        None,
        7,
        "2026-11-21T12:61:00Z",
        "2026-11-21T12:00:00.5Z",
    ]
)
records = st.builds(
    record, st.integers(0, 99), sourceIPAddress=odd, eventName=odd, awsRegion=odd, userAgent=odd, eventTime=times,
    userIdentity=whole | identities | odd, additionalEventData=st.sampled_from([None, {"UserName": "dora"}]),
)  # fmt: skip


tidy = st.builds(
    record, st.integers(0, 99), sourceIPAddress=texts, eventName=texts, awsRegion=texts, userAgent=texts,
    userIdentity=whole,
)  # fmt: skip


def text(value: object) -> str:
    return value[:256] if isinstance(value, str) else ""


def slowly(documents: list[dict[str, object]]) -> dict[int, set[Trace]]:
    """The traces by hour, from one record after the other."""
    found: dict[int, set[Trace]] = {}
    for document in documents:
        stamp = document.get("eventTime")
        time = parse_time(stamp) if isinstance(stamp, str) else None
        if time is None:
            continue
        found.setdefault(time // 3_600 * 3_600, set()).add(
            Trace(
                actor_of(document).key,
                text(document.get("sourceIPAddress")),
                text(document.get("eventName")),
                text(document.get("awsRegion")),
                program_of(text(document.get("userAgent"))),
            )
        )
    return found


def by_hour(hours: tuple[Hour, ...]) -> dict[int, set[Trace]]:
    found: dict[int, set[Trace]] = {}
    for hour in hours:
        assert len(set(hour.traces)) == len(hour.traces)
        found.setdefault(hour.start, set()).update(hour.traces)
    return found


@settings(max_examples=150, deadline=None)
@given(st.lists(tidy, max_size=12) | st.lists(tidy | records, max_size=12))
def test_habits_are_those_of_one_record_after_the_other(made: list[dict[str, object]]) -> None:
    """Records that differ in nothing that is kept are put together first: nothing gets lost by that."""
    body = log_file(*made)
    assert by_hour(ENGINE.process(body).hours) == slowly(json.loads(body.data)["Records"])


def test_sessions_without_an_access_key_are_told_apart_by_their_source_identity() -> None:
    role = {"type": "AssumedRole", "arn": "arn:aws:sts::111122223333:assumed-role/deploy/nightly"}
    made = [
        record(number, userIdentity={**role, "sessionContext": {"sourceIdentity": who}})
        for number, who in enumerate(["bob", "carol", "bob"])
    ]
    found = by_hour(ENGINE.process(log_file(*made)).hours)
    assert {trace.actor for traces in found.values() for trace in traces} == {"human:bob", "human:carol"}


def test_what_is_remembered_is_bounded_and_changes_nothing(monkeypatch) -> None:
    monkeypatch.setattr(module, "_MEMO_ENTRIES", 3)
    engine = Engine([], TODAY, habits=True)
    for number in range(50):
        made = record(number, userIdentity={"type": "IAMUser", "arn": f"a:user/u{number % 7}", "accessKeyId": "A"})
        assert by_hour(engine.process(lines(made)).hours) == slowly([made])
    assert len(engine._habits._known) <= 4


def test_habits_are_left_alone_unless_asked_for() -> None:
    assert Engine([], TODAY).process(lines(record())).hours == ()
    assert ENGINE.process(lines()).hours == ()


def test_habits_survive_the_way_between_processes() -> None:
    result = ENGINE.process(lines(record(1), record(2, eventName="DeleteTrail")))
    assert pickle.loads(pickle.dumps(result)).hours == result.hours


def test_families_of_programs() -> None:
    assert program_of("aws-cli/2.15.30 Python/3.11.8") == "aws-cli"
    assert program_of("Boto3/1.34 md/Botocore#1.34") == "Boto3"
    assert program_of("Mozilla/5.0 (X11)") == "a browser"
    assert program_of("console.amazonaws.com") == "console.amazonaws.com"
    assert program_of("[S3Console/0.4, aws-internal/3]") == "S3Console"
    assert program_of(" , ") == ""
    assert program_of("x" * 999) == "x" * 64
