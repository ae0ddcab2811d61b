"""What the storyteller reads of Lambda's events, in the forms of each year, and where it looks for records."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deploy.stories import (
    ACCOUNT,
    NOW,
    REGION,
    Json,
    action,
    arn,
    at,
    composite_2026,
    crossed,
    datapoints,
    notification_2018,
    notification_2021,
    notification_2026,
    reason_data,
    root_login,
    sns,
    stamp,
    state_change,
)
from vedette.alarms.spec import State
from vedette.deploy.storyteller.change import AlarmChange, Happened
from vedette.deploy.storyteller.events import read_event
from vedette.deploy.storyteller.library import Library
from vedette.deploy.storyteller.window import Window, window_of
from vedette.errors import InputError

ROOT = Library("vedette").with_children("root-login")


def only(event: Json) -> AlarmChange:
    (found,) = read_event(event)
    assert isinstance(found, AlarmChange)
    return found


def window(event: Json) -> Window:
    found = window_of(only(event), ROOT[-1], {one.id: one for one in ROOT})
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("event", "start", "end"),
    [
        (notification_2018(), "2018-09-26T02:54:00Z", "2018-09-26T02:59:00Z"),
        (notification_2021(), "2021-08-14T11:13:00Z", "2021-08-14T11:18:00Z"),
        (notification_2026(), "2026-11-21T10:00:00Z", "2026-11-21T10:05:00Z"),
        (sns(notification_2026()), "2026-11-21T10:00:00Z", "2026-11-21T10:05:00Z"),
        (action(), "2026-11-21T10:00:00Z", "2026-11-21T10:05:00Z"),
        (state_change(data=reason_data((1.0, NOW - 480))), "2026-11-21T09:59:00Z", "2026-11-21T10:04:00Z"),
    ],
    ids=["2018", "2021", "2026", "sns", "action", "eventbridge"],
)
def test_the_window_is_the_datapoints_period(event: Json, start: str, end: str) -> None:
    """A datapoint is named by the start of its period: the records are in `[start, start + period)` of delivery."""
    assert window(event) == Window(at(start), at(end), 1)


def test_several_datapoints_make_one_window_and_count_their_records() -> None:
    points = ((3.0, NOW - 420), (2.0, NOW - 720))
    assert window(notification_2026(points=points)) == Window(NOW - 720, NOW - 120, 5)
    assert window(action(data=reason_data(*points))) == Window(NOW - 720, NOW - 120, 5)


def test_a_point_without_a_value_is_missing_and_names_no_records() -> None:
    data = reason_data((1.0, NOW - 420))
    evaluated = data["evaluatedDatapoints"]
    assert isinstance(evaluated, list)
    evaluated.append({"timestamp": "2026-11-21T09:00:00.000+0000"})
    assert window(action(data=data)) == Window(NOW - 420, NOW - 120, 1)


def test_reason_data_before_2021_gives_the_start_alone() -> None:
    event = action(data=reason_data((1.0, NOW - 420), start=NOW - 900, evaluated=False))
    data = event["alarmData"]
    assert isinstance(data, dict)
    data["state"]["reason"] = "Threshold Crossed: 1 datapoint (1.0) was greater than or equal to the threshold (1.0)."
    assert window(event) == Window(NOW - 900, NOW, 1)


def test_a_reason_of_2017_names_no_time_so_that_the_whole_range_is_looked_at() -> None:
    event = notification_2018()
    event["NewStateReason"] = "Threshold Crossed: 1 datapoint (1.0) was greater than or equal to the threshold (1.0)."
    changed = at("2018-09-26T02:59:41Z")
    assert window(event) == Window(changed - 41 - 900, changed + 1, 1)


def test_an_alarm_that_was_set_by_hand_has_no_records() -> None:
    """Records of the last minutes, shown beside a state that somebody set, would be taken for its cause."""
    by_hand = only(notification_2026() | {"NewStateReason": "a test"})
    assert window_of(by_hand, ROOT[-1], {}) is None
    untimed = only(notification_2026() | {"StateChangeTime": "yesterday"})
    assert window_of(untimed, ROOT[-1], {}) is None


def test_a_child_that_its_composite_tells_of_is_looked_for_in_all_its_range() -> None:
    composite = only(composite_2026("vedette-any-high", "vedette-root-login"))
    change = composite.of_child(composite.children[0])
    assert (change.name, change.arn, change.now.at) == ("vedette-root-login", arn("vedette-root-login"), NOW - 20)
    assert window_of(change, ROOT[-1], {}) == Window(NOW - 60 - 900, NOW - 20 + 1)


def test_a_date_that_is_none_is_passed_over() -> None:
    reason = "Threshold Crossed: 1 datapoint [1.0 (31/02/26 10:00:00)] was greater than the threshold (0.0)."
    assert window(notification_2026() | {"NewStateReason": reason}).expected == 1


def test_a_composite_looks_back_as_far_as_its_children_do() -> None:
    library = Library("vedette")
    asked = library.with_children("console-login-failures-then-success")
    change = only(composite_2026("vedette-console-login-failures-then-success", "vedette-console-login-success"))
    found = window_of(change, asked[-1], {one.id: one for one in asked})
    longest = max(one.alarm.period * (one.alarm.evaluation_periods + 2) for one in asked if one.alarm is not None)
    assert found == Window(NOW - longest - 120, NOW + 1)
    assert [one.notify for one in asked] == [False] * (len(asked) - 1) + [True]


def test_every_form_tells_the_same_transition_by_the_same_key() -> None:
    """An alarm that calls the function, and tells a topic and EventBridge besides, is one transition."""
    keys = {only(event).key for event in (action(), state_change(), notification_2026(), sns(notification_2026()))}
    assert len(keys) == 1
    later, over = notification_2026(changed=NOW + 60), notification_2026(new="OK", old="ALARM")
    assert len(keys | {only(later).key, only(over).key, only(notification_2026("vedette-root-use")).key}) == 4


def test_what_is_read() -> None:
    change = only(notification_2026())
    assert (change.name, change.arn, change.account, change.region) == (
        "vedette-root-login", arn("vedette-root-login"), ACCOUNT, REGION,
    )  # fmt: skip
    assert (change.now.value, change.now.at, change.now.reason) == (State.ALARM, NOW, crossed((1.0, NOW - 420)))
    assert (change.before.value, change.period, change.periods) == (State.OK, 300, 1)
    old = only(notification_2018())
    assert (old.arn, old.region, old.before.value) == ("", "", State.INSUFFICIENT_DATA)


def test_children_are_objects_as_recorded_or_arns_as_documented() -> None:
    recorded = only(composite_2026("vedette-any-high", "vedette-a", "vedette-b"))
    assert [(child.arn, child.at) for child in recorded.children] == [
        (arn("vedette-a"), NOW - 20),
        (arn("vedette-b"), NOW - 20),
    ]
    documented = only(composite_2026("vedette-any-high", "vedette-a") | {"TriggeringChildren": [arn("vedette-a"), 7]})
    assert [(child.arn, child.state) for child in documented.children] == [(arn("vedette-a"), State.ALARM)]
    triggering = {"triggeringAlarms": [{"arn": arn("vedette-a"), "state": {"value": "ALARM", "timestamp": "never"}}]}
    by_action = only(action("vedette-any-high", data=triggering))
    assert [(child.arn, child.at) for child in by_action.children] == [(arn("vedette-a"), 0)]


def test_our_own_message_on_a_topic_is_not_told_of_again() -> None:
    """What the storyteller publishes to a topic that calls it would go round for ever."""
    assert read_event(sns(notification_2026(), idempotency_key="1")) == []
    assert read_event(sns("a message of somebody else")) == []
    assert read_event(sns('["AlarmName"]')) == []


def test_records_come_from_rules() -> None:
    record = root_login()
    event = {"detail-type": "AWS Console Sign In via CloudTrail", "source": "aws.signin", "detail": record}
    assert read_event({"detection": "root-login", "event": event}) == [Happened(record, "root-login")]
    assert read_event({"detection": "root-login", "event": record}) == [Happened(record, "root-login")]
    assert read_event(event) == [Happened(record, "")]
    assert read_event({"detail-type": "CloudWatch Alarm Configuration Change"}) == []


@pytest.mark.parametrize(
    "event",
    [
        {}, None, [], "text", {"Records": [{"s3": {}}]}, {"detail-type": "EC2 Instance State-change Notification"},
        {"detection": "root-login", "event": {"detail": 7}},
    ],
)  # fmt: skip
def test_an_event_of_somebody_else_is_refused(event: object) -> None:
    with pytest.raises(InputError):
        read_event(event)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just(stamp(NOW)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_form_that_nobody_has_seen_is_read_as_far_as_it_goes(data: st.DataObject) -> None:
    """Forms change over the years: keys that are missing or of another kind never end in a fault of ours."""
    event = data.draw(st.sampled_from([notification_2026(), action(data=reason_data((1.0, NOW))), state_change()]))
    _change_something(data, event)
    try:
        for call in read_event(event):
            if isinstance(call, AlarmChange):
                window_of(call, ROOT[-1], {one.id: one for one in ROOT})
    except InputError:
        return


def _change_something(data: st.DataObject, event: Json) -> None:
    inside = event
    while True:
        key = data.draw(st.sampled_from(sorted(inside)))
        value = inside[key]
        if isinstance(value, dict) and value and data.draw(st.booleans()):
            inside = value
            continue
        inside[key] = data.draw(JSON)
        return


def test_the_helpers_write_reasons_as_cloudwatch_does() -> None:
    assert datapoints((1.0, NOW - 420)) == "1.0 (21/11/26 10:00:00)"


@pytest.mark.parametrize("value", [float("inf"), float("nan"), -1, True, 1e300])
def test_numbers_that_no_alarm_has_are_not_taken(value: float) -> None:
    event = notification_2026()
    trigger = event["Trigger"]
    assert isinstance(trigger, dict)
    trigger["Period"] = value
    assert only(event).period is None
    points = reason_data((value, NOW - 420)) if not isinstance(value, bool) and value != -1 else {}
    assert window(action(data=points)) == Window(NOW - 420, NOW - 120, 1)
