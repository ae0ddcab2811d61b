"""The parts of planning that call nothing: AWS's answers read, details found, steps ordered, failures explained."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vedette.deploy import answers
from vedette.deploy.changes import Change, Concern, Operation, changes_of, rows
from vedette.deploy.deployed import resources
from vedette.deploy.deployment import Stack
from vedette.deploy.differences import Detail, differences
from vedette.deploy.discovery import FoundTrail, choose_trail
from vedette.deploy.drift import drifts, plain
from vedette.deploy.failures import explained
from vedette.deploy.intrinsics import UNKNOWN, Place, resolved
from vedette.deploy.plan import Fate, StackPlan, _ordered
from vedette.deploy.stacks import Event, StackState
from vedette.deploy.staging import staged
from vedette.deploy.status import Status, StorytellerState, TrailState, problems
from vedette.deploy.subscribers import Confirmation, SubscriptionState
from vedette.deploy.wanted import Wanted
from vedette.errors import InputError

PLACE = Place("vedette", "111122223333", "us-east-1")
WANTED = Wanted(account="111122223333", region="us-east-1", detections=())
STATE = StackState("vedette-detections-1", "arn", "CREATE_COMPLETE", "", {}, {}, 1, 1)


def alarm(name: str = "vedette-root-login", **more: object) -> dict[str, object]:
    properties = {
        "AlarmName": name, "Threshold": 1, "AlarmDescription": "HIGH: The root user signed in\n\nFirst steps:",
        "Tags": [{"Key": "vedette:detection", "Value": "root-login"}],
    }  # fmt: skip
    return {"Type": "AWS::CloudWatch::Alarm", "Properties": properties | more}


def template(**found: object) -> dict[str, object]:
    return {"Resources": found}


def test_aws_s_own_values_go_before_the_templates() -> None:
    """With IncludePropertyValues, DescribeChangeSet names paths and values (ResourceTargetDefinition)."""
    answer = {
        "ResourceChange": {
            "Action": "Modify", "LogicalResourceId": "A", "ResourceType": "AWS::CloudWatch::Alarm",
            "Replacement": "False", "Scope": ["Properties", "Tags"],
            "Details": [
                {"Target": {"Attribute": "Properties", "Name": "Threshold", "Path": "/Properties/Threshold",
                            "BeforeValue": "1", "AfterValue": "3", "AttributeChangeType": "Modify"},
                 "Evaluation": "Static", "ChangeSource": "DirectModification"},
                {"Target": {"Attribute": "Tags", "Name": "Tags", "Path": "/Properties/Tags/0/Value",
                            "BeforeValue": "0.1", "AfterValue": "0.2"}},
            ],
        }
    }  # fmt: skip
    (change,) = changes_of("s", [answer], template(A=alarm()), template(A=alarm(Threshold=3)), PLACE)
    assert change.details == (Detail("Threshold", "1", "3"),)
    assert change.detection == "root-login"


def test_what_only_gets_tags_is_no_row() -> None:
    answer = {
        "ResourceChange": {
            "Action": "Modify", "LogicalResourceId": "A", "ResourceType": "AWS::CloudWatch::Alarm",
            "Scope": ["Tags"], "Replacement": "False", "Details": [{"Target": {"Attribute": "Tags"}}],
        }
    }  # fmt: skip
    (change,) = changes_of("s", [answer], template(A=alarm()), template(A=alarm()), PLACE)
    assert change.tags_only
    assert rows([change], {}) == ()


def referring(cause: str, source: str = "ResourceAttribute", evaluation: str = "Dynamic") -> dict[str, object]:
    """What CloudFormation says of a property that refers to a resource which changes."""
    target = {"Attribute": "Properties", "Name": "KmsMasterKeyId", "Path": "/Properties/KmsMasterKeyId",
              "BeforeValue": "arn:old", "AfterValue": "{{changeSet:KNOWN_AFTER_APPLY}}"}  # fmt: skip
    return {"Target": target, "Evaluation": evaluation, "ChangeSource": source, "CausingEntity": cause}


def modified(name: str, type_: str, *details: object, **more: object) -> dict[str, object]:
    change = {"Action": "Modify", "LogicalResourceId": name, "ResourceType": type_, "Replacement": "False", **more}
    return {"ResourceChange": {**change, "Scope": ["Properties"], "Details": list(details)}}


TAG = {
    "Target": {"Attribute": "Tags", "Path": "/Properties/Tags/0/Value", "BeforeValue": "1", "AfterValue": "2"},
    "Evaluation": "Static", "ChangeSource": "DirectModification",
}  # fmt: skip


def test_what_only_refers_to_something_that_changes_is_no_change() -> None:
    """A new version changes the key's tags, and CloudFormation lists each topic, since it might get another key."""
    topic = modified("Topic", "AWS::SNS::Topic", referring("Key.Arn"))
    tagged = modified("Other", "AWS::SNS::Topic", referring("Key.Arn"), TAG)
    key = modified("Key", "AWS::KMS::Key", TAG)
    found = tuple(changes_of("s", [key, topic, tagged], template(), template(), PLACE))
    assert [(one.logical_id, one.tags_only) for one in found] == [("Key", True), ("Other", True)]
    assert rows(found, {}) == ()


def test_what_refers_to_something_that_is_made_anew_changes_with_it() -> None:
    topic = modified("Topic", "AWS::SNS::Topic", referring("Key.Arn"))
    for key in (
        modified("Key", "AWS::KMS::Key", TAG, Replacement="True"),
        {"ResourceChange": {"Action": "Add", "LogicalResourceId": "Key", "ResourceType": "AWS::KMS::Key"}},
    ):
        _, change = changes_of("s", [key, topic], template(), template(), PLACE)
        assert change.details == (Detail("KmsMasterKeyId", "arn:old", "(known once it is made)"),)
    direct = modified("Topic", "AWS::SNS::Topic", referring("", "DirectModification"))
    (change,) = changes_of("s", [direct], template(), template(), PLACE)
    assert change.details


def test_what_cloudformation_works_out_is_told_in_words() -> None:
    before, after = {"KmsKeyId": {"Fn::GetAtt": ["Key", "Arn"]}}, {"KmsKeyId": {"Ref": "Other"}}
    assert list(differences(before, after)) == [Detail("KmsKeyId", "the Arn of Key", "Other")]
    assert list(differences(before, {})) == [Detail("KmsKeyId", "the Arn of Key", None)]
    assert list(differences({}, {"A": {"Fn::Sub": "arn:${X}"}})) == [Detail("A", None, "arn:${X}")]
    assert list(differences({"A": {"Fn::Sub": "x"}}, {"A": {"Fn::Sub": "x"}})) == []


@pytest.mark.parametrize(
    ("action", "more", "operation"),
    [
        ("Add", {}, Operation.ADD),
        ("Import", {}, Operation.ADOPT),
        ("Remove", {}, Operation.REMOVE),
        ("Remove", {"PolicyAction": "Retain"}, Operation.FORGET),
        ("Modify", {"Replacement": "True"}, Operation.REPLACE),
        ("Modify", {"Replacement": "Conditional"}, Operation.CHANGE),
    ],
)
def test_operations(action: str, more: dict[str, str], operation: Operation) -> None:
    answer = {"ResourceChange": {"Action": action, "LogicalResourceId": "A", "ResourceType": "AWS::S3::Bucket", **more}}
    (change,) = changes_of("s", [answer], template(), template(), PLACE)
    assert change.operation is operation


def test_a_detection_s_parts_are_one_row_with_the_title_that_its_alarm_gives() -> None:
    found = template(
        A=alarm(), F={"Type": "AWS::Logs::MetricFilter", "Properties": {"FilterName": "vedette-root-login"}}
    )
    gone = [
        {"ResourceChange": {"Action": "Remove", "LogicalResourceId": name, "ResourceType": type_}}
        for name, type_ in (("A", "AWS::CloudWatch::Alarm"), ("F", "AWS::Logs::MetricFilter"))
    ]
    (row,) = rows(tuple(changes_of("s", gone, found, template(), PLACE)), {})
    assert (row.operation, row.subject, row.kind) == (Operation.REMOVE, "The root user signed in", "alarm")
    assert row.severity == "high"


def test_a_rule_that_goes_is_told_as_its_description_says() -> None:
    tags = [{"Key": "vedette:detection", "Value": "key-disabled"}]
    properties = {"Name": "vedette-key-disabled", "Description": "MEDIUM: A KMS key was disabled", "Tags": tags}
    found = template(R={"Type": "AWS::Events::Rule", "Properties": properties})
    gone = {"Action": "Remove", "LogicalResourceId": "R", "ResourceType": "AWS::Events::Rule"}
    (row,) = rows(tuple(changes_of("s", [{"ResourceChange": gone}], found, template(), PLACE)), {})
    assert (row.severity, row.subject, row.kind) == ("medium", "A KMS key was disabled", "rule")


def test_rights_and_what_leads_outward_are_set_apart() -> None:
    """A key's policy says who may do what; its rotation does not."""

    def concern(type_: str, before: dict[str, object], after: dict[str, object]) -> Concern:
        old, new = (template(R={"Type": type_, "Properties": one}) for one in (before, after))
        answer = {"ResourceChange": {"Action": "Modify", "LogicalResourceId": "R", "ResourceType": type_}}
        return next(changes_of("s", [answer], old, new, PLACE)).concern

    assert concern("AWS::KMS::Key", {"KeyPolicy": 1}, {"KeyPolicy": 2}) is Concern.RIGHTS
    assert concern("AWS::KMS::Key", {"EnableKeyRotation": False}, {"EnableKeyRotation": True}) is Concern.NONE
    assert concern("AWS::IAM::Role", {"Path": "/"}, {"Path": "/x/"}) is Concern.RIGHTS
    assert concern("AWS::SNS::Subscription", {"Endpoint": "a"}, {"Endpoint": "b"}) is Concern.OUTWARD
    shut = {"PublicAccessBlockConfiguration": {"BlockPublicAcls": True}}
    assert concern("AWS::S3::Bucket", shut, {}) is Concern.OUTWARD
    assert concern("AWS::S3::Bucket", {"A": 1}, {"A": 2}) is Concern.NONE


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=100, deadline=None)
@given(json_values, json_values)
def test_values_differ_if_and_only_if_there_is_a_difference(before: object, after: object) -> None:
    """Two properties have no differences exactly where they are equal; a member that is null counts as none."""
    assert bool(list(differences({"p": before}, {"p": after}))) == (bare(before) != bare(after))


def bare(value: object) -> object:
    if isinstance(value, dict):
        return {name: bare(one) for name, one in value.items() if one is not None}
    return [bare(one) for one in value] if isinstance(value, list) else value


def step(name: str, *changes: Change, fate: Fate = Fate.UPDATE, new: dict[str, object] | None = None) -> StackPlan:
    stack = None if fate is Fate.REMOVE else Stack(name, name, template(**(new or {})), {}, (), ())
    return StackPlan(name, name, fate, stack, STATE, None, changes)


def change(operation: Operation, type_: str, name: str) -> Change:
    return Change("s", name, type_, name, operation)


FILTER, ALARM = "AWS::Logs::MetricFilter", "AWS::CloudWatch::Alarm"


def test_what_lets_go_of_a_name_comes_before_what_takes_it() -> None:
    """A detection moves from one stack to the one before it: two stacks cannot hold an alarm of one name."""
    taking = step("one", change(Operation.ADD, ALARM, "a"))
    letting = step("two", change(Operation.REMOVE, ALARM, "a"))
    assert [one.name for one in _ordered([taking, letting], "us-east-1")] == ["two", "one"]
    gone = step("three", change(Operation.REMOVE, ALARM, "a"), fate=Fate.REMOVE)
    assert [one.name for one in _ordered([taking, gone], "us-east-1")] == ["three", "one"]
    both = step("one", change(Operation.ADD, ALARM, "a"), change(Operation.REMOVE, ALARM, "b"))
    crossed = step("two", change(Operation.REMOVE, ALARM, "a"), change(Operation.ADD, ALARM, "b"))
    assert [one.name for one in _ordered([both, crossed], "us-east-1")] == ["one", "two"]  # a circle: as it stands
    unrelated = [step("base"), step("old", fate=Fate.REMOVE), step("overview")]
    assert [one.name for one in _ordered(unrelated, "us-east-1")] == ["base", "overview", "old"]


def test_filters_go_before_others_come_and_alarms_after_all_others_have_let_go() -> None:
    old = {"F": {"Type": FILTER}, "A": {"Type": ALARM}, "Kept": {"Type": FILTER}}
    new = {"G": {"Type": FILTER}, "B": {"Type": ALARM}, "Kept": {"Type": FILTER}}
    detections = step(
        "detections",
        change(Operation.REMOVE, FILTER, "F"), change(Operation.REMOVE, ALARM, "A"),
        change(Operation.ADD, FILTER, "G"), change(Operation.ADD, ALARM, "B"),
        new=new,
    )  # fmt: skip
    overview = step("overview", change(Operation.CHANGE, "AWS::CloudWatch::CompositeAlarm", "any"))
    found = staged([detections, overview], lambda _: template(**old))
    held = [
        (one.name, sorted(one.stack.template["Resources"]) if one.stack and one.name == "detections" else None)  # type: ignore[call-overload]
        for one in found
    ]
    assert held == [
        ("detections", ["A", "Kept"]),
        ("detections", ["A", "B", "G", "Kept"]),
        ("overview", None),
        ("detections", ["B", "G", "Kept"]),
    ]
    assert [each.logical_id for one in found for each in one.changes] == ["F", "G", "B", "any", "A"]


def test_a_composite_alarm_goes_before_the_alarms_that_it_names() -> None:
    """As where nothing critical is wanted any more: its roll-up goes, and all its alarms."""
    composite = "AWS::CloudWatch::CompositeAlarm"
    detections = step("detections", change(Operation.REMOVE, ALARM, "A"), new={"B": {"Type": ALARM}})
    overview = step("overview", change(Operation.REMOVE, composite, "any"), new={})
    old = {"A": {"Type": ALARM}, "B": {"Type": ALARM}}
    found = staged([detections, overview], lambda name: template(**old) if name == "detections" else template())
    assert [one.name for one in found] == ["overview", "detections"]


def test_in_each_step_a_resource_waits_only_for_what_is_there() -> None:
    """CloudFormation refuses a template in which something depends on a resource that it has not."""
    old = {
        "F": {"Type": FILTER}, "Kept": {"Type": FILTER, "DependsOn": ["F"]},
        "A": {"Type": ALARM}, "B": {"Type": ALARM, "DependsOn": ["A", "Kept"]},
    }  # fmt: skip
    new = {"Kept": {"Type": FILTER}, "G": {"Type": FILTER, "DependsOn": ["Kept"]}, "A": {"Type": ALARM}}
    detections = step(
        "detections",
        change(Operation.REMOVE, FILTER, "F"), change(Operation.REMOVE, ALARM, "B"),
        change(Operation.ADD, FILTER, "G"), new=new,
    )  # fmt: skip
    waits = [
        {name: one.get("DependsOn", []) for name, one in found.stack.template["Resources"].items()}  # type: ignore[union-attr, attr-defined]
        for found in staged([detections], lambda _: template(**old))
    ]
    assert waits == [
        {"Kept": [], "A": [], "B": ["A", "Kept"]},
        {"Kept": [], "G": ["Kept"], "A": [], "B": ["A", "Kept"]},
        {"Kept": [], "G": ["Kept"], "A": []},
    ]


def test_what_needs_no_steps_keeps_its_change_set() -> None:
    only = step("detections", change(Operation.REMOVE, FILTER, "F"), new={})
    assert staged([only], lambda _: template()) == [only]
    made = step("base", change(Operation.ADD, ALARM, "A"), fate=Fate.CREATE)
    assert staged([made], lambda _: template()) == [made]


def trail(name: str = "theirs", **more: object) -> FoundTrail:
    values: dict[str, object] = {
        "name": name, "arn": f"arn:aws:cloudtrail:us-east-1:111122223333:trail/{name}", "bucket": "logs",
        "log_group": "trails", "home": "us-east-1", "everywhere": True, "organization": False,
    }  # fmt: skip
    return FoundTrail(**(values | more))  # type: ignore[arg-type]


def test_auto_takes_the_trail_that_writes_to_a_log_group_here() -> None:
    found = [
        trail("one-region", everywhere=False),
        trail("bare", log_group=None),
        trail("organization", organization=True),
        trail("best"),
        trail("abroad", home="eu-west-1"),
        trail("vedette-trail"),
    ]
    assert choose_trail(found, "auto", "us-east-1", "vedette").name == "best"
    assert choose_trail(found[:2], "auto", "us-east-1", "vedette").log_group is None
    with pytest.raises(InputError) as raised:
        choose_trail(found, "auto", "ap-south-1", "vedette")
    assert raised.value.hint == "there is one in eu-west-1: `--region eu-west-1`"


def test_a_trail_by_name() -> None:
    found = [trail("a"), trail("abroad", home="eu-west-1")]
    assert choose_trail(found, found[0].arn, "us-east-1", "vedette").name == "a"
    with pytest.raises(InputError, match="has its home in eu-west-1, not in us-east-1"):
        choose_trail(found, "abroad", "us-east-1", "vedette")
    with pytest.raises(InputError, match="there is no trail `b`") as raised:
        choose_trail(found, "b", "us-east-1", "vedette")
    assert raised.value.hint == "there are `a`, `abroad`"
    # A log group of our own counts as none: the template that makes it must go on making it.
    assert choose_trail([trail("a", log_group="/vedette/cloudtrail")], "a", "us-east-1", "vedette").log_group is None


@pytest.mark.parametrize(
    ("type_", "reason", "says", "hint"),
    [
        (
            "AWS::IAM::Role",
            "User: a is not authorized to perform: iam:CreateRole on resource: role/x because … (Service: Iam, …)",
            "iam:CreateRole",
            "allow `iam:CreateRole` on `role/x`",
        ),
        ("AWS::S3::Bucket", "vedette-trail already exists", "the bucket's name is taken", "`--bucket NAME`"),
        ("AWS::SNS::Topic", "vedette-high already exists in stack x", "already exists", "belongs to no stack"),
        (
            "AWS::CloudTrail::Trail",
            "User: 111122223333 already has 5 trails in us-east-1. (Service: CloudTrail)",
            "as many trails as AWS allows",
            "--use-trail auto",
        ),
        ("AWS::Logs::MetricFilter", "Resource limit exceeded. (Service: Logs)", "limit", "Service Quotas"),
        ("AWS::SNS::Topic", "Rate exceeded", "Rate exceeded", "run it again"),
        ("AWS::SNS::Topic", "Something new", "Something new", "aws cloudformation describe-stack-events"),
    ],
)
def test_the_first_cause_in_words(type_: str, reason: str, says: str, hint: str) -> None:
    cause = Event("1", "Logical", "physical", type_, "CREATE_FAILED", reason, 1)
    error = explained(cause, "vedette-base", "", WANTED, "; nothing of `vedette-base` is left")
    assert says in error.message
    assert "(Service:" not in error.message
    assert error.message.endswith("nothing of `vedette-base` is left")
    assert error.hint is not None
    assert hint in error.hint


def test_a_failure_without_a_cause() -> None:
    error = explained(None, "vedette-base", "", WANTED, "")
    assert "does not say why" in error.message


def test_functions_that_need_no_aws() -> None:
    found = {"T": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "vedette-high"}}}
    arn = "arn:aws:sns:us-east-1:111122223333:vedette-high"
    for value, expected in (
        ({"Ref": "T"}, arn),
        ({"Fn::GetAtt": ["T", "TopicArn"]}, arn),
        ({"Ref": "AWS::Region"}, "us-east-1"),
        ({"Fn::Sub": "${T}/${AWS::AccountId}/${!kept}"}, f"{arn}/111122223333/${{kept}}"),
        ({"Fn::Sub": "${Nothing}"}, UNKNOWN),
        ({"Ref": "Nothing"}, UNKNOWN),
        ({"Fn::GetAtt": ["Key", "Arn"]}, UNKNOWN),
        ({"Fn::ImportValue": "x"}, UNKNOWN),
        ([{"Ref": "T"}, 1], [arn, 1]),
        ({"a": {"b": {"Ref": "T"}}}, {"a": {"b": arn}}),
    ):
        assert resolved(value, found, PLACE) == expected
    assert repr(UNKNOWN) == "UNKNOWN"


def test_drift_compares_what_the_template_says_and_no_more() -> None:
    deployed = resources("s", template(A=alarm(Threshold=1, AlarmActions=["b", "a"], Unknown={"Ref": "X"})), PLACE)
    same = {"Threshold": 1.0, "AlarmActions": ["a", "b"], "Unknown": "x", "StateValue": "OK", "Tags": []}
    assert (
        list(drifts(deployed, lambda *_: {"vedette-root-login": {**same, "Tags": alarm()["Properties"]["Tags"]}})) == []
    )
    other = {**same, "Threshold": 2.0}
    del other["Tags"]
    (found,) = drifts(deployed, lambda *_: {"vedette-root-login": other})
    assert found.details == (Detail("Threshold", "1", "2"),)
    (found,) = drifts(deployed, lambda *_: {})
    assert found.fault.value == "missing"


def test_plain_values() -> None:
    assert plain(1.0) == plain(1) == plain("1")
    assert plain('{"b": [2, 1]}') == plain({"b": [1, 2]})
    assert plain("{ $.a = 1 }") == "{ $.a = 1 }"
    assert plain("true") is True
    assert plain("1e") == "1e"
    assert plain(None) is None


def test_problems_name_every_broken_link() -> None:
    trouble = TrailState("t", False, None, "AccessDenied", None, "Nope")
    status = Status(
        place=PLACE,
        stacks=(
            StackState("a", "arn", "UPDATE_IN_PROGRESS", "", {}, {}, 1, 1),
            StackState("b", "arn", "UPDATE_ROLLBACK_FAILED", "", {}, {}, 1, 1),
        ),
        deployed=(),
        trail=trouble,
        drifts=(),
        alarms={},
        standing=(),
        subscriptions=(
            SubscriptionState("high", "email", "ops@example.com", Confirmation.PENDING),
            SubscriptionState("low", "email", "ops@example.com", Confirmation.ABSENT),
        ),
        storyteller=StorytellerState("f", "Failed", "", 0, 0),
    )
    told = problems(status)
    assert [text.split(":")[0] for text in told] == [
        "CloudFormation is at work on a (UPDATE_IN_PROGRESS)",
        "the stack b is in UPDATE_ROLLBACK_FAILED",
        "the trail t is switched off, and nothing is seen",
        "the trail t cannot deliver to its bucket",
        "the trail t cannot deliver to the log group",
        "ops@example.com has not confirmed yet (high)",
        "ops@example.com is not subscribed any more (low)",
        "no detection is deployed",
        "the function f is failed",
    ]
    import dataclasses

    other = dataclasses.replace(
        status, trail=None, subscriptions=(), storyteller=StorytellerState("f", "Active", "", 2, 9), stacks=()
    )
    assert [text.split(":")[0] for text in problems(other)] == [
        "no trail writes to the log group",
        "no detection is deployed",
        "nobody is told",
        "the function f failed 2 of 9 times in a day",
    ]


def test_answers_of_the_wrong_kind_are_empty() -> None:
    wrong = {"a": 1}
    assert answers.text(wrong, "a") == ""
    assert answers.texts({"a": ["x", 1]}, "a") == ("x",)
    assert answers.records(wrong, "a") == answers.texts(wrong, "a") == ()
    assert answers.mapping(wrong, "a") == {}
    assert answers.epoch(wrong, "a") is None
    assert answers.epoch({"a": dt.datetime.fromtimestamp(60, dt.UTC)}, "a") == 60
