"""The commands about the monitor: what each does to the store, which answers fail, and with which exit code."""

from __future__ import annotations

import json
import re
import sqlite3
import stat
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from cli.samples import Shell, record
from cli_live.room import NOW, Monitored, refusals
from senders.receiving import Answer, receiving
from vedette.alerts.delivery import Delivery, DeliveryState, Reason, Sent
from vedette.app import trial
from vedette.app.aside import freed, put_aside
from vedette.app.control import Control, open_control
from vedette.app.stores import open_store, settings_from
from vedette.cli.channels import place
from vedette.cli.preview import KINDS
from vedette.errors import ExitCode
from vedette.monitor.store import AlertFilter, ConflictError, SourceHealth, StoreError, Transaction
from vedette.settings import parse_settings
from vedette.stores.memory import MemoryStore

COMMANDS = [
    "alerts list", "alerts show x", "alerts ack x", "deliveries list", "deliveries retry --all-dead", "silences list",
    "silences end x", "sources list", "sources poison list", "channels preview x",
]  # fmt: skip


@pytest.mark.usefixtures("empty_room")
@pytest.mark.parametrize("command", COMMANDS)
def test_without_a_store_each_says_what_makes_one(shell: Shell, command: str) -> None:
    answer = shell(*command.split())
    assert answer.code == ExitCode.FAILURE
    assert "there is no store" in answer.err
    assert "hint: `vedette run` makes it" in answer.err


@pytest.mark.usefixtures("empty_room")
def test_channels_are_named_before_there_is_a_store(shell: Shell) -> None:
    answer = shell("channels", "list", "-o", "json")
    assert answer.code == 0
    assert [(row["name"], row["waiting"]) for row in json.loads(answer.out)] == [
        ("mail", None), ("hook", None), ("nobody", None),
    ]  # fmt: skip
    assert shell("channels", "list").out.splitlines()[1].split() == ["mail", "maildir", "-", "-", "never"]


def test_machine_readable_answers_are_whole_and_alike(shell: Shell, monitored: Monitored) -> None:
    for noun in ("alerts", "deliveries"):
        whole = json.loads(shell(noun, "list", "-o", "json").out)
        assert whole == [json.loads(line) for line in shell(noun, "list", "-o", "ndjson").out.splitlines()]
        assert len(whole) > 2
    assert json.loads(shell("alerts", "list", "--since", "2026-11-22", "-o", "json").out) == []
    assert json.loads(shell("silences", "preview", "--actor", "ci", "-o", "json").out)[0]["actors"] == {"ci": 1}


def test_filters_of_the_list(shell: Shell, monitored: Monitored) -> None:
    def ids(*options: str) -> set[str]:
        found = json.loads(shell("alerts", "list", *options, "-o", "json").out)
        return {alert["id"].rpartition("-")[0] for alert in found}

    assert ids("--severity", "high") == {"detector-deleted", "key-made", "password-guessed"}
    assert ids("--standing") == {"secret-read", "buckets-listed"}
    assert ids("--detection", "key-made") == {"key-made"}
    assert ids("--since", "1h") == ids()
    shell("alerts", "ack", "detector-deleted")
    assert ids("--status", "acknowledged") == {"detector-deleted"}


def test_what_stands_is_not_hidden_by_what_came_since(
    shell: Shell, monitored: Monitored, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vedette.app.control.MOST_ALERTS", 2)
    monitored.do(lambda tx, _: tx.put_alert(replace(tx.alerts(AlertFilter())[0], changed=NOW + 9)))
    found = json.loads(shell("alerts", "list", "-o", "json").out)
    assert len(found) in (3, 4)
    assert sum(alert["standing"] for alert in found) == 2
    assert shell("alerts", "show", "buckets-listed").code == 0


def test_what_is_done_to_several_is_done_to_all_or_to_none(shell: Shell, monitored: Monitored) -> None:
    assert shell("alerts", "resolve", "password-guessed", "xyzzy").code == ExitCode.WRONG_INPUT
    assert json.loads(shell("alerts", "show", "password-guessed", "-o", "json").out)["status"] == "open"
    answer = shell("alerts", "resolve", "password-guessed", "password-guessed", "sign-ins-failed")
    assert answer.out.splitlines() == [
        line for line in answer.out.splitlines() if line.endswith(": resolved, by carol")
    ]
    assert len(answer.out.splitlines()) == 2


def test_why_nobody_was_told_is_shown(shell: Shell, monitored: Monitored) -> None:
    shell("silences", "add", "--actor", "dave", "--for", "1h", "--reason", "a drill", "--owner", "erin")
    monitored.take([record(45, "DeleteDetector", "guardduty", "dave", eventID="d")], "d.json", NOW + 61)
    monitored.take([record(46, "ListBuckets", "s3", "dave", eventID="e")], "e.json", NOW + 61)
    silenced = json.loads(shell("alerts", "list", "--detection", "detector-deleted", "-o", "json").out)[0]["id"]
    assert "(erin: a drill)" in shell("alerts", "show", silenced).out
    assert "no route" in shell("alerts", "show", "buckets-listed-03").out
    end = shell("silences", "list", "-o", "json")
    assert shell("silences", "end", json.loads(end.out)[0]["id"][:4]).code == 0
    assert json.loads(shell("silences", "list", "-o", "json").out) == []


def test_a_silence_says_how_many_standing_alerts_it_holds_back(shell: Shell, monitored: Monitored) -> None:
    answer = shell("silences", "add", "--actor", "ci", "--for", "1h", "--reason", "builds")
    assert "1 standing alert is held back" in answer.err
    answer = shell("silences", "add", "--account", "1111*", "--for", "1h", "--reason", "all of it")
    assert "2 standing alerts are held back" in answer.err


def test_an_alert_that_is_none_any_more_is_not_listed_and_says_so(shell: Shell, monitored: Monitored) -> None:
    def withdraw(tx: Transaction, _: Control) -> None:
        [found] = tx.alerts(AlertFilter(detection="detector-deleted"))
        tx.put_alert(replace(found, withdrawn="late records took its ground away"))

    whole = next(line.split()[0] for line in shell("alerts", "list").out.splitlines() if "detector-deleted-" in line)
    monitored.do(withdraw)
    assert "detector-deleted" not in shell("alerts", "list").out
    assert shell("alerts", "show", "detector-deleted").code == ExitCode.WRONG_INPUT
    assert "It is no alert any more: late records" in shell("alerts", "show", whole).out
    assert shell("alerts", "ack", whole).code == ExitCode.WRONG_INPUT


def test_the_alert_of_a_test_message_is_told_apart_from_one_that_is_gone(shell: Shell, monitored: Monitored) -> None:
    answer = shell("alerts", "ack", "test-mail-1795258260")
    assert answer.code == ExitCode.WRONG_INPUT
    assert "hint: it was in a test message, of which nothing is kept" in answer.err


def test_one_message_is_tried_again_by_the_beginning_of_its_key(shell: Shell, monitored: Monitored) -> None:
    monitored.send(refusals, NOW + 600)
    dead = [each["key"] for each in json.loads(shell("deliveries", "list", "--state", "dead", "-o", "json").out)]
    answer = shell("deliveries", "retry", dead[0][:6])
    assert answer.out == f"{dead[0]}: waits for hook\n"
    monitored.send(lambda _: Sent("late"), NOW + 700)
    states = {each["key"]: each["state"] for each in json.loads(shell("deliveries", "list", "-o", "json").out)}
    assert (states[dead[0]], states[dead[1]]) == ("sent", "dead")
    assert "1 attempt" in shell("deliveries", "list", "--state", "dead", "--limit", "1").out.replace(
        "2 attempts", "1 attempt"
    )
    assert shell("deliveries", "retry", dead[0]).code == ExitCode.WRONG_INPUT
    assert "`--limit" in shell("deliveries", "list", "--limit", "1").err
    assert "not tried yet" not in shell("deliveries", "list").out
    assert shell("deliveries", "retry", "x", "--channel", "hook").code == ExitCode.WRONG_INPUT


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_channel_has_a_preview(shell: Shell, monitored: Monitored, kind: str) -> None:
    answer = shell("channels", "preview", "detector-deleted", "--channel", kind)
    assert answer.code == 0
    assert answer.out.startswith(f"{kind}: ")
    assert "detector" in answer.out.lower()


def test_the_page_of_a_preview_is_for_its_owner_only(shell: Shell, monitored: Monitored) -> None:
    page = monitored.room / "page.html"
    answer = shell("channels", "preview", "detector-deleted", "--html", "page.html")
    assert all(f"\n{kind}: " in f"\n{answer.out}" for kind in KINDS)
    assert page.read_text().startswith("<!DOCTYPE html>") or "<html" in page.read_text()
    assert stat.S_IMODE(page.stat().st_mode) == 0o600
    assert shell("channels", "preview", "detector-deleted", "--html", "no/page.html").code == ExitCode.FAILURE


def test_a_test_message_over_http(shell: Shell, empty_room: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says what the receiver said: accepted, not now, never; and the address, a secret, is in none of it."""
    with receiving() as receiver:
        monkeypatch.setenv("HOOK_URL", receiver.url("/hidden-token-of-example"))
        receiver.answers = [Answer(), Answer(503, b"busy", {"Retry-After": "120"}), Answer(410, b"gone"), Answer(401)]
        answers = [shell("channels", "test", "hook") for _ in range(4)]
        event = receiver.requests[0].json
    assert [answer.code for answer in answers] == [0, 4, 4, 4]
    assert answers[0].out.startswith("hook: accepted")
    assert "the monitor would try again in 120 s" in answers[1].err
    assert "the monitor would give the message up" in answers[2].err
    assert all("hint: " in answer.err for answer in answers[1:])
    assert not any("hidden-token" in answer.out + answer.err for answer in answers)
    assert event["data"]["reason"] == "test"  # type: ignore[index]


def test_who_is_told_what_could_not_be_reached_by_a_message_that_was_accepted(
    shell: Shell, empty_room: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Half:
        name = "mail"

        def send(self, _: object) -> Sent:
            return Sent(note="bob@example.com was refused")

        def close(self) -> None:
            pass

    monkeypatch.setattr(trial, "make_sender", lambda *_: Half())
    answer = shell("channels", "test", "mail")
    assert (answer.code, answer.out) == (0, "mail: accepted\n")
    assert "bob@example.com was refused" in answer.err


def test_the_list_shows_what_did_not_arrive_of_a_message_that_was_accepted(shell: Shell, monitored: Monitored) -> None:
    sent = Delivery(
        "half", "mail", "i", ("a",), Reason.FIRST, NOW + 9, NOW + 9, DeliveryState.SENT, 1, settled=NOW + 9,
        note="bob@example.com: no such user",
    )  # fmt: skip
    monitored.do(lambda tx, _: tx.put_delivery(sent))
    listed = shell("deliveries", "list").out.splitlines()
    assert listed[listed.index(next(line for line in listed if line.startswith("half"))) + 1] == "  " + sent.note
    assert json.loads(shell("deliveries", "list", "-o", "ndjson", "--limit", "1").out)["note"] == sent.note


PLACES = {
    'kind = "smtp"\nhost = "smtp.example.com"\nfrom = "a@example.com"\nto = ["b@example.com"]':
        "b@example.com by smtp.example.com",
    'kind = "sns"\ntopic_arn = "arn:aws:sns:eu-west-1:111122223333:t"': "arn:aws:sns:eu-west-1:111122223333:t",
    'kind = "sms"\nto = ["+491701234567"]\nregion = "eu-west-1"': "+491701234567",
    'kind = "slack"\nwebhook = "secret://env/S"': "secret://env/S",
    'kind = "slack"\ntoken = "secret://env/S"\nchannel = "#alerts"': "#alerts",
    'kind = "teams"\nwebhook = "secret://env/T"': "secret://env/T",
    'kind = "pagerduty"\nrouting_key = "secret://env/P"': "secret://env/P",
    'kind = "webhook"\nurl = "https://hooks.example.com/path-with-a-key"': "hooks.example.com",
    'kind = "webhook"\nurl = "secret://env/U"': "secret://env/U",
    'kind = "apprise"\nurl = "secret://env/A"': "secret://env/A",
}  # fmt: skip


@pytest.mark.parametrize("table", PLACES)
def test_where_a_channel_goes_without_what_is_secret(table: str) -> None:
    [channel] = parse_settings(f'[[channel]]\nname = "c"\n{table}\n', "t", {}, Path("/")).channels
    assert place(channel) == PLACES[table]


@pytest.mark.usefixtures("monitored")
def test_without_routes_channels_hear_what_is_told_without_routes(shell: Shell, empty_room: Path) -> None:
    text = (empty_room / "vedette.toml").read_text()
    (empty_room / "vedette.toml").write_text(text[: text.index("[[route]]")])
    assert shell("channels", "list").out.count("hears medium and above") == 3


@pytest.mark.parametrize("zone", ["Asia/Kolkata", "America/St_Johns"])
def test_a_letter_s_date_is_in_utc_wherever_we_are(
    shell: Shell, empty_room: Path, monkeypatch: pytest.MonkeyPatch, zone: str
) -> None:
    assert shell("channels", "test", "mail").code == 0
    (path,) = (empty_room / "mail" / "new").iterdir()
    for written, told in (("-0000", "10:51"), ("+0000", "10:51"), ("+0200", "08:51")):
        path.write_text(re.sub(r"^(Date: .*) \S+$", rf"\1 {written}", path.read_text(), flags=re.MULTILINE))
        with monkeypatch.context() as patch:
            patch.setenv("TZ", zone)
            time.tzset()
            listed = shell("mail", "list").out
        time.tzset()
        assert f"2026-11-21 {told}" in listed


def test_the_mail_folder_of_a_channel_and_another_one(shell: Shell, empty_room: Path) -> None:
    assert shell("channels", "test", "mail").code == 0
    assert shell("mail").out == shell("mail", "list", "--channel", "mail").out
    assert shell("mail", "show").out == shell("mail", "show", "1", "--folder", "mail").out
    assert shell("mail", "show", "2").code == ExitCode.WRONG_INPUT
    letter = json.loads(shell("mail", "list", "-o", "json").out)[0]
    assert (letter["number"], letter["new"], letter["date"]) == (1, True, "2026-11-21T10:51:00Z")
    Path(letter["path"]).unlink()
    assert shell("mail").err == "no mail\n"
    assert shell("mail", "show").code == ExitCode.NOTHING_TO_DO
    text = (empty_room / "vedette.toml").read_text().replace('kind = "maildir"\nname = "mail"\npath = "mail"', "")
    (empty_room / "vedette.toml").write_text(
        text.replace("[[channel]]\n\n", "").replace('"mail", ', "").replace('"mail"', '"hook"')
    )
    assert "no channel is a mail folder" in shell("mail").err


def test_numbers_of_letters_stay_when_others_come(shell: Shell, empty_room: Path) -> None:
    new = empty_room / "mail" / "new"
    new.mkdir(parents=True)
    for number in range(1, 30):
        (new / f"{1_795_255_200 + number}.x.eml").write_text(f"Subject: letter {number}\n\nhello {number}\n")
    assert "hello 7" in shell("mail", "show", "7").out
    assert shell("mail").out.splitlines()[1].split() == ["29", "2026-11-21", "10:00", "letter", "29"]
    assert "9 older not shown" in shell("mail").err


def test_lag_in_words(shell: Shell, monitored: Monitored) -> None:
    for seconds, words in ((59, "59 s"), (240, "4 min"), (7200, "2 h"), (200_000, "2 d")):
        monitored.do(lambda tx, _, s=seconds: tx.put_health(SourceHealth("logs", last_at=NOW, lag=s)))  # type: ignore[misc]
        assert f"  {words}  " in shell("sources", "list").out


def test_without_sources_there_is_nothing_to_say(shell: Shell, monitored: Monitored) -> None:
    settings = monitored.room / "none.toml"
    settings.write_text(f'[store]\nurl = "sqlite://{monitored.room}/other.db"\n')
    open_store(f"sqlite:{monitored.room}/other.db").close()
    assert shell("sources", "list", "--settings", "none.toml").code == ExitCode.NOTHING_TO_DO


def test_a_user_without_a_name_is_somebody_all_the_same(
    shell: Shell, monitored: Monitored, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nameless() -> str:
        raise KeyError("getpwuid(): uid not found: 1234")

    monkeypatch.setattr("getpass.getuser", nameless)
    assert shell("alerts", "ack", "detector-deleted").out.endswith("acknowledged, by unknown\n")


class Busy(MemoryStore):
    """A store in which others get in between so often."""

    conflicts = 0

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        with super().transaction() as tx:
            yield tx
            if self.conflicts:
                self.conflicts -= 1
                raise ConflictError("another was first")


def test_who_only_looks_waits_for_no_monitor_that_writes(shell: Shell, monitored: Monitored) -> None:
    with closing(sqlite3.connect(monitored.room / "store.db", isolation_level=None)) as writing:
        writing.execute("BEGIN IMMEDIATE")
        for command in (
            "alerts list", "alerts show detector-deleted", "deliveries list", "silences list", "sources list",
            "sources poison list", "silences preview --actor alice", "channels preview detector-deleted",
            "store status", "store export",
        ):  # fmt: skip
            answer = shell(*command.split())
            assert answer.code == 0, f"{command}: {answer.err}"
        assert "ok    store" in shell("doctor").out


@pytest.mark.usefixtures("empty_room")
def test_what_a_monitor_gets_in_between_of_is_done_again() -> None:
    store = Busy()
    control = Control(settings_from(None), store, NOW)
    store.conflicts = 3
    assert control.retry_dead(None) == []
    store.conflicts = 100
    with pytest.raises(StoreError, match="too often"):
        control.add_silence({"actor": "a"}, owner="o", reason="r", until=NOW + 1)
    store.conflicts = 0
    assert control.retry_dead(None) == []


@pytest.mark.usefixtures("monitored")
def test_the_monitor_reads_again_what_was_released() -> None:
    with open_control(None, NOW) as control:
        control.do(lambda tx: put_aside(tx, "logs", "a.json", "broken", NOW))
        control.do(lambda tx: put_aside(tx, "logs", "b.json", "broken", NOW))
        assert [row.name for row in control.release(["a.json"])] == ["a.json"]
        assert control.do(lambda tx: freed(tx, "logs")) == ["a.json"]
        assert [row.name for row in control.poison()] == ["b.json"]
