"""The 2-sigma test."""

import math
from datetime import date

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alvh_trader.domain.instrument import Future, Option, Right
from alvh_trader.portfolio.greeks import hedge_legs_of, legs_of
from alvh_trader.risk.shocks import Conditions, StressedCase, StressedHedge, shocked
from alvh_trader.risk.stress import (
    Level,
    Scenario,
    Stress,
    drawdowns,
    largest_quantity,
    level_of,
    reductions,
    stress,
)
from alvh_trader.strategy.params import StressParams

TODAY = date(2026, 5, 21)
EXPIRY = date(2026, 6, 30)
STRIKES = (6400.0, 6350.0, 7875.0, 7925.0)
RIGHTS = (Right.PUT, Right.PUT, Right.CALL, Right.CALL)
PARAMS = StressParams()
NOW = Conditions(spot=6860, vix=21.2, rate=0.0375, capital=900_000)


def _case(quantity: int = 10, expiry: date = EXPIRY) -> StressedCase:
    signs = (-1, 1, -1, 1)
    held = [
        (Option(i, "SPX", "SPXW", expiry, expiry, k, r), sign * quantity)
        for i, (k, r, sign) in enumerate(zip(STRIKES, RIGHTS, signs, strict=True))
    ]
    return StressedCase(
        legs=legs_of(held, TODAY),
        sigma=np.array([0.245, 0.252, 0.14, 0.139]),
        forward=6879.0,
        atm=0.177,
    )


def _calls(count: int) -> StressedHedge:
    call = Option(
        9, "VIX", "VIXW", date(2026, 6, 3), date(2026, 6, 2), 22.0, Right.CALL
    )
    return StressedHedge(
        legs=hedge_legs_of([(call, count)], TODAY),
        sigma=np.array([1.15]),
        forward=21.05,
    )


def test_scenarios_are_both_ways_at_three_horizons() -> None:
    found = stress([_case()], None, NOW, PARAMS)
    assert [s.horizon for s in found.scenarios] == [
        "1 d",
        "1 d",
        "5 d",
        "5 d",
        "expiry",
        "expiry",
    ]
    assert [s.spot < 6860 for s in found.scenarios] == [True, False] * 3
    assert [s.vix is None for s in found.scenarios] == [False] * 4 + [True] * 2


def test_vix_does_not_fall_below_its_floor() -> None:
    low = msgspec.structs.replace(NOW, vix=10.2)
    found = stress([_case()], None, low, PARAMS)
    assert [s.vix for s in found.scenarios[1:4:2]] == [10.0, 10.0]


def test_a_hedge_pays_in_falls_and_is_lost_at_expiry() -> None:
    found = stress([_case()], _calls(7), NOW, PARAMS)
    assert found.scenarios[0].hedge > 0 > found.scenarios[1].hedge
    assert found.scenarios[4].hedge == found.scenarios[5].hedge
    assert found.scenarios[5].hedge == pytest.approx(-994.93, abs=0.05)


def test_a_future_gains_linearly_and_may_fall_to_the_floor() -> None:
    future = Future(8, "VXM", "VXM", date(2026, 6, 3), date(2026, 6, 3), 100)
    hedge = StressedHedge(
        legs=hedge_legs_of([(future, 2)], TODAY), sigma=np.array([0.0]), forward=21.05
    )
    found = stress([_case()], hedge, NOW, PARAMS)
    vix = found.scenarios[0].vix
    assert vix is not None
    beta = 1 / (1 + 13 / 30)
    assert found.scenarios[0].hedge == pytest.approx(200 * beta * (vix - 21.2))
    assert found.scenarios[4].hedge == pytest.approx(-200 * 11.05)


def test_no_loss_of_a_condor_exceeds_its_width() -> None:
    found = stress([_case()], None, NOW, PARAMS)
    assert all(s.case >= -50_000 for s in found.scenarios)
    assert found.worst.horizon == "expiry"


def test_cases_add_up() -> None:
    one = stress([_case(10)], None, NOW, PARAMS)
    two = stress([_case(10), _case(5)], None, NOW, PARAMS)
    for a, b in zip(one.scenarios, two.scenarios, strict=True):
        assert b.case == pytest.approx(1.5 * a.case)


def test_a_case_that_expires_within_the_horizon_is_paid_out() -> None:
    soon = _case(10, date(2026, 5, 22))
    found = stress([soon], None, NOW, PARAMS)
    assert all(math.isfinite(s.case) for s in found.scenarios)


def test_haircut_and_capital_make_the_drawdown() -> None:
    shock = Scenario(horizon="1 d", spot=6700, vix=24, case=-10_000, hedge=1_000)
    found = Stress(scenarios=(shock,), haircut=900, capital=100_000)
    assert found.drawdown == pytest.approx(9.9)
    finding = found.finding(PARAMS)
    assert not finding.holds
    assert finding.value == "9.900 %"
    assert msgspec.structs.replace(found, capital=0.0).drawdown == math.inf
    gain = msgspec.structs.replace(shock, case=5_000.0)
    calm = msgspec.structs.replace(found, scenarios=(gain,), haircut=0.0)
    assert calm.drawdown == 0.0


def test_largest_quantity_is_never_negative() -> None:
    assert (
        largest_quantity(
            capital=10_000, haircut=5_000, premium=0, width=50, credit=3, params=PARAMS
        )
        == 0.0
    )


@given(st.integers(1, 50), st.integers(1, 50))
def test_more_condors_never_draw_down_less(few: int, more: int) -> None:
    small = stress([_case(few)], _calls(7), NOW, PARAMS)
    large = stress([_case(few + more)], _calls(7), NOW, PARAMS)
    assert large.drawdown >= small.drawdown - 1e-9


def test_a_book_without_condors_can_lose_its_hedge() -> None:
    found = stress([], _calls(7), NOW, PARAMS)
    assert found.worst.horizon == "expiry"
    assert found.worst.spot == NOW.spot
    assert found.drawdown == pytest.approx(100 * 994.93 / 900_000, abs=1e-4)


@given(st.lists(st.integers(1, 40), min_size=1, max_size=6), st.integers(0, 4))
def test_targets_together_are_as_each_alone(counts: list[int], beside: int) -> None:
    targets = [_case(count) for count in counts]
    others = [_case(3 + i, date(2026, 7, 17)) for i in range(beside)]
    found = drawdowns(targets, others, _calls(7), NOW, PARAMS)
    each = [stress([t, *others], _calls(7), NOW, PARAMS).drawdown for t in targets]
    np.testing.assert_allclose(found, each, rtol=1e-12)


def test_without_capital_every_target_is_too_much() -> None:
    none = msgspec.structs.replace(NOW, capital=0.0)
    assert drawdowns([_case()], [], None, none, PARAMS).tolist() == [math.inf]


@given(
    st.lists(st.integers(1, 40), min_size=1, max_size=6),
    st.floats(50_000, 2_000_000),
)
def test_what_is_proposed_is_enough_and_no_more(
    counts: list[int], capital: float
) -> None:
    now = msgspec.structs.replace(NOW, capital=capital)
    expiries = [EXPIRY, date(2026, 7, 17)]
    book = [_case(n, expiries[i % 2]) for i, n in enumerate(counts)]
    names = [f"c{i}" for i in range(len(book))]
    hedge = _calls(7)
    found = shocked(book, hedge, now, PARAMS)
    asked, left = reductions(names, counts, found, now, PARAMS)
    closing = {r.case: r.units for r in asked}

    def drawdown(closed: dict[str, int]) -> float:
        kept = [
            _case(n - closed.get(name, 0), expiries[i % 2])
            for i, (name, n) in enumerate(zip(names, counts, strict=True))
            if n > closed.get(name, 0)
        ]
        return stress(kept, hedge, now, PARAMS).drawdown

    assert left == pytest.approx(drawdown(closing))
    assert all(0 < r.units <= r.held for r in asked)
    assert left <= PARAMS.limit + 1e-6 or sum(closing.values()) == sum(counts)
    if drawdown({}) <= PARAMS.limit:
        assert not asked
    if len(asked) == 1:
        (one,) = asked
        fewer = {one.case: one.units - 1}
        assert drawdown(fewer) > PARAMS.limit - 1e-6


def test_the_condor_that_loses_most_gives_first() -> None:
    wide = _case(5)
    wide = msgspec.structs.replace(
        wide, legs=msgspec.structs.replace(wide.legs, multiplier=np.full(4, 200.0))
    )
    now = msgspec.structs.replace(NOW, capital=1_200_000.0)
    found = shocked([_case(10), wide], None, now, PARAMS)
    asked, left = reductions(["narrow", "wide"], [10, 5], found, now, PARAMS)
    assert [(r.case, r.held) for r in asked] == [("wide", 5)]
    assert left <= PARAMS.limit


def test_levels_of_the_drawdown() -> None:
    shock = Scenario(horizon="1 d", spot=6700, vix=24, case=-1, hedge=0)

    def at(percent: float, before: Level = Level.CALM) -> Level:
        lost = msgspec.structs.replace(shock, case=-1000 * percent)
        found = Stress(scenarios=(lost,), haircut=0.0, capital=100_000)
        return level_of(found, PARAMS, before)

    levels = [Level.CALM, Level.WARN, Level.WARN, Level.BREACH]
    assert [at(x) for x in (4.9, 5.0, 6.0, 6.1)] == levels
    # What was reached is left at nine tenths.
    assert [at(x, Level.WARN) for x in (4.49, 4.51, 5.99, 6.1)] == levels
    assert [at(x, Level.BREACH) for x in (4.49, 4.51, 5.39, 5.41)] == levels


@given(st.floats(9, 80), st.floats(5000, 9000))
def test_every_market_can_be_stressed(vix: float, spot: float) -> None:
    now = msgspec.structs.replace(NOW, vix=vix, spot=spot)
    found = stress([_case()], _calls(7), now, PARAMS)
    assert all(
        math.isfinite(s.case) and math.isfinite(s.hedge) for s in found.scenarios
    )
    assert found.drawdown >= 0
