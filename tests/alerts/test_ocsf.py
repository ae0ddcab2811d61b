"""Findings against the JSON schema that OCSF's own definitions give, and against the captions of its enumerations."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings
from jsonschema import Draft202012Validator
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema

from alerts.making import ALICE, NOBODY, NOON, actor, alert, detection, sighting
from vedette.alerts.alert import Alert
from vedette.alerts.evidence import Evidence
from vedette.alerts.ocsf import OCSF_VERSION, finding
from vedette.cloudtrail.identity import Actor, ActorKind
from vedette.detections.definition import Severity

FULL = detection(
    category="secrets",
    severity=Severity.CRITICAL,
    respond=("Call.", "Rotate."),
    references=("https://example.com/a",),
    attack=("T1078", "T1078.004"),
)
ROOT = Actor(ActorKind.ROOT, "root", "111122223333/root")
SERVICE = Actor(ActorKind.SERVICE, "cloudformation", "service/cloudformation", invoked_by="cloudformation")
NOTHING = {"event_id": "", "address": "", "region": "", "account": "", "event_source": "", "event_name": ""}

ALERTS: dict[str, Alert] = {
    "ordinary": alert(),
    "everything": alert(
        sighting(resources=("arn:aws:s3:::bucket", "other"), error="AccessDenied"),
        sighting(5, 1, actor=ROOT, address="2001:db8::1"),
        of=FULL,
    ),
    "no account, region, address, name, id": alert(sighting(actor=NOBODY, user_agent="", **NOTHING)),
    "a service": alert(sighting(actor=SERVICE, address="cloudformation.amazonaws.com")),
    "AWS Internal": alert(sighting(address="AWS Internal")),
    "an address that is none": alert(sighting(address="somewhere")),
    "a runbook without references": alert(of=detection(respond=("Call.",))),
    "references without a runbook": alert(of=detection(references=("https://example.com/a",))),
    "many of everything": alert(
        *(sighting(n, n, actor=actor(f"u{n}"), address=f"192.0.2.{n}", resources=(f"r{n}",)) for n in range(40))
    ),
    "no sightings": Alert(detection(), (), alert().opened, None, Evidence.untold_records(4, NOON, NOON + 60)),
    "hostile": alert(sighting(actor=actor("\x00\n\u202e"), address="\ud800", event_name="x" * 512)),
}


@cache
def validator() -> Draft202012Validator:
    definitions = OcsfJsonSchemaEmbedded(get_ocsf_schema(version=OCSF_VERSION))
    schema = definitions.get_class_schema(class_name="detection_finding", profiles=["cloud"])
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def faults(told: dict[str, object]) -> list[str]:
    return [f"{error.json_path}: {error.message}" for error in validator().iter_errors(told)]


def test_the_schema_refuses_what_is_wrong() -> None:
    """A schema that accepts anything would prove nothing."""
    told = finding(alert())
    assert faults({**told, "severity_id": 42})
    assert faults({**told, "invented": 1})
    assert faults({key: value for key, value in told.items() if key != "finding_info"})


@pytest.mark.parametrize("case", ALERTS)
def test_every_finding_is_valid(case: str) -> None:
    told = ALERTS[case]
    assert faults(finding(told)) == []
    assert faults(finding(told, dict.fromkeys(told.evidence.sightings, '{"eventID":"1"}'))) == []


texts = st.one_of(st.sampled_from(["", "198.51.100.7", "::1", "AWS Internal", "s3.amazonaws.com"]), st.text(max_size=9))
sightings = st.builds(
    sighting,
    st.integers(0, 99),
    st.integers(0, 99),
    actor=st.builds(Actor, st.sampled_from(ActorKind), texts, texts, arn=st.none() | texts),
    address=texts,
    region=texts,
    account=texts,
    event_id=texts,
    event_source=texts,
    event_name=texts,
    error=texts,
    resources=st.lists(texts, max_size=3).map(tuple),
)


@settings(deadline=None, max_examples=60)
@given(seen=st.lists(sightings, min_size=1, max_size=8), severity=st.sampled_from(Severity))
def test_a_finding_is_valid_whatever_the_records_hold(seen: list, severity: Severity) -> None:
    """Every finding conforms to OCSF 1.5.0, class Detection Finding, profile cloud."""
    assert faults(finding(alert(*seen, of=detection(severity=severity)))) == []


def objects(schema: dict, value: object, definitions: dict) -> Iterator[tuple[dict, dict]]:
    """Every object within a finding with its schema."""
    if "$ref" in schema:
        schema = definitions[schema["$ref"].rpartition("/")[2]]
    if isinstance(value, list):
        for item in value:
            yield from objects(schema.get("items", {}), item, definitions)
    if isinstance(value, dict):
        yield schema, value
        for key, inner in value.items():
            yield from objects(schema.get("properties", {}).get(key, {}), inner, definitions)


def captions() -> dict[tuple[str, int], set[str]]:
    """(attribute, value) to the captions that OCSF gives it, in any class or object."""
    found: dict[tuple[str, int], set[str]] = {}
    source = get_ocsf_schema(version=OCSF_VERSION)
    homes = [*source["classes"].values(), *source["objects"].values()]
    for name, attribute in (pair for home in homes for pair in home["attributes"].items()):
        for value, entry in attribute.get("enum", {}).items():
            if name.endswith("_id"):
                found.setdefault((name, int(value)), set()).add(entry["caption"])
    return found


@pytest.mark.parametrize("case", ALERTS)
def test_words_beside_numbers_are_ocsfs_own(case: str) -> None:
    """The text beside `x_id` is the caption of that value."""
    known = captions()
    schema = validator().schema
    seen = 0
    for _, told in objects(schema, finding(ALERTS[case]), schema["$defs"]):
        for name in told:
            text = told.get(name.removesuffix("_id"), told.get(f"{name.removesuffix('_id')}_name"))
            if name.endswith("_id") and isinstance(text, str):
                assert text in known[name, told[name]], (name, told[name], text)
                seen += 1
    assert seen >= 4


def test_times_are_milliseconds_and_the_account_is_the_records() -> None:
    told = finding(ALERTS["everything"])
    assert (told["time"], told["start_time"], told["end_time"]) == (NOON * 1000, NOON * 1000, (NOON + 300) * 1000)
    assert told["cloud"] == {
        "provider": "AWS",
        "account": {"uid": "111122223333", "type": "AWS Account", "type_id": 10},
        "region": "us-east-1",
    }


def test_what_a_siem_joins_on() -> None:
    told = finding(ALERTS["everything"], {ALERTS["everything"].evidence.sightings[0]: "the record"})
    first, second = told["evidences"]  # type: ignore[misc]
    assert first["data"] == "the record"
    assert first["api"] == {
        "operation": "GetSecretValue",
        "service": {"name": "secretsmanager.amazonaws.com"},
        "response": {"error": "AccessDenied"},
    }
    assert first["actor"]["user"] == {
        "name": "alice", "type_id": 1, "type": "User", "uid": ALICE.arn, "credential_uid": ALICE.access_key_id,
    }  # fmt: skip
    assert (first["src_endpoint"], second["src_endpoint"]) == ({"ip": "198.51.100.7"}, {"ip": "2001:db8::1"})
    assert second["actor"]["user"]["type"] == "Admin"
    assert told["finding_info"]["attacks"] == [  # type: ignore[index]
        {"technique": {"uid": "T1078"}},
        {"technique": {"uid": "T1078"}, "sub_technique": {"uid": "T1078.004"}},
    ]
    assert told["remediation"] == {"desc": "Call.\nRotate.", "references": ["https://example.com/a"]}
    values = {(entry["type"], entry["value"]) for entry in told["observables"]}  # type: ignore[attr-defined]
    assert values == {
        ("IP Address", "198.51.100.7"), ("IP Address", "2001:db8::1"), ("User Name", "alice"), ("User Name", "root"),
        ("Resource UID", "arn:aws:s3:::bucket"), ("Resource UID", "other"),
    }  # fmt: skip


def test_the_name_of_a_service_is_no_address() -> None:
    told = finding(ALERTS["a service"])
    evidence = told["evidences"][0]  # type: ignore[index]
    assert evidence["src_endpoint"] == {"svc_name": "cloudformation.amazonaws.com"}
    assert evidence["actor"]["user"]["type"] == "System"
    assert "IP Address" not in str(told["observables"])
