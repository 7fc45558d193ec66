"""The exchange as a gateway uses it: time, quotes, orders, fills, money."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from alvh_trader.sim import products
from alvh_trader.sim.exchange import Exchange
from alvh_trader.sim.listings import option_id
from alvh_trader.sim.market import Market
from alvh_trader.sim.model import (
    Accepted,
    Ended,
    Execution,
    Listing,
    MarginPreview,
    OrderLeg,
    Refusal,
    Report,
    SimOrder,
    Status,
    Traded,
)
from alvh_trader.sim.scenario import scenario

STEP = timedelta(seconds=20)
VOLMAGEDDON = scenario("volmageddon-2018")


def opened(name: str = "volmageddon-2018", seed: int = 1) -> Exchange:
    return Exchange(VOLMAGEDDON if name == VOLMAGEDDON.name else scenario(name), seed)


def condor(exchange: Exchange) -> list[Listing]:
    """Return the four legs held at the start, lowest strike first."""
    ids = [row.holding.con_id for row in exchange.account().holdings]
    found = [o for i in ids if (o := exchange.listing(i)) is not None]
    return sorted(found, key=lambda o: o.strike)


def order(*legs: OrderLeg, **changes: object) -> SimOrder:
    plain = SimOrder(
        perm_id=0,
        client_id=1,
        order_id=7,
        account="DU1005000",
        symbol="SPX",
        sec_type="OPT" if len(legs) == 1 else "BAG",
        action="BUY",
        quantity=1,
        order_type="LMT",
        limit=Decimal("1.00"),
        tif="DAY",
        order_ref="test-1",
        legs=legs,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def leg(option: Listing, action: str = "BUY", ratio: int = 1) -> OrderLeg:
    return OrderLeg(con_id=option.con_id, ratio=ratio, action=action)


def vix_call(exchange: Exchange, strike: float = 15.0) -> Listing:
    (option,) = exchange.find(
        symbol="VIX",
        sec_type="OPT",
        right="C",
        strike=strike,
        month_or_day="20180213",
        trading_class="VIX",
    )
    return option


def run(
    exchange: Exchange, until: datetime, step: timedelta = STEP
) -> Iterator[Report]:
    while exchange.now < until:
        to = exchange.next_instant(step)
        assert to is not None
        yield from exchange.advance(min(to, until))


def accepted(reports: tuple[Report, ...]) -> SimOrder:
    (report,) = reports
    assert isinstance(report, Accepted)
    return report.order


# ------------------------------------------------------------------------ time ---


def test_an_option_whose_strike_is_not_listed_any_more_is_still_quoted() -> None:
    exchange = opened()
    listed = vix_call(exchange)
    settles = listed.expiry
    assert settles is not None
    # Between the strikes of half points and of five there is no 61.
    strike = 61.0
    assert not exchange.find(symbol="VIX", sec_type="OPT", strike=strike)
    held = option_id("VIX", settles, strike, "C")
    listing = exchange.listing(held)
    assert listing is not None
    assert listing.strike == strike
    exchange.advance(exchange.now + STEP)
    tops = exchange.tops([held, listed.con_id])
    assert [top.ask is not None for top in tops] == [True, True]
    assert exchange.tops([listed.con_id]) == tops[1:]


def test_time_starts_at_the_bell_and_ends_with_the_last_options_close() -> None:
    exchange = opened("december-2018")
    assert exchange.now == datetime(2018, 11, 26, 14, 30, tzinfo=UTC)
    closes = []
    while (to := exchange.next_instant(timedelta(hours=2))) is not None:
        exchange.advance(to)
        if not exchange.is_open:
            closes.append(exchange.now)
    assert exchange.ended
    assert (exchange.session_number, exchange.sessions) == (24, 24)
    assert len(closes) == 24
    assert datetime(2018, 12, 24, 18, 15, tzinfo=UTC) in closes, "a half day"
    assert closes[-1] == datetime(2018, 12, 31, 21, 15, tzinfo=UTC)


def test_instants_are_at_most_the_interval_apart_within_a_session() -> None:
    exchange = opened()
    first = exchange.next_instant(timedelta(seconds=17))
    assert first == exchange.now + timedelta(seconds=15)
    assert exchange.next_instant(timedelta(0)) == exchange.now + timedelta(seconds=5)
    exchange.advance(datetime(2018, 1, 22, 21, 14, 50, tzinfo=UTC))
    close = exchange.next_instant(timedelta(minutes=5))
    assert close == datetime(2018, 1, 22, 21, 15, tzinfo=UTC)
    exchange.advance(close)
    assert exchange.next_instant(STEP) == datetime(2018, 1, 23, 14, 30, tzinfo=UTC)


# ---------------------------------------------------------------------- prices ---


def test_the_fifth_of_february_closes_where_it_did() -> None:
    exchange = opened()
    exchange.advance(datetime(2018, 2, 5, 21, 15, tzinfo=UTC))
    spx, vix = exchange.tops([products.SPX, products.VIX])
    assert (spx.last, vix.last) == (Decimal("2648.94"), Decimal("37.32"))
    assert (spx.high, spx.low) == (Decimal("2763.39"), Decimal("2638.17"))
    assert (spx.bid, spx.ask) == (None, None)


def test_every_quote_is_on_its_grid_and_asks_more_than_it_bids() -> None:
    exchange = opened()
    for day in (22, 31):
        exchange.advance(datetime(2018, 1, day, 16, 0, tzinfo=UTC))
        options = [
            *exchange.find(sec_type="OPT", month_or_day="201802")[::7],
            *exchange.find(sec_type="OPT", symbol="VIX")[::3],
        ]
        tops = exchange.tops([o.con_id for o in options])
        for option, top in zip(options, tops, strict=True):
            grid = products.ticks(option)
            assert top.bid is not None
            assert top.ask is not None
            assert grid.holds(top.bid), option
            assert grid.holds(top.ask), option
            assert top.ask > top.bid >= 0, option
            assert (top.bid > 0) == (top.bid_size > 0)
            assert top.ask_size > 0
            assert top.low is None or top.high is None or top.low <= top.high


def test_a_worthless_option_has_an_offer_and_no_bid() -> None:
    exchange = opened()
    exchange.advance(datetime(2018, 1, 26, 19, 0, tzinfo=UTC))
    (put,) = exchange.find(
        sec_type="OPT", strike=2000.0, right="P", month_or_day="20180126"
    )
    (top,) = exchange.tops([put.con_id])
    assert (top.bid, top.bid_size) == (Decimal(0), 0)
    assert top.ask == Decimal("0.05")


def test_parity_gives_back_the_forward_within_the_spread() -> None:
    exchange = opened()
    exchange.advance(datetime(2018, 1, 25, 17, 0, tzinfo=UTC))
    spot = float(exchange.tops([products.SPX])[0].last or 0)
    for strike in (2800.0, 2825.0, 2850.0):
        call, put = exchange.find(
            sec_type="OPT", trading_class="SPXW", month_or_day="20180309", strike=strike
        )
        tops = exchange.tops([call.con_id, put.con_id])
        mids = [float(t.bid + t.ask) / 2 for t in tops if t.bid and t.ask]
        years = 43.2 / 365
        parity = strike + (mids[0] - mids[1]) * (1 + 0.016 * years)
        carried = spot * (1 + (0.016 - 0.0185) * years)
        assert parity == pytest.approx(carried, abs=0.8)


def test_vix_options_stand_on_the_future_of_their_expiry() -> None:
    exchange = opened()
    exchange.advance(datetime(2018, 2, 6, 18, 0, tzinfo=UTC))
    (future,) = exchange.find(symbol="VIX", sec_type="FUT", month_or_day="20180214")
    greeks = exchange.greeks([vix_call(exchange, 30.0).con_id])[0]
    top = exchange.tops([future.con_id])[0]
    assert greeks is not None
    assert top.bid is not None
    assert top.ask is not None
    assert float(top.bid) <= greeks.underlying <= float(top.ask)
    assert 0 < greeks.delta < 1
    assert greeks.theta < 0 < greeks.vega


def test_options_are_quoted_in_the_session_only() -> None:
    exchange = opened()
    option = condor(exchange)[1]
    (during,) = exchange.tops([option.con_id])
    exchange.advance(datetime(2018, 1, 22, 21, 15, tzinfo=UTC))
    (after,) = exchange.tops([option.con_id])
    assert during.bid is not None
    assert (after.bid, after.ask) == (None, None)
    assert after.last is not None


def test_a_series_stops_with_the_stocks_on_its_last_day() -> None:
    exchange = opened()
    (option,) = exchange.find(
        symbol="SPX", strike=2850.0, right="C", month_or_day="20180126"
    )
    exchange.advance(datetime(2018, 1, 26, 20, 59, 55, tzinfo=UTC))
    assert exchange.tops([option.con_id])[0].bid is not None
    exchange.advance(datetime(2018, 1, 26, 21, 0, tzinfo=UTC))
    assert exchange.tops([option.con_id])[0].bid is None


def test_without_vix_quotes_only_the_vix_options_are_silent() -> None:
    exchange = opened("volmageddon-2018-no-vix-quotes")
    call = vix_call(exchange)
    (top,) = exchange.tops([call.con_id])
    assert (top.bid, top.ask) == (None, None)
    assert exchange.greeks([call.con_id]) == [None]
    spx, vix = exchange.tops([condor(exchange)[0].con_id, products.VIX])
    assert spx.bid is not None
    assert vix.last is not None
    held = accepted(exchange.submit(order(leg(call), symbol="VIX", order_type="MKT")))
    assert held.status is Status.SUBMITTED
    assert not list(run(exchange, datetime(2018, 1, 22, 16, 0, tzinfo=UTC)))


def test_breadth_is_advances_bid_and_declines_asked() -> None:
    exchange = opened()
    (top,) = exchange.tops([products.AD_NYSE])
    assert top.bid is not None
    assert top.ask is not None
    assert top.bid + top.ask + top.bid_size == 3000
    assert top.last is None
    assert exchange.bars(products.AD_NYSE, timedelta(days=1), sessions=5) == ()


# ------------------------------------------------------------------------ bars ---


def test_daily_bars_are_history_and_the_session_so_far() -> None:
    exchange = opened()
    exchange.advance(datetime(2018, 2, 6, 16, 0, tzinfo=UTC))
    bars = exchange.bars(products.SPX, timedelta(days=1), sessions=260)
    assert len(bars) == 260
    assert bars[-2].day == date(2018, 2, 5)
    assert (bars[-2].open, bars[-2].high) == (2741.06, 2763.39)
    assert (bars[-2].low, bars[-2].close) == (2638.17, 2648.94)
    now = exchange.tops([products.SPX])[0]
    assert (bars[-1].day, bars[-1].close) == (date(2018, 2, 6), float(now.last or 0))
    vix = exchange.bars(products.VIX, timedelta(days=1), sessions=260)
    assert vix[-2].close == 37.32
    assert all(b.low <= min(b.open, b.close) for b in vix)
    assert all(b.high >= max(b.open, b.close) for b in vix)


def test_minute_bars_come_from_the_tape_and_add_up_to_the_day() -> None:
    exchange = opened()
    exchange.advance(datetime(2018, 1, 23, 21, 15, tzinfo=UTC))
    minutes = exchange.bars(products.SPX, timedelta(minutes=1), sessions=2)
    assert len(minutes) == 2 * 390
    day = exchange.bars(products.SPX, timedelta(days=1), sessions=1)[0]
    last = minutes[390:]
    assert last[0].open == day.open
    assert last[-1].close == day.close
    assert max(b.high for b in last) == day.high
    assert min(b.low for b in last) == day.low


def test_weekly_bars_of_the_continuous_future_end_with_this_week() -> None:
    exchange = opened()
    (future,) = exchange.find(symbol="VIX", sec_type="CONTFUT")
    weeks = exchange.bars(future.con_id, timedelta(weeks=1), sessions=250)
    assert 50 <= len(weeks) <= 53
    assert weeks[-1].day == date(2018, 1, 22)
    assert all(9 < w.low <= w.close <= w.high < 30 for w in weeks)


# ---------------------------------------------------------------------- orders ---


def test_a_marketable_order_is_acknowledged_first_and_filled_at_the_far_side() -> None:
    exchange = opened()
    call = vix_call(exchange)
    ask = exchange.tops([call.con_id])[0].ask
    assert ask is not None
    sent = order(leg(call), symbol="VIX", quantity=7, limit=ask + Decimal("0.50"))
    held = accepted(exchange.submit(sent))
    assert held.perm_id > 0
    assert exchange.executions() == ()
    reports = list(run(exchange, exchange.now + STEP))
    (fill,) = reports
    assert isinstance(fill, Traded)
    assert fill.order.status is Status.FILLED
    (row,) = fill.executions
    assert row.quantity == 7
    assert row.price == exchange.tops([call.con_id])[0].ask
    assert row.commission == Decimal("7.00")
    assert row.realized is None
    assert exchange.completed_orders() == (fill.order,)


def test_cash_moves_by_premium_and_commission_and_equity_by_the_spread() -> None:
    exchange = opened()
    call = vix_call(exchange)
    before = exchange.account()
    exchange.submit(order(leg(call), symbol="VIX", quantity=5, order_type="MKT"))
    list(run(exchange, exchange.now + timedelta(seconds=5)))
    (row,) = exchange.executions()
    after = exchange.account()
    assert before.cash - after.cash == row.price * 500 + Decimal("5.00")
    marked = sum(h.value for h in after.holdings)
    assert after.net_liquidation == after.cash + marked
    assert after.initial_margin == before.initial_margin, (
        "a long option is paid in full"
    )
    held = next(h for h in after.holdings if h.holding.con_id == call.con_id)
    assert held.holding.average_cost == row.price * 100 + 1


def bag(exchange: Exchange, **changes: object) -> SimOrder:
    """Return an order to buy the put spread back: long the short put."""
    low, high = condor(exchange)[:2]
    return order(leg(high), leg(low, "SELL"), **changes)


def test_a_combo_trades_at_a_net_price_with_a_summary_and_a_row_for_each_leg() -> None:
    exchange = opened()
    exchange.submit(bag(exchange, quantity=10, order_type="MKT", limit=None))
    reports = list(run(exchange, datetime(2018, 1, 22, 15, 0, tzinfo=UTC)))
    fills = [r for r in reports if isinstance(r, Traded)]
    assert fills[-1].order.filled == 10
    for fill in fills:
        summary, bought, sold = fill.executions
        assert (summary.con_id, summary.commission) == (0, None)
        assert (bought.side, sold.side) == ("BOT", "SLD")
        assert summary.price == bought.price - sold.price
        assert bought.quantity == sold.quantity == summary.quantity
        assert bought.realized is not None
    held = {h.holding.con_id: h.holding.quantity for h in exchange.account().holdings}
    low, high = condor(exchange)[:2]
    assert held[low.con_id] == held[high.con_id] == 0


def test_partial_fills_happen_and_never_exceed_what_is_shown() -> None:
    exchange = opened()
    top = exchange.combo_top(bag(exchange).legs)
    exchange.submit(bag(exchange, quantity=400, order_type="MKT", limit=None))
    reports = list(run(exchange, datetime(2018, 1, 22, 15, 0, tzinfo=UTC)))
    fills = [r for r in reports if isinstance(r, Traded)]
    assert len(fills) > 1
    assert sum(f.executions[0].quantity for f in fills) == 400
    assert max(f.executions[0].quantity for f in fills) <= 2 * top.ask_size + 200
    totals = [f.executions[0].cumulative for f in fills]
    assert totals == sorted(totals)


@pytest.mark.parametrize("action", ["BUY", "SELL"])
def test_a_limit_inside_the_spread_fills_the_sooner_the_more_it_gives(
    action: str,
) -> None:
    waits = []
    for way in (0.5, 0.9):
        waited = 0.0
        for seed in range(12):
            exchange = opened(seed=seed)
            low, high = condor(exchange)[:2]
            legs = (leg(high), leg(low, "SELL"))
            top = exchange.combo_top(legs)
            assert top.bid is not None
            assert top.ask is not None
            give = Decimal(str(way)) * (top.ask - top.bid)
            limit = top.bid + give if action == "BUY" else top.ask - give
            limit = limit.quantize(Decimal("0.01")) // Decimal("0.05") * Decimal("0.05")
            start = exchange.now
            exchange.submit(order(*legs, action=action, limit=limit))
            until = start + timedelta(minutes=20)
            done = next((r for r in run(exchange, until)), None)
            assert done is None or isinstance(done, Traded)
            waited += (exchange.now - start).total_seconds()
        waits.append(waited)
    assert waits[1] < waits[0]


def test_a_limit_at_the_near_side_does_not_trade_at_once() -> None:
    exchange = opened()
    top = exchange.combo_top(bag(exchange).legs)
    assert top.bid is not None
    exchange.submit(bag(exchange, limit=top.bid - 1))
    until = exchange.now + timedelta(minutes=2)
    assert list(run(exchange, until)) == []
    assert len(exchange.open_orders()) == 1


def test_a_day_order_lapses_at_the_close_and_a_gtc_order_does_not() -> None:
    exchange = opened()
    day = accepted(exchange.submit(bag(exchange, limit=Decimal("0.05"))))
    gtc = accepted(exchange.submit(bag(exchange, limit=Decimal("0.05"), tif="GTC")))
    reports = exchange.advance(datetime(2018, 1, 22, 21, 15, tzinfo=UTC))
    (ended,) = [r for r in reports if isinstance(r, Ended)]
    assert ended.order.perm_id == day.perm_id
    assert [o.perm_id for o in exchange.open_orders()] == [gtc.perm_id]


def test_nothing_trades_while_the_market_is_closed() -> None:
    exchange = opened()
    exchange.advance(datetime(2018, 1, 22, 21, 15, tzinfo=UTC))
    held = accepted(exchange.submit(bag(exchange, order_type="MKT", limit=None)))
    assert held.status is Status.PRE_SUBMITTED
    assert exchange.advance(datetime(2018, 1, 23, 2, 0, tzinfo=UTC)) == ()
    reports = exchange.advance(datetime(2018, 1, 23, 14, 30, 5, tzinfo=UTC))
    assert any(isinstance(r, Traded) for r in reports)


def test_an_order_may_be_changed_and_cancelled_while_it_rests() -> None:
    exchange = opened()
    held = accepted(exchange.submit(bag(exchange, limit=Decimal("0.05"))))
    (changed,) = exchange.modify(replace(held, limit=Decimal("0.10"), quantity=3))
    assert isinstance(changed, Accepted)
    assert changed.modified
    (resting,) = exchange.open_orders()
    assert (resting.limit, resting.quantity) == (Decimal("0.10"), 3)
    (ended,) = exchange.cancel(held.perm_id)
    assert isinstance(ended, Ended)
    assert ended.order.status is Status.CANCELLED
    (again,) = exchange.cancel(held.perm_id)
    assert isinstance(again, Refusal)
    assert again.code == 161
    (unknown,) = exchange.cancel(5)
    assert isinstance(unknown, Refusal)
    assert unknown.code == 10147


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"quantity": 0}, 434),
        ({"limit": Decimal("1.03")}, 110),
        ({"order_type": "TRAIL"}, 387),
        ({"tif": "FOK"}, 201),
        ({"legs": ()}, 321),
        ({"legs": (OrderLeg(con_id=1, ratio=1, action="BUY"),)}, 200),
        ({"quantity": 60_000}, 201),
    ],
)
def test_what_is_wrong_with_an_order_is_refused_with_the_brokers_code(
    changes: dict[str, object], code: int
) -> None:
    exchange = opened()
    (report,) = exchange.submit(bag(exchange, **changes))
    assert isinstance(report, Refusal)
    assert report.code == code
    assert exchange.open_orders() == ()


def test_the_grid_of_a_single_option_is_coarser_above_three_dollars() -> None:
    exchange = opened()
    option = leg(condor(exchange)[1])
    for limit, fine in (("2.95", True), ("3.05", False), ("3.10", True)):
        (report,) = exchange.submit(order(option, limit=Decimal(limit)))
        assert isinstance(report, Accepted) == fine


# --------------------------------------------------------------- money, margin ---


def test_the_start_is_ten_condors_sold_the_evening_before() -> None:
    for name in ("volmageddon-2018", "october-2018", "calm-2017", "december-2018"):
        exchange = opened(name)
        account, legs = exchange.account(), condor(exchange)
        assert account.account.startswith("DU")
        assert account.initial_margin == 50_000
        assert account.cash > 1_000_000
        quantities = {h.holding.con_id: h.holding.quantity for h in account.holdings}
        assert [quantities[o.con_id] for o in legs] == [10, -10, -10, 10]
        strikes = [o.strike for o in legs]
        assert strikes[1] - strikes[0] == strikes[3] - strikes[2] == 50
        assert all(k % 25 == 0 for k in strikes)
        assert legs[0].expiry is not None
        assert 44 <= (legs[0].expiry - exchange.session_day).days <= 59


def test_a_preview_says_what_the_order_would_need() -> None:
    exchange = opened()
    low, high = condor(exchange)[:2]
    wider = order(leg(low, "SELL"), leg(high), quantity=10, limit=Decimal("2.50"))
    closing = exchange.preview(wider)
    assert isinstance(closing, MarginPreview)
    assert closing.init_before == 50_000
    assert closing.init_after == 50_000, "the call side still needs its wing"
    assert closing.commission == Decimal("27.00")
    assert closing.equity_before - closing.equity_after == Decimal("2527.00")


def test_a_condor_that_expires_outside_its_wings_keeps_its_credit() -> None:
    exchange = opened()
    credit = exchange.account().cash - 1_000_000
    exchange.advance(datetime(2018, 3, 9, 21, 15, tzinfo=UTC))
    account = exchange.account()
    assert account.cash == 1_000_000 + credit, "SPX closed at 2786.57"
    assert account.initial_margin == 0
    assert all(h.holding.quantity == 0 for h in account.holdings)


def test_a_vix_call_settles_on_the_morning_of_its_wednesday() -> None:
    exchange = opened()
    call = vix_call(exchange)
    exchange.submit(order(leg(call), symbol="VIX", quantity=2, order_type="MKT"))
    exchange.advance(datetime(2018, 1, 22, 15, 0, tzinfo=UTC))
    cash = exchange.account().cash
    exchange.advance(datetime(2018, 2, 13, 21, 15, tzinfo=UTC))
    assert exchange.account().cash == cash
    exchange.advance(datetime(2018, 2, 14, 14, 30, tzinfo=UTC))
    quotation = Market(VOLMAGEDDON, 1).vix_settlement(exchange.session_number - 1)
    opened_at = exchange.tops([products.VIX])[0].open
    assert opened_at is not None
    assert quotation == float(opened_at), "this history has no quotation of its own"
    settled = Decimal(str(quotation))
    assert exchange.account().cash == cash + 200 * (settled - 15)
    assert exchange.listing(call.con_id) is None


# ----------------------------------------------------------------- determinism ---


def played(seed: int) -> tuple[str, tuple[Execution, ...]]:
    """Trade two days and return a hash of the tape, and the fills."""
    exchange = opened(seed=seed)
    tape = hashlib.sha256()
    legs = condor(exchange)
    fills: list[Execution] = []
    ids = [o.con_id for o in legs] + [products.SPX, products.VIX, products.AD_NYSE]
    call = vix_call(exchange)
    while exchange.session_number < 3:
        if len(exchange.open_orders()) < 2 and exchange.is_open:
            top = exchange.combo_top(bag(exchange).legs)
            if top.bid is not None and top.ask is not None:
                middle = (top.bid + top.ask) / 2 // Decimal("0.05") * Decimal("0.05")
                exchange.submit(bag(exchange, quantity=3, limit=middle))
                exchange.submit(
                    order(leg(call), symbol="VIX", quantity=2, order_type="MKT")
                )
        to = exchange.next_instant(timedelta(minutes=3))
        assert to is not None
        for report in exchange.advance(to):
            if isinstance(report, Traded):
                fills += report.executions
        tape.update(repr(exchange.tops(ids)).encode())
    return tape.hexdigest(), tuple(fills)


def test_a_run_is_a_pure_function_of_scenario_and_seed() -> None:
    first, again, other = played(5), played(5), played(6)
    assert first == again
    assert len(first[1]) > 20
    assert first[0] != other[0]
    assert first[1] != other[1]


def test_a_future_that_has_settled_has_bars_up_to_the_day_before_and_no_market() -> (
    None
):
    exchange = Exchange(scenario("volmageddon-2018"), 2)
    live, every = (
        exchange.find(
            symbol="VIX", sec_type="FUT", trading_class="VX", include_expired=old
        )
        for old in (False, True)
    )
    assert every[-len(live) :] == live
    old = next(x for x in every if x.expiry == date(2018, 1, 17))
    assert exchange.listing(old.con_id) is None
    assert exchange.settled(old.con_id) == old
    assert exchange.settled(live[0].con_id) is None
    end = datetime(2018, 1, 17, 23, 59, tzinfo=UTC)
    bars = exchange.bars(old.con_id, timedelta(days=1), sessions=5, end=end)
    days = [date(2018, 1, d) for d in (9, 10, 11, 12, 16)]
    assert [b.day for b in bars] == days
    now = exchange.bars(old.con_id, timedelta(days=1), sessions=5)
    assert now == bars


def test_an_end_before_all_history_has_no_bars_to_speak_of() -> None:
    exchange = Exchange(scenario("calm-2017"), 2)
    end = datetime(1990, 1, 2, tzinfo=UTC)
    assert len(exchange.bars(products.SPX, timedelta(days=1), sessions=5, end=end)) <= 1
