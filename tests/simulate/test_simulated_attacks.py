"""The attacks: their truth is in the files, and the detections that the table expects ask the right questions."""

from __future__ import annotations

import gzip
import json
from collections import Counter, defaultdict

import pytest

from vedette.detections.loader import load_builtin
from vedette.simulate import generate, scenarios
from vedette.simulate.expected import EXPECTED, Step, expected

ROW = ["scenario", "step", "eventID", "eventName", "eventTime", "account", "region", "actor", "actor_arn", "address",
       "sourceIPAddress", "expected", "object_key"]  # fmt: skip
STEPS = {
    "quiet-day": set(),
    "brute-force": {Step.UNKNOWN_USER, Step.WRONG_PASSWORD, Step.SIGN_IN, Step.LOOK_AROUND},
    "secrets-theft": {Step.ASK_WHO, Step.REFUSED, Step.LIST_SECRETS, Step.SECRET_REFUSED, Step.READ_SECRET,
                      Step.READ_SECRETS, Step.SECRET_DECRYPTED, Step.KEY_DELETED},
    "root-use": {Step.ROOT_WRONG_PASSWORD, Step.ROOT_SIGN_IN, Step.ROOT_CALL, Step.ROOT_KEY},
    "security-group-opened": {Step.GROUP_CREATED, Step.GROUP_OPENED, Step.GROUP_OPENED_FLAT, Step.GROUP_OPENED_IPV6,
                              Step.GROUP_RULE_MODIFIED, Step.GROUP_DELETED},
    "trail-stopped": {Step.LOOK_AROUND, Step.GUARDDUTY_DISABLED, Step.GUARDDUTY_DELETED, Step.CONFIG_STOPPED,
                      Step.TRAIL_BLINDED, Step.TRAIL_STOPPED, Step.TRAIL_DELETED},
    "key-exfiltration": {Step.USER_CREATED, Step.ADMIN_GRANTED, Step.PASSWORD_GIVEN, Step.KEY_FOR_OTHER, Step.ASK_WHO,
                         Step.SNAPSHOT_TAKEN, Step.SNAPSHOT_SHARED, Step.BUCKET_OPENED, Step.DATA_COPIED},
}  # fmt: skip
STEPS["full-attack"] = (
    set().union(*(steps for name, steps in STEPS.items() if name != "root-use")) - {Step.KEY_DELETED}
)  # fmt: skip


def _by_event(files):
    return {
        record["eventID"]: (file.key, record)
        for file in reversed(files)
        for record in json.loads(gzip.decompress(file.data))["Records"]
    }


def test_the_truth_is_in_the_files(told):
    """Each row of the truth names a record, and the first file that holds it."""
    name, files = told
    records = _by_event(files)
    rows = [row for file in files for row in file.truth]
    assert bool(rows) == (name != "quiet-day")
    assert len({row["eventID"] for row in rows}) == len(rows)
    for row in rows:
        assert list(row) == ROW
        key, record = records[row["eventID"]]
        assert (row["scenario"], row["object_key"]) == (name, key)
        assert (row["eventName"], row["eventTime"]) == (record["eventName"], record["eventTime"])
        assert (row["account"], row["region"]) == (record["recipientAccountId"], record["awsRegion"])
        assert row["sourceIPAddress"] == record["sourceIPAddress"]
        assert row["sourceIPAddress"] == row["address"] or record["userIdentity"]["invokedBy"]


def test_each_scenario_has_its_steps(told):
    name, files = told
    assert {row["step"] for file in files for row in file.truth} == {step.value for step in STEPS[name]}


def test_one_attacker_one_address(told):
    _, files = told
    assert len({row["address"] for file in files for row in file.truth}) <= 1


def test_every_step_is_told_and_every_expectation_is_a_steps():
    assert set().union(*STEPS.values()) == set(Step)
    assert set(EXPECTED) <= set(Step)
    assert expected(Step.SNAPSHOT_TAKEN) == ()


def test_steps_of_the_full_attack_come_in_the_order_of_a_story(attack_files):
    first = {}
    for row in sorted((row for file in attack_files for row in file.truth), key=lambda row: row["eventTime"]):
        first.setdefault(row["step"], row["eventTime"])
    story = [Step.ASK_WHO, Step.REFUSED, Step.UNKNOWN_USER, Step.WRONG_PASSWORD, Step.SIGN_IN, Step.USER_CREATED,
             Step.ADMIN_GRANTED, Step.READ_SECRET, Step.READ_SECRETS, Step.GROUP_OPENED, Step.SNAPSHOT_SHARED,
             Step.DATA_COPIED, Step.GUARDDUTY_DISABLED, Step.TRAIL_STOPPED, Step.TRAIL_DELETED]  # fmt: skip
    times = [first[step.value] for step in story]
    assert times == sorted(times)


def test_security_groups_are_opened_in_every_shape(day, read):
    """Spec 5.4: nested, flat, IPv6 and the wrapped form of ModifySecurityGroupRules."""
    asked = [
        record["requestParameters"]
        for record in read(generate("security-group-opened", day=day, records=0))
        if record["sourceIPAddress"].startswith("203.0.113.") and "SecurityGroup" in record["eventName"]
    ]
    world = [text for text in map(json.dumps, asked) if "0.0.0.0/0" in text or "::/0" in text]
    assert len(world) == 4
    assert any(each.get("cidrIp") == "0.0.0.0/0" and each["ipPermissions"] == {} for each in asked)
    assert any("ModifySecurityGroupRulesRequest" in each for each in asked)


def test_the_dormant_user_signs_in_only_in_an_attack(day, read):
    """Who comes in by guessing has not been seen all day."""
    rows = [row for file in generate("brute-force", day=day, records=0) for row in file.truth]
    victim = next(row["actor"] for row in rows if row["step"] == Step.SIGN_IN.value)
    quiet = read(generate("quiet-day", day=day, records=3_000))
    assert victim not in Counter(record["userIdentity"].get("userName") for record in quiet)


def test_expected_detections_ask_about_the_records_of_their_steps(day):
    """`expected`: "A step's detections are those that its records are the reason for": each record matches each."""
    library = {detection.id: detection for detection in load_builtin()}
    records = defaultdict(list)
    for scenario in scenarios():
        files = list(generate(scenario.name, day=day, records=0))
        found = _by_event(files)
        for row in (row for file in files for row in file.truth):
            for name in row["expected"]:
                records[name].append(json.dumps(found[row["eventID"]][1]))
    assert records.keys() <= library.keys()
    for name, messages in records.items():
        pattern = library[name].pattern
        if pattern is not None:
            assert all(map(pattern.matches, messages)), name


@pytest.mark.parametrize("step", list(Step))
def test_a_step_reads_as_words(step):
    assert step.value == step.value.lower()
    assert " " not in step.value
