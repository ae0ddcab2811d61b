"""The statistics by name, against figures worked out by hand."""

from __future__ import annotations

from fractions import Fraction

import pytest

from vedette.errors import InputError
from vedette.metrics import StatisticSet, parse_statistic, statistic
from vedette.metrics.extended import Percentile

TEN = StatisticSet.of([10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 80.0, 90.0, 1000.0])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("SampleCount", 10.0),
        ("Sum", 1450.0),
        ("Average", 145.0),
        ("Minimum", 10.0),
        ("Maximum", 1000.0),
        ("p0", 10.0),
        ("p50", 50.0),
        ("p90", 90.0),
        ("p90.1", 1000.0),
        ("p100", 1000.0),
        ("tm90", 50.0),  # all but the highest tenth
        ("TM(10%:90%)", 55.0),  # 20 to 90
        ("TM(:90%)", 50.0),
        ("TM(50%:)", 260.0),  # 60, 70, 80, 90, 1000
        ("TM(20:50)", 40.0),  # above 20, up to 50
        ("TM(2000:)", None),
        ("IQM", 55.0),  # ranks 3 to 8, because 25 % of 10 is 2.5 and 75 % is 7.5: 30 to 80
        ("tc90", 9.0),
        ("TC(10%:90%)", 8.0),
        ("TC(:55)", 5.0),
        ("TC(2000:)", 0.0),
        ("ts90", 450.0),
        ("TS(90:)", 1000.0),
        ("wm90", 54.0),  # the highest becomes 90
        ("WM(10%:90%)", 55.0),  # and the lowest 20
        ("WM(20:100)", 56.0),  # 10 becomes 20, 1000 becomes 100
        ("WM(:100)", 55.0),
        ("WM(20:)", 146.0),
        ("PR(:50)", 50.0),
        ("PR(50:90)", 40.0),
        ("PR(90:)", 10.0),
    ],
)
def test_by_hand(name: str, expected: float | None) -> None:
    """CloudWatch statistics definitions; ranks as `vedette.metrics.extended` says."""
    assert statistic(name, TEN) == pytest.approx(expected)


@pytest.mark.parametrize(
    "name",
    [
        "sum", "p", "p101", "p-1", "P90", "p90%", "tm", "TM", "TM()", "TM(:)", "TM(10%:90)", "TM(%:90%)", "TM(10%:%)",
        "TM(90%:10%)", "TM(10%:110%)", "PR(10%:90%)", "PR(5:5)", "IQM90", "TM(1:2:3)", "p٣", "p1.12345678901", "",
    ],
)  # fmt: skip
def test_what_is_not_a_statistic(name: str) -> None:
    with pytest.raises(InputError, match="is not a statistic"):
        parse_statistic(name)


@pytest.mark.parametrize(
    ("name", "needed"), [("p90", 100), ("p99", 1000), ("p50", 20), ("p10", 100), ("p25", 40), ("p100", 0), ("p0", 0)]
)
def test_how_many_samples_a_percentile_needs(name: str, needed: int) -> None:
    """10 / (1 - p) from the median up, 10 / p below it."""
    wanted = parse_statistic(name)
    assert isinstance(wanted, Percentile)
    assert wanted.samples_needed == Fraction(needed)


def test_one_sample_is_every_percentile_and_every_mean() -> None:
    one = StatisticSet.of([7.0])
    assert [statistic(name, one) for name in ("p1", "p50", "p99", "tm90", "TM(10%:90%)", "IQM", "wm99")] == [7.0] * 7
