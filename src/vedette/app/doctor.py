"""Everything that a monitor needs, looked at one by one, and how to mend what is not as it should be.

Nothing is changed and nothing is sent, unless it is asked for: sources are asked what they would be asked anyway.
"""

from __future__ import annotations

import enum
import os
import platform
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from vedette import __version__
from vedette.alerts.delivery import Sent
from vedette.app.accounts import Accounts
from vedette.app.channels import secrets_of
from vedette.app.detections import chosen_detections
from vedette.app.holder import has_ended
from vedette.app.places import Places
from vedette.app.trial import try_channel
from vedette.app.upkeep import HOLDER
from vedette.app.vault import open_secrets
from vedette.app.wiring import open_settings_store
from vedette.aws import AwsError
from vedette.errors import VedetteError, reason_of
from vedette.monitor.store import Store
from vedette.secrets import Secrets
from vedette.settings.channel_tables import Channel, MaildirChannel, SmtpChannel, SnsChannel
from vedette.settings.model import PlaceSettings, Settings
from vedette.settings.source_tables import FolderSource, LogsSource, QueueSource, S3Source, Source

PATIENCE = 5.0
"""Seconds to wait for a server that is only greeted."""

_AHEAD = 120
_OLDEST = 1_767_225_600
"""The first second of 2026: a clock that shows less has never been set."""


class State(enum.Enum):
    """How a check came out."""

    GOOD = "ok"
    DOUBTFUL = "look"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Check:
    """What was looked at, what was found, and how to mend it."""

    what: str
    state: State
    found: str
    mend: str = ""


def examine(settings: Settings, now: int, *, send: bool = False) -> Iterator[Check]:
    """Every check, in the order in which a record goes its way; with `send`, each channel gets a test message."""
    accounts = Accounts(settings)
    secrets = open_secrets(accounts)
    yield Check("version", State.GOOD, f"vedette {__version__}, Python {platform.python_version()}")
    yield _settings(settings)
    yield _clock(now)
    yield _tried("detections", lambda: f"{len(chosen_detections(settings))} to ask")
    if settings.places != PlaceSettings():
        yield _tried("places", lambda: _places(settings.places))
    yield from _store(settings, secrets, now)
    if not settings.sources:
        yield Check("sources", State.BAD, "none", "add a `[[source]]`, or give folders to `vedette run`")
    for source in settings.sources:
        yield _tried(f"source {source.name}", lambda source=source: _source(source, accounts))  # type: ignore[misc]
    for channel in settings.channels:
        yield from _channel(settings, channel, secrets, accounts, now if send else None)


def _tried(what: str, look: Callable[[], str]) -> Check:
    try:
        return Check(what, State.GOOD, look())
    except VedetteError as error:
        return Check(what, State.BAD, error.message, error.hint or "")
    except OSError as error:
        return Check(what, State.BAD, reason_of(error))


def _places(given: PlaceSettings) -> str:
    Places(given)
    return ", ".join(path for path in (given.database, given.aws_ranges) if path is not None)


def _settings(settings: Settings) -> Check:
    if settings.path is None:
        return Check("settings", State.DOUBTFUL, "no file: defaults hold", "`vedette init` writes one")
    return Check("settings", State.GOOD, settings.path)


def _clock(now: int) -> Check:
    if now < _OLDEST:
        return Check(
            "clock", State.BAD, "it shows a time long past", "set it, and keep it set (timedatectl set-ntp on)"
        )
    return Check("clock", State.GOOD, "set")


def _store(settings: Settings, secrets: Secrets, now: int) -> Iterator[Check]:
    kind, _, place = settings.store.url.partition(":")
    path = Path(place.removeprefix("//"))
    if kind == "sqlite" and not path.exists():
        yield _new_store(path)
        return
    try:
        store = open_settings_store(settings, secrets, create=False)
    except VedetteError as error:
        yield Check("store", State.BAD, error.message, error.hint or "")
        return
    with closing(store):
        yield _tried("store", lambda: _kept(store))
        with suppress(VedetteError):
            yield from _life(store, settings, now)


def _new_store(path: Path) -> Check:
    nearest = next(folder for folder in path.absolute().parents if folder.exists())
    if os.access(nearest, os.W_OK | os.X_OK):
        return Check("store", State.GOOD, f"{path}: not there yet, `vedette run` makes it")
    return Check("store", State.BAD, f"{path}: cannot be made", f"let the user who runs Vedette write {nearest}")


def _kept(store: Store) -> str:
    found = store.status()
    version, latest = found.get("version"), found.get("latest")
    if not version:
        return f"{found.get('kind')} at {found.get('place')}: nothing in it yet, `vedette run` makes its tables"
    if version != latest:
        raise VedetteError(f"its schema is of version {version}, not {latest}", hint="vedette store migrate")
    with store.snapshot() as tx:
        tx.note("doctor")
    return f"{found.get('kind')}, {found.get('bytes', 0):,} bytes"


def _life(store: Store, settings: Settings, now: int) -> Iterator[Check]:
    """Whether a monitor seems to be running, and what it last heard of each source."""
    with store.snapshot() as tx:
        holder, healths = tx.note(HOLDER), {each.source: each for each in tx.healths()}
    if not holder or has_ended(holder):
        yield Check("monitor", State.DOUBTFUL, "none is running here", "`vedette run`, or the service that runs it")
    else:
        yield Check("monitor", State.GOOD, "one was started, and has not ended")
    for source in settings.sources:
        health = healths.get(source.name)
        if health is None or not health.last_at:
            continue
        if health.last_at > now + _AHEAD:
            yield Check("clock", State.BAD, "the store was written in what is the future now", "the clock was set back")
        if health.last_error:
            yield Check(f"source {source.name}", State.BAD, health.last_error, "see the monitor's log")


def _source(source: Source, accounts: Accounts) -> str:
    match source:
        case FolderSource():
            return _folder(source.path)
        case QueueSource():
            return _queue(source, accounts)
        case S3Source():
            accounts.session(source.account).client("s3", source.region).call(
                "list_objects_v2", Bucket=source.bucket, Prefix=source.prefix, MaxKeys=1
            )
            return f"s3://{source.bucket} can be listed"
        case LogsSource():
            given = "logGroupIdentifier" if source.group.startswith("arn:") else "logGroupName"
            accounts.session(source.account).client("logs", source.region).call(
                "filter_log_events", limit=1, **{given: source.group.removesuffix(":*")}
            )
            return f"{source.group} can be read"


def _folder(path: str) -> str:
    try:
        with os.scandir(path) as entries:
            return f"{path}: {'there are files' if any(entries) else 'empty so far'}"
    except FileNotFoundError as error:
        raise VedetteError(f"no folder `{path}`", hint=f"mkdir -p {path}, or change `path`") from error
    except OSError as error:
        why = reason_of(error)
        raise VedetteError(f"{path}: {why}", hint=f"let the user who runs Vedette read {path}") from error


def _queue(source: QueueSource, accounts: Accounts) -> str:
    client = accounts.session(source.account).client("sqs", source.region)
    try:
        answer = client.call(
            "get_queue_attributes", QueueUrl=source.queue, AttributeNames=["ApproximateNumberOfMessages"]
        )
    except AwsError as error:
        if error.action != "sqs:GetQueueAttributes":
            raise
        raise VedetteError(error.message, hint=f"{error.hint} (`vedette run` itself does not need it)") from error
    attributes = answer.get("Attributes")
    waiting = attributes.get("ApproximateNumberOfMessages") if isinstance(attributes, dict) else "?"
    return f"{source.place}: about {waiting} messages wait"


def _channel(
    settings: Settings, channel: Channel, secrets: Secrets, accounts: Accounts, now: int | None
) -> Iterator[Check]:
    what = f"channel {channel.name}"
    for ref in secrets_of(channel):
        check = _tried(what, lambda ref=ref: f"{ref} can be read{'' if secrets.value(ref) else ', and is empty'}")  # type: ignore[misc]
        if check.state is State.BAD:
            yield check
            return
    yield _tried(what, lambda: _reached(channel, accounts) if now is None else _sent(settings, channel, now))


def _sent(settings: Settings, channel: Channel, now: int) -> str:
    trial = try_channel(settings, channel, now)
    if isinstance(trial.outcome, Sent):
        return "a test message was accepted"
    why, _, hint = trial.hidden.partition("\nhint: ")
    raise VedetteError(why, hint=hint or None)


def _reached(channel: Channel, accounts: Accounts) -> str:
    """What can be known without sending."""
    match channel:
        case MaildirChannel():
            check = _new_store(Path(channel.path) / "new" / "mail")
            if check.state is State.BAD:
                raise VedetteError(f"{channel.path} cannot be written", hint=check.mend)
            return f"{channel.path} can be written"
        case SmtpChannel():
            return _mail_server(channel)
        case SnsChannel():
            region = channel.region or channel.topic_arn.split(":")[3]
            accounts.session(channel.account).client("sns", region).call(
                "get_topic_attributes", TopicArn=channel.topic_arn
            )
            return f"{channel.topic_arn} is there; `--send` tries to publish"
        case _:
            return "set up; `--send` tries it"


def _mail_server(channel: SmtpChannel) -> str:
    place = f"{channel.host}:{channel.port}"
    try:
        with socket.create_connection((channel.host, channel.port), PATIENCE) as server:
            server.settimeout(PATIENCE)
            if channel.security != "tls" and not server.recv(64).startswith(b"220"):
                raise VedetteError(
                    f"{place} does not greet as a mail server does",
                    hint="look at `port`, and `security` that goes with it",
                )
    except OSError as error:
        why = reason_of(error)
        raise VedetteError(
            f"{place}: {why}", hint="is the mail server running, `host` and `port` right, and no firewall between?"
        ) from error
    return f"{place} answers; `--send` tries the rest"


def is_well(checks: Sequence[Check]) -> bool:
    """Whether nothing is bad."""
    return all(check.state is not State.BAD for check in checks)
