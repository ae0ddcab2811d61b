"""A channel tried for real: one message about an invented alert goes out, and what became of it is told.

The store has no part in it: nothing is planned, counted or kept.
"""

from __future__ import annotations

from dataclasses import dataclass

from vedette.alerts.delivery import Outcome, Reason
from vedette.alerts.evidence import Evidence, Sighting
from vedette.alerts.notice import Notice
from vedette.alerts.record import AlertRecord
from vedette.app.accounts import Accounts
from vedette.app.channels import make_sender
from vedette.app.vault import open_secrets
from vedette.cloudtrail.identity import Actor, ActorKind
from vedette.detections.definition import Detection
from vedette.detections.loader import load_builtin
from vedette.errors import VedetteError
from vedette.senders.port import Message
from vedette.settings.channel_tables import Channel
from vedette.settings.model import Settings

TEST_KEY = "test-"
"""How the keys of test messages, and the ids of the alerts in them, begin."""

_DETECTION = "root-login"
_ACCOUNT = "111122223333"
"""The account of AWS's own examples: nobody's."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What became of a test message: the channel's answer, with every secret hidden in it."""

    key: str
    outcome: Outcome
    hidden: str
    """The reason, or the receiver's reference, as it may be shown."""


def try_channel(settings: Settings, channel: Channel, now: int) -> Trial:
    """Send a test message over the channel, once. Raises VedetteError for what keeps it from being sent at all."""
    accounts = Accounts(settings)
    secrets = open_secrets(accounts)
    sender = make_sender(channel, secrets, accounts)
    key = f"{TEST_KEY}{channel.name}-{now}"
    try:
        outcome = sender.send(Message(key, test_notice(settings, channel.name, key, now)))
    except VedetteError:
        raise
    except Exception as error:  # noqa: BLE001  # told without the secrets that the sender knows, nor its locals
        why = secrets.hide(f"{type(error).__name__}: {error}")
        raise VedetteError(f"the sender broke: {why}", hint="this is a bug in Vedette") from None
    finally:
        sender.close()
    told = getattr(outcome, "why", "") or getattr(outcome, "reference", "")
    return Trial(key, outcome, secrets.hide(told))


def test_notice(settings: Settings, channel: str, key: str, now: int) -> Notice:
    """A notice that says that it is a test, about an alert as it might come."""
    detection = next(one for one in load_builtin(tests=False) if one.id == _DETECTION)
    return Notice(
        key=key,
        reason=Reason.TEST,
        alerts=(_invented(detection, key, now),),
        detections={detection.id: detection},
        channel=channel,
        now=now,
        zone=settings.monitor.zone,
    )


def _invented(detection: Detection, key: str, now: int) -> AlertRecord:
    actor = Actor(ActorKind.ROOT, "root", f"{_ACCOUNT}/root", account=_ACCOUNT, arn=f"arn:aws:iam::{_ACCOUNT}:root")
    seen = Sighting(
        time=now - 60,
        event_id="00000000-0000-4000-8000-000000000000",
        object_name="test",
        first_line=0,
        place=0,
        actor=actor,
        address="198.51.100.7",
        region="us-east-1",
        account=_ACCOUNT,
        event_source="signin.amazonaws.com",
        event_name="ConsoleLogin",
        user_agent="Mozilla/5.0",
        error="",
        resources=(),
    )
    minute = seen.time // 60 * 60
    return AlertRecord(
        id=key,
        detection=detection.id,
        title=detection.title,
        severity=detection.severity,
        group=(actor.key,),
        opened=now,
        closed=None,
        reason="This is a test: nothing was counted.",
        minutes=(minute, minute),
        evidence=Evidence.of([seen]),
        incident=key,
        created=now,
        changed=now,
    )
