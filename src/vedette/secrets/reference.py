"""References to secrets: their grammar, and the errors that say where one is wrong.

    reference = "secret://" provider "/" name [ "?" option *( "&" option ) ] [ "#" key ]
    provider  = "aws" / "env" / "file" / "keyring"
    option    = ( "stage" / "version" ) "=" text          ; aws only

Nothing here reads a secret. What does not begin with `secret://` may be one itself, so no error shows it.
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from urllib.parse import quote, unquote

from vedette.errors import InputError, Span, did_you_mean, draw_span

SCHEME = "secret://"

_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_ENVIRONMENT_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_AWS_NAME = re.compile(r"[A-Za-z0-9/_+=.@:-]{1,2048}")
_VERSION = re.compile(r"[A-Za-z0-9-]{32,64}")


class Provider(enum.Enum):
    """Who keeps the secret."""

    AWS = "aws"
    ENVIRONMENT = "env"
    FILE = "file"
    KEYRING = "keyring"


@dataclass(frozen=True, slots=True)
class SecretRef:
    """Where a secret is. `key` chooses a member of a JSON object; `stage` and `version` are of AWS Secrets Manager.

    `name` is a name or an ARN, the name of an environment variable, an absolute path (or one that begins with `~/`),
    or `SERVICE/USER`.
    """

    provider: Provider
    name: str
    key: str | None = None
    stage: str | None = None
    version: str | None = None

    @property
    def whole(self) -> SecretRef:
        """The same without its key: what is fetched, and shared by all keys."""
        return SecretRef(self.provider, self.name, None, self.stage, self.version)

    def __str__(self) -> str:
        name = quote(self.name, safe="/:+=.@~") if self.provider is not Provider.AWS else self.name
        options = "&".join(
            f"{option}={quote(value)}"
            for option, value in (("stage", self.stage), ("version", self.version))
            if value is not None
        )
        key = "" if self.key is None else "#" + quote(self.key, safe="")
        return f"{SCHEME}{self.provider.value}/{name.removeprefix('/')}{'?' + options if options else ''}{key}"


class SecretReferenceError(InputError):
    """A reference that is wrong at a place. For a text that is no reference at all `reference` is empty."""

    def __init__(self, message: str, *, reference: str = "", span: Span | None = None, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.reference = reference
        self.span = span

    def render(self) -> str:
        """The message, the reference with a caret under the place, and the hint."""
        lines = [self.message]
        if self.span is not None:
            lines += ["    " + line for line in draw_span(self.reference, self.span)]
        if self.hint is not None:
            lines.append(f"hint: {self.hint}")
        return "\n".join(lines)


def parse(text: str) -> SecretRef:
    """The reference in a text; raises SecretReferenceError.

    >>> parse("secret://aws/vedette/smtp?stage=AWSPREVIOUS#password")
    SecretRef(provider=<Provider.AWS: 'aws'>, name='vedette/smtp', key='password', stage='AWSPREVIOUS', version=None)
    """
    if not text.startswith(SCHEME):
        raise SecretReferenceError(
            "not a reference to a secret: it does not begin with `secret://`",
            hint="secret://aws/NAME#key, secret://env/NAME, secret://file/PATH or secret://keyring/SERVICE/USER",
        )
    return _Reader(text).reference()


def require_reference(text: str, what: str, *, suggestion: str = "vedette/credential") -> SecretRef:
    """The reference that a setting must hold; `what` names the setting in messages.

    A literal secret is an error that says how to store it; the literal is not shown.
    """
    if text.startswith(SCHEME):
        try:
            return parse(text)
        except SecretReferenceError as error:
            raise SecretReferenceError(
                f"{what}: {error.message}", reference=error.reference, span=error.span, hint=error.hint
            ) from None
    raise SecretReferenceError(
        f"{what} must be a reference to a secret, and holds a text of its own",
        hint=(
            "store it and write where it is: "
            f"`aws secretsmanager create-secret --name {suggestion} --secret-string file://FILE` and "
            f"`secret://aws/{suggestion}`; or a file of mode 600 and `secret://file/PATH`; "
            "or a variable and `secret://env/NAME`; if it was in a shared file, change it"
        ),
    )


class _Reader:
    """Takes a reference apart, knowing where each part is."""

    def __init__(self, text: str) -> None:
        self.text = text

    def fail(self, message: str, start: int, end: int, hint: str | None = None) -> SecretReferenceError:
        return SecretReferenceError(message, reference=self.text, span=Span(start, end), hint=hint)

    def reference(self) -> SecretRef:
        """`secret://` provider / name, then options, then the key."""
        odd = next((place for place, char in enumerate(self.text) if not char.isprintable() or char == " "), None)
        if odd is not None:
            raise self.fail("a blank or control character in a reference", odd, odd + 1, "write it as %20 and the like")
        broken = _BAD_ESCAPE.search(self.text)
        if broken:
            raise self.fail("a `%` that is no escape", broken.start(), broken.end(), "write it as %25")
        fragment = self._find("#", len(SCHEME))
        query = min(self._find("?", len(SCHEME)), fragment)
        provider, start = self._provider(query)
        name = self._name(provider, start, query)
        stage, version = self._options(provider, query + 1, fragment)
        return SecretRef(provider, name, self._key(fragment), stage, version)

    def _find(self, char: str, start: int) -> int:
        place = self.text.find(char, start)
        return len(self.text) if place < 0 else place

    def _provider(self, end: int) -> tuple[Provider, int]:
        start = len(SCHEME)
        slash = min(self._find("/", start), end)
        word = self.text[start:slash]
        known = [provider.value for provider in Provider]
        if word not in known:
            hint = did_you_mean(word, known) or "aws, env, file and keyring keep secrets"
            raise self.fail(f"nobody called `{word}` keeps secrets", start, max(slash, start + 1), hint)
        return Provider(word), slash + 1

    def _name(self, provider: Provider, start: int, end: int) -> str:
        raw = self.text[start:end]
        name = unquote(raw)
        if not name:
            raise self.fail("the name is missing", start, start + 1, _EXAMPLES[provider])
        if provider is Provider.FILE:
            return name if name.startswith(("/", "~/")) else "/" + name
        if _is_name(provider, name):
            return name
        raise self.fail(_NAMES[provider], start, end, _EXAMPLES[provider])

    def _options(self, provider: Provider, start: int, end: int) -> tuple[str | None, str | None]:
        given: dict[str, str] = {}
        place = start
        for part in self.text[start:end].split("&") if start <= end and start <= len(self.text) else []:
            name, equals, value = part.partition("=")
            problem = _option_problem(provider, name, value if equals else "", given)
            if problem:
                raise self.fail(problem, place, max(place + len(part), place + 1), "?stage=AWSPREVIOUS or ?version=ID")
            given[name] = unquote(value)
            place += len(part) + 1
        return given.get("stage"), given.get("version")

    def _key(self, fragment: int) -> str | None:
        if fragment == len(self.text):
            return None
        raw = self.text[fragment + 1 :]
        if not raw:
            raise self.fail(
                "the key after `#` is missing", fragment, fragment + 1, "leave `#` out for the whole secret"
            )
        if "?" in raw:
            place = self._find("?", fragment)
            raise self.fail(
                "options stand before the key",
                place,
                len(self.text),
                "secret://aws/NAME?stage=AWSPREVIOUS#key; a `?` within a key is %3F",
            )
        return unquote(raw)


_NAMES = {
    Provider.AWS: "no name or ARN that Secrets Manager allows",
    Provider.ENVIRONMENT: "no name of an environment variable",
    Provider.KEYRING: "a keyring knows a secret by its service and its user",
}

_EXAMPLES = {
    Provider.AWS: "secret://aws/vedette/smtp#password",
    Provider.ENVIRONMENT: "secret://env/VEDETTE_SMTP_PASSWORD",
    Provider.FILE: "secret://file/etc/vedette/smtp-password",
    Provider.KEYRING: "secret://keyring/vedette/smtp",
}


def _is_name(provider: Provider, name: str) -> bool:
    if provider is Provider.AWS:
        return bool(_AWS_NAME.fullmatch(name))
    if provider is Provider.ENVIRONMENT:
        return bool(_ENVIRONMENT_NAME.fullmatch(name))
    service, slash, user = name.rpartition("/")
    return bool(service and slash and user)


def _option_problem(provider: Provider, name: str, value: str, given: dict[str, str]) -> str:
    if provider is not Provider.AWS:
        return f"`{provider.value}` takes no options"
    if name not in ("stage", "version"):
        return f"unknown option `{name}`"
    if name in given:
        return f"`{name}` is given twice"
    if not value:
        return f"`{name}` has no value"
    if name == "version" and not _VERSION.fullmatch(value):
        return "a version id has 32 to 64 letters, digits and dashes"
    return ""
