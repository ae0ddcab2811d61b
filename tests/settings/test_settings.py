"""Settings: what is read, what is refused and how that is told, and where each value came from."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from vedette.alerts.policy import Hours, Policy, Rate, Route
from vedette.detections.definition import Severity
from vedette.errors import InputError, ProblemsError
from vedette.secrets import parse
from vedette.settings import Origin, Settings, check_detection_ids, load_settings, parse_settings, policy_of
from vedette.settings.channel_tables import CHANNELS, MaildirChannel, SmtpChannel, WebhookChannel
from vedette.settings.formats import Start
from vedette.settings.page import settings_page
from vedette.settings.source_tables import SOURCES, FolderSource, LogsSource, S3QueueSource, S3Source

GOLDEN = Path(__file__).parent / "golden"
HOME = {"HOME": "/home/ada"}
CANARY = "hunter2-canary"


def read(text: str, environment: dict[str, str] | None = None, folder: Path = Path("/etc/vedette")) -> Settings:
    return parse_settings(text, "vedette.toml", environment or HOME, folder)


def told(text: str, environment: dict[str, str] | None = None) -> str:
    with pytest.raises(ProblemsError) as caught:
        read(text, environment)
    return caught.value.render()


# --- without anything ---


def test_without_a_file_there_is_a_store_and_a_mail_folder_and_everything_of_medium_goes_there(tmp_path: Path) -> None:
    settings = load_settings(None, {"HOME": "/home/ada"}, tmp_path)
    assert settings.store.url == "sqlite:///home/ada/.local/state/vedette/vedette.db"
    assert settings.channels == (MaildirChannel(name="mail", path="/home/ada/.local/share/vedette/mail"),)
    assert (settings.sources, settings.path) == ((), None)
    assert policy_of(settings) == Policy((Route(("mail",), Severity.MEDIUM),))


def test_the_base_directories_are_followed_where_they_are_absolute(tmp_path: Path) -> None:
    """XDG: "All paths set in these environment variables must be absolute"; others count as not set."""
    environment = {"HOME": "/home/ada", "XDG_STATE_HOME": "/var/state", "XDG_DATA_HOME": "relative"}
    settings = load_settings(None, environment, tmp_path)
    assert settings.store.url == "sqlite:///var/state/vedette/vedette.db"
    assert settings.channels == (MaildirChannel(name="mail", path="/home/ada/.local/share/vedette/mail"),)


# --- which file ---


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Four settings files, each of which says where it is."""
    for name in ("given.toml", "named.toml", "here/vedette.toml", "config/vedette/vedette.toml"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f'[accounts.111122223333]\nname = "{name}"\n', encoding="utf-8")
    return tmp_path


def test_the_first_file_that_is_there_is_read_alone(files: Path) -> None:
    """--settings, $VEDETTE_SETTINGS, ./vedette.toml, the configuration directory: in this order."""
    environment = {"VEDETTE_SETTINGS": str(files / "named.toml"), "XDG_CONFIG_HOME": str(files / "config")}
    here = files / "here"

    def chosen(given: str | None = None) -> str:
        return load_settings(given, environment, here).accounts["111122223333"].name

    assert chosen("../given.toml") == "given.toml"
    assert chosen() == "named.toml"
    del environment["VEDETTE_SETTINGS"]
    assert chosen() == "here/vedette.toml"
    (here / "vedette.toml").unlink()
    assert chosen() == "config/vedette/vedette.toml"


@pytest.mark.parametrize("environment", [{}, {"VEDETTE_SETTINGS": "missing.toml"}])
def test_a_file_that_is_named_must_be_there(environment: dict[str, str], files: Path) -> None:
    given = None if environment else "missing.toml"
    with pytest.raises(InputError, match=r"`missing\.toml` of .* does not exist") as caught:
        load_settings(given, environment, files / "here")
    assert caught.value.hint == "`vedette init` writes one"


def test_a_folder_is_no_settings_file(files: Path) -> None:
    with pytest.raises(InputError, match="is a folder"):
        load_settings("here", {}, files)


def test_a_file_in_another_encoding_is_told(files: Path) -> None:
    (files / "given.toml").write_bytes('a = "ä"'.encode("latin-1"))
    with pytest.raises(InputError, match="is not UTF-8: byte 6"):
        load_settings("given.toml", {}, files)


def test_a_byte_order_mark_and_windows_lines_change_nothing(files: Path) -> None:
    (files / "given.toml").write_bytes('\ufeff[monitor]\r\ninterval = "1m"\r\n'.encode())
    settings = load_settings("given.toml", {}, files)
    assert settings.monitor.interval == 60
    assert str(settings.origin("monitor", "interval")) == f"{files}/given.toml:2"


# --- what is read ---


def test_every_kind_of_value_is_read_as_what_it_means() -> None:
    text = (GOLDEN / "everything.toml").read_text(encoding="utf-8")
    settings = parse_settings(text, "vedette.toml", HOME, GOLDEN)
    folder, queue, listing, bridge, logs = settings.sources
    assert isinstance(folder, FolderSource)
    assert (folder.path, folder.settle, folder.name) == (str(GOLDEN / "."), 30, f"folder:{GOLDEN}")
    assert isinstance(queue, S3QueueSource)
    assert (queue.name, queue.account, queue.wait, queue.on_poison) == ("trail", "111122223333", 20, "leave")
    assert isinstance(listing, S3Source)
    assert (listing.since, listing.accounts) == (Start(at=1795219200), ("111122223333",))
    assert bridge.name == "eventbridge-sqs:events"
    assert isinstance(logs, LogsSource)
    assert logs.since.resolve(1_000_000) == 1_000_000 - 2 * 86_400
    assert [channel.kind for channel in settings.channels] == list(CHANNELS)
    mail, webhook = settings.channels[1], settings.channels[7]
    assert isinstance(mail, SmtpChannel)
    assert (mail.from_, mail.password) == ("Vedette <v@example.com>", parse("secret://aws/vedette/smtp#password"))
    assert isinstance(webhook, WebhookChannel)
    assert webhook.url == "https://example.com/hook"
    assert settings.detections.severity == {"root-login": Severity.CRITICAL}
    assert settings.detections.paths == (str(GOLDEN / "own"), "/etc/vedette/detections")
    assert settings.store.url == "postgresql://vedette@db.example.com/vedette"
    assert settings.accounts["111122223333"].role_arn == "arn:aws:iam::111122223333:role/vedette"


def test_the_file_of_every_kind_gives_a_policy() -> None:
    text = (GOLDEN / "everything.toml").read_text(encoding="utf-8")
    policy = policy_of(parse_settings(text, "vedette.toml", HOME, GOLDEN))
    assert policy.rates == {"pager": Rate(5, 3_600)}
    assert policy.rate == Rate(100, 86_400)
    assert (policy.repeat_after, policy.max_age, policy.backoff.longest) == (0, 43_200, 600)
    night, day = policy.routes
    assert night.hours == Hours.parse("Mon-Fri 22:00-06:00", "Europe/Berlin")
    assert (night.stop, day.channels, day.min_severity) == (True, ("mail", "chat"), Severity.MEDIUM)


def test_the_file_of_every_kind_leaves_no_key_out() -> None:
    """So that the tests above speak of everything that the reference page lists."""
    document = tomllib.loads((GOLDEN / "everything.toml").read_text(encoding="utf-8"))
    assert {one["kind"] for one in document["source"]} == set(SOURCES)
    assert {one["kind"] for one in document["channel"]} == set(CHANNELS)


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("sqlite:///var/lib/v.db", "sqlite:///var/lib/v.db"),
        ("sqlite:////var/lib/v.db", "sqlite:///var/lib/v.db"),
        ("sqlite://v.db", "sqlite:///etc/vedette/v.db"),
        ("memory:", "memory:"),
        ("postgresql:///vedette?host=/run/postgresql", "postgresql:///vedette?host=/run/postgresql"),
    ],
)
def test_a_store_is_an_address(given: str, url: str) -> None:
    assert read(f'store.url = "{given}"').store.url == url


# --- variables ---


def test_a_variable_goes_before_the_file_and_is_remembered() -> None:
    environment = {**HOME, "VEDETTE_POLICY_MAX_AGE": "12h", "VEDETTE_POLICY_TELL_RESOLVED": "false",
                   "VEDETTE_MONITOR_HEALTH_PORT": "0", "VEDETTE_POLICY_RATE": "3/m",
                   "VEDETTE_STORE_PASSWORD": "secret://env/DATABASE_PASSWORD", "VEDETTE_ELSE": "x"}  # fmt: skip
    settings = read('[policy]\nmax_age = "1h"\nrepeat_after = "2h"', environment)
    assert (settings.policy.max_age, settings.policy.tell_resolved) == (43_200, False)
    assert (settings.monitor.health_port, settings.policy.rate) == (0, Rate(3, 60))
    assert settings.store.password == parse("secret://env/DATABASE_PASSWORD")
    assert settings.origin("policy", "max_age") == Origin("VEDETTE_POLICY_MAX_AGE")
    assert str(settings.origin("policy", "max_age")) == "$VEDETTE_POLICY_MAX_AGE"
    assert str(settings.origin("policy", "repeat_after")) == "vedette.toml:3"
    assert settings.origin("policy", "group_wait") is None


# --- what is refused ---


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.refused.toml")), ids=lambda path: path.name.split(".")[0])
def test_what_is_refused_is_told_so(path: Path) -> None:
    """Every problem of a file at once, each with its place, and no secret in any."""
    said = told(path.read_text(encoding="utf-8"), {**HOME, **_variables(path)})
    assert CANARY not in said
    expected = path.with_suffix(".txt")
    if not expected.exists():
        expected.write_text(said + "\n", encoding="utf-8")
        pytest.fail(f"wrote {expected.name}: read it")
    assert said + "\n" == expected.read_text(encoding="utf-8")


def _variables(path: Path) -> dict[str, str]:
    """The lines `#: NAME=value` of a file."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return dict(line[3:].split("=", 1) for line in lines if line.startswith("#: "))


@pytest.mark.parametrize(
    "text",
    [
        f'[[channel]]\nname = "m"\nkind = "slack"\nwebhook = "https://hooks.example.com/{CANARY}"',
        f'[[channel]]\nname = "m"\nkind = "slack"\nwebhok = "https://hooks.example.com/{CANARY}"',
        f'[[channel]]\nname = "m"\nkind = "smtp"\npassword = "{CANARY}',
        f'[[channel]]\nname = "m"\nkind = "smtp"\npassword = {CANARY}',
        f'[[channel]]\nname = "m"\nkind = "smtp"\npassword = """\n{CANARY}\n"""',
        f'[[channel]]\nname = "m"\nkind = "smtp"\npassword = ["{CANARY}"]',
        f'[[channel]]\nname = "m"\nkind = "smtp"\npassword = """\n{CANARY}\n',
        f'[[channel]]\nname = "m"\nkind = "webhook"\nurl = "https://me:{CANARY}@example.com/"',
        f'[[channel]]\nname = "m"\nkind = "webhook"\nurl = "{CANARY}"',
        f'[[channel]]\nname = "m"\nkind = "apprise"\nurl = "tgram://{CANARY}/1"',
        f'[[channel]]\nname = "m"\nkind = "smtq"\nhost = 1\npassword = "{CANARY}"',
        f'channel = {{ password = "{CANARY}" }}',
        f'channel = [ 1, "{CANARY}" ]',
        f'password = "{CANARY}"',
        f'store.url = "postgresql://me:{CANARY}@db/v"',
        f'store.url = "host=db password={CANARY}"',
        f'store.url = "postgresql://db/v?password={CANARY}"',
        f'store = "{CANARY}"',
        f'accounts.x.secret = "{CANARY}"',
        f'accounts = "{CANARY}"',
    ],
)  # fmt: skip
def test_no_secret_shows_whatever_is_wrong(text: str) -> None:
    """A secret in the settings is an error, and so may be the line it stands in: neither shows it."""
    assert CANARY not in told(text)


@pytest.mark.parametrize(
    "variable", ["VEDETTE_STORE_PASSWORD", "VEDETTE_STORE_URL", "VEDETTE_STORE_PASSWD", "VEDETTE_AWS_SECRET"]
)
def test_no_secret_shows_in_a_variable_either(variable: str) -> None:
    said = told("", {**HOME, variable: f"postgresql://u:{CANARY}@h/d"})
    assert CANARY not in said
    assert variable in said


def test_values_are_not_in_the_repr_of_origins() -> None:
    settings = read('[monitor]\nzone = "Europe/Berlin"')
    assert "zone =" not in repr(settings)


# --- detections' ids ---


def test_ids_that_no_detection_has_are_told_with_their_places() -> None:
    text = '[detections]\ndisable = ["cis-*", "root-logn"]\nonly = ["root-login"]\nseverity.root-lgin = "low"'
    settings = read(text)
    with pytest.raises(ProblemsError) as caught:
        check_detection_ids(settings, ["root-login", "secret-read"])
    first, second = caught.value.problems
    assert (first.line, first.column, first.length, first.note) == (2, 22, 9, "did you mean `root-login`?")
    assert (second.line, second.column, second.length) == (4, 10, 9)
    check_detection_ids(settings, ["root-logn", "root-lgin", "root-login"])


def test_a_route_that_names_no_detection_would_never_take_anything_and_is_told() -> None:
    text = '[[route]]\nchannels = ["mail"]\ndetections = ["cis-*", "root-logn", "vedette-lag"]'
    settings = read(text + "\n[[channel]]\nname = 'mail'\nkind = 'maildir'")
    with pytest.raises(ProblemsError) as caught:
        check_detection_ids(settings, ["root-login"], ["vedette-lag"])
    (found,) = caught.value.problems
    assert (found.line, found.column, found.note) == (3, 25, "did you mean `root-login`?")


# --- the page ---


def test_the_page_is_what_the_tables_say() -> None:
    page = Path(__file__).parents[2] / "docs/reference/settings.md"
    assert page.read_text(encoding="utf-8") == settings_page(), "run `make docs`"


def test_the_page_names_every_kind_and_every_table() -> None:
    page = settings_page()
    for heading in (*(f"source: {kind}" for kind in SOURCES), *(f"channel: {kind}" for kind in CHANNELS)):
        assert f"### {heading}\n" in page
