"""Prices, Greeks and volatilities of options on a forward."""

import math
import timeit

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from alvh_trader.pricing.black76 import (
    greeks,
    implied_volatility,
    price,
    spot_greeks,
)

forwards = st.floats(5, 9000)
moneyness = st.floats(-0.4, 0.4)
sigmas = st.floats(0.05, 2.0)
taus = st.floats(1 / 365, 2.0)
rates = st.floats(-0.02, 0.08)


def test_vix_call_of_the_worked_example() -> None:
    found = greeks(21.05, 22.0, 1.15, 13 / 365, 0.0375, is_call=True)
    assert found.price == pytest.approx(1.4213, abs=2e-4)
    assert found.delta == pytest.approx(0.46159, abs=2e-5)
    assert found.theta == pytest.approx(-0.0695, abs=1e-4)
    assert found.gamma == pytest.approx(0.0868, abs=1e-4)


@pytest.mark.parametrize(
    ("strike", "value", "delta"),
    [
        (20, 2.3444, 0.634),
        (23, 1.0825, 0.382),
        (24, 0.8134, 0.310),
        (25, 0.6036, 0.247),
    ],
)
def test_other_vix_strikes_of_the_worked_example(
    strike: float, value: float, delta: float
) -> None:
    found = greeks(21.05, strike, 1.15, 13 / 365, 0.0375, is_call=True)
    assert found.price == pytest.approx(value, abs=2e-4)
    assert found.delta == pytest.approx(delta, abs=6e-4)


@given(forwards, moneyness, sigmas, taus, rates)
def test_calls_less_puts_are_the_discounted_forward(
    forward: float, away: float, sigma: float, tau: float, rate: float
) -> None:
    strike = forward * math.exp(away)
    call = price(forward, strike, sigma, tau, rate, is_call=True)
    put = price(forward, strike, sigma, tau, rate, is_call=False)
    assert float(call - put) == pytest.approx(
        math.exp(-rate * tau) * (forward - strike), abs=1e-9 * forward
    )


@given(forwards, moneyness, sigmas, taus, rates, st.booleans())
def test_a_volatility_comes_back_from_its_price(
    forward: float, away: float, sigma: float, tau: float, rate: float, is_call: bool
) -> None:
    strike = forward * math.exp(away)
    paid = price(forward, strike, sigma, tau, rate, is_call)
    w = 1.0 if is_call else -1.0
    time_value = float(paid) - math.exp(-rate * tau) * max(w * (forward - strike), 0)
    assume(time_value > 1e-6 * forward)
    found = implied_volatility(paid, forward, strike, tau, rate, is_call)
    assert float(found) == pytest.approx(sigma, rel=1e-6)


@given(forwards, moneyness, sigmas, taus, rates, st.booleans())
def test_greeks_are_the_slopes_of_the_price(
    forward: float, away: float, sigma: float, tau: float, rate: float, is_call: bool
) -> None:
    strike = forward * math.exp(away)
    assume(sigma * math.sqrt(tau) > 0.02)
    found = greeks(forward, strike, sigma, tau, rate, is_call)
    step = 1e-4 * forward
    up, down = (
        price(forward + s, strike, sigma, tau, rate, is_call) for s in (step, -step)
    )
    assert float(found.delta) == pytest.approx(
        float(up - down) / (2 * step), rel=1e-3, abs=1e-4
    )
    vol_up, vol_down = (
        price(forward, strike, sigma + s, tau, rate, is_call) for s in (1e-4, -1e-4)
    )
    assert float(found.vega) == pytest.approx(
        float(vol_up - vol_down) / 2e-4 / 100, rel=1e-3, abs=1e-6 * forward
    )


@given(moneyness, sigmas, st.floats(5 / 365, 1.0), st.booleans())
def test_spot_theta_is_what_a_day_costs_at_unchanged_spot(
    away: float, sigma: float, tau: float, is_call: bool
) -> None:
    spot, rate, dividend, day = 7000.0, 0.0375, 0.012, 1e-3 / 365

    def value(left: float) -> float:
        forward = spot * math.exp((rate - dividend) * left)
        return float(price(forward, strike, sigma, left, rate, is_call))

    strike = spot * math.exp(away)
    forward = spot * math.exp((rate - dividend) * tau)
    found = spot_greeks(spot, forward, strike, sigma, tau, rate, is_call)
    decay = (value(tau - day) - value(tau + day)) / 2 / 1e-3
    assert float(found.theta) == pytest.approx(decay, rel=1e-3, abs=1e-4)


def test_spot_delta_of_a_call_less_that_of_the_put_is_the_dividend_discount() -> None:
    forward = 7000 * math.exp((0.0375 - 0.012) * 0.25)
    call = spot_greeks(7000, forward, 6900, 0.2, 0.25, 0.0375, is_call=True)
    put = spot_greeks(7000, forward, 6900, 0.2, 0.25, 0.0375, is_call=False)
    assert float(call.delta - put.delta) == pytest.approx(math.exp(-0.012 * 0.25))


@pytest.mark.parametrize(
    "paid",
    [math.nan, -1.0, 0.0, 99.0, 100.0, 1100.0, 5000.0],
)
def test_impossible_prices_have_no_volatility(paid: float) -> None:
    found = implied_volatility(paid, 1100.0, 1000.0, 0.1, 0.0, is_call=True)
    assert math.isnan(float(found))


def test_one_impossible_price_leaves_its_neighbours_alone() -> None:
    strikes = np.array([95.0, 100.0, 105.0])
    paid = price(100.0, strikes, 0.3, 0.25, 0.01, is_call=True)
    paid[1] = math.nan
    found = implied_volatility(paid, 100.0, strikes, 0.25, 0.01, is_call=True)
    assert found[[0, 2]] == pytest.approx([0.3, 0.3])
    assert math.isnan(found[1])


def test_expired_options_are_worth_their_intrinsic_value() -> None:
    found = price(105.0, 100.0, 0.2, 0.0, 0.05, is_call=np.array([True, False]))
    assert found == pytest.approx([5.0, 0.0])
    assert math.isnan(float(implied_volatility(5.0, 105, 100, 0.0, 0, is_call=True)))


@given(
    st.floats(-0.9, 0.9),
    st.floats(0.01, 4.0),
    st.floats(1 / 365, 3.0),
)
def test_wild_volatilities_reproduce_their_price(
    away: float, sigma: float, tau: float
) -> None:
    strike = 100.0 * math.exp(away)
    paid = float(price(100.0, strike, sigma, tau, 0.03, is_call=away > 0))
    assume(1e-8 < paid < 0.999 * math.exp(-0.03 * tau) * min(100.0, strike))
    found = implied_volatility(paid, 100.0, strike, tau, 0.03, is_call=away > 0)
    again = price(100.0, strike, found, tau, 0.03, is_call=away > 0)
    assert float(again) == pytest.approx(paid, rel=1e-6)


@given(st.lists(st.tuples(moneyness, st.floats(0.01, 3.0)), min_size=1, max_size=12))
def test_few_options_and_many_have_the_same_volatilities(
    options: list[tuple[float, float]],
) -> None:
    away, sigma = np.array(options).T
    strikes = 100.0 * np.exp(away)
    paid = price(100.0, strikes, sigma, 0.2, 0.03, away > 0)
    few = implied_volatility(paid, 100.0, strikes, 0.2, 0.03, away > 0)
    many = implied_volatility(
        np.tile(paid, 25), 100.0, np.tile(strikes, 25), 0.2, 0.03, np.tile(away > 0, 25)
    )
    again = price(100.0, strikes, few, 0.2, 0.03, away > 0)
    assert np.isnan(few).tolist() == np.isnan(many[: few.size]).tolist()
    known = ~np.isnan(few)
    # Where vega is nothing, volatilities may differ and prices not.
    assert again[known] == pytest.approx(paid[known], rel=1e-6, abs=1e-12)
    near = known & (paid > 1e-4)
    assert few[near] == pytest.approx(many[: few.size][near], rel=1e-6)


def test_twelve_volatilities_take_well_below_a_millisecond() -> None:
    strikes = np.linspace(6000.0, 8000.0, 12)
    is_call = strikes > 7000
    paid = price(7000.0, strikes, 0.2, 0.15, 0.04, is_call)

    def once() -> None:
        implied_volatility(paid, 7000.0, strikes, 0.15, 0.04, is_call)

    # About 0.11 ms on a quiet machine; the bound allows for a busy one.
    assert min(timeit.repeat(once, number=50, repeat=5)) / 50 < 1e-3
