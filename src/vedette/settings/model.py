"""What settings hold, table by table: values only, each declared once with its kind, default and meaning.

Durations are seconds. Nothing here reads a file, a variable or a clock.
"""

# ruff: noqa: RUF009  (a declaration is a field, made once)

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from vedette.alerts.policy import Backoff, Policy, Rate
from vedette.detections.definition import Severity
from vedette.secrets import SecretRef
from vedette.settings.channel_tables import Channel
from vedette.settings.declare import required, setting
from vedette.settings.formats import (
    GLOB,
    HOURS,
    LINK,
    NAME,
    PATH,
    RATE,
    REGION,
    ROLE_ARN,
    SECRET,
    SEVERITY,
    STORE,
    ZONE,
)
from vedette.settings.kinds import FLAG, OPTIONAL_TEXT, TEXT, choice, duration, many, number, table_of
from vedette.settings.source_tables import Source

DAY = 86_400
_POLICY = Policy(())
_BACKOFF = Backoff()
_MINUTES = duration(1, 30 * DAY)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreSettings:
    """`[store]`: where everything is kept that must outlive a restart."""

    url: str = setting(STORE, "the store", "", shown="`sqlite://$XDG_STATE_HOME/vedette/vedette.db`")
    password: SecretRef | None = setting(SECRET, "the database's password, where the address needs one", None)
    retention: int = setting(
        duration(DAY),
        "how long names of objects are kept, and alerts, decisions and deliveries once they are over",
        400 * DAY,
    )
    record_retention: int = setting(
        duration(2 * DAY),
        "how long counts and matches are kept; a copy of a record under another name counts again later",
        45 * DAY,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsSettings:
    """`[aws]`: how AWS is reached. What is left out comes from boto3's usual chain: variables, files, a role."""

    profile: str | None = setting(TEXT, "a profile of the AWS configuration", None)
    region: str | None = setting(REGION, "the region of what names none", None)
    endpoint_url: str | None = setting(LINK, "an address to use in place of AWS's, for emulators", None)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountSettings:
    """`[accounts.ID]`: an AWS account by its id of 12 digits; repeat it for each."""

    name: str = setting(OPTIONAL_TEXT, "what messages call the account", "")
    role_arn: str | None = setting(ROLE_ARN, "the role to assume for sources and channels of this account", None)
    external_id: str | None = setting(TEXT, "the external id that the role asks for", None)


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectionSettings:
    """`[detections]`: what is asked of every record."""

    builtin: bool = setting(FLAG, "whether to ask the built-in detections", True)
    paths: tuple[str, ...] = setting(many(PATH), "files and folders of your own; an equal id replaces a built-in", ())
    only: tuple[str, ...] = setting(many(GLOB), "ask these alone, by id", (), shown="all")
    disable: tuple[str, ...] = setting(many(GLOB), "do not ask these, by id", ())
    severity: Mapping[str, Severity] = setting(table_of(SEVERITY), "another severity, by id", {})


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteSettings:
    """`[[route]]`: which alerts go to which channels. Every route that fits is taken, unless one says `stop`.

    Where there is no route, everything of medium severity and above goes to every channel.
    """

    channels: tuple[str, ...] = required(many(NAME), "the channels' names")
    min_severity: Severity = setting(SEVERITY, "this severity and above", Severity.INFORMATIONAL)
    detections: tuple[str, ...] = setting(many(GLOB), "these detections, by id or glob", (), shown="all")
    categories: tuple[str, ...] = setting(many(GLOB), "these categories of detections", (), shown="all")
    accounts: tuple[str, ...] = setting(many(GLOB), "these accounts, by id", (), shown="all")
    regions: tuple[str, ...] = setting(many(GLOB), "these regions", (), shown="all")
    hours: str | None = setting(HOURS, "only then, in the zone of `[monitor]`", None, shown="always")
    stop: bool = setting(FLAG, "ask no later route about an alert that this one took", False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicySettings:
    """`[policy]`: how soon and how often alerts are told."""

    repeat_after: int = setting(
        duration(), "tell a standing alert again after so long; `0s` for never", _POLICY.repeat_after
    )
    news_after: int = setting(
        duration(), "tell new actors and addresses in it after so long at the soonest", _POLICY.news_after
    )
    group_window: int = setting(
        duration(), "alerts of one actor within this time are one incident", _POLICY.group_window
    )
    group_wait: int = setting(
        duration(0, 3_600), "a message waits so long for others of its incident", _POLICY.group_wait
    )
    max_age: int = setting(duration(60), "alerts about older records are kept and not told", _POLICY.max_age)
    resolve_after: int = setting(
        duration(), "an alert is over once its alarm has been quiet for so long", _POLICY.resolve_after
    )
    tell_resolved: bool = setting(FLAG, "whether to tell that an alert is over", _POLICY.tell_resolved)
    rate: Rate = setting(RATE, "how much a channel bears; what is over comes as one summary", _POLICY.rate)
    retry_first: int = setting(_MINUTES, "the first wait before a delivery is tried again; it doubles", _BACKOFF.first)
    retry_longest: int = setting(_MINUTES, "the longest wait between two tries", _BACKOFF.longest)
    give_up_after: int = setting(_MINUTES, "how long a delivery is tried at least", _BACKOFF.age)


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitorSettings:
    """`[monitor]`: the process itself."""

    interval: int = setting(duration(1, 3_600), "how often sources are asked and alarms that wait are looked at", 15)
    zone: str = setting(ZONE, "the readers' time zone, shown beside UTC", "UTC")
    health_host: str = setting(TEXT, "the address on which `/healthz`, `/readyz` and `/metrics` answer", "127.0.0.1")
    health_port: int = setting(number(0, 65_535), "their port; 0 for none", 9464)
    log_format: str = setting(choice("text", "json"), "how logs are written", "text")
    log_level: str = setting(choice("debug", "info", "warning", "error"), "what is logged", "info")
    lag_limit: int = setting(duration(60), "tell when records arrive later than this", 3_600)
    canary_every: int = setting(duration(), "how often a harmless record is sent the whole way; `0s` for never", 0)
    canary_within: int = setting(duration(1, DAY), "how soon it must arrive", 900)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkSettings:
    """`[links]`: where the links in messages lead."""

    page: str = setting(OPTIONAL_TEXT, "the address of an alert's own page, with `{alert}` where its id goes", "")
    portal: str = setting(OPTIONAL_TEXT, "the AWS access portal, `https://d-….awsapps.com/start`", "")
    role: str = setting(OPTIONAL_TEXT, "the permission set with which the portal opens an account", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class HabitSettings:
    """`[habits]`: what is usual for each actor, learnt from every record."""

    learn: bool = setting(FLAG, "whether to learn it, so that messages say what is unusual", True)
    retention: int = setting(duration(3 * DAY, 400 * DAY), "how far back it reaches", 90 * DAY)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceSettings:
    """`[places]`: files that say where addresses are. They are read at the start; nothing is asked over the network."""

    database: str | None = setting(
        PATH, "a database of countries or cities in MaxMind's format (`.mmdb`); needs `vedette[geo]`", None
    )
    aws_ranges: str | None = setting(
        PATH, "the `ip-ranges.json` that AWS publishes: names the service and region of an address", None
    )


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value was given: a file and line, or a variable. `line` is 0 for a variable."""

    name: str
    line: int = 0
    column: int = 0
    length: int = 1
    source_line: str = field(default="", repr=False)

    def __str__(self) -> str:
        return f"{self.name}:{self.line}" if self.line else f"${self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that can be set. `path` is the file that was read, None where there was none."""

    store: StoreSettings
    aws: AwsSettings = field(default_factory=AwsSettings)
    accounts: Mapping[str, AccountSettings] = field(default_factory=dict)
    detections: DetectionSettings = field(default_factory=DetectionSettings)
    sources: tuple[Source, ...] = ()
    channels: tuple[Channel, ...]
    routes: tuple[RouteSettings, ...] = ()
    policy: PolicySettings = field(default_factory=PolicySettings)
    monitor: MonitorSettings = field(default_factory=MonitorSettings)
    links: LinkSettings = field(default_factory=LinkSettings)
    habits: HabitSettings = field(default_factory=HabitSettings)
    places: PlaceSettings = field(default_factory=PlaceSettings)
    path: str | None = None
    origins: Mapping[tuple[str | int, ...], Origin] = field(default_factory=dict, repr=False)

    def origin(self, *path: str | int) -> Origin | None:
        """Where a value was given, None where it is a default: `origin("policy", "max_age")`."""
        return self.origins.get(path)
