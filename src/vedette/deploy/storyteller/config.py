"""The function's one variable, made into settings: whose alarms, where their records are, where stories go.

Channels are read as those of `vedette.toml` are, by the same tables, so that both take and refuse the same.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from vedette.deploy.storyteller.contract import CONFIG
from vedette.detections.definition import Severity
from vedette.errors import InputError
from vedette.settings.channel_tables import CHANNELS, Channel, SnsChannel
from vedette.settings.declare import Declaration, declarations
from vedette.settings.load import parse_settings
from vedette.settings.model import Settings

SECRETS: Mapping[str, str] = {
    "slack": "webhook",
    "teams": "webhook",
    "pagerduty": "routing_key",
    "webhook": "url",
    "smtp": "password",
    "apprise": "url",
}
"""Which setting of a channel its `secret` is; a Slack channel that has a `channel` is a bot's, and has a token."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """`settings` has the region, the zone and the channels; `channels` is empty where none is configured."""

    name: str
    account: str
    region: str
    partition: str
    log_group: str
    tell_resolved: bool
    severity: Mapping[str, Severity]
    settings: Settings
    channels: tuple[Channel, ...]

    def channels_for(self, severity: Severity) -> tuple[Channel, ...]:
        """Where a story of that severity goes: the channels, or else the topic that its alarm went to."""
        if self.channels:
            return self.channels
        topic = f"arn:{self.partition}:sns:{self.region}:{self.account}:{self.name}-{severity.value}"
        return (SnsChannel(name=f"{self.name}-{severity.value}", topic_arn=topic, region=self.region),)


def read_config(environment: Mapping[str, str]) -> Config:
    """The configuration in the environment; raises InputError or ProblemsError, which show no secret."""
    text = environment.get(CONFIG, "")
    try:
        given = json.loads(text) if text else None
    except ValueError:
        given = None
    if not isinstance(given, dict):
        raise InputError(f"`{CONFIG}` is not a JSON object", hint="`vedette deploy apply` sets it")
    missing = [key for key in ("name", "account", "region", "log_group") if not isinstance(given.get(key), str)]
    if missing:
        raise InputError(f"`{CONFIG}` does not say `{missing[0]}`")
    channels = given.get("channels") or []
    # A function has no home; nothing is written there.
    settings = parse_settings(_toml(given, channels), CONFIG, {"HOME": "/tmp"}, Path("/tmp"))  # noqa: S108
    return Config(
        name=given["name"],
        account=given["account"],
        region=given["region"],
        partition=given.get("partition", "aws"),
        log_group=given["log_group"],
        tell_resolved=given.get("tell_resolved") is True,
        severity={name: Severity(word) for name, word in given.get("severity", {}).items()},
        settings=settings,
        channels=settings.channels if channels else (),
    )


def _toml(given: Mapping[str, object], channels: list[Mapping[str, object]]) -> str:
    lines = ["[aws]", f"region = {_value(given['region'])}"]
    if is_zone(given.get("zone")):
        lines += ["[monitor]", f"zone = {_value(given['zone'])}"]
    for channel in channels:
        lines += ["[[channel]]", *(f"{key} = {_value(value)}" for key, value in _settings(channel).items())]
    return "\n".join(lines)


def is_zone(name: object) -> bool:
    """Whether the runtime knows the zone; one that it does not is no reason to tell nothing, and times are in UTC."""
    try:
        return isinstance(name, str) and bool(ZoneInfo(name))
    except (KeyError, ValueError, OSError):
        return False


def _settings(channel: Mapping[str, object]) -> Mapping[str, object]:
    """The channel's keys as `[[channel]]` has them; texts become what their settings take."""
    kind, options = str(channel.get("kind")), channel.get("options") or {}
    table = CHANNELS.get(kind)
    known = {one.name: one for one in declarations(table)} if table is not None else {}
    assert isinstance(options, dict)
    found: dict[str, object] = {"name": channel.get("name", kind), "kind": kind}
    found |= {name: _typed(known.get(name), value) for name, value in options.items()}
    if channel.get("secret"):
        found["token" if kind == "slack" and "channel" in options else SECRETS.get(kind, "secret")] = channel["secret"]
    return found


def _typed(one: Declaration | None, value: object) -> object:
    if one is None or not isinstance(value, str):
        return value
    return one.kind.from_text(value) if one.kind.scalar else [part.strip() for part in value.split(",")]


def _value(value: object) -> str:
    """A TOML value: JSON's texts, numbers, flags and arrays are TOML's, but for one character."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
