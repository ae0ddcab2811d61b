"""Detections made ready to run, and bodies turned into results. Pure: a body gives the same result in any process."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from typing import cast

from msgspec import UNSET

from vedette.cloudtrail.body import Body, Malformed, Reason
from vedette.cloudtrail.limits import DEFAULT_LIMITS, Limits
from vedette.cloudtrail.projection import Record
from vedette.detections.definition import Detection
from vedette.engine.habits import HabitMaker
from vedette.engine.plan import Hits, Plan
from vedette.engine.questions import Readings, projection_of, question_of
from vedette.engine.reader import RecordReader
from vedette.engine.reading import BodyReader, Reading
from vedette.engine.result import BodyResult, EventIds, Match, Matches, bare_sighting
from vedette.engine.sightings import SightingMaker
from vedette.engine.times import Times

_SHOWN = 80
_ALL_MINUTES: Mapping[int, int] = {}


class Engine:
    """Asks every record every detection's question.

    `today` (a day in UTC) decides which exceptions are still in force. Building compiles nothing yet; an engine learns
    as it works, so keep one for each process. With `habits` its results also say what each actor did in each hour.
    """

    def __init__(
        self, detections: Sequence[Detection], today: dt.date, limits: Limits = DEFAULT_LIMITS, *, habits: bool = False
    ) -> None:
        self.detections = tuple(detections)
        questions = [
            asked
            for number, detection in enumerate(self.detections)
            if (asked := question_of(number, detection, today)) is not None
        ]
        self.projection = projection_of(questions, self.detections)
        self._reader = BodyReader(self.projection, limits)
        self._plan = Plan(
            ((asked.number, asked.predicate) for asked in questions if asked.predicate is not None),
            RecordReader(self.projection),
        )
        self._text_questions = [asked for asked in questions if asked.predicate is None]
        self._readings = [Readings(detection, self.projection) for detection in self.detections]
        self._sightings = SightingMaker(self.projection)
        self._habits = HabitMaker(self._sightings.actor) if habits else None
        self._times = Times()
        self._counts_minutes = any(
            detection.metric is not None and detection.metric.default is not None for detection in self.detections
        )

    def process(self, body: Body, strides: Mapping[int, int] = _ALL_MINUTES) -> BodyResult:
        """Everything that the body's records say. Never raises, whatever the body holds.

        With the `strides` of the fold that is to have the result, the sightings of records that it would not tell
        are bare.
        """
        reading = self._reader.read(body, verbatim=bool(self._text_questions))
        records = reading.records
        untimed = self._times.unreadable(records)
        found = self._hits(reading)
        if excluded := frozenset(untimed):
            found = [(place, hits) for place, hits in found if place not in excluded]
        return BodyResult(
            name=body.name,
            kind=body.kind,
            event_ids=_event_ids(records),
            matches=Matches(self._matches(body, reading, found, strides)),
            minutes=self._times.minutes(records) if self._counts_minutes else None,
            malformed=(*reading.malformed, *(_untimed(body, reading, place) for place in untimed)),
            hours=() if self._habits is None else self._habits.hours(_without(records, excluded)),
        )

    def _hits(self, reading: Reading) -> list[tuple[int, Hits]]:
        """(place, numbers of the detections that match) of each record that any detection matches."""
        found = self._plan.matches(reading.records) if not reading.odd else self._hits_beside_odd(reading)
        return found if reading.texts is None else self._with_text_hits(found, reading.texts)

    def _hits_beside_odd(self, reading: Reading) -> list[tuple[int, Hits]]:
        """As `_hits`; the records that fit go the fast way all the same."""
        fitting = [place for place in range(len(reading.records)) if place not in reading.odd]
        quick = self._plan.matches([reading.records[place] for place in fitting])
        found = [(fitting[index], hits) for index, hits in quick]
        slow = ((place, self._plan.hits_of(reading.records[place])) for place in reading.odd)
        return sorted([*found, *((place, hits) for place, hits in slow if hits)], key=lambda pair: pair[0])

    def _with_text_hits(self, found: list[tuple[int, Hits]], texts: Sequence[bytes]) -> list[tuple[int, Hits]]:
        """`found`, and the matches of the detections that read a record as text."""
        together = dict(found)
        for place, data in enumerate(texts):
            text = data.decode()
            more = [asked.number for asked in self._text_questions if asked.matches(text)]
            if more:
                together[place] = sorted((*together.get(place, ()), *more))
        return sorted(together.items())

    def _matches(
        self, body: Body, reading: Reading, found: Iterable[tuple[int, Hits]], strides: Mapping[int, int]
    ) -> Iterator[Match]:
        make = tuple.__new__  # what `Match(…)` comes to, at a third of its price
        first_line, numbers = body.first_line, reading.numbers
        for place, hits in found:
            if numbers is not None:
                first_line = body.first_line + numbers[place] - place
            record = reading.records[place]
            time = self._times.time(record.event_time)
            assert time is not None
            if strides and _untold(time // 60, hits, strides):
                sighting = bare_sighting(time, body.name, first_line, place)
                actor = self._sightings.actor(record)
            else:
                sighting = self._sightings.sighting(record, time, body.name, first_line, place)
                actor = sighting.actor
            for number in hits:
                readings = self._readings[number]
                group = readings.group(record, actor.key)
                value = readings.constant
                if value is None:
                    value = readings.value(record, "" if reading.texts is None else reading.texts[place].decode())
                yield make(Match, (number, group, value, sighting))

    def records_at(self, body: Body, places: Iterable[int]) -> dict[int, bytes]:
        """The verbatim bytes of the records of `body` at some places, as sightings name them."""
        texts = self._reader.read(body, verbatim=True).texts or []
        return {place: texts[place] for place in places if place < len(texts)}


def _untold(minute: int, hits: Hits, strides: Mapping[int, int]) -> bool:
    """Whether none of the detections tells anything of this minute."""
    return all(minute % strides.get(number, 1) for number in hits)


def _without(records: Sequence[Record], places: Set[int]) -> Sequence[Record]:
    return [record for place, record in enumerate(records) if place not in places] if places else records


def _event_ids(records: Sequence[Record]) -> EventIds:
    """The id of each record, empty where there is none."""
    ids = [record.event_id for record in records]
    if set(map(type, ids)) <= {str}:
        return EventIds(cast("list[str]", ids))
    return EventIds(value if isinstance(value, str) else "" for value in ids)


def _untimed(body: Body, reading: Reading, place: int) -> Malformed:
    stamp = reading.records[place].event_time
    shown = "missing" if stamp is UNSET else repr(stamp)[:_SHOWN]
    number = place if reading.numbers is None else reading.numbers[place]
    return Malformed(body.name, f"record {body.first_line + number}", Reason.BAD_TIME, shown)
