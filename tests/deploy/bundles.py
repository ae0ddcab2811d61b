"""A bundle that runs here: for this machine and the interpreter that the emulator has, of wheels fetched once."""

from __future__ import annotations

import atexit
import functools
import platform
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import pytest

from vedette.deploy import bundle as room
from vedette.errors import InputError, VedetteError
from waiting import PATIENCE

ARCHITECTURE = {"x86_64": "x86_64", "aarch64": "arm64"}.get(platform.machine(), "x86_64")
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"


@functools.cache
def _fetched() -> Path | str:
    if sys.platform != "linux":
        return "wheels for Linux do not run here"
    folder = Path(tempfile.mkdtemp(prefix="vedette-wheels-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    try:
        room._fetch(folder, ARCHITECTURE, PYTHON, None)
    except InputError as error:
        return error.message
    except VedetteError as error:
        return f"no package index: {error.message}"
    return folder


def wheels() -> Path:
    """A folder with the wheels; the test is skipped where they cannot be had."""
    found = _fetched()
    if isinstance(found, str):
        pytest.skip(found)
    return found


def unpacked(path: Path, folder: Path) -> Path:
    """The zip's files in a folder, as Lambda lays them out."""
    with zipfile.ZipFile(path) as archive:
        archive.extractall(folder)
    return folder


def version_of(python: str) -> str:
    """The version of another interpreter: `3.11`."""
    told = subprocess.run([python, "--version"], capture_output=True, text=True, check=True, timeout=PATIENCE).stdout
    return ".".join(told.split()[1].split(".")[:2])
