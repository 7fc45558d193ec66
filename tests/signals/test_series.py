"""Daily series: in order, once a day, and nothing that no market shows."""

import math
from datetime import date, timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from alvh_trader.signals.series import changes, last_of_weeks, log_returns, tidy

FIRST = date(2026, 1, 5)
POINTS = st.lists(
    st.tuples(
        st.integers(0, 60).map(lambda n: FIRST + timedelta(days=n)),
        st.floats(1.0, 200.0),
    ),
    max_size=40,
)


@given(POINTS, st.randoms(use_true_random=False))
def test_order_and_repetition_change_nothing(
    points: list[tuple[date, float]], random: object
) -> None:
    unique = list(dict(points).items())
    mixed = [*unique, *unique[:5]]
    random.shuffle(mixed)  # type: ignore[attr-defined]
    once = tidy(unique, 1.0, 200.0)
    assert tidy(mixed, 1.0, 200.0) == once
    assert list(once) == sorted(once)


def test_nan_and_slips_of_units_are_left_out() -> None:
    day = timedelta(days=1)
    points = [(FIRST, math.nan), (FIRST + day, 1700.0), (FIRST + 2 * day, 17.0)]
    assert tidy(points, 5.0, 150.0) == {FIRST + 2 * day: 17.0}


def test_returns_span_the_days_that_both_have() -> None:
    days = [FIRST + timedelta(days=n) for n in range(4)]
    left = dict(zip(days, (10.0, 11.0, 12.0, 13.0), strict=True))
    right = {days[0]: 100.0, days[1]: 101.0, days[3]: 103.0}
    first, second = log_returns(left, right, 60)
    assert np.allclose(first, [math.log(1.1), math.log(13 / 11)])
    assert np.allclose(second, [math.log(1.01), math.log(103 / 101)])
    first, second = changes(left, right, 1)
    assert (first.tolist(), second.tolist()) == ([2.0], [2.0])


def test_a_week_counts_when_it_is_over() -> None:
    values = {FIRST + timedelta(days=n): float(n) for n in (0, 4, 7, 11, 14, 15)}
    assert last_of_weeks(values, FIRST + timedelta(days=16)) == [4.0, 11.0]
    assert last_of_weeks(values, FIRST + timedelta(days=21)) == [4.0, 11.0, 15.0]
    assert last_of_weeks({}, FIRST) == []
