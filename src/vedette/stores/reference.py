"""The reference page of the store, written from the schema: which tables there are, and how long their rows stay."""

from __future__ import annotations

from collections.abc import Iterator

from vedette.stores.schema import TABLES, Kind, Table

_HEAD = """\
# The store

The monitor keeps all that it knows in one store: SQLite by default, PostgreSQL where several monitors share the work.
What an object says, the alerts that follow and the deliveries planned for them are one transaction: after a crash
either all of it is there, or nothing, and the object is read again.

| address | store |
|---|---|
| `sqlite://PATH` | one file; by default `$XDG_STATE_HOME/vedette/vedette.db` (`~/.local/state/vedette/vedette.db`) |
| `postgresql://USER@HOST/DATABASE` | one schema of a database, `vedette` or `?schema=NAME`; needs `vedette[postgres]` |
| `memory:` | nothing outlives the process: for trying out |

The settings name it: `url` and `password` of `[store]`. What libpq reads (`PGPASSWORD`, `~/.pgpass`, `PGSERVICE`,
`sslmode` in the address) holds for PostgreSQL. The store holds no credential. It does hold what the records say: who
acted, from which address, with which user agent. The SQLite file is made readable for its owner only.

`vedette run` makes the store and migrates it. `vedette store` looks after it: `status`, `migrate`, `prune`, `export`.

## SQLite

Transactions are durable when they end (WAL, `synchronous=FULL`), and several processes of one machine may use the file
at once. It must not lie on a network file system. To copy it while the monitor runs, use `sqlite3 FILE ".backup COPY"`:
a plain copy of the file alone lacks what is still in its `-wal` file.

## PostgreSQL

Version 13 or newer. Transactions are SERIALIZABLE; where two monitors get in each other's way, one does its transaction
again. The user needs `CREATE` on the database, or a schema that it owns. When the server restarts, the monitor says so,
and goes on when it is back.

## Tables

`vedette store prune` deletes what is older than its table keeps it: `record_retention` of `[store]` for
matches and minutes, `retention` for the rest, below with their defaults; `--keep TABLE=DAYS` goes before both.
Texts are as the records had them, with `\\\\` for a backslash and `\\u0000` for NUL in columns of their own. Columns
named `body`, `evidence`, `statistics`, `sighting` and `group_texts` are JSON arrays whose first element is the version
of their layout: `vedette store export` shows them by name.

| table | rows are kept | what is in it |
|---|---|---|
"""


def store_page() -> str:
    """docs/reference/store.md."""
    return "<!-- written by docs/build.py: change the code, then `make docs` -->\n\n" + _HEAD + "".join(_lines())


def _lines() -> Iterator[str]:
    for table in TABLES:
        yield f"| `{table.name}` | {_kept(table)} | {table.purpose} |\n"
    for table in TABLES:
        yield f"\n### `{table.name}`\n\n"
        yield f"Key: {', '.join(f'`{name}`' for name in table.key)}.\n\n| column | kind |\n|---|---|\n"
        for name, kind in table.columns.items():
            yield f"| `{name}` | {_KINDS[kind]} |\n"


_KINDS = {Kind.TEXT: "text", Kind.INTEGER: "whole number", Kind.REAL: "number", Kind.BYTES: "bytes"}


def _kept(table: Table) -> str:
    if table.days is None:
        return "for good"
    return f"{table.days} days" + (f"; {table.stays}" if table.stays else "")
