"""MACD's fixture, and the alignment of VIX and SPX."""

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from alvh_trader.domain.instrument import Right
from alvh_trader.signals.macd import (
    Alignment,
    Macd,
    alignment,
    close_that_confirms,
    exponential,
    macd,
)

CLOSES = [7000 + 3 * t + 40 * math.sin(t / 3) for t in range(100)]

RISING = Macd(0, 0, (-3.0, -2.0, -1.0))
POSITIVE = Macd(0, 0, (2.0, 3.0, 1.0))
FALLING = Macd(0, 0, (3.0, 2.0, 1.0))
NEGATIVE = Macd(0, 0, (-2.0, -3.0, -1.0))


def test_fixture_of_the_specification() -> None:
    found = macd(CLOSES)
    assert found is not None
    assert found.macd == pytest.approx(28.16846, abs=5e-6)
    assert found.signal == pytest.approx(21.20038, abs=5e-6)
    assert found.histogram == pytest.approx(6.96807, abs=5e-6)
    earlier = macd(CLOSES[:91])
    assert earlier is not None
    assert earlier.histogram == pytest.approx(-6.98753, abs=5e-6)


def test_fewer_than_sixty_bars_are_unknown() -> None:
    assert macd(CLOSES[:59]) is None
    assert macd(CLOSES[:60]) is not None


def test_the_average_starts_at_the_first_value() -> None:
    assert exponential([4.0, 4.0, 8.0], 3) == [4.0, 4.0, 6.0]


@pytest.mark.parametrize(
    ("vix", "spx", "holds"),
    [
        (POSITIVE, NEGATIVE, True),
        (RISING, FALLING, True),
        (RISING, POSITIVE, False),
        (NEGATIVE, NEGATIVE, False),
        (None, NEGATIVE, False),
        (POSITIVE, None, False),
    ],
)
def test_put_side_needs_fear_and_falling_prices(
    vix: Macd | None, spx: Macd | None, holds: bool
) -> None:
    assert alignment(vix, spx, Right.PUT).holds is holds


@pytest.mark.parametrize(
    ("spx", "holds"),
    [
        (POSITIVE, True),
        (RISING, True),
        (NEGATIVE, False),
        (FALLING, True),
        (None, False),
    ],
)
def test_call_side_needs_rising_prices_only(spx: Macd | None, holds: bool) -> None:
    found = alignment(None, spx, Right.CALL)
    assert found == Alignment(None, None if spx is None else holds, holds)


@given(st.lists(st.floats(10, 90), min_size=60, max_size=80), st.booleans())
def test_the_close_that_confirms_is_where_momentum_turns(
    closes: list[float], is_up: bool
) -> None:
    goal = close_that_confirms(closes, is_up=is_up)
    assert goal is not None
    before = macd(closes)
    assert before is not None
    assume(abs(before.rows[0] - before.rows[1]) > 1e-6)
    beyond, short = (macd([*closes[:-1], goal + way]) for way in (1e-3, -1e-3))
    assert beyond is not None
    assert short is not None
    if is_up:
        assert beyond.histogram > 0 or beyond.is_rising
        assert not (short.histogram > 0)
        assert not (short.is_rising)
    else:
        assert short.histogram < 0 or short.is_falling
        assert not (beyond.histogram < 0)
        assert not (beyond.is_falling)


def test_too_few_bars_confirm_at_no_close() -> None:
    assert close_that_confirms(CLOSES[:59], is_up=True) is None
