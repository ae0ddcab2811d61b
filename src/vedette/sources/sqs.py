"""An SQS queue as sources use it: messages in, each kept until everything that it told of is settled.

A message is deleted when all its parts are acknowledged or rejected. Killed before that, the queue gives it out again.
Messages that were received too often are `worn`: their source hands them out as poison.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from vedette.aws import AwsClient, AwsError, Failure
from vedette.aws.errors import cut
from vedette.sources.held import Clock

MOST_TOGETHER = 10
_LEFT = 10_000
_NOT_OURS = ("ReceiptHandleIsInvalid", "InvalidParameterValue", "MessageNotInflight")
"""What SQS answers about a message whose time has run out; some protocols put a name space before it."""


@dataclass(frozen=True, slots=True)
class Message:
    """A message as received. `received` counts how often it was, `sent` is when it came to the queue, in seconds."""

    id: str
    body: str
    receipt: str
    received: int
    sent: int | None
    since: float


class _Done(threading.local):
    """The messages that a thread deletes together once it has them all; None while it deletes each at once."""

    messages: list[Message] | None = None


@dataclass(slots=True)
class Queue:
    """One queue. `visibility` is how long, in seconds, a message is ours; `wait` how long a request waits for some.

    With `leave`, a message that was rejected is not deleted, so that the queue's own redrive takes it in time.
    """

    client: AwsClient
    url: str
    visibility: int = 300
    wait: int = 10
    max_receives: int = 5
    leave: bool = False
    clock: Clock = time.monotonic
    _left: OrderedDict[str, None] = field(default_factory=OrderedDict)
    _done: _Done = field(default_factory=_Done)

    @property
    def name(self) -> str:
        """The last part of its address."""
        return self.url.rpartition("/")[2]

    def receive(self, wait: int | None = None) -> list[Message]:
        """Up to ten messages; none if there is none within `wait` seconds. Raises AwsError."""
        since = self.clock()
        answer = self.client.call(
            "receive_message",
            QueueUrl=self.url,
            MaxNumberOfMessages=MOST_TOGETHER,
            WaitTimeSeconds=self.wait if wait is None else wait,
            VisibilityTimeout=self.visibility,
            AttributeNames=["ApproximateReceiveCount", "SentTimestamp"],
        )
        found = answer.get("Messages", [])
        assert isinstance(found, list)
        return [message for one in found if (message := _message(one, since)).id not in self._left]

    def is_worn(self, message: Message) -> bool:
        """Whether it was received more often than is sensible."""
        return message.received > self.max_receives

    def keep(self, message: Message) -> bool:
        """Before a message is handed out: make sure that it still is ours for a while. False if it is not."""
        age = self.clock() - message.since
        if age < self.visibility / 2:
            return True
        return age < self.visibility and self.extend(message, self.visibility)

    def extend(self, message: Message, seconds: int) -> bool:
        """Let it be ours for so many seconds from now; False if it is not ours any more. Raises AwsError."""
        return self._ours("change_message_visibility", message, VisibilityTimeout=min(seconds, 43_200))

    def delete(self, message: Message) -> None:
        """It is done. One that is not ours any more comes again, and is known then."""
        if self._done.messages is None:
            self._ours("delete_message", message)
        else:
            self._done.messages.append(message)

    @contextmanager
    def together(self) -> Iterator[None]:
        """What this thread deletes within the block is deleted when it ends, ten with a request. Raises AwsError."""
        if self._done.messages is not None:
            yield
            return
        done: list[Message] = []
        self._done.messages = done
        try:
            yield
        finally:
            self._done.messages = None
            for start in range(0, len(done), MOST_TOGETHER):
                self._delete_some(done[start : start + MOST_TOGETHER])

    def _delete_some(self, messages: Sequence[Message]) -> None:
        entries = [{"Id": str(number), "ReceiptHandle": one.receipt} for number, one in enumerate(messages)]
        failed = self.client.call("delete_message_batch", QueueUrl=self.url, Entries=entries).get("Failed", [])
        assert isinstance(failed, list)
        for one in failed:
            code = str(one.get("Code", ""))
            if not code.endswith(_NOT_OURS):
                raise AwsError(f"{code}: {cut(str(one.get('Message', '')))}", Failure.BROKEN, code=code)

    def let_be(self, message: Message) -> None:
        """Neither delete it nor hand it out again: the queue's redrive takes it."""
        self._left[message.id] = None
        while len(self._left) > _LEFT:
            self._left.popitem(last=False)

    def _ours(self, method: str, message: Message, **parameters: object) -> bool:
        try:
            self.client.call(method, QueueUrl=self.url, ReceiptHandle=message.receipt, **parameters)
        except AwsError as error:
            if error.failure is Failure.REFUSED and error.code.endswith(_NOT_OURS):
                return False
            raise
        return True


@dataclass(slots=True)
class Handed:
    """A message whose parts are out; settled with the last of them."""

    queue: Queue
    message: Message
    parts: set[str]
    rejected: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def of(cls, queue: Queue, message: Message, parts: Iterable[str]) -> Handed:
        """Nothing of it is settled yet."""
        return cls(queue, message, set(parts))

    def ack(self, part: str) -> None:
        """A part's effects are committed."""
        self._settle(part, rejected=False)

    def reject(self, part: str) -> None:
        """A part is recorded as unreadable."""
        self._settle(part, rejected=True)

    def extend(self, seconds: int) -> None:
        """A part takes longer."""
        self.queue.extend(self.message, seconds)

    def _settle(self, part: str, *, rejected: bool) -> None:
        with self._lock:
            if part not in self.parts:
                return
            self.rejected = self.rejected or rejected
            last = len(self.parts) == 1
            if not last:
                self.parts.discard(part)
        if last:
            self._end()
            with self._lock:
                self.parts.discard(part)

    def _end(self) -> None:
        if self.queue.leave and (self.rejected or self.queue.is_worn(self.message)):
            self.queue.let_be(self.message)
        else:
            self.queue.delete(self.message)


def _message(found: dict[str, object], since: float) -> Message:
    attributes = found.get("Attributes", {})
    assert isinstance(attributes, dict)
    sent = str(attributes.get("SentTimestamp", ""))
    return Message(
        id=str(found["MessageId"]),
        body=str(found["Body"]),
        receipt=str(found["ReceiptHandle"]),
        received=int(attributes.get("ApproximateReceiveCount", 1)),
        sent=int(sent) // 1000 if sent.isdigit() else None,
        since=since,
    )
