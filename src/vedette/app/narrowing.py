"""A detection that errors must not cost what the others find: it is found out, left out for that body, and named."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from vedette.cloudtrail.body import Body
from vedette.cloudtrail.limits import Limits
from vedette.detections.definition import Detection
from vedette.engine.engine import Engine
from vedette.engine.result import BodyResult


@dataclass(frozen=True, slots=True)
class Narrowed:
    """What a body says to the detections that can be asked; `broken` says why of the others, by id."""

    result: BodyResult
    broken: Mapping[str, str]


def narrowed(detections: Sequence[Detection], today: dt.date, limits: Limits, body: Body, error: Exception) -> Narrowed:
    """Ask a body again after an engine with all `detections` raised `error`, without those that are to blame.

    Raises `error` where it is not about some of them: where none fails alone, or all that can be asked do.
    """
    search = _Search(detections, today, limits, body)
    search.among(range(len(detections)))
    asked = sum(detection.pattern is not None for detection in detections)
    if not search.broken or len(search.broken) == asked > 1:
        raise error
    rest = [number for number in range(len(detections)) if number not in search.broken]
    result = search.ask(rest)
    # The matches bear the numbers that the detections have among all.
    matches = tuple(match._replace(detection=rest[match.detection]) for match in result.matches)
    broken = {detections[number].id: why for number, why in search.broken.items()}
    return Narrowed(replace(result, matches=matches), broken)


@dataclass(slots=True)
class _Search:
    detections: Sequence[Detection]
    today: dt.date
    limits: Limits
    body: Body
    broken: dict[int, str] = field(default_factory=dict)

    def ask(self, numbers: Sequence[int]) -> BodyResult:
        """What the body says to some of the detections, numbered by their place among these."""
        return Engine([self.detections[number] for number in numbers], self.today, self.limits).process(self.body)

    def among(self, numbers: Sequence[int]) -> None:
        """Find those that fail, by halves."""
        try:
            self.ask(numbers)
        except Exception as error:  # noqa: BLE001  # which of them it is about is what is asked here
            if len(numbers) == 1:
                self.broken[numbers[0]] = f"{type(error).__name__}: {error}"
                return
            middle = len(numbers) // 2
            self.among(numbers[:middle])
            self.among(numbers[middle:])
