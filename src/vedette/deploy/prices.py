"""The dated table of prices that estimates are made from."""

from __future__ import annotations

import datetime as dt
import functools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources


@dataclass(frozen=True, slots=True)
class Prices:
    """Unit prices by name in US dollars, the quantities that they are multiplied with, and whence they come."""

    date: dt.date
    region: str
    sources: tuple[str, ...]
    units: Mapping[str, float]
    quantities: Mapping[str, float]

    def of(self, name: str) -> float:
        """A unit price."""
        return self.units[name]

    def much(self, name: str) -> float:
        """A quantity."""
        return self.quantities[name]


@functools.cache
def load_prices() -> Prices:
    """The table that ships with Vedette."""
    table = tomllib.loads(resources.files("vedette.deploy").joinpath("prices.toml").read_text("utf-8"))
    return Prices(table["date"], table["region"], tuple(table["sources"]), table["prices"], table["quantities"])
