"""The stacks of a deployment in all its regions, and what to say where a region does not let itself be looked at.

The home stacks say which other regions there are (`forwarding` notes them with its role), so that a deployment is
found without its options. Nothing is changed here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from vedette.aws import AwsError, AwsSession, Failure
from vedette.deploy import stacks
from vedette.deploy.answers import mapping, texts
from vedette.deploy.event_regions import without
from vedette.deploy.failures import DeployError
from vedette.deploy.intrinsics import Place
from vedette.deploy.names import EVENTS
from vedette.deploy.stacks import Phase, StackState
from vedette.deploy.template.forwarding import ROLE

_CLOSED = frozenset({Failure.DENIED, Failure.CREDENTIALS, Failure.UNREACHABLE})


@dataclass(frozen=True, slots=True)
class Unreached:
    """A region in which something of the deployment may stand, and why nobody can look."""

    region: str
    reason: str


@dataclass(frozen=True, slots=True)
class Standing:
    """The stacks, the home's first, each region's in the order of their names."""

    states: tuple[StackState, ...]
    unreached: tuple[Unreached, ...] = ()


def find(session: AwsSession, place: Place, wanted: Sequence[str] = (), perhaps: Collection[str] = ()) -> Standing:
    """Look at home, in the regions that are noted there, in those that are `wanted`, and `perhaps` in others.

    Raises DeployError where a wanted region is closed. A noted one that is closed is named; of the others nothing is
    known, and nothing said.
    """
    home = stacks.ours(session.client("cloudformation", place.region), place.name)
    noted = _noted(session, place, home)
    states, closed = list(home), {}
    for region in sorted({*noted, *wanted, *perhaps} - {place.region}):
        try:
            with reaching(region, place.region, wanted):
                states += stacks.ours(session.client("cloudformation", region), place.name, place.region)
        except ClosedRegionError as error:
            closed[region] = error
    _refuse({region: error for region, error in closed.items() if region in wanted}, wanted)
    unreached = [Unreached(region, error.message) for region, error in closed.items() if region in noted]
    return Standing(tuple(states), tuple(unreached))


def _refuse(closed: Mapping[str, ClosedRegionError], wanted: Sequence[str]) -> None:
    """Raise for wanted regions that are closed, all at once: whoever leaves them out does so once."""
    errors = list(closed.values())
    if len(errors) == 1:
        raise errors[0]
    if errors:
        told = "; ".join(error.message for error in errors)
        raise ClosedRegionError(told, hint=f"open them, or leave these regions out: `{without(closed, wanted)}`")


def _noted(session: AwsSession, place: Place, home: Sequence[StackState]) -> tuple[str, ...]:
    events = next((one for one in home if one.name == f"{place.name}-{EVENTS}"), None)
    if events is None or events.phase in (Phase.REVIEWED, Phase.FAILED):
        return ()
    template = stacks.template_of(session.client("cloudformation", place.region), events.name)
    role = mapping(mapping(template, "Resources"), ROLE)
    return texts(mapping(mapping(role, "Metadata"), "Vedette"), "Regions")


class ClosedRegionError(DeployError):
    """A region that the account's credentials are good for nothing in, though they are at home."""


@contextmanager
def reaching(region: str, home: str, wanted: Collection[str] = ()) -> Iterator[None]:
    """What AWS refuses inside the block, in another region than the home, comes out as ClosedRegionError.

    It says which region, what may help there and, where the region is `wanted`, how to do without it.
    """
    try:
        yield
    except AwsError as error:
        if region == home or error.failure not in _CLOSED or "Expired" in error.code:
            raise
        leave = f"leave the region out: `{without([region], wanted)}`" if region in wanted else ""
        message, hint = _told(error, region)
        raise ClosedRegionError(message, hint="; or ".join(part for part in (hint, leave) if part)) from None


def _told(error: AwsError, region: str) -> tuple[str, str]:
    if error.failure is Failure.CREDENTIALS:
        enable = f"enable it: `aws account enable-region --region-name {region}`"
        return f"{region} does not take the credentials that the home region takes: it is not enabled", enable
    if error.failure is Failure.UNREACHABLE:
        return f"{region} cannot be reached: {error.message}", "look at the region's name, and at the network"
    return f"{region} is closed: {error.message}", f"{error.hint}, in {region}" if error.hint else ""
