"""How much of a hostile or broken object is read before it is given up.

Each bound is far above what CloudTrail writes (records of at most 256 KB, log files of at most 50 MB uncompressed) and
low enough that one object can neither fill the memory nor hold up a scan. This module only holds the numbers.
"""

from __future__ import annotations

from dataclasses import dataclass

MEBIBYTE = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on one object; sizes in bytes.

    `compressed_bytes`: how much of a gzip stream, as stored, is read; what its first part holds is used.
    `decompressed_bytes`: the largest document (log file, array, base64 text, line) that is held whole. A stream of
        lines has no bound: it passes through in chunks.
    `ratio`: what a gzip stream may expand to, as a multiple of its stored size, once it has passed
        `ratio_free_bytes`. Every CloudTrail record carries an eventID and most a requestID, 16 random bytes each
        that no compression removes, so that real files stay near 10 and uniform records of 1.5 kB below 50; a bomb
        reaches 1,000. Below `ratio_free_bytes` a bomb is harmless, and so is not looked for.
    `depth`: how many brackets may be open at once within a record; CloudTrail's own stay below 20.
    `record_bytes`: the largest record.
    `chunk_bytes`: about how much of a stream of lines one body holds.
    """

    compressed_bytes: int = 4096 * MEBIBYTE
    decompressed_bytes: int = 256 * MEBIBYTE
    ratio: int = 200
    ratio_free_bytes: int = 16 * MEBIBYTE
    depth: int = 64
    record_bytes: int = 4 * MEBIBYTE
    chunk_bytes: int = 2 * MEBIBYTE


DEFAULT_LIMITS = Limits()
