"""What AWS may answer and no emulator does: a session whose answers are the test's to say."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from deploy.wishes import builtin, wish
from vedette.aws import AwsError, Failure
from vedette.cli.deploy_progress import going_on
from vedette.cli.deploy_view import second_trail, todo
from vedette.deploy import apply as applying
from vedette.deploy import assets, discovery, drift, stacks, status, subscribers
from vedette.deploy import plan as planning
from vedette.deploy.apply import Point
from vedette.deploy.changes import Change, Operation
from vedette.deploy.deployed import Resource
from vedette.deploy.deployment import Deployment, Stack
from vedette.deploy.failures import DeployError
from vedette.deploy.intrinsics import Place
from vedette.deploy.plan import Fate, Plan, StackPlan
from vedette.deploy.stacks import ChangeSet, StackState
from vedette.deploy.template import build
from vedette.deploy.wanted import ChannelWanted, Pack, Subscription, Wanted
from vedette.detections.definition import Severity
from vedette.errors import InputError, VedetteError

WANTED = Wanted(account="111122223333", region="us-east-1", detections=())
PLACE = Place.of(WANTED)
Says = Mapping[str, object]


class Client:
    """Answers each method with what is said: a value, an error to raise, a function, or a list to take from."""

    region = "us-east-1"

    def __init__(self, says: Says) -> None:
        self.says = dict(says)
        self.calls: list[str] = []

    def call(self, method: str, **given: object) -> Any:
        self.calls.append(method)
        found: Any = self.says.get(method, {})
        if isinstance(found, list):
            found = found.pop(0) if len(found) > 1 else found[0]
        if callable(found):
            found = found(**given)
        if isinstance(found, Exception):
            raise found
        return found

    def pages(self, method: str, **given: object) -> Iterator[Any]:
        yield self.call(method, **given)


class Session:
    """The same client for every service."""

    def __init__(self, says: Says) -> None:
        self.one = Client(says)

    def client(self, service: str, region: str | None = None) -> Any:
        return self.one


def session(**says: object) -> Any:
    return Session(says)


def refused(failure: Failure, code: str = "X", message: str = "no") -> AwsError:
    return AwsError(message, failure, code=code)


MISSING, DENIED, BROKEN = (refused(one) for one in (Failure.MISSING, Failure.DENIED, Failure.BROKEN))


# The bucket


def test_a_bucket_that_may_not_be_looked_at_is_somebody_elses_only_if_it_is_not_among_our_own() -> None:
    own = {"Buckets": [{"Name": "vedette-assets-111122223333-us-east-1"}]}
    with pytest.raises(AwsError):
        assets.exists(session(head_bucket=DENIED, list_buckets=own).one, WANTED)
    with pytest.raises(AwsError):  # nobody may list: AWS's own words are better than a guess
        assets.exists(session(head_bucket=DENIED, list_buckets=DENIED).one, WANTED)
    with pytest.raises(VedetteError, match="is taken by another account"):
        assets.exists(session(head_bucket=DENIED, list_buckets={"Buckets": []}).one, WANTED)


def test_a_name_that_is_taken_while_it_is_made(tmp_path: Path) -> None:
    with pytest.raises(VedetteError, match="is taken by another account"):
        assets.ensure(
            session(head_bucket=MISSING, create_bucket=refused(Failure.REFUSED, "BucketAlreadyExists")), WANTED
        )
    with pytest.raises(AwsError):
        assets.ensure(session(head_bucket=MISSING, create_bucket=DENIED), WANTED)


def test_what_cannot_be_asked_is_stored_anew_unless_s3_is_broken() -> None:
    """Without the right to list, S3 answers 403 for what is not there."""
    there = Client({"head_object": DENIED})
    assets.put(there, WANTED, "b", "k", b"")  # type: ignore[arg-type]
    assert there.calls == ["head_object", "put_object"]
    with pytest.raises(AwsError):
        assets.put(Client({"head_object": BROKEN}), WANTED, "b", "k", b"")  # type: ignore[arg-type]


def test_a_bucket_is_emptied_page_by_page_before_it_is_deleted() -> None:
    pages: list[object] = [
        {"Versions": [{"Key": "a", "VersionId": "1"}], "IsTruncated": True},
        {"DeleteMarkers": [{"Key": "a", "VersionId": "2"}], "IsTruncated": False},
    ]
    asked = session(list_object_versions=pages)
    assert assets.remove(asked, WANTED) is True
    assert asked.one.calls == [
        "head_bucket", "list_object_versions", "delete_objects", "list_object_versions", "delete_objects",
        "delete_bucket",
    ]  # fmt: skip
    assert assets.remove(session(head_bucket=MISSING), WANTED) is False


# Stacks


def test_a_change_set_takes_its_time_and_has_pages() -> None:
    answers: list[object] = [
        {"Status": "CREATE_PENDING"},
        {"Status": "CREATE_COMPLETE", "Changes": [{"n": 1}], "NextToken": "more"},
        {"Status": "CREATE_COMPLETE", "Changes": [{"n": 2}]},
    ]
    client: Any = Client({"create_change_set": {"Id": "cs", "StackId": "s"}, "describe_change_set": answers})
    waited: list[float] = []
    made = stacks.make_change_set(client, STACK, {}, {}, "x", new=True, pause=waited.append)
    assert made is not None
    assert made.changes == ({"n": 1}, {"n": 2})
    assert waited == [stacks.POLL_SECONDS]


@pytest.mark.parametrize(("new", "hint"), [(True, "nothing was made"), (False, "nothing was changed")])
def test_a_change_set_that_cloudformation_refuses(new: bool, hint: str) -> None:
    failed = {"Status": "FAILED", "StatusReason": "Template error: bad"}
    client: Any = Client({"create_change_set": {"Id": "cs"}, "describe_change_set": failed})
    with pytest.raises(VedetteError, match="Template error: bad") as raised:
        stacks.make_change_set(client, STACK, {}, {}, "x", new=new, pause=lambda _: None)
    assert raised.value.hint == hint
    assert client.calls[-1] == "delete_change_set"


def test_what_describe_stacks_refuses_otherwise_is_an_error() -> None:
    with pytest.raises(AwsError):
        stacks.find(session(describe_stacks=DENIED).one, "x")


def test_the_state_right_after_the_call_may_be_the_old_one() -> None:
    """CloudFormation shows it for a moment: an operation is over only when it has begun, or after some looks."""
    client: Any = Client({"describe_stacks": {"Stacks": [described("CREATE_COMPLETE")]}})
    waited: list[float] = []
    assert list(stacks.watch(client, "s", "token", waited.append)) == []
    assert len(waited) == 5


def test_a_network_that_is_away_for_a_while_ends_no_operation() -> None:
    """CloudFormation goes on without us; whoever only looks may look again."""
    done = {"Stacks": [{"StackName": "s", "StackStatus": "UPDATE_COMPLETE"}]}
    gone = refused(Failure.UNREACHABLE)
    event = {"EventId": "1", "ResourceType": "AWS::CloudFormation::Stack", "ClientRequestToken": "token"}
    waited: list[float] = []
    client: Any = Client(
        {
            "describe_stacks": [gone, refused(Failure.THROTTLED), done],
            "describe_stack_events": [BROKEN, {"StackEvents": [event]}],
        }
    )
    assert [one.id for one in stacks.watch(client, "s", "token", waited.append)] == ["1"]
    assert len(waited) == 3
    found = stacks.at_rest(Client({"describe_stacks": [gone, done]}), "s", waited.append)  # type: ignore[arg-type]
    assert found is not None


def test_what_does_not_go_away_by_itself_is_told() -> None:
    waited: list[float] = []
    for error, looks in ((refused(Failure.CREDENTIALS), 1), (refused(Failure.UNREACHABLE), 61)):
        client: Any = Client({"describe_stacks": error})
        with pytest.raises(AwsError) as caught:
            list(stacks.watch(client, "s", "token", waited.append))
        assert caught.value is error
        assert len(client.calls) == looks


@pytest.mark.parametrize(
    ("error", "goes_on"),
    [
        (KeyboardInterrupt(), True),
        (refused(Failure.CREDENTIALS), True),
        (refused(Failure.UNREACHABLE), True),
        (refused(Failure.DENIED), False),
    ],
)
def test_it_is_said_that_aws_goes_on_without_us(
    error: BaseException, goes_on: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(type(error)), going_on("`vedette deploy apply`"):
        raise error
    told = "CloudFormation goes on with the stack that it is at work on\n`vedette deploy apply` waits for it"
    assert (told in capsys.readouterr().err) is goes_on


def test_events_that_are_known_are_not_told_again() -> None:
    found = {"StackEvents": [{"EventId": "2", "ClientRequestToken": "t"}, {"EventId": "1", "ClientRequestToken": "t"}]}
    client: Any = Client({"describe_stack_events": found})
    assert [one.id for one in stacks.events(client, "s", "t")] == ["1", "2"]
    assert [one.id for one in stacks.events(client, "s", "t", frozenset({"1"}))] == ["2"]
    assert stacks.events(client, "s", "other") == []


def test_the_cause_of_a_failed_validation_is_asked_for() -> None:
    """DescribeEvents knows of what; where it may not be asked, the stack's own words are all there is."""
    event = stacks.Event("1", "s", "", "AWS::CloudFormation::Stack", "CREATE_FAILED", "Validation failed", None)
    told = {"OperationEvents": [{"EventId": "0"}, {"EventId": "9", "LogicalResourceId": "B",
                                                   "ValidationStatusReason": "B is wrong"}]}  # fmt: skip
    found = stacks.first_cause(session(describe_events=told).one, "s", [event])
    assert found is not None
    assert (found.logical_id, found.reason) == ("B", "B is wrong")
    assert stacks.first_cause(session(describe_events=DENIED).one, "s", [event]) is event
    assert stacks.first_cause(session(describe_events={}).one, "s", [event]) is event
    assert stacks.first_cause(session().one, "s", []) is None


def test_a_change_set_of_a_stack_that_has_gone_on_is_left() -> None:
    client: Any = Client({"describe_stacks": {"Stacks": [described("CREATE_COMPLETE")]}})
    stacks.discard(client, ChangeSet("cs", "s", "s", ()), new=True)
    assert client.calls == ["describe_stacks"]


# Applying

STACK = Stack("vedette-base", "Base", {"Resources": {}}, {}, (), ())
STATE = StackState("vedette-base", "id", "CREATE_COMPLETE", "", {}, {}, 1, 1)


def described(word: str) -> dict[str, object]:
    return {"StackName": "vedette-base", "StackId": "id", "StackStatus": word}


def planned(fate: Fate, change_set: ChangeSet | None, state: StackState | None = STATE) -> Plan:
    one = StackPlan("vedette-base", "Base", fate, STACK, state, change_set, ())
    return Plan(WANTED, Deployment((STACK,), (), (), {}), (one,))


def event(word: str, logical_id: str = "vedette-base", reason: str = "") -> Callable[..., object]:
    """The events of the operation, whatever its token is."""
    tokens: list[object] = []

    def answer(**given: object) -> object:
        tokens.append(given)
        return {
            "StackEvents": [
                {"EventId": f"{logical_id} {word}", "LogicalResourceId": logical_id, "ResourceStatus": word,
                 "ResourceType": "AWS::CloudFormation::Stack" if logical_id == "vedette-base" else "AWS::SNS::Topic",
                 "ResourceStatusReason": reason, "PhysicalResourceId": ""}
            ]
        }  # fmt: skip

    return answer


@pytest.fixture
def any_token(monkeypatch: pytest.MonkeyPatch) -> None:
    """Events count whatever operation they are of: the token of a real one is made up anew."""
    real = stacks.events
    monkeypatch.setattr(stacks, "events", lambda cfn, stack_id, _="", known=frozenset(): real(cfn, stack_id, "", known))


def test_an_update_that_changes_nothing_after_all(any_token: None) -> None:
    """A change set that could not be made for the plan may turn out to be empty."""
    empty = {"Status": "FAILED", "StatusReason": "The submitted information didn't contain changes."}
    asked = session(create_change_set={"Id": "cs"}, describe_change_set=empty)
    steps = list(applying.apply(asked, planned(Fate.UPDATE, None), lambda _: None))
    assert [step.point for step in steps] == [Point.BEGUN, Point.DONE]
    assert "execute_change_set" not in asked.one.calls


def test_an_update_that_is_taken_back_says_so(any_token: None) -> None:
    asked = session(
        describe_stacks={"Stacks": [described("UPDATE_ROLLBACK_COMPLETE")]},
        describe_stack_events=event("UPDATE_FAILED", "Topic", "not this way"),
    )
    plan = planned(Fate.UPDATE, ChangeSet("cs", "vedette-base", "id", ()))
    with pytest.raises(DeployError, match="not this way; `vedette-base` is as it was before"):
        list(applying.apply(asked, plan, lambda _: None))


def test_a_stack_that_ends_elsewhere_is_named_with_its_state(any_token: None) -> None:
    asked = session(
        describe_stacks={"Stacks": [described("UPDATE_ROLLBACK_FAILED")]},
        describe_stack_events=event("UPDATE_FAILED", "Topic", "stuck"),
    )
    with pytest.raises(DeployError, match="`vedette-base` is in UPDATE_ROLLBACK_FAILED"):
        list(applying.apply(asked, planned(Fate.UPDATE, ChangeSet("cs", "vedette-base", "id", ())), lambda _: None))


def test_what_could_not_be_removed_after_an_update_is_told_at_the_end(any_token: None) -> None:
    """For CloudFormation the update is complete; the thing belongs to no stack any more."""
    asked = session(
        describe_stacks={"Stacks": [described("UPDATE_COMPLETE")]},
        describe_stack_events=event("DELETE_FAILED", "Topic", "in use"),
    )
    with pytest.raises(DeployError, match="in use; it could not be removed"):
        list(applying.apply(asked, planned(Fate.UPDATE, ChangeSet("cs", "vedette-base", "id", ())), lambda _: None))


def test_a_failed_creation_is_removed_and_a_removal_that_fails_is_told(any_token: None) -> None:
    """Where OnStackFailure has not got that far; here even the removal fails."""
    asked = session(
        describe_stacks={"Stacks": [described("ROLLBACK_COMPLETE")]},
        describe_stack_events=event("DELETE_FAILED", "Topic", "not empty"),
    )
    with pytest.raises(DeployError, match=r"not empty.*failed before, and cannot be removed"):
        list(
            applying.apply(asked, planned(Fate.CREATE, ChangeSet("cs", "vedette-base", "id", ()), None), lambda _: None)
        )
    assert "delete_stack" in asked.one.calls


def test_what_stopped_us_is_what_is_told(any_token: None) -> None:
    """A change set that cannot be taken back does nothing; the error before it matters."""
    first = StackPlan("vedette-a", "A", Fate.UPDATE, STACK, STATE, ChangeSet("1", "vedette-a", "id", ()), ())
    second = StackPlan("vedette-b", "B", Fate.UPDATE, STACK, STATE, ChangeSet("2", "vedette-b", "id", ()), ())
    asked = session(execute_change_set=refused(Failure.DENIED, message="the first"), delete_change_set=BROKEN)
    plan = Plan(WANTED, Deployment((), (), (), {}), (first, second))
    with pytest.raises(AwsError, match="the first"):
        list(applying.apply(asked, plan, lambda _: None))


# Two at once


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("ChangeSetNotFound", "ChangeSet [arn] does not exist"),
        ("InvalidChangeSetStatus", "ChangeSet [arn] cannot be executed in its current status of [OBSOLETE]"),
        ("ValidationError", "ValidationError: Stack:arn is in UPDATE_IN_PROGRESS state and can not be updated."),
        ("ValidationError", "ValidationError: Stack with id arn does not exist"),
    ],
)
def test_whoever_is_overtaken_by_another_apply_is_told_so(any_token: None, code: str, message: str) -> None:
    asked = session(execute_change_set=refused(Failure.REFUSED, code, message))
    plan = planned(Fate.UPDATE, ChangeSet("cs", "vedette-base", "id", ()))
    with pytest.raises(DeployError, match="somebody else changed `vedette-base` since it was planned") as caught:
        list(applying.apply(asked, plan, lambda _: None))
    assert "looks again, and does the rest" in str(caught.value.hint)


# A second trail


def trail(name: str, **more: object) -> dict[str, object]:
    arn = f"arn:aws:cloudtrail:us-east-1:111122223333:trail/{name}"
    return {"Name": name, "TrailARN": arn, "HomeRegion": "us-east-1", "IsMultiRegionTrail": True, **more}


def planned_beside(*there: dict[str, object], change: Operation = Operation.ADD) -> Plan:
    made = Change("vedette-base", "Trail", "AWS::CloudTrail::Trail", "vedette-trail", change)
    one = StackPlan("vedette-base", "Base", Fate.CREATE, STACK, None, None, (made,))
    found = planning._beside(session(describe_trails={"trailList": list(there)}), WANTED, [one])
    return Plan(WANTED, Deployment((), (), (), {}), (one,), beside=found)


GROUP = "arn:aws:logs:us-east-1:111122223333:log-group:theirs:*"


@pytest.mark.parametrize(
    ("there", "told"),
    [
        ([trail("main", CloudWatchLogsLogGroupArn=GROUP)], "; `--use-trail main` makes none"),
        ([trail("far", HomeRegion="eu-west-1", CloudWatchLogsLogGroupArn=GROUP)],
         "; `--use-trail far --region eu-west-1` makes none"),
        ([trail("bare")], "; `--use-trail bare` uses it, once it has a log group"),
        ([trail("all", IsOrganizationTrail=True)], ""),
    ],
)  # fmt: skip
def test_a_second_trail_is_told_with_its_price_and_how_to_do_without(there: list[Any], told: str) -> None:
    """AWS delivers one copy of management events for nothing, and takes two dollars for 100,000 of any other."""
    name = there[0]["Name"]
    expected = f"and $600.00 more: `{name}` records this account already, and AWS charges for a second trail{told}"
    assert second_trail(planned_beside(trail("vedette-trail"), *there), 600) == expected


def test_who_makes_no_trail_or_may_not_look_is_told_nothing_of_it() -> None:
    assert not planned_beside(trail("main"), change=Operation.CHANGE).beside
    assert not planned_beside(trail("elsewhere", HomeRegion="eu-west-1", IsMultiRegionTrail=False)).beside
    assert discovery.beside(session(describe_trails=DENIED), PLACE, "vedette-trail") == ()
    with pytest.raises(AwsError):
        discovery.beside(session(describe_trails=BROKEN), PLACE, "vedette-trail")


def test_an_organisation_s_trail_is_used_where_its_log_group_is() -> None:
    """In a member account nobody can give it another one."""
    group = "arn:aws:logs:us-east-1:999999999999:log-group:all:*"
    there = {"trailList": [trail("org", IsOrganizationTrail=True, CloudWatchLogsLogGroupArn=group)]}
    found = discovery.find_trails(session(describe_trails=there), "111122223333")
    for wanted in ("org", "auto"):
        with pytest.raises(InputError, match="writes to a log group of the account 999999999999") as caught:
            discovery.choose_trail(found, wanted, "us-east-1", "vedette")
        assert "credentials of 999999999999" in str(caught.value.hint)


# Who hears of what


def unheard(*told: Subscription, **more: Any) -> list[str]:
    mild = builtin()["secret-read"], builtin()["root-login"], builtin()["console-login-success"]
    wanted = wish(subscriptions=told, detections=mild, **more)
    return [task for task in todo(Plan(wanted, build(wanted), ())) if task.startswith("Say who")]


def test_severities_of_which_nobody_hears_are_named() -> None:
    mail = Subscription("email", "ops@example.com", Severity.MEDIUM)
    low = Subscription("sms", "+441234567890", Severity.LOW)
    channel = (ChannelWanted("chat", "slack", "secret://aws/vedette/slack#url"),)
    assert unheard(mail) == ["Say who hears of what is low, unless nobody need: `--email low:ADDRESS`."]
    assert unheard(mail, low) == []
    assert unheard(mail, channels=channel) == []
    assert unheard() == [
        "Say who is told: nobody is, without an `--email`, an `--sms`, or a channel such as `--slack`."
    ]
    assert unheard(channels=channel, storyteller=False) == unheard()


def test_what_others_have_to_allow_is_named() -> None:
    """A queue that no topic may send to, and a bucket that CloudTrail may not write to, fail in silence or late."""
    queue = "arn:aws:sqs:us-east-1:111122223333:alerts"
    told = Subscription("sqs", queue), Subscription("https", "https://example.com/a")
    wanted = wish("root-login", subscriptions=told, bucket="theirs")
    subscribed = (
        Change("vedette-base", one.protocol, "AWS::SNS::Subscription", f"{one.endpoint} hears of v-high", Operation.ADD)
        for one in told
    )
    trail_made = Change("vedette-base", "Trail", "AWS::CloudTrail::Trail", "vedette-trail", Operation.ADD)
    one = StackPlan("vedette-base", "Base", Fate.CREATE, STACK, None, None, (trail_made, *subscribed))
    assert list(todo(Plan(wanted, build(wanted), (one,)))) == [
        "Let https://example.com/a answer the confirmation that AWS sends first.",
        f"Let the topics send to {queue}: in the queue's policy, and in its key's if it has one.",
        (
            "Let CloudTrail write to theirs, in its own policy, before you apply: AWS's page `S3 bucket policy for "
            "CloudTrail` has its text."
        ),
    ]


def test_for_security_hub_a_channel_is_no_subscriber() -> None:
    channel = (ChannelWanted("chat", "slack", "secret://aws/vedette/slack#url"),)
    cis = wish(pack=Pack.CIS, channels=channel)
    assert any(task.startswith("Say who is told") for task in todo(Plan(cis, build(cis), ())))


# Status


def resource(type_: str, name: str, **properties: object) -> Resource:
    return Resource("s", "Id", type_, name, properties, kept=False, arn=f"arn:aws:sns:us-east-1:111122223333:{name}")


def test_a_topic_that_is_gone_has_no_subscribers() -> None:
    one = resource("AWS::SNS::Subscription", "x", TopicArn="arn:t:high", Protocol="email", Endpoint="ops@example.com")
    (found,) = subscribers.subscriptions(session(list_subscriptions_by_topic=MISSING), [one])
    assert found.confirmation is subscribers.Confirmation.ABSENT
    with pytest.raises(AwsError):
        subscribers.subscriptions(session(list_subscriptions_by_topic=DENIED), [one])
    pending = {"Subscriptions": [{"Protocol": "email", "Endpoint": "ops@example.com",
                                  "SubscriptionArn": "PendingConfirmation"}]}  # fmt: skip
    (found,) = subscribers.subscriptions(session(list_subscriptions_by_topic=pending), [one])
    assert found.confirmation is subscribers.Confirmation.PENDING


def rights(*statements: dict[str, object]) -> dict[str, object]:
    return {"get_policy": {"Policy": json.dumps({"Statement": list(statements)})}}


def statement(service: str, source: str) -> dict[str, object]:
    condition = {"ArnLike": {"AWS:SourceArn": source}, "StringEquals": {"AWS:SourceAccount": "111122223333"}}
    return {"Principal": {"Service": service}, "Action": "lambda:InvokeFunction", "Condition": condition}


def test_a_right_to_call_the_function_is_told_from_others() -> None:
    """Without it an alarm calls the function in vain, and nothing tells of that."""
    alarms, events = "lambda.alarms.cloudwatch.amazonaws.com", "events.amazonaws.com"
    deployed = [
        resource(
            "AWS::Lambda::Permission",
            "f",
            FunctionName="f",
            Principal=who,
            SourceArn=f"arn:{who}",
            Action="lambda:InvokeFunction",
        )
        for who in (alarms, events)
    ]
    here = statement(alarms, f"arn:{alarms}"), statement(events, f"arn:{events}")
    others = statement(events, "arn:another"), {"Principal": "*", "Action": "lambda:*"}
    assert drift.find(session(**rights(*others, *here)), deployed) == ()
    (opened,) = drift.find(session(**rights(here[0], *others)), deployed)
    assert (opened.name, opened.fault) == (f"{events} may call f", drift.Fault.CHANGED)
    assert [(one.path, one.after) for one in opened.details] == [("SourceArn", "arn:another")]
    assert [one.fault for one in drift.find(session(get_policy=MISSING), deployed)] == [drift.Fault.MISSING] * 2
    with pytest.raises(AwsError):
        drift.find(session(get_policy=DENIED), deployed)


@pytest.mark.parametrize(
    ("answer", "anew"), [(MISSING, ["vedette-storyteller"]), (DENIED, []), ({"State": "Active"}, [])]
)
def test_the_storyteller_s_stack_is_made_anew_where_its_function_is_gone(answer: object, anew: list[str]) -> None:
    there = {"vedette-storyteller": StackState("vedette-storyteller", "id", "CREATE_COMPLETE", "", {}, {}, 1, 1)}
    assert list(planning._lost(session(get_function_configuration=answer), WANTED, there)) == anew
    with pytest.raises(AwsError):
        list(planning._lost(session(get_function_configuration=BROKEN), WANTED, there))


def test_whom_somebody_added_to_a_topic_is_told_once_it_has_confirmed() -> None:
    """Whoever subscribes to a topic reads every alarm: the deployment's owner has to know of them."""
    topic = resource("AWS::SNS::Topic", "vedette-high")
    there = [
        {"Protocol": "email", "Endpoint": "evil@example.org", "SubscriptionArn": f"{topic.arn}:1"},
        {"Protocol": "email", "Endpoint": "late@example.org", "SubscriptionArn": "PendingConfirmation"},
    ]
    found = subscribers.subscriptions(session(list_subscriptions_by_topic={"Subscriptions": there}), [topic])
    assert [(one.topic, one.endpoint, one.confirmation.value) for one in found] == [
        ("vedette-high", "evil@example.org", "added by hand")
    ]
    assert list(subscribers.not_told(found)) == []


def test_who_is_told_nothing_is_named_once_with_what_to_do() -> None:
    pending, absent = subscribers.Confirmation.PENDING, subscribers.Confirmation.ABSENT
    found = [
        subscribers.SubscriptionState(topic, protocol, endpoint, state, f"arn:aws:sns:us-east-1:111122223333:{topic}")
        for protocol, endpoint, state in (
            ("email", "ops@example.com", pending),
            ("https", "https://example.com", pending),
            ("sms", "+441234567890", absent),
        )
        for topic in ("v-high", "v-critical")
    ]
    assert list(subscribers.not_told(found)) == [
        (
            "ops@example.com has not confirmed yet (v-high and v-critical): it is told nothing; the link is in AWS's "
            "mail `AWS Notification - Subscription Confirmation`, and works for two days"
        ),
        "https://example.com has not confirmed yet (v-high and v-critical): it is told nothing",
        (
            "+441234567890 is not subscribed any more (v-high and v-critical): it is told nothing; `aws sns subscribe "
            "--topic-arn arn:aws:sns:us-east-1:111122223333:v-high --protocol sms --notification-endpoint "
            "+441234567890` asks it anew, and so for the other topics"
        ),
    ]


def test_a_function_that_is_gone_or_failed_to_change() -> None:
    function = resource("AWS::Lambda::Function", "vedette-storyteller")
    gone = status._storyteller(session(get_function_configuration=MISSING), [function], 0)
    assert gone is not None
    assert (gone.state, gone.trouble) == ("Missing", "somebody has deleted it; `vedette deploy apply` makes it anew")
    with pytest.raises(AwsError):
        status._storyteller(session(get_function_configuration=DENIED), [function], 0)
    failed = {"State": "Active", "LastUpdateStatus": "Failed", "LastUpdateStatusReason": "no role"}
    counted = {"Datapoints": [{"Sum": 2.0}, {"Sum": "?"}]}
    found = status._storyteller(
        session(get_function_configuration=failed, get_metric_statistics=counted), [function], 1_795_000_000
    )
    assert found is not None
    assert (found.state, found.trouble, found.errors) == ("Failed", "no role", 2)


def test_nothing_is_read_of_nothing() -> None:
    assert status._trail(session(), PLACE, []) is None
    assert status._storyteller(session(), [], 0) is None


def test_drift_of_what_may_not_be_read_is_an_error_and_of_what_is_gone_is_not() -> None:
    one = resource("AWS::Logs::MetricFilter", "f", LogGroupName="/g", FilterPattern="x")
    (found,) = drift.find(session(describe_metric_filters=MISSING), [one])
    assert found.fault is drift.Fault.MISSING
    with pytest.raises(AwsError):
        drift.find(session(describe_metric_filters=DENIED), [one])
    with pytest.raises(AwsError):
        drift.find(session(get_topic_attributes=DENIED), [resource("AWS::SNS::Topic", "t")])


def test_times_of_a_trail() -> None:
    moment = dt.datetime(2026, 11, 21, 10, tzinfo=dt.UTC)
    found = status._trail_state(
        session(get_trail_status={"IsLogging": True, "LatestDeliveryTime": moment}),
        status.FoundTrail("t", "arn", "b", None, "us-east-1", True, False),
    )
    assert (found.logging, found.delivered, found.to_logs) == (True, 1_795_255_200, None)
