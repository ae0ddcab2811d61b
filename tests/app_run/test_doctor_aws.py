"""The doctor over AWS: what is there, what is missing, and which permission it needs to see it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from app_run.fakes import NOON, settings
from aws_server import ACCOUNT, REGION, bare_environment, emptied
from vedette.app.doctor import Check, State, examine, is_well
from vedette.monitor.store import SourceHealth
from vedette.settings import Settings
from vedette.stores.sqlite import SqliteStore

TABLES = """
[store]
url = "sqlite:///{home}/store.db"
[detections]
only = ["root-login"]
[aws]
endpoint_url = "{address}"
region = "us-east-1"
[[source]]
kind = "s3-sqs"
name = "queue"
queue = "{address}/{account}/trail"
[[source]]
kind = "s3"
name = "bucket"
bucket = "{bucket}"
[[source]]
kind = "logs"
name = "group"
group = "{group}"
[[channel]]
kind = "sns"
name = "topic"
topic_arn = "arn:aws:sns:us-east-1:{account}:alerts"
[[channel]]
kind = "sms"
name = "sms"
to = ["+15550100000"]
"""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with emptied() as address, pytest.MonkeyPatch.context() as patch:
        bare_environment(patch)
        make = {
            name: boto3.client(name, region_name=REGION, endpoint_url=address) for name in ("s3", "sqs", "logs", "sns")
        }
        make["s3"].create_bucket(Bucket="there")
        make["sqs"].create_queue(QueueName="trail")
        make["logs"].create_log_group(logGroupName="there")
        make["sns"].create_topic(Name="alerts")
        yield address


def _checks(given: Settings, now: int = NOON) -> dict[str, Check]:
    return {check.what: check for check in examine(given, now)}


def _settings(home: Path, address: str, name: str) -> Settings:
    return settings(TABLES.format(home=home, address=address, account=ACCOUNT, bucket=name, group=name))


def test_what_is_there_is_well(address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bare_environment(monkeypatch)
    found = _checks(_settings(tmp_path, address, "there"))
    assert [found[f"source {name}"].found for name in ("queue", "bucket", "group")] == [
        "trail: about 0 messages wait", "s3://there can be listed", "there can be read",
    ]  # fmt: skip
    assert "is there" in found["channel topic"].found
    assert is_well(list(found.values()))


def test_what_is_missing_is_told_by_name(address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bare_environment(monkeypatch)
    found = _checks(_settings(tmp_path, address, "missing"))
    assert [found[f"source {name}"].state for name in ("queue", "bucket", "group")] == [
        State.GOOD,
        State.BAD,
        State.BAD,
    ]
    assert "missing" in found["source bucket"].found
    assert not is_well(list(found.values()))


def test_what_the_store_knows_of_the_past(address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A source that failed when it was last asked, and a clock that was set back since."""
    bare_environment(monkeypatch)
    store = SqliteStore(tmp_path / "store.db")
    with store.transaction() as tx:
        tx.put_health(SourceHealth("queue", last_at=NOON + 7_200))
        tx.put_health(SourceHealth("bucket", last_at=NOON, last_error="no permission for s3:GetObject"))
    store.close()
    checks = list(examine(_settings(tmp_path, address, "there"), NOON))
    bad = {(check.what, check.found) for check in checks if check.state is State.BAD}
    assert bad == {
        ("clock", "the store was written in what is the future now"),
        ("source bucket", "no permission for s3:GetObject"),
    }


def test_nothing_to_read_a_store_that_cannot_be_made_and_a_clock_that_was_never_set() -> None:
    given = settings('[store]\nurl = "sqlite:///proc/nowhere/store.db"\n')
    found = _checks(given, 1_000)
    assert found["sources"].state is State.BAD
    assert found["clock"].state is State.BAD
    assert found["settings"].state is State.DOUBTFUL
    assert found["store"].state in (State.BAD, State.GOOD), "root may write anywhere"


def test_a_store_of_another_program(tmp_path: Path) -> None:
    (tmp_path / "store.db").write_text("a letter to my mother, which is no database at all" * 99)
    found = _checks(settings(f'[store]\nurl = "sqlite:///{tmp_path}/store.db"\n'))
    assert found["store"].state is State.BAD
    assert "not a database" in found["store"].found
