"""Puts filters and alarms together, makes a detection of each pair, and says what is wrong with it.

A detection is made wherever the pattern can be read; what is wrong with pattern, metric and alarm is what the lint of
detections says of it, and what is wrong between them is `wiring`'s. Pure: `today` is given.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from vedette.deploy.importing import wiring
from vedette.deploy.importing.found import Found, FoundAlarm, FoundFilter, FoundTopic, Unread
from vedette.deploy.importing.naming import guess, slug, title
from vedette.deploy.importing.questions import Control, Equivalent, Library, Likeness
from vedette.deploy.importing.wiring import Defect
from vedette.deploy.importing.writing import Draft, Written, written
from vedette.detections.definition import Detection
from vedette.detections.lint import lint
from vedette.detections.loader import load_text
from vedette.errors import Level, PatternSyntaxError, Problem, ProblemsError, printable
from vedette.patterns import FilterPattern

_OF_PATTERN = frozenset(
    (
        "unknown-field",
        "boolean-equals",
        "text-is-boolean",
        "not-equals-absence",
        "or-of-not-equals",
        "contradictory-and",
    )
)
_TOLD = _OF_PATTERN | frozenset(
    (
        *("pattern-over-quota", "dimensions-with-default", "average-with-default"),
        *("alarm-cannot-fire", "alarm-always-on", "alarm-refused", "period-below-resolution"),
    )
)
"""The lint rules about the question, the metric and the alarm; the others are about prose and tests."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A filter with its alarm, or one of the two alone.

    `file` is the detection file; None where none could be made, and `reason` says why (a sentence).
    """

    name: str
    filter: FoundFilter | None
    alarm: FoundAlarm | None
    file: Written | None
    detection: Detection | None
    reason: str
    equivalents: tuple[Equivalent, ...]
    control: Control | None
    defects: tuple[Defect, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """All that was judged, what was not taken, and for the Security Hub controls found how many are exact."""

    source: str
    judged: tuple[Judged, ...]
    unread: tuple[Unread, ...]

    @property
    def files(self) -> tuple[Written, ...]:
        """The files to write."""
        return tuple(one.file for one in self.judged if one.file is not None)

    @property
    def defects(self) -> int:
        """How many defects there are, without warnings."""
        return sum(defect.level is Level.ERROR for one in self.judged for defect in one.defects)


def judge(
    found: Found, builtins: Sequence[Detection], today: dt.date, told: Callable[[str], None] = lambda _: None
) -> Verdict:
    """Everything that was found, put together and judged, in the order in which it was found; `told` hears how far
    it is."""
    return _Judge(found, builtins, today, told).verdict()


class _Judge:
    def __init__(
        self, found: Found, builtins: Sequence[Detection], today: dt.date, told: Callable[[str], None]
    ) -> None:
        self.found = found
        self.today = today
        self.told = told
        self.library = Library(builtins, today)
        self.builtin = frozenset(detection.id for detection in builtins)
        self.taken = set(self.builtin)
        self.topics: dict[str, FoundTopic] = {topic.arn: topic for topic in found.topics}

    def verdict(self) -> Verdict:
        judged = [*self.filters(), *self.alarms()]
        return Verdict(self.found.source, tuple(judged), (*self.found.unread, *self.others()))

    def filters(self) -> Iterator[Judged]:
        """Each filter with each alarm on its metric; a filter that no alarm watches once, alone."""
        by_series: dict[tuple[str, str], list[FoundAlarm]] = {}
        for alarm in self.found.alarms:
            by_series.setdefault(alarm.series, []).append(alarm)
        for number, filter_ in enumerate(self.found.filters):
            self.told(f"judged: {number:,} of {len(self.found.filters):,}")
            if self.foreign(filter_) is not None:
                continue
            alarms = by_series.get(filter_.series, [])
            for alarm in alarms:
                yield self.pair(filter_, alarm)
            if not alarms:
                yield self.pair(filter_, None)

    def alarms(self) -> Iterator[Judged]:
        """Each alarm whose metric is known and no filter's, other than those on metrics of AWS's services."""
        counted = {filter_.series for filter_ in self.found.filters}
        for alarm in self.found.alarms:
            if alarm.series not in counted and not alarm.namespace.startswith("AWS/") and not wiring.is_open(alarm):
                defects = (wiring.lonely_alarm(alarm, self.found), *wiring.of_alarm(alarm, self.topics))
                reason = "there is no pattern to import"
                yield Judged(alarm.name, None, alarm, None, None, reason, (), None, defects)

    def others(self) -> Iterator[Unread]:
        """What has nothing to do with CloudTrail, each with the reason why it was left."""
        for filter_ in self.found.filters:
            if (reason := self.foreign(filter_)) is not None:
                yield Unread(filter_.where, reason)
        counted = {filter_.series for filter_ in self.found.filters}
        for alarm in self.found.alarms:
            if wiring.is_open(alarm) and alarm.series not in counted:
                yield Unread(alarm.where, "only a deployment knows which metric the alarm watches")
            elif alarm.namespace.startswith("AWS/"):
                yield Unread(alarm.where, f"the alarm watches `{alarm.namespace}`, which is no metric filter's")

    def foreign(self, filter_: FoundFilter) -> str | None:
        """Why a filter does not read CloudTrail's records; None if it may."""
        groups = self.found.trail_groups
        if groups is not None and filter_.log_group not in groups and groups:
            return f"no trail of this region writes to `{filter_.log_group}`"
        if filter_.pattern is not None and filter_.pattern.strip() and not filter_.pattern.strip().startswith("{"):
            return "the pattern reads plain text, and CloudTrail's records are JSON"
        return None

    def pair(self, filter_: FoundFilter, alarm: FoundAlarm | None) -> Judged:
        name = alarm.name if alarm is not None else filter_.name
        defects = list(self.wires(filter_, alarm))
        pattern, reason = self.pattern(filter_)
        if pattern is None:
            hint = "" if filter_.pattern is not None else "read it from the account, or from `terraform show -json`"
            defects.insert(0, Defect("pattern-unreadable", reason, hint))
            return Judged(name, filter_, alarm, None, None, reason, (), None, tuple(defects))
        equivalents = self.library.equivalents(pattern)
        control = self.library.control(equivalents)
        if control is not None and not control.exact:
            message = f"it is meant for {control.name}, and Security Hub compares the text: the control fails"
            hint = f"`vedette detections show {control.detection}` has the text; `--pack cis` deploys it"
            defects.append(Defect("control-not-exact", message, hint, Level.WARNING))
        draft = self.draft(name, filter_, alarm, equivalents, control)
        file, detection, found = self.made(draft, [*defects], self.beside(control))
        self.taken.add(draft.id)
        reason = "" if detection is not None else "the file would not load"
        return Judged(name, filter_, alarm, file, detection, reason, equivalents, control, tuple(found))

    def wires(self, filter_: FoundFilter, alarm: FoundAlarm | None) -> Iterator[Defect]:
        if alarm is None:
            yield wiring.lonely_filter(filter_, self.found)
            return
        fellows = [one for one in self.found.filters if one.series == filter_.series and one is not filter_]
        yield from wiring.between(filter_, alarm, fellows)
        yield from wiring.of_alarm(alarm, self.topics)

    def pattern(self, filter_: FoundFilter) -> tuple[FilterPattern | None, str]:
        """The pattern, or why there is none."""
        if filter_.pattern is None:
            return None, "the pattern is made of what only a deployment knows"
        try:
            return FilterPattern.parse(filter_.pattern, quotas=False), ""
        except PatternSyntaxError as error:
            return None, f"CloudWatch Logs rejects the pattern: {printable(error.message)}"

    def draft(
        self,
        name: str,
        filter_: FoundFilter,
        alarm: FoundAlarm | None,
        equivalents: Sequence[Equivalent],
        control: Control | None,
    ) -> Draft:
        exact = control is not None and control.exact
        same = next((one.detection for one in equivalents if one.likeness is not Likeness.VERDICTS), None)
        return Draft(
            id=slug(name, self.taken),
            title=title(name, equivalents),
            guess=guess(name, alarm.description if alarm is not None else "", equivalents),
            filter=filter_,
            alarm=alarm,
            references=same.references if same is not None else (),
            compliance=same.compliance if same is not None and exact else (),
            remarks=tuple(_likenesses(equivalents)),
        )

    def beside(self, control: Control | None) -> str:
        """What to do about a prescribed text that is a poor question; empty for any other."""
        if control is None or not control.exact or (other := f"{control.detection}-corrected") not in self.builtin:
            return ""
        return f"{control.name} fails with any other text: keep it, and ask the built-in `{other}` beside it"

    def made(
        self, draft: Draft, wires: list[Defect], beside: str
    ) -> tuple[Written | None, Detection | None, list[Defect]]:
        """The file that loads with most of what was found: without the alarm's settings if those are refused, …"""
        refused: list[Defect] = []
        draft = replace(draft, with_metric=not wiring.is_open(draft.filter))
        for attempt in (draft, replace(draft, with_alarm=False), replace(draft, with_alarm=False, with_metric=False)):
            file = written(_remarked(attempt, [*refused, *wires]))
            try:
                detection = load_text(file.text, file.name)
            except ProblemsError as error:
                refused = refused or [_refused(problem) for problem in error.problems]
                continue
            linted = [_linted(problem, beside) for problem in lint([detection], self.today) if problem.rule in _TOLD]
            final = written(_remarked(attempt, [*refused, *linted, *wires]))
            return final, detection, [*refused, *linted, *wires]
        return None, None, [*refused, *wires]


def _likenesses(equivalents: Sequence[Equivalent]) -> Iterator[str]:
    for one in equivalents[:3]:
        how = "asks the same question" if not one.records else f"gives the same verdict on {one.records:,} test records"
        yield f"The built-in `{one.detection.id}` {how}: you may want it in the place of this file."


def _remarked(draft: Draft, defects: Sequence[Defect]) -> Draft:
    told = [f"{defect.level.value}: {defect.message}" + (f" ({defect.hint})" * bool(defect.hint)) for defect in defects]
    return replace(draft, remarks=(*draft.remarks, *told))


def _refused(problem: Problem) -> Defect:
    return Defect("alarm-refused", problem.message, problem.hint or problem.note or "")


def _linted(problem: Problem, beside: str) -> Defect:
    hint = (beside if problem.rule in _OF_PATTERN else "") or problem.hint or problem.note or ""
    return Defect(problem.rule or "", problem.message, hint, problem.level)
