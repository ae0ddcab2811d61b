"""StateReason and StateReasonData: why an alarm is in its state, in AWS's words.

Texts follow recorded answers and published notifications. Numbers print as Java's Double.toString does, times as the
start of their slot in UTC. From five decisive datapoints on AWS names the newest five in a sentence of their own.
Not covered by any record, so ours: that sentence after `not` and after filled datapoints.
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass, field

from vedette.alarms.spec import AlarmSpec, ComparisonOperator, State, TreatMissingData
from vedette.alarms.verdict import Judge, Points, Slot, breaches
from vedette.predicates.document import java_double

_LISTED = 5

_WORDS = {
    ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD: "greater than or equal to",
    ComparisonOperator.GREATER_THAN_THRESHOLD: "greater than",
    ComparisonOperator.LESS_THAN_THRESHOLD: "less than",
    ComparisonOperator.LESS_THAN_OR_EQUAL_TO_THRESHOLD: "less than or equal to",
}
_FILLS = {TreatMissingData.BREACHING: "Breaching", TreatMissingData.NOT_BREACHING: "NonBreaching"}


@dataclass(frozen=True, slots=True)
class Evidence:
    """What an evaluation at `now` saw: those of `points` in a range that ends at `end`."""

    spec: AlarmSpec
    now: int
    end: int
    points: Points = field(compare=False)

    @property
    def slots(self) -> tuple[Slot, ...]:
        """Every slot of the evaluation range, newest first."""
        return Judge.of(self.spec, self.points).slots(self.end)


@dataclass(frozen=True, slots=True)
class _Weighed:
    """The slots of an evaluation, sorted by what they say; each newest first."""

    decisive: list[Slot]
    real: list[Slot]
    empty: list[Slot]
    minimum: int


def reason(evidence: Evidence, state: State) -> str:
    """StateReason of an alarm that entered `state` on this evidence."""
    weighed = _weigh(evidence, state)
    periods = evidence.spec.evaluation_periods
    missing = periods - len(weighed.real)
    if state is State.INSUFFICIENT_DATA:
        return f"Insufficient Data: {_count(missing, 'datapoint')} {_were(missing)} unknown."
    fill = _FILLS.get(evidence.spec.treat_missing_data)
    filled = "" if fill is None or missing == 0 else f" and {_missing(missing)} treated as [{fill}]"
    if not weighed.decisive:
        return f"Threshold Crossed: {_received(len(weighed.real))} for {_count(periods, 'period')}{filled}."
    return f"Threshold Crossed: {_crossing(evidence.spec, state, weighed, filled)}."


def reason_data(evidence: Evidence, state: State) -> str:
    """StateReasonData: `recentDatapoints` oldest first with gaps as null, `evaluatedDatapoints` newest first.

    The evaluated ones are as many as the transition takes: decisive ones, then the newest empty slots.
    """
    spec, weighed = evidence.spec, _weigh(evidence, state)
    fields = [("version", '"1.0"'), ("queryDate", _stamp(evidence.now))]
    if weighed.real:
        fields.append(("startDate", _stamp(weighed.real[-1].start)))
    if spec.unit is not None:
        fields.append(("unit", json.dumps(spec.unit)))
    fields += [
        ("statistic", json.dumps(spec.statistic)),
        ("period", str(spec.period)),
        ("recentDatapoints", f"[{','.join(_recent(evidence, weighed))}]"),
        ("threshold", java_double(spec.threshold)),
        ("evaluatedDatapoints", f"[{','.join(map(_evaluated, _decisive_and_empty(weighed)))}]"),
    ]
    return "{" + ",".join(f'"{key}":{value}' for key, value in fields) + "}"


def child_reason(child: str, state: State, at: int) -> str:
    """StateReason of a composite alarm whose `child` (a name or ARN) went into `state` at `at`."""
    moment = dt.datetime.fromtimestamp(at, dt.UTC)
    return f"{child} transitioned to {state.value} at {moment:%A %d %B, %Y %H:%M:%S} UTC"


def _weigh(evidence: Evidence, state: State) -> _Weighed:
    spec, slots = evidence.spec, evidence.slots
    real = [slot for slot in slots if slot.value is not None][: spec.evaluation_periods]
    to_alarm = spec.datapoints_to_alarm or spec.evaluation_periods
    minimum = spec.evaluation_periods - to_alarm + 1 if state is State.OK else to_alarm
    wanted = {State.ALARM: True, State.OK: False}.get(state)
    decisive = [slot for slot in real if slot.value is not None and breaches(spec, slot.value) is wanted]
    return _Weighed(decisive, real, [slot for slot in slots if slot.value is None], minimum)


def _crossing(spec: AlarmSpec, state: State, weighed: _Weighed, filled: str) -> str:
    count = len(weighed.decisive)
    short = spec.datapoints_to_alarm is None
    subject = _count(count, "datapoint") if short else f"{count} out of the last {spec.evaluation_periods} datapoints"
    listed = "[" + ", ".join(map(_dated, weighed.decisive[:_LISTED])) + "]"
    negation = "not " if state is State.OK else ""
    relation = (
        f"{_were(count)} {negation}{_WORDS[spec.comparison_operator]} the threshold ({java_double(spec.threshold)})"
    )
    if count < _LISTED:
        text = f"{subject} {listed} {relation}{filled}"
    else:
        text = f"{subject} {relation}{filled}. The most recent datapoints which crossed the threshold: {listed}"
    if short:
        return text
    course = "ALARM -> OK" if state is State.OK else "OK -> ALARM"
    return f"{text} (minimum {_count(weighed.minimum, 'datapoint')} for {course} transition)"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _were(number: int) -> str:
    return "was" if number == 1 else "were"


def _missing(number: int) -> str:
    return f"{_count(number, 'missing datapoint')} {_were(number)}"


def _received(number: int) -> str:
    return f"{_count(number, 'datapoint') if number else 'no datapoints'} {_were(number)} received"


def _dated(slot: Slot) -> str:
    moment = dt.datetime.fromtimestamp(slot.start, dt.UTC)
    return f"{java_double(slot.value or 0.0)} ({moment:%d/%m/%y %H:%M:%S})"


def _stamp(at: int) -> str:
    moment = dt.datetime.fromtimestamp(at, dt.UTC)
    return f'"{moment:%Y-%m-%dT%H:%M:%S}.000+0000"'


def _recent(evidence: Evidence, weighed: _Weighed) -> list[str]:
    if not weighed.real:
        return []
    by_start = {slot.start: java_double(slot.value or 0.0) for slot in weighed.real}
    starts = range(weighed.real[-1].start, weighed.real[0].start + 1, evidence.spec.period)
    return [by_start.get(start, "null") for start in starts]


def _decisive_and_empty(weighed: _Weighed) -> list[Slot]:
    chosen = weighed.decisive[: weighed.minimum]
    chosen += weighed.empty[: weighed.minimum - len(chosen)]
    return sorted(chosen, key=lambda slot: -slot.start)


def _evaluated(slot: Slot) -> str:
    timestamp = f'"timestamp":{_stamp(slot.start)}'
    if slot.value is None:
        return "{" + timestamp + "}"
    count, value = java_double(float(slot.sample_count)), java_double(slot.value)
    return "{" + f'{timestamp},"sampleCount":{count},"value":{value}' + "}"
