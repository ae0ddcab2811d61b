"""What a user names for us to read: a file, or standard input. It opens, and says why it cannot; it reads nothing.

No terminal library is imported here, so that the boundary may use it before anything else is loaded.
"""

from __future__ import annotations

import io
import os
import shlex
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TextIO

from vedette.errors import NothingToDoError, closest, printable, reason_of

STDIN = "-"
SHOWN_FAULTS = 10
"""How many of the places that could not be read are told one by one."""


@contextmanager
def opened(file: str) -> Iterator[BinaryIO]:
    """The bytes of `file`, `-` for standard input; raises NothingToDoError if there is nothing to open."""
    if file == STDIN:
        await_stdin([file])
        yield sys.stdin.buffer
        return
    try:
        stream = Path(file).open("rb")  # noqa: SIM115  its refusal has words of its own, unlike one while it is read
    except IsADirectoryError:
        raise NothingToDoError(f"`{file}` is a folder", hint="give one file, or `-` for standard input") from None
    except OSError as error:
        raise NothingToDoError(f"cannot read `{file}`: {reason_of(error)}", hint=near_to(file)) from error
    with stream:
        yield stream


@contextmanager
def opened_text(file: str) -> Iterator[TextIO]:
    """As `opened`, in lines of text that end in `\\n` alone; what is not UTF-8 is replaced."""
    with opened(file) as stream:
        text = io.TextIOWrapper(stream, "utf-8", "replace", newline="\n")
        try:
            yield text
        finally:
            text.detach()  # closing the stream is for whoever opened it


def await_stdin(paths: Sequence[str]) -> None:
    """Before standard input is read: tell whoever sits at it; raises NothingToDoError where it was closed."""
    if STDIN not in paths:
        return
    if sys.stdin is None:
        raise NothingToDoError("standard input is closed", hint="give a file")
    if sys.stdin.isatty():
        print("reading standard input; Ctrl-D ends it", file=sys.stderr)  # noqa: T201  before the terminal is loaded


def near_to(path: str) -> str | None:
    """A hint about a path that cannot be opened: it is there and closed, or a bucket, nothing, misspelt, a pattern."""
    if path.startswith("s3://"):
        return f"copy it first: `aws s3 sync {path} ./AWSLogs`"
    if not path:
        return "the path is empty: is a variable of the shell unset?"
    given = Path(path)
    if os.path.exists(path):  # noqa: PTH110  names that are too long are none, too
        return f"`ls -ld {shlex.quote(path)}` shows who may read it"
    try:
        names = [entry.name for entry in given.parent.iterdir()]
    except OSError:
        return None
    near = closest(given.name, names)
    if near:
        return f"did you mean `{printable(str(given.parent / near))}`?"
    matches_nothing = near is None and any(sign in path for sign in "*?[")
    return "no name matches, and so the shell left the pattern as it is" if matches_nothing else None
