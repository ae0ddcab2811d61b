"""Single events from EventBridge by way of a queue, within seconds: several messages make one object of lines.

An object's name is made of its messages' ids. Messages that come again in another company are another object; the
events in them are known by their ids.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import msgspec

from vedette.sources.notification import NotificationError, unwrap
from vedette.sources.port import Item, PoisonError
from vedette.sources.s3 import poison, worn
from vedette.sources.sqs import Handed, Message, Queue

_ROUNDS = 10
"""Requests that one object's messages may take: 100 messages."""


class _Envelope(msgspec.Struct):
    detail: msgspec.Raw = msgspec.Raw()


def line_of(body: str) -> bytes:
    """The record in a message, as one line; an object without `detail` is taken to be the record itself.

    Raises NotificationError for what is not a JSON object.
    """
    text = unwrap(body).encode("utf-8", "surrogatepass")
    try:
        detail = msgspec.json.decode(text, type=_Envelope).detail
    except (msgspec.DecodeError, RecursionError):
        raise NotificationError("not a JSON object") from None
    record = bytes(detail) or text
    # A line break within JSON is white space between tokens: within texts it is escaped.
    return record.replace(b"\r", b" ").replace(b"\n", b" ")


@dataclass(slots=True)
class EventQueue:
    """A queue of events as a source."""

    name: str
    queue: Queue

    @property
    def cursor(self) -> str:
        """None is needed: the queue knows what is not done."""
        return ""

    def poll(self, now: int) -> Iterator[Item]:
        """One object with the events of up to a hundred messages; each message that holds none is one of its own."""
        lines: list[tuple[Message, bytes]] = []
        for message in self._messages():
            try:
                if self.queue.is_worn(message):
                    yield poison(self.queue, message, worn(message).message)
                else:
                    lines.append((message, line_of(message.body)))
            except NotificationError as error:
                yield poison(self.queue, message, str(error))
        ours = [one for one in lines if self.queue.keep(one[0])]
        if ours:
            yield self._item(ours)

    def fetch(self, name: str) -> Item:
        """Nothing leads back to a message: raises PoisonError."""
        raise PoisonError(f"`{name}` was a message, and is gone")

    def _messages(self) -> Iterator[Message]:
        wait = None
        for _ in range(_ROUNDS):
            found = self.queue.receive(wait)
            yield from found
            if not found:
                return
            wait = 0

    def _item(self, lines: Sequence[tuple[Message, bytes]]) -> Item:
        handed = [Handed.of(self.queue, message, [message.id]) for message, _ in lines]
        ids = sorted(one.message.id for one in handed)
        digest = hashlib.sha256("\n".join(ids).encode()).hexdigest()[:32]
        data = b"\n".join(line for _, line in lines) + b"\n"

        def ack() -> None:
            with self.queue.together():
                for one in handed:
                    one.ack(one.message.id)

        def reject(why: str) -> None:
            with self.queue.together():
                for one in handed:
                    one.reject(one.message.id)

        def extend(seconds: int) -> None:
            for one in handed:
                one.extend(seconds)

        sent = [one.message.sent for one in handed if one.message.sent is not None]
        return Item(
            name=f"sqs://{self.queue.name}/{digest}",
            size=len(data),
            open=lambda: io.BytesIO(data),
            ack=ack,
            extend=extend,
            reject=reject,
            delivered=max(sent, default=None),
            together=self.queue.together,
        )
