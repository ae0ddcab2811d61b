"""The storyteller itself: an event in, stories out; everything that failed is raised once all has been tried."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from vedette.alarms.spec import State
from vedette.alerts.delivery import Reason
from vedette.alerts.notice import Notice
from vedette.alerts.record import AlertRecord
from vedette.app.journal import Journal
from vedette.aws import AwsError
from vedette.cloudtrail.body import Body, Kind
from vedette.deploy.storyteller.change import AlarmChange, Happened, Seen, digest
from vedette.deploy.storyteller.config import Config
from vedette.deploy.storyteller.events import read_event
from vedette.deploy.storyteller.library import Library
from vedette.deploy.storyteller.records import Found, Records, lines
from vedette.deploy.storyteller.tale import Judged, as_canary, by_group, judge, without_records
from vedette.deploy.storyteller.telling import Teller
from vedette.deploy.storyteller.window import window_of
from vedette.detections.definition import Detection
from vedette.errors import VedetteError

WAITS = (1.0, 2.0, 4.0, 8.0, 15.0, 15.0)
"""Seconds between looks for records that the alarm has counted and the log group does not show yet."""
KEPT = 60.0
"""Seconds of the function's time that are kept for the channels."""
APART = 5
"""Messages about one alarm; groups beyond that are told of together in the last of them."""


class UntoldError(VedetteError):
    """Something could not be told, or not in full; Lambda calls again, and its count of errors rises."""


@dataclass(slots=True)
class Storyteller:
    """Hears events. `now` answers epoch seconds; `sleep` waits seconds."""

    config: Config
    library: Library
    records: Callable[[], Records]
    teller: Teller
    journal: Journal
    now: Callable[[], float]
    sleep: Callable[[float], None]

    def hear(self, event: object, remaining: Callable[[], float]) -> int:
        """Tell of everything in the event; how many stories that were. `remaining` answers the seconds that are left.

        Raises UntoldError with everything that failed, after the rest was done.
        """
        failed: list[str] = []
        told = 0
        for call in read_event(event):
            try:
                stories = self._happened(call) if isinstance(call, Happened) else self._changed(call, remaining, failed)
                for detection, notices in stories:
                    told += len(notices)
                    failed += self.teller.tell(notices, self.config.channels_for(detection.severity))
            except VedetteError as error:
                failed.append(error.render())
                self.journal.error("no story", why=error.render())
        if failed:
            raise UntoldError(self.journal.hide("; ".join(failed)))
        return told

    def _changed(
        self, change: AlarmChange, remaining: Callable[[], float], failed: list[str]
    ) -> Iterator[tuple[Detection, list[Notice]]]:
        if change.now.value is State.OK and self.config.tell_resolved and change.before.value is State.ALARM:
            reason, about = Reason.RESOLVED, change.opened()
        elif change.now.value is State.ALARM:
            reason, about = Reason.FIRST, change
        else:
            self.journal.info("nothing to tell", alarm=change.name, state=change.now.value.value)
            return
        asked = self.library.with_children(self.library.id_of(change.name))
        if not asked:
            yield from self._unknown(change, remaining, failed)
            return
        judged = self._look(about, asked, remaining, failed)
        if judged.excepted:
            self.journal.info("expected", alarm=change.name, records=judged.matched)
            return
        alerts = judged.alerts or (without_records(asked[-1], about.now, int(self.now())),)
        if reason is Reason.RESOLVED:
            alerts = tuple(replace(one, closed=change.now.at, closing=change.now.reason) for one in alerts)
        yield asked[-1], self._notices(asked[-1], alerts, reason, change.key, change.arn)

    def _unknown(
        self, change: AlarmChange, remaining: Callable[[], float], failed: list[str]
    ) -> Iterator[tuple[Detection, list[Notice]]]:
        """An alarm over alarms, without a detection of its own: what it watches is told of."""
        following = [child for child in change.children if child.state is State.ALARM]
        if not following:
            # Ours, and newer than this code; others' alarms, and the one over this function, have no story.
            ours = self.library.id_of(change.name) and not change.name.startswith(f"{self.config.name}-storyteller-")
            if ours:
                raise UntoldError(
                    f"the alarm `{change.name}` has no detection here", hint="`vedette deploy apply` brings it"
                )
            self.journal.info("not one of ours", alarm=change.name)
        for child in following:
            if child.arn != change.arn:
                yield from self._changed(change.of_child(child), remaining, failed)

    def _look(
        self, change: AlarmChange, asked: Sequence[Detection], remaining: Callable[[], float], failed: list[str]
    ) -> Judged:
        """What the records say; looked for again while there are fewer than the alarm counted."""
        window = window_of(change, asked[-1], {one.id: one for one in asked})
        judged = Judged((), 0)
        if window is None:
            return judged
        for wait in (*WAITS, 0.0):
            try:
                records = self.records()
                found = records.of(asked, window, lambda: remaining() > KEPT)
                judged = self._judge(found, asked, change.now)
            except AwsError as error:
                failed.append(f"{change.name}: the records cannot be read: {error.render()}")
                self.journal.error("no records", alarm=change.name, why=error.render())
                return judged
            if judged.matched >= window.expected or not wait or remaining() < KEPT + wait:
                break
            self.journal.info("records lag", alarm=change.name, found=judged.matched, expected=window.expected)
            self.sleep(wait)
        self.journal.info(
            "looked", alarm=change.name, start=window.start, end=window.end, found=judged.matched,
            expected=window.expected, cut=records.cut or None,
        )  # fmt: skip
        return judged

    def _judge(self, found: Found, asked: Sequence[Detection], why: Seen) -> Judged:
        """What the records say, or canaries where there is nothing else; as the alarm does, all are counted."""
        now = int(self.now())
        judged = judge(asked, found.bodies, why, now)
        if not found.canaries:
            return judged
        canaries = judge(asked, found.canaries, why, now)
        matched = judged.matched + canaries.matched
        return replace(judged if judged.alerts else as_canary(canaries), matched=matched)

    def _happened(self, call: Happened) -> Iterator[tuple[Detection, list[Notice]]]:
        """A record that a rule matched is its own evidence; it is asked all the same."""
        detection = self.library.find(call.detection)
        if detection is None:
            raise UntoldError(f"no detection is called `{call.detection}` here")
        at = int(self.now())
        body = Body(Kind.NDJSON, lines([json.dumps(call.record)]), f"event://{call.key}")
        why = Seen(State.ALARM, at, "EventBridge: the event itself, within seconds of its delivery.")
        judged = judge((replace(detection, notify=True),), [body], why, at)
        if not judged.alerts:
            self.journal.info("no match", detection=detection.id, record=str(call.record.get("eventID", "")))
            return
        yield detection, self._notices(detection, judged.alerts, Reason.FIRST, call.key, "")

    def _notices(
        self, detection: Detection, alerts: Sequence[AlertRecord], reason: Reason, key: str, alarm: str
    ) -> list[Notice]:
        return [
            Notice(
                key=digest(key, *(one.id for one in group)),
                reason=reason,
                alerts=group,
                detections={detection.id: detection},
                channel="",
                now=int(self.now()),
                zone=self.config.settings.monitor.zone,
                closing={one.id: one.closing for one in group if one.closing},
                alarm=alarm,
                kept=False,
            )
            for group in by_group(alerts, APART)
        ]
