"""The records themselves: fields and their order, identities, companions, sizes, addresses."""

from __future__ import annotations

import gzip
import ipaddress
import json
import re
from datetime import date
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vedette.simulate import generate, shape
from vedette.simulate.acts import ACTS, by_service, caller, perform
from vedette.simulate.catalogue import ATTACKS, CALLS, denied
from vedette.simulate.company import found
from vedette.simulate.shape import KEY_ORDER
from vedette.simulate.template import FRESH, Transport, template

MANDATORY = [
    "eventVersion", "userIdentity", "eventTime", "eventSource", "eventName", "awsRegion", "sourceIPAddress",
    "userAgent", "requestParameters", "responseElements", "eventID", "readOnly", "eventType", "managementEvent",
    "recipientAccountId", "eventCategory",
]  # fmt: skip
RANK = {name: rank for rank, name in enumerate(KEY_ORDER)}
RANGES = [ipaddress.ip_network(net) for net in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "198.18.0.0/15")]
COMPANY = found(3, ("111122223333",), 8)


def check_shape(record):
    assert [name for name in record if name in MANDATORY] == MANDATORY
    ranks = [RANK[name] for name in record]
    assert ranks == sorted(ranks)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", record["eventTime"])
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", record["eventID"])
    assert isinstance(record["readOnly"], bool)
    assert isinstance(record["managementEvent"], bool)
    assert record["managementEvent"] == (record["eventCategory"] == "Management")


def test_every_record_has_the_fields_of_a_record_in_their_order(attack_records):
    """Spec 5.1: the fields that are not optional, in the order of delivered records."""
    for record in attack_records:
        check_shape(record)


@settings(max_examples=6, deadline=None)
@given(seed=st.integers(0, 10**9), accounts=st.permutations(["111122223333", "123456789012", "210987654321"]))
def test_records_are_whole_for_any_seed(seed, accounts):
    """Every file is one line, `{"Records":[…]}`, of records in the accounts and regions that the file's name says."""
    for file in generate("full-attack", day=date(2026, 2, 28), seed=seed, accounts=accounts[:2], records=100):
        text = gzip.decompress(file.data)
        assert b"\n" not in text
        assert len(text) == file.size
        records = json.loads(text)["Records"]
        assert len(records) == file.records + file.duplicates
        for record in records:
            check_shape(record)
            assert f"AWSLogs/{record['recipientAccountId']}/CloudTrail/{record['awsRegion']}/" in file.key


@pytest.mark.parametrize("key", [*CALLS, *(f"attack:{name}" for name in ATTACKS)])
@pytest.mark.parametrize("transport", Transport)
def test_every_call_can_be_filled(key, transport):
    """Each hole of each shape is filled: by what is given, a pool, or a draw; no marker is left."""
    call = ATTACKS[key.partition(":")[2]] if key.startswith("attack:") else CALLS[key]
    place = COMPANY.places[0]
    given_values = dict.fromkeys(
        ("identity", "ip", "agent", "time", "expires", "date", "subject", "provider", "open", "taken", "outside",
         "for_user", "made_key"), "x",
    )  # fmt: skip
    values = {**place.base, **given_values, "identity": "{}", "secret_list": "[]"}
    text = template(call, transport).fill(Random(1), values, place.pools)
    check_fields = json.loads(text)
    assert check_fields["eventName"] == call.name
    assert not re.search(r"\{#?[a-z_.]+\}", text.replace("{}", ""))
    assert ("tlsDetails" in check_fields) == (transport is not Transport.FORWARDED)


def test_draws_and_pools_have_different_names():
    """`template`: a name is drawn or chosen, never both."""
    assert not FRESH.keys() & COMPANY.places[0].pools.keys()


def test_addresses_are_from_ranges_that_belong_to_nobody(attack_records):
    for record in attack_records:
        source = record["sourceIPAddress"]
        if re.fullmatch(r"[\d.]+", source):
            assert any(ipaddress.ip_address(source) in net for net in RANGES), source
        else:
            assert source == "AWS Internal" or source.endswith(".amazonaws.com")
            assert "tlsDetails" not in record


def test_only_attackers_come_from_their_range(attack_files, attack_records):
    attack = {row["eventID"] for file in attack_files for row in file.truth}
    for record in attack_records:
        if record["sourceIPAddress"].startswith("203.0.113."):
            assert record["eventID"] in attack


def test_key_ids_cannot_be_taken_for_leaked_ones(attack_records):
    for found_id in re.findall(r'"((?:AKIA|ASIA|AIDA|AROA)[A-Z0-9]+)', json.dumps(attack_records)):
        assert found_id.endswith("EXAMPLE"), found_id


def test_records_are_as_large_as_real_ones(attack_files):
    """Real records are 1.2 to 1.6 kB on average."""
    size = sum(file.size for file in attack_files) / sum(file.records + file.duplicates for file in attack_files)
    assert 1_200 < size < 1_800


def test_all_kinds_of_caller_are_there(attack_records):
    kinds = {record["userIdentity"].get("type") for record in attack_records}
    assert kinds == {"IAMUser", "AssumedRole", "AWSService", "WebIdentityUser", "IdentityCenterUser", None}
    for record in attack_records:
        if record["userIdentity"].get("type") is None:
            assert record["eventType"] == "AwsServiceEvent"


def test_a_read_secret_has_its_decrypt(attack_records):
    """Spec 7.4: the Decrypt has the caller's identity plus `invokedBy`, and names the secret by its full ARN."""
    decrypts = [
        record
        for record in attack_records
        if record["eventName"] == "Decrypt" and record["sourceIPAddress"] == "secretsmanager.amazonaws.com"
    ]
    asked = [
        (record["eventTime"], record["userIdentity"]["arn"])
        for record in attack_records
        if record["eventName"] == "GetSecretValue" and "errorCode" not in record
    ]
    assert sorted(asked) == sorted((record["eventTime"], record["userIdentity"]["arn"]) for record in decrypts)
    for record in decrypts:
        assert record["userIdentity"]["invokedBy"] == record["userAgent"] == "secretsmanager.amazonaws.com"
        assert record["requestParameters"]["encryptionContext"]["SecretARN"].startswith("arn:aws:secretsmanager:")


def test_a_batch_has_a_record_for_each_secret():
    """Spec 7.3: "Secrets Manager generates CloudTrail GetSecretValue log entries for each secret you request"."""
    who = caller(shape.root("111122223333"), "192.0.2.1", "test", name="root")
    written = list(perform(ACTS["read secrets"], who, COMPANY.places[0], 1_795_255_200, Random(5)))
    records = [json.loads(record.text) for record in written]
    names = [record["eventName"] for record in records]
    count = len(records[0]["requestParameters"]["secretIdList"])
    assert names == ["BatchGetSecretValue", *["GetSecretValue", "Decrypt"] * count]
    reads = [record["requestParameters"]["secretId"] for record in records if record["eventName"] == "GetSecretValue"]
    assert len(set(reads)) == count


def test_sign_ins_are_shaped_as_documented(attack_records):
    """Spec 5.3: failures have an `errorMessage` without a code, no request id; unknown names are hidden."""
    for record in attack_records:
        if record["eventName"] != "ConsoleLogin":
            continue
        assert (record["eventType"], record["awsRegion"]) == ("AwsConsoleSignIn", "us-east-1")
        assert "requestID" not in record
        assert "errorCode" not in record
        failed = record["responseElements"]["ConsoleLogin"] == "Failure"
        assert ("errorMessage" in record) == failed
        if record.get("errorMessage") == "No username found in supplied account":
            assert record["userIdentity"]["userName"] == "HIDDEN_DUE_TO_SECURITY_REASONS"
            assert "arn" not in record["userIdentity"]
        if record["userIdentity"]["type"] == "AssumedRole":
            assert record["additionalEventData"]["MFAUsed"] == "No"


def test_global_services_are_recorded_in_us_east_1(attack_records):
    """Spec 5.3: "IAM, STS (global endpoint) and CloudFront events are recorded in us-east-1"."""
    assert {record["awsRegion"] for record in attack_records if record["eventSource"] == "iam.amazonaws.com"} == {
        "us-east-1"
    }


@pytest.mark.parametrize(
    ("call", "code", "keeps"),
    [
        ("DescribeInstances", "Client.UnauthorizedOperation", True),
        ("AssumeRole", "AccessDenied", False),
        ("ListBuckets", "AccessDenied", True),
        ("GetSecretValue", "AccessDeniedException", True),
    ],
)
def test_a_refusal_is_worded_as_its_service_words_it(call, code, keeps):
    """Spec 5.1: "Denied calls: whether requestParameters survives is per service"."""
    refused = denied(CALLS[call], arn="arn:aws:iam::111122223333:user/ada", action="x:Y", on="*")
    assert refused.error is not None
    assert refused.error[0] == code
    assert "arn:aws:iam::111122223333:user/ada is not authorized to perform: x:Y" in str(refused.error[1])
    assert (refused.request is not None) == keeps
    assert refused.response is None


def test_a_forwarded_call_keeps_the_identity_and_names_the_service():
    who = caller(shape.root("111122223333"), "192.0.2.1", "test", name="root").through("kms.amazonaws.com")
    assert json.loads(who.identity)["invokedBy"] == who.ip == who.agent == "kms.amazonaws.com"
    assert by_service(shape.aws_service("ec2.amazonaws.com"), "ec2.amazonaws.com").transport is Transport.FORWARDED
