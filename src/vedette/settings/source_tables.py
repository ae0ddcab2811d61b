"""The tables of `[[source]]`, one for each kind: values only."""

# ruff: noqa: RUF009  (a declaration is a field, made once)

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from vedette.settings.declare import required, setting
from vedette.settings.formats import ACCOUNT, BUCKET, NAME, PATH, QUEUE, REGION, START, Start
from vedette.settings.kinds import OPTIONAL_TEXT, TEXT, choice, duration, many, number


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSettings:
    """What every `[[source]]` has."""

    kind: ClassVar[str]
    name: str = setting(
        NAME, "its name in commands and logs; one that changes is a new source", "", shown="the kind and its place"
    )
    quiet_after: int = setting(duration(), "tell when nothing came for so long; `0s` for never", 6 * 3_600)

    @property
    def place(self) -> str:
        """What it reads, in a word."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderSource(SourceSettings):
    """`kind = "folder"`: files as they appear, at any depth."""

    kind: ClassVar[str] = "folder"
    path: str = required(PATH, "the folder")
    settle: int = setting(duration(0, 3_600), "take a file that is not whole once it has rested so long", 10)

    @property
    def place(self) -> str:
        """The folder."""
        return self.path


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsSource(SourceSettings):
    """What every source in AWS has."""

    account: str | None = setting(ACCOUNT, "read with the role of this account, from `[accounts.ID]`", None)
    region: str | None = setting(REGION, "the region", None, shown="`region` of `[aws]`")


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueSource(AwsSource):
    """What every source behind an SQS queue has."""

    queue: str = required(QUEUE, "the address of the SQS queue")
    visibility: int = setting(duration(30, 43_200), "how long a message is ours before it is given out again", 300)
    wait: int = setting(duration(0, 20), "how long one request waits for messages", 10)
    max_receives: int = setting(
        number(1, 1_000), "put a message aside after so many attempts; set the queue's own redrive higher", 5
    )
    on_poison: str = setting(
        choice("delete", "leave"),
        "what becomes of a message put aside: deleted, or left to the queue's redrive",
        "delete",
    )

    @property
    def place(self) -> str:
        """The queue's name."""
        return self.queue.rpartition("/")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class S3QueueSource(QueueSource):
    """`kind = "s3-sqs"`: log files of a bucket, told by a queue (from S3, SNS, EventBridge or the trail's topic)."""

    kind: ClassVar[str] = "s3-sqs"


@dataclass(frozen=True, slots=True, kw_only=True)
class EventBridgeSource(QueueSource):
    """`kind = "eventbridge-sqs"`: single events from an EventBridge rule by way of a queue, within seconds."""

    kind: ClassVar[str] = "eventbridge-sqs"


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Source(AwsSource):
    """`kind = "s3"`: log files of a bucket, found by listing it: to read what is there, or where no queue is."""

    kind: ClassVar[str] = "s3"
    bucket: str = required(BUCKET, "the bucket")
    prefix: str = setting(OPTIONAL_TEXT, "what stands before `AWSLogs/` in its keys", "")
    since: Start = setting(START, "read files delivered since then", Start(back=86_400))
    accounts: tuple[str, ...] = setting(many(ACCOUNT), "these accounts alone", (), shown="all")
    regions: tuple[str, ...] = setting(many(REGION), "these regions alone", (), shown="all")
    overlap: int = setting(duration(0, 30 * 86_400), "look back so far for files delivered late", 3_600)

    @property
    def place(self) -> str:
        """The bucket and the prefix."""
        return f"{self.bucket}/{self.prefix}".rstrip("/")


@dataclass(frozen=True, slots=True, kw_only=True)
class LogsSource(AwsSource):
    """`kind = "logs"`: a log group of CloudWatch Logs to which a trail delivers."""

    kind: ClassVar[str] = "logs"
    group: str = required(TEXT, "the log group's name or ARN")
    stream_prefix: str = setting(OPTIONAL_TEXT, "only streams whose name begins so", "")
    since: Start = setting(START, "read events delivered since then", Start(back=3_600))
    overlap: int = setting(duration(0, 86_400), "look back so far for events that come late", 300)

    @property
    def place(self) -> str:
        """The log group."""
        return self.group


Source = FolderSource | S3QueueSource | S3Source | EventBridgeSource | LogsSource
SOURCES: Mapping[str, type[Source]] = {
    one.kind: one for one in (FolderSource, S3QueueSource, S3Source, EventBridgeSource, LogsSource)
}
