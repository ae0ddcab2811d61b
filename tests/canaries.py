"""Canaries: a marker planted in every secret, and a search for it in whatever comes out.

    canaries = Canaries()
    secrets = canaries.secrets("password", "token")     # every reference answers a value with a marker in it
    ...
    canaries.check(caught.value, capsys.readouterr().out, store_file.read_bytes())

Each marker is found as it is, in base64, percent-encoded, in hexadecimal, and in pieces that are long enough to matter.
"""

from __future__ import annotations

import base64
import traceback
from pathlib import Path
from urllib.parse import quote

from vedette.secrets import Credential, Provider, SecretRef, Secrets

PIECE = 10
"""Characters in a row that count as having told the secret."""


class Canaries:
    """Makes secrets that are recognised anywhere. The markers have no place in ordinary texts."""

    def __init__(self) -> None:
        self.planted: dict[str, str] = {}

    def plant(self, name: str, form: str = "{}") -> str:
        """A value with a marker of its own; `form` puts it in a URL or an object."""
        marker = f"KANARIE{len(self.planted):02}q7Zx9Wv{name[::-1]}".replace("-", "Q")
        self.planted[name] = marker
        return form.format(marker)

    def fetch(self, ref: SecretRef) -> str:
        """As a resolver: a value for every reference."""
        known = self.planted.get(ref.name)
        return known if known is not None else self.plant(ref.name)

    def secrets(self) -> Secrets:
        """A vault in which every reference has a value."""
        return Secrets(dict.fromkeys(Provider, self))

    def credential(self, name: str) -> Credential:
        """One of them."""
        return self.secrets().credential(SecretRef(Provider.ENVIRONMENT, name))

    def check(self, *outputs: object) -> None:
        """Fails if a marker is in any output: texts, bytes, files, folders, exceptions with all that they carry."""
        for output in outputs:
            for text in _texts(output):
                for name, marker in self.planted.items():
                    for form in _forms(marker):
                        assert form not in text, f"the canary `{name}` was told: …{text[:60]}…"


def _forms(marker: str) -> set[str]:
    raw = marker.encode()
    whole = {quote(marker, safe=""), raw.hex(), *(_base64_core(raw, shift) for shift in range(3))}
    return whole | {marker[place : place + PIECE] for place in range(len(marker) - PIECE + 1)}


def _base64_core(raw: bytes, shift: int) -> str:
    # What is the same in base64 wherever the marker begins: without the first and last group.
    return base64.b64encode(b"x" * shift + raw).decode().rstrip("=")[4:-4]


def _texts(output: object) -> list[str]:
    if isinstance(output, Path):
        files = [output] if output.is_file() else [path for path in output.rglob("*") if path.is_file()]
        return [file.read_bytes().decode("latin-1") for file in files]
    if isinstance(output, bytes):
        return [output.decode("latin-1")]
    if isinstance(output, BaseException):
        lines = traceback.TracebackException.from_exception(output, capture_locals=False).format()
        return [*lines, repr(output), str(output), repr(vars(output))]
    return [output if isinstance(output, str) else repr(output)]
