"""What a trail and its owner do in AWS, in a few words: buckets, queues, topics, log groups."""

from __future__ import annotations

import gzip
import itertools
import json
import time
from collections.abc import Iterable

from aws_server import ACCOUNT, REGION
from vedette.aws import AwsSession
from vedette.cloudtrail.moment import print_time
from vedette.sources.port import Item, Source

NOW = 1_795_255_200
_NUMBERS = itertools.count(1)


def log_file(*names: str) -> bytes:
    return gzip.compress(json.dumps({"Records": [{"eventName": name} for name in names]}).encode(), mtime=0)


def key_at(
    moment: int, unique: str = "AbCdEfGhIjKlMnOp", *, account: str = "111122223333", region: str = REGION, top: str = ""
) -> str:
    """The key of a log file, as CloudTrail makes it."""
    stamp = print_time(moment)
    day, minute = stamp[:10].replace("-", "/"), stamp[:16].replace("-", "").replace(":", "")
    name = f"{account}_CloudTrail_{region}_{minute}Z_{unique}.json.gz"
    return f"{top}AWSLogs/{account}/CloudTrail/{region}/{day}/{name}"


class Cloud:
    """A bucket and a queue that nobody else has."""

    def __init__(self, session: AwsSession) -> None:
        self.s3, self.sqs, self.sns = (session.client(service) for service in ("s3", "sqs", "sns"))
        self.logs = session.client("logs")
        self.id = f"x{next(_NUMBERS)}-{time.monotonic_ns()}"
        self.bucket = f"trail-{self.id}"
        self.s3.call("create_bucket", Bucket=self.bucket)
        self.url = str(self.sqs.call("create_queue", QueueName=f"queue-{self.id}")["QueueUrl"])
        self.queue_arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:queue-{self.id}"

    def put(self, key: str, data: bytes | None = None) -> str:
        self.s3.call("put_object", Bucket=self.bucket, Key=key, Body=log_file(key) if data is None else data)
        return f"s3://{self.bucket}/{key}"

    def send(self, body: object) -> str:
        text = body if isinstance(body, str) else json.dumps(body)
        return str(self.sqs.call("send_message", QueueUrl=self.url, MessageBody=text)["MessageId"])

    def tell(self, *keys: str) -> str:
        """As a trail tells of its files."""
        return self.send({"s3Bucket": self.bucket, "s3ObjectKey": list(keys)})

    def waiting(self) -> int:
        """Messages in the queue, whether handed out or not."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        answer = self.sqs.call("get_queue_attributes", QueueUrl=self.url, AttributeNames=names)
        attributes = answer["Attributes"]
        assert isinstance(attributes, dict)
        return sum(int(attributes[name]) for name in names)

    def log_group(self, *events: tuple[int, str], stream: str = "111122223333_CloudTrail_us-east-1") -> str:
        """A log group with these events, each a time in milliseconds and a message."""
        name = f"group-{self.id}"
        self.logs.call("create_log_group", logGroupName=name)
        self.logs.call("create_log_stream", logGroupName=name, logStreamName=stream)
        self.log(name, *events, stream=stream)
        return name

    def log(self, group: str, *events: tuple[int, str], stream: str = "111122223333_CloudTrail_us-east-1") -> None:
        given = [{"timestamp": moment, "message": message} for moment, message in events]
        if given:
            self.logs.call("put_log_events", logGroupName=group, logStreamName=stream, logEvents=given)


def read(item: Item) -> bytes:
    with item.open() as stream:
        return stream.read()


def names(items: Iterable[Item]) -> list[str]:
    return [item.name for item in items]


def drain(source: Source, now: int = NOW) -> list[str]:
    """The names of everything that comes until nothing does, each acknowledged."""
    found: list[str] = []
    while items := list(source.poll(now)):
        for item in items:
            item.ack()
            found.append(item.name)
    return found
