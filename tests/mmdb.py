"""Writes small databases in MaxMind's format, for the tests.

Source: "MaxMind DB File Format Specification" 2.0: a binary search tree over the bits of an address, a data section of
self-describing values, metadata behind a marker.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass

MARKER = b"\xab\xcd\xefMaxMind.com"
_STRING, _UINT16, _UINT32, _MAP, _UINT64, _ARRAY = 2, 5, 6, 7, 9, 11


@dataclass(frozen=True)
class _Number:
    value: int
    kind: int


def written(networks: Mapping[str, object], *, version: int = 6) -> bytes:
    """A database of these networks (IPv4 ones stand under ::/96 in a database of version 6) and their records."""
    nodes: list[list[object]] = [[None, None]]
    data, places = b"", {}
    for text, record in networks.items():
        places[text] = len(data)
        data += _value(record)
    for text in networks:
        _put(nodes, _bits(text, version), places[text])
    count = len(nodes)
    tree = b"".join(_pointer(side, count).to_bytes(4, "big") for node in nodes for side in node)
    metadata: dict[str, object] = {
        "node_count": _Number(count, _UINT32), "record_size": 32, "ip_version": version,
        "database_type": "Test", "languages": ["en"],
        "binary_format_major_version": 2, "binary_format_minor_version": 0,
        "build_epoch": _Number(1_795_000_000, _UINT64),
        "description": {"en": "made for a test"},
    }  # fmt: skip
    return tree + bytes(16) + data + MARKER + _value(metadata)


def _bits(text: str, version: int) -> str:
    network = ipaddress.ip_network(text)
    bits = f"{int(network.network_address):0{network.max_prefixlen}b}"[: network.prefixlen]
    return "0" * 96 + bits if network.version == 4 and version == 6 else bits


def _put(nodes: list[list[object]], bits: str, place: int) -> None:
    at = 0
    for bit in bits[:-1]:
        following = nodes[at][int(bit)]
        if not isinstance(following, list):
            nodes.append([None, None])
            following = nodes[at][int(bit)] = [len(nodes) - 1]
        at = following[0]
    nodes[at][int(bits[-1])] = place


def _pointer(side: object, count: int) -> int:
    """To another node, to a record behind the tree and its separator, or to nothing."""
    if side is None:
        return count
    return side[0] if isinstance(side, list) else count + 16 + int(str(side))


def _value(value: object) -> bytes:
    match value:
        case str():
            raw = value.encode()
            return _head(_STRING, len(raw)) + raw
        case bool() | float():
            raise NotImplementedError
        case int():
            return _value(_Number(value, _UINT16))
        case _Number(number, kind):
            raw = number.to_bytes((number.bit_length() + 7) // 8, "big")
            return _head(kind, len(raw)) + raw
        case Mapping():
            return _head(_MAP, len(value)) + b"".join(_value(key) + _value(inner) for key, inner in value.items())
        case list():
            return _head(_ARRAY, len(value)) + b"".join(map(_value, value))
    raise NotImplementedError


def _head(kind: int, size: int) -> bytes:
    """The control byte, the kind behind it if it is an extended one, and the rest of a long size."""
    short, rest = (size, b"") if size < 29 else (29, bytes([size - 29]))
    return bytes([kind << 5 | short] if kind < 8 else [short, kind - 7]) + rest
