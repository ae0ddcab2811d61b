"""The storyteller's code as a zip for Lambda: this package, what it imports, and the detections; the same bytes again.

Dependencies are wheels for the function's platform, of the versions that run here, fetched by pip from the configured
index. Times, order and modes are fixed and nothing is compressed, so that no clock, file system or zlib shows in it.
boto3 is left out: the runtime has it.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import io
import re
import stat
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import vedette
from vedette.deploy.storyteller.contract import ARCHITECTURES, DETECTIONS
from vedette.detections.definition import Detection
from vedette.errors import InputError, OutputError, VedetteError, unwritable

DEPENDENCIES = ("google-re2", "isal", "jinja2", "MarkupSafe", "msgspec", "PyYAML")
"""What the function imports besides the standard library and boto3."""

MAX_ZIPPED = 50 * 1_024 * 1_024
MAX_UNZIPPED = 250 * 1_024 * 1_024
"""Bytes. Source: Lambda quotas, "Deployment package (.zip file archive) size"."""

_UNUSED = frozenset({"cli", "simulate", "stores", "__main__.py"})
_OF_DEPLOY = frozenset({"__init__.py", "names.py", "wanted.py", "storyteller"})
"""What the function has no use for, and what it has of this room: a change elsewhere is no change of the function."""

_MACHINES = {"arm64": "aarch64", "x86_64": "x86_64"}
_GLIBC = ("manylinux2014", *(f"manylinux_2_{minor}" for minor in range(17, 35)))
"""Amazon Linux 2023, on which Python 3.12 and later run, has glibc 2.34."""

_MOMENT = (1980, 1, 1, 0, 0, 0)
_LEFT_OUT = frozenset({"RECORD", "INSTALLER", "REQUESTED", "direct_url.json"})
_UNREACHABLE = re.compile(
    r"NewConnectionError|Name or service not known|name resolution|Connection (?:refused|reset|aborted)|"
    r"Network is unreachable|ConnectTimeout|ReadTimeout|ProxyError|SSLError|CERTIFICATE_VERIFY_FAILED|timed out"
)
_TIMEOUT = 300


@dataclass(frozen=True, slots=True)
class Bundle:
    """The zip: where it is, the SHA-256 of its bytes in hexadecimal, and how many bytes it has."""

    path: Path
    sha256: str
    size: int


def bundle(
    destination: Path, *, architecture: str, python: str = "3.13", detections: Sequence[Detection],
    wheels: Path | None = None,
) -> Bundle:  # fmt: skip
    """Write the zip to `destination`. `wheels` is a folder to take the dependencies from, in place of the index.

    Raises InputError for an architecture or a Python that has no wheels, OutputError where the zip cannot be written or
    is larger than Lambda takes, VedetteError where the index cannot be reached.
    """
    if architecture not in ARCHITECTURES:
        raise InputError(f"Lambda has no architecture `{architecture}`", hint=" or ".join(ARCHITECTURES))
    with tempfile.TemporaryDirectory(prefix="vedette-bundle-") as folder:
        fetched = _fetch(Path(folder), architecture, python, wheels)
        files = dict(_own_files())
        files |= {f"{DETECTIONS}/{one.id}.yaml": one.source.encode() for one in detections}
        for wheel in fetched:
            files |= dict(_unpacked(wheel))
    data = zipped(files)
    check_sizes(len(data), sum(map(len, files.values())))
    try:
        destination.parent.mkdir(parents=True, exist_ok=True)
        destination.write_bytes(data)
    except OSError as error:
        raise unwritable(f"`{destination}`", error) from None
    return Bundle(destination, hashlib.sha256(data).hexdigest(), len(data))


def zipped(files: dict[str, bytes]) -> bytes:
    """The files as a zip whose bytes depend on their names and contents alone."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _MOMENT)
            entry.create_system = 3  # Unix, wherever this runs
            mode = 0o755 if name.endswith(".so") or ".so." in name else 0o644
            entry.external_attr = (stat.S_IFREG | mode) << 16
            archive.writestr(entry, files[name])
    return out.getvalue()


def check_sizes(packed: int, unpacked: int) -> None:
    """Raise OutputError for what Lambda would refuse."""
    for size, most, what in ((packed, MAX_ZIPPED, "zip"), (unpacked, MAX_UNZIPPED, "unpacked code")):
        if size > most:
            raise OutputError(
                f"the storyteller's {what} has {size:,} bytes, and Lambda takes {most:,}",
                hint="deploy fewer detections, or take large files out of the package",
            )


def _own_files() -> Iterator[tuple[str, bytes]]:
    """This package as it is installed, without what the function has no use for, and what compilers leave."""
    root = Path(vedette.__file__).parent
    for path in sorted(root.rglob("*")):
        inside = path.relative_to(root).parts
        if path.is_file() and _is_used(inside) and "__pycache__" not in inside and path.suffix not in (".pyc", ".pyo"):
            yield str(PurePosixPath("vedette", *inside)), path.read_bytes()


def _is_used(inside: tuple[str, ...]) -> bool:
    return inside[1] in _OF_DEPLOY if inside[0] == "deploy" else inside[0] not in _UNUSED


def _unpacked(wheel: Path) -> Iterator[tuple[str, bytes]]:
    """What a wheel puts beside the package. Source: "Binary distribution format" of the Python packaging guide."""
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            place = _place(PurePosixPath(name))
            if place is not None and not name.endswith("/"):
                yield str(place), archive.read(name)


def _place(name: PurePosixPath) -> PurePosixPath | None:
    first, *rest = name.parts
    if first.endswith(".data"):
        return PurePosixPath(*rest[1:]) if rest[:1] in (["purelib"], ["platlib"]) else None
    if first.endswith(".dist-info") and name.name in _LEFT_OUT:
        return None
    return name if name.suffix not in (".pyc", ".pyi", ".pxd", ".pyx") else None


def _fetch(folder: Path, architecture: str, python: str, wheels: Path | None) -> list[Path]:
    platforms = [f"--platform={glibc}_{_MACHINES[architecture]}" for glibc in _GLIBC]
    where = [] if wheels is None else ["--no-index", f"--find-links={wheels}"]
    command = [
        sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", "--retries=1", "--timeout=15",
        "download", "--quiet", "--no-deps", "--only-binary=:all:", "--implementation=cp",
        f"--python-version={python}", f"--dest={folder}", *platforms, *where, *_pinned(),
    ]  # fmt: skip
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT, check=False)  # noqa: S603
    except subprocess.TimeoutExpired:
        raise _unreachable() from None
    if done.returncode:
        raise _failure(done.stderr, architecture, python)
    return sorted(folder.glob("*.whl"))


def _pinned() -> Iterable[str]:
    """The dependencies in the versions that run here: what was tested is what is deployed."""
    return [f"{name}=={importlib.metadata.version(name)}" for name in DEPENDENCIES]


def _failure(said: str, architecture: str, python: str) -> VedetteError:
    if "No module named pip" in said:
        return VedetteError(
            "the storyteller's bundle needs pip, which this Python does not have",
            hint=f"{sys.executable} -m ensurepip, or `--no-storyteller`",
        )
    if _UNREACHABLE.search(said):
        return _unreachable()
    missing = re.search(r"No matching distribution found for (\S+)", said)
    if missing is not None:
        return InputError(
            f"`{missing[1]}` has no wheel for Python {python} on Linux {architecture}",
            hint="another architecture or Python, or an index that has it (`pip config`)",
        )
    last = next((line for line in reversed(said.splitlines()) if line.startswith("ERROR")), said[-200:])
    return VedetteError(f"pip could not fetch the storyteller's dependencies: {last.removeprefix('ERROR: ')}")


def _unreachable() -> VedetteError:
    return VedetteError(
        "the package index cannot be reached, and the storyteller's bundle needs it",
        hint="look at the network and `pip config list`; `--no-storyteller` deploys without it",
    )
