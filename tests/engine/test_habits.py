"""What the engine says of actors' habits, against one record after the other, and its bounds."""

from __future__ import annotations

import json
import pickle
from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.samples import TODAY, detection, lines, log_file, record
from vedette.alerts.habits import Hour, kinds_of, program_of
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


class Shown(NamedTuple):
    """What is found of an hour: by kind, who showed what."""

    actors: set[str]
    kinds: tuple[set[tuple[str, str]], ...]


def nothing() -> Shown:
    return Shown(set(), (set(), set(), set(), set()))


def text(value: object) -> str:
    return value[:256] if isinstance(value, str) else ""


def slowly(documents: list[dict[str, object]]) -> dict[int, Shown]:
    """What is shown by hour, from one record after the other."""
    found: dict[int, Shown] = {}
    for document in documents:
        stamp = document.get("eventTime")
        time = parse_time(stamp) if isinstance(stamp, str) else None
        if time is None:
            continue
        shown, actor = found.setdefault(time // 3_600 * 3_600, nothing()), actor_of(document).key
        values = [text(document.get(name)) for name in ("sourceIPAddress", "eventName", "awsRegion", "userAgent")]
        values[-1] = program_of(values[-1])
        shown.actors.add(actor)
        for kind, value in zip(shown.kinds, values, strict=True):
            if value:
                kind.add((actor, value))
    return found


def by_hour(hours: tuple[Hour, ...]) -> dict[int, Shown]:
    found: dict[int, Shown] = {}
    for hour in hours:
        shown = found.setdefault(hour.start, nothing())
        shown.actors.update(hour.actors)
        for kind, pairs in zip(shown.kinds, kinds_of(hour), strict=True):
            kind.update(pairs)
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
    assert {actor for shown in found.values() for actor in shown.actors} == {"human:bob", "human:carol"}


def test_what_is_remembered_is_bounded_and_changes_nothing(monkeypatch) -> None:
    monkeypatch.setattr(module, "_MEMO_ENTRIES", 3)
    engine = Engine([], TODAY, habits=True)
    for number in range(50):
        made = record(
            number,
            userIdentity={
                "type": "IAMUser",
                "arn": f"a:user/u{number % 7}",
                "accountId": "111122223333",
                "accessKeyId": f"AKIA{number % 11}",
            },
        )
        made["userAgent"] = f"program-{number}/1"
        assert by_hour(engine.process(lines(made)).hours) == slowly([made])
    assert 1 <= len(engine._habits._keys) <= 4
    assert 1 <= len(engine._habits._programs) <= 4


def test_identities_that_aws_would_not_write_are_told_apart_all_the_same() -> None:
    whole = {"type": "AssumedRole", "arn": "arn:aws:sts::111122223333:assumed-role/deploy/nightly", "accountId": "1"}
    made = [
        record(number, userIdentity={**whole, **more})
        for number, more in enumerate(
            [{"userName": ["a"]}, {"accountId": ["a"]}, {"accountId": 7}, {"arn": "a:assumed-role/deploy"},
             {"arn": "a:assumed-role/deploy/"}, {"sessionContext": {"sourceIdentity": "bob"}}, {"sessionContext": 7},
             {"sessionContext": {"source\u0049dentity": "carol"}}, {"type": "IAMUser", "arn": "a:user/"},
             {"type": "IAMUser"}, {"type": "IAMUser", "userName": "dan"}, {"type": "Root"}, {"type": "Directory"},
             {"type": "AWSService", "userName": {}}, {"type": "AWSService", "invokedBy": "a.amazonaws.com"}]
        )
    ]  # fmt: skip
    for body in (log_file(*made), log_file(*made, *made)):
        assert by_hour(ENGINE.process(body).hours) == slowly(json.loads(body.data)["Records"])


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
