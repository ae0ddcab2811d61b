"""AWS's regions: their long names, as CloudWatch's messages print them, and where their console is.

Names: "AWS Regions and Availability Zones". CloudWatch keeps the older `EU (…)` for the regions that had it: seen in
published notifications for Ireland, London and Frankfurt (2018 to 2022); for Paris and Stockholm, inferred.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

LONG_NAMES = {
    "af-south-1": "Africa (Cape Town)",
    "ap-east-1": "Asia Pacific (Hong Kong)",
    "ap-east-2": "Asia Pacific (Taipei)",
    "ap-northeast-1": "Asia Pacific (Tokyo)",
    "ap-northeast-2": "Asia Pacific (Seoul)",
    "ap-northeast-3": "Asia Pacific (Osaka)",
    "ap-south-1": "Asia Pacific (Mumbai)",
    "ap-south-2": "Asia Pacific (Hyderabad)",
    "ap-southeast-1": "Asia Pacific (Singapore)",
    "ap-southeast-2": "Asia Pacific (Sydney)",
    "ap-southeast-3": "Asia Pacific (Jakarta)",
    "ap-southeast-4": "Asia Pacific (Melbourne)",
    "ap-southeast-5": "Asia Pacific (Malaysia)",
    "ap-southeast-6": "Asia Pacific (New Zealand)",
    "ap-southeast-7": "Asia Pacific (Thailand)",
    "ca-central-1": "Canada (Central)",
    "ca-west-1": "Canada West (Calgary)",
    "cn-north-1": "China (Beijing)",
    "cn-northwest-1": "China (Ningxia)",
    "eu-central-1": "EU (Frankfurt)",
    "eu-central-2": "Europe (Zurich)",
    "eu-north-1": "EU (Stockholm)",
    "eu-south-1": "Europe (Milan)",
    "eu-south-2": "Europe (Spain)",
    "eu-west-1": "EU (Ireland)",
    "eu-west-2": "EU (London)",
    "eu-west-3": "EU (Paris)",
    "eusc-de-east-1": "AWS European Sovereign Cloud (Germany)",
    "il-central-1": "Israel (Tel Aviv)",
    "me-central-1": "Middle East (UAE)",
    "me-south-1": "Middle East (Bahrain)",
    "me-west-1": "Middle East (Saudi Arabia)",
    "mx-central-1": "Mexico (Central)",
    "sa-east-1": "South America (Sao Paulo)",
    "sa-west-1": "South America (Chile)",
    "us-east-1": "US East (N. Virginia)",
    "us-east-2": "US East (Ohio)",
    "us-gov-east-1": "AWS GovCloud (US-East)",
    "us-gov-west-1": "AWS GovCloud (US-West)",
    "us-west-1": "US West (N. California)",
    "us-west-2": "US West (Oregon)",
}

_CODE = re.compile(r"[a-z]{2,4}(?:-[a-z]{2,12}){1,3}-[1-9]", re.ASCII)


@dataclass(frozen=True, slots=True)
class Partition:
    """A separate AWS: `name` as in its ARNs, the host of its console, and the region of services that have none."""

    name: str
    console: str
    home: str


_COMMERCIAL = Partition("aws", "console.aws.amazon.com", "us-east-1")
_PARTITIONS = {
    "cn-": Partition("aws-cn", "console.amazonaws.cn", "cn-north-1"),
    "us-gov-": Partition("aws-us-gov", "console.amazonaws-us-gov.com", "us-gov-west-1"),
    "eusc-": Partition("aws-eusc", "console.amazonaws-eusc.eu", "eusc-de-east-1"),
}


def long_name(region: str) -> str:
    """The region's long name, or its code where it has none."""
    return LONG_NAMES.get(region, region)


def partition_of(region: str) -> Partition:
    """The partition that the region belongs to."""
    return next((found for start, found in _PARTITIONS.items() if region.startswith(start)), _COMMERCIAL)


def is_region(text: str) -> bool:
    """Whether the text has a region code's form, known or not: nothing else goes into a host name."""
    return _CODE.fullmatch(text) is not None
