"""A run over several days tells whether the alert of the last is usual; the settings can leave that out."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from app_run.fakes import NOON, AnsweringSender, FilledSource, SetClock, log_file, parts, record
from vedette.alerts.notice import Notice
from vedette.alerts.usual import Judgement, Usual
from vedette.app.doctor import Check, State, examine
from vedette.app.notices import Notices
from vedette.app.run import Run
from vedette.app.wiring import Parts
from vedette.monitor import configured
from vedette.monitor.store import Store
from vedette.settings.load import parse_settings
from vedette.stores.memory import MemoryStore

DAY = 86_400
OTHER = "203.0.113.9"


def given(made: Parts, text: str) -> Parts:
    """The same parts with other settings beside those of the tests."""
    source = "[[source]]\nkind = 'folder'\nname = 'fake'\npath = '/'\n[monitor]\nhealth_port = 0\n"
    settings = parse_settings(source + text, "test", {"HOME": "/nonexistent"}, Path("/nonexistent"))
    return replace(made, settings=settings, notices=Notices(settings, made.monitor))


def days(count: int) -> dict[str, bytes]:
    """What alice did in the office on so many days before, each day in a file."""
    return {
        f"d{back}": log_file(
            *(record(back * 100 + hour, name="ListUsers", at=NOON - back * DAY + (hour - 3) * 3_600)
              for hour in range(6))
        )
        for back in range(1, count + 1)
    }  # fmt: skip


def told(store: Store, *files: dict[str, bytes], text: str = "") -> Notice:
    """The notice of alice's key, made at noon from another address than usual."""
    source, sender = FilledSource(), AnsweringSender()
    for objects in files:
        source.objects.update(objects)
    source.objects["today"] = log_file({**record(1), "sourceIPAddress": OTHER})
    Run(given(parts(store, source=source, senders=[sender], clock=SetClock()), text)).once()
    (message,) = sender.messages
    return message.notice


def only(notice: Notice) -> Usual:
    (found,) = notice.usual.values()
    return found


def test_a_message_says_what_is_unusual() -> None:
    found = only(told(MemoryStore(), days(9)))
    assert found.judgement is Judgement.UNUSUAL
    assert found.lines == (
        "First time in 9 days that alice calls from 203.0.113.9 (usually 198.51.100.7, on 9 of 9 days)",
        "Never called CreateAccessKey before",
    )


def test_late_and_doubled_objects_change_nothing() -> None:
    store = MemoryStore()
    files = days(9)
    once = only(told(store, files))
    again = {f"{name} again": content for name, content in reversed(files.items())}
    assert only(told(MemoryStore(), again, files)) == once
    assert only(told(MemoryStore(), dict(reversed(files.items())))) == once


def test_the_alerts_own_day_is_not_what_is_usual() -> None:
    """'Must not include the alert's own records in what is usual.'"""
    own = {"own": log_file(*(record(900 + number, name="CreateAccessKey", at=NOON - 60) for number in range(5)))}
    found = only(told(MemoryStore(), days(9), own))
    assert "Never called CreateAccessKey before" in found.lines


def test_a_watch_that_is_too_short_says_so() -> None:
    assert only(told(MemoryStore(), days(2))) == Usual(
        Judgement.UNKNOWN, ("Watched for 2 days only, too short to say",)
    )


def test_settings_can_leave_it_out_and_say_how_far_back() -> None:
    store = MemoryStore()
    assert told(store, days(9), text="[habits]\nlearn = false\n").usual == {}
    with store.transaction() as tx:
        assert tx.habits_since() is None
    assert (
        only(told(MemoryStore(), days(9), text="[habits]\nretention = '4d'\n"))
        .lines[0]
        .startswith("First time in 4 days")
    )


def test_a_message_names_accounts_and_places(tmp_path: Path) -> None:
    ranges = {"ip_prefix": "203.0.113.0/24", "service": "EC2", "region": "eu-west-1"}
    (tmp_path / "r.json").write_text(json.dumps({"prefixes": [ranges], "ipv6_prefixes": []}))
    text = f"[accounts.111122223333]\nname = 'production'\n[places]\naws_ranges = '{tmp_path}/r.json'\n"
    notice = told(MemoryStore(), text=text)
    assert notice.account_names == {"111122223333": "production"}
    assert notice.countries == {OTHER: "AWS EC2 in eu-west-1"}


def test_a_message_knows_since_when_the_alarm_is_as_it_is() -> None:
    """A text may change; a threshold that changes makes it another alarm."""
    store = MemoryStore()
    assert told(store).configured == {"key-made": NOON}
    detection = parts().monitor.by_id["key-made"]
    with store.transaction() as tx:
        assert configured.note_configured(tx, [replace(detection, why="Other words.")], NOON + 60) == 0
        assert configured.configured(tx) == {"key-made": NOON}
        assert configured.note_configured(tx, [replace(detection, group_by=())], NOON + 60) == 1
        assert configured.configured(tx) == {"key-made": NOON + 60}
        assert configured.note_configured(tx, [replace(detection, id="other")], NOON + 90) == 1
        assert configured.configured(tx) == {"key-made": NOON + 60, "other": NOON + 90}


@pytest.mark.parametrize("kind", ["self", "canary"])
def test_what_the_monitor_says_of_itself_is_neither_usual_nor_not(kind: str) -> None:
    store = MemoryStore()
    notice = told(store, days(9))
    made = parts(store)
    with store.transaction() as tx:
        assert made.notices.usual(tx, replace(notice.alerts[0], kind=kind)) is None


def test_the_doctor_looks_at_the_files_of_places(tmp_path: Path) -> None:
    def found() -> Check:
        settings = parse_settings(text, "test", {"HOME": str(tmp_path)}, tmp_path)
        return next(check for check in examine(settings, NOON) if check.what == "places")

    text = "[places]\naws_ranges = 'r.json'\n"
    assert (found().state, "no such file" in found().found) == (State.BAD, True)
    (tmp_path / "r.json").write_text('{"prefixes": [], "ipv6_prefixes": []}')
    assert found().state is State.GOOD
