"""Prices, Greeks and volatilities against QuantLib, over random grids."""

import numpy as np
import pytest
import QuantLib as Ql

from alvh_trader.pricing.black76 import (
    greeks,
    implied_volatility,
    spot_greeks,
)

GRID = 250
TODAY = Ql.Date(21, 5, 2026)
YEAR = Ql.Actual365Fixed()


def _grid(seed: int, level: float) -> dict[str, np.ndarray]:
    """Return random options around `level`, within five standard deviations."""
    draw = np.random.default_rng(seed)
    days = draw.integers(1, 400, GRID)
    sigma = draw.uniform(0.08, 1.6, GRID)
    start = level * draw.uniform(0.7, 1.4, GRID)
    away = np.clip(draw.uniform(-5, 5, GRID) * sigma * np.sqrt(days / 365), -1.2, 1.2)
    return {
        "start": start,
        "strike": start * np.exp(away),
        "sigma": sigma,
        "days": days,
        "rate": draw.uniform(-0.01, 0.08, GRID),
        "dividend": draw.uniform(0.0, 0.04, GRID),
        "is_call": draw.random(GRID) < 0.5,
    }


def _flat(rate: float) -> object:
    return Ql.YieldTermStructureHandle(Ql.FlatForward(TODAY, rate, YEAR))


def _volatility(sigma: float) -> object:
    return Ql.BlackVolTermStructureHandle(
        Ql.BlackConstantVol(TODAY, Ql.NullCalendar(), sigma, YEAR)
    )


def _quote(value: float) -> object:
    return Ql.QuoteHandle(Ql.SimpleQuote(value))


def _oracle(grid: dict[str, np.ndarray], *, is_on_forward: bool) -> np.ndarray:
    """Return QuantLib's value, delta, gamma, vega and theta, a row each."""
    Ql.Settings.instance().evaluationDate = TODAY
    rows = []
    for i in range(GRID):
        one = {k: v[i].item() for k, v in grid.items()}
        kind = Ql.Option.Call if one["is_call"] else Ql.Option.Put
        option = Ql.VanillaOption(
            Ql.PlainVanillaPayoff(kind, one["strike"]),
            Ql.EuropeanExercise(TODAY + one["days"]),
        )
        start, rate = _quote(one["start"]), _flat(one["rate"])
        sigma = _volatility(one["sigma"])
        process = (
            Ql.BlackProcess(start, rate, sigma)
            if is_on_forward
            else Ql.BlackScholesMertonProcess(
                start, _flat(one["dividend"]), rate, sigma
            )
        )
        option.setPricingEngine(Ql.AnalyticEuropeanEngine(process))
        rows.append(
            (
                option.NPV(),
                option.delta(),
                option.gamma(),
                option.vega() / 100,
                option.thetaPerDay(),
            )
        )
    return np.array(rows).T


@pytest.mark.parametrize("seed", range(3))
def test_options_on_a_future_are_black_76(seed: int) -> None:
    grid = _grid(seed, 21.0)
    found = greeks(
        grid["start"],
        grid["strike"],
        grid["sigma"],
        grid["days"] / 365,
        grid["rate"],
        grid["is_call"],
    )
    for mine, its in zip(found, _oracle(grid, is_on_forward=True), strict=True):
        np.testing.assert_allclose(mine, its, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("seed", range(3, 6))
def test_options_on_an_index_are_black_scholes_merton(seed: int) -> None:
    grid = _grid(seed, 6900.0)
    tau = grid["days"] / 365
    forward = grid["start"] * np.exp((grid["rate"] - grid["dividend"]) * tau)
    found = spot_greeks(
        grid["start"],
        forward,
        grid["strike"],
        grid["sigma"],
        tau,
        grid["rate"],
        grid["is_call"],
    )
    for mine, its in zip(found, _oracle(grid, is_on_forward=False), strict=True):
        np.testing.assert_allclose(mine, its, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("seed", range(6, 9))
def test_volatilities_come_back_from_the_prices_of_quantlib(seed: int) -> None:
    grid = _grid(seed, 6900.0)
    tau = grid["days"] / 365
    values, _, _, vega, _ = _oracle(grid, is_on_forward=True)
    sigma = implied_volatility(
        values, grid["start"], grid["strike"], tau, grid["rate"], grid["is_call"]
    )
    # Where a vol point is worth next to nothing, a price does not hold the volatility.
    speaks = vega > 1e-4
    assert speaks.mean() > 0.7
    np.testing.assert_allclose(sigma[speaks], grid["sigma"][speaks], rtol=1e-6)


@pytest.mark.parametrize("seed", range(9, 12))
def test_volatilities_are_those_of_quantlib(seed: int) -> None:
    grid = _grid(seed, 21.0)
    tau = grid["days"] / 365
    market = (grid["start"], grid["strike"], grid["sigma"], tau, grid["rate"])
    found = greeks(*market, grid["is_call"])
    sigma = implied_volatility(
        found.price, grid["start"], grid["strike"], tau, grid["rate"], grid["is_call"]
    )
    for i in np.flatnonzero(found.vega > 1e-3):
        kind = Ql.Option.Call if grid["is_call"][i] else Ql.Option.Put
        total = grid["sigma"][i] * np.sqrt(tau[i])
        its = Ql.blackFormulaImpliedStdDev(
            kind,
            float(grid["strike"][i]),
            float(grid["start"][i]),
            float(found.price[i]),
            float(np.exp(-grid["rate"][i] * tau[i])),
            0.0,
            float(1.2 * total),
            1e-12,
            1000,
        )
        assert sigma[i] * np.sqrt(tau[i]) == pytest.approx(its, rel=1e-6)
