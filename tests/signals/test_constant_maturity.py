"""VX at 30 days: between two months, without a jump where one of them ends."""

import math
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alvh_trader.signals.constant_maturity import constant_maturity, contango

EXPIRIES = tuple(date(2026, 1, 21) + timedelta(days=28) * n for n in range(6))
DAYS = tuple(date(2026, 1, 2) + timedelta(days=n) for n in range(120))


def curve(dte: int) -> float:
    """A curve that rises with the square root of time."""
    return 15.0 + math.sqrt(dte)


def contracts() -> dict[date, list[tuple[date, float]]]:
    return {e: [(d, curve((e - d).days)) for d in DAYS if d < e] for e in EXPIRIES}


def test_it_lies_between_the_two_months_by_days() -> None:
    day = date(2026, 2, 2)
    made = {
        day + timedelta(days=16): [(day, 20.0)],
        day + timedelta(days=44): [(day, 22.0)],
    }
    ((when, price),) = constant_maturity(made)
    assert when == day
    assert price == pytest.approx(21.0)


def test_a_month_of_exactly_thirty_days_stands_alone() -> None:
    day = date(2026, 2, 2)
    assert constant_maturity({day + timedelta(days=30): [(day, 19.5)]}) == (
        (day, 19.5),
    )


def test_no_roll_makes_a_jump() -> None:
    series = constant_maturity(contracts())
    assert [d for d, _ in series] == list(DAYS)
    prices = [p for _, p in series]
    assert all(abs(b - a) < 0.1 for a, b in pairwise(prices))
    assert all(p == pytest.approx(curve(30), abs=0.2) for p in prices)


def test_a_missing_month_leaves_a_gap_and_no_guess() -> None:
    made = contracts()
    del made[EXPIRIES[2]]
    have = {d for d, _ in constant_maturity(made)}
    lost = [d for d in DAYS if d not in have]
    assert lost
    assert all(EXPIRIES[1] - timedelta(days=30) < d < EXPIRIES[2] for d in lost)


def test_what_is_no_price_of_vx_is_left_out() -> None:
    day = date(2026, 2, 2)
    near, far = day + timedelta(days=16), day + timedelta(days=44)
    for bad in (math.nan, 0.0, -1.0, 2000.0, 0.2):
        assert constant_maturity({near: [(day, 20.0)], far: [(day, bad)]}) == ()


def test_after_its_end_a_contract_says_nothing() -> None:
    day = date(2026, 2, 18)
    assert constant_maturity({day: [(day, 20.0)]}) == ()
    assert constant_maturity({}) == ()


@given(st.permutations(range(6)), st.integers(1, 3))
def test_order_and_repetition_change_nothing(order: list[int], times: int) -> None:
    made = contracts()
    mixed = {EXPIRIES[i]: list(reversed(made[EXPIRIES[i]])) * times for i in order}
    assert constant_maturity(mixed) == constant_maturity(made)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (20.0, 21.0, 0.05),
        (30.0, 24.0, -0.2),
        (None, 21.0, None),
        (20.0, None, None),
        (20.0, 2100.0, None),
        (0.2, 21.0, None),
    ],
)
def test_contango(
    first: float | None, second: float | None, expected: float | None
) -> None:
    assert contango(first, second) == (
        None if expected is None else pytest.approx(expected)
    )


def test_thirty_days_lie_between_two_contracts() -> None:
    near, far = DAYS[0] + timedelta(days=20), DAYS[0] + timedelta(days=48)
    woven = dict(constant_maturity({near: [(DAYS[0], 18.0)], far: [(DAYS[0], 21.0)]}))
    assert woven[DAYS[0]] == pytest.approx(18.0 + (21.0 - 18.0) * 10 / 28)
    assert constant_maturity({far: [(DAYS[0], 21.0)]}) == ()


def test_contango_is_the_second_month_over_the_first() -> None:
    assert contango(18.0, 18.9) == pytest.approx(0.05)
    assert contango(None, 18.9) is None
    assert contango(18.0, math.nan) is None
