"""Where addresses are: without any file, by AWS's list, by a database; and files that are missing or broken."""

from __future__ import annotations

import builtins
import json
from pathlib import Path

import pytest

from mmdb import written
from vedette.app import places
from vedette.app.places import Places
from vedette.errors import InputError, VedetteError
from vedette.settings.model import PlaceSettings

RANGES = {
    "prefixes": [
        {"ip_prefix": "203.0.113.0/24", "region": "eu-west-1", "service": "AMAZON", "network_border_group": "x"},
        {"ip_prefix": "203.0.113.64/26", "region": "eu-west-1", "service": "EC2", "network_border_group": "x"},
        {"ip_prefix": "203.0.113.64/26", "region": "eu-west-1", "service": "AMAZON", "network_border_group": "x"},
    ],
    "ipv6_prefixes": [
        {"ipv6_prefix": "2001:db8::/32", "region": "us-east-1", "service": "S3", "network_border_group": "x"}
    ],
}
COUNTRIES = {
    "198.51.100.0/24": {"country": {"iso_code": "FR", "names": {"en": "France"}}, "city": {"names": {"en": "Lyon"}}},
    "192.0.2.0/25": {"registered_country": {"iso_code": "DE"}},
    "192.0.2.128/25": {"country": "NO", "city": {"names": {"de": "Bergen"}}},
    "203.0.113.64/26": {"country": {"names": {"en": "Ireland"}}},
    "2001:db8:7::/48": {"country": {"names": {"en": "Japan"}}},
}


def ranges(folder: Path, document: object = RANGES) -> str:
    path = folder / "ip-ranges.json"
    path.write_text(json.dumps(document))
    return str(path)


def database(folder: Path, data: bytes | None = None, **options: int) -> str:
    pytest.importorskip("maxminddb", reason="the extra `geo` is not installed")
    path = folder / "places.mmdb"
    path.write_bytes(written(COUNTRIES, **options) if data is None else data)
    return str(path)


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("127.0.0.1", "loopback"),
        ("::1", "loopback"),
        ("100.64.3.4", "carrier-grade NAT"),
        ("169.254.169.254", "link-local"),
        ("fe80::1", "link-local"),
        ("fd00::1", "unique local"),
        ("10.1.2.3", "private network"),
        ("::ffff:192.168.1.1", "private network"),
        ("198.51.100.7", ""),
        ("ec2.amazonaws.com", ""),
        ("", ""),
    ],
)
def test_special_networks_need_no_file(address: str, place: str) -> None:
    assert Places().of(address) == place


def test_networks_of_aws(tmp_path: Path) -> None:
    """The longest prefix counts, and its service before `AMAZON`, which lists them all."""
    found = Places(PlaceSettings(aws_ranges=ranges(tmp_path)))
    assert found.of("203.0.113.70") == "AWS EC2 in eu-west-1"
    assert found.of("203.0.113.7") == "AWS in eu-west-1"
    assert found.of("2001:db8::9") == "AWS S3 in us-east-1"
    assert found.of("198.51.100.7") == found.of("2001:db9::9") == ""


def test_countries_and_cities(tmp_path: Path) -> None:
    found = Places(PlaceSettings(database=database(tmp_path)))
    assert found.of("198.51.100.7") == "Lyon, France"
    assert found.of("192.0.2.1") == "DE"
    assert found.of("192.0.2.200") == "NO"
    assert found.of("2001:db8:7::1") == "Japan"
    assert found.of("203.0.113.1") == found.of("10.0.0.1").replace("private network", "") == ""


def test_both_together(tmp_path: Path) -> None:
    found = Places(PlaceSettings(database=database(tmp_path), aws_ranges=ranges(tmp_path)))
    assert found.of("203.0.113.70") == "AWS EC2 in eu-west-1, Ireland"


def test_an_address_that_the_database_cannot_hold_has_no_place(tmp_path: Path) -> None:
    path = database(tmp_path, written({"198.51.100.0/24": {"country": "FR"}}, version=4))
    found = Places(PlaceSettings(database=path))
    assert (found.of("198.51.100.7"), found.of("2001:db8::1")) == ("FR", "")


def test_damage_within_a_database_costs_one_answer(tmp_path: Path) -> None:
    whole = written(COUNTRIES)
    at = whole.index(b"country")
    found = Places(PlaceSettings(database=database(tmp_path, whole[: at - 1] + b"\xff\xff" + whole[at + 1 :])))
    assert found.of("198.51.100.7") == ""
    assert found.of("192.0.2.200") == "NO"


@pytest.mark.parametrize("data", [b"", b"not a database", written(COUNTRIES)[:-40], b"\xab\xcd\xefMaxMind.com\xff"])
def test_what_is_no_database_is_an_error_that_says_so(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(InputError, match="no database in MaxMind's format") as caught:
        Places(PlaceSettings(database=database(tmp_path, data)))
    assert "places.mmdb" in caught.value.message


def test_a_missing_file_is_an_error_that_says_how_to_mend_it(tmp_path: Path) -> None:
    pytest.importorskip("maxminddb", reason="the extra `geo` is not installed")
    with pytest.raises(InputError, match="no such file") as caught:
        Places(PlaceSettings(database=str(tmp_path / "none.mmdb")))
    assert "[places]" in str(caught.value.hint)
    with pytest.raises(InputError, match="no such file") as caught:
        Places(PlaceSettings(aws_ranges=str(tmp_path / "none.json")))
    assert "ip-ranges" in str(caught.value.hint)


@pytest.mark.parametrize(
    "document",
    [[], {}, {"prefixes": 7, "ipv6_prefixes": []}, {"prefixes": [{"ip_prefix": "x"}], "ipv6_prefixes": []},
     {"prefixes": [{"ip_prefix": "999.0.0.0/8", "service": "S3", "region": "x"}], "ipv6_prefixes": []}],
)  # fmt: skip
def test_what_is_no_list_of_networks_is_an_error(tmp_path: Path, document: object) -> None:
    with pytest.raises(InputError, match="no list of AWS's networks"):
        Places(PlaceSettings(aws_ranges=ranges(tmp_path, document)))


def test_broken_json_is_an_error(tmp_path: Path) -> None:
    for text in ("{", "[" * 100_000, "\xff\xfe\xff"):
        (tmp_path / "r.json").write_text(text, encoding="latin-1")
        with pytest.raises(InputError):
            Places(PlaceSettings(aws_ranges=str(tmp_path / "r.json")))


def test_without_the_extra_it_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def refuse(name: str, *more: object) -> object:
        if name == "maxminddb":
            raise ImportError(name)
        return real(name, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(VedetteError, match="not installed") as caught:
        Places(PlaceSettings(database=str(tmp_path / "x.mmdb")))
    assert caught.value.hint == "pip install 'vedette[geo]'"


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "MOST_REMEMBERED", 2)
    found = Places()
    assert [found.of(f"10.0.0.{number % 3}") for number in range(9)] == ["private network"] * 9
    assert len(found._known) <= 2
