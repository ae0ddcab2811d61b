"""Stand-ins at the edges of a monitor: a clock that is set, sources that are filled, senders that answer as told."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

from vedette.alerts.delivery import Outcome, Sent
from vedette.alerts.policy import Policy, Route
from vedette.app.figures import Figures
from vedette.app.journal import Journal
from vedette.app.notices import Notices
from vedette.app.wiring import Parts
from vedette.app.work import Work
from vedette.cloudtrail.moment import print_time
from vedette.detections.loader import load_text
from vedette.monitor.store import Store
from vedette.monitor.watching import Monitor
from vedette.secrets import Secrets
from vedette.senders.port import Message
from vedette.settings import Settings
from vedette.settings.load import parse_settings
from vedette.sources.port import Item, PoisonError
from vedette.stores.memory import MemoryStore

NOON = 1_795_262_400  # 2026-11-21T12:00:00Z

DETECTION = """\
id: key-made
title: An access key was made
severity: high
category: test
description: A key was made.
why: It outlives its maker.
respond: [Look at it.]
pattern: '{ $.eventName = "CreateAccessKey" }'
tests: []
"""


@dataclass(slots=True)
class SetClock:
    """Shows what it is set to."""

    time: int = NOON

    def now(self) -> int:
        return self.time

    def elapsed(self) -> float:
        return float(self.time)


def record(number: int, *, name: str = "CreateAccessKey", user: str = "alice", at: int = NOON) -> dict[str, object]:
    return {
        "eventVersion": "1.11",
        "userIdentity": {"type": "IAMUser", "userName": user, "accountId": "111122223333",
                         "arn": f"arn:aws:iam::111122223333:user/{user}", "principalId": "AIDAEXAMPLE"},
        "eventTime": print_time(at),
        "eventSource": "iam.amazonaws.com",
        "eventName": name,
        "awsRegion": "us-east-1",
        "sourceIPAddress": "198.51.100.7",
        "eventID": f"event-{number}",
        "eventType": "AwsApiCall",
        "recipientAccountId": "111122223333",
    }  # fmt: skip


def log_file(*records: dict[str, object]) -> bytes:
    return json.dumps({"Records": records}).encode()


@dataclass(slots=True)
class FilledSource:
    """Gives what is put in it until it is acknowledged or rejected; `failure` is raised instead, if there is one."""

    name: str = "fake"
    cursor: str = ""
    objects: dict[str, bytes | Exception] = field(default_factory=dict)
    acknowledged: list[str] = field(default_factory=list)
    rejected: dict[str, str] = field(default_factory=dict)
    extended: list[str] = field(default_factory=list)
    failure: Exception | None = None
    delivered: dict[str, int] = field(default_factory=dict)
    together: Callable[[], AbstractContextManager[None]] = nullcontext
    buffered: int = 0

    def put(self, name: str, *records: dict[str, object], delivered: int) -> None:
        """A log file that was delivered at that time; others were at NOON."""
        self.objects[name], self.delivered[name] = log_file(*records), delivered

    def poll(self, now: int) -> Iterator[Item]:
        if self.failure is not None:
            raise self.failure
        for name in list(self.objects):
            yield self.item(name)

    def fetch(self, name: str) -> Item:
        if name not in self.objects:
            raise PoisonError(f"`{name}` is gone")
        return self.item(name)

    def item(self, name: str) -> Item:
        content = self.objects[name]
        return Item(
            name, 1, lambda: _opened(content), lambda: self._ack(name), lambda _: self.extended.append(name),
            lambda why: self._reject(name, why), self.delivered.get(name, NOON), self.together, self.buffered,
        )  # fmt: skip

    def _ack(self, name: str) -> None:
        self.acknowledged.append(name)
        self.objects.pop(name, None)

    def _reject(self, name: str, why: str) -> None:
        self.rejected[name] = why
        self.objects.pop(name, None)


def _opened(content: bytes | Exception) -> io.BytesIO:
    if isinstance(content, Exception):
        raise content
    return io.BytesIO(content)


@dataclass(slots=True)
class AnsweringSender:
    """Answers in turn what it was given, then Sent; remembers what it was to send."""

    name: str = "mail"
    answers: list[Outcome | Exception] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    sent: threading.Event = field(default_factory=threading.Event)
    closed: bool = False
    during: Callable[[], None] = lambda: None

    def send(self, message: Message) -> Outcome:
        self.messages.append(message)
        self.during()
        answer = self.answers.pop(0) if self.answers else Sent()
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, Sent):
            self.sent.set()
        return answer

    def close(self) -> None:
        self.closed = True


def settings(text: str = "", folder: Path = Path("/nonexistent")) -> Settings:
    return parse_settings(
        f"[monitor]\ninterval = '1s'\nhealth_port = 0\n{text}", "test", {"HOME": "/nonexistent"}, folder
    )


def monitor(channels: Sequence[str] = ("mail",), **changes: object) -> Monitor:
    policy = {"group_wait": 0, "repeat_after": 0, "max_age": 1 << 40, **changes}
    return Monitor((load_text(DETECTION, "test"),), Policy((Route(tuple(channels)),), **policy))  # type: ignore[arg-type]


def parts(
    store: Store | None = None, *, source: FilledSource | None = None, senders: Sequence[AnsweringSender] | None = None,
    clock: SetClock | None = None, stream: io.StringIO | None = None, **policy: object,
) -> Parts:  # fmt: skip
    clock = clock or SetClock()
    senders = [AnsweringSender()] if senders is None else senders
    given = settings()
    if source is not None:
        given = settings("[[source]]\nkind = 'folder'\nname = 'fake'\npath = '/'\n")
    watched = monitor([sender.name for sender in senders], **policy)
    return Parts(
        settings=given, store=store or MemoryStore(), monitor=watched, sources=() if source is None else (source,),
        senders=tuple(senders), notices=Notices(given, watched), secrets=Secrets({}), clock=clock,
        journal=Journal(clock.now, stream=stream or io.StringIO()), figures=Figures(), holder="here/1/a",
    )  # fmt: skip


def work_over(store: Store, stop: threading.Event | None = None, stream: io.StringIO | None = None) -> Work:
    return Work(store, stop or threading.Event(), Journal(lambda: NOON, stream=stream or io.StringIO()), Figures())
