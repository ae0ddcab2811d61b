"""docs/reference/settings.md, written from the tables that the code works with."""

from __future__ import annotations

from collections.abc import Iterator

from vedette.settings.assembly import SINGLE
from vedette.settings.channel_tables import CHANNELS, ChannelSettings
from vedette.settings.declare import Declaration, declarations
from vedette.settings.model import AccountSettings, RouteSettings
from vedette.settings.reading import variable_of
from vedette.settings.source_tables import SOURCES, AwsSource, QueueSource, SourceSettings

_INTRO = """\
<!-- written from src/vedette/settings/page.py: change the code, then `make docs` -->

# Settings

Settings are a TOML file, `vedette.toml`. `vedette init` writes one. It is looked for in this order, and the first
that is there is read, alone:

1. the file of `--settings`
2. the file of `$VEDETTE_SETTINGS`
3. `./vedette.toml`
4. `$XDG_CONFIG_HOME/vedette/vedette.toml` (`~/.config/vedette/vedette.toml`)

Without a file everything has its default: the store and a mail folder in your own directories, the built-in
detections, and everything of medium severity and above told to the mail folder.

A variable sets a single value and goes before the file: `VEDETTE_`, the table, the key, so that
`VEDETTE_POLICY_MAX_AGE=12h` is `max_age` of `[policy]`. The tables of sources, channels, routes and accounts stand in
the file alone.

Every key that is not listed here is an error, and so is a variable that begins like a setting and is none. All problems
are told at once, with line and column; the lines that may hold a secret are shown without their values.

**Durations** are a number and a unit: `90s`, `5m`, `24h`, `7d`, `2w`. **Names in lists** of detections, accounts and
regions may hold `*`, which stands for anything.

**Credentials** are references, never values: `secret://aws/NAME#key` (AWS Secrets Manager), `secret://env/NAME` (a
variable), `secret://file/PATH` (a file that its owner alone can read), `secret://keyring/SERVICE/USER`. A value in the
place of a reference is an error that says how to store it.
"""

_SOURCES = "Where records come from. There may be several; an event that arrives over two counts once.\n"
_CHANNELS = "A way to people.\n"
_QUEUE_KINDS = "`s3-sqs` and `eventbridge-sqs`"


def settings_page() -> str:
    """The whole page."""
    return "\n".join([_INTRO, *_parts()])


def _parts() -> Iterator[str]:
    yield "## `[[source]]`\n"
    yield _SOURCES
    yield from _rows([_kind_row(tuple(SOURCES)), *_declared(SourceSettings)])
    yield "Sources in AWS also have:\n"
    yield from _rows(_declared(AwsSource, SourceSettings))
    yield f"{_QUEUE_KINDS} also have:\n"
    yield from _rows(_declared(QueueSource, AwsSource))
    for shape in SOURCES.values():
        base = next(one for one in (QueueSource, AwsSource, SourceSettings) if issubclass(shape, one))
        yield from _table(f"source: {shape.kind}", shape, base, level="###")
    yield "## `[[channel]]`\n"
    yield _CHANNELS
    yield from _rows([_kind_row(tuple(CHANNELS)), *_declared(ChannelSettings)])
    for channel in CHANNELS.values():
        yield from _table(f"channel: {channel.kind}", channel, ChannelSettings, level="###")
    yield from _table("`[[route]]`", RouteSettings)
    for name, table in SINGLE.items():
        yield from _table(f"`[{name}]`", table, variables=name)
    yield from _table("`[accounts.ID]`", AccountSettings)


def _table(
    title: str, table: type[object], base: type[object] | None = None, *, level: str = "##", variables: str = ""
) -> Iterator[str]:
    _, _, says = (table.__doc__ or "").partition(": ")
    yield f"{level} {title}\n"
    text = "\n".join(line.strip() for line in says.strip().splitlines())
    yield text[:1].upper() + text[1:] + "\n"
    if variables:
        yield f"Variables: `{variable_of(variables)}_…`\n"
    rows = _declared(table, base)
    if rows:
        yield from _rows(rows)


def _declared(table: type[object], base: type[object] | None = None) -> list[str]:
    inherited = {one.name for one in declarations(base)} if base else set()
    return [_row(one) for one in declarations(table) if one.name not in inherited]


def _row(one: Declaration) -> str:
    return f"| `{one.name}` | {one.kind.says} | {one.shown} | {one.meaning} |"


def _kind_row(kinds: tuple[str, ...]) -> str:
    return f"| `kind` | one of {', '.join(f'`{kind}`' for kind in kinds)} | **required** | what it is |"


def _rows(rows: list[str]) -> list[str]:
    return ["| key | value | default | meaning |", "|---|---|---|---|", *rows, ""]
