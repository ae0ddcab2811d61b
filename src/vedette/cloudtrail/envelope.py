"""An object opened: recognised by content, decompressed within bounds, cut into bodies, split into records.

    stream ─ decompress ─► text ─ framing ─► Body ─ split ─► verbatim records
                                     └────────────┴────────► Malformed

Nothing is skipped in silence: what cannot be read is a Malformed with its place and reason.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import BinaryIO

from vedette.cloudtrail.body import APART, Body, Kind, Malformed, Reason
from vedette.cloudtrail.crowd import is_crowded
from vedette.cloudtrail.decompress import open_text
from vedette.cloudtrail.framing import frame
from vedette.cloudtrail.limits import DEFAULT_LIMITS, Limits
from vedette.cloudtrail.recognise import is_plain_log_file
from vedette.cloudtrail.split import split

__all__ = ["APART", "Body", "Kind", "Malformed", "Reason", "read_bodies", "split"]


def read_bodies(stream: BinaryIO, name: str, limits: Limits = DEFAULT_LIMITS) -> Iterator[Body | Malformed]:
    """The bodies in the object that `stream` gives, in order; `name` is what messages call it.

    A LOG_FILE is one document, whole, held within `limits`; NDJSON comes in chunks of whole lines, however long the
    stream. Of an object that is cut short or corrupt, what was whole comes as bodies that are whole, then one
    Malformed. The stream is read on demand and not closed. A body of kind LOG_FILE may be broken inside (or, rarely,
    be several documents in a row): if decoding it fails, `split` gives what can be had. So may a line of NDJSON, and
    a line without eventName and eventSource may be an envelope: `split` opens it.
    """
    pieces = open_text(stream, name, limits)
    first = next(pieces, b"")
    second = next(pieces, None)
    if second is None and isinstance(first, bytes) and is_plain_log_file(first) and not is_crowded(first):
        yield Body(Kind.LOG_FILE, first, name)
        return
    start = (first,) if second is None else (first, second)
    yield from frame(itertools.chain(start, pieces), name, limits)
