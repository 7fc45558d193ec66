"""American prices, against a tree and against what they may never be."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alvh_trader.pricing import black76
from alvh_trader.sim import american

SPOT = 280.0
STEPS = 200


def tree(
    strike: float, iv: float, tau: float, rate: float, carry: float, *, call: bool
) -> float:
    """Return the price on a tree of Cox, Ross and Rubinstein."""
    step = tau / STEPS
    up = math.exp(iv * math.sqrt(step))
    chance = (math.exp(carry * step) - 1 / up) / (up - 1 / up)
    discount = math.exp(-rate * step)
    sign = 1.0 if call else -1.0
    values = np.maximum(
        sign * (SPOT * up ** (2.0 * np.arange(STEPS + 1) - STEPS) - strike), 0
    )
    for i in range(STEPS - 1, -1, -1):
        spots = SPOT * up ** (2.0 * np.arange(i + 1) - i)
        waits = discount * (chance * values[1:] + (1 - chance) * values[:-1])
        values = np.maximum(waits, sign * (spots - strike))
    return float(values[0])


def priced(
    strike: float, iv: float, tau: float, rate: float, carry: float, *, call: bool
) -> float:
    return float(
        american.price(
            np.array([SPOT]),
            np.array([SPOT * math.exp(carry * tau)]),
            np.array([strike]),
            np.array([iv]),
            np.array([tau]),
            rate,
            np.array([call]),
        )[0]
    )


@pytest.mark.parametrize("rate", [0.0005, 0.016, 0.05])
@pytest.mark.parametrize("days", [1, 7, 30, 60, 130])
@pytest.mark.parametrize("strike", [224.0, 252.0, 280.0, 308.0, 340.0])
def test_prices_are_those_of_a_tree(strike: float, days: int, rate: float) -> None:
    iv = max(0.18 - 0.5 * math.log(strike / SPOT), 0.08)
    carry = rate - 0.0175
    for call in (True, False):
        args = (strike, iv, days / 365, rate, carry)
        expected = tree(*args, call=call)
        assert priced(*args, call=call) == pytest.approx(expected, rel=0.01, abs=0.035)


@given(
    strike=st.floats(150, 450),
    iv=st.floats(0.05, 1.5),
    tau=st.floats(1e-4, 1.0),
    rate=st.floats(0.0, 0.06),
    carry=st.floats(-0.03, 0.06),
    call=st.booleans(),
)
def test_a_price_is_never_below_waiting_or_exercising(
    strike: float, iv: float, tau: float, rate: float, carry: float, *, call: bool
) -> None:
    price = priced(strike, iv, tau, rate, carry, call=call)
    now = (SPOT - strike) * (1 if call else -1)
    forward = np.array([SPOT * math.exp(carry * tau)])
    waiting = black76.price(forward, strike, iv, tau, rate, is_call=call)[0]
    assert math.isfinite(price)
    assert price >= now - 1e-9
    assert price >= waiting * (1 - 1e-6) - 1e-6
    assert (
        price
        <= (SPOT if call else strike) * math.exp(max(carry - rate, 0) * tau) + 1e-6
    )
