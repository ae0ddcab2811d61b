"""Stories to channels: each channel is tried, whatever becomes of the others, and what was told is not told again.

Lambda calls again when a call fails, an alarm may be wired twice, and a rule may have brought what an alarm counts. A
channel that took a message is remembered for as long as the process lives, by the message's key and by the records in
it; beyond that, the key is the same every time, and receivers that know keys drop the second one.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from vedette.alerts.delivery import Sent
from vedette.alerts.notice import Notice
from vedette.app.accounts import Accounts
from vedette.app.channels import make_sender
from vedette.app.journal import Journal
from vedette.deploy.storyteller.change import digest
from vedette.errors import VedetteError
from vedette.secrets import Secrets
from vedette.senders.port import Message, Sender
from vedette.settings.channel_tables import Channel

REMEMBERED = 1_000


@dataclass(slots=True)
class Teller:
    """Sends notices. Senders are made when they are first needed, and kept with what they know."""

    accounts: Accounts
    secrets: Secrets
    journal: Journal
    _senders: dict[str, Sender] = field(default_factory=dict)
    _told: OrderedDict[str, None] = field(default_factory=OrderedDict)

    def tell(self, notices: Sequence[Notice], channels: Sequence[Channel]) -> list[str]:
        """Send each notice over each channel; answers, channel by channel, what did not arrive and why."""
        with ThreadPoolExecutor(max(1, len(channels))) as pool:
            found = pool.map(lambda channel: self._over(channel, notices), channels)
        return [why for every in found for why in every]

    def _over(self, channel: Channel, notices: Iterable[Notice]) -> list[str]:
        failed = []
        for notice in notices:
            key = f"{notice.key}-{channel.name}"
            known = {key, _content(channel, notice) or key}
            if not known.isdisjoint(self._told):
                self.journal.info("told before", channel=channel.name, key=notice.key)
                continue
            why = self._send(channel, replace(notice, key=key, channel=channel.name))
            if why:
                failed.append(f"{channel.name}: {why}")
            else:
                self._remember(known)
        return failed

    def _send(self, channel: Channel, notice: Notice) -> str:
        """Empty if it arrived; else why not, without any secret."""
        about = {"channel": channel.name, "kind": channel.kind, "key": notice.key, "alert": notice.incident}
        why = self._tried(channel, notice, about)
        if why:
            self.journal.error("not told", **about, why=why)
        return self.secrets.hide(why)

    def _tried(self, channel: Channel, notice: Notice, about: Mapping[str, str]) -> str:
        try:
            if channel.name not in self._senders:
                self._senders[channel.name] = make_sender(channel, self.secrets, self.accounts)
            outcome = self._senders[channel.name].send(Message(notice.key, notice))
        except VedetteError as error:
            return error.render()
        except Exception as error:  # noqa: BLE001  # a bug in one channel must not silence the others
            return f"{type(error).__name__}: {error}"
        if isinstance(outcome, Sent):
            self.journal.info("told", **about, reference=outcome.reference, note=outcome.note or None)
            return ""
        return outcome.why

    def _remember(self, known: Iterable[str]) -> None:
        self._told |= dict.fromkeys(known)
        while len(self._told) > REMEMBERED:
            self._told.popitem(last=False)


def _content(channel: Channel, notice: Notice) -> str:
    """What the notice says of which records; empty for one that has none to show."""
    if not all(alert.evidence.count for alert in notice.alerts):
        return ""
    parts = [f"{one.id} {one.evidence.count} {one.evidence.first} {one.evidence.last}" for one in notice.alerts]
    return digest(channel.name, notice.reason.value, *sorted(parts))
