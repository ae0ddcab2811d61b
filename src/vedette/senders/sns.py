"""SNS: a topic, in CloudWatch's own forms with our context; and SMS to numbers.

Sources: SNS "Publish" (sizes, subjects, MessageStructure), and what CloudWatch was seen to publish. An alarm has a
message of its own, so a notice of several alerts is several messages; a retry publishes those that are missing.
"""

from __future__ import annotations

import bisect
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from vedette.alerts import render
from vedette.alerts.delivery import Dead, Outcome, Retry, Sent
from vedette.alerts.notice import Notice
from vedette.aws import AwsError, Failure
from vedette.errors import InputError, printable
from vedette.senders.port import Message
from vedette.senders.progress import Progress

BYTES = 262_144
"""A message with its attributes."""

SUBJECT = 100

_CUT = "\n[cut]\n"
_ATTRIBUTE = 256

Attributes = dict[str, dict[str, str]]


class Publisher(Protocol):
    """What is needed of an AwsClient of `sns`."""

    def call(self, method: str, **parameters: object) -> Mapping[str, object]:
        """Call a method; raises AwsError."""


@dataclass(frozen=True, slots=True)
class SnsSender:
    """A topic. With `plain` what is published is byte for byte CloudWatch's: no context, no attributes."""

    name: str
    client: Publisher
    topic: str
    plain: bool = False
    progress: Progress = field(default_factory=Progress)

    def send(self, message: Message) -> Outcome:
        """Publish each alert that has not been published."""
        notice = replace(message.notice, topic=self.topic)
        if not notice.alerts:
            return self._publish(message.key, notice, _words(notice))
        parts = {one.alerts[0].id: one for one in notice.narrowed()}
        return self.progress.each(
            message.key,
            parts,
            lambda alert: self._publish(f"{message.key}/{alert}", parts[alert], _alarm(parts[alert], self.plain)),
        )

    def close(self) -> None:
        """The client belongs to the session."""

    def _publish(self, key: str, notice: Notice, bodies: dict[str, str]) -> Outcome:
        attributes = {} if self.plain else _attributes(key, notice)
        text = fitting(bodies, BYTES - _size(attributes))
        if text is None:
            return Dead(f"the message is larger than SNS takes ({BYTES} bytes)")
        given: dict[str, object] = {
            "TopicArn": self.topic,
            "Subject": _subject(notice),
            "Message": text,
            "MessageStructure": "json",
        }
        if attributes:
            given["MessageAttributes"] = attributes
        if self.topic.endswith(".fifo"):
            given |= {"MessageGroupId": _digest(notice.incident), "MessageDeduplicationId": _digest(key)}
        return _outcome(lambda: self.client.call("publish", **given))


@dataclass(frozen=True, slots=True)
class SmsSender:
    """Telephone numbers in E.164 form (`+12025550123`), each sent to by SNS as a transactional message."""

    name: str
    client: Publisher
    numbers: tuple[str, ...]
    sender_id: str = ""
    progress: Progress = field(default_factory=Progress)

    def __post_init__(self) -> None:
        for number in self.numbers:
            digits = number.removeprefix("+")
            if digits == number or not (digits.isascii() and digits.isdigit() and 6 < len(digits) < 16):
                raise InputError(
                    f"channel `{self.name}`: `{printable(number)}` is not a telephone number", hint="+12025550123"
                )
        if not self.numbers:
            raise InputError(f"channel `{self.name}` has no number")

    def send(self, message: Message) -> Outcome:
        """Publish to each number that has not got it."""
        text = render.sms(message.notice)
        attributes = {"AWS.SNS.SMS.SMSType": _text("Transactional")}
        if self.sender_id:
            attributes["AWS.SNS.SMS.SenderID"] = _text(self.sender_id)

        def publish(number: str) -> Outcome:
            return _outcome(
                lambda: self.client.call("publish", PhoneNumber=number, Message=text, MessageAttributes=attributes)
            )

        return self.progress.each(message.key, self.numbers, publish)

    def close(self) -> None:
        """The client belongs to the session."""


def fitting(bodies: Mapping[str, str], room: int) -> str | None:
    """The bodies as a JSON structure in at most `room` bytes; the e-mail gives way. None if that is not enough.

    Characters stay themselves: escaped ones would take six bytes each.
    """
    whole = _json(bodies)
    if len(whole.encode()) <= room:
        return whole
    email = bodies.get("email", "")

    def cut(length: int) -> str:
        return _json({**bodies, "email": email[:length] + _CUT})

    longest = bisect.bisect_right(range(len(email) + 1), room, key=lambda length: len(cut(length).encode())) - 1
    return cut(longest) if "email" in bodies and longest >= 0 else None


def _json(bodies: Mapping[str, str]) -> str:
    return json.dumps({name: _sound(body) for name, body in bodies.items()}, ensure_ascii=False)


def _alarm(notice: Notice, plain: bool) -> dict[str, str]:
    return {
        "default": render.cloudwatch_json(notice),
        "email": render.cloudwatch_email(notice, context=not plain),
        "sms": render.cloudwatch_sms(notice),
    }


def _words(notice: Notice) -> dict[str, str]:
    return {"default": render.plain(notice), "sms": render.sms(notice)}


def _subject(notice: Notice) -> str:
    text = render.cloudwatch_subject(notice) if notice.alerts else render.plain(notice).partition("\n")[0]
    safe = "".join(char if " " <= char <= "~" else "_" for char in text).strip()
    return safe[:SUBJECT] or "Vedette"


def _attributes(key: str, notice: Notice) -> Attributes:
    found = {"reason": _text(notice.reason.value), "idempotency_key": _text(key)}
    if notice.alerts:
        alert = notice.alerts[0]
        accounts = [account for account, _ in alert.evidence.accounts.most_common(10) if account]
        found |= {"severity": _text(alert.severity.value), "detection": _text(alert.detection)}
        if len(accounts) == 1:
            found["account"] = _text(accounts[0])
        elif accounts:
            names = json.dumps([printable(account)[:_ATTRIBUTE] for account in accounts])
            found["account"] = {"DataType": "String.Array", "StringValue": names}
    return found


def _text(value: str) -> dict[str, str]:
    return {"DataType": "String", "StringValue": _sound(printable(value))[:_ATTRIBUTE] or "-"}


def _size(attributes: Attributes) -> int:
    return sum(
        len(name.encode()) + sum(len(value.encode()) for value in parts.values()) for name, parts in attributes.items()
    )


def _sound(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


_KEY_FAILURES = ("KMSDisabled", "KMSInvalidState", "KMSNotFound", "KMSOptInRequired")


def _outcome(publish: Callable[[], Mapping[str, object]]) -> Outcome:
    try:
        answer = publish()
    except AwsError as error:
        return _refusal(error)
    return Sent(str(answer.get("MessageId", "")))


def _refusal(error: AwsError) -> Outcome:
    if error.failure in (Failure.MISSING, Failure.REFUSED) and not error.code.startswith(_KEY_FAILURES):
        return Dead(error.render())
    return Retry(error.render(), credentials=error.failure is Failure.CREDENTIALS)
