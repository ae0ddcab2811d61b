"""The way out: each channel's due deliveries are leased, rendered, sent and settled, one after the other.

A process that is killed between sending and settling sends again, with the same key: at least once, never not at all.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from vedette.alerts.delivery import Dead, Delivery, DeliveryState, Outcome, Retry, Sent
from vedette.app.clock import Clock
from vedette.app.figures import TRIES, Figures
from vedette.app.journal import Journal
from vedette.app.notices import Notices
from vedette.app.work import Stopped, Work
from vedette.cloudtrail.moment import print_time
from vedette.monitor.outbox import LEASE, thread_of
from vedette.monitor.settling import settle
from vedette.monitor.store import StoreError, Transaction
from vedette.monitor.watching import Monitor
from vedette.senders.port import Message, Sender

PAUSE = 1.0
"""Seconds between two looks for deliveries that have become due."""

LONGEST = 1_800
"""Seconds for which the lease of a message that is being sent is made longer: what hangs is another's, in the end."""


class Dispatch:
    """Sends what one channel is owed."""

    def __init__(
        self, sender: Sender, monitor: Monitor, notices: Notices, work: Work, holder: str, clock: Clock,
        journal: Journal, figures: Figures,
    ) -> None:  # fmt: skip
        self.sender = sender
        self._monitor = monitor
        self._notices = notices
        self._work = work
        self._holder = holder
        self._clock = clock
        self._journal = journal
        self._figures = figures
        self.wake = threading.Event()
        """Set when something was planned, so that it need not wait for the next look."""
        self.keep_every = LEASE / 4
        self.keep_most = 4 * LONGEST // LEASE

    def run(self, stop: threading.Event) -> None:
        """Send until told to stop; what is being sent then is sent, and settled, first."""
        while not stop.is_set():
            try:
                if not self.send_one(stop.is_set):
                    self.wake.wait(PAUSE)
                    self.wake.clear()
            except Stopped:
                return

    def send_one(self, is_over: Callable[[], bool] = bool, ahead: int = 0) -> bool:
        """Send the delivery that has been due for longest; False if none is. `ahead` takes those due so much later."""
        claimed = self._work.do(lambda tx: self._claim(tx, self._clock.now() + ahead))
        if claimed is None:
            return False
        delivery, message = claimed
        if is_over():
            self._work.do(lambda tx: self._give_back(tx, delivery))
            return False
        with self._kept(delivery):
            outcome = self._hidden(self._send(message))
        after = self._work.do(lambda tx: settle(tx, self._monitor, delivery, outcome, self._clock.now()))
        self._tell(after, outcome)
        return True

    def _claim(self, tx: Transaction, now: int) -> tuple[Delivery, Message] | None:
        claimed = tx.claim_deliveries(self._holder, now, now + LEASE, 1, self.sender.name)
        if not claimed:
            return None
        delivery = replace(claimed[0], thread=claimed[0].thread or thread_of(tx, claimed[0]))
        notice = self._notices.of(tx, delivery, self._clock.now())
        return delivery, Message(delivery.key, notice, delivery.thread)

    def _give_back(self, tx: Transaction, delivery: Delivery) -> None:
        known = tx.delivery(delivery.key)
        if known is not None and known.holder == self._holder:
            tx.replace_delivery(replace(known, holder="", lease=0))

    @contextmanager
    def _kept(self, delivery: Delivery) -> Iterator[None]:
        """While a message is being sent, its lease is made longer: no other monitor sends it too."""
        over = threading.Event()
        name = f"keep {self.sender.name}"
        keeper = threading.Thread(target=self._keep, args=(delivery.key, over), name=name, daemon=True)
        keeper.start()
        try:
            yield
        finally:
            over.set()
            keeper.join()

    def _keep(self, key: str, over: threading.Event) -> None:
        for _ in range(self.keep_most):
            if over.wait(self.keep_every):
                return
            try:
                self._work.once(lambda tx: self._extend(tx, key))
            except StoreError as error:
                self._journal.warning("lease not extended", channel=self.sender.name, key=key, why=error.message)

    def _extend(self, tx: Transaction, key: str) -> None:
        known = tx.delivery(key)
        if known is not None and known.state is DeliveryState.WAITING and known.holder == self._holder:
            tx.replace_delivery(replace(known, lease=self._clock.now() + LEASE))

    def _send(self, message: Message) -> Outcome:
        if not message.notice.alerts:
            return Dead("the alerts that it told of are gone")
        try:
            return self.sender.send(message)
        except Exception as error:  # noqa: BLE001  # one broken message must not end the channel
            self._journal.error("sender broke", channel=self.sender.name, why=f"{type(error).__name__}: {error}")
            return Retry(f"a bug in the sender: {type(error).__name__}")

    def _hidden(self, outcome: Outcome) -> Outcome:
        """The outcome without secrets, as the store may keep it: the other side may have repeated what it was sent."""
        hide = self._journal.hide
        if isinstance(outcome, Sent):
            return Sent(hide(outcome.reference), hide(outcome.thread), hide(outcome.note))
        return replace(outcome, why=hide(outcome.why))

    def _tell(self, after: Delivery, outcome: Outcome) -> None:
        name = type(outcome).__name__.lower()
        self._figures.add(TRIES, self.sender.name, name)
        fields = {"channel": self.sender.name, "key": after.key, "incident": after.incident,
                  "reason": after.reason.value, "attempts": after.attempts}  # fmt: skip
        if isinstance(outcome, Sent):
            self._journal.info("delivery sent", **fields, note=outcome.note or None)
        elif isinstance(outcome, Retry):
            self._journal.warning(f"delivery {after.state.value}", **fields, why=outcome.why, due=print_time(after.due))
        else:
            self._journal.error("delivery dead", **fields, why=outcome.why)
