"""The units that CloudWatch knows (StandardUnit)."""

from __future__ import annotations

from typing import Final

_SIZES: Final = ("Bytes", "Kilobytes", "Megabytes", "Gigabytes", "Terabytes", "Bits", "Kilobits", "Megabits")
_AMOUNTS: Final = (*_SIZES, "Gigabits", "Terabits", "Count")

UNITS: Final = frozenset(
    {"Seconds", "Microseconds", "Milliseconds", "Percent", "None", *_AMOUNTS, *(f"{each}/Second" for each in _AMOUNTS)}
)
