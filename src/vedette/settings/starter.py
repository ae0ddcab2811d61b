"""The first settings file, for `vedette init`: three answers, commented, with the rest shown as comments."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from vedette.detections.definition import Severity
from vedette.settings.declare import declarations
from vedette.settings.formats import MAIL, QUEUE
from vedette.settings.kinds import Refusal, Where
from vedette.settings.load import parse_settings
from vedette.settings.model import MonitorSettings, PolicySettings

MAIL_FOLDER = "folder"
SLACK = "slack"
_HERE = Where("", Path())
_SHOWN = {
    "policy": ("repeat_after", "group_window", "max_age", "tell_resolved"),
    "monitor": ("interval", "zone", "health_port", "log_format", "canary_every"),
}


def is_queue(text: str) -> bool:
    """Whether it is the address of an SQS queue, and not a folder."""
    return text.startswith(("https://", "http://"))


def checked_watch(text: str) -> str:
    """A folder that is there (as an absolute path) or a queue's address; raises Refusal."""
    if is_queue(text):
        return QUEUE.read(text, _HERE)
    if text.startswith("s3://"):
        raise Refusal(
            "a bucket is watched through its queue",
            hint='give the address of the SQS queue that the bucket notifies, or see `kind = "s3"` in the reference',
        )
    folder = Path(text).expanduser().absolute()
    if not folder.is_dir():
        raise Refusal(f"no folder `{text}`", hint=f"mkdir -p {text}")
    return str(folder)


def checked_tell(text: str) -> str:
    """`folder`, `slack`, or a mail address; raises Refusal."""
    if text in (MAIL_FOLDER, SLACK):
        return text
    if "@" not in text:
        raise Refusal(f"`{text}` is not a mail address, `{SLACK}` or `{MAIL_FOLDER}`")
    return MAIL.read(text, _HERE)


def starter(watch: str, tell: str, least: Severity, smtp_host: str | None = None) -> str:
    """The text of a settings file for checked answers. It passes the validation of every settings file."""
    name = tell if tell in (MAIL_FOLDER, SLACK) else "mail"
    lines = [
        "# Settings of Vedette. Every key: docs/reference/settings.md. Credentials are references: secret://…",
        "",
        *_source(watch),
        "",
        *_channel(tell, smtp_host),
        "",
        "# Who hears of what. Every route that fits is taken.",
        "[[route]]",
        f'channels = ["{name}"]',
        f'min_severity = "{least.value}"',
        "",
        "# What follows are defaults: take the `#` away to change one.",
        *_defaults(),
    ]
    text = "\n".join(lines) + "\n"
    parse_settings(text, "vedette.toml", {}, Path.cwd())
    return text


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _source(watch: str) -> Iterator[str]:
    yield "# What is watched. A second [[source]] may stand beside it; what comes over both counts once."
    yield "[[source]]"
    if is_queue(watch):
        yield 'kind = "s3-sqs"'
        yield f"queue = {_quoted(watch)}"
    else:
        yield 'kind = "folder"'
        yield f"path = {_quoted(watch)}"


def _channel(tell: str, smtp_host: str | None) -> Iterator[str]:
    yield "# Who is told."
    yield "[[channel]]"
    if tell == MAIL_FOLDER:
        yield f'name = "{MAIL_FOLDER}"'
        yield 'kind = "maildir"   # mail in a folder of this machine: nothing leaves it'
    elif tell == SLACK:
        yield f'name = "{SLACK}"'
        yield 'kind = "slack"'
        yield 'webhook = "secret://env/VEDETTE_SLACK_WEBHOOK"   # the webhook\'s address, in this variable'
    else:
        yield 'name = "mail"'
        yield 'kind = "smtp"'
        yield from _smtp(tell, smtp_host)


def _smtp(address: str, host: str | None) -> Iterator[str]:
    bare = address.rpartition("<")[2].rstrip(">")
    yield f"host = {_quoted(host or 'smtp.' + bare.rpartition('@')[2])}" + ("" if host else "   # is it called so?")
    yield f"from = {_quoted(address)}"
    yield f"to = [{_quoted(address)}]"
    yield f"username = {_quoted(bare)}"
    yield 'password = "secret://env/VEDETTE_SMTP_PASSWORD"   # the password, in this variable'


def _defaults() -> Iterator[str]:
    for name, table in (("policy", PolicySettings), ("monitor", MonitorSettings)):
        yield ""
        yield f"# [{name}]"
        for one in declarations(table):
            if one.name in _SHOWN[name]:
                value = one.shown.strip("`")
                bare = value in ("true", "false") or value.isdigit()
                yield f"# {one.name} = {value if bare else _quoted(value)}   # {one.meaning}"
