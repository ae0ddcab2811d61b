"""What the storyteller tells, over a webhook on this machine: who, how often, what when something is missing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from deploy.stories import (
    NOW,
    Stage,
    action,
    by_user,
    composite_2026,
    data_of,
    hook,
    notification_2018,
    notification_2026,
    reason_data,
    root_login,
    stage,
    text_of,
    write,
)
from senders.receiving import Receiver
from vedette.aws import AwsError, Failure
from vedette.deploy import canary_flight
from vedette.deploy.storyteller.contract import CANARY_REASON, CANARY_STREAM
from vedette.deploy.storyteller.library import Library
from vedette.deploy.storyteller.storyteller import UntoldError
from vedette.deploy.storyteller.tale import by_group, without_records
from vedette.detections.definition import Severity

IN_WINDOW = NOW - 300


def test_the_story_of_one_record(at_hook: Stage, receiver: Receiver) -> None:
    """The record comes from the alarm's window, asked for with the detection's pattern, and says who and whence."""
    at_hook.logs.put(IN_WINDOW, root_login(address="203.0.113.99"))
    at_hook.logs.put(NOW - 10, root_login(number=2, address="192.0.2.1"))
    assert at_hook.hear(notification_2026()) == 1
    assert at_hook.logs.windows == [(NOW - 420, NOW - 120)]
    assert at_hook.logs.asked[0]["filterPattern"] == Library("vedette").with_children("root-login")[0].pattern.source  # type: ignore[union-attr]
    assert at_hook.logs.asked[0]["logGroupName"] == "/vedette/cloudtrail"
    (data,) = data_of(receiver)
    assert "203.0.113.99" in text_of(receiver)
    assert "192.0.2.1" not in text_of(receiver)
    assert at_hook.slept == []
    assert at_hook.said("told")[0]["channel"] == "hook"
    assert data["alerts"]


def test_records_that_only_look_alike_are_left_out(at_hook: Stage, receiver: Receiver) -> None:
    """Emulators match every JSON pattern; our engine asks again, so that only what matches is told."""
    failed = root_login(number=3, address="192.0.2.66", responseElements={"ConsoleLogin": "Failure"})
    at_hook.logs.put(IN_WINDOW, failed, by_user("mallory", number=4), root_login())
    assert at_hook.hear(action()) == 1
    assert "192.0.2.66" not in text_of(receiver)
    assert "mallory" not in text_of(receiver)


def test_two_actors_are_two_stories(at_hook: Stage, receiver: Receiver) -> None:
    """CloudWatch has one alarm for both; a reader needs to know that there are two."""
    at_hook.logs.put(IN_WINDOW, by_user("alice", number=1), by_user("mallory", number=2), by_user("alice", number=3))
    event = notification_2026("vedette-access-key-created", points=[(3.0, NOW - 420)])
    assert at_hook.hear(event) == 2
    first, second = (request.body.decode() for request in receiver.requests)
    assert ("alice" in first, "mallory" in first) != ("alice" in second, "mallory" in second)
    assert len({request.headers["idempotency-key"] for request in receiver.requests}) == 2


def test_many_actors_end_in_one_story_of_the_rest(at_hook: Stage, receiver: Receiver) -> None:
    users = [f"user{number}" for number in range(9)]
    at_hook.logs.put(IN_WINDOW, *(by_user(name, number=place) for place, name in enumerate(users)))
    assert at_hook.hear(notification_2026("vedette-access-key-created", points=[(9.0, NOW - 420)])) == 5
    assert all(name in text_of(receiver) for name in users)


def test_a_threshold_that_nobody_reaches_alone_is_one_story(at_hook: Stage, receiver: Receiver) -> None:
    """The alarm counts all actors together; where none alone would have fired it, the story is about all."""
    detection = Library("vedette").with_children("secret-read-burst")[-1]
    assert detection.alarm is not None
    needed = int(detection.alarm.threshold)
    assert needed > 2
    changes = {
        "eventSource": "secretsmanager.amazonaws.com", "eventName": "GetSecretValue", "responseElements": None,
        "requestParameters": {"secretId": "prod/db"}, "readOnly": True,
    }  # fmt: skip
    records = [by_user(f"user{number}", number=number, **changes) for number in range(needed)]
    at_hook.logs.put(IN_WINDOW, *records)
    event = notification_2026("vedette-secret-read-burst", points=[(float(needed), NOW - 420)])
    assert at_hook.hear(event) == 1
    assert "user0" in text_of(receiver)
    assert f"user{needed - 1}" in text_of(receiver)


def test_records_that_lag_are_waited_for(at_hook: Stage, receiver: Receiver) -> None:
    """FilterLogEvents may not show yet what the metric has counted: the story waits for as many as it counted."""
    at_hook.logs.put(IN_WINDOW, root_login())
    at_hook.logs.late = [(IN_WINDOW * 1000, root_login(number=2, address="203.0.113.50"))]
    assert at_hook.hear(notification_2026(points=[(2.0, NOW - 420)])) == 1
    assert at_hook.slept == [1.0]
    assert "203.0.113.50" in text_of(receiver)
    assert at_hook.said("records lag")[0]["found"] == 1


def test_waiting_leaves_time_for_the_channels(at_hook: Stage, receiver: Receiver) -> None:
    at_hook.left = 63.5
    assert at_hook.hear(notification_2026()) == 1
    assert at_hook.slept == [1.0, 2.0]
    assert len(receiver.requests) == 1


def test_an_alarm_without_records_is_told_of_all_the_same(at_hook: Stage, receiver: Receiver) -> None:
    """An alarm that was set by hand has no records: whoever tests the chain sees the end of it, and at once."""
    at_hook.logs.put(IN_WINDOW, root_login(address="203.0.113.99"))
    assert at_hook.hear(notification_2026() | {"NewStateReason": "a test of the chain"}) == 1
    assert at_hook.slept == []
    assert "a test of the chain" in text_of(receiver)
    assert "203.0.113.99" not in text_of(receiver)


def test_a_canary_is_told_as_one(at_hook: Stage, receiver: Receiver) -> None:
    """`verify` puts a record into a stream of its own, or sets the alarm: nobody is to take it for an attack."""
    canary = root_login(number=7)
    at_hook.logs.streams[str(canary["eventID"])] = CANARY_STREAM
    at_hook.logs.put(IN_WINDOW, canary)
    assert at_hook.hear(notification_2026()) == 1
    assert "Canary: a marked, harmless record" in text_of(receiver)
    reason = f"{CANARY_REASON} a test of the way to you. Nothing has happened."
    assert at_hook.hear(notification_2026(changed=NOW + 60) | {"NewStateReason": reason}) == 1
    assert "Canary:" in receiver.requests[1].body.decode()
    assert (canary_flight.STREAM, canary_flight._REASON.startswith(CANARY_REASON)) == (CANARY_STREAM, True)


def test_nobody_passes_for_a_canary(at_hook: Stage, receiver: Receiver) -> None:
    """An attacker writes the user agent; a real record beside a canary is told, and the canary is not."""
    canary = root_login(number=7, address="192.0.2.7")
    at_hook.logs.streams[str(canary["eventID"])] = CANARY_STREAM
    at_hook.logs.put(IN_WINDOW, canary, root_login(userAgent="vedette-canary/1.0", address="203.0.113.99"))
    assert at_hook.hear(notification_2026(points=[(2.0, NOW - 420)])) == 1
    assert ("Canary" in text_of(receiver), "192.0.2.7" in text_of(receiver)) == (False, False)
    assert "203.0.113.99" in text_of(receiver)
    assert at_hook.slept == []


def test_copies_are_counted_as_the_metric_counts_them(at_hook: Stage, receiver: Receiver) -> None:
    """CloudTrail delivers at least once, and the filter counts each copy: nothing lags if a copy made up the number."""
    at_hook.logs.put(IN_WINDOW, root_login(), root_login())
    assert at_hook.hear(notification_2026(points=[(2.0, NOW - 420)])) == 1
    assert at_hook.slept == []
    assert len(data_of(receiver)) == 1


def test_records_that_cannot_be_read_are_told_of_and_raised(at_hook: Stage, receiver: Receiver) -> None:
    denied = AwsError("`logs:FilterLogEvents` is not allowed", Failure.DENIED, hint="allow it")
    at_hook.logs.fail = denied
    with pytest.raises(UntoldError, match="logs:FilterLogEvents"):
        at_hook.hear(notification_2026())
    assert len(receiver.requests) == 1, "the story goes out without its records"


def test_a_return_to_ok_is_not_told_unless_it_is_asked_for(at_hook: Stage, receiver: Receiver) -> None:
    assert at_hook.hear(notification_2026(new="OK", old="ALARM")) == 0
    assert at_hook.hear(notification_2026(new="INSUFFICIENT_DATA")) == 0
    assert receiver.requests == []
    assert at_hook.said("nothing to tell")[0]["state"] == "OK"


def test_a_return_to_ok_tells_of_the_same_alert(receiver: Receiver) -> None:
    """The state before is told with its reason: the same records give the same alert, which receivers close."""
    told = stage(hook(receiver.url()), tell_resolved=True)
    told.logs.put(IN_WINDOW, root_login())
    data = reason_data((1.0, NOW - 420))
    assert told.hear(action(data=data)) == 1
    assert told.hear(action(new="OK", old="ALARM")) == 1
    opened, closed = data_of(receiver)
    assert opened["incident"] == closed["incident"]
    assert closed["reason"] == "resolved"
    assert told.hear(notification_2026(new="OK", old="OK")) == 0


def test_a_return_to_ok_whose_beginning_nobody_tells(receiver: Receiver) -> None:
    """SNS tells nothing of the state before but its name."""
    told = stage(hook(receiver.url()), tell_resolved=True)
    assert told.hear(notification_2026(new="OK", old="ALARM")) == 1
    assert told.logs.asked == []
    assert data_of(receiver)[0]["reason"] == "resolved"


def test_a_composite_detection_is_told_by_its_childrens_records(at_hook: Stage, receiver: Receiver) -> None:
    name = "console-login-failures-then-success"
    identity = by_user("carol")["userIdentity"]
    at_hook.logs.put(
        NOW - 100,
        *(
            root_login(
                NOW - 200, number, userIdentity=identity, responseElements={"ConsoleLogin": "Failure"},
                errorMessage="Failed authentication",
            )
            for number in range(1, 12)
        ),
        root_login(NOW - 150, 12, userIdentity=identity),
    )  # fmt: skip
    assert at_hook.hear(composite_2026(f"vedette-{name}", "vedette-console-login-success")) == 1
    assert len(at_hook.logs.asked) == len(Library("vedette").with_children(name)) - 1
    assert at_hook.said("looked")[0]["found"] == 12, "each record once, however many patterns asked for it"
    assert "carol" in text_of(receiver)
    assert name in text_of(receiver)


def test_a_roll_up_is_told_by_the_alarms_that_moved_it(at_hook: Stage, receiver: Receiver) -> None:
    at_hook.logs.put(IN_WINDOW, root_login())
    assert at_hook.hear(composite_2026("vedette-any-high", "vedette-root-login", "vedette-any-high")) == 1
    assert "root-login" in text_of(receiver)


def test_alarms_of_others_are_let_be_and_ours_that_are_unknown_are_not(at_hook: Stage, receiver: Receiver) -> None:
    for name in ("billing", "vedette-storyteller-errors", "vedette-", "vedette-../../etc/passwd", "vedette"):
        assert at_hook.hear(notification_2026(name)) == 0
    assert receiver.requests == []
    with pytest.raises(UntoldError, match="no detection here"):
        at_hook.hear(notification_2026("vedette-newer-than-this"))


def test_a_record_that_a_rule_matched(at_hook: Stage, receiver: Receiver) -> None:
    """EventBridge brings the record itself, so that nothing is fetched."""
    event = {"detail-type": "AWS Console Sign In via CloudTrail", "detail": root_login(NOW - 5)}
    assert at_hook.hear({"detection": "root-login", "event": event}) == 1
    assert at_hook.logs.asked == []
    assert "root-login" in text_of(receiver)
    failed = root_login(NOW - 5, responseElements={"ConsoleLogin": "Failure"})
    assert at_hook.hear({"detection": "root-login", "event": failed}) == 0
    with pytest.raises(UntoldError, match="no detection is called"):
        at_hook.hear(event)


def test_an_event_that_was_forwarded_is_told_once_with_its_own_region(at_hook: Stage, receiver: Receiver) -> None:
    """It comes twice where two rules forward it; the function's own region is another."""
    event = {"detail-type": "AWS Console Sign In via CloudTrail", "region": "eu-north-1"}
    event["detail"] = root_login(NOW - 5, awsRegion="eu-north-1")
    for _ in range(2):
        at_hook.hear({"detection": "root-login", "event": event})
    assert len(receiver.requests) == 1
    assert "called ConsoleLogin once from 198.51.100.7 in eu-north-1, at" in text_of(receiver)


def test_the_same_records_by_rule_and_by_alarm_are_told_once(at_hook: Stage, receiver: Receiver) -> None:
    """The rule is quicker; what the alarm brings minutes later is no news, unless there is more of it."""
    at_hook.logs.put(IN_WINDOW, root_login())
    at_hook.hear({"detection": "root-login", "event": root_login()})
    at_hook.hear(notification_2026())
    assert len(receiver.requests) == 1
    at_hook.logs.put(IN_WINDOW, root_login(number=2))
    at_hook.hear(notification_2026(changed=NOW + 60))
    first, second = data_of(receiver)
    assert first["incident"] == second["incident"]


def test_an_alarm_without_records_is_told_each_time_it_changes(at_hook: Stage, receiver: Receiver) -> None:
    for moment in (NOW, NOW + 60, NOW + 60):
        at_hook.hear(notification_2026(changed=moment) | {"NewStateReason": "a test of the chain"})
    assert len(receiver.requests) == 2


OWN = """\
id: own
title: A key for somebody else
severity: low
category: iam
description: Somebody made an access key.
why: It lasts.
pattern: '{ $.eventName = "CreateAccessKey" }'
exceptions:
  - pattern: '{ $.userIdentity.userName = "alice" }'
    owner: security@example.com
    reason: it is her work
    expires: 2027-06-30
"""


def test_what_is_bundled_goes_before_the_library(at_hook: Stage, receiver: Receiver, tmp_path: Path) -> None:
    write(tmp_path, "own", OWN)
    write(tmp_path, "root-login", OWN.replace("id: own", "id: root-login").replace("low", "critical"))
    at_hook.teller.library = replace(at_hook.teller.library, folder=tmp_path, severity={"own": Severity.CRITICAL})
    at_hook.logs.put(IN_WINDOW, by_user("bob"))
    assert at_hook.hear(notification_2026("vedette-own")) == 1
    assert at_hook.hear(notification_2026("vedette-root-login")) == 1
    assert text_of(receiver).count('"severity":"critical"') + text_of(receiver).count('"severity": "critical"') >= 2


def test_what_is_expected_is_not_told_though_the_filter_counted_it(
    at_hook: Stage, receiver: Receiver, tmp_path: Path
) -> None:
    """A filter may not have room for a detection's exceptions; the story knows them."""
    write(tmp_path, "own", OWN)
    at_hook.teller.library = replace(at_hook.teller.library, folder=tmp_path)
    at_hook.logs.put(IN_WINDOW, by_user("alice"))
    assert at_hook.hear(notification_2026("vedette-own")) == 0
    assert at_hook.said("expected")[0]["records"] == 1
    assert (receiver.requests, at_hook.slept) == ([], [])


def test_a_pattern_that_is_too_long_is_not_sent(at_hook: Stage, receiver: Receiver, tmp_path: Path) -> None:
    """The service takes 1,024 characters; beyond, everything is read and asked here."""
    long = " || ".join(f'$.eventName = "Invented{number:04}"' for number in range(40))
    write(tmp_path, "own", OWN.replace('$.eventName = "CreateAccessKey"', f'$.eventName = "CreateAccessKey" || {long}'))
    at_hook.teller.library = replace(at_hook.teller.library, folder=tmp_path)
    at_hook.logs.put(IN_WINDOW, by_user("bob"))
    assert at_hook.hear(notification_2026("vedette-own")) == 1
    assert "filterPattern" not in at_hook.logs.asked[0]


def test_too_many_records_are_cut_and_it_is_said(at_hook: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    from vedette.deploy.storyteller import records

    monkeypatch.setattr(records, "MOST_EVENTS", 3)
    at_hook.logs.put(IN_WINDOW, *(root_login(number=number) for number in range(9)))
    assert at_hook.hear(notification_2026()) == 1
    (looked,) = at_hook.said("looked")
    assert (looked["found"], looked["cut"]) == (4, True)


def test_looking_ends_in_time_for_the_channels(at_hook: Stage, receiver: Receiver) -> None:
    """A busy log group answers with many pages; what has been found by then is told."""
    at_hook.left = 59
    at_hook.logs.put(IN_WINDOW, root_login())
    assert at_hook.hear(notification_2026()) == 1
    assert at_hook.said("looked")[0]["cut"] is True
    assert len(receiver.requests) == 1


def test_a_group_of_another_account_is_named_by_its_arn() -> None:
    from deploy.stories import Logs
    from vedette.deploy.storyteller.records import Records
    from vedette.deploy.storyteller.window import Window

    logs = Logs()
    Records(logs, "arn:aws:logs:us-east-1:111122223333:log-group:trail:*").of(
        Library("vedette").with_children("root-login"), Window(0, 1)
    )
    assert logs.asked[0]["logGroupIdentifier"] == "arn:aws:logs:us-east-1:111122223333:log-group:trail"


def test_the_form_of_2018_is_told_without_an_arn(at_hook: Stage, receiver: Receiver) -> None:
    moment = 1_537_930_500  # 2018-09-26T02:55:00Z
    at_hook.logs.put(moment, root_login(moment - 60))
    assert at_hook.hear(notification_2018()) == 1
    assert "2018-09-26" in text_of(receiver)


def test_an_alarm_of_no_time_is_told_without_looking(at_hook: Stage) -> None:
    assert at_hook.hear(notification_2026() | {"StateChangeTime": "yesterday"}) == 1
    assert at_hook.logs.asked == []


def test_groups_beyond_the_most_are_put_together() -> None:
    detection = Library("vedette").with_children("root-login")[-1]
    from vedette.alarms.spec import State
    from vedette.deploy.storyteller.change import Seen

    alert = without_records(detection, Seen(State.ALARM, NOW, "why"), NOW)
    alerts = [replace(alert, group=(name,)) for name in "abcda"]
    assert [[one.group[0] for one in group] for group in by_group(alerts, 4)] == [["a", "a"], ["b"], ["c"], ["d"]]
    assert [[one.group[0] for one in group] for group in by_group(alerts, 2)] == [["a", "a"], ["b", "c", "d"]]
