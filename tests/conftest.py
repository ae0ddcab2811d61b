"""What holds for every room of tests: the same verdict whoever runs them, wherever, however busy the machine is."""

from __future__ import annotations

import os
import signal
import tempfile

import pytest
from hypothesis import HealthCheck, settings

_OURS = ("VEDETTE_SHARED", "VEDETTE_CHAOS_", "VEDETTE_UPDATE_GOLDEN", "VEDETTE_TERRAFORM_PLUGINS")
_OTHERS = ("AWS_", "VEDETTE_", "XDG_", "PG", "NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES", "TTY_", "PYTHONIOENCODING",
           "NO_PROXY", "SSL_CERT_", "AIOSMTPD_")  # fmt: skip

# How long an example takes is the machine's business. The examples are those that the test's text gives, each time the
# same; `pytest --hypothesis-profile=search` tries others.
_ON_ANY_MACHINE = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("fixed", _ON_ANY_MACHINE, derandomize=True, database=None)
settings.register_profile("search", _ON_ANY_MACHINE, derandomize=False, print_blob=True)
settings.load_profile("fixed")


def pytest_configure(config: pytest.Config) -> None:
    """Nothing of the wishes of whoever runs the tests; what they start inherits it."""
    # A checkout that cannot be written is no failure: what failed last is not remembered then.
    config.addinivalue_line("filterwarnings", "ignore::pytest.PytestCacheWarning")
    _hear_of_ctrl_c()
    for name in list(os.environ):
        if name.upper().startswith(_OTHERS) and not name.startswith(_OURS):
            del os.environ[name]
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost"
    # Nobody's account, and no question to the machine that runs this machine.
    os.environ["AWS_CONFIG_FILE"] = os.environ["AWS_SHARED_CREDENTIALS_FILE"] = "/nonexistent/aws"
    os.environ["AWS_EC2_METADATA_DISABLED"] = "true"
    os.umask(0o022)
    if not os.access(os.environ.get("HOME") or "/nonexistent", os.W_OK):
        os.environ["HOME"] = tempfile.gettempdir()


def _hear_of_ctrl_c() -> None:
    """Let Ctrl-C mean something: a shell that starts the tests in the background has it ignored, and so would every
    process that they start and interrupt."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
