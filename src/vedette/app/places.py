"""Where addresses are: special networks by themselves, AWS's by its published list, countries by a database on disk.

Nothing is asked over the network. A file that is missing or broken is an error at the start; a part of a database that
turns out damaged later costs the answer about one address, no message.
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

from vedette.errors import InputError, VedetteError, reason_of
from vedette.settings.model import PlaceSettings

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Lookup: TypeAlias = Callable[[Address], str]

MOST_REMEMBERED = 4_096

_SPECIAL = tuple(
    (ipaddress.ip_network(network), name)
    for network, name in (
        ("127.0.0.0/8", "loopback"),
        ("::1/128", "loopback"),
        ("100.64.0.0/10", "carrier-grade NAT"),
        ("169.254.0.0/16", "link-local"),
        ("fe80::/10", "link-local"),
        ("fc00::/7", "unique local"),
        ("10.0.0.0/8", "private network"),
        ("172.16.0.0/12", "private network"),
        ("192.168.0.0/16", "private network"),
    )
)
"""Networks that no database places. Sources: RFC 1918, 3927, 4193, 4291, 6598, 1122."""


class Places:
    """Says where addresses are; what was asked before is remembered."""

    def __init__(self, given: PlaceSettings | None = None) -> None:
        """Reads the files of `[places]`. Raises InputError for one that cannot be read, VedetteError for an extra."""
        given = given or PlaceSettings()
        self._lookups: list[Lookup] = [_special]
        if given.aws_ranges is not None:
            self._lookups.append(AwsRanges.read(Path(given.aws_ranges)))
        if given.database is not None:
            self._lookups.append(database(Path(given.database)))
        self._known: dict[str, str] = {}

    def of(self, text: str) -> str:
        """What there is to say of an address: `AWS EC2 in eu-west-1, Ireland`; empty if nothing, or it is none."""
        found = self._known.get(text)
        if found is None:
            if len(self._known) >= MOST_REMEMBERED:
                self._known.clear()
            found = self._known[text] = self._found(text)
        return found

    def _found(self, text: str) -> str:
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            return ""
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        return ", ".join(filter(None, (lookup(address) for lookup in self._lookups)))


def _special(address: Address) -> str:
    return next((name for network, name in _SPECIAL if address in network), "")


class AwsRanges:
    """The networks of `ip-ranges.json`, found by the longest prefix that holds an address.

    Source: "AWS IP address ranges": each prefix is listed under `AMAZON`, and again under its service if it has one.
    """

    def __init__(self, document: object) -> None:
        """Raises ValueError, KeyError or TypeError for a document that is not of that form."""
        if not isinstance(document, dict):
            raise TypeError("no object")
        self._places: dict[int, dict[int, dict[int, str]]] = {4: {}, 6: {}}
        entries = [(one["ip_prefix"], one) for one in document["prefixes"]]
        entries += [(one["ipv6_prefix"], one) for one in document["ipv6_prefixes"]]
        for prefix, entry in entries:
            self._add(ipaddress.ip_network(prefix), str(entry["service"]), str(entry["region"]))

    def _add(self, network: ipaddress.IPv4Network | ipaddress.IPv6Network, service: str, region: str) -> None:
        of_length = self._places[network.version].setdefault(network.prefixlen, {})
        start = int(network.network_address)
        if service == "AMAZON":
            of_length.setdefault(start, f"AWS in {region}")
        else:
            of_length[start] = f"AWS {service} in {region}"

    def __call__(self, address: Address) -> str:
        """The service and the region; empty if the address is none of AWS's."""
        of_version, bits = self._places[address.version], address.max_prefixlen
        for length in sorted(of_version, reverse=True):
            start = int(address) >> (bits - length) << (bits - length)
            if (found := of_version[length].get(start)) is not None:
                return found
        return ""

    @classmethod
    def read(cls, path: Path) -> AwsRanges:
        """From the file that AWS publishes; InputError for one that is not there, or something else."""
        hint = "`aws_ranges` of [places] is AWS's ip-ranges.json, from https://ip-ranges.amazonaws.com/ip-ranges.json"
        try:
            return cls(json.loads(path.read_bytes()))
        except OSError as error:
            raise InputError(f"cannot read `{path}`: {reason_of(error)}", hint=hint) from error
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise InputError(f"`{path}` is no list of AWS's networks", hint=hint) from error


def database(path: Path) -> Lookup:
    """Countries, and cities where it has them, of a database in MaxMind's format.

    Raises InputError for a file that is missing or is none, VedetteError where the extra is not installed.
    """
    try:
        import maxminddb
    except ImportError as error:
        raise VedetteError(
            "`database` of [places] needs a package that is not installed", hint="pip install 'vedette[geo]'"
        ) from error
    try:
        reader = maxminddb.open_database(path)
    except OSError as error:
        hint = "`database` of [places] is a file in MaxMind's format: GeoLite2-Country.mmdb, say"
        raise InputError(f"cannot read `{path}`: {reason_of(error)}", hint=hint) from error
    except Exception as error:  # whatever a reader of a damaged file stumbles over
        raise InputError(
            f"`{path}` is no database in MaxMind's format, or it is damaged", hint="download it anew"
        ) from error

    def look_up(address: Address) -> str:
        try:
            found = reader.get(str(address))
        except Exception:  # noqa: BLE001  # IPv6 in a database of IPv4, or damage: no reason to hold a message back
            return ""
        return _place(found) if isinstance(found, Mapping) else ""

    return look_up


def _place(found: Mapping[str, object]) -> str:
    """`Lyon, France` of a record as GeoIP2 and its like write them: names by language, else the code."""
    names = [_name(found.get(part)) for part in ("city", "country")]
    if not names[1]:
        names[1] = _name(found.get("registered_country"))
    return ", ".join(filter(None, names))


def _name(part: object) -> str:
    if not isinstance(part, Mapping):
        return part if isinstance(part, str) else ""
    names = part.get("names")
    name = names.get("en") if isinstance(names, Mapping) else None
    return next((value for value in (name, part.get("iso_code")) if isinstance(value, str)), "")
