"""Break-evens and their expansion."""

from datetime import timedelta

import numpy as np
import pytest

from alvh_trader.domain.instrument import Right
from alvh_trader.portfolio.greeks import legs_of_case
from alvh_trader.pricing.black76 import Floats
from alvh_trader.strategy.breakeven import (
    Market,
    distance,
    expansion,
    gate,
    loss_level,
    roots,
    shock_of,
    values,
)
from alvh_trader.strategy.params import BreakEvenParams
from tests.strategy.worked import OLD_EXPIRY, RATE, T0, T2, atm, condor, forward, risk

PARAMS = BreakEvenParams()


def _market(spot: float, vix: float, dte: float, sigma: Floats) -> Market:
    return Market(
        spot=spot,
        vix=vix,
        forward=forward(spot, dte),
        rate=RATE,
        atm=atm(vix),
        sigma=sigma,
    )


def test_the_shock_is_a_quarter_of_vix_but_three_points_at_least() -> None:
    assert shock_of(20.0, 30, PARAMS) == pytest.approx(0.05)
    assert shock_of(10.0, 30, PARAMS) == pytest.approx(0.03)
    assert shock_of(20.0, 120, PARAMS) == pytest.approx(0.025)


def test_distance_is_positive_inside_on_either_side() -> None:
    assert distance(7000, 6900, Right.PUT, 50) == 2.0
    assert distance(7000, 7100, Right.CALL, 50) == 2.0
    assert distance(6850, 6900, Right.PUT, 50) == -1.0


def test_a_calm_condor_is_not_under_water() -> None:
    legs, found = risk(condor(), 7138.80, 17.95, T0)
    market = _market(7138.80, 17.95, 54, found.sigma)
    step = expansion(condor(), legs, market, Right.PUT, PARAMS)
    assert step is not None
    assert step.be_sd_now == pytest.approx(1.80, abs=0.01)
    assert step.be_sd_shock > PARAMS.gate
    assert not any(f.holds for f in gate(step, 0.41, 1.10, PARAMS)[::2])
    low, high = step.model_now_later
    assert low < 7138.80 < high


def test_the_call_side_is_measured_upwards() -> None:
    legs, found = risk(condor(), 7700.0, 13.5, T2)
    market = _market(7700.0, 13.5, 40, found.sigma)
    step = expansion(condor(), legs, market, Right.CALL, PARAMS)
    assert step is not None
    assert step.break_even == pytest.approx(7878.093, abs=0.002)
    assert 0 < step.be_sd_shock < step.be_sd_now


def test_a_side_that_is_not_held_has_no_break_even() -> None:
    legs, found = risk(condor(), 7138.80, 17.95, T0)
    market = _market(7138.80, 17.95, 54, found.sigma)
    case = condor()
    one = type(case)(id="x", kind=case.kind, put=case.put, call=None)
    assert expansion(one, legs, market, Right.CALL, PARAMS) is None


def test_an_expired_case_has_no_expansion() -> None:
    _, found = risk(condor(), 7138.80, 17.95, T0)
    market = _market(7138.80, 17.95, 54, found.sigma)
    over = legs_of_case(condor(), OLD_EXPIRY + timedelta(days=1))
    assert expansion(condor(), over, market, Right.PUT, PARAMS) is None


def test_the_red_opens_the_gate_whatever_the_break_even() -> None:
    legs, found = risk(condor(), 7138.80, 17.95, T0)
    market = _market(7138.80, 17.95, 54, found.sigma)
    step = expansion(condor(), legs, market, Right.PUT, PARAMS)
    assert step is not None
    assert gate(step, 1.10, 1.10, PARAMS)[2].holds


def test_model_values_at_spot_are_the_marks() -> None:
    legs, found = risk(condor(), 6860.0, 21.20, T2)
    market = _market(6860.0, 21.20, 40, found.sigma)
    worth = values(legs, market, np.array([6860.0]), lift=0.0, days=0.0)
    assert float(worth[0]) == pytest.approx(found.exposure.value)


def test_model_values_at_expiry_are_the_payout() -> None:
    legs, found = risk(condor(), 6860.0, 21.20, T2)
    market = _market(6860.0, 21.20, 40, found.sigma)
    spots = np.array([6300.0, 6380.0, 7000.0, 8000.0])
    worth = values(legs, market, spots, lift=0.1, days=40.0)
    assert worth == pytest.approx([-50_000.0, -20_000.0, 0.0, -50_000.0], abs=1e-6)


def test_roots_are_found_in_order() -> None:
    found = roots(lambda x: (x - 1.25) * (x - 7.5) * -1.0, 0.0, 10.0)
    assert found == pytest.approx((1.25, 7.5), abs=1e-6)
    assert roots(lambda x: x + 1.0, 0.0, 10.0) == ()


def test_a_loss_that_never_happens_has_no_level() -> None:
    legs, found = risk(condor(), 6860.0, 21.20, T2)
    market = _market(6860.0, 21.20, 40, found.sigma)
    assert loss_level(condor(), legs, market, 60_000, days=7, beta_spot=5) is None


@pytest.mark.parametrize(
    ("tested", "spot", "vix"), [(Right.PUT, 7138.80, 17.95), (Right.CALL, 7200.0, 13.5)]
)
def test_what_would_pass_the_gate_passes_it(
    tested: Right, spot: float, vix: float
) -> None:
    legs, found = risk(condor(), spot, vix, T0)
    market = _market(spot, vix, 54, found.sigma)
    step = expansion(condor(), legs, market, tested, PARAMS)
    assert step is not None
    failed = gate(step, 0.5, 1.10, PARAMS)[0]
    assert not failed.holds
    assert failed.mend == f"SPX at {step.gate_spot:.2f} by this volatility"
    there = Market(
        spot=step.gate_spot,
        vix=vix,
        forward=forward(step.gate_spot, 54),
        rate=RATE,
        atm=market.atm,
        sigma=found.sigma,
    )
    again = expansion(condor(), legs, there, tested, PARAMS)
    assert again is not None
    assert again.be_sd_shock == pytest.approx(PARAMS.gate)
