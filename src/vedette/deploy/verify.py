"""Ask the real services about every pattern that is deployed: AWS's verdicts and ours, on the detections' own records.

TestMetricFilter answers which of up to 50 messages a filter pattern matches, TestEventPattern whether an event pattern
matches an event; neither changes anything. Where AWS and our engine disagree, the disagreement is the answer, with the
record and both verdicts; nothing is explained away. `canary_flight` tries the rest of the chain.

Sources: TestMetricFilter of the CloudWatch Logs API reference (1 to 50 messages), TestEventPattern of EventBridge's;
recorded answers.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from vedette.aws import AwsClient, AwsError, Failure
from vedette.deploy.answers import flag, mapping, records, text
from vedette.deploy.deployment import Deployment, Forwarded, Placed
from vedette.detections.definition import Detection, VerdictTest
from vedette.detections.question import question
from vedette.errors import InputError, VedetteError
from vedette.patterns import FilterPattern
from vedette.predicates.document import load_document
from vedette.predicates.evaluate import evaluate
from vedette.predicates.tree import Or, Predicate

MOST_MESSAGES: Final = 50
_REFUSED: Final = frozenset({"InvalidParameterException", "InvalidEventPatternException"})
"""How CloudWatch Logs and EventBridge refuse a pattern, with their reasons as the message."""
_UNKNOWN: Final = frozenset(
    {"UnknownOperationException", "UnknownOperation", "InvalidOperationException", "InvalidAction", "NotImplemented"}
)
"""How those answer who imitate AWS, and do not know a call."""
_TRIES: Final = 7
_FIRST_WAIT: Final = 1.0

Sleep = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Sample:
    """A record to ask about: which test of the detection it belongs to, and which record of that test, from 1."""

    test: str
    number: int
    message: str


@dataclass(frozen=True, slots=True)
class Disagreement:
    """One record on which the verdicts differ. `aws` is None where AWS takes no such pattern, and `said` is why."""

    sample: Sample | None
    ours: bool
    aws: bool | None
    said: str = ""


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of one pattern."""

    detection: str
    filter_name: str
    pattern: str
    records: int
    disagreements: tuple[Disagreement, ...]


def patterns(deployment: Deployment) -> Iterator[tuple[Placed, str]]:
    """Every metric filter of the deployment with its pattern, as the template has it."""
    templates = {stack.name: stack.template for stack in deployment.stacks}
    for placed in deployment.placed:
        if placed.filter_id:
            yield placed, _property(templates[placed.stack], placed.filter_id, "FilterPattern")


def _property(template: Mapping[str, object], logical_id: str, name: str) -> str:
    here: object = template
    for step in ("Resources", logical_id, "Properties", name):
        here = here.get(step) if isinstance(here, Mapping) else None
    assert isinstance(here, str), f"{logical_id} has no {name}"
    return here


def samples(detection: Detection) -> tuple[Sample, ...]:
    """The records of the detection's own tests that are any text at all."""
    return tuple(
        Sample(test.name, number, message)
        for test in detection.tests
        if isinstance(test, VerdictTest)
        for number, event in enumerate(test.events, start=1)
        if (message := event.decode("utf-8", "replace"))
    )


def check_patterns(
    logs: AwsClient, deployment: Deployment, tested: Mapping[str, Detection], sleep: Sleep
) -> Iterator[Checked]:
    """Ask about each pattern, in the order of the deployment; `tested` are the detections with their tests, by id.

    A throttled call waits (by `sleep`) and is made again. Raises AwsError where AWS does not answer at all: a missing
    permission, credentials, the network.
    """
    for placed, pattern in patterns(deployment):
        asked = samples(tested[placed.detection]) if placed.detection in tested else ()
        # Without a record of its own a pattern is still asked about: AWS may refuse it.
        found = _disagreements(logs, pattern, asked or (Sample("", 1, "{}"),), sleep)
        yield Checked(placed.detection, placed.filter_name, pattern, len(asked), tuple(found))


def _disagreements(logs: AwsClient, pattern: str, asked: Sequence[Sample], sleep: Sleep) -> Iterator[Disagreement]:
    try:
        ours = FilterPattern.parse(pattern)
    except InputError as error:
        yield Disagreement(None, False, None, f"we do not read the pattern: {error.message}")
        return
    for start in range(0, len(asked), MOST_MESSAGES):
        batch = asked[start : start + MOST_MESSAGES]
        try:
            matched = _ask(logs, pattern, [sample.message for sample in batch], sleep)
        except AwsError as error:
            if error.code not in _REFUSED:
                raise
            yield Disagreement(None, True, None, error.message)
            return
        for position, sample in enumerate(batch):
            verdict = ours.matches(sample.message)
            if verdict is not matched[position]:
                yield Disagreement(sample, verdict, matched[position])


def _ask(logs: AwsClient, pattern: str, messages: Sequence[str], sleep: Sleep) -> list[bool]:
    """AWS's verdict on each message."""
    answer = _patiently(logs, "test_metric_filter", sleep, filterPattern=pattern, logEventMessages=list(messages))
    matches = records(answer, "matches")
    # By their texts: the numbers count from 1 in recorded answers, and from 0 in the documentation's.
    found = {text(match, "eventMessage") for match in matches}
    if found <= set(messages):
        return [message in found for message in messages]
    numbers = {match.get("eventNumber") for match in matches}
    return [number in numbers for number in range(1, len(messages) + 1)]


def _patiently(client: AwsClient, method: str, sleep: Sleep, **parameters: object) -> Mapping[str, object]:
    """The answer to a call that is made again, ever later, while AWS asks for less of them."""
    wait = _FIRST_WAIT
    for attempt in range(1, _TRIES + 1):
        try:
            return client.call(method, **parameters)
        except AwsError as error:
            if error.code in _UNKNOWN:
                raise _stand_in(client, method) from None
            if error.failure is not Failure.THROTTLED or attempt == _TRIES:
                raise
        sleep(wait)
        wait *= 2
    raise AssertionError("the last attempt answers or raises")


def _stand_in(client: AwsClient, method: str) -> VedetteError:
    """AWS knows both calls in every region: whoever does not is no AWS."""
    operation = "".join(word.capitalize() for word in method.split("_"))
    return VedetteError(
        f"{client.endpoint} answered, and does not know {operation}: it is no AWS, but something that stands in for it",
        hint="ask AWS itself: without AWS_ENDPOINT_URL, or with other credentials (`--profile NAME`)",
    )


def check_rules(
    events: AwsClient, deployment: Deployment, tested: Mapping[str, Detection], today: dt.date, sleep: Sleep
) -> Iterator[Checked]:
    """The same of every EventBridge rule; `today` decides which exceptions its pattern has. A call for each record."""
    for placed, name, pattern in rule_patterns(deployment):
        detection = tested.get(placed)
        asked = question(detection, today) if detection is not None else None
        sampled = _documents(samples(detection) if detection is not None else ())
        found = () if asked is None else tuple(_rule_disagreements(events, pattern, asked, sampled, _ENVELOPE, sleep))
        yield Checked(placed, name, pattern, len(sampled), found)


def check_forwards(
    events: AwsClient, deployment: Deployment, tested: Mapping[str, Detection], today: dt.date, sleep: Sleep
) -> Iterator[Checked]:
    """The same of the rules that forward events from other regions, each pattern once, whatever its region.

    Of each detection, one record that matches and one that does not are asked about; a rule takes what any of its
    detections asks for. `events` may be the client of any region.
    """
    seen: set[str] = set()
    for one in deployment.forwarded:
        pattern = _forward_pattern(deployment, one)
        if pattern.replace(one.region, "") in seen:
            continue
        seen.add(pattern.replace(one.region, ""))
        those = [tested[name] for name in one.detections if name in tested]
        asked = Or(tuple(one for one in (question(each, today) for each in those) if one is not None))
        sampled = _documents([sample for each in those for sample in _telling(each)])
        envelope = {**_ENVELOPE, "region": one.region}
        found = tuple(_rule_disagreements(events, pattern, asked, sampled, envelope, sleep))
        yield Checked("", one.rule, pattern, len(sampled), found)


def _forward_pattern(deployment: Deployment, one: Forwarded) -> str:
    template = next(stack.template for stack in deployment.stacks if stack.name == one.stack)
    pattern = mapping(mapping(mapping(mapping(template, "Resources"), one.rule_id), "Properties"), "EventPattern")
    own = {"region": [one.region]} if "region" in pattern else {}
    return json.dumps({**pattern, **own}, separators=(",", ":"))


def _telling(detection: Detection) -> Iterator[Sample]:
    """The first record of a test that matches alone, and of one that does not."""
    wanted = {True: 1, False: 1}
    for test in detection.tests:
        if isinstance(test, VerdictTest) and len(test.events) == 1 and wanted[test.matches]:
            wanted[test.matches] = 0
            yield Sample(test.name, 1, test.events[0].decode("utf-8", "replace"))


def _documents(found: Sequence[Sample]) -> list[tuple[Sample, Mapping[str, object]]]:
    return [(one, document) for one in found if (document := load_document(one.message)) is not None]


def rule_patterns(deployment: Deployment) -> Iterator[tuple[str, str, str]]:
    """Every EventBridge rule of the home region: its detection, its name, its pattern as text."""
    named = {placed.event_rule: placed.detection for placed in deployment.placed if placed.event_rule}
    for stack in deployment.stacks:
        resources = {} if stack.region else stack.template.get("Resources")
        for resource in resources.values() if isinstance(resources, Mapping) else ():
            if resource.get("Type") == "AWS::Events::Rule":
                name = text(resource["Properties"], "Name")
                pattern = json.dumps(resource["Properties"]["EventPattern"], separators=(",", ":"))
                yield named.get(name, ""), name, pattern


def _rule_disagreements(
    events: AwsClient,
    pattern: str,
    asked: Predicate,
    sampled: Sequence[tuple[Sample, Mapping[str, object]]],
    envelope: Mapping[str, object],
    sleep: Sleep,
) -> Iterator[Disagreement]:
    for sample, document in sampled:
        event = json.dumps({**envelope, "detail": document})
        try:
            answer = _patiently(events, "test_event_pattern", sleep, EventPattern=pattern, Event=event)
        except AwsError as error:
            if error.code not in _REFUSED:
                raise
            yield Disagreement(None, True, None, error.message)
            return
        verdict = evaluate(asked, document)
        if flag(answer, "Result") is not verdict:
            yield Disagreement(sample, verdict, not verdict)


_ENVELOPE: Final[Mapping[str, object]] = {
    "id": "00000000-0000-4000-8000-000000000000",
    "account": "111122223333",
    "source": "aws.vedette",
    "time": "2026-11-21T10:00:00Z",
    "region": "us-east-1",
    "resources": [],
    "detail-type": "AWS API Call via CloudTrail",
}
