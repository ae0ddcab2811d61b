"""What people ask of the monitor, and do to it, from outside: over its settings and its store, whether it runs or not.

Nothing is started or sent here; what is planned, the running monitor sends. Every change is one transaction.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeVar

from vedette.alerts.delivery import Delivery, DeliveryState, Reason
from vedette.alerts.notice import Notice
from vedette.alerts.record import AlertRecord
from vedette.app.accounts import Accounts
from vedette.app.notices import Notices
from vedette.app.stores import settings_from
from vedette.app.trial import TEST_KEY
from vedette.app.vault import open_secrets
from vedette.app.wiring import make_monitor, open_settings_store
from vedette.errors import UsageError, printable
from vedette.monitor import lift, preview, retry, silence
from vedette.monitor.silences import check_known
from vedette.monitor.store import (
    AlertFilter,
    ConflictError,
    Decision,
    ObjectRow,
    Silence,
    SourceHealth,
    Store,
    StoreError,
    Transaction,
)  # fmt: skip
from vedette.monitor.watching import Monitor
from vedette.settings.model import Settings
from vedette.stores.retry import committed

T = TypeVar("T")

MOST = 10_000
"""How many deliveries or objects are looked through, the newest first."""

MOST_ALERTS = 2_000
"""How many alerts are, those that changed last: reading them takes a second, for which a SQLite store is locked."""

_ALERTS, _DELIVERIES, _SILENCES, _POISON = (
    f"`vedette {noun} list` shows them" for noun in ("alerts", "deliveries", "silences", "sources poison")
)

Act = Callable[[Transaction, Monitor, str, int], AlertRecord]
"""What is done to an alert, by its id, at a time (epoch seconds)."""


@dataclass(frozen=True, slots=True)
class History:
    """An alert, what was decided of it, and the deliveries that the decisions name, by key."""

    alert: AlertRecord
    decisions: Sequence[Decision]
    deliveries: Mapping[str, Delivery]
    silences: Mapping[str, Silence]
    """Those in force, by id."""


class Control:
    """Settings, the store that they name, and the time: `now` is that of the whole command (epoch seconds)."""

    def __init__(self, settings: Settings, store: Store, now: int) -> None:
        self.settings = settings
        self.now = now
        self._store = store

    @cached_property
    def monitor(self) -> Monitor:
        """The detections and the policy of the settings; reading them takes a moment."""
        return make_monitor(self.settings)

    def do(self, task: Callable[[Transaction], T]) -> T:
        """What `task` answers once its transaction is committed; done again where a monitor got in between."""
        try:
            return committed(self._store, task)
        except ConflictError as error:
            raise StoreError("monitors got in between too often", hint="try again") from error

    def look(self, task: Callable[[Transaction], T]) -> T:
        """What `task`, which only reads, answers; a monitor that writes meanwhile is not waited for."""
        with self._store.snapshot() as tx:
            return task(tx)

    def alerts(self, wanted: AlertFilter) -> list[AlertRecord]:
        """Alerts, those that changed last and all that stand; what turned out to be none is left out."""
        return self.look(lambda tx: _alerts(tx, wanted))

    def find(self, given: str) -> AlertRecord:
        """The alert with this id, or the only one that `alerts` gives whose id begins so; else UsageError."""
        return self.look(lambda tx: _alert(tx, given))

    def act(self, given: Sequence[str], act: Act) -> list[AlertRecord]:
        """Do the same to several alerts: to all of them or, where one is not found, to none."""
        monitor = self.monitor

        def work(tx: Transaction) -> list[AlertRecord]:
            names = dict.fromkeys(_alert(tx, one).id for one in given)
            return [act(tx, monitor, name, self.now) for name in names]

        return self.do(work)

    def history(self, alert: AlertRecord) -> History:
        """Who was told of the alert, when, and why; or why nobody was."""

        def read(tx: Transaction) -> History:
            decisions = tx.decisions(alert.id)
            keys = dict.fromkeys(key for decision in decisions for key in decision.deliveries)
            found = {key: delivery for key in keys if (delivery := tx.delivery(key)) is not None}
            return History(alert, decisions, found, {each.id: each for each in tx.silences(self.now)})

        return self.look(read)

    def notice(self, alert: AlertRecord, reason: Reason = Reason.FIRST) -> Notice:
        """What a message about the alert would be made of now."""
        notices = Notices(self.settings, self.monitor)
        shown = Delivery("preview", "preview", alert.incident, (alert.id,), reason, self.now, self.now)
        return self.look(lambda tx: notices.of(tx, shown, self.now))

    def deliveries(self, state: DeliveryState | None = None, channel: str | None = None) -> Sequence[Delivery]:
        """Deliveries, the newest first."""
        return self.look(lambda tx: tx.deliveries(state=state, channel=channel, limit=MOST))

    def retry(self, given: Sequence[str]) -> list[Delivery]:
        """Let the deliveries with these keys, or beginnings of keys, be tried at once; all of them or none."""

        def work(tx: Transaction) -> list[Delivery]:
            open_ = [one for state in _OPEN for one in tx.deliveries(state=state, limit=MOST)]
            known = [delivery.key for delivery in open_]
            keys = dict.fromkeys(
                _named(known, one, "no delivery {} waits or was given up", _DELIVERIES) for one in given
            )
            return [retry(tx, key, self.now) for key in keys]

        return self.do(work)

    def retry_dead(self, channel: str | None) -> list[Delivery]:
        """Let every dead delivery (of the channel) be tried at once."""

        def work(tx: Transaction) -> list[Delivery]:
            dead = tx.deliveries(state=DeliveryState.DEAD, channel=channel, limit=MOST)
            return [retry(tx, delivery.key, self.now) for delivery in dead]

        return self.do(work)

    def silences(self) -> Sequence[Silence]:
        """The silences in force, the next to end first."""
        return sorted(self.look(lambda tx: tx.silences(self.now)), key=lambda each: (each.until, each.id))

    def add_silence(self, matchers: Mapping[str, str], *, owner: str, reason: str, until: int) -> Silence:
        """Hold back what matches, from now on; InputError for what nothing can match."""
        check_known(self.monitor, matchers)
        parts = "\0".join((*(f"{name}={value}" for name, value in sorted(matchers.items())), owner, str(self.now)))
        name = hashlib.blake2b(parts.encode("utf-8", "surrogatepass"), digest_size=4).hexdigest()
        return self.do(lambda tx: silence(tx, name, matchers, owner=owner, reason=reason, now=self.now, until=until))

    def end_silences(self, given: Sequence[str]) -> list[Silence]:
        """End silences by their ids, or beginnings of ids; all of them or none."""
        monitor = self.monitor

        def work(tx: Transaction) -> list[Silence]:
            known = [each.id for each in tx.silences(self.now)]
            names = dict.fromkeys(_named(known, one, "there is no silence {}", _SILENCES) for one in given)
            return [lift(tx, monitor, name, self.now) for name in names]

        return self.do(work)

    def held_back(self, matchers: Mapping[str, str], wanted: AlertFilter) -> list[AlertRecord]:
        """Those of the wanted alerts that such a silence would hold back; InputError for what nothing can match."""
        check_known(self.monitor, matchers)
        return preview(self.monitor, matchers, self.alerts(wanted))

    def healths(self) -> Mapping[str, SourceHealth | None]:
        """How each source is, those of the settings first; None for one that nothing has come from yet."""
        found = {health.source: health for health in self.look(lambda tx: tx.healths())}
        names = dict.fromkeys([source.name for source in self.settings.sources] + list(found))
        return {name: found.get(name) for name in names}

    def poison(self) -> Sequence[ObjectRow]:
        """Objects that were put aside, the newest first."""
        return self.look(lambda tx: tx.objects(poison=True, limit=MOST))

    def release(self, given: Sequence[str] | None) -> list[ObjectRow]:
        """Let objects that were put aside (None: all) be read again: the running monitor fetches them by name.

        UsageError for a name of which there is none; the beginning of a name is not enough.
        """

        def work(tx: Transaction) -> list[ObjectRow]:
            rows = tx.objects(poison=True, limit=MOST)
            for name in given or ():
                if all(row.name != name for row in rows):
                    raise UsageError(f"no object `{printable(name)}` was put aside", hint=_POISON)
            freed = [row for row in rows if given is None or row.name in given]
            for row in freed:
                # One that was read to its end is read anew: some detection could not be asked of it.
                before = replace(row, records=0, malformed=0, bodies=0) if row.done else row
                tx.put_object(replace(before, poison="", done=False))
            return freed

        return self.do(work)


_OPEN = (DeliveryState.DEAD, DeliveryState.WAITING)


@contextmanager
def open_control(given: str | None, now: int) -> Iterator[Control]:
    """The settings of `given` (or those that hold here) and their store, which must be there."""
    settings = settings_from(given)
    store = open_settings_store(settings, open_secrets(Accounts(settings)), create=False)
    try:
        yield Control(settings, store, now)
    finally:
        store.close()


def _alerts(tx: Transaction, wanted: AlertFilter) -> list[AlertRecord]:
    found = {alert.id: alert for alert in tx.alerts(replace(wanted, limit=MOST_ALERTS))}
    if len(found) == MOST_ALERTS and wanted.standing is None:
        # However long ago it began, what stands must not be hidden by what came since.
        found |= {alert.id: alert for alert in tx.alerts(replace(wanted, standing=True, limit=MOST_ALERTS))}
    return [alert for alert in found.values() if not alert.withdrawn]


def _alert(tx: Transaction, given: str) -> AlertRecord:
    exact = tx.alert(given)
    if exact is not None:
        return exact
    known = {alert.id: alert for alert in _alerts(tx, AlertFilter())}
    is_test = given.startswith(TEST_KEY)
    hint = "it was in a test message, of which nothing is kept" if is_test else _ALERTS
    return known[_named(known, given, "there is no alert {}", hint)]


def _named(names: Collection[str], given: str, missing: str, hint: str) -> str:
    """The one of the names that begins with what was given; UsageError, `missing` where there is none."""
    found = [name for name in names if given and name.startswith(given)]
    if given in found or len(found) == 1:
        return given if given in found else found[0]
    if not found:
        raise UsageError(missing.format(f"`{printable(given)}`"), hint=hint)
    few = ", ".join(f"`{printable(name)}`" for name in sorted(found)[:3])
    raise UsageError(f"`{printable(given)}` is the beginning of {len(found)} ids", hint=f"one of {few}")
