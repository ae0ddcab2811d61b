"""From settings to parts: the one place that knows every concrete source, store, channel and secret provider.

Nothing is imported that is not configured: `vedette run FOLDER` loads no boto3, no PostgreSQL driver, no HTTP server.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from vedette.app.accounts import Accounts
from vedette.app.canary import with_canary
from vedette.app.channels import make_sender
from vedette.app.clock import Clock, SteadyClock
from vedette.app.detections import chosen_detections
from vedette.app.figures import Figures
from vedette.app.holder import own_holder
from vedette.app.inputs import make_source
from vedette.app.journal import Journal, Level
from vedette.app.notices import Notices
from vedette.app.stores import open_store
from vedette.app.vault import open_secrets
from vedette.errors import VedetteError
from vedette.monitor.store import Store
from vedette.monitor.watching import Monitor
from vedette.secrets import Secrets
from vedette.senders.port import Sender
from vedette.settings import policy_of
from vedette.settings.model import Settings
from vedette.sources.port import Source

NEVER_TOO_OLD = 1 << 40


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything that a monitor is made of. `holder` is what its leases are held by."""

    settings: Settings
    store: Store
    monitor: Monitor
    sources: tuple[Source, ...]
    senders: tuple[Sender, ...]
    notices: Notices
    secrets: Secrets
    clock: Clock
    journal: Journal
    figures: Figures
    holder: str

    def close(self) -> None:
        """Let go of channels and the store."""
        for sender in self.senders:
            with suppress(OSError, VedetteError):
                sender.close()
        self.store.close()


def journal_of(settings: Settings, clock: Clock, form: str | None = None) -> Journal:
    """The log as the settings want it; `form` goes before them."""
    return Journal(clock.now, form=form or settings.monitor.log_format, least=Level(settings.monitor.log_level))


def build(settings: Settings, *, form: str | None = None, clock: Clock | None = None, tell_old: bool = False) -> Parts:
    """The parts that the settings name. Raises VedetteError for what is wrong, missing, or cannot be opened."""
    clock = clock or SteadyClock()
    journal = journal_of(settings, clock, form)
    accounts = Accounts(settings)
    secrets = open_secrets(accounts)
    journal.hide = secrets.hide
    monitor = make_monitor(settings, tell_old=tell_old)
    senders = tuple(make_sender(channel, secrets, accounts) for channel in settings.channels)
    store = open_settings_store(settings, secrets)
    try:
        sources = tuple(make_source(source, accounts, store, clock) for source in settings.sources)
    except BaseException:
        store.close()
        raise
    return Parts(
        settings=settings, store=store, monitor=monitor, sources=sources, senders=senders,
        notices=Notices(settings, monitor), secrets=secrets, clock=clock, journal=journal, figures=Figures(),
        holder=own_holder(),
    )  # fmt: skip


def make_monitor(settings: Settings, *, tell_old: bool = False) -> Monitor:
    """The detections and the policy of the settings, with the canary's; `tell_old` takes no alert for too old."""
    policy = policy_of(settings)
    if tell_old:
        policy = replace(policy, max_age=NEVER_TOO_OLD)
    return Monitor(*with_canary(chosen_detections(settings), policy, [channel.name for channel in settings.channels]))


def open_settings_store(settings: Settings, secrets: Secrets, *, create: bool = True) -> Store:
    """The store of the settings; its password is asked for with each connection."""
    ref = settings.store.password
    password: Callable[[], str] | None = None if ref is None else secrets.credential(ref)
    return open_store(settings.store.url, create=create, password=password)


def quiet_after(settings: Settings, sources: Sequence[Source]) -> Mapping[str, int]:
    """After how many quiet seconds each source is told of."""
    return {source.name: given.quiet_after for source, given in zip(sources, settings.sources, strict=True)}
