"""The tables of one reading, put together. What concerns several of them, `checks` looks at."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
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
from vedette.settings.positions import Path
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
T = TypeVar("T")


def open_names() -> set[str]:
    """The keys whose values are never secrets, so that a broken line of theirs can be shown."""
    tables = (*SINGLE.values(), *SOURCES.values(), *CHANNELS.values(), AccountSettings, RouteSettings)
    every = [one for table in tables for one in declarations(table)]
    return {one.name for one in every} - {one.name for one in every if one.kind.hidden}


@dataclass(frozen=True, slots=True)
class Tables:
    """The tables that may stand beside each other: those without a problem, by their numbers in the file.

    The names are of all that the file has, so that they can be held against each other whatever else is wrong:
    `account_ids`, `channel_names` by channel, `led` by route (the channels to which it leads).
    """

    accounts: Mapping[str, AccountSettings]
    sources: Mapping[int, Source]
    channels: Mapping[int, Channel]
    routes: Mapping[int, RouteSettings]
    account_ids: tuple[str, ...]
    channel_names: Mapping[int, str]
    led: Mapping[int, Sequence[str]]


def assemble(reader: Reader) -> tuple[Settings | None, Tables]:
    """Every table; no settings if a problem was noted."""
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
    tables = _tables(reader)
    if reader.problems or not (store and aws and detections and policy and monitor and links and habits and places):
        return None, tables
    mail_folder = str(data_directory(reader.environment) / "mail")
    settings = Settings(
        store=store if store.url else replace(store, url=f"sqlite://{state_directory(reader.environment)}/vedette.db"),
        aws=aws,
        accounts=tables.accounts,
        detections=detections,
        sources=tuple(tables.sources.values()),
        channels=tuple(_placed(one, mail_folder) for one in tables.channels.values())
        or (MaildirChannel(name=MAIL_FOLDER, path=mail_folder),),
        routes=tuple(tables.routes.values()),
        policy=policy,
        monitor=monitor,
        links=links,
        habits=habits,
        places=places,
        origins=reader.origins,
    )
    return settings, tables


def _tables(reader: Reader) -> Tables:
    given = reader.document.values.get("accounts", {})
    channels = [one.get("name") for one in _given(reader, "channel")]
    led = [one.get("channels") for one in _given(reader, "route")]
    sources = _elements(reader, "source", SOURCES)
    return Tables(
        accounts=_accounts(reader),
        sources={
            number: replace(one, name=one.name or f"{one.kind}:{one.place}"[:200]) for number, one in sources.items()
        },
        channels=_elements(reader, "channel", CHANNELS),
        routes=_routes(reader),
        account_ids=tuple(given) if isinstance(given, dict) else (),
        channel_names={number: name for number, name in enumerate(channels or [MAIL_FOLDER]) if isinstance(name, str)},
        led={
            number: names
            for number, names in enumerate(led)
            if isinstance(names, list) and all(isinstance(name, str) for name in names)
        },
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


def _given(reader: Reader, name: str) -> Sequence[Mapping[str, object]]:
    found = reader.document.values.get(name, [])
    return found if isinstance(found, list) and _is_repeated(found) else ()


def _sound(reader: Reader, shape: type[T], path: Path, *, besides: Collection[str] = ()) -> T | None:
    """The table at `path`; None if a problem was noted in it."""
    before = len(reader.problems)
    found = reader.table(shape, path, besides=besides)
    return found if len(reader.problems) == before else None


def _accounts(reader: Reader) -> dict[str, AccountSettings]:
    given = reader.document.values.get("accounts", {})
    if not isinstance(given, dict):
        reader.problem(("accounts",), "`accounts` is not a table", hint="[accounts.111122223333]", hidden=True)
        return {}
    sound: dict[str, AccountSettings] = {}
    for account in given:
        if not (len(account) == 12 and account.isascii() and account.isdigit()):
            message = f"`{account}` is not an account's id of 12 digits"
            reader.problem(("accounts", account), message, at_key=True, hidden=True)
        one = _sound(reader, AccountSettings, ("accounts", account))
        if one is not None:
            sound[account] = one
    return sound


def _elements(reader: Reader, section: str, shapes: Mapping[str, type[E]]) -> dict[int, E]:
    sound: dict[int, E] = {}
    for number, given in enumerate(_given(reader, section)):
        shape = _shape(reader, section, number, given.get("kind"), shapes)
        one = _sound(reader, shape, (section, number), besides=("kind",)) if shape else None
        if one is not None:
            sound[number] = one
    return sound


def _shape(reader: Reader, section: str, number: int, kind: object, shapes: Mapping[str, type[E]]) -> type[E] | None:
    says = "one of " + ", ".join(f"`{one}`" for one in shapes)
    if kind is None:
        reader.problem((section, number), "`kind` is missing", hint=says)
    elif not isinstance(kind, str) or kind not in shapes:
        note = did_you_mean(kind, shapes) if isinstance(kind, str) else None
        reader.problem((section, number, "kind"), f"unknown kind of {section}", note=note, hint=says)
    else:
        return shapes[kind]
    return None


def _routes(reader: Reader) -> dict[int, RouteSettings]:
    read = {number: _sound(reader, RouteSettings, ("route", number)) for number in range(len(_given(reader, "route")))}
    return {number: one for number, one in read.items() if one is not None}
