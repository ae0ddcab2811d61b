"""What the name of a delivered object tells: whose records of which region, of which kind, delivered when.

    [prefix/]AWSLogs/[o-organisation/]ACCOUNT/CloudTrail/REGION/yyyy/mm/dd/
        ACCOUNT_CloudTrail_REGION_yyyymmddThhmmZ_UNIQUE.json.gz

The name is evidence of delivery, not of content: what an object is, `envelope` finds out from its bytes.
Sources: "Finding your CloudTrail log files"; "CloudTrail digest file structure".
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass

from vedette.cloudtrail.moment import parse_time, print_time


class ObjectKind(enum.Enum):
    """The folder of a delivered object, which says what kind of file it is."""

    LOG = "CloudTrail"
    DIGEST = "CloudTrail-Digest"
    INSIGHT = "CloudTrail-Insight"
    NETWORK_ACTIVITY = "CloudTrail-NetworkActivity"
    AGGREGATED = "CloudTrail-Aggregated"


_KINDS = "|".join(re.escape(kind.value) for kind in ObjectKind)
_LOG_STAMP = r"(?P<delivered>\d{8}T\d{4})Z"
_DIGEST_STAMP = r"(?P<ended>\d{8}T\d{6})Z"
_NAME = re.compile(
    rf"(?P<account>\d{{12}})_(?P<kind>{_KINDS})_(?P<region>[a-z0-9-]+)_"
    rf"(?:{_LOG_STAMP}_?(?P<unique>\w+)"
    rf"|(?P<trail>[\w.-]+)_(?P<home>[a-z0-9-]+)_{_DIGEST_STAMP}(?P<backfill>_backfill)?)"
    r"\.json(?P<gzip>\.gz)?",
    re.ASCII,
)
_FOLDER = re.compile(
    rf"(?:(?P<prefix>.*)/)?AWSLogs/(?:(?P<organisation>o-[a-z0-9]+)/)?"
    rf"(?P<account>\d{{12}})/(?P<kind>{_KINDS})/(?P<region>[a-z0-9-]+)/\d{{4}}/\d\d/\d\d",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class ObjectKey:
    """A name as CloudTrail gives it.

    `delivered` is in epoch seconds: the minute of delivery of a log file, the end of the hour that a digest covers.
    `unique` is the random part of a log file's name; digests have the trail and its home region instead. `in_folder`
    is false for a bare file name, which tells neither prefix nor organisation. `compressed` is what the name says.
    """

    account: str
    region: str
    delivered: int
    kind: ObjectKind = ObjectKind.LOG
    unique: str | None = None
    organisation: str | None = None
    prefix: str | None = None
    trail: str | None = None
    home_region: str | None = None
    backfill: bool = False
    compressed: bool = True
    in_folder: bool = True

    @classmethod
    def parse(cls, name: str) -> ObjectKey | None:
        """The parts of an object's key, a local path that ends like one, or a bare file name; None for other names.

        >>> key = ObjectKey.parse("111122223333_CloudTrail_us-east-1_20261121T1005Z_AbCdEfGhIjKlMnOp.json.gz")
        >>> key.account, key.region, key.delivered
        ('111122223333', 'us-east-1', 1795255500)
        """
        path, _, file_name = name.replace("\\", "/").rpartition("/")
        found = _NAME.fullmatch(file_name)
        if found is None or (found["trail"] is not None) != (found["kind"] == ObjectKind.DIGEST.value):
            return None
        delivered = parse_time(_iso(found["delivered"] or found["ended"]))
        if delivered is None:
            return None
        folder = _FOLDER.fullmatch(path)
        if folder is not None and any(folder[part] != found[part] for part in ("account", "kind", "region")):
            folder = None
        return cls(
            account=found["account"],
            region=found["region"],
            delivered=delivered,
            kind=ObjectKind(found["kind"]),
            unique=found["unique"],
            organisation=folder["organisation"] if folder else None,
            prefix=(folder["prefix"] or None) if folder else None,
            trail=found["trail"],
            home_region=found["home"],
            backfill=found["backfill"] is not None,
            compressed=found["gzip"] is not None,
            in_folder=folder is not None,
        )

    @property
    def file_name(self) -> str:
        """The last part of the key."""
        start = f"{self.account}_{self.kind.value}_{self.region}"
        if self.kind is ObjectKind.DIGEST:
            tail = f"{self.trail}_{self.home_region}_{self._stamp()}Z" + ("_backfill" if self.backfill else "")
        else:
            tail = f"{self._stamp()[:13]}Z_{self.unique}"
        return f"{start}_{tail}.json" + (".gz" if self.compressed else "")

    def _stamp(self) -> str:
        return print_time(self.delivered).replace("-", "").replace(":", "").rstrip("Z")

    def __str__(self) -> str:
        """The key as CloudTrail writes it."""
        if not self.in_folder:
            return self.file_name
        year, month, day = print_time(self.delivered)[:10].split("-")
        parts = (self.prefix, "AWSLogs", self.organisation, self.account, self.kind.value, self.region)
        return "/".join((*filter(None, parts), year, month, day, self.file_name))


def _iso(stamp: str) -> str:
    seconds = stamp[13:15] or "00"
    return f"{stamp[:4]}-{stamp[4:6]}-{stamp[6:8]}T{stamp[9:11]}:{stamp[11:13]}:{seconds}Z"
