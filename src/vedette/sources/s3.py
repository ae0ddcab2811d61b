"""Log files in S3 that a queue tells of: each notification's objects are downloaded when they are read.

S3 → SQS, S3 → SNS → SQS (raw or not), EventBridge → SQS, a trail's own SNS topic → SQS
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Protocol, cast

from vedette.aws import AwsClient, AwsError, Failure
from vedette.cloudtrail.limits import DEFAULT_LIMITS, Limits
from vedette.cloudtrail.object_key import ObjectKey
from vedette.sources.notification import NotificationError, ObjectRef, objects_in
from vedette.sources.port import Item, PoisonError
from vedette.sources.sqs import Handed, Message, Queue

_IN_MEMORY = 4 << 20
_STEP = 1 << 20


class _Body(Protocol):
    def read(self, amount: int) -> bytes: ...

    def close(self) -> None: ...


def download(client: AwsClient, ref: ObjectRef, limits: Limits = DEFAULT_LIMITS) -> BinaryIO:
    """The whole object in a temporary file, which goes when it is closed; small ones stay in memory.

    Raises PoisonError for an object that is gone or larger than `limits` allow, AwsError for everything else.
    """
    parameters = {"Bucket": ref.bucket, "Key": ref.key}
    try:
        answer = client.call("get_object", **parameters)
    except AwsError as error:
        if error.failure is Failure.MISSING and "bucket" not in error.code.lower():
            raise PoisonError(f"{ref.name} is gone") from None
        raise
    body = cast(_Body, answer["Body"])
    spool = cast(BinaryIO, tempfile.SpooledTemporaryFile(_IN_MEMORY))  # noqa: SIM115  # for whoever reads it to close
    try:
        with client.translating("get_object", **parameters):
            _copy(body, spool, ref, limits)
    except BaseException:
        spool.close()
        raise
    finally:
        body.close()
    spool.seek(0)
    return spool


def _copy(body: _Body, spool: BinaryIO, ref: ObjectRef, limits: Limits) -> None:
    size = 0
    while data := body.read(_STEP):
        size += len(data)
        if size > limits.compressed_bytes:
            raise PoisonError(f"{ref.name} is larger than {limits.compressed_bytes} bytes")
        spool.write(data)


def buffered(size: int) -> int:
    """How much memory an object of that many bytes holds once it is downloaded; `size` is 0 where it is not known."""
    return min(size or _IN_MEMORY, _IN_MEMORY)


def fetch_object(client: AwsClient, name: str, limits: Limits) -> Item:
    """An object by its name, `s3://bucket/key`, with nothing to acknowledge; raises PoisonError for other names."""
    ref = ObjectRef.parse(name)
    if ref is None:
        raise PoisonError(f"`{name}` was a message, and is gone")
    return Item(name, 0, lambda: download(client, ref, limits))


def delivered_at(key: str) -> int | None:
    """When CloudTrail delivered an object, by its name."""
    parsed = ObjectKey.parse(key)
    return None if parsed is None else parsed.delivered


@dataclass(slots=True)
class NotifiedBucket:
    """The objects that a queue's messages name, as a source. `client` is one of S3."""

    name: str
    client: AwsClient
    queue: Queue
    limits: Limits = DEFAULT_LIMITS

    @property
    def cursor(self) -> str:
        """None is needed: the queue knows what is not done."""
        return ""

    def poll(self, now: int) -> Iterator[Item]:
        """The objects of up to ten messages. A message that tells of none is done at once."""
        for message in self.queue.receive():
            if self.queue.keep(message):
                yield from self._items(message)

    def fetch(self, name: str) -> Item:
        """The object of that name."""
        return fetch_object(self.client, name, self.limits)

    def _items(self, message: Message) -> Iterator[Item]:
        try:
            refs = objects_in(message.body)
        except NotificationError as error:
            yield poison(self.queue, message, str(error))
            return
        if not refs:
            self.queue.delete(message)
            return
        handed = Handed.of(self.queue, message, [ref.name for ref in refs])
        for ref in refs:
            yield self._item(handed, ref)

    def _item(self, handed: Handed, ref: ObjectRef) -> Item:
        message = handed.message

        def fetch() -> BinaryIO:
            if self.queue.is_worn(message):
                raise worn(message)
            return download(self.client, ref, self.limits)

        return Item(
            name=ref.name,
            size=ref.size,
            open=fetch,
            ack=lambda: handed.ack(ref.name),
            extend=handed.extend,
            reject=lambda why: handed.reject(ref.name),
            delivered=delivered_at(ref.key) or message.sent,
            together=self.queue.together,
            buffered=buffered(ref.size),
        )


def worn(message: Message) -> PoisonError:
    """The reason of a message that was received too often."""
    return PoisonError(f"received {message.received} times, and never read to its end")


def poison(queue: Queue, message: Message, why: str) -> Item:
    """A message that cannot be read, as an object that cannot be opened: it is recorded by the message's id."""
    handed = Handed.of(queue, message, [message.id])

    def refuse() -> BinaryIO:
        raise PoisonError(why)

    return Item(
        name=f"sqs://{queue.name}/{message.id}",
        size=len(message.body),
        open=refuse,
        ack=lambda: handed.ack(message.id),
        extend=handed.extend,
        reject=lambda why: handed.reject(message.id),
        delivered=message.sent,
        together=queue.together,
    )
