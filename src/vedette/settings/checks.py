"""What one table cannot know of itself: names that must differ, and names that must be there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from vedette.errors import Problem, ProblemsError, did_you_mean
from vedette.settings.channel_tables import AwsChannel, SlackChannel, SmtpChannel
from vedette.settings.model import Settings
from vedette.settings.positions import Path
from vedette.settings.reading import Reader
from vedette.settings.source_tables import AwsSource


def check(settings: Settings, reader: Reader) -> None:
    """Note with `reader` what does not fit together."""
    _check_names(reader, "source", [one.name for one in settings.sources])
    _check_names(reader, "channel", [one.name for one in settings.channels])
    _check_sources(settings, reader)
    _check_channels(settings, reader)
    _check_routes(settings, reader)


def _check_names(reader: Reader, section: str, names: Sequence[str]) -> None:
    counts = Counter(names)
    for number, name in enumerate(names):
        if counts[name] > 1:
            message = f"{counts[name]} {section}s are called `{name}`"
            reader.problem((section, number, "name"), message, hint="give each a `name` of its own")


def _check_sources(settings: Settings, reader: Reader) -> None:
    for number, one in enumerate(settings.sources):
        if isinstance(one, AwsSource):
            _check_account(settings, reader, ("source", number, "account"), one.account)


def _check_account(settings: Settings, reader: Reader, path: Path, account: str | None) -> None:
    found = settings.accounts.get(account or "")
    if account is not None and (found is None or found.role_arn is None):
        hint = f"[accounts.{account}] with `role_arn`; without `account` the usual credentials are used"
        near = did_you_mean(account, [one for one, of in settings.accounts.items() if of.role_arn])
        reader.problem(path, f"the account {account} has no role", note=near, hint=hint)


def _check_channels(settings: Settings, reader: Reader) -> None:
    for number, one in enumerate(settings.channels):
        place = ("channel", number)
        if isinstance(one, SlackChannel):
            _check_slack(one, reader, place)
        elif isinstance(one, SmtpChannel):
            _check_smtp(one, reader, place)
        elif isinstance(one, AwsChannel):
            _check_account(settings, reader, (*place, "account"), one.account)


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


def _check_routes(settings: Settings, reader: Reader) -> None:
    known = list(dict.fromkeys(one.name for one in settings.channels))
    hint = "there are " + ", ".join(f"`{one}`" for one in known)
    for number, route in enumerate(settings.routes):
        place = ("route", number, "channels")
        if not route.channels:
            reader.problem(place, "the route leads to no channel", hint=hint)
        for index, name in enumerate(route.channels):
            if name not in known:
                note = did_you_mean(name, known)
                reader.problem((*place, index), f"no channel is called `{name}`", note=note, hint=hint)


def check_detection_ids(settings: Settings, known: Iterable[str]) -> None:
    """Raise ProblemsError for the ids in `[detections]` that no detection has; a glob may fit none."""
    ids = list(known)
    problems = [_unknown_id(settings, path, name, ids) for path, name in _ids(settings) if name not in ids]
    if problems:
        raise ProblemsError(problems)


def _ids(settings: Settings) -> Iterator[tuple[Path, str]]:
    given = settings.detections
    for key, names in (("only", given.only), ("disable", given.disable)):
        yield from ((("detections", key, number), name) for number, name in enumerate(names) if "*" not in name)
    yield from ((("detections", "severity", name), name) for name in given.severity)


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
