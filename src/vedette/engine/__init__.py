"""Records to matches, matches to statistic sets and evidence: pure, fast, the same for any number of processes.

    Body ── reading ──► records ── plan ──► hits ── sightings ──► BodyResult ── fold ──► series, evidence, tally

An `Engine` is built once from detections and processes bodies, in any process; a `Fold` takes the results in one
order. Neither performs input or output, reads a clock, or starts a process.
"""

from vedette.engine.engine import Engine
from vedette.engine.fold import Fold, GroupResult, Tally
from vedette.engine.result import BodyResult, Match

__all__ = ["BodyResult", "Engine", "Fold", "GroupResult", "Match", "Tally"]
