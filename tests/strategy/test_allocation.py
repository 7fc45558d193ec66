"""The gates of outside capital, and the advice: never an increase past a gate."""

from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from msgspec.structs import replace

from alvh_trader.capital.facilities import Funding
from alvh_trader.capital.liquidity import Light, Liquidity
from alvh_trader.signals.regime import Regime
from alvh_trader.strategy.allocation import (
    Advice,
    Situation,
    allocate,
    margin_room,
    shifted,
)
from alvh_trader.strategy.params import Params

PARAMS = Params()

POOL = Liquidity(
    cash=90_000.0,
    bills=40_000.0,
    stablecoins=85_000.0,
    due=65_260.0,
    stress_call=47_530,
)
"""The pool of §12 under stress: 1.891."""

CALM = Situation(
    funding=Funding(
        equity=750_000.0,
        drawn=60_000.0,
        outside=60_000.0,
        available=90_000.0,
        shock=1_700.0,
        is_fresh=True,
    ),
    net_liquidation=750_000.0,
    initial_margin=50_000.0,
    regime=Regime.TRANSITION,
    vix=17.95,
    is_near_18=True,
    liquidity=POOL,
    over_wacc=8.3,
    loss=40_000.0,
    macro=0.0,
)
"""Every gate stands open, and less is drawn than the fifth of equity aimed at."""


def situation(**changes: Any) -> Situation:
    return replace(CALM, **changes)


def with_funding(**changes: Any) -> Situation:
    return situation(funding=replace(CALM.funding, **changes))


def test_with_every_gate_open_outside_capital_goes_to_its_share_of_equity() -> None:
    found = allocate(CALM, PARAMS)
    assert all(gate.holds for gate in found.gates)
    assert found.advice is Advice.INCREASE
    assert (found.drawn, found.target) == (60_000, 150_000)
    assert found.light is Light.GREEN
    # 6.67 % of 90 000: margin over net liquidation stays what it was (INV-6).
    assert found.margin_room == pytest.approx(6_000)


@pytest.mark.parametrize(
    ("change", "gate"),
    [
        ({"is_near_18": False}, "VIX about 18"),
        ({"vix": None}, "VIX about 18"),
        ({"regime": Regime.ELEVATED}, "VIX about 18"),
        ({"liquidity": replace(POOL, stress_call=120_000.0)}, "quick ratio"),
        ({"liquidity": None}, "quick ratio"),
        ({"over_wacc": 2.99}, "expected return over cost of capital"),
        ({"over_wacc": None}, "expected return over cost of capital"),
        ({"loss": 48_000.0}, "2-sigma drawdown after it"),
        ({"loss": None}, "2-sigma drawdown after it"),
        ({"busy": ("c1 ARMED",)}, "cases not at rest"),
        ({"macro": -0.25}, "macro composite M"),
        ({"macro": None}, "macro composite M"),
        ({"net_liquidation": 0.0}, "initial margin over net liquidation after it"),
        ({"funding": replace(CALM.funding, is_fresh=False)}, "facilities"),
        ({"funding": replace(CALM.funding, available=0.0)}, "room to draw"),
    ],
)
def test_one_closed_gate_is_enough_to_hold(change: dict[str, Any], gate: str) -> None:
    found = allocate(situation(**change), PARAMS)
    assert found.advice is Advice.HOLD
    assert found.target == found.drawn
    assert gate in [f.what for f in found.gates if not f.holds]


def test_the_lever_bounds_an_increase_and_closes_beyond_its_end() -> None:
    levered = with_funding(outside=150_000.0, drawn=100_000.0)
    found = allocate(situation(funding=levered.funding, scale=1.25), PARAMS)
    # 1.25 of equity are 937 500; 900 000 are deployed.
    assert found.target == 137_500
    over = with_funding(outside=200_000.0, drawn=60_000.0)
    (lever,) = [f for f in allocate(over, PARAMS).gates if "over equity" in f.what]
    assert not lever.holds


def test_a_time_shift_adds_a_tenth_times_the_factor_of_beta() -> None:
    assert shifted(100_000, 3.4 / 3) == pytest.approx(111_333, abs=0.5)
    assert shifted(100_000, 0.5) == 105_000
    assert shifted(100_000, 1.5) == pytest.approx(115_000)
    at_share = situation(
        funding=replace(CALM.funding, drawn=150_000.0, outside=150_000.0),
        shift_from=150_000.0,
        factor=3.4 / 3,
        loss=30_000.0,
    )
    found = allocate(at_share, PARAMS)
    assert found.advice is Advice.INCREASE
    assert found.target == pytest.approx(167_000)
    assert allocate(replace(at_share, shift_from=None), PARAMS).advice is Advice.HOLD
    # Where the lever has no room the shift has none either.
    bound = replace(at_share, shift_from=170_000.0)
    assert allocate(bound, PARAMS).target == pytest.approx(187_500)


def test_above_25_half_may_stay_and_above_35_nothing() -> None:
    half = allocate(situation(regime=Regime.STRESS, calm_drawn=60_000.0), PARAMS)
    assert (half.advice, half.target) == (Advice.REDUCE, 30_000)
    # Half of what was drawn before the stress, not half of it again every time.
    paid = replace(with_funding(drawn=30_000.0), regime=Regime.STRESS)
    paid = replace(paid, calm_drawn=60_000.0)
    assert allocate(paid, PARAMS).advice is Advice.HOLD
    none = allocate(situation(regime=Regime.CRISIS, calm_drawn=60_000.0), PARAMS)
    assert (none.advice, none.target) == (Advice.REDUCE, 0)


def test_a_red_pool_is_to_be_paid_down_until_it_is_green() -> None:
    short = Liquidity(cash=54_000.0, due=60_000.0)
    found = allocate(situation(liquidity=short), PARAMS)
    assert found.light is Light.RED
    assert found.advice is Advice.REDUCE
    # 15 000 less leave 45 000 due: 1.2.
    assert found.target == pytest.approx(45_000)
    deep = Liquidity(cash=1.0, due=1e9)
    assert allocate(situation(liquidity=deep), PARAMS).target == 0


def test_without_equity_the_light_is_red() -> None:
    assert allocate(with_funding(equity=-1.0), PARAMS).light is Light.RED


usd = st.floats(0, 1e7)
maybe = st.none() | st.floats(-100, 100)


situations = st.builds(
    Situation,
    funding=st.builds(
        Funding,
        equity=st.floats(-1e6, 1e7),
        drawn=usd,
        outside=usd,
        available=usd,
        shock=usd,
        is_fresh=st.booleans(),
    ),
    net_liquidation=st.floats(-1e6, 1e7),
    initial_margin=usd,
    regime=st.sampled_from([None, *Regime]),
    vix=st.none() | st.floats(5, 90),
    is_near_18=st.booleans(),
    liquidity=st.none()
    | st.builds(Liquidity, cash=usd, due=usd, stress_call=usd, stablecoins=usd),
    over_wacc=maybe,
    loss=st.none() | usd,
    busy=st.sampled_from([(), ("c1 ARMED",)]),
    macro=maybe,
    scale=st.floats(0.5, 1.25),
    factor=st.floats(0.5, 1.5),
    shift_from=st.none() | usd,
    calm_drawn=st.none() | usd,
)


@given(situations)
def test_no_increase_past_a_closed_gate_and_no_target_out_of_bounds(
    now: Situation,
) -> None:
    funding, regime = now.funding, now.regime
    found = allocate(now, PARAMS)
    if not all(gate.holds for gate in found.gates):
        assert found.target <= found.drawn
        assert found.advice is not Advice.INCREASE
    if found.light is Light.RED or (regime is not None and regime >= Regime.STRESS):
        assert found.advice is not Advice.INCREASE
    assert 0 <= found.target <= funding.drawn + funding.available + 1e-6
    if found.advice is Advice.INCREASE:
        more = found.target - found.drawn
        assert funding.deployed + more <= 1.25 * funding.equity * (1 + 1e-9)


@given(st.floats(0, 1e7), st.floats(1, 1e8), st.floats(0, 1e7))
def test_margin_over_net_liquidation_never_rises(
    margin: float, net: float, more: float
) -> None:
    assume(margin <= net)
    room = margin_room(margin, net, more)
    assert room >= 0
    assert (margin + room) / (net + more) <= margin / net + 1e-9
