"""In which regions something can happen that a rule in the home region does not see.

EventBridge keeps an event to the region that it was recorded in. Sources: CloudTrail user guide, "AWS Management
Console sign-in events" and "Global service events"; EventBridge user guide, "Sending and receiving events between AWS
Regions". Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from vedette.deploy.wanted import Wanted

HOME_ONLY: Final = "home"
"""The word for no region but the home."""
_GLOBAL: Final = {"aws": "us-east-1", "aws-us-gov": "us-gov-west-1", "aws-cn": "cn-north-1"}
_SIGN_IN: Final = ("ap-southeast-2", "eu-north-1", "us-east-1", "us-east-2")
"""Where sign-ins through the global address are recorded: the root user's in us-east-1, others' in any of them."""


def global_region(wanted: Wanted) -> str:
    """Where the events of global services (IAM, CloudFront, Route 53 …) are recorded."""
    return _GLOBAL.get(wanted.partition, wanted.region)


def usual_regions(partition: str, home: str) -> tuple[str, ...]:
    """The further regions whose events are wanted where nobody says otherwise.

    None in China and GovCloud, where EventBridge was not known to send events from one region to another.
    """
    return tuple(one for one in _SIGN_IN if one != home) if partition == "aws" else ()


def chosen_regions(given: Sequence[str], partition: str, home: str) -> tuple[str, ...]:
    """The usual ones and those that are given; `home` among them leaves the usual ones out."""
    usual = () if HOME_ONLY in given else usual_regions(partition, home)
    return tuple(sorted({*usual, *given} - {HOME_ONLY, home}))


def seen_regions(wanted: Wanted) -> tuple[str, ...]:
    """Where a rule's events may happen, the home first."""
    return wanted.region, *wanted.event_regions


def without(closed: Collection[str], regions: Collection[str]) -> str:
    """The options that ask for these regions without some."""
    return " ".join(f"--event-region {one}" for one in (HOME_ONLY, *sorted(set(regions) - set(closed))))
