"""The surfaces: no static arbitrage, parity, and volatilities like the market's."""

from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alvh_trader.domain.calendar import NEW_YORK, nyse
from alvh_trader.pricing import black76
from alvh_trader.sim import surface
from alvh_trader.sim.market import Market
from alvh_trader.sim.market_time import CLOSED, market_time
from alvh_trader.sim.parameters import fitted
from alvh_trader.sim.scenario import scenario
from alvh_trader.sim.surface import State

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
NONE = np.empty(0)
CALM = State(
    at=datetime(2017, 9, 8, 16, 15, tzinfo=NEW_YORK).timestamp(),
    spx=2500.0,
    vix9d=9.5,
    vix=11.0,
    vix3m=13.0,
    vix6m=15.0,
    vvix=95.0,
    skew=130.0,
    rate=0.012,
    carry=-0.007,
    market_time=market_time(nyse(date(2017, 1, 3), date(2018, 12, 31))),
    curve_tenors=NONE,
    curve_shift=NONE,
)

vixes = st.floats(9.0, 85.0)
ratios = st.floats(0.75, 1.5)
days = st.floats(1.0, 190.0)


@st.composite
def states(draw: st.DrawFn) -> State:
    """Draw a state with an index curve of either slope, and any mood."""
    vix, ratio = draw(vixes), draw(ratios)
    return replace(
        state(vix, ratio, draw(st.floats(60.0, 210.0))),
        skew=draw(st.floats(100.0, 190.0)),
        at=CALM.at + 86400.0 * draw(st.integers(0, 20)),
    )


def state(vix: float, ratio: float, vvix: float) -> State:
    """Return a term structure of either slope around `vix`."""
    return replace(
        CALM,
        vix9d=vix * ratio,
        vix=vix,
        vix3m=vix / ratio**0.5,
        vix6m=vix / ratio**0.75,
        vvix=vvix,
    )


def assert_free_of_butterflies(
    forward: float, strikes: np.ndarray, iv: np.ndarray, tau: float
) -> None:
    calls = black76.price(forward, strikes, iv, tau, 0.0, is_call=True)
    slopes = np.diff(calls) / np.diff(strikes)
    assert (slopes <= 1e-9).all(), "calls rise with the strike"
    assert (slopes >= -1.0 - 1e-9).all(), "calls fall faster than the strike rises"
    assert (np.diff(slopes) >= -1e-9).all(), "calls are not convex"


@given(states(), days)
def test_spx_calls_fall_and_are_convex_in_strike(at: State, day: float) -> None:
    tau = np.full(300, day / 365.0)
    strikes = np.linspace(1000.0, 3600.0, 300)
    forward = surface.spx_forward(at, tau)
    iv = surface.spx_volatility(at, tau, np.log(strikes / forward), fitted().spx)
    assert_free_of_butterflies(float(forward[0]), strikes, iv, day / 365.0)


@given(states())
def test_the_longer_of_two_spx_options_is_never_the_cheaper(at: State) -> None:
    k, ends = np.linspace(-0.8, 0.5, 27), np.geomspace(0.5, 300.0, 60) / 365.0
    variance = [
        surface.spx_volatility(at, np.full_like(k, tau), k, fitted().spx) ** 2 * tau
        for tau in ends
    ]
    # At one log-moneyness, total variance may not fall (Gatheral and Jacquier).
    growth = np.diff(np.array(variance), axis=0)
    assert growth.min() >= -1e-12


@given(states())
def test_variance_never_falls_even_where_the_indexes_say_so(at: State) -> None:
    upside_down = replace(at, vix9d=3.0 * at.vix, vix6m=0.5 * at.vix)
    total, _ = surface.index_variance(upside_down, np.arange(1, 300) / 365.0)
    assert np.diff(total).min() >= 0


def test_a_weekend_counts_less_than_a_week() -> None:
    friday, days = CALM.at, np.array([3.0, 4.0]) / 365.0
    weekend, first = surface.index_variance(CALM, days)[0]
    working = surface.index_variance(replace(CALM, at=friday + 3 * 86400), days)[0]
    flat = replace(CALM, vix9d=11.0, vix3m=11.0, vix6m=11.0)
    share = surface.index_variance(flat, np.array([3.0, 7.0, 28.0]) / 365.0)[0]
    assert weekend < working[0]
    assert first - weekend > weekend / (1 + 2 * CLOSED) * 0.99
    assert share[0] / share[2] == pytest.approx(
        (1 + 2 * CLOSED) / (20 + 8 * CLOSED), rel=0.12
    )


@given(vixes, st.floats(65.0, 200.0), days)
def test_vix_calls_fall_and_are_convex_in_strike(
    vix: float, vvix: float, day: float
) -> None:
    at, tau = state(vix, 1.0, vvix), np.full(300, day / 365.0)
    strikes = np.linspace(8.0, 120.0, 300)
    forward = surface.vix_forward(at, tau, fitted().curve)
    iv = surface.vix_volatility(at, tau, np.log(strikes / forward), fitted().vix)
    assert_free_of_butterflies(float(forward[0]), strikes, iv, day / 365.0)


@given(vixes, ratios, days)
def test_the_smile_never_falls_below_its_floor(
    vix: float, ratio: float, day: float
) -> None:
    at, tau = state(vix, ratio, 100.0), np.full(41, day / 365.0)
    k = np.linspace(-1.0, 0.6, 41)
    iv = surface.spx_volatility(at, tau, k, fitted().spx)
    atm = surface.spx_volatility(at, tau, np.zeros(41), fitted().spx)
    assert (iv >= 0.3 * atm).all()


def test_spx_puts_are_dearer_and_vix_calls_are_dearer_than_at_the_money() -> None:
    tau, k = np.full(3, 30 / 365), np.array([-0.08, 0.0, 0.05])
    spx = surface.spx_volatility(CALM, tau, k, fitted().spx)
    assert spx[0] > spx[1] > spx[2]
    vix = surface.vix_volatility(CALM, tau, np.array([-0.1, 0.0, 0.5]), fitted().vix)
    assert vix[2] > vix[1] > vix[0]


def test_a_month_at_the_money_is_about_four_fifths_of_vix_in_calm_markets() -> None:
    market = Market(scenario("calm-2017"), 1)
    month = np.array([30 / 365])
    for number in range(market.sessions):
        at = market.closing(number)
        atm = surface.spx_volatility(at, month, np.zeros(1), market.fit.spx)
        assert 0.76 <= 100 * float(atm[0]) / at.vix <= 0.9


@given(states())
def test_the_futures_curve_starts_at_vix_and_comes_closer_to_vix6m(at: State) -> None:
    ends = surface.vix_forward(at, np.array([1e-9, 180 / 365]), fitted().curve)
    assert ends[0] == pytest.approx(at.vix)
    gap = abs(np.log(at.vix6m / at.vix))
    assert abs(np.log(ends[1] / at.vix6m)) < 0.35 + 0.5 * gap


def test_known_futures_are_met_exactly_at_the_close() -> None:
    if not SHARED.exists():
        pytest.skip("needs the real history in ../shared")
    market = Market(scenario("volmageddon-2018", SHARED), 1)
    number = 10
    assert market.day(number).day == date(2018, 2, 5)
    session = market.session(number)
    close = session.state(session.tape.nodes - 1)
    assert (close.vix, close.vix9d, close.vix3m) == pytest.approx(
        (37.32, 59.34, 28.13), abs=0.005
    )
    # VXH18 has 44 days left, on a knot of the grid it lies between.
    tau = np.array([44 / 365])
    future = surface.vix_forward(close, tau, market.fit.curve)
    assert float(future[0]) == pytest.approx(27.975, rel=0.01)


def test_the_surface_fits_a_real_chain_as_well_as_the_document_says() -> None:
    if not SHARED.exists():
        pytest.skip("needs the real chains in ../shared")
    path = SHARED / "options" / "spx_iv_surface_2023-02-15.csv.gz"
    # This surface was not part of the fit: it is a fair test.
    table = pd.read_csv(path, parse_dates=["quote_date", "expiry"])
    table = table.dropna(subset=["bid_iv", "ask_iv"])
    table = table[table.t_years.between(7 / 365, 100 / 365)]
    at = replace(CALM, vix9d=16.02, vix=18.23, vix3m=20.68, vix6m=22.21)
    tau = table.t_years.to_numpy()
    k = np.log((table.strike / table.forward).to_numpy())
    iv = ((table.bid_iv + table.ask_iv) / 2).to_numpy()
    near = np.abs(k / (0.155 * np.sqrt(tau))) < 1.0
    error = 100 * (surface.spx_volatility(at, tau, k, fitted().spx) - iv)
    assert np.sqrt(np.mean(error[near] ** 2)) < 2.0
