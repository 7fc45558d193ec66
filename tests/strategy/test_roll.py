"""What a roll must pass, and which one wins."""

import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alvh_trader.domain.instrument import Option, Right
from alvh_trader.portfolio.greeks import Exposure
from alvh_trader.strategy.bands import Tier
from alvh_trader.strategy.candidates import propose
from alvh_trader.strategy.condor import Candidate
from alvh_trader.strategy.params import CondorParams, Params
from alvh_trader.strategy.roll import Economics, Judged, Old, judge, ranked
from alvh_trader.strategy.snapshot import Snapshot
from tests.strategy.worked import (
    AT,
    NEW_EXPIRY,
    NEW_STRIKES,
    T2,
    condor,
    risk,
    spx_chain,
)

PARAMS = Params()
SPOT, VIX = 6860.0, 21.20
FOUND = propose(
    [spx_chain(SPOT, VIX, NEW_EXPIRY)], condor(), spot=SPOT, vix=VIX, params=PARAMS
)
(GOOD,) = (c for c in FOUND if c.strikes == NEW_STRIKES)
HEDGE = Exposure(delta=-3.483, gamma=0.007, theta=-48.68, veq=225.43, value=995.0)


def _old(*, half: float = 0.05) -> Old:
    markets: list[tuple[Option, float, float]] = []
    for position in condor().positions():
        held = position.instrument
        assert isinstance(held, Option)
        markets.append((held, 10.0 - half, 10.0 + half))
    _, found = risk(condor(), SPOT, VIX, T2)
    return Old(
        case=condor(),
        snapshot=Snapshot(
            at=AT,
            spot=SPOT,
            vix=VIX,
            edr=0.9423,
            tested=Right.PUT,
            risk_notional=50_000,
            case=found.exposure,
            hedge=HEDGE,
        ),
        tier=Tier.NORMAL,
        close_cost=5.2028,
        half_spreads=0.2,
        markets=tuple(markets),
        hedge_cost=994.93,
        wacc=4.777,
        hv=None,
        available=400_000,
    )


def _failing(
    candidate: Candidate = GOOD,
    old: Old | None = None,
    params: Params = PARAMS,
    drawdown: float | None = 5.8,
    margin: float | None = None,
    debit: float = 0.0,
) -> list[str]:
    judged = judge(
        candidate,
        _old() if old is None else old,
        params,
        drawdown=drawdown,
        margin_change=margin,
        debit_share=debit,
    )
    return [f.what for f in judged.findings if not f.holds]


def test_the_accepted_roll_passes_and_every_filter_is_reported() -> None:
    judged = judge(GOOD, _old(), PARAMS, drawdown=5.785)
    assert judged.is_valid
    assert [f.what for f in judged.findings] == [
        "1 net credit after costs",
        "2 EDR of the new condor",
        "2 short deltas",
        "delta of N_risk (tier N)",
        "gamma of N_risk (tier N)",
        "theta",
        "vega offset after the roll",
        "4 2-sigma drawdown",
        "5 expected return over cost of capital",
        "6 points to the tested break-even",
        "8 widest market of a leg",
        "9 margin change",
    ]


def test_a_debit_is_refused_unless_allowed() -> None:
    dear = msgspec.structs.replace(_old(), close_cost=5.35)
    assert _failing(old=dear) == ["1 net credit after costs"]
    assert _failing(old=dear, debit=0.10) == []
    # A debit may be a tenth of the credit of 3.0929, costs of 0.32 included.
    most = GOOD.credit - 0.32 + 0.30929
    assert (
        _failing(old=msgspec.structs.replace(_old(), close_cost=most), debit=0.1) == []
    )
    over = msgspec.structs.replace(_old(), close_cost=most + 0.001)
    assert _failing(old=over, debit=0.10) == ["1 net credit after costs"]


def test_costs_count_against_the_credit() -> None:
    exact = GOOD.credit - 0.32
    assert _failing(old=msgspec.structs.replace(_old(), close_cost=exact)) == []
    over = msgspec.structs.replace(_old(), close_cost=exact + 0.001)
    assert _failing(old=over) == ["1 net credit after costs"]


def test_a_new_condor_must_not_be_near_a_breach_itself() -> None:
    strict = Params(condor=CondorParams(edr_high=0.61, delta_high=0.09))
    assert _failing(params=strict) == ["2 EDR of the new condor", "2 short deltas"]


def test_too_small_a_hedge_for_the_new_vega_is_refused() -> None:
    thin = msgspec.structs.replace(
        _old().snapshot, hedge=msgspec.structs.replace(HEDGE, veq=212.0)
    )
    old = msgspec.structs.replace(_old(), snapshot=thin)
    assert _failing(old=old) == ["vega offset after the roll"]
    red = msgspec.structs.replace(old, tier=Tier.RED)
    assert _failing(old=red) == []


def test_an_unknown_or_large_drawdown_is_refused() -> None:
    assert _failing(drawdown=None) == ["4 2-sigma drawdown"]
    assert _failing(drawdown=6.01) == ["4 2-sigma drawdown"]
    assert _failing(drawdown=6.0) == []


def test_return_must_beat_the_cost_of_capital() -> None:
    dear = msgspec.structs.replace(_old(), wacc=10.2)
    assert _failing(old=dear) == ["5 expected return over cost of capital"]
    unknown = msgspec.structs.replace(_old(), wacc=None)
    assert _failing(old=unknown) == ["5 expected return over cost of capital"]


def test_realised_volatility_above_implied_changes_nothing() -> None:
    wild = msgspec.structs.replace(_old(), hv=0.5)
    calm = msgspec.structs.replace(_old(), hv=0.05)
    found = [
        judge(GOOD, old, PARAMS, drawdown=1.0).economics for old in (_old(), wild, calm)
    ]
    assert found[0].payout == found[1].payout
    assert found[2].payout < found[0].payout


def test_the_tested_break_even_must_move_away() -> None:
    near = msgspec.structs.replace(
        _old(), case=condor(strikes=(6000, 6050, 7875, 7925))
    )
    assert _failing(old=near) == ["6 points to the tested break-even"]


def test_theta_must_stay_positive_with_the_hedge() -> None:
    bleeding = msgspec.structs.replace(
        _old().snapshot, hedge=msgspec.structs.replace(HEDGE, theta=-137.0)
    )
    old = msgspec.structs.replace(_old(), snapshot=bleeding)
    assert _failing(old=old) == ["theta"]


@pytest.mark.parametrize(
    ("bid", "ask", "passes"),
    [(2.0, 2.4, True), (2.0, 2.5, False), (0.5, 0.8, True), (0.5, 0.9, False)],
)
def test_one_wide_market_stops_the_roll(bid: float, ask: float, passes: bool) -> None:
    markets = ((GOOD.markets[0][0], bid, ask), *GOOD.markets[1:])
    wide = msgspec.structs.replace(GOOD, markets=markets)
    assert (_failing(wide) == []) is passes
    old = _old()
    held = ((old.markets[0][0], bid, ask), *old.markets[1:])
    worse = msgspec.structs.replace(old, markets=held)
    assert (_failing(old=worse) == []) is passes


def test_a_sold_leg_needs_a_bid_and_every_leg_a_quote() -> None:
    sold = {v.short.con_id for v in GOOD.case.verticals}
    for i, (option, _, _) in enumerate(GOOD.markets):
        markets = list(GOOD.markets)
        markets[i] = (option, 0.0, 0.05)
        free = msgspec.structs.replace(GOOD, markets=tuple(markets))
        assert (_failing(free) == []) is (option.con_id not in sold)
        markets[i] = (option, math.nan, 0.05)
        blind = msgspec.structs.replace(GOOD, markets=tuple(markets))
        assert _failing(blind) == ["8 widest market of a leg"]


def test_margin_is_estimated_until_the_broker_answers() -> None:
    poor = msgspec.structs.replace(_old(), available=9_999)
    assert _failing(old=poor) == ["9 margin change"]
    assert _failing(old=poor, margin=4_999) == []
    assert _failing(margin=200_001) == ["9 margin change"]


def _judged(candidate: Candidate, be_sd: float, over: float, cost: float) -> Judged:
    base = judge(candidate, _old(), PARAMS, drawdown=1.0)
    economics = msgspec.structs.replace(
        base.economics, be_sd=be_sd, over_wacc=over, cost=cost
    )
    ok = tuple(msgspec.structs.replace(f, holds=True) for f in base.findings)
    return Judged(candidate=candidate, economics=economics, findings=ok)


def test_distance_weighs_most_and_cost_counts_against() -> None:
    far, rich, cheap = FOUND[:3]
    best = ranked(
        [
            _judged(rich, 1.0, 9.0, 1.0),
            _judged(far, 2.0, 5.0, 1.0),
            _judged(cheap, 1.0, 5.0, 0.5),
        ]
    )
    assert [j.candidate for j in best] == [far, rich, cheap]


def test_equals_are_decided_by_width_and_then_strikes() -> None:
    equal = [_judged(c, 1.5, 5.0, 1.0) for c in reversed(FOUND)]
    best = ranked(equal)
    keys = [(j.candidate.case.width, j.candidate.strikes) for j in best]
    assert keys == sorted(keys)
    assert {j.score for j in best} == {0.0}


def test_refused_candidates_are_not_ranked() -> None:
    bad = judge(GOOD, _old(), PARAMS, drawdown=None)
    assert ranked([bad]) == ()
    assert ranked([]) == ()


@given(
    st.lists(
        st.tuples(st.floats(0.5, 3), st.floats(3, 30), st.floats(0.1, 2)),
        min_size=2,
        max_size=8,
    ),
    st.randoms(use_true_random=False),
)
def test_the_ranking_does_not_depend_on_the_order(
    numbers: list[tuple[float, float, float]], shuffle: object
) -> None:
    rows = [_ROWS[i](*row) for i, row in enumerate(numbers)]
    mixed = list(rows)
    getattr(shuffle, "shuffle")(mixed)  # noqa: B009 - its type is not exported
    first, second = ranked(rows), ranked(mixed)
    assert [j.candidate.strikes for j in first] == [j.candidate.strikes for j in second]


class _Row:
    """Makes a judged candidate of given numbers without judging it each time."""

    def __init__(self, candidate: Candidate) -> None:
        self._base = judge(candidate, _old(), PARAMS, drawdown=1.0)

    def __call__(self, be_sd: float, over: float, cost: float) -> Judged:
        economics: Economics = msgspec.structs.replace(
            self._base.economics, be_sd=be_sd, over_wacc=over, cost=cost
        )
        ok = tuple(msgspec.structs.replace(f, holds=True) for f in self._base.findings)
        return Judged(candidate=self._base.candidate, economics=economics, findings=ok)


_ROWS = [_Row(c) for c in FOUND[:8]]
