"""What a deployment costs: the model's figures to the cent, each line by hand, and the counting of templates."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cli.samples import Shell, check_golden
from vedette.deploy.cost import Estimate, Parts, Usage, compared, estimate, estimate_parts, parts_of
from vedette.deploy.deployment import Deployment, Stack
from vedette.deploy.prices import load_prices
from vedette.deploy.wanted import Wanted
from vedette.detections.loader import load_builtin

PRICES = load_prices()
MODEL = Usage(events=30e6, matches=876, secrets=4, mails=1)
"""The volume that the model of five designs was made for: 30 million records, a match in 2 of 100 metric hours."""
METRICS = Parts(alarms=60, composites=5, metrics=60, keys=1, functions=1, log_group=True, trail=True)
EVENTS = Parts(event_rules=60, keys=1, trail=True)


def cost(parts: Parts, usage: Usage = MODEL) -> Estimate:
    return estimate_parts(parts, usage, PRICES)


def amounts(found: Estimate) -> dict[str, float]:
    return {line.what: round(line.amount, 4) for line in found.lines}


@pytest.mark.parametrize(
    ("parts", "usage", "expected"),
    [
        (METRICS, MODEL, 32.57),
        (replace(METRICS, defaults=60), MODEL, 50.21),
        (EVENTS, replace(MODEL, secrets=1, mails=0), 2.78),
    ],
    ids=["metric filter and alarm each", "with a default value 0", "EventBridge rules"],
)
def test_the_designs_of_the_model_cost_what_it_says(parts: Parts, usage: Usage, expected: float) -> None:
    """60 detections, 30 million records a month, list prices of us-east-1."""
    assert round(cost(parts, usage).total, 2) == expected


def test_each_line_by_hand() -> None:
    assert amounts(cost(METRICS)) == {
        "alarms": 6.0,
        "composite alarms": 2.5,
        "metrics": 0.36,
        "log ingestion": 19.5,
        "log storage": 0.1755,
        "trail files written": 1.273,
        "trail storage": 0.1032,
        "keys": 1.0,
        "secrets": 1.6,
        "storyteller": 0.0411,
        "mail": 0.018,
    }


def test_a_metric_costs_by_the_hours_in_which_it_has_data_and_never_more_than_a_month() -> None:
    quiet = cost(Parts(metrics=10), Usage(0, 1))
    assert amounts(quiet)["metrics"] == pytest.approx(0.3 / 730, abs=1e-4)
    assert amounts(cost(Parts(metrics=10), Usage(0, 1e9)))["metrics"] == 3.0


def test_three_dashboards_are_free() -> None:
    assert "dashboards beyond 3" not in amounts(cost(Parts(dashboards=3)))
    assert amounts(cost(Parts(dashboards=5)))["dashboards beyond 3"] == 6.0


def test_what_is_kept_costs_more_every_month() -> None:
    month, year = cost(METRICS), cost(METRICS, replace(MODEL, retention_days=360))
    assert month.later == pytest.approx(month.total)
    assert year.total == pytest.approx(month.total)
    assert year.later - year.total == pytest.approx(11 * (0.1755 + 0.103155))


def test_a_processor_of_the_other_kind_has_its_own_price() -> None:
    assert amounts(cost(replace(METRICS, architecture="x86_64")))["storyteller"] == pytest.approx(0.0513, abs=1e-4)


def test_text_messages_are_counted_by_number() -> None:
    assert amounts(cost(METRICS, replace(MODEL, texts=2)))["text messages"] == pytest.approx(14.559, abs=1e-3)


def test_the_table_is_dated_and_says_whence_it_comes() -> None:
    assert dt.date(2026, 11, 1) <= PRICES.date
    assert PRICES.region == "us-east-1"
    assert all(source.startswith("https://aws.amazon.com/") for source in PRICES.sources)
    assert all(price > 0 for price in PRICES.units.values())


# Counting


def deployment(**resources: Any) -> Deployment:
    stack = Stack("v-base", "", {"Resources": resources}, {}, (), ())
    return Deployment((stack,), (), (), {})


def _filter(default: float | None) -> dict[str, Any]:
    transformation: dict[str, Any] = {"MetricName": "m"}
    if default is not None:
        transformation["DefaultValue"] = default
    return {"Type": "AWS::Logs::MetricFilter", "Properties": {"MetricTransformations": [transformation]}}


def test_the_resources_of_the_templates_are_counted() -> None:
    found = parts_of(
        deployment(
            Trail={"Type": "AWS::CloudTrail::Trail", "Properties": {"IsLogging": True}},
            Group={"Type": "AWS::Logs::LogGroup"},
            Key={"Type": "AWS::KMS::Key"},
            A={"Type": "AWS::CloudWatch::Alarm"},
            B={"Type": "AWS::CloudWatch::Alarm"},
            C={"Type": "AWS::CloudWatch::CompositeAlarm"},
            D={"Type": "AWS::CloudWatch::Dashboard"},
            E={"Type": "AWS::Events::Rule"},
            F={"Type": "AWS::Lambda::Function", "Properties": {"Architectures": ["x86_64"]}},
            M=_filter(None),
            N=_filter(0.0),
        )
    )
    assert found == Parts(
        alarms=2, composites=1, metrics=2, defaults=1, dashboards=1, keys=1, functions=1, architecture="x86_64",
        event_rules=1, log_group=True, trail=True,
    )  # fmt: skip


def test_a_trail_that_is_only_used_is_paid_for_already() -> None:
    found = estimate(deployment(A={"Type": "AWS::CloudWatch::Alarm"}, M=_filter(None)), MODEL)
    assert "log ingestion" not in amounts(found)
    assert "trail storage" not in amounts(found)


def test_every_option_is_told_with_what_it_changes() -> None:
    def build(wanted: Wanted) -> Deployment:
        parts: dict[str, Any] = {"A": {"Type": "AWS::CloudWatch::Alarm"}, "M": _filter(None)}
        parts["T"] = {"Type": "AWS::CloudTrail::Trail"}
        if wanted.composites:
            parts["C"] = {"Type": "AWS::CloudWatch::CompositeAlarm"}
        if wanted.key:
            parts["K"] = {"Type": "AWS::KMS::Key"}
        return deployment(**parts)

    wanted = Wanted(account="111122223333", region="us-east-1", detections=load_builtin()[:1], key=False)
    found = {one.what: one for one in compared(wanted, MODEL, build).alternatives}
    assert found["without an alarm over each severity"].option == "--no-composites"
    assert found["without an alarm over each severity"].difference == pytest.approx(-0.5)
    assert found["with a key of your own"].option == "--key"
    assert found["with a key of your own"].difference == pytest.approx(1.0)
    assert found["with a default of 0 on every metric"].difference == pytest.approx(0.3 - 0.3)
    assert found["as a second trail of the account"].difference == pytest.approx(600.0)
    assert "without default values" not in found


# The command

GOLDEN = Path(__file__).parent / "golden"
OPTIONS = ("--only", "root-login", "--only", "trail-stopped", "--email", "ops@example.com")


def test_the_table_fits_into_eighty_columns(shell: Shell) -> None:
    run = shell("deploy", "cost", *OPTIONS, "--slack", "secret://aws/vedette/slack#url", "--records", "30M")
    assert run.code == 0, run.err
    assert all(len(line) <= 80 for line in run.out.splitlines())
    check_golden("cost.txt", run.out, GOLDEN)
    assert "an estimate, no bill" in run.err


def test_machines_get_the_same_figures(shell: Shell) -> None:
    run = shell("deploy", "cost", *OPTIONS, "--records", "250k", "--matches", "10", "-o", "json")
    document = json.loads(run.out)
    assert (document["events"], document["matches"]) == (250_000, 10)
    assert document["total"] == pytest.approx(sum(line["amount"] for line in document["lines"]), abs=0.01)
    assert {one["option"] for one in document["alternatives"]} >= {"--no-key", "--no-storyteller", "--no-composites"}
    assert document["prices"]["region"] == "us-east-1"


@pytest.mark.parametrize("given", ["many", "-3", "3x"])
def test_what_is_no_number_is_refused(shell: Shell, given: str) -> None:
    run = shell("deploy", "cost", *OPTIONS, f"--records={given}")
    assert run.code == 2
    assert "30M" in run.err
