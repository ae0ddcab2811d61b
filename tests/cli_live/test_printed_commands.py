"""What messages tell a reader to type is what the command line takes, whatever names an attacker chose."""

from __future__ import annotations

import shlex
from dataclasses import replace

import pytest

from cli.samples import Shell, record
from cli_live.room import NOW, Monitored
from vedette.alerts.record import AlertRecord
from vedette.alerts.render.commands import Command
from vedette.alerts.render.story import story
from vedette.app.control import open_control
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
