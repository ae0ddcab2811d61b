"""The tables of one reading, put together. What concerns several of them, `checks` looks at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

from vedette.errors import did_you_mean
from vedette.settings.channel_tables import CHANNELS, Channel, MaildirChannel
from vedette.settings.declare import declarations
from vedette.settings.model import (
    AccountSettings,
    AwsSettings,
    DetectionSettings,
    HabitSettings,
    LinkSettings,
    MonitorSettings,
    PlaceSettings,
    PolicySettings,
    RouteSettings,
    Settings,
    StoreSettings,
)
from vedette.settings.places import data_directory, state_directory
from vedette.settings.reading import Reader
from vedette.settings.source_tables import SOURCES, Source

SINGLE: Mapping[str, type[object]] = {
    "store": StoreSettings,
    "aws": AwsSettings,
    "detections": DetectionSettings,
    "policy": PolicySettings,
    "monitor": MonitorSettings,
    "links": LinkSettings,
    "habits": HabitSettings,
    "places": PlaceSettings,
}
"""The tables that are there once, by name; a variable can set each of their single values."""

MANY = ("source", "channel", "route")
MAIL_FOLDER = "mail"
"""The channel that there is when none is set."""

E = TypeVar("E", Source, Channel)


def open_names() -> set[str]:
    """The keys whose values are never secrets, so that a broken line of theirs can be shown."""
    tables = (*SINGLE.values(), *SOURCES.values(), *CHANNELS.values(), AccountSettings, RouteSettings)
    every = [one for table in tables for one in declarations(table)]
    return {one.name for one in every} - {one.name for one in every if one.kind.hidden}


def assemble(reader: Reader) -> Settings | None:
    """Every table; None if a problem was noted."""
    _check_sections(reader)
    store = reader.table(StoreSettings, ("store",))
    aws = reader.table(AwsSettings, ("aws",))
    detections = reader.table(DetectionSettings, ("detections",))
    policy = reader.table(PolicySettings, ("policy",))
    monitor = reader.table(MonitorSettings, ("monitor",))
    links = reader.table(LinkSettings, ("links",))
    habits = reader.table(HabitSettings, ("habits",))
    places = reader.table(PlaceSettings, ("places",))
    reader.unknown_variables(tuple(SINGLE))
    accounts = _accounts(reader)
    sources = _elements(reader, "source", SOURCES)
    channels = _elements(reader, "channel", CHANNELS)
    routes = _routes(reader)
    if reader.problems or not (store and aws and detections and policy and monitor and links and habits and places):
        return None
    mail_folder = str(data_directory(reader.environment) / "mail")
    return Settings(
        store=store if store.url else replace(store, url=f"sqlite://{state_directory(reader.environment)}/vedette.db"),
        aws=aws,
        accounts=accounts,
        detections=detections,
        sources=tuple(replace(one, name=one.name or f"{one.kind}:{one.place}"[:200]) for one in sources),
        channels=tuple(_placed(one, mail_folder) for one in channels)
        or (MaildirChannel(name=MAIL_FOLDER, path=mail_folder),),
        routes=routes,
        policy=policy,
        monitor=monitor,
        links=links,
        habits=habits,
        places=places,
        origins=reader.origins,
    )


def _placed(one: Channel, mail_folder: str) -> Channel:
    return replace(one, path=mail_folder) if isinstance(one, MaildirChannel) and not one.path else one


def _check_sections(reader: Reader) -> None:
    known = (*SINGLE, *MANY, "accounts")
    for name, value in reader.document.values.items():
        if name not in known:
            note = did_you_mean(name, known)
            hint = None if note else "there are " + ", ".join(f"`{one}`" for one in known)
            message = f"unknown table or key `{name}`"
            reader.problem((name,), message, note=note, hint=hint, at_key=True, hidden=True)
        elif name in MANY and not _is_repeated(value):
            reader.problem(
                (name,), f"`{name}` is a table that is repeated", hint=f"[[{name}]]", at_key=True, hidden=True
            )


def _is_repeated(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, dict) for one in value)


def _count(reader: Reader, name: str) -> int:
    found = reader.document.values.get(name, [])
    return len(found) if isinstance(found, list) and _is_repeated(found) else 0


def _accounts(reader: Reader) -> dict[str, AccountSettings]:
    given = reader.document.values.get("accounts", {})
    if not isinstance(given, dict):
        reader.problem(("accounts",), "`accounts` is not a table", hint="[accounts.111122223333]", hidden=True)
        return {}
    found: dict[str, AccountSettings] = {}
    for account in given:
        if not (len(account) == 12 and account.isascii() and account.isdigit()):
            message = f"`{account}` is not an account's id of 12 digits"
            reader.problem(("accounts", account), message, at_key=True, hidden=True)
        found[account] = reader.table(AccountSettings, ("accounts", account)) or AccountSettings()
    return found


def _elements(reader: Reader, section: str, shapes: Mapping[str, type[E]]) -> tuple[E, ...]:
    found: list[E] = []
    for number in range(_count(reader, section)):
        shape = _shape(reader, section, number, shapes)
        one = reader.table(shape, (section, number), besides=("kind",)) if shape else None
        found += [one] if one else []
    return tuple(found)


def _shape(reader: Reader, section: str, number: int, shapes: Mapping[str, type[E]]) -> type[E] | None:
    elements = reader.document.values[section]
    assert isinstance(elements, list)
    kind = elements[number].get("kind")
    says = "one of " + ", ".join(f"`{one}`" for one in shapes)
    if kind is None:
        reader.problem((section, number), "`kind` is missing", hint=says)
    elif not isinstance(kind, str) or kind not in shapes:
        note = did_you_mean(kind, shapes) if isinstance(kind, str) else None
        reader.problem((section, number, "kind"), f"unknown kind of {section}", note=note, hint=says)
    else:
        return shapes[kind]
    return None


def _routes(reader: Reader) -> tuple[RouteSettings, ...]:
    found = (reader.table(RouteSettings, ("route", number)) for number in range(_count(reader, "route")))
    return tuple(one for one in found if one)
