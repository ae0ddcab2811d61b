"""Where a call came from: what CloudTrail's sourceIPAddress holds, which is not always an address.

Source: "CloudTrail record contents": an address; for calls made by a service its DNS name; `AWS Internal` for what AWS
itself started.
"""

from __future__ import annotations

import enum
import ipaddress
import re
from dataclasses import dataclass

_SERVICE = re.compile(r"(?:[a-z0-9-]+\.)+(?:amazonaws\.com(?:\.cn)?|amazon\.com|aws\.internal|api\.aws)", re.IGNORECASE)
_LONGEST = 256


class OriginKind(enum.Enum):
    """The kinds of what stands in sourceIPAddress."""

    PUBLIC_ADDRESS = "public address"
    PRIVATE_ADDRESS = "private address"
    SERVICE = "AWS service"
    AWS_INTERNAL = "AWS Internal"
    OTHER = "other"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Origin:
    """`text` as recorded, and what it is."""

    kind: OriginKind
    text: str = ""

    @property
    def is_address(self) -> bool:
        """Whether this is an address of the network rather than a name."""
        return self.kind in {OriginKind.PUBLIC_ADDRESS, OriginKind.PRIVATE_ADDRESS}


def origin_of(value: object) -> Origin:
    """What a record's sourceIPAddress is. Never raises.

    Addresses that cannot be reached over the internet are private: RFC 1918, loopback, link-local, shared (RFC 6598),
    unique local. The networks kept for documentation count as public, because examples use them as such.

    >>> origin_of("198.51.100.7").kind.value, origin_of("AWS Internal").kind.value
    ('public address', 'AWS Internal')
    """
    if not isinstance(value, str) or not value.strip():
        return Origin(OriginKind.MISSING)
    text = value.strip()[:_LONGEST].encode("utf-8", "replace").decode()
    if text == "AWS Internal" or text.startswith("AWS Internal/"):
        return Origin(OriginKind.AWS_INTERNAL, text)
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return Origin(OriginKind.SERVICE if _SERVICE.fullmatch(text) else OriginKind.OTHER, text)
    return Origin(OriginKind.PRIVATE_ADDRESS if _is_private(address) else OriginKind.PUBLIC_ADDRESS, text)


_PRIVATE = tuple(
    ipaddress.ip_network(network)
    for network in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "::/127",
        "fc00::/7",
        "fe80::/10",
    )
)


def _is_private(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return any(address in network for network in _PRIVATE)
