"""Rows that come again: decoded once, as long as there is room, and always to what they say."""

from hypothesis import given, settings
from hypothesis import strategies as st

from stores.values import evidences, statistic_sets
from vedette.monitor.store import MinuteRow
from vedette.stores import layout
from vedette.stores.memo import Memo


def test_a_row_that_comes_again_is_not_made_again():
    made = []
    memo = Memo(lambda *row: made.append(row) or row, key=1)
    assert memo(1, "a") is memo(1, "a")
    assert (memo(1, "b"), memo(2, "a")) == ((1, "b"), (2, "a"))
    assert made == [(1, "a"), (1, "b"), (2, "a")]
    assert memo.once(1, "b") is memo(1, "b")
    assert memo.once(1, "a") == (1, "a")
    assert made == [(1, "a"), (1, "b"), (2, "a"), (1, "a")]


def test_what_a_row_held_before_is_forgotten():
    """Rule: 'of its contents the last one met is held': a minute is written with each record that comes to it."""
    memo = Memo(lambda *row: row, key=1, most=100)
    memo.keep((2, "b" * 9), "b")
    for number in range(1000):
        memo.keep((1, f"{number:09}"), number)
    assert [memo(1, "000000999"), memo(2, "b" * 9)] == [999, "b"]
    assert len(memo._young) + len(memo._old) == 2


def test_what_is_written_need_not_be_made():
    memo = Memo(lambda *row: row, key=1)
    memo.keep((1, "a"), "kept")
    assert memo(1, "a") == "kept"


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.text("ab", max_size=9)), max_size=60))
def test_memory_is_bounded_and_every_answer_right(rows):
    """Rule: 'Characters of the rows that one memo holds, about': never more than `most` and one row."""
    memo = Memo(lambda *row: ("made", *row), key=1, most=20)
    for row in rows:
        assert memo(*row) == memo.once(*row) == ("made", *row)
        held = [*memo._young.values(), *memo._old.values()]
        assert sum(len(text) for (_, text), _ in held) <= 20 + 2 * 9


@settings(max_examples=40, deadline=None)
@given(evidences, statistic_sets())
def test_a_minute_that_was_just_written_reads_as_one_that_was_decoded(evidence, statistics):
    """Rule: 'a row of the same content means the same', whether it was written or read before."""
    written = MinuteRow(60, statistics, evidence)
    row = layout.minute_row(b"id", "d", "[1,[]]", written)
    assert layout.minute_of(*row) == layout._minute_of(*row) == written
