"""What the commands about the monitor print, word for word: golden/NAME.txt is a session at 80 columns."""

from __future__ import annotations

import pytest

from cli.samples import Shell
from cli_live.room import NOW, Monitored, check, refusals


def sessions(shell: Shell, *commands: str) -> str:
    return "\n".join(shell.transcript(*command.split()) for command in commands)


def test_alerts(shell: Shell, monitored: Monitored) -> None:
    text = sessions(
        shell,
        "alerts list",
        "alerts list --severity high --status open",
        "alerts list --since 2026-11-22",
        "alerts list --limit 1",
        "alerts list --detection secret-read -o json",
    )
    check("alerts-list.txt", text, monitored.room)


def test_one_alert(shell: Shell, monitored: Monitored) -> None:
    monitored.tick(NOW + 30)
    text = sessions(
        shell,
        "alerts show detector-deleted",
        "alerts ack detector-deleted --note on-it",
        "alerts snooze password-guessed detector-deleted --for 4h --who bob",
        "alerts resolve password-guessed --note known",
        "alerts list --status resolved",
        "alerts reopen password-guessed",
        "alerts show password-guessed",
        "alerts show password-guessed -o json",
    )
    check("alerts-answered.txt", text, monitored.room)


def test_deliveries(shell: Shell, monitored: Monitored) -> None:
    before = sessions(shell, "deliveries list", "deliveries list --state sent --channel mail -o ndjson")
    monitored.send(refusals, NOW + 600)
    after = sessions(
        shell,
        "deliveries list --state dead",
        "deliveries retry --all-dead --channel hook",
        "deliveries list --state dead",
        "deliveries retry --all-dead",
        "deliveries retry",
        "deliveries retry xyzzy",
    )
    check("deliveries.txt", f"{before}\n{after}", monitored.room)


def test_silences(shell: Shell, monitored: Monitored) -> None:
    reason = "planned work, as every month"
    text = "\n".join(
        (
            sessions(shell, "silences list", "silences preview --actor alice", "silences preview --actor nobody*"),
            shell.transcript("silences", "add", "--actor", "alice", "--for", "24h", "--reason", reason),
            sessions(shell, "silences list", "silences list -o json", "silences end 4", "silences end xyzzy"),
            shell.transcript("silences", "add", "--for", "24h", "--reason", "all"),
            shell.transcript("silences", "add", "--actor", "bob", "--for", "24h", "--reason", " "),
            shell.transcript("silences", "add", "--actor", "bob", "--for", "soon", "--reason", "x"),
        )
    )
    check("silences.txt", text, monitored.room)


def test_channels(shell: Shell, monitored: Monitored, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HOOK_URL", raising=False)
    text = sessions(
        shell,
        "channels list",
        "channels list -o json",
        "channels test mail",
        "channels test hook",
        "channels test hok",
        "channels preview detector-deleted --channel mail --html page.html",
        "channels preview detector-deleted --channel sms",
        "channels preview detector-deleted --channel nobody",
        "channels preview detector-deleted --channel pigeon",
        "mail list",
        "mail show 1",
    )
    check("channels.txt", text, monitored.room)


def test_sources(shell: Shell, monitored: Monitored) -> None:
    monitored.put_aside("/room/logs/broken.json.gz", "it is no gzip after 12 bytes")
    monitored.fail("more-logs", "cannot read `more`: permission denied")
    text = sessions(
        shell,
        "sources list",
        "sources list -o json",
        "sources poison list",
        "sources poison list -o json",
        "sources poison retry broken",
        "sources poison retry --all",
        "sources poison list",
        "sources poison retry --all",
        "sources poison retry",
    )
    check("sources.txt", text, monitored.room)


def test_errors(shell: Shell, monitored: Monitored) -> None:
    text = sessions(
        shell,
        "alerts show",
        "alerts show xyzzy",
        "alerts show s",
        "alerts ack",
        "alerts ack detector-deleted xyzzy",
        "alerts list --status opne",
        "alerts snooze detector-deleted --for 0h",
        "alerts list --settings nowhere.toml",
        "alerts show detector-deleted --wohe x",
        "mail",
        "mail --help",
        "mail show",
        "mail list --channel hook",
        "silences add --actor a",
        "silences add --detection root-logn --for 1h --reason x",
        "silences preview --category iamm",
        "silences preview --severity hgih",
        "silences preview --detection vedette-lag",
    )
    check("live-errors.txt", text, monitored.room)
