"""What the open cases are expected to return together."""

import pytest
from msgspec.structs import replace

from alvh_trader.engine.capital import Return
from alvh_trader.engine.yields import expected_of

FIRST = Return(
    case="c1", is_open=True, so_far=None, expected=10.0, capital=50_000.0, note=""
)
SECOND = replace(FIRST, case="c2", expected=30.0, capital=150_000.0)
GONE = replace(FIRST, case="c3", is_open=False, expected=None, capital=0.0)


def test_the_books_expectation_is_weighted_by_what_is_tied_up() -> None:
    assert expected_of((FIRST, SECOND, GONE)) == pytest.approx(25.0)


def test_one_case_that_is_not_known_leaves_the_book_unknown() -> None:
    assert expected_of((FIRST, replace(SECOND, expected=None))) is None


def test_nothing_open_is_expected_to_return_nothing_known() -> None:
    assert expected_of(()) is None
    assert expected_of((GONE,)) is None
