"""The choice of expiry, forward, strike and instrument of the hedge."""

from datetime import date, timedelta

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alvh_trader.domain.calendar import Calendar
from alvh_trader.domain.instrument import Future
from alvh_trader.domain.order import Leg
from alvh_trader.pricing.chain import PricedChain
from alvh_trader.strategy.bands import Tier
from alvh_trader.strategy.hedge import (
    HedgePlan,
    Quoted,
    liquidity,
    plan_hedge,
    vega_of_one,
)
from alvh_trader.strategy.params import HedgeKind, HedgeParams, Params
from alvh_trader.strategy.sizing import Need
from alvh_trader.strategy.vix_series import (
    Series,
    choose_forward,
    choose_series,
    series_of,
)
from tests.strategy.worked import T2, VIX_EXPIRY, strike_of, vix_chain

PARAMS = Params()
HEDGE = HedgeParams()


@pytest.fixture(scope="module")
def calendar() -> Calendar:
    """Return the sessions of May to August 2026: weekdays less three holidays."""
    holidays = {date(2026, 5, 25), date(2026, 6, 19), date(2026, 7, 3)}
    days = [date(2026, 5, 1) + timedelta(days=i) for i in range(120)]
    return Calendar(
        days=tuple(d for d in days if d.weekday() < 5 and d not in holidays),
        half_days=frozenset(),
    )


def _need(
    scale: float = 1.0, tier: Tier = Tier.NORMAL, *, floor_only: bool = False
) -> Need:
    return Need(
        risk_notional=50_000 * scale,
        veq_now=-412.25 * scale,
        veq_after=-709.4 * scale,
        capital=850_000 * scale,
        tier=tier,
        floor_only=floor_only,
    )


def _series(day: int, month: int = 6, name: str = "VIXW", **more: int) -> Series:
    expiry = date(2026, month, day)
    last = date.fromordinal(expiry.toordinal() - 1)
    return Series(trading_class=name, expiry=expiry, last_trade=last, **more)


# ----------------------------------------------------------------- expiry --


def test_a_vix_option_settles_on_the_session_after_its_last(
    calendar: Calendar,
) -> None:
    # 2026-05-25 is Memorial Day.
    listed = [("VIXW", date(2026, 6, 2)), ("VIXW", date(2026, 5, 22))]
    assert [s.expiry for s in series_of(listed, calendar)] == [
        date(2026, 6, 3),
        date(2026, 5, 26),
    ]


def test_the_worked_example_buys_the_third_of_june(calendar: Calendar) -> None:
    listed = [_series(27, 5), _series(3), _series(10), _series(17, name="VIX")]
    assert [s.expiry for s in choose_series(listed, T2, calendar, HEDGE)] == [
        VIX_EXPIRY
    ]


def test_the_monthly_comes_before_the_weekly(calendar: Calendar) -> None:
    today = date(2026, 6, 3)
    listed = [_series(10, open_interest=90_000), _series(17, name="VIX")]
    chosen = choose_series(listed, today, calendar, HEDGE)
    assert [s.trading_class for s in chosen] == ["VIX", "VIXW"]


def test_among_weeklies_open_interest_decides_and_then_length(
    calendar: Calendar,
) -> None:
    today = date(2026, 5, 27)
    two = [_series(3, open_interest=9_000), _series(10, open_interest=100)]
    assert choose_series(two, today, calendar, HEDGE)[0].expiry == date(2026, 6, 3)
    unknown = [_series(3), _series(10)]
    chosen = choose_series(unknown, today, calendar, HEDGE)
    assert chosen[0].expiry == date(2026, 6, 10)


def test_a_series_about_to_stop_trading_is_not_bought(calendar: Calendar) -> None:
    # Seven days out, but a holiday leaves three trading days.
    today = date(2026, 5, 20)
    assert choose_series([_series(27, 5)], today, calendar, HEDGE) == ()
    ordinary = [_series(3)]
    assert choose_series(ordinary, date(2026, 5, 27), calendar, HEDGE) != ()


def test_a_holiday_week_widens_the_window(calendar: Calendar) -> None:
    listed = [_series(8), _series(24)]
    chosen = choose_series(listed, T2, calendar, HEDGE)
    assert [s.expiry for s in chosen] == [date(2026, 6, 8)]
    assert choose_series([_series(24)], T2, calendar, HEDGE) == ()


# ---------------------------------------------------------------- forward --


def test_the_future_of_the_same_settlement_is_the_forward() -> None:
    futures = [(VIX_EXPIRY, 21.10), (date(2026, 6, 17), 21.5)]
    found = choose_forward(VIX_EXPIRY, futures, vix_chain().chain, T2)
    assert found is not None
    assert (found.value, found.source) == (21.10, "future")


def test_without_a_future_parity_gives_the_forward() -> None:
    found = choose_forward(VIX_EXPIRY, [], vix_chain().chain, T2)
    assert found is not None
    assert found.value == pytest.approx(21.05, abs=1e-6)
    assert found.source == "parity"


def test_without_parity_neighbouring_futures_do() -> None:
    futures = [
        (date(2026, 5, 27), 21.0),
        (VIX_EXPIRY, float("nan")),
        (date(2026, 6, 10), 22.0),
    ]
    found = choose_forward(VIX_EXPIRY, futures, None, T2)
    assert found is not None
    assert found.value == pytest.approx(21.5)
    assert choose_forward(VIX_EXPIRY, futures[:1], None, T2) is None


# ------------------------------------------------------------------- plan --


def test_vega_of_one_call() -> None:
    assert vega_of_one(0.46159, 13) == pytest.approx(32.204, abs=0.005)


def test_above_twenty_five_spreads_come_first() -> None:
    plan = plan_hedge(vix_chain(), _need(), 25.1, PARAMS).plan
    assert plan is not None
    assert plan.kind is HedgeKind.VIX_CALL_SPREAD
    assert plan.short is not None
    assert (strike_of(plan.long), plan.short.strike) == (22.0, 27.0)
    assert [leg.ratio for leg in plan.legs] == [1, -1]
    assert plan.delta == pytest.approx(0.3123, abs=5e-4)
    assert plan.size.is_enough


def test_at_twenty_five_calls_still_come_first() -> None:
    plan = plan_hedge(vix_chain(), _need(), 25.0, PARAMS).plan
    assert plan is not None
    assert plan.kind is HedgeKind.VIX_CALL
    assert [leg.ratio for leg in plan.legs] == [1]


def test_from_twenty_eight_on_there_are_only_spreads() -> None:
    market = vix_chain()
    no_wings = msgspec.structs.replace(
        market.chain, bid=np.where(market.chain.strike >= 26, 0.0, market.chain.bid)
    )
    bare = msgspec.structs.replace(market, chain=no_wings)
    planned = plan_hedge(bare, _need(), 28.0, PARAMS)
    assert planned.plan is None
    assert not planned.findings[-1].holds
    assert plan_hedge(bare, _need(), 27.9, PARAMS).plan is not None


def test_where_calls_cannot_offset_enough_a_spread_does() -> None:
    # Far strikes are dear, so neither they nor the target buy 0.40 of this vega.
    market = vix_chain(skew=2.0)
    need = msgspec.structs.replace(_need(), veq_now=-560.0, veq_after=0.0)
    plan = plan_hedge(market, need, 21.2, PARAMS).plan
    assert plan is not None
    assert plan.kind is HedgeKind.VIX_CALL_SPREAD
    assert plan.size.is_enough
    light = msgspec.structs.replace(need, veq_now=-440.0)
    single = plan_hedge(market, light, 21.2, PARAMS).plan
    assert single is not None
    assert single.kind is HedgeKind.VIX_CALL


def test_where_nothing_is_enough_the_best_is_bought_up_to_the_cap() -> None:
    heavy = msgspec.structs.replace(_need(), veq_now=-4_000.0)
    planned = plan_hedge(vix_chain(), heavy, 21.2, PARAMS)
    plan = planned.plan
    assert plan is not None
    assert not plan.size.is_enough
    assert plan.size.n == plan.size.n_high > 0
    assert not all(f.holds for f in planned.findings)


def test_one_contract_above_the_cap_needs_a_person() -> None:
    # 2 % are 38 USD; the cheapest admissible call costs some 40.
    small = msgspec.structs.replace(_need(0.038), veq_now=-400.0)
    plan = plan_hedge(vix_chain(), small, 21.2, PARAMS).plan
    assert plan is None or plan.size.n * plan.size.cost <= 38.0 or plan.needs_ack
    no_wings = vix_chain()
    quoted = msgspec.structs.replace(
        no_wings.chain, bid=np.where(no_wings.chain.strike > 26, 0, no_wings.chain.bid)
    )
    alone = plan_hedge(
        msgspec.structs.replace(no_wings, chain=quoted), small, 21.2, PARAMS
    ).plan
    assert alone is not None
    assert alone.needs_ack
    assert (alone.size.n, alone.size.n_min) == (1, 1)
    assert alone.size.cost <= 0.03 * small.risk_notional


def test_far_above_the_cap_there_is_no_plan() -> None:
    planned = plan_hedge(vix_chain(), _need(0.001), 21.2, PARAMS)
    assert planned.plan is None
    assert planned.findings[-1].what == "feasible hedge"


def test_a_floor_only_hedge_is_the_floor_at_the_target_delta() -> None:
    plan = plan_hedge(vix_chain(), _need(floor_only=True), 21.2, PARAMS).plan
    assert plan is not None
    assert strike_of(plan.long) == 22.0
    assert (plan.size.n, plan.size.n_min) == (4, 4)


def test_an_illiquid_target_gives_way_to_its_neighbour() -> None:
    market = vix_chain(half=0.02)
    ask = np.where(market.chain.strike == 22.0, 1.9, market.chain.ask)
    wide = msgspec.structs.replace(
        market, chain=msgspec.structs.replace(market.chain, ask=ask)
    )
    plan = plan_hedge(wide, _need(), 21.2, PARAMS).plan
    assert plan is not None
    assert strike_of(plan.long) == 23.0


def test_no_quotes_mean_no_hedge() -> None:
    market = vix_chain()
    nothing = np.full_like(market.chain.bid, np.nan)
    blind = msgspec.structs.replace(
        market,
        chain=msgspec.structs.replace(
            market.chain, bid=nothing, ask=nothing, mid=nothing
        ),
        sigma=nothing,
        greeks=market.greeks._replace(delta=nothing, theta=nothing),
    )
    assert plan_hedge(blind, _need(), 21.2, PARAMS).plan is None


def _with_size(market: PricedChain, shown: int) -> PricedChain:
    sizes = np.full_like(market.chain.ask, float(shown))
    return msgspec.structs.replace(
        market, chain=msgspec.structs.replace(market.chain, ask_size=sizes)
    )


def test_open_interest_stands_in_for_displayed_size() -> None:
    market = _with_size(vix_chain(), 3)
    assert plan_hedge(market, _need(), 21.2, PARAMS).plan is None
    interest = {o.con_id: 500 for o in market.chain.options}
    plan = plan_hedge(market, _need(), 21.2, PARAMS, interest).plan
    assert plan is not None
    assert plan.size.n == 7


@pytest.mark.parametrize(
    ("bid", "ask", "count", "holds"),
    [
        (1.40, 1.50, 200, True),
        (1.30, 1.50, 200, True),
        (1.25, 1.50, 200, False),
        (0.0, 0.05, 200, False),
        (1.40, 1.50, 201, False),
    ],
)
def test_liquidity_wants_a_bid_a_narrow_market_and_size(
    bid: float, ask: float, count: int, holds: bool
) -> None:
    chain = vix_chain().chain
    one = msgspec.structs.replace(
        chain,
        bid=np.full_like(chain.bid, bid),
        ask=np.full_like(chain.ask, ask),
        mid=np.full_like(chain.mid, 0.5 * (bid + ask)),
    )
    assert liquidity(one, 0, count, HEDGE).holds is holds


@given(
    st.floats(0.2, 5.0),
    st.floats(-3_000, -10),
    st.floats(14, 27.9),
    st.sampled_from(list(Tier)),
)
def test_a_plan_keeps_to_the_cap_whatever_is_asked(
    scale: float, veq: float, vix: float, tier: Tier
) -> None:
    need = msgspec.structs.replace(_need(scale, tier), veq_now=veq)
    plan = plan_hedge(_MARKET, need, vix, PARAMS).plan
    assert plan is not None
    if not plan.needs_ack:
        assert plan.size.n * plan.size.cost <= 0.02 * need.risk_notional + 1e-6
    assert 1 <= plan.size.n_min <= plan.size.n


_MARKET = vix_chain(shown=100_000)


# ------------------------------------------------------------------- futures -----

MINI = Future(901, "VIX", "VXM", date(2026, 6, 17), date(2026, 6, 16), 100)
BIG = Future(902, "VIX", "VX", date(2026, 6, 17), date(2026, 6, 16), 1000)
LISTED = tuple(HedgeKind)


def quoted(future: Future, width: float = 0.05, shown: float = 50.0) -> Quoted:
    dte = (future.expiry - T2).days
    return Quoted(
        future=future, dte=dte, bid=21.5 - width / 2, ask=21.5 + width / 2, shown=shown
    )


def planned(kinds: tuple[HedgeKind, ...], *offers: Quoted) -> HedgePlan | None:
    hedge = HedgeParams(instruments=kinds)
    params = msgspec.structs.replace(PARAMS, hedge=hedge)
    need = Need(
        risk_notional=50_000.0,
        veq_now=-412.25,
        veq_after=-709.4,
        capital=850_000.0,
        tier=Tier.NORMAL,
    )
    return plan_hedge(vix_chain(), need, 21.2, params, futures=offers).plan


def test_futures_are_off_unless_they_are_listed_and_then_they_come_last() -> None:
    both = (quoted(MINI), quoted(BIG))
    assert HedgeKind.VXM_FUT not in HedgeParams().instruments
    for kinds in (HedgeParams().instruments, LISTED):
        plan = planned(kinds, *both)
        assert plan is not None
        assert plan.kind is HedgeKind.VIX_CALL


def test_a_mini_future_is_sized_by_its_points_and_its_stop() -> None:
    """27 days: beta 0.526, h USD 52.63; the stop risks USD 300 of 1 000."""
    plan = planned((HedgeKind.VXM_FUT, HedgeKind.VX_FUT), quoted(MINI), quoted(BIG))
    assert plan is not None
    assert plan.kind is HedgeKind.VXM_FUT
    assert plan.size.h == pytest.approx(100 * 30 / 57)
    assert plan.size.cost == 300.0
    assert (plan.size.n_low, plan.size.n_high, plan.size.n) == (2, 3, 3)
    assert plan.legs == (Leg(MINI, 1),)


def test_a_big_future_is_too_big_for_ten_condors() -> None:
    assert planned((HedgeKind.VX_FUT,), quoted(BIG)) is None


@pytest.mark.parametrize(
    "offer", [quoted(MINI, width=0.2), quoted(MINI, shown=2.0)], ids=["wide", "thin"]
)
def test_a_future_without_a_fair_market_is_not_bought(offer: Quoted) -> None:
    assert planned((HedgeKind.VXM_FUT,), offer) is None


def test_without_calls_among_the_instruments_no_single_call_is_offered() -> None:
    assert planned((HedgeKind.VXM_FUT,)) is None
