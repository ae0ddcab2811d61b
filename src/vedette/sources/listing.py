"""Log files in S3 that are found by listing the bucket: to read what is there already, or where no queue tells.

CloudTrail's keys hold the minute of delivery, so a listing goes on where the last one ended, account by account and
region by region; an overlap catches what was delivered late. The cursor says, for each, up to when all is done.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from vedette.aws import AwsClient
from vedette.cloudtrail.limits import DEFAULT_LIMITS, Limits
from vedette.cloudtrail.moment import print_time
from vedette.cloudtrail.object_key import ObjectKey
from vedette.sources.held import LEASE, Clock, Window
from vedette.sources.notification import ObjectRef
from vedette.sources.port import Item
from vedette.sources.s3 import buffered, download, fetch_object

DISCOVER_EVERY = 600.0
"""Seconds for which the accounts and regions of a bucket are taken to be the same."""

_KIND = "CloudTrail/"


@dataclass(frozen=True, slots=True)
class _Region:
    """One account's log files of one region: the folder under which they lie."""

    folder: str
    account: str
    region: str

    def key_at(self, moment: int) -> str:
        """The first key that a file delivered at that time could have."""
        stamp = print_time(moment)
        day, minute = stamp[:10].replace("-", "/"), stamp[:16].replace("-", "").replace(":", "")
        return f"{self.folder}{day}/{self.account}_CloudTrail_{self.region}_{minute}"


@dataclass(slots=True)
class ListedBucket:
    """A bucket as CloudTrail lays it out, as a source. `since` is where it begins, in epoch seconds.

    Empty `accounts` and `regions` mean all. `given` is the cursor of an earlier run; it goes before `since`.
    """

    name: str
    client: AwsClient
    bucket: str
    since: int
    prefix: str = ""
    accounts: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    overlap: int = 3_600
    given: str = ""
    limits: Limits = DEFAULT_LIMITS
    lease: float = LEASE
    clock: Clock = time.monotonic
    _windows: dict[str, Window] = field(default_factory=dict)
    _regions: tuple[_Region, ...] = ()
    _discovered: float | None = None

    @property
    def cursor(self) -> str:
        """The time up to which all is done, by folder, as JSON."""
        lows = {folder: window.low for folder, window in list(self._windows.items())}
        return json.dumps({**_lows(self.given), **lows}, sort_keys=True) if lows else self.given

    def poll(self, now: int) -> Iterator[Item]:
        """The files that were delivered since; raises AwsError."""
        if self._discovered is None or self.clock() - self._discovered >= DISCOVER_EVERY:
            self._regions = tuple(self._discover())
            self._discovered = self.clock()
        for region in self._regions:
            low = _lows(self.given).get(region.folder, self.since)
            window = self._windows.setdefault(region.folder, Window(low, self.overlap, self.lease, self.clock))
            window.forget()
            yield from self._list(region, window)

    def fetch(self, name: str) -> Item:
        """The object of that name."""
        return fetch_object(self.client, name, self.limits)

    def _list(self, region: _Region, window: Window) -> Iterator[Item]:
        start = region.key_at(max(window.start, 0))
        for page in self.client.pages("list_objects_v2", Bucket=self.bucket, Prefix=region.folder, StartAfter=start):
            contents = page.get("Contents", [])
            assert isinstance(contents, list)
            for found in contents:
                key = ObjectKey.parse(found["Key"])
                if key is not None and window.offer(found["Key"], key.delivered):
                    yield self._item(window, found["Key"], found["Size"], key.delivered)

    def _item(self, window: Window, key: str, size: int, delivered: int) -> Item:
        ref = ObjectRef(self.bucket, key, size)
        return Item(
            name=ref.name,
            size=size,
            open=lambda: download(self.client, ref, self.limits),
            ack=lambda: window.settle([key]),
            extend=lambda seconds: window.extend([key], seconds),
            reject=lambda why: window.settle([key]),
            delivered=delivered,
            buffered=buffered(size),
        )

    def _discover(self) -> Iterator[_Region]:
        top = "/".join(filter(None, (self.prefix.strip("/"), "AWSLogs"))) + "/"
        for folder in self._folders(top):
            name = folder.removeprefix(top).rstrip("/")
            if name.startswith("o-"):
                for inner in self._folders(folder):
                    yield from self._regions_of(inner, inner.removeprefix(folder).rstrip("/"))
            else:
                yield from self._regions_of(folder, name)

    def _regions_of(self, folder: str, account: str) -> Iterator[_Region]:
        if self.accounts and account not in self.accounts:
            return
        for inner in self._folders(folder + _KIND):
            region = inner.removeprefix(folder + _KIND).rstrip("/")
            if not self.regions or region in self.regions:
                yield _Region(inner, account, region)

    def _folders(self, prefix: str) -> list[str]:
        pages = self.client.pages("list_objects_v2", Bucket=self.bucket, Prefix=prefix, Delimiter="/")
        return [found["Prefix"] for page in pages for found in _commons(page)]


def _commons(page: Mapping[str, object]) -> list[dict[str, str]]:
    found = page.get("CommonPrefixes", [])
    assert isinstance(found, list)
    return found


def _lows(cursor: str) -> dict[str, int]:
    try:
        found = json.loads(cursor) if cursor else {}
    except ValueError:
        return {}
    return {str(key): low for key, low in found.items() if isinstance(low, int)} if isinstance(found, dict) else {}
