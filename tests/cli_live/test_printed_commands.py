"""What messages tell a reader to type is what the command line takes, whatever names an attacker chose."""

from __future__ import annotations

import re
import shlex
from dataclasses import replace
from pathlib import Path

import click
import pytest

from cli.samples import Shell, record
from cli_live.room import NOW, Monitored
from vedette.alerts.record import AlertRecord
from vedette.alerts.render.commands import Command
from vedette.alerts.render.story import story
from vedette.app.control import open_control
from vedette.cli import cli
from vedette.monitor.store import AlertFilter

NAMES = ["alice", "two words", "o'brien", "a*b", "--help", "$(reboot)", "-d", "bob@example.com", "CI/deploy+1", "ünï"]


def answers(prefix: str) -> tuple[AlertRecord, tuple[Command, ...]]:
    """An alert, and the commands that a message about it ends with."""
    with open_control(None, NOW) as control:
        alert = control.find(prefix)
        return alert, story(alert, control.notice(alert)).answers


@pytest.mark.parametrize("name", NAMES)
def test_each_command_that_a_message_prints_can_be_pasted(shell: Shell, monitored: Monitored, name: str) -> None:
    monitored.take([record(45, "DeleteDetector", "guardduty", name, eventID="other")], "other.json", NOW + 1)
    with open_control(None, NOW) as control:
        wanted = AlertFilter(detection="detector-deleted")
        made = next(alert for alert in control.alerts(wanted) if name in alert.evidence.actors.values)
    _, commands = answers(made.id)
    for command in commands:
        program, *arguments = shlex.split(command.text)
        assert program == "vedette"
        answer = shell(*arguments)
        assert answer.code == 0, (command.text, answer.err)
    assert [command.text.split()[2] for command in commands] == ["ack", "snooze", "add"]
    assert "snoozed by carol" in shell("alerts", "show", made.id).out


@pytest.mark.parametrize("name", ["alice", "two words", "o'brien", "bob@example.com"])
def test_the_printed_silence_holds_back_the_alert_that_printed_it(
    shell: Shell, monitored: Monitored, name: str
) -> None:
    monitored.take([record(45, "DeleteDetector", "guardduty", name, eventID="other")], "other.json", NOW + 1)
    with open_control(None, NOW) as control:
        made = next(a for a in control.alerts(AlertFilter(standing=True)) if a.detection == "detector-deleted")
    _, commands = answers(made.id)
    arguments = shlex.split(commands[-1].text)[3:]
    matchers = arguments[: arguments.index("--for")]
    answer = shell("silences", "preview", *matchers)
    assert made.id in answer.out
    assert "ci" not in answer.out


def test_what_the_monitor_says_of_itself_names_commands_too(shell: Shell, monitored: Monitored) -> None:
    alert, _ = answers("detector-deleted")
    own = replace(alert, id="vedette-lag-1a2b3c4d", detection="vedette-lag", kind="self", closed=None)
    monitored.do(lambda tx, _: tx.put_alert(own))
    _, commands = answers("vedette-lag")
    for command in commands[1:]:  # the first is `vedette doctor`
        assert shell(*shlex.split(command.text)[1:]).code == 0


GUIDE = Path(__file__).parents[2] / "docs" / "guide" / "alerts.md"


def parse(arguments: list[str]) -> click.Command:
    """The command that would be run; raises click's UsageError."""
    command: click.Command = cli
    while isinstance(command, click.Group):
        context = click.Context(command)
        found = command.get_command(context, arguments[0])
        assert found is not None, arguments
        command, arguments = found, arguments[1:]
        if isinstance(command, click.Group) and not arguments:
            break
    command.make_context("vedette", list(arguments))
    return command


def test_each_command_of_the_guide_is_one() -> None:
    text = GUIDE.read_text(encoding="utf-8")
    lines = re.findall(r"^    (vedette .*)$", text, re.M) + re.findall(r"`(vedette [^`]*)`", text)
    assert len(lines) > 20
    for line in lines:
        arguments = shlex.split(re.split(r" +# | \| ", line)[0])[1:]
        assert parse(arguments).name
