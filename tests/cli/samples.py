"""Invented records, the logs that hold them, a shell to run commands in, and the comparison with golden files."""

from __future__ import annotations

import gzip
import io
import json
import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest

import golden
from vedette.cli import invoke

HERE = Path(__file__).parent
DETECTIONS = HERE / "data" / "detections"
GOLDEN = HERE / "golden"
OWN = ("-d", "own", "--no-builtin", "--jobs", "1")
ACCOUNT = "111122223333"

Record = dict[str, object]


def record(minute: int, name: str, service: str, user: str = "alice", **more: object) -> Record:
    """A record of 2026-11-21, so many minutes after ten; its id comes from what is in it."""
    made: Record = {
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "IAMUser",
            "principalId": f"AIDAEXAMPLE{user.upper()}",
            "arn": f"arn:aws:iam::{ACCOUNT}:user/{user}",
            "accountId": ACCOUNT,
            "userName": user,
        },
        "eventTime": f"2026-11-21T{10 + minute // 60:02d}:{minute % 60:02d}:30Z",
        "eventSource": f"{service}.amazonaws.com",
        "eventName": name,
        "awsRegion": "eu-west-1",
        "sourceIPAddress": "198.51.100.7",
        "userAgent": "aws-cli/2.27.2",
        "recipientAccountId": ACCOUNT,
        "eventType": "AwsApiCall",
        "eventID": f"{user}-{name}-{minute}",
    }
    return made | more


def sign_in(minute: int, outcome: str, **more: object) -> Record:
    """A console sign-in of alice from the guesser's address."""
    answer = {"responseElements": {"ConsoleLogin": outcome}, "sourceIPAddress": "203.0.113.66"}
    return record(minute, "ConsoleLogin", "signin", **answer, **more)


def the_records() -> list[Record]:
    """A quarter of an hour in which a password is guessed, and what an account does besides."""
    failures = [sign_in(minute, "Failure", eventID=f"failure-{minute}") for minute in (0, 1, 1, 2)]
    failures[2]["eventID"] = "failure-1-again"
    key = {"userName": "backup"}
    thief = {"sourceIPAddress": "203.0.113.66", "userAgent": "Boto3/1.38.4"}
    return [
        *failures,
        sign_in(3, "Success"),
        record(5, "CreateAccessKey", "iam", requestParameters=key, **thief),
        record(6, "CreateAccessKey", "iam", "bob", requestParameters={"userName": "bob"}, errorCode="AccessDenied"),
        record(7, "DeleteDetector", "guardduty", requestParameters={"detectorId": "d-12"}, **thief),
        record(8, "GetSecretValue", "secretsmanager", requestParameters={"secretId": "billing/api-key"}, **thief),
        record(40, "GetSecretValue", "secretsmanager", "ci", requestParameters={"secretId": "build/token"}),
        *(record(minute, "ListBuckets", "s3", "bob") for minute in (2, 30, 31)),
        *(record(minute, "DescribeInstances", "ec2", "ci") for minute in range(10)),
    ]


def write_logs(folder: Path, records: Iterable[Record] | None = None) -> None:
    """The records in S3's layout, four to a file, one of them delivered twice."""
    found = list(the_records() if records is None else records)
    day = folder / "AWSLogs" / ACCOUNT / "CloudTrail" / "eu-west-1" / "2026" / "11" / "21"
    day.mkdir(parents=True)
    for number, start in enumerate(range(0, len(found), 4)):
        part = found[start : start + 4] + found[:1] * (number == 1)
        name = f"{ACCOUNT}_CloudTrail_eu-west-1_20261121T1{number}05Z_{number:016d}.json.gz"
        (day / name).write_bytes(gzip.compress(json.dumps({"Records": part}).encode(), mtime=0))


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@dataclass
class Answer:
    """What a command said."""

    code: int
    out: str
    err: str


class Shell:
    """Runs `vedette` in this process; `transcript` is what a golden file holds."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *arguments: str) -> Answer:
        self._capsys.readouterr()
        code = invoke(arguments)
        out, err = self._capsys.readouterr()
        return Answer(code, out, err)

    def transcript(self, *arguments: str) -> str:
        """The command, what it wrote, and its exit code; what differs from run to run is masked."""
        answer = self(*arguments)
        err = f"--- stderr\n{mask(answer.err)}" if answer.err else ""
        return f"$ vedette {shlex.join(arguments)}\n{mask(answer.out)}{err}--- exit {answer.code}\n"


def mask(text: str) -> str:
    """The text without durations and rates."""
    text = re.sub(r"in \d+\.\d s( \([\d,]+ records/s\))?", "in … s", text)
    return text.replace(str(DETECTIONS), "own")


def check_golden(name: str, text: str, folder: Path = GOLDEN) -> None:
    """Compare with golden/NAME of the folder, or write it."""
    golden.check_golden(folder / name, text)
