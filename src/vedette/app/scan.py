"""`scan`: objects in, a report out. One process or several, the report is the same."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence, Set
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace

from vedette.alerts.alert import Alert
from vedette.alerts.assembly import Assembly, Course, assemble
from vedette.alerts.evidence import Sighting
from vedette.app.processes import Step, read_alone, read_together
from vedette.app.reading import Piece, resting_collector
from vedette.cloudtrail.envelope import Body, Malformed, Reason, read_bodies
from vedette.cloudtrail.limits import DEFAULT_LIMITS, Limits
from vedette.cloudtrail.object_key import ObjectKey
from vedette.detections.definition import Detection
from vedette.engine.engine import Engine
from vedette.engine.fold import Fold, GroupResult, Tally
from vedette.engine.result import BodyResult
from vedette.errors import NothingToDoError, printable
from vedette.sources.files import STDIN, FileObject, Unreadable, find_objects, spooled_stdin

OTHER_GROUPS = "(other groups)"
_SHOWN_MALFORMED = 1_000


@dataclass(frozen=True, slots=True)
class Window:
    """Event times to look at, `[since, until)` in epoch seconds; None is no bound."""

    since: int | None = None
    until: int | None = None

    def holds(self, time: int) -> bool:
        """Whether an event of that time is looked at."""
        return (self.since is None or time >= self.since) and (self.until is None or time < self.until)

    @property
    def bounded(self) -> bool:
        """Whether there is any bound."""
        return self.since is not None or self.until is not None


@dataclass(frozen=True, slots=True)
class ScanOptions:
    """How to scan. `today` is the day in UTC by which exceptions end."""

    today: dt.date
    jobs: int = 1
    window: Window = Window()
    limits: Limits = DEFAULT_LIMITS


@dataclass(frozen=True, slots=True)
class Moment:
    """How far a scan is: `advanced` bytes since the last moment, and the records so far."""

    advanced: int
    records: int


@dataclass(frozen=True, slots=True)
class Report:
    """What a scan found, and what became of everything that it read.

    objects = read + older + unreadable (at all, or to the end); records = unique + duplicates; unique = matched +
    unmatched; matches = alerted + below threshold + building blocks. `outside` are matches whose event time the window
    excludes.
    """

    assembly: Assembly
    tally: Tally
    objects: int
    read: int
    older: int
    unreadable: int
    outside: int
    first: int | None
    last: int | None
    malformed: tuple[Malformed, ...]
    malformed_counts: Counter[str]

    @property
    def alerts(self) -> tuple[Alert, ...]:
        """The alerts, in the order in which they are told."""
        return self.assembly.alerts


@contextmanager
def open_inputs(paths: Sequence[str]) -> Iterator[list[FileObject | Unreadable]]:
    """The objects under `paths`; `-` is standard input. Raises NothingToDoError if there is none."""
    with ExitStack() as stack:
        piped = [stack.enter_context(spooled_stdin())] if STDIN in paths else []
        on_disk = find_objects([path for path in paths if path != STDIN])
        found = list({one.name: one for one in (*piped, *on_disk)}.values())
        if not found:
            raise NothingToDoError(
                f"no file in {', '.join(f'`{printable(path)}`' for path in paths)}",
                hint="give a folder as CloudTrail lays it out, a log file, or `-` for standard input",
            )
        first = found[0]
        if isinstance(first, Unreadable) and all(isinstance(one, Unreadable) for one in found):
            raise NothingToDoError(f"cannot read `{printable(first.name)}`: {first.reason}")
        yield found


@dataclass(slots=True)
class _Count:
    """What is counted beside the fold."""

    outside: int = 0
    unreadable: int = 0
    malformed: list[Malformed] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)

    def add(self, malformed: Malformed) -> None:
        """Count something that is no body."""
        self.unreadable += malformed.reason is Reason.UNREADABLE
        self.reasons[malformed.reason.value] += 1
        if len(self.malformed) < _SHOWN_MALFORMED:
            self.malformed.append(malformed)


def scan(
    objects: Sequence[FileObject | Unreadable],
    detections: Sequence[Detection],
    options: ScanOptions,
    progress: Callable[[Moment], None] = lambda _: None,
) -> Report:
    """Ask every record of every object every detection's question, and decide the alarms in event time."""
    fresh = [found for found in objects if not _is_older(found, options.window)]
    engine, fold, count = Engine(detections, options.today, options.limits), Fold(detections), _Count()
    # Closed at once when it is interrupted, or workers would go on until the interpreter ends.
    with resting_collector(), closing(_steps(engine, fresh, options, fold.strides)) as steps:
        for advanced, piece in steps:
            _take(piece, fold, count, options.window)
            progress(Moment(advanced, fold.tally.records))
        return _report(objects, fresh, detections, fold, count)


def _take(piece: Piece | None, fold: Fold, count: _Count, window: Window) -> None:
    if isinstance(piece, BodyResult):
        fold.add(_within(piece, window, count))
    elif piece is not None:
        count.add(piece)


def _steps(
    engine: Engine, objects: Sequence[FileObject | Unreadable], options: ScanOptions, strides: Mapping[int, int]
) -> Generator[Step, None, None]:
    jobs = min(options.jobs, len(objects))
    if jobs > 1:
        return read_together(engine, objects, options.limits, options.today, jobs, strides)
    return read_alone(engine, objects, options.limits, strides)


def _is_older(found: FileObject | Unreadable, window: Window) -> bool:
    """Whether the object was delivered before the window begins, and so holds nothing of it."""
    if window.since is None or isinstance(found, Unreadable):
        return False
    key = ObjectKey.parse(found.name)
    return key is not None and key.delivered + 60 <= window.since


def _within(result: BodyResult, window: Window, count: _Count) -> BodyResult:
    """The result without the matches, and minutes, that the window excludes."""
    if not window.bounded:
        return result
    matches = tuple(match for match in result.matches if window.holds(match.sighting.time))
    count.outside += len(result.matches) - len(matches)
    minutes = result.minutes
    if minutes is not None:
        minutes = tuple(minute if minute is not None and window.holds(minute) else None for minute in minutes)
    return replace(result, matches=matches, minutes=minutes)


def _report(
    objects: Sequence[FileObject | Unreadable],
    fresh: Sequence[FileObject | Unreadable],
    detections: Sequence[Detection],
    fold: Fold,
    count: _Count,
) -> Report:
    assembly = assemble((_course(detections, result) for result in fold.results()), detections)
    reasons = count.reasons + Counter({reason.value: number for reason, number in fold.tally.malformed.items()})
    times = [time for alert in assembly.alerts for time in (alert.evidence.first, alert.evidence.last)]
    return Report(
        assembly=assembly,
        tally=fold.tally,
        objects=len(objects),
        read=len(fresh) - count.unreadable,
        older=len(objects) - len(fresh),
        unreadable=count.unreadable,
        outside=count.outside,
        first=min(times, default=None),
        last=max(times, default=None),
        malformed=(*count.malformed, *fold.malformed)[:_SHOWN_MALFORMED],
        malformed_counts=reasons,
    )


def _course(detections: Sequence[Detection], result: GroupResult) -> Course:
    detection = detections[result.detection]
    group = result.group if result.group is not None else (OTHER_GROUPS,) * len(detection.group_by)
    return Course(detection, group, result.series, result.by_minute())


def verbatim(
    alerts: Iterable[Alert],
    objects: Sequence[FileObject | Unreadable],
    detections: Sequence[Detection],
    options: ScanOptions,
) -> dict[Sighting, str]:
    """The records behind the alerts' sightings, read once more; what cannot be had any more is left out."""
    wanted: dict[str, list[Sighting]] = defaultdict(list)
    for alert in alerts:
        for sighting in alert.evidence.sightings:
            wanted[sighting.object_name].append(sighting)
    engine = Engine(detections, options.today, options.limits)
    found: dict[Sighting, str] = {}
    for one in objects:
        if isinstance(one, FileObject) and one.name in wanted:
            found |= _read_again(engine, one, wanted[one.name], options.limits)
    return found


def _read_again(engine: Engine, one: FileObject, wanted: Sequence[Sighting], limits: Limits) -> dict[Sighting, str]:
    missing = set(wanted)
    found: dict[Sighting, str] = {}
    try:
        with one.open() as stream:
            for body in read_bodies(stream, one.name, limits):
                if isinstance(body, Body) and any(seen.number >= body.first_line for seen in missing):
                    texts = _texts(engine, body, missing)
                    missing -= texts.keys()
                    found |= texts
                if not missing:
                    break
    except OSError:
        return found
    return found


def _texts(engine: Engine, body: Body, wanted: Set[Sighting]) -> dict[Sighting, str]:
    """The texts of the sightings that are of this body: bodies of one object may begin at the same place."""
    here = {match.sighting for match in engine.process(body).matches} & wanted
    texts = engine.records_at(body, [seen.place for seen in here])
    return {seen: texts[seen.place].decode("utf-8", "replace") for seen in here if seen.place in texts}
