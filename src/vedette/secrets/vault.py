"""Secrets in use: fetched when first asked for, kept for a while, renewed at once when someone is refused.

Safe to use from several threads: one secret is fetched by one at a time, different ones do not wait for each other.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from vedette.secrets.reference import Provider, SecretRef
from vedette.secrets.resolvers import Resolver, SecretError
from vedette.secrets.secret import HIDDEN, Secret

REFRESH = 300.0
"""Seconds for which a value is used without asking again: as AWS's own Lambda extension does."""

GRACE = 30.0
"""Seconds until the next try, when a value could not be refreshed and the old one is used."""

SHORTEST_HIDDEN = 4
"""Shorter values are not searched for: they stand in every text."""


@dataclass(slots=True)
class _Kept:
    lock: threading.Lock = field(default_factory=threading.Lock)
    value: Secret | None = None
    stale_at: float = 0.0


class Secrets:
    """The values behind references. `clock` is monotonic, in seconds."""

    def __init__(
        self,
        resolvers: Mapping[Provider, Resolver],
        *,
        refresh: float = REFRESH,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._resolvers = resolvers
        self._refresh = refresh
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: dict[SecretRef, _Kept] = {}

    def value(self, ref: SecretRef) -> str:
        """The value; raises SecretError.

        While the provider is away, the last value that it gave stays in use.
        """
        return self.secret(ref).reveal()

    def secret(self, ref: SecretRef) -> Secret:
        """The same, hidden."""
        kept = self._find(ref)
        with kept.lock:
            if kept.value is None or self._clock() >= kept.stale_at:
                self._fetch(ref, kept)
            assert kept.value is not None
            return _member(kept.value, ref)

    def renew(self, ref: SecretRef) -> bool:
        """Fetch again now, because the value was refused; answers whether it is another than before."""
        kept = self._find(ref)
        with kept.lock:
            before = kept.value
            self._fetch(ref, kept)
            return kept.value != before

    def credential(self, ref: SecretRef) -> Credential:
        """The reference as something to call for its value."""
        return Credential(self, ref)

    def hide(self, text: str) -> str:
        """`text` without any value that was fetched: the last line of defence for logs and errors."""
        with self._lock:
            kept = [(ref, found.value) for ref, found in self._kept.items() if found.value is not None]
        values = {value for ref, secret in kept for value in _values(secret)}
        for value in sorted(values, key=len, reverse=True):
            text = text.replace(value, HIDDEN)
        return text

    def _find(self, ref: SecretRef) -> _Kept:
        with self._lock:
            return self._kept.setdefault(ref.whole, _Kept())

    def _fetch(self, ref: SecretRef, kept: _Kept) -> None:
        resolver = self._resolvers.get(ref.provider)
        if resolver is None:
            raise SecretError(f"{ref}: secrets of `{ref.provider.value}` are not read here")
        try:
            kept.value = Secret(resolver.fetch(ref.whole))
        except SecretError as error:
            if kept.value is None or not error.transient:
                raise
            kept.stale_at = self._clock() + min(GRACE, self._refresh)
        else:
            kept.stale_at = self._clock() + self._refresh


@dataclass(frozen=True, slots=True)
class Credential:
    """A reference to call for its value: what senders are given in place of a credential."""

    secrets: Secrets
    ref: SecretRef

    def __call__(self) -> str:
        """The value; raises SecretError."""
        return self.secrets.value(self.ref)

    def renew(self) -> bool:
        """Fetch it again, because the value was refused; answers whether it is another than before."""
        return self.secrets.renew(self.ref)


def _member(whole: Secret, ref: SecretRef) -> Secret:
    if ref.key is None:
        return whole
    members = _members(whole)
    if members is None:
        raise SecretError(f"{ref}: the secret is not a JSON object", hint=f"leave `#{ref.key}` out, or store an object")
    if ref.key not in members:
        names = ", ".join(f"`{name}`" for name in sorted(members)) or "no key"
        raise SecretError(f"{ref}: the secret has no key `{ref.key}`", hint=f"it has {names}")
    value = members[ref.key]
    if isinstance(value, dict | list) or value is None:
        raise SecretError(f"{ref}: the value is no text")
    return Secret(value if isinstance(value, str) else json.dumps(value))


def _members(whole: Secret) -> dict[str, object] | None:
    try:
        document = json.loads(whole.reveal())
    except (ValueError, RecursionError):
        # Not raised on from here: the exception holds the text.
        return None
    return document if isinstance(document, dict) else None


def _values(secret: Secret) -> set[str]:
    whole = secret.reveal()
    members = _members(secret) or {}
    found = {whole, *(value for value in members.values() if isinstance(value, str))}
    return {value for value in found if len(value) >= SHORTEST_HIDDEN}
