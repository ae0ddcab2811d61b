"""What one table cannot know of itself: names that must differ, and names that must be there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from vedette.errors import Problem, ProblemsError, did_you_mean
from vedette.settings.assembly import Tables
from vedette.settings.channel_tables import AwsChannel, SlackChannel, SmtpChannel
from vedette.settings.model import Settings
from vedette.settings.positions import Path
from vedette.settings.reading import Reader
from vedette.settings.source_tables import AwsSource


def check(tables: Tables, reader: Reader) -> None:
    """Note with `reader` what does not fit together, also where a table is wrong by itself."""
    _check_names(reader, "source", {number: one.name for number, one in tables.sources.items()})
    _check_names(reader, "channel", tables.channel_names)
    for number, source in tables.sources.items():
        if isinstance(source, AwsSource):
            _check_account(tables, reader, ("source", number, "account"), source.account)
    _check_channels(tables, reader)
    _check_routes(tables, reader)


def _check_names(reader: Reader, section: str, names: Mapping[int, str]) -> None:
    counts = Counter(names.values())
    for number, name in names.items():
        if counts[name] > 1:
            message = f"{counts[name]} {section}s are called `{name}`"
            reader.problem((section, number, "name"), message, hint="give each a `name` of its own")


def _check_account(tables: Tables, reader: Reader, path: Path, account: str | None) -> None:
    found = tables.accounts.get(account or "")
    is_wrong_itself = found is None and account in tables.account_ids
    if account is not None and not is_wrong_itself and (found is None or found.role_arn is None):
        hint = f"[accounts.{account}] with `role_arn`; without `account` the usual credentials are used"
        near = did_you_mean(account, [one for one, of in tables.accounts.items() if of.role_arn])
        reader.problem(path, f"the account {account} has no role", note=near, hint=hint)


def _check_channels(tables: Tables, reader: Reader) -> None:
    for number, one in tables.channels.items():
        place = ("channel", number)
        if isinstance(one, SlackChannel):
            _check_slack(one, reader, place)
        elif isinstance(one, SmtpChannel):
            _check_smtp(one, reader, place)
        elif isinstance(one, AwsChannel):
            _check_account(tables, reader, (*place, "account"), one.account)


def _check_slack(one: SlackChannel, reader: Reader, place: Path) -> None:
    if (one.webhook is None) == (one.token is None):
        reader.problem(place, "give a `webhook` or a `token`, one of the two")
    elif (one.token is None) != (one.channel is None):
        reader.problem(place, "a `token` needs a `channel`, and a `webhook` has its own")


def _check_smtp(one: SmtpChannel, reader: Reader, place: Path) -> None:
    if (one.username is None) != (one.password is None):
        reader.problem(place, "`username` and `password` go together")
    if not one.to:
        reader.problem((*place, "to"), "`to` names nobody")
    if one.security == "none" and one.password is not None:
        reader.problem((*place, "security"), "the password would cross the network in the clear")


def _check_routes(tables: Tables, reader: Reader) -> None:
    known = list(dict.fromkeys(tables.channel_names.values()))
    hint = "there are " + ", ".join(f"`{one}`" for one in known)
    for number, names in tables.led.items():
        place = ("route", number, "channels")
        if not names:
            reader.problem(place, "the route leads to no channel", hint=hint)
        for index, name in enumerate(names):
            if name not in known:
                note = did_you_mean(name, known)
                reader.problem((*place, index), f"no channel is called `{name}`", note=note, hint=hint)


def check_detection_ids(settings: Settings, known: Iterable[str], told: Iterable[str] = ()) -> None:
    """Raise ProblemsError for the ids in `[detections]` and in routes that no detection has; a glob may fit none.

    `told` are ids besides, of what the monitor says of itself: routes may name them.
    """
    ids = list(known)
    routed = [*ids, *told]
    problems = [_unknown_id(settings, path, name, ids) for path, name in _chosen(settings) if name not in ids]
    problems += [_unknown_id(settings, path, name, routed) for path, name in _routed(settings) if name not in routed]
    if problems:
        raise ProblemsError(problems)


def _chosen(settings: Settings) -> Iterator[tuple[Path, str]]:
    given = settings.detections
    for key, names in (("only", given.only), ("disable", given.disable)):
        yield from ((("detections", key, number), name) for number, name in enumerate(names) if "*" not in name)
    yield from ((("detections", "severity", name), name) for name in given.severity)


def _routed(settings: Settings) -> Iterator[tuple[Path, str]]:
    for place, route in enumerate(settings.routes):
        names = enumerate(route.detections)
        yield from ((("route", place, "detections", number), name) for number, name in names if "*" not in name)


def _unknown_id(settings: Settings, path: Path, name: str, ids: Sequence[str]) -> Problem:
    origin = settings.origins[path]
    column = origin.source_line.find(name) + 1
    return Problem(
        origin.name,
        origin.line,
        column or origin.column,
        f"no detection has the id `{name}`",
        source_line=origin.source_line,
        length=len(name) if column else origin.length,
        note=did_you_mean(name, ids),
        hint="`vedette detections list` names them all",
    )
