"""Texts that attackers wrote, on a terminal: nothing steers it, nothing is wider than it, one record is one entry."""

from __future__ import annotations

import io
import re
import unicodedata
from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.text import Text

from cli.samples import DETECTIONS, Shell, Terminal, record, write_logs
from vedette.alarms import State, Transition
from vedette.alarms.state import Told
from vedette.alerts.alert import Alert
from vedette.alerts.evidence import Evidence, Sighting
from vedette.cli import output, report
from vedette.cloudtrail.identity import Actor, ActorKind
from vedette.detections.definition import Detection
from vedette.detections.loader import load_paths
from vedette.errors import printable

KNOWN = {detection.id: detection for detection in load_paths([DETECTIONS])}
SEVERITY = re.compile(r"^(CRITICAL|HIGH|MEDIUM|LOW|INFO) ")
HOSTILE = [
    "\x1b[2J\x1b[31mred",
    "\x1b]0;title\x07\x9b31m",
    "\u202egnp.exe\u2066x",
    "zero\u200bwidth\u200d\ufeff",
    "名前が長い攻撃者" * 9,
    "line\nbreak\r\nHIGH      a forged entry\tx\x0b\x0c\x85\u2028\u2029",
    "z" + "\u0335\u0336\u0337\u0338" * 50,
    "Mozilla/5.0 " * 300,
    "\ud800\U000e0041\U0010ffff",
    "👩‍👩‍👧‍👦🏳️‍🌈" * 20,
    "[bold red]markup[/] :smile:",
    "",
]
texts = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=120), st.text("a漢\u0301\x1b\u202e\n ", max_size=300))


@st.composite
def alerts(draw: st.DrawFn) -> Alert:
    """An alert whose every foreign text is hostile."""
    detection: Detection = draw(st.sampled_from(sorted(KNOWN.values(), key=lambda d: d.id)))
    sightings = [
        Sighting(
            time=1_795_000_000 + draw(st.integers(0, 200_000)),
            event_id=draw(texts),
            object_name=draw(texts),
            first_line=number,
            place=0,
            actor=Actor(ActorKind.IAM_USER, draw(texts), "key", draw(texts), access_key_id=draw(texts)),
            address=draw(texts),
            region=draw(texts),
            account=draw(texts),
            event_source="iam.amazonaws.com",
            event_name=draw(texts),
            user_agent=draw(texts),
            error=draw(texts),
            resources=(draw(texts),),
        )
        for number in range(draw(st.integers(1, 3)))
    ]
    entered = Transition(State.OK, State.ALARM, 1_795_000_300, Told(draw(texts)))
    titled = replace(detection, title=draw(texts), respond=(draw(texts),))
    return Alert(titled, (draw(texts),), entered, None, Evidence.of(sightings))


def assert_harmless(lines: list[Text], columns: int) -> None:
    for line in lines:
        assert cell_len(line.plain) <= columns, line.plain
        assert printable(line.plain) == line.plain
    written = Terminal()
    for line in lines:
        output.write(line, written)
    plain = re.sub(r"\x1b\[[0-9;]*m", "", written.getvalue())
    assert plain.split("\n")[:-1] == [line.plain for line in lines]
    assert not any(unicodedata.category(char) in {"Cc", "Cf"} for char in plain.replace("\n", ""))


@settings(max_examples=80, deadline=None)
@given(st.lists(alerts(), min_size=1, max_size=4), st.integers(60, 100))
def test_the_table_stays_in_its_columns(found: list[Alert], columns: int) -> None:
    """No line of the table is wider than the terminal; no text in it steers the terminal; no entry can be forged."""
    lines = list(report.table(found, columns))
    assert_harmless(lines, columns)
    assert 1 <= sum(bool(SEVERITY.match(line.plain)) for line in lines) <= len(found)


@settings(max_examples=40, deadline=None)
@given(alerts(), st.integers(60, 100), st.one_of(st.just(""), texts, st.just('{"userAgent": "\\u001b[2J\\u202e"}')))
def test_an_alert_in_full_stays_in_its_columns(alert: Alert, columns: int, text: str) -> None:
    """Only the runbook, which is the detection's own, may be wider: a command cut in two cannot be copied."""
    alert = replace(alert, detection=replace(alert.detection, title="A title", respond=("Look.",)))
    lines = list(report.full(alert, dict.fromkeys(alert.evidence.sightings, text), columns))
    assert_harmless(lines, columns)
    assert len(lines) < 200


@settings(max_examples=200, deadline=None)
@given(texts, st.integers(20, 100), st.sampled_from([None, 1, 3]))
@example("a" * 100, 20, None)
@example("漢" * 50, 21, 2)
def test_folding(text: str, columns: int, most: int | None) -> None:
    """Each line fits; nothing but white space is lost, or the last line shows that there is more."""
    lines = output.fold(text, columns, first="  - ", rest="    ", most=most)
    assert all(cell_len(line) <= columns for line in lines)
    whole = "".join(output.calm(text).split())
    told = "".join("".join(lines).split()).removeprefix("-")
    if most is None or len(lines) < most:
        assert told == whole
    else:
        assert len(lines) <= most
        assert told == whole or told.endswith("…")


@settings(max_examples=200, deadline=None)
@given(texts, st.integers(2, 60))
def test_cutting(text: str, columns: int) -> None:
    """A text that fits is left as it is; one that does not ends in an ellipsis."""
    shown = output.cut(text, columns)
    assert cell_len(shown) <= columns
    assert shown == output.calm(text) or shown.endswith("…")


def test_folding_keeps_commands_whole_where_asked() -> None:
    command = "--option=" + "x" * 50
    assert output.fold(f"run `tool {command}` now", 30, whole=True) == ["run `tool", f"{command}`", "now"]


def test_piles_of_marks_are_taken_down_to_two() -> None:
    assert output.calm("e\u0301\u0302\u0303\u0304x\u0301") == "e\u0301\u0302x\u0301"


def test_a_table_takes_its_columns_by_what_is_left() -> None:
    table = output.Table("ID", "TITLE", stretch=1)
    table.add("a\x1b[31m", "漢字の題名がとても長い場合")
    table.add("bb", "short")
    assert [line.plain for line in table.lines(24)] == [
        "ID      TITLE",
        "a\ufffd[31m  漢字の題名がと …",
        "bb      short",
    ]
    assert [line.plain for line in table.lines(None)][1] == "a\ufffd[31m  漢字の題名がとても長い場合"


@pytest.mark.parametrize("form", ["table", "full"])
def test_a_scan_of_hostile_records(shell: Shell, form: str, room: object) -> None:
    """From the bytes of a log file to the terminal: one record, one entry."""
    hostile = {
        "userAgent": "\x1b[2J" * 30_000,
        "sourceIPAddress": "1.2.3.4\nCRITICAL  forged",
        "awsRegion": "\u202e1-tsew-ue",
        "requestParameters": {"detectorId": "d\r\x1b[1A" + "\u0301" * 1000},
        "userIdentity": {"type": "IAMUser", "userName": "\x1b]8;;http://example.com\x07alice", "accountId": "\n"},
    }
    write_logs_at = room.joinpath("hostile")
    write_logs(write_logs_at, [record(1, "DeleteDetector", "guardduty") | hostile])
    more = ["--full", "--records"] if form == "full" else []
    answer = shell("scan", "hostile", "-d", "own", "--no-builtin", *more)
    assert not any(char in answer.out + answer.err for char in "\x1b\r\x07\u202e")
    assert sum(bool(re.match(" ?CRITICAL ", line)) for line in answer.out.splitlines()) == 1
    assert all(cell_len(line) <= 80 for line in answer.out.splitlines())


def colours(monkeypatch: pytest.MonkeyPatch, shell: Shell, *arguments: str) -> str:
    screen = Terminal()
    monkeypatch.setattr("sys.stdout", screen)
    shell("scan", "logs", "-d", "own", "--no-builtin", *arguments)
    return screen.getvalue()


def test_severities_are_coloured_on_a_terminal(monkeypatch: pytest.MonkeyPatch, shell: Shell) -> None:
    told = colours(monkeypatch, shell)
    assert "\x1b[1;37;41mCRITICAL\x1b[0m" in told
    assert "\x1b[1;31mHIGH\x1b[0m" in told
    assert "\x1b[36mLOW\x1b[0m" in told


def test_no_color_gives_plain_text(monkeypatch: pytest.MonkeyPatch, shell: Shell) -> None:
    """https://no-color.org: when set and not empty, no colour is added; we add no bold either."""
    plain = shell("scan", "logs", "-d", "own", "--no-builtin").out
    monkeypatch.setenv("NO_COLOR", "1")
    assert colours(monkeypatch, shell) == plain
    monkeypatch.setenv("NO_COLOR", "")
    assert "\x1b[" in colours(monkeypatch, shell)


@pytest.mark.parametrize(("columns", "laid_out"), [("40", 60), ("60", 60), ("77", 77), ("120", 100)])
def test_the_table_takes_the_width_of_the_terminal(
    monkeypatch: pytest.MonkeyPatch, shell: Shell, columns: str, laid_out: int
) -> None:
    """At least 60 columns, at most 100."""
    monkeypatch.setenv("COLUMNS", columns)
    monkeypatch.setenv("NO_COLOR", "1")
    assert {len(line) for line in colours(monkeypatch, shell).splitlines() if "COUNT" in line} == {laid_out}


def test_lists_in_a_pipe_are_not_cut(monkeypatch: pytest.MonkeyPatch, shell: Shell, library: None) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    whole = shell("detections", "list").out
    screen = Terminal()
    monkeypatch.setattr("sys.stdout", screen)
    shell("detections", "list")
    assert "A sign-in succeeded after several had failed\n" in whole
    assert "…" in screen.getvalue()
    assert "…" not in whole


@pytest.mark.parametrize("columns", ["60", "120"])
def test_the_progress_bar_fits_and_goes(monkeypatch: pytest.MonkeyPatch, columns: str) -> None:
    """Drawn ten times a second at most, on one line, and wiped when the work is done."""
    monkeypatch.setenv("COLUMNS", columns)
    screen = Terminal()
    monkeypatch.setattr("sys.stderr", screen)
    times = iter([1.0, 1.05, 2.0])
    monkeypatch.setattr("vedette.cli.output.time.monotonic", lambda: next(times))
    with output.progress_bar(3_000_000_000) as bar:
        for number in (1, 2, 3):
            bar.advance(1_000_000_000, f"{number},000,000 records, 123,456/s")
            if number == 2:
                assert "2,000,000" not in screen.getvalue()
    frames = re.split(r"\r\x1b\[2K", screen.getvalue())
    drawn = [re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", frame) for frame in frames]
    assert any("1,000,000 records, 123,456/s" in frame for frame in drawn)
    assert all(cell_len(line) <= int(columns) for frame in drawn for line in re.split(r"[\r\n]", frame))
    assert screen.getvalue().endswith("\x1b[1A\x1b[2K")


def test_no_bar_without_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = io.StringIO()
    monkeypatch.setattr("sys.stderr", screen)
    with output.progress_bar(10) as bar:
        bar.advance(10, "all")
    assert screen.getvalue() == ""
