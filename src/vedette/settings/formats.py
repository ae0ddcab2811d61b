"""The forms that values of settings have: addresses, names of AWS, times, and references to secrets."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from vedette.alerts.policy import Hours, Rate
from vedette.cloudtrail.moment import print_time
from vedette.detections.definition import Severity
from vedette.errors import InputError
from vedette.secrets import SecretRef, SecretReferenceError, require_reference
from vedette.settings.kinds import (
    Kind,
    Refusal,
    Where,
    choice,
    expect,
    is_duration,
    matching,
    print_seconds,
    read_text,
    seconds_of,
)

_RATE = re.compile(r"(\d{1,6})\s*(?:/|per)\s*(\d{0,9}\s*[smhdw])")
_PASSWORD = re.compile(r"//[^/@]*:[^/@]*@|\bpassword=", re.IGNORECASE)


def _severity(value: object, where: Where) -> Severity:
    return Severity(_SEVERITY_WORD.read(value, where))


_SEVERITY_WORD = choice(*(severity.value for severity in Severity))
SEVERITY: Kind[Severity] = Kind(_SEVERITY_WORD.says, _severity, write=lambda severity: severity.value)


def _path(value: object, where: Where) -> str:
    return str(where.folder / Path(read_text(value, where)).expanduser())


PATH: Kind[str] = Kind("path; a relative one starts from the settings file's folder", _path)


def _store(value: object, where: Where) -> str:
    text = read_text(value, where)
    if text == "memory:":
        return text
    scheme, separator, rest = text.partition("://")
    if not separator or not rest or scheme not in ("sqlite", "postgresql", "postgres"):
        raise Refusal("not the address of a store", hint="sqlite:///PATH, postgresql://USER@HOST/DATABASE, or memory:")
    if scheme == "sqlite":
        return "sqlite://" + _path("/" + rest.lstrip("/") if rest.startswith("/") else rest, where)
    if _PASSWORD.search(text):
        raise Refusal(
            f"a password in `{where.name}`", hint='leave it out, and say where it is: password = "secret://…"'
        )
    return text


STORE: Kind[str] = Kind("address: `sqlite:///PATH`, `postgresql://USER@HOST/DATABASE`, `memory:`", _store, hidden=True)


def _secret(value: object, where: Where) -> SecretRef:
    text = value if isinstance(value, str) else ""
    try:
        return require_reference(text, f"`{where.name}`", suggestion=f"vedette/{where.name.replace('_', '-')}")
    except SecretReferenceError as error:
        raise Refusal(error.message, hint=error.hint) from None


SECRET: Kind[SecretRef] = Kind("reference, `secret://…`", _secret, hidden=True)


def _is_web(text: str, *, bare: bool) -> bool:
    """Whether a text is an http address; `bare` ones carry no user."""
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and not (bare and "@" in parts.netloc)
    except ValueError:
        return False


def _address(value: object, where: Where) -> SecretRef | str:
    text = read_text(value, where)
    if text.startswith("secret:"):
        return _secret(text, where)
    if not _is_web(text, bare=False):
        raise Refusal("not an address", hint="https://HOST/PATH, or a reference to one: secret://…")
    if not _is_web(text, bare=True):
        raise Refusal(f"a user in `{where.name}`", hint="store the whole address, and refer to it: secret://…")
    return text


ADDRESS: Kind[SecretRef | str] = Kind("address `https://…`, or a reference `secret://…` to one", _address, hidden=True)


def _link(value: object, where: Where) -> str:
    text = read_text(value, where)
    if not _is_web(text, bare=True):
        raise Refusal("not an address", hint="https://HOST/PATH")
    return text


LINK: Kind[str] = Kind("address, `https://…`", _link)


ACCOUNT = matching(r"\d{12}", "an account's id of 12 digits")
REGION = matching(r"[a-z]{2}(-[a-z]+)+-\d+", "a region, such as `us-east-1`")
NAME = matching(
    r"[A-Za-z0-9][A-Za-z0-9._:/@-]{0,199}",
    "a name of letters, digits and `-._:/@`",
    "it names things in commands and logs",
)
BUCKET = matching(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", "a bucket's name", "the name alone, without `s3://`")
QUEUE = matching(r"https?://\S+/[^/\s]+", "a queue's address", "https://sqs.REGION.amazonaws.com/ACCOUNT/NAME")
ROLE_ARN = matching(r"arn:[a-z-]+:iam::\d{12}:role/\S+", "a role's ARN", "arn:aws:iam::ACCOUNT:role/NAME")
TOPIC_ARN = matching(r"arn:[a-z-]+:sns:[a-z0-9-]+:\d{12}:\S+", "a topic's ARN", "arn:aws:sns:REGION:ACCOUNT:NAME")
MAIL = matching(r"(?:[^@<>\s]+@[^@<>\s]+|[^<>\r\n]* <[^@<>\s]+@[^@<>\s]+>)", "a mail address")
PHONE = matching(r"\+[1-9]\d{6,14}", "a telephone number", "with its country, without blanks: +4915112345678")
GLOB = matching(r"[^\x00-\x20]+", "a name, in which `*` stands for anything")


def _zone(value: object, where: Where) -> str:
    name = read_text(value, where)
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise Refusal(f"unknown time zone `{name}`", hint="an IANA name such as `Europe/Berlin`") from None
    return name


ZONE: Kind[str] = Kind("time zone, such as `Europe/Berlin`", _zone)


def _hours(value: object, where: Where) -> str:
    text = read_text(value, where)
    try:
        Hours.parse(text)
    except InputError as error:
        raise Refusal(error.message, hint=error.hint) from None
    return text


HOURS: Kind[str] = Kind("times of day, such as `Mon-Fri 09:00-18:00`", _hours)


def _rate(value: object, where: Where) -> Rate:
    found = _RATE.fullmatch(expect(value, str, "a rate such as `20/10m`").strip())
    if found is None or not int(found[1]):
        raise Refusal("not a rate", hint="messages in a time: `20/10m`, `100/d`")
    span = found[2].replace(" ", "")
    seconds = seconds_of(span if span[0].isdigit() else f"1{span}")
    if not seconds:
        raise Refusal("a rate in no time at all", hint="messages in a time: `20/10m`, `100/d`")
    return Rate(int(found[1]), seconds)


def _print_rate(rate: Rate) -> str:
    return f"{rate.messages}/{print_seconds(rate.seconds)}"


RATE: Kind[Rate] = Kind("rate, such as `20/10m`", _rate, write=_print_rate)


@dataclass(frozen=True, slots=True)
class Start:
    """From when to read what is already there: so long before now, or from an instant (epoch seconds)."""

    back: int | None = None
    at: int | None = None

    def __str__(self) -> str:
        return print_seconds(self.back or 0) if self.at is None else print_time(self.at)

    def resolve(self, now: int) -> int:
        """The instant, in epoch seconds.

        >>> Start(back=60).resolve(1_000), Start(at=5).resolve(1_000)
        (940, 5)
        """
        return self.at if self.at is not None else now - (self.back or 0)


def _start(value: object, where: Where) -> Start:
    if isinstance(value, str) and (is_duration(value)):
        return Start(back=seconds_of(value))
    instant = value
    if isinstance(value, str):
        try:
            instant = dt.datetime.fromisoformat(value.strip())
        except ValueError:
            raise Refusal("no time", hint="a span before now such as `7d`, or 2026-11-20T10:00:00Z") from None
    if isinstance(instant, dt.date) and not isinstance(instant, dt.datetime):
        instant = dt.datetime(instant.year, instant.month, instant.day)
    moment = expect(instant, dt.datetime, "a time")
    return Start(at=int((moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)).timestamp()))


START: Kind[Start] = Kind("span before now such as `7d`, or a time in UTC", _start)
