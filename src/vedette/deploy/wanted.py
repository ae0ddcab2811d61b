"""What somebody wants deployed: values only, checked where a wrong one would show only in AWS.

Nothing here calls AWS or reads a clock, a file or a setting.
"""

from __future__ import annotations

import datetime as dt
import enum
import re
from dataclasses import dataclass

from vedette.detections.definition import Detection, Severity
from vedette.errors import InputError, printable

_NAME = re.compile(r"[a-z][a-z0-9-]{0,18}[a-z0-9]")
_ACCOUNT = re.compile(r"[0-9]{12}")
_REGION = re.compile(r"[a-z]{2,}(-[a-z]+)+-[0-9]{1,2}")
_TAG = re.compile(r"[\w +=.:/@-]{0,256}")
"""What a tag's value may be everywhere: letters and digits are those of any script. Source: Tagging AWS resources."""
_RUNBOOKS = re.compile(r"https?://[!-~]{1,300}")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_FUNCTION = re.compile(r"(arn:aws[a-z-]*:lambda:[a-z0-9-]+:[0-9]{12}:function:)?[A-Za-z0-9_-]{1,64}")
_PROTOCOLS = ("email", "sms", "https", "sqs")
_CHANNELS = ("slack", "teams", "pagerduty", "webhook", "smtp")
RETENTIONS = (
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
)  # fmt: skip
"""The retentions, in days, that CloudWatch Logs knows. Source: PutRetentionPolicy."""


class Pack(enum.Enum):
    """Which detections: all that fit, or the CIS ones in the exact texts that Security Hub asks for, and no others."""

    ALL = "all"
    CIS = "cis"


def check_name(name: str) -> None:
    """Raises InputError for what cannot begin the names of a deployment."""
    if not _NAME.fullmatch(name):
        raise InputError(
            f"`{printable(name)}` cannot begin the names of a deployment",
            hint="from 2 to 20 lower-case letters, digits and dashes, a letter first and no dash last",
        )


@dataclass(frozen=True, slots=True)
class Subscription:
    """Who is told by SNS itself: of every alarm of `min_severity` and above.

    `endpoint` is a mail address, a telephone number (+44…), an https address or a queue's ARN.
    """

    protocol: str
    endpoint: str
    min_severity: Severity = Severity.INFORMATIONAL

    def __post_init__(self) -> None:
        if self.protocol not in _PROTOCOLS:
            raise InputError(f"no subscription is called `{self.protocol}`", hint=f"one of {', '.join(_PROTOCOLS)}")


@dataclass(frozen=True, slots=True)
class ChannelWanted:
    """Where the storyteller sends its messages. `secret` is a reference, `secret://aws/NAME#key`; never a value.

    `options` are the settings of `[[channel]]` that are no secrets, in the order in which they were given.
    """

    name: str
    kind: str
    secret: str
    options: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        if self.kind not in _CHANNELS:
            raise InputError(f"the storyteller has no channel `{self.kind}`", hint=f"one of {', '.join(_CHANNELS)}")


@dataclass(frozen=True, slots=True)
class ExistingTrail:
    """A trail that is there already, with its bucket and the log group (None: it has none) that it writes to."""

    name: str
    arn: str
    log_group: str | None
    bucket: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Everything that decides what a deployment holds.

    `name` is the prefix of every name. `trail`, `log_group` and `bucket` are things that exist and are used as they
    are; None makes one. `code` is the storyteller's bundle: bucket, key and SHA-256. `today` decides which exceptions
    are still in force; None takes all of them to be. `event_regions` are further regions whose events are forwarded to
    the rules of the home, `region`. `filters_taken` counts what others have put on an existing log
    group, `regex_filters_taken` those with a regular expression. Raises InputError for what AWS
    would refuse late or not at all.
    """

    account: str
    region: str
    detections: tuple[Detection, ...]
    name: str = "vedette"
    partition: str = "aws"
    pack: Pack = Pack.ALL
    subscriptions: tuple[Subscription, ...] = ()
    channels: tuple[ChannelWanted, ...] = ()
    trail: ExistingTrail | None = None
    organization: bool = False
    log_group: str | None = None
    bucket: str | None = None
    retention_days: int = 365
    key: bool = True
    storyteller: bool = True
    architecture: str = "arm64"
    events: bool = True
    event_regions: tuple[str, ...] = ()
    dashboard: bool = True
    composites: bool = True
    data_buckets: tuple[str, ...] = ()
    data_functions: tuple[str, ...] = ()
    code: tuple[str, str, str] | None = None
    owner: str = ""
    runbook_url: str = ""
    assets_bucket: str | None = None
    today: dt.date | None = None
    filters_taken: int = 0
    regex_filters_taken: int = 0
    options: str = ""

    def __post_init__(self) -> None:
        check_name(self.name)
        if not _ACCOUNT.fullmatch(self.account):
            raise InputError(f"`{self.account}` is no account", hint="an account's id has 12 digits")
        if self.retention_days not in RETENTIONS:
            days = ", ".join(map(str, RETENTIONS))
            raise InputError(f"CloudWatch Logs keeps nothing for {self.retention_days} days", hint=f"one of {days}")
        if self.architecture not in ("arm64", "x86_64"):
            raise InputError(f"Lambda has no architecture `{self.architecture}`", hint="arm64 or x86_64")
        self._check_texts()
        self._check_regions()
        told = [(one.protocol, one.endpoint) for one in self.subscriptions]
        twice = next((endpoint for number, (_, endpoint) in enumerate(told) if told.index(told[number]) < number), None)
        if twice is not None:
            raise InputError(f"`{twice}` is named twice", hint="the lower of its severities holds the other")

    def _check_texts(self) -> None:
        if not _TAG.fullmatch(self.owner):
            raise InputError(
                f"`{printable(self.owner)}` cannot be a tag",
                hint="up to 256 letters, digits, blanks and any of + - = . : / @ _",
            )
        if self.runbook_url and not _RUNBOOKS.fullmatch(self.runbook_url):
            raise InputError(
                f"`{printable(self.runbook_url)}` is no address of a page", hint="it begins with `https://`"
            )
        for what, form, given in (("bucket", _BUCKET, self.data_buckets), ("function", _FUNCTION, self.data_functions)):
            wrong = next((one for one in given if not form.fullmatch(one)), None)
            if wrong is not None:
                raise InputError(f"`{printable(wrong)}` is no name of a {what}")

    def _check_regions(self) -> None:
        for one in self.event_regions:
            if not _REGION.fullmatch(one):
                raise InputError(f"`{one}` is no region", hint="a region is written like us-east-1")
            if one == self.region or self.event_regions.count(one) > 1:
                raise InputError(f"the region {one} is named twice", hint="the home region's events are seen anyway")
