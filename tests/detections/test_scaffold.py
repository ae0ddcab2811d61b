"""A new detection file is sound as it stands, and says how to go on."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vedette.detections.lint import lint
from vedette.detections.loader import load_text
from vedette.detections.scaffold import scaffold
from vedette.detections.testing import run_tests
from vedette.errors import UsageError

TODAY = dt.date(2026, 11, 22)


@given(st.from_regex(r"\A[a-z][a-z0-9]{0,8}(-[a-z0-9]{1,8}){0,3}\Z"))
def test_a_new_file_passes_check_and_test_as_it_stands(detection_id: str) -> None:
    detection = load_text(scaffold(detection_id))
    assert detection.id == detection_id
    assert lint([detection], TODAY, built_in=True) == ()
    assert len(detection.tests) == 4
    assert all(result.passed for result in run_tests([detection], TODAY))


@pytest.mark.parametrize("name", ["", "Root", "a b", "../x", "a--b", "-a", "a" * 81])
def test_ids_that_cannot_be(name: str) -> None:
    with pytest.raises(UsageError, match="cannot be an id"):
        scaffold(name)
