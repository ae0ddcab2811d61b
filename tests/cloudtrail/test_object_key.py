"""Names of delivered objects."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vedette.cloudtrail.moment import parse_time
from vedette.cloudtrail.object_key import ObjectKey, ObjectKind

LOG = "111122223333_CloudTrail_us-east-1_20261121T1005Z_AbCdEfGhIjKlMnOp.json.gz"
FOLDER = "AWSLogs/111122223333/CloudTrail/us-east-1/2026/11/21"
DIGEST = "111122223333_CloudTrail-Digest_us-east-1_my_trail.x_eu-west-1_20261121T100523Z"


def test_an_organisation_trail_with_a_prefix():
    name = f"team/logs/AWSLogs/o-exampleorg/111122223333/CloudTrail/us-east-1/2026/11/21/{LOG}"
    key = ObjectKey.parse(name)
    assert key == ObjectKey(
        account="111122223333",
        region="us-east-1",
        delivered=parse_time("2026-11-21T10:05:00Z"),
        unique="AbCdEfGhIjKlMnOp",
        organisation="o-exampleorg",
        prefix="team/logs",
    )
    assert str(key) == name


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        (f"{FOLDER}/{LOG}", ObjectKind.LOG),
        (LOG, ObjectKind.LOG),
        (LOG.removesuffix(".gz"), ObjectKind.LOG),
        (LOG.replace("CloudTrail", "CloudTrail-Insight"), ObjectKind.INSIGHT),
        (LOG.replace("CloudTrail", "CloudTrail-NetworkActivity"), ObjectKind.NETWORK_ACTIVITY),
        (LOG.replace("CloudTrail", "CloudTrail-Aggregated"), ObjectKind.AGGREGATED),
        (f"{FOLDER.replace('CloudTrail', 'CloudTrail-Digest')}/{DIGEST}.json.gz", ObjectKind.DIGEST),
        (f"{DIGEST}_backfill.json.gz", ObjectKind.DIGEST),
        (f"/AWSLogs/{FOLDER.removeprefix('AWSLogs/')}/{LOG}".removeprefix("/"), ObjectKind.LOG),
    ],
)
def test_names_print_back(name, kind):
    key = ObjectKey.parse(name)
    assert key is not None
    assert key.kind is kind
    assert str(key) == name
    assert ObjectKey.parse(str(key)) == key


def test_a_digest_tells_its_trail():
    key = ObjectKey.parse(f"{DIGEST}_backfill.json.gz")
    assert (key.trail, key.home_region, key.backfill) == ("my_trail.x", "eu-west-1", True)
    assert key.delivered == parse_time("2026-11-21T10:05:23Z")
    assert key.unique is None


def test_local_paths():
    assert ObjectKey.parse(f"/data/logs/{FOLDER}/{LOG}").prefix == "/data/logs"
    assert ObjectKey.parse(f"C:\\logs\\{LOG}").region == "us-east-1"
    assert ObjectKey.parse(f"/{FOLDER}/{LOG}").prefix is None


def test_a_folder_that_contradicts_the_name_tells_nothing():
    key = ObjectKey.parse(f"{FOLDER.replace('us-east-1', 'eu-west-1')}/{LOG}")
    assert (key.region, key.in_folder) == ("us-east-1", False)


def test_the_variant_without_an_underscore_before_the_unique_part():
    assert ObjectKey.parse(LOG.replace("Z_", "Z")).unique == "AbCdEfGhIjKlMnOp"


@pytest.mark.parametrize(
    "name",
    [
        "",
        "events.json",
        LOG.replace("1121T", "1321T"),
        LOG.replace("T1005", "T2505"),
        LOG.replace("111122223333", "1111"),
        LOG.replace("CloudTrail", "VPCFlow"),
        LOG + "x",
        LOG.replace("1005Z", "100500Z"),
        LOG.replace("CloudTrail", "CloudTrail-Digest"),
        f"{DIGEST.replace('CloudTrail-Digest', 'CloudTrail')}.json.gz",
    ],
)
def test_other_names_are_none(name):
    assert ObjectKey.parse(name) is None


@given(st.text() | st.text("0123456789_CloudTrailTZ-./jsongz"))
def test_no_name_raises(name):
    key = ObjectKey.parse(name)
    assert key is None or ObjectKey.parse(str(key)) is not None


minutes = st.integers(0, 4_000_000_000 // 60).map(lambda minute: minute * 60)


@given(
    st.integers(0, 10**12 - 1).map("{:012}".format),
    st.sampled_from(["us-east-1", "us-gov-west-1", "cn-north-1"]),
    minutes,
    st.sampled_from([None, "o-abc123"]),
    st.sampled_from([None, "p", "a/b"]),
)
def test_parse_of_print_is_identity(account, region, delivered, organisation, prefix):
    key = ObjectKey(account, region, delivered, unique="x1", organisation=organisation, prefix=prefix)
    assert ObjectKey.parse(str(key)) == key
