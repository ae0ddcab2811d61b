"""From settings to parts: each kind of source and channel is made, and nothing else is imported."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from app_run.fakes import NOON, SetClock, log_file, record, settings
from aws_server import bare_environment
from vedette.app.channels import secrets_of
from vedette.app.detections import chosen_detections
from vedette.app.stores import kept_for
from vedette.app.wiring import build, make_monitor, quiet_after
from vedette.detections.definition import Severity
from vedette.errors import InputError, ProblemsError
from vedette.monitor.watching import CANARY
from vedette.senders.port import Renewing
from waiting import PATIENCE

SOURCES = """
[aws]
region = "us-east-1"
[accounts.111122223333]
role_arn = "arn:aws:iam::111122223333:role/vedette"
[[source]]
kind = "folder"
path = "/"
quiet_after = "1h"
[[source]]
kind = "s3-sqs"
queue = "https://sqs.us-east-1.amazonaws.com/111122223333/trail"
account = "111122223333"
[[source]]
kind = "eventbridge-sqs"
queue = "https://sqs.us-east-1.amazonaws.com/111122223333/events"
[[source]]
kind = "s3"
bucket = "trail"
[[source]]
kind = "logs"
group = "trail"
"""

CHANNELS = """
[[channel]]
kind = "maildir"
name = "folder"
[[channel]]
kind = "smtp"
name = "mail"
host = "mail.example.com"
from = "vedette@example.com"
to = ["you@example.com"]
username = "vedette"
password = "secret://env/MAIL_PASSWORD"
[[channel]]
kind = "sns"
name = "topic"
topic_arn = "arn:aws:sns:us-east-1:111122223333:alerts"
[[channel]]
kind = "sms"
name = "sms"
to = ["+15550100000"]
[[channel]]
kind = "slack"
name = "slack"
webhook = "secret://env/SLACK"
[[channel]]
kind = "slack"
name = "bot"
token = "secret://env/SLACK_TOKEN"
channel = "C0123456789"
[[channel]]
kind = "teams"
name = "teams"
webhook = "secret://env/TEAMS"
[[channel]]
kind = "pagerduty"
name = "pager"
routing_key = "secret://env/PAGER"
service_region = "eu"
[[channel]]
kind = "webhook"
name = "hook"
url = "secret://env/HOOK"
key = "secret://env/HOOK_KEY"
[[channel]]
kind = "webhook"
name = "open-hook"
url = "https://example.com/hook"
[[channel]]
kind = "apprise"
name = "apprise"
url = "secret://env/APPRISE"
"""


def test_every_kind_of_source_and_channel(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    bare_environment(monkeypatch)
    given = settings(f'[store]\nurl = "sqlite:///{tmp_path}/store.db"\n{SOURCES}{CHANNELS}')
    parts = build(given, clock=SetClock())
    try:
        assert [type(source).__name__ for source in parts.sources] == [
            "WatchedFolder", "NotifiedBucket", "EventQueue", "ListedBucket", "LogGroup",
        ]  # fmt: skip
        assert [source.name for source in parts.sources] == [one.name for one in given.sources]
        assert [sender.name for sender in parts.senders] == [one.name for one in given.channels]
        renewed = {sender.name for sender in parts.senders if isinstance(sender, Renewing)}
        assert renewed == {one.name for one in given.channels if secrets_of(one)}
        assert list(quiet_after(given, parts.sources).values()) == [3_600, *[6 * 3_600] * 4]
        assert CANARY in parts.monitor.by_id
    finally:
        parts.close()


def test_a_cursor_is_where_the_source_begins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from vedette.monitor.store import SourceHealth

    bare_environment(monkeypatch)
    given = settings(f'[store]\nurl = "sqlite:///{tmp_path}/store.db"\n{SOURCES}')
    parts = build(given, clock=SetClock())
    name = parts.sources[4].name
    with parts.store.transaction() as tx:
        tx.put_health(SourceHealth(name, cursor="1795262400123"))
    parts.close()
    parts = build(given, clock=SetClock())
    assert parts.sources[4].cursor == "1795262400123"
    parts.close()


def test_retention_is_by_kind_of_row() -> None:
    found = kept_for(settings('[store]\nretention = "100d"\nrecord_retention = "10d"\n'))
    assert {table: kept // 86_400 for table, kept in found.items()} == {
        "objects": 100, "matches": 10, "minutes": 10, "alerts": 100, "decisions": 100, "deliveries": 100,
        "silences": 100, "habits": 90, "leases": 1,
    }  # fmt: skip


def test_the_canarys_route_takes_nothing_else() -> None:
    monitor = make_monitor(settings(), tell_old=True)
    first, *others = monitor.policy.routes
    assert (first.detections, first.stop) == ((CANARY,), True)
    assert others
    assert monitor.policy.max_age > 10**9


def test_chosen_detections() -> None:
    ids = [one.id for one in chosen_detections(settings())]
    assert "root-login" in ids
    chosen = chosen_detections(
        settings("[detections]\nonly = ['root-*']\ndisable = ['root-access-*']\nseverity = {root-login = 'low'}\n")
    )
    assert {one.id for one in chosen} == {one for one in ids if one.startswith("root-") and "root-access-" not in one}
    assert next(one for one in chosen if one.id == "root-login").severity is Severity.LOW


def test_what_a_rule_needs_is_asked_and_tells_nobody() -> None:
    rule = next(one for one in chosen_detections(settings()) if one.rule is not None)
    assert rule.rule is not None
    found = {one.id: one.notify for one in chosen_detections(settings(f"[detections]\nonly = ['{rule.id}']\n"))}
    assert found.pop(rule.id) is True
    assert set(rule.rule.children) <= set(found)
    assert not any(found.values())


def test_no_detection_and_unknown_ones_are_told() -> None:
    with pytest.raises(InputError, match="no detection to ask"):
        chosen_detections(settings("[detections]\nbuiltin = false\n"))
    with pytest.raises(ProblemsError, match="no-such-id"):
        chosen_detections(settings("[detections]\nonly = ['no-such-id']\n"))
    route = "[[route]]\nchannels = ['mail']\ndetections = ['{}']\n"
    with pytest.raises(ProblemsError, match="no-such-id"):
        chosen_detections(settings(route.format("no-such-id")))
    for name in ("root-login", "no-such-*", "vedette-lag", "vedette-canary"):
        assert chosen_detections(settings(route.format(name)))


PROBE = """
import json, sys
from vedette.cli import invoke
code = invoke(sys.argv[1:])
print(json.dumps([code, sorted(sys.modules)]), file=sys.stderr)
"""


def test_a_folder_needs_no_aws_no_database_server_and_no_network(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "a.json").write_bytes(log_file(record(1, name="CreateAccessKey", at=NOON)))
    environment = {**os.environ, "XDG_STATE_HOME": str(tmp_path / "state"), "XDG_DATA_HOME": str(tmp_path / "data"),
                   "XDG_CONFIG_HOME": str(tmp_path)}  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", PROBE, "run", "logs", "--once"],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=True, timeout=PATIENCE,
    )  # fmt: skip
    code, modules = json.loads(done.stderr.splitlines()[-1])
    assert code == 0, done.stderr
    assert {"boto3", "botocore", "psycopg", "http.server", "keyring"}.isdisjoint(modules)
    assert (tmp_path / "state" / "vedette" / "vedette.db").exists()
