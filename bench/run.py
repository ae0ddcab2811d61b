"""Compare the engine with its floor and its peers, on one corpus, in one run.

Each measurement is a process of its own, from cold; rounds alternate between the contestants, so that a machine that
slows down slows all of them; medians are told as ratios to the floor: gunzip and a typed decode of the fields that
the detections read. Slow peers get a slice of the files; their cost is told per record.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import contestants
import corpus

HERE = Path(__file__).parent
FAST = ("gunzip", "floor", "engine", "two processes")
SLOW = ("json.loads + closures", "DuckDB read_json", "jq")
SLICE_RECORDS = {"json.loads + closures": 20_000, "DuckDB read_json": 20_000, "jq": 4_000}

Cost = dict[str, float]


def measure(contestant: str, files: list[Path], detections: str) -> Cost:
    """One run in a process of its own."""
    job = json.dumps({"contestant": contestant, "files": list(map(str, files)), "detections": detections})
    run = subprocess.run(
        [sys.executable, str(HERE / "contestants.py")], check=True, stdout=subprocess.PIPE, cwd=HERE, input=job.encode()
    )
    return json.loads(run.stdout)


def median(costs: list[Cost]) -> Cost:
    """The median of each figure."""
    return {name: statistics.median(cost[name] for cost in costs) for name in costs[0]}


def rounds(names: list[str], files: dict[str, list[Path]], detections: str, repeat: int) -> dict[str, Cost]:
    """Medians of `repeat` rounds, each contestant once a round."""
    costs: dict[str, list[Cost]] = {name: [] for name in names}
    for number in range(repeat):
        for name in names:
            print(f"\r{detections} detections, round {number + 1} of {repeat}: {name:24}", end="", file=sys.stderr)
            costs[name].append(measure(name, files[name], detections))
    print("\r" + " " * 72 + "\r", end="", file=sys.stderr)
    return {name: median(found) for name, found in costs.items()}


def make_account(folder: Path, records: int) -> list[Path]:
    """The log files of a simulated account, with an attack in them."""
    command = [sys.executable, "-m", "vedette", "simulate", "--scenario", "secrets-theft", "--day", "2026-03-02"]
    subprocess.run([*command, "--records", str(records), "--out", str(folder)], check=True, capture_output=True)
    return sorted(folder.rglob("*.json.gz"))


def slice_of(files: list[Path], records: int, wanted: int) -> list[Path]:
    """About `wanted` records' worth of files, at least one."""
    return files[: max(1, round(len(files) * min(1.0, wanted / records)))]


def table(title: str, found: dict[str, Cost], records: int) -> str:
    """The costs as text, a line for each contestant."""
    base = _per_record(found["floor"], records, "cpu")
    lines = [title, f"{'':24}{'ns/record':>10}{'× floor':>9}{'clock':>9}{'records/s':>11}{'MB':>6}{'matches':>9}"]
    for name, cost in found.items():
        count = cost["records"] if cost["records"] > 0 else records
        own, clock = (_per_record(cost, int(count), kind) for kind in ("cpu", "clock"))
        matches = f"{cost['matches']:9,.0f}" if cost["matches"] >= 0 else f"{'':9}"
        lines.append(
            f"{name:24}{own:10,.0f}{own / base:9.2f}{clock:9,.0f}{1e9 / clock:11,.0f}{cost['memory']:6.0f}{matches}"
        )
    return "\n".join(lines)


def _per_record(cost: Cost, records: int, kind: str) -> float:
    return cost[kind] / records * 1e9


def check_agreement(files: list[Path], detections: str, names: list[str]) -> None:
    """Every contestant must find the same matches in the same files; the engine, which drops duplicates, first."""
    few = files[:1]
    answers = {name: measure(name, few, detections)["matches"] for name in ("engine", *names)}
    if len(set(answers.values())) > 1:
        print(f"warning: the contestants disagree about {few[0].name}: {answers}", file=sys.stderr)


def compare(files: list[Path], detections: str, arguments: argparse.Namespace) -> dict[str, Cost]:
    """All contestants with the same detections."""
    records = int(measure("floor", files, detections)["records"])
    peers = [name for name in SLOW if contestants.is_there(name) and detections not in ("builtin", "1000")]
    if not arguments.quick or peers:
        check_agreement(files, detections, peers)
    shares = {name: slice_of(files, records, SLICE_RECORDS[name]) for name in peers}
    found = rounds([*FAST, *peers], {**dict.fromkeys(FAST, files), **shares}, detections, arguments.repeat)
    print(table(f"{detections} detections, {records:,} records", found, records), end="\n\n")
    return found


def hardship(folder: Path, records: int, repeat: int) -> dict[str, Cost]:
    """Records and detections made to defeat the fast path, against as many plain ones."""
    found: dict[str, Cost] = {}
    hard = corpus.write_adversarial(folder / "adversarial", records)
    tame = corpus.write_corpus(folder / "tame", records)
    cases = {
        "plain records, 100 detections": (tame, "100"),
        "novel keys and odd shapes": (hard, "100"),
        "400 detections no key decides": (tame, "400k"),
        "both": (hard, "400k"),
    }
    plain = 0.0
    print(f"made to be slow, {records:,} records")
    for name, (files, detections) in cases.items():
        cost = found[name] = median([measure("engine", files, detections) for _ in range(repeat)])
        own = _per_record(cost, int(cost["records"]), "cpu")
        plain = plain or own
        print(f"{name:32}{own:10,.0f} ns/record{own / plain:8.2f} ×{cost['memory']:8.0f} MB")
    return found


def main() -> None:
    """Parse the arguments, make the corpus, run the rounds, print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=300_000, help="size of the account that is simulated")
    parser.add_argument("--corpus", type=Path, help="measure these .json.gz log files instead of making some")
    parser.add_argument("--detections", nargs="+", default=["20", "builtin", "100", "1000"])
    parser.add_argument("--repeat", type=int, default=5, help="rounds")
    parser.add_argument("--quick", action="store_true", help="a few thousand records, one round: does it still run?")
    parser.add_argument("--json", type=Path, help="write the figures there too")
    arguments = parser.parse_args()
    if arguments.quick:
        arguments.records, arguments.repeat, arguments.detections = 3_000, 1, ["20"]
    with tempfile.TemporaryDirectory(prefix="vedette-bench-") as name:
        folder = Path(name)
        if arguments.corpus is None:
            files = make_account(folder / "account", arguments.records)
        else:
            files = sorted(arguments.corpus.rglob("*.json.gz"))
        figures = {each: compare(files, each, arguments) for each in arguments.detections}
        figures["hardship"] = hardship(folder, max(500, arguments.records // 10), arguments.repeat)
    if arguments.json is not None:
        arguments.json.write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
