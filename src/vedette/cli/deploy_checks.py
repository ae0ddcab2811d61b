"""`vedette deploy verify`, `cost` and `export`: whether it does what it should, what it costs, and taking it away."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import click
from rich.text import Text

from vedette.app.clock import SteadyClock
from vedette.cli import output
from vedette.cli.deploy_options import (
    deployed_option,
    perhaps_deployed,
    recalled,
    session_of,
    wanted_of,
    wanted_options,
)
from vedette.cli.deploy_params import Params
from vedette.cli.live import form
from vedette.cli.values import length
from vedette.deploy import names
from vedette.deploy.bundle import bundle
from vedette.deploy.canary_flight import Flight, Way, candidates, fly
from vedette.deploy.cost import Alternative, Estimate, Usage, compared
from vedette.deploy.export import Format, exported, needs_code, write_files
from vedette.deploy.prices import load_prices
from vedette.deploy.template import build
from vedette.deploy.terraform import CODE
from vedette.deploy.verify import Checked, Disagreement, check_forwards, check_patterns, check_rules
from vedette.deploy.wanted import Wanted
from vedette.detections.definition import Detection
from vedette.detections.loader import load_builtin
from vedette.errors import ExitCode, UsageError, reason_of

_AMOUNT = re.compile(r"(\d{1,12}(?:\.\d{1,6})?)\s*([kKmMgG]?)")
_THOUSANDS = {"": 1.0, "k": 1e3, "m": 1e6, "g": 1e9}
_WAYS = [way.value for way in Way]
_QUIET = 0.05
"""Dollars a month that are not worth a line of their own among the alternatives."""


def _amount(ctx: click.Context, param: click.Parameter, value: str) -> float:
    found = _AMOUNT.fullmatch(value.strip().replace(",", ""))
    if found is None:
        raise click.BadParameter(f"`{value}` is no number; try 30M, 250k or 1200000", ctx, param)
    return float(found[1]) * _THOUSANDS[found[2].lower()]


# What it costs


@click.command("cost", short_help="Say what it costs a month, with and without each part.")
@wanted_options
@click.option(
    "--records",
    default="30M",
    show_default=True,
    metavar="NUMBER",
    callback=_amount,
    help="Records of CloudTrail in a month: 250k, 30M.",
)
@click.option(
    "--matches",
    default="876",
    show_default=True,
    metavar="NUMBER",
    callback=_amount,
    help="Of these, how many match a detection.",
)
@deployed_option
@form("table", "json")  # fmt: skip
def cost_command(params: Params, records: float, matches: float, deployed: bool, form: str) -> int:
    """Say what a deployment costs a month, and what each option changes. Without --deployed, AWS is not asked.

    List prices of us-east-1 without free tiers, from a table with a date: an estimate and not a bill.
    """
    wanted = perhaps_deployed(params, deployed)
    usage = usage_of(wanted, records, matches)
    found = compared(wanted, usage, build)
    if form == "json":
        output.write_raw(json.dumps(cost_document(found, usage), indent=2))
        return ExitCode.DONE
    for line in cost_lines(found, output.width()):
        output.write(line)
    prices = load_prices()
    output.say(f"List prices of {prices.region}, {prices.date}, without free tiers: an estimate, no bill.", style="dim")
    return ExitCode.DONE


def usage_of(wanted: Wanted, events: float, matches: float) -> Usage:
    """How much goes through what is wanted: each match is taken to be told to everybody who is told anything."""
    protocols = [one.protocol for one in wanted.subscriptions]
    return Usage(
        events=events,
        matches=matches,
        secrets=len({channel.secret.partition("#")[0] for channel in wanted.channels if channel.secret}),
        mails=protocols.count("email"),
        texts=protocols.count("sms"),
        retention_days=wanted.retention_days,
    )


def cost_lines(found: Estimate, columns: int) -> Iterator[Text]:
    """The parts and the total, then what each option would change."""
    table = output.Table("PART", "HOW MUCH", "$ A MONTH", stretch=1)
    for line in found.lines:
        table.add(line.what, line.how, _dollars(line.amount))
    table.add(Text("in the first month", "bold"), "", Text(_dollars(found.total), "bold"))
    if found.later - found.total >= _QUIET:
        table.add("once all that is kept is there", "", _dollars(found.later))
    yield from table.lines(columns)
    yield Text()
    options = output.Table("WITH A CHANGE", "OPTION", "$ A MONTH", "CHANGE", stretch=0)
    for one in found.alternatives:
        options.add(one.what, one.option, _dollars(one.total), _change(one))
    yield from options.lines(columns)


def _dollars(amount: float) -> str:
    return f"{amount:>9,.2f}"


def _change(one: Alternative) -> Text:
    # Rounded first, so that nothing is shown as -0.00.
    change = round(one.difference, 2)
    sign = "+" if change > 0 else "−" if change < 0 else " "
    return Text(f"{sign}{abs(change):,.2f}".rjust(9), "yellow" if change > 0 else "green" if change < 0 else "dim")


def cost_document(found: Estimate, usage: Usage) -> dict[str, object]:
    """The estimate for machines, in US dollars a month."""
    prices = load_prices()
    return {
        "prices": {"date": prices.date.isoformat(), "region": prices.region, "sources": list(prices.sources)},
        "events": usage.events,
        "matches": usage.matches,
        "lines": [{"what": one.what, "how": one.how, "amount": round(one.amount, 4)} for one in found.lines],
        "total": round(found.total, 2),
        "later": round(found.later, 2),
        "alternatives": [
            {"what": one.what, "option": one.option, "total": round(one.total, 2), "change": round(one.difference, 2)}
            for one in found.alternatives
        ],
    }


# Whether it does what it should


@click.command("verify", short_help="Ask AWS whether it does what it should.")
@wanted_options
@click.option(
    "--canary",
    type=click.Choice(["auto", *_WAYS, "none"]),
    default="auto",
    show_default=True,
    help="Where the canary begins: as a record in the log group, or at an alarm.",
)
@click.option("--wait", default="10m", show_default=True, metavar="TIME", callback=length, help="How long for it.")
@form("table", "json")  # fmt: skip
def verify_command(params: Params, canary: str, wait: int, form: str) -> int:
    """Ask AWS about every filter and event pattern, with the records of the detections' tests; then send a canary.

    AWS's verdicts and ours must agree: where they do not, both are told. The canary is a harmless, marked record that
    makes one alarm fire, so somebody gets a message; where the record is not permitted, the alarm is set by hand.

    Exit code 0; 1 if a verdict differs or the canary did not arrive.
    """
    aws = session_of(params.region, params.profile)
    params = recalled(params, aws)
    wanted = wanted_of(params, aws)
    deployment = build(wanted)
    tested = _tested(wanted.detections)
    output.say("asking AWS about every pattern …", style="dim")
    checked = list(check_patterns(aws.client("logs", wanted.region), deployment, tested, time.sleep))
    events = aws.client("events", wanted.region)
    checked += check_rules(events, deployment, tested, wanted.today or dt.date.min, time.sleep)
    checked += check_forwards(events, deployment, tested, wanted.today or dt.date.min, time.sleep)
    if form != "json":
        for line in verify_lines(checked, output.width()):
            output.write(line)
    flight = None
    if canary != "none":
        way = None if canary == "auto" else Way(canary)
        output.say("sending a canary …", style="dim")
        found = candidates(deployment, tested)
        flight = fly(aws, names.log_group_name(wanted), found, way, wait, SteadyClock(), time.sleep)
    if form == "json":
        output.write_raw(json.dumps(verify_document(checked, flight), indent=2))
    elif flight is not None:
        for line in flight_lines(flight, output.width()):
            output.write(line)
    wrong = any(one.disagreements for one in checked) or (flight is not None and not flight.arrived)
    return ExitCode.FINDINGS if wrong else ExitCode.DONE


def _tested(detections: Sequence[Detection]) -> Mapping[str, Detection]:
    """The detections with their tests, which the built-in ones are loaded without elsewhere."""
    shipped = {(one.id, one.path): one for one in load_builtin()}
    return {one.id: shipped.get((one.id, one.path), one) for one in detections}


def verify_lines(checked: Sequence[Checked], columns: int) -> Iterator[Text]:
    """What AWS and we do not agree on, each with the record; then how much was asked."""
    for one in checked:
        for disagreement in one.disagreements:
            yield Text.assemble((one.detection or one.filter_name, "bold red"), f": {_verdicts(disagreement)}")
            for label, value in _told(one, disagreement):
                yield from map(Text, output.fold(value, columns, first=f"  {label:<8}", rest=" " * 10, most=6))
    wrong = sum(1 for one in checked if one.disagreements)
    asked = f"{output.count(len(checked), 'pattern')}, {output.count(sum(one.records for one in checked), 'record')}"
    said = f"AWS and Vedette disagree on {output.count(wrong, 'pattern')}" if wrong else "AWS and Vedette agree"
    yield Text(f"{asked}: {said}", "bold red" if wrong else "green")


def _verdicts(one: Disagreement) -> str:
    if one.aws is None:
        return "AWS does not take the pattern" if one.ours else "the pattern is not ours to read"
    return f"AWS says that the record {_verb(one.aws)}, Vedette that it {_verb(one.ours)}"


def _verb(matches: bool) -> str:
    return "matches" if matches else "does not match"


def _told(checked: Checked, one: Disagreement) -> Iterator[tuple[str, str]]:
    yield "pattern", checked.pattern
    if one.sample is not None:
        yield "test", f"{one.sample.test}, record {one.sample.number}"
        yield "record", one.sample.message
    if one.said:
        yield "because", one.said


def flight_lines(flight: Flight, columns: int) -> Iterator[Text]:
    """Where the canary began, and what is known of its arrival."""
    begun = "a record in the log group" if flight.way is Way.RECORD else "the alarm, set by hand"
    yield from map(Text, output.fold(f"canary: {begun}, through {flight.alarm}", columns, rest="  "))
    if flight.why:
        yield from map(Text, output.fold(f"no record was put: {flight.why}", columns, first="  ", rest="  "))
    if flight.alarmed is not None:
        yield Text(f"  the alarm fired after {output.count(flight.alarmed, 'second')}")
    for action in flight.actions:
        told = f"{action.resource}: {action.error or 'told'}"
        style = "red" if action.error else "green"
        yield from (Text(line, style) for line in output.fold(told, columns, first="  ", rest="    ", whole=True))
    if not flight.arrived:
        waited = output.count(flight.seconds, "second")
        yield Text(f"  it has not arrived everywhere after {waited}", "bold red")


def verify_document(checked: Sequence[Checked], flight: Flight | None) -> dict[str, object]:
    """The verdicts for machines."""
    return {
        "patterns": [
            {
                "detection": one.detection,
                "filter": one.filter_name,
                "pattern": one.pattern,
                "records": one.records,
                "disagreements": [
                    {
                        "test": wrong.sample.test if wrong.sample else None,
                        "number": wrong.sample.number if wrong.sample else None,
                        "event": wrong.sample.message if wrong.sample else None,
                        "vedette": wrong.ours,
                        "aws": wrong.aws,
                        "said": wrong.said,
                    }
                    for wrong in one.disagreements
                ],
            }
            for one in checked
        ],
        "canary": None if flight is None else _flight_document(flight),
    }


def _flight_document(flight: Flight) -> dict[str, object]:
    return {
        "way": flight.way.value,
        "why": flight.why,
        "alarm": flight.alarm,
        "arrived": flight.arrived,
        "seconds": flight.seconds,
        "alarmed": flight.alarmed,
        "expected": list(flight.expected),
        "actions": [{"resource": action.resource, "error": action.error} for action in flight.actions],
    }


# Taking it away


@click.command("export", short_help="Write it as CloudFormation or Terraform.")
@wanted_options
@click.option(
    "--format",
    "kind",
    type=click.Choice([one.value for one in Format]),
    default="cloudformation",
    show_default=True,
    help="As what.",
)
@click.option("--out", "folder", metavar="FOLDER", required=True, help="Where to; made if it is not there.")
@click.option("--force", is_flag=True, help="Write over files that are there.")
@deployed_option  # fmt: skip
def export_command(params: Params, kind: str, folder: str, force: bool, deployed: bool) -> int:
    """Write what would be deployed as files of your own, with a README that says how to use them.

    Without --deployed, AWS is not asked. `stacksets` is for an organisation: one template that takes its parameters
    from each account.
    """
    wanted = dataclasses.replace(perhaps_deployed(params, deployed), options="")  # which `deploy` alone keeps
    deployment = build(wanted)
    files = exported(Format(kind), wanted, deployment)
    for path in write_files(files, Path(folder), force=force):
        output.write(str(path))
    if needs_code(deployment):
        output.write(str(_code(params, wanted, Path(folder) / CODE)))
    output.say("README.md says how to use them", style="dim")
    return ExitCode.DONE


def _code(params: Params, wanted: Wanted, destination: Path) -> Path:
    """The storyteller's zip beside the files: the one that is given, or one that is built."""
    if params.bundle is None:
        output.say("building the storyteller's code …", style="dim")
        return bundle(destination, architecture=wanted.architecture, detections=wanted.detections).path
    try:
        destination.write_bytes(Path(params.bundle).read_bytes())
    except OSError as error:
        raise UsageError(f"`{params.bundle}`: {reason_of(error)}") from error
    return destination
