"""Exposures of cases and hedges in USD."""

import math
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alvh_trader.domain.instrument import Future, Option, Right
from alvh_trader.portfolio.greeks import (
    Exposure,
    case_risk,
    hedge_legs_of,
    hedge_risk,
    legs_of,
)
from alvh_trader.pricing.black76 import Floats, price

TODAY = date(2026, 5, 21)
EXPIRY = date(2026, 6, 30)
SETTLES = date(2026, 6, 3)
STRIKES = np.array([6350.0, 6400.0, 7875.0, 7925.0])
SIGMAS = np.array([0.22, 0.21, 0.12, 0.11])
SPOT, FORWARD, RATE, TAU = 6860.0, 6879.2, 0.0375, 40 / 365


def _options() -> list[Option]:
    rights = (Right.PUT, Right.PUT, Right.CALL, Right.CALL)
    return [
        Option(i, "SPX", "SPXW", EXPIRY, EXPIRY, float(k), right)
        for i, (k, right) in enumerate(zip(STRIKES, rights, strict=True))
    ]


def _mids() -> Floats:
    is_call = np.array([False, False, True, True])
    return price(FORWARD, STRIKES, SIGMAS, TAU, RATE, is_call)


def _vix_call(strike: float = 22.0, expiry: date = SETTLES) -> Option:
    return Option(50, "VIX", "VIXW", expiry, expiry, strike, Right.CALL)


def _vix_mid(forward: float = 21.05, strike: float = 22.0) -> Floats:
    return price(forward, np.array([strike]), 1.15, 13 / 365, RATE, is_call=True)


def test_a_case_gains_what_its_exposure_says() -> None:
    legs = legs_of(list(zip(_options(), (1, -1, -1, 1), strict=True)), TODAY)
    found = case_risk(legs, _mids(), SPOT, FORWARD, RATE)
    assert found is not None
    assert found.sigma == pytest.approx(SIGMAS)
    assert found.guessed == 0
    signs = np.array([1, -1, -1, 1])

    def value(spot: float, lift: float = 0.0, days: float = 0.0) -> float:
        left = TAU - days / 365
        forward = spot * (FORWARD / SPOT) ** (left / TAU)
        each = price(forward, STRIKES, SIGMAS + lift, left, RATE, legs.is_call)
        return float(each @ signs) * 100

    exposure = found.exposure
    assert exposure.value == pytest.approx(value(SPOT))
    slope = (value(SPOT + 1) - value(SPOT - 1)) / 2
    assert exposure.delta == pytest.approx(slope, rel=1e-3)
    bend = value(SPOT + 1) - 2 * value(SPOT) + value(SPOT - 1)
    assert exposure.gamma == pytest.approx(bend, rel=1e-3)
    lifted = (value(SPOT, 0.001) - value(SPOT, -0.001)) / 0.2
    assert exposure.vega == pytest.approx(lifted, rel=1e-3)
    decay = (value(SPOT, days=0.01) - value(SPOT, days=-0.01)) / 0.02
    assert exposure.theta == pytest.approx(decay, rel=1e-3)
    assert exposure.veq == pytest.approx(exposure.vega * math.sqrt(30 / 40))


def test_short_deltas_are_found_by_side() -> None:
    legs = legs_of(list(zip(_options(), (1, -1, -1, 1), strict=True)), TODAY)
    found = case_risk(legs, _mids(), SPOT, FORWARD, RATE)
    assert found is not None
    assert found.delta_put == pytest.approx(float(found.greeks.delta[1]))
    assert found.delta_call == pytest.approx(float(found.greeks.delta[2]))
    one_side = legs_of(list(zip(_options()[:2], (1, -1), strict=True)), TODAY)
    put_only = case_risk(one_side, _mids()[:2], SPOT, FORWARD, RATE)
    assert put_only is not None
    assert put_only.delta_call is None


def test_one_missing_leg_is_guessed_and_counted() -> None:
    legs = legs_of(list(zip(_options(), (1, -1, -1, 1), strict=True)), TODAY)
    mids = _mids()
    mids[1] = math.nan
    found = case_risk(legs, mids, SPOT, FORWARD, RATE)
    assert found is not None
    assert found.guessed == 1
    assert 0.21 < found.sigma[1] < 0.22
    assert case_risk(legs, np.full(4, math.nan), SPOT, FORWARD, RATE) is None


def test_a_hedge_gains_through_spx_what_its_exposure_says() -> None:
    legs = hedge_legs_of([(_vix_call(), 7)], TODAY)
    found = hedge_risk(legs, _vix_mid(), 21.05, RATE, spot=SPOT, vix=21.2)
    assert found is not None
    beta = 1 / (1 + 13 / 30)

    def value(spot: float) -> float:
        forward = 21.05 + beta * -5 * 21.2 / SPOT * (spot - SPOT)
        return 700 * float(_vix_mid(forward)[0])

    assert found.exposure.value == pytest.approx(value(SPOT))
    slope = (value(SPOT + 1) - value(SPOT - 1)) / 2
    assert found.exposure.delta == pytest.approx(slope, rel=1e-4)
    bend = (value(SPOT + 10) - 2 * value(SPOT) + value(SPOT - 10)) / 100
    assert found.exposure.gamma == pytest.approx(bend, rel=1e-3)
    assert found.exposure.veq == pytest.approx(7 * 32.204, abs=0.01)
    assert found.exposure.vega == 0.0


def test_a_future_is_a_linear_hedge() -> None:
    future = Future(60, "VXM", "VXM", SETTLES, SETTLES, 100)
    legs = hedge_legs_of([(future, 3)], TODAY)
    found = hedge_risk(legs, np.array([21.0]), 21.0, RATE, spot=SPOT, vix=21.2)
    assert found is not None
    beta = 1 / (1 + 13 / 30)
    assert found.exposure.veq == pytest.approx(300 * beta)
    assert found.exposure.delta == pytest.approx(-300 * beta * 5 * 21.2 / SPOT)
    assert found.exposure.gamma == 0.0
    assert found.exposure.theta == 0.0
    assert found.exposure.value == 0.0


def test_options_and_futures_add_up() -> None:
    future = Future(60, "VXM", "VXM", SETTLES, SETTLES, 100)
    both = hedge_risk(
        hedge_legs_of([(_vix_call(), 7), (future, 3)], TODAY),
        np.array([float(_vix_mid()[0]), 21.05]),
        21.05,
        RATE,
        spot=SPOT,
        vix=21.2,
    )
    parts = [
        hedge_risk(hedge_legs_of([held], TODAY), mids, 21.05, RATE, spot=SPOT, vix=21.2)
        for held, mids in (
            ((_vix_call(), 7), _vix_mid()),
            ((future, 3), np.array([21.05])),
        )
    ]
    assert both is not None
    assert parts[0] is not None
    assert parts[1] is not None
    total = parts[0].exposure + parts[1].exposure
    assert both.exposure.delta == pytest.approx(total.delta)
    assert both.exposure.veq == pytest.approx(total.veq)
    assert both.exposure.theta == pytest.approx(total.theta)


def test_a_hedge_without_a_price_is_unknown_and_none_is_nothing() -> None:
    legs = hedge_legs_of([(_vix_call(), 7)], TODAY)
    missing = np.array([math.nan])
    assert hedge_risk(legs, missing, 21.05, RATE, spot=SPOT, vix=21.2) is None
    empty = hedge_risk(
        hedge_legs_of([], TODAY), np.array([]), 21.05, RATE, spot=SPOT, vix=21.2
    )
    assert empty is not None
    assert empty.exposure == Exposure()


@given(*[st.floats(-1e6, 1e6) for _ in range(4)])
def test_exposures_add_like_numbers(a: float, b: float, c: float, d: float) -> None:
    one = Exposure(delta=a, theta=b)
    two = Exposure(delta=c, theta=d)
    assert one + two == two + one
    assert (one + two).delta == a + c
    assert one.times(2) == one + one
