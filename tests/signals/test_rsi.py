"""Wilder's index: its fixture and its mirror symmetry."""

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from alvh_trader.domain.instrument import Right
from alvh_trader.signals.rsi import Urgency, rsi, urgency

CLOSES = [7000 + 3 * t + 40 * math.sin(t / 3) for t in range(100)]


def test_fixture_of_the_specification() -> None:
    assert rsi(CLOSES) == pytest.approx(80.46961, abs=5e-6)
    assert rsi(CLOSES[:91]) == pytest.approx(52.00689, abs=5e-6)


def test_fewer_than_fifteen_bars_are_unknown() -> None:
    assert rsi(CLOSES[:14]) is None
    assert rsi(CLOSES[:15]) is not None


def test_without_a_loss_it_is_a_hundred() -> None:
    assert rsi([100.0 + i for i in range(20)]) == 100.0
    assert rsi([100.0] * 20) == 100.0
    assert rsi([100.0 - i for i in range(20)]) == 0.0


@given(st.lists(st.integers(-1000, 1000), min_size=15, max_size=60))
def test_a_series_and_its_mirror_add_up_to_a_hundred(values: list[int]) -> None:
    assume(len(set(values)) > 1)
    up, down = rsi(values), rsi([-v for v in values])
    assert up is not None
    assert down is not None
    assert up + down == pytest.approx(100.0)


@pytest.mark.parametrize(
    ("value", "put", "call"),
    [
        (44.9, Urgency.STRONG, Urgency.CONTRADICTION),
        (45.0, Urgency.NEUTRAL, Urgency.NEUTRAL),
        (55.0, Urgency.NEUTRAL, Urgency.NEUTRAL),
        (55.1, Urgency.CONTRADICTION, Urgency.STRONG),
        (None, Urgency.NEUTRAL, Urgency.NEUTRAL),
    ],
)
def test_urgency_is_mirrored_between_the_sides(
    value: float | None, put: Urgency, call: Urgency
) -> None:
    assert urgency(value, Right.PUT) is put
    assert urgency(value, Right.CALL) is call
