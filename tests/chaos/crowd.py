"""Log files whose content is known: what must be counted of them, by detection, group and minute, each act once.

Some records come in two files, as CloudTrail's at-least-once delivery does; files are of every size, some gzipped.
"""

from __future__ import annotations

import gzip
import json
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from vedette.cloudtrail.moment import print_time

DETECTIONS = """\
id: key-made
title: An access key was made
severity: high
category: test
description: A key was made.
why: It outlives its maker.
respond: [Look at it.]
pattern: '{ $.eventName = "CreateAccessKey" }'
group_by: [actor]
tests: []
---
id: many-reads
title: Many secrets were read
severity: medium
category: test
description: Secrets were read.
why: They are secrets.
respond: [Look at them.]
pattern: '{ $.eventName = "GetSecretValue" }'
alarm: {threshold: 3}
group_by: [$.sourceIPAddress]
tests: []
"""

Counted = Counter[tuple[str, tuple[str, ...], int]]


@dataclass(slots=True)
class Crowd:
    """`files` log files of about `records` records, all within `hours` before `end` (epoch seconds)."""

    seed: int
    files: int
    end: int
    records: int = 8
    hours: int = 6
    expected: Counted = field(default_factory=Counter)
    """Matches by detection, group and minute: what must be in the store at the end."""

    def contents(self) -> Iterator[tuple[str, bytes]]:
        """(name, bytes) of each file, in the order in which they appear; `expected` is whole at the end."""
        chance = random.Random(self.seed)
        earlier: list[dict[str, object]] = []
        for number in range(self.files):
            records = [self._record(chance, number, place) for place in range(chance.randint(1, 2 * self.records))]
            if earlier and chance.random() < 0.2:
                records.append(chance.choice(earlier))
            earlier = [*earlier, *records][-50:]
            data = json.dumps({"Records": records}).encode()
            if chance.random() < 0.5:
                yield f"{number:06}.json.gz", gzip.compress(data, 1)
            else:
                yield f"{number:06}.json", data

    def _record(self, chance: random.Random, number: int, place: int) -> dict[str, object]:
        name = chance.choice(["DescribeInstances"] * 12 + ["GetSecretValue"] * 2 + ["CreateAccessKey"])
        time = self.end - chance.randrange(self.hours * 3_600)
        user, address = f"user{chance.randrange(12)}", f"198.51.100.{chance.randrange(40)}"
        minute = time - time % 60
        if name == "CreateAccessKey":
            self.expected[("key-made", (f"user:111122223333:{user}",), minute)] += 1
        elif name == "GetSecretValue":
            self.expected[("many-reads", (address,), minute)] += 1
        return {
            "eventVersion": "1.11",
            "userIdentity": {
                "type": "IAMUser",
                "principalId": f"AIDA{user.upper()}",
                "arn": f"arn:aws:iam::111122223333:user/{user}",
                "accountId": "111122223333",
                "userName": user,
            },
            "eventTime": print_time(time),
            "eventSource": "iam.amazonaws.com",
            "eventName": name,
            "awsRegion": "us-east-1",
            "sourceIPAddress": address,
            "userAgent": "aws-cli/2.15.0",
            "eventID": f"{self.seed:08x}-{number:06x}-{place:04x}",
            "eventType": "AwsApiCall",
            "recipientAccountId": "111122223333",
        }


def put(folder: Path, name: str, data: bytes) -> None:
    """Let a file appear, whole at once."""
    part = folder / f".{name}"
    part.write_bytes(data)
    part.replace(folder / name)


def write_detections(folder: Path) -> Path:
    """The two detections, a file each."""
    folder.mkdir()
    for number, text in enumerate(DETECTIONS.split("---\n")):
        (folder / f"{number}.yaml").write_text(text)
    return folder
