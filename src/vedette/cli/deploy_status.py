"""`vedette deploy status`: every link of the chain, from the trail to the people, and what is broken."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

import click
from rich.text import Text

from vedette.alerts.record_document import moment_text
from vedette.alerts.words import joined
from vedette.cli import output, values
from vedette.cli.deploy_options import account_of, place_options, session_of
from vedette.cli.live import form, minute
from vedette.cli.loading import load, today
from vedette.deploy.drift import Drift
from vedette.deploy.freshness import Freshness, freshness
from vedette.deploy.intrinsics import Place
from vedette.deploy.narrowed import let_in, narrowing
from vedette.deploy.remembered import remembered
from vedette.deploy.stacks import Phase
from vedette.deploy.status import Status, TrailState, look, problems
from vedette.deploy.subscribers import Confirmation
from vedette.detections.definition import Detection
from vedette.errors import ExitCode, NothingToDoError

_STATES = {"ALARM": "bold red", "INSUFFICIENT_DATA": "dim", "OK": "green"}
_CONFIRMATIONS = {
    Confirmation.CONFIRMED: "green",
    Confirmation.PENDING: "yellow",
    Confirmation.ABSENT: "bold red",
    Confirmation.ADDED: "yellow",
}


@click.command("status", short_help="Say whether all of it is there, and works.")
@place_options
@click.option("-d", "--detections", multiple=True, metavar="PATH", help="Detections of your own.")
@click.option("--builtin/--no-builtin", default=True, help="With or without the built-in detections.")
@form("text", "json")
def status_command(
    name: str, region: str | None, profile: str | None, account: str | None, detections: tuple[str, ...],
    builtin: bool, form: str,
) -> int:  # fmt: skip
    """Look at every link: stacks, trail, filters and alarms, who has confirmed, the function, newer detections.

    Exit code 0: all is well; 1: something is broken, or waits for somebody.
    """
    aws = session_of(region, profile)
    number, partition, where = account_of(aws, account)
    status = look(aws, Place(name, number, where, partition), values.now())
    if not status.stacks:
        raise NothingToDoError(
            f"nothing called `{name}` is deployed in the account {number}, {where}",
            hint="`vedette deploy plan` shows what would be; or look at --name, --region and --profile",
        )
    known = load(detections, builtin=builtin)
    own = frozenset(one.id for one in load(detections, builtin=False)) if detections else frozenset()
    held = remembered(aws.client("cloudformation", where), name)
    fresh = freshness(status.deployed, known, status.place, today(), let_in(held, known, own))
    wrong = problems(status)
    if form == "json":
        output.write_raw(json.dumps(document(status, fresh, wrong), indent=2))
    else:
        for line in lines(status, known, output.width()):
            output.write(line)
        for line in freshness_lines(fresh, narrowing(held), output.width()):
            output.write(line)
        _conclude(wrong)
    return ExitCode.FINDINGS if wrong else ExitCode.DONE


def _conclude(wrong: Sequence[str]) -> None:
    if not wrong:
        output.say("all is well", style="green")
        return
    output.say(output.count(len(wrong), "problem") + ":", style="bold red")
    for one in wrong:
        for line in output.fold(one, output.width(), first="  - ", rest="    ", whole=True):
            output.say(line)


def lines(status: Status, known: Sequence[Detection], columns: int) -> Iterator[Text]:
    """The links in the order in which a record goes."""
    place = status.place
    yield Text(f"{place.name} in the account {place.account}, {place.region}", "bold")
    yield Text()
    yield from _stack_lines(status, columns)
    yield from _trail_lines(status)
    yield from _alarm_lines(status, known, columns)
    yield from _people_lines(status, columns)


def _stack_lines(status: Status, columns: int) -> Iterator[Text]:
    table = output.Table("STACK", "STATE", "CHANGED (UTC)", stretch=0)
    for one in status.stacks:
        style = "green" if one.phase is Phase.STANDING else "bold red"
        table.add(one.name, Text(one.status, style), minute(one.updated))
    yield from table.lines(columns)
    yield Text()


def _trail_lines(status: Status) -> Iterator[Text]:
    trail = status.trail
    if trail is None:
        yield Text.assemble("Trail         ", ("none writes to the log group", "bold red"))
        return
    state = ("recording", "green") if trail.logging else ("switched off", "bold red")
    yield Text.assemble(f"Trail         {trail.name}: ", state)
    for place, moment, trouble in (
        ("bucket", trail.delivered, trail.delivery_error),
        ("log group", trail.to_logs, trail.to_logs_error),
    ):
        written = f"last written {minute(moment)}" if moment else "nothing written yet"
        told = (f"cannot write: {trouble}", "bold red") if trouble else (written, "")
        yield Text.assemble(f"              to its {place}: ", told)


def _alarm_lines(status: Status, known: Sequence[Detection], columns: int) -> Iterator[Text]:
    titles = {one.id: one.title for one in known}
    counts = [(f"{status.alarms[state]} {state}", _STATES.get(state, "")) for state in sorted(status.alarms)]
    parts = [part for one in counts for part in (one, ", ")][:-1]
    yield Text.assemble("Alarms        ", *(parts or ["none"]))
    for name, detection in status.standing:
        yield Text.assemble("              ", ("ALARM  ", "bold red"), output.calm(titles.get(detection, name)))
    if rules := [one for one in status.deployed if one.type == "AWS::Events::Rule"]:
        regions = [status.place.region, *sorted({one.region for one in rules if one.region})]
        yield from map(Text, output.fold(f"hear of {joined(regions)}", columns, first="Event rules   ", rest=" " * 14))
    if not status.drifts:
        yield Text.assemble("As deployed   ", ("nothing was changed by hand", "green"))
    for one in status.drifts:
        head = "As deployed   " if one is status.drifts[0] else " " * 14
        told = titles.get(one.detection, "")
        yield Text.assemble(
            head, (f"{one.fault.value}  ", "bold red"), f"{one.kind} {one.called}", f"  {told}" if told else ""
        )
        for each in one.details:
            text = f"{each.path}: deployed {each.before}, now {each.after}"
            yield from map(Text, output.fold(text, columns, first=" " * 16, rest=" " * 18, most=3))


def _people_lines(status: Status, columns: int) -> Iterator[Text]:
    if not status.subscriptions:
        yield Text("Subscriptions none")
    for number, one in enumerate(status.subscriptions):
        head = "Subscriptions " if number == 0 else " " * 14
        told = (one.confirmation.value, _CONFIRMATIONS[one.confirmation])
        yield Text.assemble(head, output.cut(f"{one.endpoint} hears of {one.topic}", columns - 28), ": ", told)
    teller = status.storyteller
    if teller is not None:
        style = "green" if teller.state == "Active" and not teller.errors else "bold red"
        channels = f" ({', '.join(teller.channels)})" if teller.channels else ""
        runs = f"{channels}, {teller.runs:,} runs and {teller.errors:,} errors in a day"
        yield Text.assemble("Storyteller   ", (teller.state.lower(), style), runs)
    yield Text()


def freshness_lines(fresh: Freshness, narrowing: Sequence[str], columns: int) -> Iterator[Text]:
    """Which detections are not deployed as they are known here; `narrowing` are the options that leave some out."""
    for told, found in (
        ("Changed since they were deployed", fresh.changed),
        ("Known here and not deployed", fresh.missing),
        ("Deployed and not known here", fresh.unknown),
    ):
        if found:
            few = ", ".join(found[:5]) + (f" and {len(found) - 5} more" if len(found) > 5 else "")
            text = f"{told}: {output.count(len(found), 'detection')} ({few})"
            yield from map(Text, output.fold(text, columns, rest="  "))
    if fresh.changed or fresh.missing:
        yield Text("`vedette deploy plan` shows what the next `apply` would change", "dim")
    if fresh.left_out:
        text = f"Left out on purpose: {output.count(len(fresh.left_out), 'detection')} ({' '.join(narrowing)})"
        yield from (Text(part, "dim") for part in output.fold(text, columns, rest="  "))
    if fresh != Freshness((), (), ()):
        yield Text()


def document(status: Status, fresh: Freshness, wrong: Sequence[str]) -> dict[str, object]:
    """The status for machines; times are ISO 8601 in UTC."""
    teller = status.storyteller
    return {
        "name": status.place.name,
        "account": status.place.account,
        "region": status.place.region,
        "well": not wrong,
        "problems": list(wrong),
        "stacks": [
            {"name": one.name, "region": one.region, "status": one.status, "updated": moment_text(one.updated)}
            for one in status.stacks
        ],
        "trail": None if status.trail is None else _trail_document(status.trail),
        "alarms": dict(status.alarms),
        "forwarding": [
            {"region": one.region, "event_rules": one.rules, "failed": one.failed} for one in status.forwarding
        ],
        "in_alarm": [{"alarm": name, "detection": detection or None} for name, detection in status.standing],
        "drift": [_drift_document(one, status.place.region) for one in status.drifts],
        "subscriptions": [
            {"topic": one.topic, "protocol": one.protocol, "endpoint": one.endpoint, "state": one.confirmation.value}
            for one in status.subscriptions
        ],
        "storyteller": None
        if teller is None
        else {"name": teller.name, "state": teller.state, "trouble": teller.trouble, "errors": teller.errors,
              "runs": teller.runs, "channels": list(teller.channels)},
        "detections": {
            "changed": list(fresh.changed), "not_deployed": list(fresh.missing), "left_out": list(fresh.left_out),
            "unknown": list(fresh.unknown),
        },
    }  # fmt: skip


def _trail_document(trail: TrailState) -> dict[str, object]:
    return {
        "name": trail.name,
        "logging": trail.logging,
        "delivered": moment_text(trail.delivered),
        "delivery_error": trail.delivery_error,
        "delivered_to_logs": moment_text(trail.to_logs),
        "delivery_to_logs_error": trail.to_logs_error,
    }


def _drift_document(one: Drift, home: str) -> dict[str, object]:
    return {
        "kind": one.kind,
        "name": one.name,
        "region": one.resource.region or home,
        "detection": one.detection or None,
        "fault": one.fault.value,
        "details": [{"path": each.path, "deployed": each.before, "now": each.after} for each in one.details],
    }
