"""Who hears of the topics: those that were deployed, whether they have agreed, and who was added. It reads only."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from vedette.alerts.words import joined
from vedette.aws import AwsError, AwsSession, Failure
from vedette.deploy.answers import records, text
from vedette.deploy.deployed import Resource

_Key = tuple[str, str, str]
"""A topic's ARN, a protocol, and an endpoint."""


class Confirmation(enum.Enum):
    """Whether a subscription works."""

    CONFIRMED = "confirmed"
    PENDING = "pending"
    """Whoever it is has not confirmed it."""
    ABSENT = "absent"
    """It was deployed, and somebody has ended it, or did not confirm it in time."""
    ADDED = "added by hand"
    """It was not deployed: somebody else is told, too."""


@dataclass(frozen=True, slots=True)
class SubscriptionState:
    """Who is told by a topic, and whether they have agreed; `arn` is the topic's."""

    topic: str
    protocol: str
    endpoint: str
    confirmation: Confirmation
    arn: str = ""


def subscriptions(session: AwsSession, deployed: Sequence[Resource]) -> tuple[SubscriptionState, ...]:
    """Those that were deployed, and those that somebody has added to a topic of ours, once they are confirmed."""
    wanted = [one for one in deployed if one.type == "AWS::SNS::Subscription"]
    of_topics = [one.arn for one in deployed if one.type == "AWS::SNS::Topic"]
    there: dict[_Key, str] = {}
    for topic in dict.fromkeys((*(text(one.properties, "TopicArn") for one in wanted), *of_topics)):
        if topic:
            there.update(_of_topic(session, topic))
    known = [_state(one, there) for one in wanted]
    return (*known, *_added({(one.arn, one.protocol, one.endpoint) for one in known}, there))


def _of_topic(session: AwsSession, topic: str) -> Iterator[tuple[_Key, str]]:
    try:
        for page in session.client("sns").pages("list_subscriptions_by_topic", TopicArn=topic):
            for one in records(page, "Subscriptions"):
                yield (topic, text(one, "Protocol"), text(one, "Endpoint")), text(one, "SubscriptionArn")
    except AwsError as error:
        if error.failure is not Failure.MISSING:
            raise


def _state(one: Resource, there: Mapping[_Key, str]) -> SubscriptionState:
    topic, protocol, endpoint = (text(one.properties, name) for name in ("TopicArn", "Protocol", "Endpoint"))
    arn = there.get((topic, protocol, endpoint), "")
    state = Confirmation.CONFIRMED if arn.startswith("arn:") else Confirmation.PENDING
    if arn in ("", "Deleted"):
        state = Confirmation.ABSENT
    return SubscriptionState(topic.rpartition(":")[2], protocol, endpoint, state, topic)


def _added(known: set[_Key], there: Mapping[_Key, str]) -> Iterator[SubscriptionState]:
    for (topic, protocol, endpoint), arn in there.items():
        if (topic, protocol, endpoint) not in known and arn.startswith("arn:"):
            yield SubscriptionState(topic.rpartition(":")[2], protocol, endpoint, Confirmation.ADDED, topic)


def not_told(found: Iterable[SubscriptionState]) -> Iterator[str]:
    """Who is told nothing, each address once, with what to do about it."""
    by_address: dict[tuple[Confirmation, str, str], list[SubscriptionState]] = {}
    for one in found:
        by_address.setdefault((one.confirmation, one.protocol, one.endpoint), []).append(one)
    for (confirmation, protocol, endpoint), those in by_address.items():
        topics = joined([one.topic for one in those])
        if confirmation is Confirmation.PENDING:
            yield f"{endpoint} has not confirmed yet ({topics}): it is told nothing{_how_to_confirm(protocol)}"
        elif confirmation is Confirmation.ABSENT:
            command = f"aws sns subscribe --topic-arn {those[0].arn} --protocol {protocol} --notification-endpoint"
            yield (
                f"{endpoint} is not subscribed any more ({topics}): it is told nothing; `{command} {endpoint}` asks it "
                "anew" + (", and so for the other topics" if len(those) > 1 else "")
            )


def _how_to_confirm(protocol: str) -> str:
    if protocol != "email":
        return ""
    return "; the link is in AWS's mail `AWS Notification - Subscription Confirmation`, and works for two days"
