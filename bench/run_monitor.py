"""Measure the live monitor: how soon a file is a message, how many records it keeps up with, what a minute costs.

    python bench/run_monitor.py             # what `make bench-run` runs
    python bench/run_monitor.py --quick     # does it still run?

latency      a real `vedette run` over a folder and a mail folder (interval 1 s, no wait for others of an incident):
             from a file's appearance to the message in the mail folder, one file at a time
throughput   `vedette run --once` into SQLite, over the files of a simulated account, all there: with 100 made-up
             detections, each with an alarm, and with the built-in ones
noisy        the same with the built-in detections over records of which one in eleven matches, each of another actor
memory       the most memory over ever more of the files of the simulated account, with the built-in detections
tick         10,000 groups whose alerts stand, all due at once: CPU seconds of one tick in which nothing is to be told,
             and of one in which all of them close, and are told
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from corpus import write_corpus
from run import make_account

import patterns
from vedette.alerts.policy import Policy, Route
from vedette.app.reading import tune_collector
from vedette.cloudtrail.body import Body, Kind
from vedette.cloudtrail.moment import print_time
from vedette.detections.loader import load_builtin
from vedette.engine.engine import Engine
from vedette.monitor.intake import ingest
from vedette.monitor.ticking import tick
from vedette.monitor.watching import Monitor
from vedette.stores.sqlite import SqliteStore

DAY = 86_400

SHARES = (100, 10, 3, 1)
"""Of the same account's files, alike in size: what memory does as records become more."""

SETTINGS = """\
[store]
url = "sqlite:///{home}/store.db"
[[source]]
kind = "folder"
path = "{home}/logs"
[[channel]]
kind = "maildir"
name = "mail"
path = "{home}/mail"
rate = "100000/1s"
[policy]
group_wait = "0s"
[monitor]
interval = "1s"
health_port = 0
"""


DETECTION = """\
id: made-{number}
title: Made up for measuring
severity: low
category: measured
description: Made up for measuring.
why: Made up for measuring.
pattern: >-
  {pattern}
"""


def root_login(number: int, now: int) -> bytes:
    """A log file with a sign-in that is told at once; each is of another account, so that each is an alert."""
    account = f"{100_000_000_000 + number}"
    return json.dumps(
        {
            "Records": [
                {
                    "eventVersion": "1.11",
                    "userIdentity": {"type": "Root", "accountId": account, "arn": f"arn:aws:iam::{account}:root"},
                    "eventTime": print_time(now),
                    "eventSource": "signin.amazonaws.com",
                    "eventName": "ConsoleLogin",
                    "awsRegion": "us-east-1",
                    "sourceIPAddress": "198.51.100.7",
                    "responseElements": {"ConsoleLogin": "Success"},
                    "eventID": f"bench-{number}",
                    "eventType": "AwsConsoleSignIn",
                    "recipientAccountId": account,
                }
            ]
        }
    ).encode()


def latency(home: Path, files: int) -> dict[str, float]:
    """Seconds from a file to its message: median, p99, most."""
    (home / "logs").mkdir(parents=True)
    (home / "vedette.toml").write_text(SETTINGS.format(home=home))
    command = [sys.executable, "-m", "vedette", "run", "--settings", str(home / "vedette.toml")]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        try:
            found = [_one(home, number) for number in range(files + 1)][1:]  # the first waits for the start, too
        finally:
            process.terminate()
            process.wait(40)
    return {"median": statistics.median(found), "p99": sorted(found)[int(0.99 * (len(found) - 1))], "most": max(found)}


def _one(home: Path, number: int) -> float:
    mails = home / "mail" / "new"
    before = len(list(mails.iterdir())) if mails.exists() else 0
    part = home / "logs" / f".{number}"
    part.write_bytes(root_login(number, int(time.time())))
    started = time.perf_counter()
    part.replace(home / "logs" / f"{number}.json")
    while not mails.exists() or len(list(mails.iterdir())) <= before:
        time.sleep(0.01)
        assert time.perf_counter() - started < 60, "no message came"
    return time.perf_counter() - started


def throughput(home: Path, logs: Path, detections: str) -> dict[str, float]:
    """Records a second of wall time and of CPU, and the most memory, of one process."""
    settings = f'[store]\nurl = "sqlite:///{home}/store.db"\n[monitor]\nhealth_port = 0\n'
    settings += f'[[channel]]\nkind = "maildir"\nname = "mail"\npath = "{home}/mail"\n'
    if detections != "builtin":
        (home / "detections").mkdir()
        for number, text in enumerate(patterns.make(int(detections))):
            (home / "detections" / f"made-{number}.yaml").write_text(DETECTION.format(number=number, pattern=text))
        settings += f'[detections]\nbuiltin = false\npaths = ["{home}/detections"]\n'
    (home / "vedette.toml").write_text(settings)
    environment = {**os.environ, "XDG_STATE_HOME": str(home), "XDG_DATA_HOME": str(home), "XDG_CONFIG_HOME": str(home)}
    command = [sys.executable, "-m", "vedette", "run", str(logs), "--once", "--settings", str(home / "vedette.toml")]
    started = time.perf_counter()
    with (home / "log").open("w") as log, subprocess.Popen(command, env=environment, stdout=log, stderr=log) as process:
        _, status, used = os.wait4(process.pid, 0)  # of this process alone, not of all that there were
        process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - started
    assert process.returncode == 0, (home / "log").read_text()[-2000:]
    cpu = used.ru_utime + used.ru_stime
    with closing(sqlite3.connect(home / "store.db")) as store:
        files, records = store.execute("SELECT count(*), sum(records) FROM objects").fetchone()
        (matches,) = store.execute("SELECT count(*) FROM matches").fetchone()
    return {
        "files": files,
        "records": records,
        "matches": matches,
        "seconds": seconds,
        "records_a_second": records / seconds,
        "records_a_cpu_second": records / cpu,
        "most_memory_mb": used.ru_maxrss / 1024,
    }


def reading(home: Path, records: int) -> dict[str, dict[str, float]]:
    """`throughput` of each kind of account and set of detections."""
    account, noisy = home / "account", home / "noisy"
    make_account(account, records)
    write_corpus(noisy, records)
    found = {}
    for name, logs, detections in (
        ("throughput, 100 detections", account, "100"),
        ("throughput, built-in detections", account, "builtin"),
        ("noisy, built-in detections", noisy, "builtin"),
    ):
        place = home / str(len(found))
        place.mkdir()
        found[name] = throughput(place, logs, detections)
        show(name, found[name])
    for share in SHARES:
        name = f"memory, every {share}th file" if share > 1 else "memory, every file"
        place = home / str(len(found))
        (place / "logs").mkdir(parents=True)
        for number, path in enumerate(sorted(account.rglob("*.gz"))):
            if number % share == 0:
                (place / "logs" / path.name).symlink_to(path)
        found[name] = throughput(place, place / "logs", "builtin")
        show(name, found[name])
    return found


def ticking(home: Path, groups: int) -> dict[str, float]:
    """CPU seconds of taking in one match of each group, and of one tick in which all of them are due."""
    detection = next(one for one in load_builtin(tests=False) if one.id == "root-login")
    now = 1_795_262_400
    monitor = Monitor((detection,), Policy((Route(("mail",)),), repeat_after=0, group_wait=0))
    engine = Engine(monitor.detections, dt.date(2026, 11, 21))
    store = SqliteStore(home / "store.db")
    records = [json.loads(root_login(number, now))["Records"][0] for number in range(groups)]
    result = engine.process(Body(Kind.LOG_FILE, json.dumps({"Records": records}).encode(), "bench"))
    assert len(result.matches) == groups

    def take() -> None:
        with store.transaction() as tx:
            ingest(tx, monitor, "bench", "bench", [replace(result)], now, bodies=1, done=True)

    def make_due() -> None:
        with store.transaction() as tx:
            tx.set_dues({(detection.id, match.group): now + 60 for match in result.matches})

    def standing_time() -> None:
        with store.transaction() as tx:
            ticked = tick(tx, monitor, now + 60)
        assert (ticked.groups, ticked.closed, ticked.told) == (min(groups, 10_000), 0, 0), ticked

    def closing_time() -> None:
        with store.transaction() as tx:
            looked_at = tick(tx, monitor, now + DAY).groups
        assert looked_at == min(groups, 10_000), looked_at

    tune_collector()  # as the monitor does
    found = {"groups": groups, "ingest_cpu_seconds": _cpu(take)}
    make_due()
    found |= {"tick_standing_cpu_seconds": _cpu(standing_time), "tick_closing_cpu_seconds": _cpu(closing_time)}
    store.close()
    return found


def _cpu(work: Callable[[], None]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def show(name: str, figures: Mapping[str, float]) -> None:
    """A line a figure."""
    print(name)
    for key, value in figures.items():
        print(f"  {key.replace('_', ' '):<24}{value:>14,.3f}".rstrip("0").rstrip("."))


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=300_000)
    parser.add_argument("--files", type=int, default=100)
    parser.add_argument("--groups", type=int, default=10_000)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", type=Path, help="write the figures there too")
    arguments = parser.parse_args()
    if arguments.quick:
        arguments.records, arguments.files, arguments.groups = 3_000, 3, 100
    with tempfile.TemporaryDirectory(prefix="vedette-bench-") as name:
        home = Path(name)
        (home / "reading").mkdir()
        figures = reading(home / "reading", arguments.records)
        for part, measure, amount in (
            ("latency", latency, arguments.files),
            ("tick", ticking, arguments.groups),
        ):
            (home / part).mkdir()
            figures[part] = measure(home / part, amount)
            show(part, figures[part])
    if arguments.json is not None:
        arguments.json.write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
