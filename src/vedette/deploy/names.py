"""Every name that a deployment gives, in one place: what makes a thing and what looks for it must agree.

Names depend on the wanted prefix, account and region only, so that status and destroy find a deployment without its
template. Lengths keep AWS's limits for any prefix that `Wanted` accepts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Protocol

from vedette import __version__
from vedette.deploy.wanted import Wanted
from vedette.detections.definition import Severity

BASE = "base"
STORYTELLER = "storyteller"
OVERVIEW = "overview"
EVENTS = "events"


class Named(Protocol):
    """What a name is made of where it needs no more than the deployment's and the home region's."""

    @property
    def name(self) -> str:
        """What every name begins with."""

    @property
    def region(self) -> str:
        """The home."""


_OWNER_TAG = "vedette:owner"
NAME_TAG = "vedette:name"
HOME_TAG = "vedette:home"
"""On stacks in other regions: the region of the deployment that they belong to."""
VERSION_TAG = "vedette:version"
DETECTION_TAG = "vedette:detection"


def stack_name(wanted: Wanted, part: str) -> str:
    """`vedette-base`, `vedette-detections-1` …"""
    return f"{wanted.name}-{part}"


def detections_part(number: int) -> str:
    """The part that holds the `number`th lot of detections, counted from 1."""
    return f"detections-{number}"


def forwarding_part(wanted: Wanted, region: str, number: int = 1) -> str:
    """The part in another region, `events-us-east-1-to-eu-west-1`; `number` counts from 1 where it needs several.

    Both regions are in it: another deployment of the same name may have its home elsewhere.
    """
    return f"{EVENTS}-{region}-to-{wanted.region}" + (f"-{number}" if number > 1 else "")


def filter_name(wanted: Wanted, detection_id: str) -> str:
    """The metric filter's; it has 1 to 512 characters, and no colon or asterisk."""
    return _fit(f"{wanted.name}-{detection_id}", 512)


def alarm_name(wanted: Wanted, detection_id: str) -> str:
    """The alarm's, of a metric or composite; 1 to 255 characters."""
    return _fit(f"{wanted.name}-{detection_id}", 255)


def roll_up_name(wanted: Wanted, severity: Severity, number: int = 0) -> str:
    """The composite alarm over all alarms of a severity; `number` counts its parts from 1, where it needs any."""
    return f"{wanted.name}-any-{severity.value}" + (f"-{number}" if number else "")


def storyteller_alarm_name(wanted: Wanted, what: str = "errors") -> str:
    """The alarm that watches the storyteller itself."""
    return f"{wanted.name}-storyteller-{what}"


def undelivered_alarm_name(wanted: Wanted) -> str:
    """The alarm that watches the queue of what could not be delivered."""
    return f"{wanted.name}-undelivered"


def topic_name(wanted: Wanted, severity: Severity) -> str:
    """The topic that alarms of a severity are published to."""
    return f"{wanted.name}-{severity.value}"


def topic_arn(wanted: Wanted, severity: Severity) -> str:
    """Its ARN."""
    return f"arn:{wanted.partition}:sns:{wanted.region}:{wanted.account}:{topic_name(wanted, severity)}"


def event_rule_name(wanted: Wanted, detection_id: str) -> str:
    """The EventBridge rule's; 1 to 64 characters."""
    return _fit(f"{wanted.name}-{detection_id}", 64)


def forward_rule_name(wanted: Wanted, number: int | str) -> str:
    """The rule's, in another region, that sends events home; 1 to 64 characters."""
    return f"{wanted.name}-to-{wanted.region}-{number}"


def forward_role_name(wanted: Named) -> str:
    """The role with which EventBridge sends events home; roles are of the whole account, so the region is in it."""
    return _fit(f"{wanted.name}-forward-{wanted.region}", 64)


def event_bus_arn(wanted: Wanted) -> str:
    """The default event bus of the home region."""
    return f"arn:{wanted.partition}:events:{wanted.region}:{wanted.account}:event-bus/default"


def function_name(wanted: Wanted) -> str:
    """The storyteller's."""
    return f"{wanted.name}-{STORYTELLER}"


def function_arn(wanted: Wanted) -> str:
    """Its ARN."""
    return f"arn:{wanted.partition}:lambda:{wanted.region}:{wanted.account}:function:{function_name(wanted)}"


def function_log_group_name(wanted: Wanted) -> str:
    """Where the storyteller logs."""
    return f"/aws/lambda/{function_name(wanted)}"


def function_role_name(wanted: Wanted) -> str:
    """The role that the storyteller runs as; roles are of the whole account, so the region is in the name."""
    return _fit(f"{wanted.name}-{STORYTELLER}-{wanted.region}", 64)


def trail_role_name(wanted: Wanted) -> str:
    """The role with which CloudTrail writes to the log group."""
    return _fit(f"{wanted.name}-trail-{wanted.region}", 64)


def queue_name(wanted: Wanted, what: str) -> str:
    """A queue of what could not be delivered: `vedette-notices-dead`."""
    return f"{wanted.name}-{what}-dead"


def trail_name(wanted: Wanted) -> str:
    """The trail's: the one that is used, or the one that is made."""
    return wanted.trail.name if wanted.trail is not None else f"{wanted.name}-trail"


def bucket_name(wanted: Wanted) -> str:
    """The bucket that CloudTrail delivers to; a new one's name is taken by nobody else, as the account is in it."""
    if wanted.trail is not None:
        return wanted.trail.bucket
    return wanted.bucket or f"{wanted.name}-trail-{wanted.account}-{wanted.region}"


def log_group_name(wanted: Wanted) -> str:
    """The log group that metric filters are put on."""
    if wanted.log_group is not None:
        return wanted.log_group
    if wanted.trail is not None and wanted.trail.log_group is not None:
        return wanted.trail.log_group
    return f"/{wanted.name}/cloudtrail"


def key_alias(wanted: Wanted) -> str:
    """The alias of the customer's key."""
    return f"alias/{wanted.name}"


def dashboard_name(wanted: Wanted) -> str:
    """The dashboard's; dashboards are of the whole account, so the region is in the name."""
    return f"{wanted.name}-{wanted.region}"


def tags(wanted: Wanted, detection: str | None = None) -> Mapping[str, str]:
    """The tags of a thing that Vedette owns, and of which detection it is, in the order of their keys."""
    found = {NAME_TAG: wanted.name, VERSION_TAG: __version__}
    if wanted.owner:
        found[_OWNER_TAG] = wanted.owner
    if detection is not None:
        found[DETECTION_TAG] = detection
    return dict(sorted(found.items()))


def _fit(name: str, longest: int) -> str:
    """A name that is too long keeps its beginning and gets a digest, so that two never become one."""
    if len(name) <= longest:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:8]
    return f"{name[: longest - 9]}-{digest}"
