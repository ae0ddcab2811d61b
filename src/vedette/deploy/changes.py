"""What a change set would do, in the words of whoever must approve it. Pure: change sets and templates in, rows out.

CloudFormation names resources by logical ids; people think in detections. Rows gather a detection's filter, alarm and
rule into one, say what changes from what to what, and set apart what grants rights or leads out of the account.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from vedette.deploy.answers import mapping, records, text
from vedette.deploy.differences import Detail, differences
from vedette.deploy.intrinsics import Place, name_of, resolved
from vedette.deploy.names import DETECTION_TAG

Template = Mapping[str, object]


class Operation(enum.Enum):
    """What happens to a thing; the value is its sign in a table."""

    ADD = "+"
    CHANGE = "~"
    REPLACE = "!"
    """It is made anew, and the old one is removed."""
    REMOVE = "-"
    FORGET = "="
    """It stays in the account, and is no longer looked after."""
    ADOPT = "*"
    """It is there already, from an earlier deployment, and is taken over."""


class Concern(enum.Enum):
    """Why somebody should look twice."""

    NONE = "none"
    RIGHTS = "rights"
    """It says who may do what."""
    OUTWARD = "outward"
    """It sends something out of the account, or opens something to the public."""


@dataclass(frozen=True, slots=True)
class Change:
    """What happens to one resource. `detection` is an id, empty for what belongs to none; `name` is the resource's."""

    stack: str
    logical_id: str
    type: str
    name: str
    operation: Operation
    detection: str = ""
    details: tuple[Detail, ...] = ()
    concern: Concern = Concern.NONE
    perhaps: bool = False
    """It follows from another change, and may turn out to be none."""
    tags_only: bool = False
    """Only its tags change, or what is noted in the template."""
    noted: bool = False
    """It is what is noted that changes: nothing in the account."""
    title: str = ""
    """What an alarm's or rule's own description calls its detection, for those that are no longer known."""
    severity: str = ""
    """The severity that it names."""
    region: str = ""
    """Where it happens; empty for the home of the deployment."""


@dataclass(frozen=True, slots=True)
class Row:
    """Changes that a reader takes for one: of a detection (its id), or of one other resource."""

    operation: Operation
    subject: str
    kind: str
    changes: tuple[Change, ...]
    detection: str = ""

    @property
    def severity(self) -> str:
        """The detection's, as what is deployed says it."""
        return next((change.severity for change in self.changes if change.severity), "")

    @property
    def details(self) -> tuple[Detail, ...]:
        """What changes, each thing once: a filter and an alarm may say the same."""
        found = (one for change in self.changes for one in change.details)
        return tuple(dict.fromkeys(found)) if self.operation in (Operation.CHANGE, Operation.REPLACE) else ()


_RIGHTS = frozenset(
    {
        "AWS::IAM::Role",
        "AWS::IAM::Policy",
        "AWS::IAM::ManagedPolicy",
        "AWS::IAM::RolePolicy",
        "AWS::Lambda::Permission",
        "AWS::S3::BucketPolicy",
        "AWS::SNS::TopicPolicy",
        "AWS::SQS::QueuePolicy",
        "AWS::KMS::Key",
        "AWS::SecretsManager::ResourcePolicy",
        "AWS::Logs::ResourcePolicy",
        "AWS::Events::EventBusPolicy",
    }
)
_RIGHTS_PROPERTIES = {"AWS::KMS::Key": ("KeyPolicy",)}
"""Of these, only such a property says who may do what; the others may change without notice."""
_OUTWARD = frozenset({"AWS::SNS::Subscription"})
_OUTWARD_PROPERTIES = {"AWS::S3::Bucket": ("PublicAccessBlockConfiguration",)}
KINDS = {
    "AWS::CloudTrail::Trail": "trail",
    "AWS::CloudWatch::Alarm": "alarm",
    "AWS::CloudWatch::CompositeAlarm": "composite alarm",
    "AWS::CloudWatch::Dashboard": "dashboard",
    "AWS::Events::Rule": "event rule",
    "AWS::IAM::ManagedPolicy": "policy",
    "AWS::IAM::Policy": "policy",
    "AWS::IAM::Role": "role",
    "AWS::KMS::Alias": "key alias",
    "AWS::KMS::Key": "key",
    "AWS::Lambda::EventInvokeConfig": "retries of the function",
    "AWS::Lambda::Function": "function",
    "AWS::Lambda::Permission": "right to call the function",
    "AWS::Logs::LogGroup": "log group",
    "AWS::Logs::MetricFilter": "metric filter",
    "AWS::Logs::ResourcePolicy": "policy of the log group",
    "AWS::S3::Bucket": "bucket",
    "AWS::S3::BucketPolicy": "policy of the bucket",
    "AWS::SNS::Subscription": "subscription",
    "AWS::SNS::Topic": "topic",
    "AWS::SNS::TopicPolicy": "policy of the topic",
    "AWS::SQS::Queue": "queue",
    "AWS::SQS::QueuePolicy": "policy of the queue",
}

_LATER = "{{changeSet:KNOWN_AFTER_APPLY}}"
"""What CloudFormation writes for a value that it learns only when the change is carried out."""
_SHORT = {
    "AWS::CloudWatch::CompositeAlarm": "alarm",
    "AWS::Events::Rule": "rule",
}
"""Among the things of one detection, where it is plain what they are."""


def changes_of(
    stack: str, answers: Iterable[Mapping[str, object]], old: Template, new: Template, place: Place, region: str = ""
) -> Iterator[Change]:
    """The changes of a change set's answers; `old` and `new` are the stack's templates, for names and values.

    `place` is where the stack stands, `region` is its region if that is not the home's.
    """
    known = detections_in(old, place) | detections_in(new, place)
    asked = [mapping(answer, "ResourceChange") for answer in answers]
    anew = frozenset(text(one, "LogicalResourceId") for one in asked if _gets_another_name(one))
    for change in filter(None, (_without_consequences(one, anew) for one in asked)):
        logical_id = text(change, "LogicalResourceId")
        before, after = _resource(old, logical_id), _resource(new, logical_id)
        shown, given = (after, mapping(new, "Resources")) if after else (before, mapping(old, "Resources"))
        name = called(shown, given, place) or text(change, "PhysicalResourceId") or logical_id
        yield replace(_change(stack, change, (before, after), name, known.get(logical_id, "")), region=region)


def _gets_another_name(change: Template) -> bool:
    """Whether what refers to a resource refers to another one after it."""
    return text(change, "Action") != "Modify" or text(change, "Replacement") == "True"


def _without_consequences(change: Template, anew: frozenset[str]) -> Template | None:
    """The change without what cannot come of it; None where nothing is left.

    CloudFormation lists whatever refers to a resource that changes at all, if only in its tags. Templates of ours refer
    to names and ARNs, which only a resource has anew that is made anew.
    """
    told = records(change, "Details")
    details = [
        one
        for one in told
        if text(one, "Evaluation") != "Dynamic"
        or text(one, "ChangeSource") not in ("ResourceReference", "ResourceAttribute")
        or text(one, "CausingEntity").partition(".")[0] in anew
    ]
    if len(details) == len(told) or _gets_another_name(change):
        return change
    return {**change, "Details": details} if details else None


def called(resource: Template, given: Template, place: Place) -> str:
    """What a reader calls a resource: its name, or of what it is, or to whom it goes; empty where nothing tells."""
    name = name_of(resource, given, place)
    properties = mapping(resource, "Properties")
    if text(resource, "Type") == "AWS::SNS::Subscription":
        topic = resolved(properties.get("TopicArn"), given, place)
        return f"{name} hears of {topic.rpartition(':')[2]}" if isinstance(topic, str) else name
    if text(resource, "Type") == "AWS::Lambda::Permission":
        return f"{text(properties, 'Principal')} may call {name}"
    if name or not resource:
        return name
    if text(resource, "Type") == "AWS::KMS::Key":
        return text(properties, "Description")
    of = next((properties[one] for one in ("Bucket", "Topics", "Queues") if one in properties), None)
    first = resolved(of[0] if isinstance(of, list) and of else of, given, place)
    return first.rpartition(":")[2].rpartition("/")[2] if isinstance(first, str) else ""


def _change(stack: str, change: Template, states: tuple[Template, Template], name: str, detection: str) -> Change:
    type_ = text(change, "ResourceType")
    before, after = states
    operation = _operation(change, before)
    details = tuple(_details(change, before, after)) if operation in (Operation.CHANGE, Operation.REPLACE) else ()
    tags_only = operation is Operation.CHANGE and not details and _scope(change) <= {"Tags", "Metadata"}
    severity, title = _headline(after or before)
    asked = records(change, "Details")
    perhaps = bool(asked) and all(text(one, "Evaluation") == "Dynamic" for one in asked) and not details
    return Change(
        stack=stack,
        logical_id=text(change, "LogicalResourceId"),
        type=type_,
        name=name,
        operation=operation,
        detection=detection,
        details=details,
        concern=concern_of(type_, operation, details),
        perhaps=perhaps,
        tags_only=tags_only,
        noted=tags_only and _scope(change) == {"Metadata"},
        title=title,
        severity=severity,
    )


def _headline(resource: Template) -> tuple[str, str]:
    """The severity and title of a detection, as the description of its alarm or rule begins; empty where none does."""
    properties = mapping(resource, "Properties")
    described = text(properties, "AlarmDescription") or text(properties, "Description")
    severity, colon, title = described.partition("\n")[0].partition(": ")
    return (severity.lower(), title) if colon and severity.isupper() else ("", "")


def _scope(change: Template) -> set[str]:
    """Which attributes of a resource change; a change of the property `Tags` counts as one of tags."""
    properties = {
        text(mapping(one, "Target"), "Name") or text(mapping(one, "Target"), "Attribute")
        for one in records(change, "Details")
    }
    scope = change.get("Scope")
    found = set(scope) if isinstance(scope, list) else set()
    return (found - {"Properties"}) | properties if properties else found


def _operation(change: Template, before: Template) -> Operation:
    match text(change, "Action"), text(change, "Replacement"):
        case ("Add", _):
            return Operation.ADD
        case ("Import", _):
            return Operation.ADOPT
        case ("Remove", _):
            policy = text(change, "PolicyAction") or text(before, "DeletionPolicy")
            return Operation.FORGET if policy.startswith("Retain") else Operation.REMOVE
        case (_, "True"):
            return Operation.REPLACE
        case _:
            return Operation.CHANGE


def concern_of(type_: str, operation: Operation, details: Sequence[Detail]) -> Concern:
    """Why somebody should look twice at what happens to a resource of that type."""
    touched = {detail.path.split(".")[0] for detail in details}
    partial = operation is Operation.CHANGE
    if type_ in _RIGHTS and not (
        partial and type_ in _RIGHTS_PROPERTIES and not touched & {*_RIGHTS_PROPERTIES[type_]}
    ):
        return Concern.RIGHTS
    if type_ in _OUTWARD or (partial and touched & {*_OUTWARD_PROPERTIES.get(type_, ())}):
        return Concern.OUTWARD
    return Concern.NONE


def _details(change: Template, before: Template, after: Template) -> Iterator[Detail]:
    """AWS's own values where it gives any, since it knows parameters and drift; else the templates'."""
    told = [
        Detail(
            text(target, "Path").removeprefix("/Properties/").replace("/", ".") or text(target, "Name"),
            _given(target, "BeforeValue"),
            _given(target, "AfterValue"),
        )
        for one in records(change, "Details")
        if (target := mapping(one, "Target")) and ("BeforeValue" in target or "AfterValue" in target)
    ]
    if told:
        yield from (one for one in told if one.path.split(".")[0] != "Tags" and one.before != one.after)
        return
    yield from differences(mapping(before, "Properties"), mapping(after, "Properties"))


def _given(target: Template, name: str) -> str | None:
    value = target.get(name)
    return value.replace(_LATER, "(known once it is made)") if isinstance(value, str) else None


def _resource(template: Template, logical_id: str) -> Template:
    return mapping(mapping(template, "Resources"), logical_id)


def detections_in(template: Template, place: Place) -> dict[str, str]:
    """The detections that resources belong to, by logical ids: by their tag, or by a name that they share with one.

    A metric filter has no tags; it is called as its alarm is.
    """
    given = mapping(template, "Resources")
    resources = {name: one for name, one in given.items() if isinstance(one, Mapping)}
    tagged = {name: found for name, one in resources.items() if (found := _tagged(one))}
    called = {name: name_of(one, given, place) for name, one in resources.items()}
    names = {called[name]: detection for name, detection in tagged.items()}
    return {name: names[called[name]] for name in resources if called[name] in names} | tagged


def _tagged(resource: Template) -> str:
    given = mapping(resource, "Properties").get("Tags")
    if isinstance(given, Mapping):
        return text(given, DETECTION_TAG)
    tags = records(mapping(resource, "Properties"), "Tags")
    return next((text(tag, "Value") for tag in tags if text(tag, "Key") == DETECTION_TAG), "")


def rows(changes: Sequence[Change], titles: Mapping[str, str]) -> tuple[Row, ...]:
    """The changes, those of a detection gathered, and those of another region, whose rules forward events.

    `titles` are by detections' ids. What only gets tags is left out.
    """
    found: list[Row] = []
    gathered: dict[str, list[Change]] = {}
    elsewhere: dict[str, list[Change]] = {}
    for change in changes:
        if change.tags_only:
            continue
        if change.region:
            elsewhere.setdefault(change.region, []).append(change)
            continue
        if change.detection and change.concern is Concern.NONE:
            gathered.setdefault(change.detection, []).append(change)
        else:
            found.append(Row(change.operation, change.name, KINDS.get(change.type, change.type), (change,)))
    for detection, of_it in gathered.items():
        kinds = [_SHORT.get(one.type) or KINDS.get(one.type, one.type) for one in of_it]
        if "alarm" in kinds:  # whose filter goes without saying
            kinds = [kind for kind in kinds if kind != KINDS["AWS::Logs::MetricFilter"]]
        found.append(
            Row(
                _joint(of_it),
                titles.get(detection) or _titled(of_it) or detection,
                ", ".join(dict.fromkeys(kinds)),
                tuple(of_it),
                detection,
            )
        )
    for region, there in elsewhere.items():
        rules = "event rule" if len(there) == 1 else "event rules"
        found.append(
            Row(_joint(there), f"events of {region}, by {len(there)} {rules} there", "forwarding", tuple(there))
        )
    return tuple(found)


def _titled(changes: Iterable[Change]) -> str:
    return next((change.title for change in changes if change.title), "")


def _joint(changes: Sequence[Change]) -> Operation:
    """What happens to something whose parts are added, changed and removed."""
    operations = {change.operation for change in changes}
    if len(operations) == 1:
        return operations.pop()
    return Operation.REPLACE if Operation.REPLACE in operations else Operation.CHANGE
