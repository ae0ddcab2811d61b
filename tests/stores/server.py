"""A real PostgreSQL server for the tests: made in a directory of its own, reached over a local socket only.

It runs as an unprivileged user, because it refuses to run as root. It does not wait for the disk: no test takes the
power away, and what a process that is killed has written stays with the system.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_FAST = "-c fsync=off -c full_page_writes=off"
_PLACES = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda place: place.parent.name, reverse=True)


def _program(name: str) -> str:
    found = next((str(place / name) for place in _PLACES if (place / name).exists()), None) or shutil.which(name)
    if found is None:
        pytest.skip(f"PostgreSQL's `{name}` is not installed")
    return found


def _user() -> str | None:
    """Whom to run it as: ourselves, unless we are root."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


class Server:
    """A server and the directory in which it lives."""

    def __init__(self, home: Path) -> None:
        self.home, self.user, self._options = home, _user(), f"{_FAST} -c listen_addresses= -k {home}"
        if self.user is not None:
            shutil.chown(home, self.user)
        self._run("initdb", "-D", f"{home}/data", "-U", "vedette", "-A", "trust", "-N", "-E", "UTF8", "--locale=C")
        self.start()

    def start(self) -> None:
        self._run("pg_ctl", "-D", f"{self.home}/data", "-w", "-o", self._options, "-l", f"{self.home}/log", "start")

    def stop(self, mode: str = "fast") -> None:
        self._run("pg_ctl", "-D", f"{self.home}/data", "-w", "-m", mode, "stop")

    def restart(self) -> None:
        self.stop()
        self.start()

    def url(self, schema: str = "vedette") -> str:
        """The address of a store in it."""
        return f"postgresql://vedette@/postgres?host={self.home}&schema={schema}"

    def _run(self, program: str, *arguments: str) -> None:
        command = [_program(program), *arguments]
        done = subprocess.run(command, user=self.user, cwd=self.home, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{program}: {done.stderr or done.stdout}"


@contextmanager
def running() -> Iterator[Server]:
    """A server for the time of the block. Its home has a short name: that of a socket may have 107 bytes."""
    home = Path(tempfile.mkdtemp(prefix="vdt-pg-"))
    server = None
    try:
        server = Server(home)
        yield server
    finally:
        if server is not None:
            server.stop("immediate")
        shutil.rmtree(home, ignore_errors=True)
