"""Every number of the worked example, computed by the product (alvh.md §12)."""

import math
from datetime import datetime, timedelta

import numpy as np
import pytest

from alvh_trader.capital.cost import Cost, capital_cost
from alvh_trader.domain.instrument import Option, Right
from alvh_trader.domain.market import Quote
from alvh_trader.portfolio.greeks import (
    CaseRisk,
    Exposure,
    HedgeRisk,
    Legs,
    hedge_legs_of,
    hedge_risk,
)
from alvh_trader.pricing.black76 import greeks
from alvh_trader.pricing.vix import beta_vx, expected_move
from alvh_trader.risk.shocks import Conditions, StressedCase, StressedHedge
from alvh_trader.risk.stress import Stress, largest_quantity, stress
from alvh_trader.signals.edr import daily_range, delta_ratio
from alvh_trader.strategy.bands import Tier, holds, judge, judge_projected
from alvh_trader.strategy.breakeven import (
    HeldCall,
    Market,
    expansion,
    gate,
    loss_level,
)
from alvh_trader.strategy.candidates import close_cost, propose
from alvh_trader.strategy.condor import Candidate, short_target, snapped
from alvh_trader.strategy.hedge import plan_hedge, vega_of_one
from alvh_trader.strategy.params import HedgeKind, Params, StressParams
from alvh_trader.strategy.roll import Old, economics, ranked
from alvh_trader.strategy.roll import judge as judge_roll
from alvh_trader.strategy.sizing import Need, size
from alvh_trader.strategy.snapshot import Snapshot
from tests.strategy.worked import (
    AT,
    CAPITAL,
    EQUITY,
    FACILITIES,
    HAIRCUT,
    NEW_EXPIRY,
    NEW_STRIKES,
    OLD_EXPIRY,
    RATE,
    T0,
    T1,
    T2,
    VIX_EXPIRY,
    atm,
    condor,
    forward,
    option,
    risk,
    spx_chain,
    strike_of,
    vix_chain,
)

PARAMS = Params()
SPOT, VIX = 6860.0, 21.20
PRICE, DELTA = 0.002, 0.0002
USD = 0.05


def _old() -> tuple[Legs, CaseRisk]:
    return risk(condor(), SPOT, VIX, T2)


def _hedge(count: int) -> HedgeRisk:
    call = option("VIX", VIX_EXPIRY, 22.0, Right.CALL)
    found = hedge_risk(
        hedge_legs_of([(call, count)], T2),
        np.array([1.42133282]),
        21.05,
        RATE,
        spot=SPOT,
        vix=VIX,
    )
    assert found is not None
    return found


def _snapshot(count: int) -> Snapshot:
    _, found = _old()
    hedge = _hedge(count).exposure if count else Exposure()
    return Snapshot(
        at=AT,
        spot=SPOT,
        vix=VIX,
        edr=0.9423,
        tested=Right.PUT,
        risk_notional=50_000,
        case=found.exposure,
        hedge=hedge,
    )


def _cost() -> Cost:
    _, found = _old()
    cost = capital_cost(
        equity=EQUITY,
        delta=found.exposure.delta,
        spot=SPOT,
        risk_free=3.75,
        facilities=FACILITIES,
    )
    assert cost is not None
    return cost


def _candidates(width: float | None = None) -> list[Candidate]:
    chain = spx_chain(SPOT, VIX, NEW_EXPIRY)
    found = propose([chain], condor(), spot=SPOT, vix=VIX, params=PARAMS)
    return [
        c for c in found if c.sds == 1.5 and (width is None or c.case.width == width)
    ]


def _replaced() -> Old:
    market = spx_chain(SPOT, VIX, OLD_EXPIRY)
    places = market.chain.places
    quotes = {}
    markets = []
    for position in condor().positions():
        held = position.instrument
        assert isinstance(held, Option)
        i = places[(held.strike, held.right)]
        bid, ask = float(market.chain.bid[i]), float(market.chain.ask[i])
        quotes[held.con_id] = Quote(AT, bid, ask, 50, 50)
        markets.append((market.chain.options[i], bid, ask))
    closing = close_cost(condor(), quotes)
    assert closing is not None
    return Old(
        case=condor(),
        snapshot=_snapshot(7),
        tier=Tier.NORMAL,
        close_cost=closing[0],
        half_spreads=closing[1],
        markets=tuple(markets),
        hedge_cost=994.93,
        wacc=_cost().wacc,
        hv=None,
        available=400_000,
    )


def _stress_of(legs: Legs, found_sigma: np.ndarray, dte: int, calls: int = 7) -> Stress:
    held = [(option("VIX", VIX_EXPIRY, 22.0, Right.CALL), calls)]
    return stress(
        [
            StressedCase(
                legs=legs,
                sigma=found_sigma,
                forward=forward(SPOT, dte),
                atm=atm(VIX),
            )
        ],
        StressedHedge(
            legs=hedge_legs_of(held, T2), sigma=np.array([1.15]), forward=21.05
        ),
        Conditions(spot=SPOT, vix=VIX, rate=RATE, capital=CAPITAL, haircut=HAIRCUT),
        StressParams(),
    )


# ------------------------------------------------------------------ T0 -----


def test_t0_distances_and_strikes() -> None:
    level = atm(17.95)
    assert level == pytest.approx(0.150062, abs=1e-6)
    sd = 7138.80 - short_target(7138.80, level, 54, 1.0, Right.PUT)
    assert sd == pytest.approx(412.05, abs=0.005)
    by_vix = 7138.80 - short_target(7138.80, 0.1795, 54, 1.0, Right.PUT)
    assert by_vix == pytest.approx(492.88, abs=0.005)
    strikes = [float(k) for k in range(6000, 8200, 5)]
    put = short_target(7138.80, level, 54, 1.75, Right.PUT)
    call = short_target(7138.80, level, 54, 1.75, Right.CALL)
    assert (put, call) == pytest.approx((6417.7, 7859.9), abs=0.05)
    assert snapped(put, strikes, Right.PUT, 25) == 6400
    assert snapped(call, strikes, Right.CALL, 25) == 7875


@pytest.mark.parametrize(
    ("place", "sigma", "value", "delta", "vega", "theta"),
    [
        (1, 0.21993, 19.5127, -0.07051, 3.7061, -0.7175),
        (0, 0.21440, 21.7107, -0.07887, 4.0368, -0.7598),
        (2, 0.11838, 2.3714, 0.02015, 1.3376, -0.1564),
        (3, 0.11697, 1.4765, 0.01333, 0.9390, -0.1082),
    ],
)
def test_t0_legs(
    place: int, sigma: float, value: float, delta: float, vega: float, theta: float
) -> None:
    _, found = risk(condor(), 7138.80, 17.95, T0)
    assert found.sigma[place] == pytest.approx(sigma, abs=1e-5)
    assert found.greeks.price[place] == pytest.approx(value, abs=PRICE)
    assert found.greeks.delta[place] == pytest.approx(delta, abs=DELTA)
    assert found.greeks.vega[place] == pytest.approx(vega, abs=5e-4)
    assert found.greeks.theta[place] == pytest.approx(theta, abs=5e-4)


def test_t0_condor() -> None:
    case = condor()
    _, found = risk(case, 7138.80, 17.95, T0)
    one = found.exposure.times(1 / 1000)
    assert -one.value == pytest.approx(3.0929, abs=PRICE)
    assert case.credit == pytest.approx(3.0929, abs=PRICE)
    assert case.max_loss / 10 == pytest.approx(4690.71, abs=USD)
    assert case.break_even(Right.PUT) == pytest.approx(6396.907, abs=PRICE)
    assert case.break_even(Right.CALL) == pytest.approx(7878.093, abs=PRICE)
    assert one.delta == pytest.approx(0.00154, abs=DELTA)
    assert one.vega == pytest.approx(-0.7293, abs=5e-4)
    assert one.theta == pytest.approx(0.0905, abs=5e-4)
    assert case.risk_notional == 50_000
    edr = delta_ratio(17.95, found.delta_put, found.delta_call)
    assert edr.value == pytest.approx(0.4117, abs=5e-4)
    assert edr.tested is Right.PUT
    assert daily_range(17.95) == pytest.approx(0.9395, abs=5e-4)
    assert daily_range(17.95, 252) == pytest.approx(1.1307, abs=5e-4)


def test_t0_largest_quantity() -> None:
    found = largest_quantity(
        capital=CAPITAL,
        haircut=HAIRCUT,
        premium=994.93,
        width=50,
        credit=3.0929,
    )
    assert found == pytest.approx(10.94, abs=5e-3)


# ------------------------------------------------------------------ T1 -----


def test_t1_approach() -> None:
    _, found = risk(condor(), 6890.0, 20.70, T1)
    assert found.delta_put == pytest.approx(-0.14389, abs=DELTA)
    assert -found.exposure.value / 1000 == pytest.approx(4.8724, abs=PRICE)
    edr = delta_ratio(20.70, found.delta_put, found.delta_call)
    assert edr.value == pytest.approx(0.8661, abs=5e-4)
    at = Snapshot(
        at=AT,
        spot=6890.0,
        vix=20.70,
        edr=edr.value,
        tested=edr.tested,
        risk_notional=50_000,
        case=found.exposure,
        hedge=Exposure(),
    )
    # The specification prints 2.42; the unrounded number is 2.4252.
    assert at.delta_risk == pytest.approx(2.42, abs=0.006)


# ------------------------------------------------------------------ T2 -----


def test_t2_breach() -> None:
    _, found = _old()
    assert found.delta_put == pytest.approx(-0.15285, abs=DELTA)
    assert -found.exposure.value / 1000 == pytest.approx(5.2028, abs=PRICE)
    edr = delta_ratio(VIX, found.delta_put, found.delta_call)
    assert edr.value == pytest.approx(0.9423, abs=5e-4)
    by_sessions = delta_ratio(VIX, found.delta_put, found.delta_call, basis=252)
    assert by_sessions.value == pytest.approx(1.1341, abs=5e-4)
    assert expected_move(SPOT, VIX) == pytest.approx(76.12, abs=0.005)


def test_t2_position() -> None:
    _, found = _old()
    assert found.exposure.delta == pytest.approx(17.931, abs=USD)
    assert found.exposure.gamma == pytest.approx(-0.05423, abs=1e-5)
    assert found.exposure.vega == pytest.approx(-476.02, abs=USD)
    assert found.exposure.theta == pytest.approx(84.64, abs=USD)
    assert found.exposure.veq == pytest.approx(-412.25, abs=USD)
    bare = _snapshot(0)
    assert bare.delta_risk == pytest.approx(2.730, abs=1e-3)
    assert bare.gamma_risk == pytest.approx(0.314, abs=1e-3)
    findings = judge(bare, Tier.NORMAL, PARAMS.bands)
    assert [f.holds for f in findings] == [False, True, True, False]


def _market(legs: Legs, found: CaseRisk) -> Market:
    return Market(
        spot=SPOT,
        vix=VIX,
        forward=forward(SPOT, float(legs.dte[0])),
        rate=RATE,
        atm=atm(VIX),
        sigma=found.sigma,
    )


def test_t2_break_evens() -> None:
    legs, found = _old()
    step = expansion(condor(), legs, _market(legs, found), Right.PUT, PARAMS.break_even)
    assert step is not None
    assert step.be_sd_now == pytest.approx(1.1506, abs=5e-4)
    assert step.sigma_shock == pytest.approx(0.04590, abs=5e-6)
    assert step.be_sd_shock == pytest.approx(0.9139, abs=5e-4)
    assert step.required == pytest.approx(182.4, abs=0.05)
    assert step.mark_now == pytest.approx(5.2028, abs=PRICE)
    assert step.mark_shock == pytest.approx(7.548, abs=PRICE)
    assert step.model_now == pytest.approx((7012.43, 7318.65), abs=0.05)
    assert step.model_shock == ()
    assert step.fully_inside
    findings = gate(step, 0.9423, 1.10, PARAMS.break_even)
    assert [f.holds for f in findings] == [True, True, False]


def test_t2_hedge_moves_the_loss_outwards() -> None:
    legs, found = _old()
    market = _market(legs, found)
    calls = HeldCall(
        strike=22, forward=21.05, sigma=1.15, dte=13, quantity=7, cost=1.4213
    )
    bare, hedged = (
        loss_level(condor(), legs, market, 10_000, days=7, beta_spot=5.0, hedge=hedge)
        for hedge in (None, calls)
    )
    assert bare == pytest.approx(6592.0, abs=0.1)
    assert hedged == pytest.approx(6553.7, abs=0.1)


# --------------------------------------------------------------- hedge -----


def test_hedge_of_one_call() -> None:
    one = greeks(21.05, 22.0, 1.15, 13 / 365, RATE, is_call=True)
    assert float(one.price) == pytest.approx(1.4213, abs=PRICE)
    assert float(one.delta) == pytest.approx(0.46159, abs=DELTA)
    assert float(beta_vx(13)) == pytest.approx(0.69767, abs=5e-6)
    assert vega_of_one(float(one.delta), 13) == pytest.approx(32.204, abs=5e-3)
    found = _hedge(1)
    assert found.exposure.delta == pytest.approx(-0.4976, abs=5e-5)
    assert found.sigma[0] == pytest.approx(1.15)


def _need() -> Need:
    _, found = _old()
    return Need(
        risk_notional=50_000.0,
        veq_now=found.exposure.veq,
        veq_after=-709.4,
        capital=_cost().capital,
        tier=Tier.NORMAL,
    )


def test_hedge_size() -> None:
    found = size(_need(), cost=142.13, h=32.204, hedge=PARAMS.hedge, bands=PARAMS.bands)
    assert (found.n_low, found.n_high, found.n_wacc) == (4, 7, 5)
    assert (found.n_pre, found.n_post) == (6, 7)
    assert (found.n, found.n_min) == (7, 6)
    assert found.drag == pytest.approx(11.7, abs=0.05)
    assert 100 * found.share == pytest.approx(1.665, abs=5e-4)


def test_hedge_plan() -> None:
    planned = plan_hedge(vix_chain(), _need(), VIX, PARAMS)
    plan = planned.plan
    assert plan is not None
    assert plan.kind is HedgeKind.VIX_CALL
    assert strike_of(plan.long) == 22.0
    assert plan.ask == pytest.approx(1.4213, abs=PRICE)
    assert plan.theta == pytest.approx(-0.0695, abs=5e-4)
    assert (plan.size.n, plan.size.n_min) == (7, 6)
    premium = plan.size.n * plan.size.cost
    assert premium == pytest.approx(994.93, abs=USD)
    assert premium / 50_000 == pytest.approx(0.01990, abs=5e-6)
    assert premium / (condor().credit * 1000) == pytest.approx(0.32, abs=5e-3)
    assert holds(planned.findings)


def test_hedge_of_one_condor_goes_up_the_strikes() -> None:
    _, found = risk(condor(1), SPOT, VIX, T2)
    need = Need(
        risk_notional=5_000,
        veq_now=found.exposure.veq,
        veq_after=0.0,
        capital=85_000,
        tier=Tier.NORMAL,
    )
    planned = plan_hedge(vix_chain(), need, VIX, PARAMS)
    plan = planned.plan
    assert plan is not None
    assert (strike_of(plan.long), plan.size.n) == (24.0, 1)
    assert plan.size.cost == pytest.approx(81.34, abs=USD)
    assert plan.delta == pytest.approx(0.31, abs=5e-3)
    offset = plan.size.h / abs(found.exposure.veq)
    assert offset == pytest.approx(0.524, abs=1e-3)


def test_after_the_hedge_the_greeks_are_in_band() -> None:
    after = _snapshot(7)
    assert after.offset == pytest.approx(0.5468, abs=5e-4)
    assert after.net.delta == pytest.approx(14.448, abs=USD)
    assert after.delta_risk == pytest.approx(2.200, abs=1e-3)
    assert after.gamma_risk == pytest.approx(0.273, abs=1e-3)
    assert after.net.theta == pytest.approx(35.96, abs=USD)
    assert holds(judge(after, Tier.NORMAL, PARAMS.bands))


def test_five_calls_leave_the_vega_out_of_band() -> None:
    after = _snapshot(5)
    assert after.offset == pytest.approx(0.391, abs=5e-4)
    findings = judge(after, Tier.NORMAL, PARAMS.bands)
    assert [f.holds for f in findings] == [True, True, True, False]


def test_full_neutralisation_takes_thirty_six_calls() -> None:
    _, found = _old()
    each = _hedge(1).exposure.delta
    assert math.floor(-found.exposure.delta / each) == 36


# ---------------------------------------------------------------- roll -----


def test_roll_strikes() -> None:
    sd = SPOT - short_target(SPOT, atm(VIX), 57, 1.0, Right.PUT)
    assert sd == pytest.approx(480.46, abs=0.005)
    put = short_target(SPOT, atm(VIX), 57, 1.5, Right.PUT)
    call = short_target(SPOT, atm(VIX), 57, 1.5, Right.CALL)
    assert (put, call) == pytest.approx((6139.3, 7580.7), abs=0.05)


@pytest.mark.parametrize(
    ("width", "strikes", "credit", "net", "max_loss", "test", "veq", "offset"),
    [
        (50, (6075, 6125, 7600, 7650), 5.1648, -0.0380, 44_835, 5.281, -649.0, 0.347),
        (55, NEW_STRIKES, 5.6264, 0.4237, 49_374, 5.785, -709.4, 0.318),
        (60, (6065, 6125, 7600, 7660), 6.0789, 0.8761, 53_921, 6.291, -769.0, 0.293),
    ],
)
def test_roll_table(
    width: float,
    strikes: tuple[float, ...],
    credit: float,
    net: float,
    max_loss: float,
    test: float,
    veq: float,
    offset: float,
) -> None:
    (candidate,) = _candidates(width)
    assert candidate.strikes == strikes
    assert candidate.credit == pytest.approx(credit, abs=PRICE)
    earned = economics(candidate, _replaced(), PARAMS.roll)
    assert earned.net == pytest.approx(net, abs=PRICE)
    assert candidate.case.max_loss == pytest.approx(max_loss, abs=2)
    assert candidate.exposure.veq == pytest.approx(veq, abs=0.06)
    assert _hedge(7).exposure.veq / -candidate.exposure.veq == pytest.approx(
        offset, abs=5e-4
    )
    assert candidate.edr.value == pytest.approx(0.6130, abs=5e-4)
    assert candidate.delta_put == pytest.approx(-0.09944, abs=DELTA)
    assert candidate.delta_call == pytest.approx(0.04390, abs=DELTA)
    found = _stress_of(candidate.legs, candidate.sigma, 57)
    assert found.drawdown == pytest.approx(test, abs=6e-4)


def test_roll_verdicts() -> None:
    old = _replaced()
    failed = {}
    for candidate in _candidates():
        found = _stress_of(candidate.legs, candidate.sigma, 57)
        judged = judge_roll(candidate, old, PARAMS, drawdown=found.drawdown)
        failed[candidate.case.width] = [f.what for f in judged.findings if not f.holds]
    assert failed[50] == ["1 net credit after costs"]
    assert failed[55] == []
    assert failed[60] == ["vega offset after the roll", "4 2-sigma drawdown"]


def test_the_best_of_all_candidates_is_the_accepted_one() -> None:
    old = _replaced()
    chain = spx_chain(SPOT, VIX, NEW_EXPIRY)
    found = propose([chain], condor(), spot=SPOT, vix=VIX, params=PARAMS)
    judged = [
        judge_roll(c, old, PARAMS, drawdown=_stress_of(c.legs, c.sigma, c.dte).drawdown)
        for c in found
    ]
    best = ranked(judged)
    assert best[0].candidate.strikes == NEW_STRIKES


def test_roll_economics() -> None:
    (candidate,) = _candidates(55)
    old = _replaced()
    assert candidate.case.break_even(Right.PUT) == pytest.approx(6119.374, abs=PRICE)
    assert candidate.case.break_even(Right.CALL) == pytest.approx(7605.626, abs=PRICE)
    put, call = candidate.case.put, candidate.case.call
    assert put is not None
    assert call is not None
    held = {o.con_id: 0.5 * (bid + ask) for o, bid, ask in old.markets}
    sides = [
        held[v.short.con_id] - held[v.long.con_id] - new.credit
        for v, new in zip(old.case.verticals, (put, call), strict=True)
    ]
    # A debit is positive: the put side costs 1.7440, the call side brings 2.1676.
    assert sides == pytest.approx([1.7440, -2.1676], abs=PRICE)
    earned = economics(candidate, old, PARAMS.roll)
    assert earned.payout == pytest.approx(3.4445, abs=5e-4)
    assert (candidate.credit - earned.payout) * 1000 == pytest.approx(2181.9, abs=0.5)
    assert earned.irr == pytest.approx(13.09, abs=0.01)
    assert _cost().wacc == pytest.approx(4.777, abs=5e-4)
    assert earned.over_wacc == pytest.approx(8.3, abs=0.05)


def test_roll_greeks() -> None:
    (candidate,) = _candidates(55)
    assert candidate.exposure.theta == pytest.approx(136.56, abs=USD)
    assert candidate.exposure.vega == pytest.approx(-978, abs=0.5)
    findings = judge_projected(
        _snapshot(7), candidate.exposure, 55_000, Tier.NORMAL, PARAMS.bands
    )
    assert holds(findings)
    assert findings[0].value == "0.689 %"
    assert findings[2].value == "+87.88 USD/day"
    assert findings[3].value == "0.318"


# -------------------------------------------------------------- stress -----


def test_stress_of_the_old_condor() -> None:
    legs, found = _old()
    result = _stress_of(legs, found.sigma, 40)
    _assert_scenarios(
        result,
        [
            (6676.8, -5_154, 677),
            (7043.2, 3_061, -355),
            (6450.3, -13_029, 1_624),
            (7269.7, 4_673, -846),
            (6055.0, -44_797, -994.93),
            (7665.0, 5_203, -994.93),
        ],
    )
    assert result.drawdown == pytest.approx(5.277, abs=5e-4)
    assert result.worst.horizon == "expiry"
    assert result.finding(StressParams()).holds


def test_stress_of_the_new_condor() -> None:
    (candidate,) = _candidates(55)
    result = _stress_of(candidate.legs, candidate.sigma, 57)
    _assert_scenarios(
        result,
        [
            (6676.8, -2_438, 677),
            (7043.2, -290, -355),
            (6450.3, -7_103, 1_624),
            (7269.7, -4_174, -846),
            (5899.1, -49_374, -994.93),
            (7820.9, -49_374, -994.93),
        ],
    )
    assert result.drawdown == pytest.approx(5.785, abs=5e-4)


def _assert_scenarios(
    result: Stress, expected: list[tuple[float, float, float]]
) -> None:
    for scenario, (spot, case, hedge) in zip(result.scenarios, expected, strict=True):
        assert scenario.spot == pytest.approx(spot, abs=0.05)
        assert scenario.case == pytest.approx(case, abs=5)
        assert scenario.hedge == pytest.approx(hedge, abs=5)


# --------------------------------------------------- fixtures of §3.6 -----


def _tiered(
    spot: float, vix: float, dte: int, call: tuple[float, float, float, int]
) -> tuple[CaseRisk, Snapshot]:
    """Return the condor in another market, with a VIX call (F, K, vol, count)."""
    today = condor().expiry - timedelta(days=dte)
    _, found = risk(condor(), spot, vix, today)
    level, strike, sigma, count = call
    expiry = today + timedelta(days=13)
    held = option("VIX", expiry, strike, Right.CALL)
    mid = greeks(level, strike, sigma, 13 / 365, RATE, is_call=True).price
    hedge = hedge_risk(
        hedge_legs_of([(held, count)], today),
        np.array([float(mid)]),
        level,
        RATE,
        spot=spot,
        vix=vix,
    )
    assert hedge is not None
    edr = delta_ratio(vix, found.delta_put, found.delta_call)
    snapshot = Snapshot(
        at=datetime.combine(today, AT.timetz()),
        spot=spot,
        vix=vix,
        edr=edr.value,
        tested=edr.tested,
        risk_notional=50_000,
        case=found.exposure,
        hedge=hedge.exposure,
    )
    return found, snapshot


def test_red_tier_example() -> None:
    found, after = _tiered(6800.0, 22.0, 40, (21.8, 23.0, 1.18, 6))
    bare = Snapshot(
        at=after.at,
        spot=after.spot,
        vix=after.vix,
        edr=after.edr,
        tested=after.tested,
        risk_notional=50_000,
        case=found.exposure,
        hedge=Exposure(),
    )
    assert after.edr == pytest.approx(1.1732, abs=5e-4)
    assert bare.delta_risk == pytest.approx(3.35, abs=5e-3)
    assert after.offset == pytest.approx(0.447, abs=1e-3)
    assert after.delta_risk == pytest.approx(2.87, abs=5e-3)
    assert holds(judge(after, Tier.RED, PARAMS.bands))
    assert not holds(judge(after, Tier.NORMAL, PARAMS.bands))


def test_call_side_example() -> None:
    found, after = _tiered(7680.0, 13.5, 35, (14.4, 15.0, 0.90, 7))
    assert after.tested is Right.CALL
    assert found.delta_call == pytest.approx(0.2406, abs=DELTA)
    assert after.edr == pytest.approx(0.9447, abs=5e-4)
    assert after.offset == pytest.approx(0.181, abs=1e-3)
    assert after.delta_risk == pytest.approx(7.18, abs=5e-3)
    assert after.net.theta == pytest.approx(205.8, abs=0.06)
    assert holds(judge(after, Tier.CALL, PARAMS.bands))
    assert not holds(judge(after, Tier.NORMAL, PARAMS.bands))
