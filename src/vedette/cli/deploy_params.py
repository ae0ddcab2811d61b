"""What was typed after `vedette deploy …`, filled up with what is deployed: an option once given need not be repeated.

An option that is given takes the place of what was deployed of it, a list as a whole. Only what differs from what is
usual is kept, so that another version's defaults hold for everything else.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace

from vedette.cli.loading import nearest_hint
from vedette.deploy.wanted import ExistingTrail
from vedette.errors import InputError, UsageError

_ALL = "all"
_PASSING = frozenset({"name", "region", "profile", "account", "bundle", "reset", "given", "typed", "recalled"})
"""What says where a deployment is, or how it is made: it is not part of what is wanted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Params:
    """What was typed; `wanted_of` turns it into a `Wanted`."""

    name: str
    region: str | None
    profile: str | None
    account: str | None
    detections: tuple[str, ...]
    builtin: bool
    only: tuple[str, ...]
    min_severity: str | None
    pack: str
    email: tuple[str, ...]
    sms: tuple[str, ...]
    https: tuple[str, ...]
    queue: tuple[str, ...]
    slack: tuple[str, ...]
    teams: tuple[str, ...]
    pagerduty: tuple[str, ...]
    webhook: tuple[str, ...]
    smtp: tuple[str, ...]
    use_trail: str | None
    organization: bool
    log_group: str | None
    bucket: str | None
    retention_days: int
    key: bool
    storyteller: bool
    architecture: str
    events: bool
    event_region: tuple[str, ...]
    dashboard: bool
    composites: bool
    data_bucket: tuple[str, ...]
    data_function: tuple[str, ...]
    owner: str
    runbook_url: str
    assets_bucket: str | None
    bundle: str | None
    reset: tuple[str, ...] = ()
    given: frozenset[str] = frozenset()
    """The options that were typed, other than with what they are anyway."""
    typed: frozenset[str] = frozenset()
    """All that were typed."""
    recalled: tuple[str, ...] = ()
    """Those that come from what is deployed."""


_KEPT = tuple(field.name for field in fields(Params) if field.name not in _PASSING)


def recall(params: Params, held: Mapping[str, object]) -> Params:
    """The same with what `held`, the deployment's options, says of those that were not typed.

    Raises UsageError for `--reset` of something that is no option, InputError for kept options that cannot be read.
    """
    forgotten = set(_forgotten(params.reset))
    found = {name: held[name] for name in _KEPT if name in held and name not in params.typed | forgotten}
    values = {name: _value(name, getattr(params, name), value) for name, value in found.items()}
    return replace(params, recalled=tuple(values), **values)  # type: ignore[arg-type]  # each was looked at


def _forgotten(reset: tuple[str, ...]) -> Iterator[str]:
    for given in reset:
        name = given.removeprefix("--").removeprefix("no-").replace("-", "_")
        if name == _ALL:
            yield from _KEPT
        elif name in _KEPT:
            yield name
        else:
            known = [one.replace("_", "-") for one in (*_KEPT, _ALL)]
            raise UsageError(f"`--reset {given}`: there is no such option", hint=nearest_hint(given, known))


def _value(name: str, usual: object, kept: object) -> object:
    """A kept value in the type of its option."""
    if isinstance(usual, tuple):
        if isinstance(kept, list) and all(isinstance(one, str) for one in kept):
            return tuple(kept)
    elif isinstance(kept, str if usual is None else type(usual)):
        return kept
    raise InputError(
        f"what the deployment keeps of `--{name.replace('_', '-')}` cannot be read",
        hint=f"give it anew, or `--reset {name.replace('_', '-')}`",
    )


def kept_text(params: Params, trail: ExistingTrail | None) -> str:
    """What a deployment keeps of its options, as JSON; a trail that was looked for by the name that it has."""
    kept = {name: getattr(params, name) for name in _KEPT if name in params.given or name in params.recalled}
    if trail is not None:
        kept["use_trail"] = trail.name
    return json.dumps(kept, sort_keys=True) if kept else ""


def spelled(params: Params) -> list[str]:
    """The options that come from the deployment, as one would type them."""
    return [text for name in params.recalled for text in _spelled(name, getattr(params, name))]


def _spelled(name: str, value: object) -> Iterator[str]:
    option = f"--{name.replace('_', '-')}"
    if isinstance(value, bool):
        yield option if value else f"--no-{option[2:]}"
    else:
        for one in value if isinstance(value, tuple) else (value,):
            yield f"{option} {shlex.quote(str(one))}"
