"""parliament, which judges policies, as a command."""

from __future__ import annotations

from emulating import tool

# It keeps a log at one place for everybody, where another user's may be.
_WITHOUT_ITS_LOG = """\
import os, sys
from parliament import cli
def elsewhere(path, *more, **options):
    return open(os.devnull if path == "/tmp/parliament.log" else path, *more, **options)
cli.open = elsewhere
sys.exit(cli.cli())
"""


def parliament() -> list[str]:
    """The beginning of the command; the test is skipped where it is not installed."""
    tool("parliament")
    return [tool("python"), "-c", _WITHOUT_ITS_LOG]
