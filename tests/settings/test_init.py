"""`vedette init`: three questions or options, a file that holds what was answered, and nothing overwritten."""

from __future__ import annotations

import io
import itertools
from pathlib import Path

import pytest

from vedette.cli import invoke
from vedette.detections.definition import Severity
from vedette.secrets import parse
from vedette.settings import Settings, load_settings, policy_of
from vedette.settings.channel_tables import MaildirChannel, SlackChannel, SmtpChannel
from vedette.settings.kinds import Refusal
from vedette.settings.source_tables import FolderSource, S3QueueSource
from vedette.settings.starter import checked_tell, checked_watch, starter

QUEUE = "https://sqs.eu-central-1.amazonaws.com/111122223333/trail"


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with `logs/` in it."""
    (tmp_path / "logs").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    return tmp_path


class Terminal(io.StringIO):
    """Someone who types these lines."""

    def isatty(self) -> bool:
        return True


def loaded(room: Path) -> Settings:
    return load_settings(None, {"HOME": str(room)}, room)


def test_options_answer_all_questions(room: Path) -> None:
    options = [
        "--watch",
        "logs",
        "--tell",
        "Ada <ada@example.com>",
        "--min-severity",
        "high",
        "--smtp-host",
        "mail.local",
    ]
    assert invoke(["init", *options]) == 0
    settings = loaded(room)
    (source,), (channel,) = settings.sources, settings.channels
    assert isinstance(source, FolderSource)
    assert source.path == str(room / "logs")
    assert isinstance(channel, SmtpChannel)
    assert (channel.host, channel.to, channel.username) == ("mail.local", ("Ada <ada@example.com>",), "ada@example.com")
    assert channel.password == parse("secret://env/VEDETTE_SMTP_PASSWORD")
    (route,) = policy_of(settings).routes
    assert (route.channels, route.min_severity) == (("mail",), Severity.HIGH)


def test_questions_are_asked_at_a_terminal(
    room: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is wrong is told and asked again; the defaults are an answer."""
    monkeypatch.setattr("sys.stdin", Terminal(f"log\ns3://trail\n{QUEUE}\nada\nslack\nsevere\n\n"))
    assert invoke(["init"]) == 0
    said = capsys.readouterr().err
    assert "no folder `log`" in said
    assert "a bucket is watched through its queue" in said
    assert "`ada` is not a mail address" in said
    assert "`severe` is no severity" in said
    settings = loaded(room)
    (source,), (channel,) = settings.sources, settings.channels
    assert isinstance(source, S3QueueSource)
    assert source.queue == QUEUE
    assert isinstance(channel, SlackChannel)
    assert settings.routes[0].min_severity is Severity.MEDIUM


def test_without_a_terminal_only_the_place_is_needed(room: Path) -> None:
    assert invoke(["init", "other.toml", "--watch", "logs"]) == 0
    (channel,) = load_settings("other.toml", {"HOME": str(room)}, room).channels
    assert isinstance(channel, MaildirChannel)


def test_without_a_terminal_and_a_place_it_says_what_to_give(room: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke(["init"]) == 2
    assert "hint: vedette init --watch ./AWSLogs --tell folder" in capsys.readouterr().err
    assert not (room / "vedette.toml").exists()


def test_nothing_is_overwritten(room: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (room / "vedette.toml").write_text("mine", encoding="utf-8")
    assert invoke(["init", "--watch", "logs"]) == 2
    assert "is there already" in capsys.readouterr().err
    assert (room / "vedette.toml").read_text(encoding="utf-8") == "mine"


def test_a_link_that_leads_nowhere_is_not_followed(room: Path) -> None:
    (room / "vedette.toml").symlink_to(room / "elsewhere")
    assert invoke(["init", "--watch", "logs"]) == 4
    assert not (room / "elsewhere").exists()


def test_a_file_that_cannot_be_written_is_told(room: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke(["init", "no/such/vedette.toml", "--watch", "logs"]) == 4
    assert "cannot write `no/such/vedette.toml`: no such file or directory" in capsys.readouterr().err


@pytest.mark.parametrize(
    "options", [["--watch", "nowhere"], ["--watch", "s3://trail"], ["--watch", "https://x"], ["--tell", "ada"],
                ["--tell", "a b@example.com>"], ["--min-severity", "severe"]]
)  # fmt: skip
def test_a_wrong_option_is_wrong_input(room: Path, options: list[str]) -> None:
    assert invoke(["init", "--watch", "logs", *options]) == 2
    assert not (room / "vedette.toml").exists()


@pytest.mark.parametrize(
    ("watch", "tell", "least"),
    list(itertools.product([".", QUEUE], ["folder", "slack", "ada@example.com"], Severity)),
)
def test_whatever_is_answered_the_file_passes_and_its_comments_do_too(watch: str, tell: str, least: Severity) -> None:
    """The defaults that are written as comments are settings: they pass when the signs before them are taken away."""
    text = starter(checked_watch(watch), checked_tell(tell), least)
    _, _, comments = text.partition("# What follows are defaults")
    live = "\n".join(line.removeprefix("# ") for line in comments.splitlines()[1:])
    from vedette.settings import parse_settings

    plain = parse_settings(text, "vedette.toml", {"HOME": "/"}, Path())
    whole = parse_settings(text + live, "vedette.toml", {"HOME": "/"}, Path())
    assert (whole.policy, whole.monitor) == (plain.policy, plain.monitor)
    assert len(whole.origins) > len(plain.origins)


def test_a_folder_whose_name_is_odd_is_quoted(room: Path) -> None:
    odd = room / 'a "b" \\ ä #'
    odd.mkdir()
    assert invoke(["init", "--watch", str(odd)]) == 0
    (source,) = loaded(room).sources
    assert isinstance(source, FolderSource)
    assert source.path == str(odd)


def test_refusals_say_how_to_mend() -> None:
    with pytest.raises(Refusal) as caught:
        checked_watch("s3://trail")
    assert 'kind = "s3"' in str(caught.value.hint)
