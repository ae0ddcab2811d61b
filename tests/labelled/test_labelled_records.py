"""The built-in detections beside other rule sets: the comparison in docs/reference/labelled-tests.md is true."""

from __future__ import annotations

import pytest

from golden import check_golden
from labelled.mapping import DIFFERS, RULES
from labelled.report import PAGE, RECORDS, SHARED, Row, agreement, compared, page, rows
from vedette.detections.loader import load_builtin

AGREED = 0.83
"""The least share of agreement: a change of the library that falls below has lost something."""

shared = pytest.mark.skipif(not RECORDS.exists(), reason=f"the labelled records are not at {SHARED} (VEDETTE_SHARED)")


@pytest.fixture(scope="module")
def labelled() -> list[Row]:
    return rows()


def test_the_mapping_names_detections_that_are_there() -> None:
    ids = {detection.id for detection in load_builtin()}
    assert {name for ours in RULES.values() for name in ours.ids} <= ids


def test_a_rule_has_detections_or_a_reason() -> None:
    assert [rule for rule, ours in RULES.items() if bool(ours.ids) is (ours.without is not None)] == []


@shared
def test_every_rule_is_in_the_mapping(labelled: list[Row]) -> None:
    assert {row.rule for row in labelled} == RULES.keys()


@shared
def test_every_difference_has_a_reason_and_every_reason_a_difference(labelled: list[Row]) -> None:
    assert {(row.rule, row.number) for row in compared(labelled) if not row.agrees} == DIFFERS.keys()


@shared
def test_most_verdicts_agree(labelled: list[Row]) -> None:
    total = agreement(compared(labelled))
    assert total.agreed >= AGREED * total.total


@shared
def test_the_page_is_what_is_computed(labelled: list[Row]) -> None:
    """`VEDETTE_UPDATE_GOLDEN=1` writes the page anew; read the difference before committing it."""
    check_golden(PAGE, page(labelled))
