"""Where Lambda enters. What every story needs is imported and made here at once, because Lambda starts a function with
more processor than it runs it with; what only some channels need comes when it is first used.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Protocol

from vedette.app.accounts import Accounts
from vedette.app.journal import Journal
from vedette.app.vault import open_secrets
from vedette.deploy.storyteller.config import read_config
from vedette.deploy.storyteller.library import Library
from vedette.deploy.storyteller.records import Records
from vedette.deploy.storyteller.storyteller import Storyteller
from vedette.deploy.storyteller.telling import Teller
from vedette.errors import VedetteError


class Context(Protocol):
    """What is used of Lambda's context."""

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the function is cut off."""


_kept: dict[str, Storyteller] = {}


def handler(event: object, context: Context) -> Mapping[str, object]:
    """Tell of the event; raises VedetteError when something could not be told, so that Lambda calls again."""
    return {"stories": _storyteller().hear(event, lambda: context.get_remaining_time_in_millis() / 1000)}


def prepare() -> None:
    """Make what the first call would have to wait for. What is wrong with it, that call says."""
    with suppress(VedetteError):
        _storyteller().records()


def _storyteller() -> Storyteller:
    """The one of this process: it remembers what was told, and holds clients and secrets."""
    if "one" not in _kept:
        _kept["one"] = make(os.environ, time.time, time.sleep)
    return _kept["one"]


def make(environment: Mapping[str, str], now: Callable[[], float], sleep: Callable[[float], None]) -> Storyteller:
    """A storyteller from its parts; raises InputError for a configuration that cannot be used."""
    config = read_config(environment)
    accounts = Accounts(config.settings)
    secrets = open_secrets(accounts)
    journal = Journal(lambda: int(now()), form="json", hide=secrets.hide)
    return Storyteller(
        config=config,
        library=Library(config.name, config.severity),
        records=lambda: Records(accounts.session().client("logs", config.region), config.log_group),
        teller=Teller(accounts, secrets, journal),
        journal=journal,
        now=now,
        sleep=sleep,
    )


if "AWS_LAMBDA_INITIALIZATION_TYPE" in os.environ:  # set where Lambda runs this, and nowhere else
    prepare()
