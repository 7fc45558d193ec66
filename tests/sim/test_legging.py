"""Combos that are not guaranteed: what each leg trades, and when they come apart."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from alvh_trader.sim import legging
from alvh_trader.sim.exchange import Exchange
from alvh_trader.sim.handling import Handling
from alvh_trader.sim.legging import LegTrade
from alvh_trader.sim.matching import Trade
from alvh_trader.sim.model import (
    Accepted,
    Listing,
    OrderLeg,
    Refusal,
    SimOrder,
    Status,
    Top,
    Traded,
)
from alvh_trader.sim.scenario import scenario
from alvh_trader.sim.spot import NOTHING

LEGS = (
    OrderLeg(con_id=1, ratio=1, action="BUY"),
    OrderLeg(con_id=2, ratio=2, action="SELL"),
)
ORDER = SimOrder(
    perm_id=1,
    client_id=1,
    order_id=1,
    account="DU1",
    symbol="SPX",
    sec_type="BAG",
    action="BUY",
    quantity=10,
    order_type="LMT",
    limit=Decimal("1.00"),
    tif="DAY",
    order_ref="",
    legs=LEGS,
    handling=Handling(is_guaranteed=False),
)
WANTED = Trade(10, Decimal("1.00"))


def top(bid: str, ask: str, size: int) -> Top:
    return structs.replace(
        NOTHING, bid=Decimal(bid), ask=Decimal(ask), bid_size=size, ask_size=size
    )


def test_level_legs_trade_what_is_shown_of_each() -> None:
    tops = [top("2.90", "3.00", 4), top("1.00", "1.10", 50)]
    made = legging.trades(ORDER, tops, legging.started(LEGS), WANTED)
    assert made == [LegTrade(0, 4, Decimal("3.00")), LegTrade(1, 20, Decimal("1.00"))]
    assert legging.trades(ORDER, tops, legging.started(LEGS), None) == []


def test_a_leg_that_lags_works_on_within_the_limit() -> None:
    progress = legging.started(LEGS)
    progress.add(LegTrade(0, 4, Decimal("3.00")))
    progress.add(LegTrade(1, 20, Decimal("1.00")))
    assert (progress.units, progress.begun) == (4, 10)
    same = [top("2.90", "3.00", 5), top("1.00", "1.10", 9)]
    made = legging.trades(ORDER, same, progress, None)
    assert made == [LegTrade(0, 5, Decimal("3.00"))]
    away = [top("3.10", "3.20", 5), top("1.00", "1.10", 9)]
    assert legging.trades(ORDER, away, progress, WANTED) == []
    at_any_price = replace(ORDER, order_type="MKT", limit=None)
    assert legging.trades(at_any_price, away, progress, WANTED) == [
        LegTrade(0, 5, Decimal("3.20"))
    ]


def test_legs_with_prices_of_their_own_wait_for_them() -> None:
    legs = tuple(
        replace(leg, limit=Decimal(price))
        for leg, price in zip(LEGS, ("2.95", "1.00"), strict=True)
    )
    priced = replace(ORDER, limit=None, legs=legs)
    tops = [top("2.90", "3.00", 4), top("1.00", "1.10", 7)]
    made = legging.trades(priced, tops, legging.started(legs), None)
    assert made == [LegTrade(1, 7, Decimal("1.00"))]


quotes = st.tuples(st.integers(1, 500), st.integers(1, 30), st.integers(0, 12))


@given(
    st.lists(st.tuples(quotes, quotes), min_size=1, max_size=12),
    st.sampled_from(["BUY", "SELL"]),
    st.sampled_from(["LMT", "MKT"]),
)
def test_no_leg_trades_through_its_market_or_beyond_its_size(
    tape: list[tuple[tuple[int, int, int], tuple[int, int, int]]],
    action: str,
    order_type: str,
) -> None:
    limit = None if order_type == "MKT" else Decimal("0.50")
    sent = replace(ORDER, action=action, order_type=order_type, limit=limit)
    progress = legging.started(LEGS)
    for instant in tape:
        tops = [
            structs.replace(
                NOTHING,
                bid=Decimal(bid).scaleb(-2),
                ask=Decimal(bid + width).scaleb(-2),
                bid_size=size,
                ask_size=size,
            )
            for bid, width, size in instant
        ]
        (near_bid, near_ask), (far_bid, far_ask) = (
            (it.bid or Decimal(0), it.ask or Decimal(0)) for it in tops
        )
        far = near_ask - 2 * far_bid if action == "BUY" else near_bid - 2 * far_ask
        left = sent.quantity - progress.units
        is_marketable = limit is None or (
            far <= limit if action == "BUY" else far >= limit
        )
        wanted = Trade(left, far) if is_marketable and left else None
        for made in legging.trades(sent, tops, progress, wanted):
            market, leg = tops[made.place], LEGS[made.place]
            buys = (action == "BUY") == (leg.action == "BUY")
            assert made.price == (market.ask if buys else market.bid)
            assert 0 < made.quantity <= market.bid_size
            progress.add(made)
        assert progress.begun <= sent.quantity
        if limit is not None and progress.units:
            is_kept = (
                progress.net <= limit if action == "BUY" else progress.net >= limit
            )
            assert is_kept or progress.begun != progress.units


# ----------------------------------------------------------- at the exchange ---


def opened() -> Exchange:
    return Exchange(scenario("volmageddon-2018"), 1)


def calls(exchange: Exchange) -> tuple[Listing, Listing]:
    first, second = (
        exchange.find(
            symbol="VIX", sec_type="OPT", right="C", strike=strike,
            month_or_day="20180213", trading_class="VIX",
        )[0]
        for strike in (15.0, 25.0)
    )  # fmt: skip
    return first, second


def spread(exchange: Exchange, **changes: object) -> SimOrder:
    """Return an order for a call spread whose legs trade each for itself."""
    near, far = calls(exchange)
    legs = (
        OrderLeg(con_id=near.con_id, ratio=1, action="BUY"),
        OrderLeg(con_id=far.con_id, ratio=1, action="SELL"),
    )
    plain = replace(
        ORDER, perm_id=0, symbol="VIX", legs=legs, order_type="MKT", limit=None,
        account="DU1005000",
    )  # fmt: skip
    return replace(plain, **changes)  # type: ignore[arg-type]


def test_legs_come_apart_and_every_contract_is_accounted_for() -> None:
    exchange = opened()
    near, far = calls(exchange)
    tops = exchange.tops([near.con_id, far.con_id])
    quantity = 2 * min(tops[0].ask_size, tops[1].bid_size) + 1
    exchange.submit(spread(exchange, quantity=quantity))
    fills: list[Traded] = []
    uneven = False
    held: dict[int, int] = {}
    for _ in range(200):
        reports = exchange.advance(exchange.now + timedelta(seconds=20))
        fills += [it for it in reports if isinstance(it, Traded)]
        held = {
            h.holding.con_id: h.holding.quantity for h in exchange.account().holdings
        }
        uneven = uneven or held.get(near.con_id, 0) != -held.get(far.con_id, 0)
        if fills and fills[-1].order.status is Status.FILLED:
            break
    assert uneven
    assert held[near.con_id] == quantity == -held[far.con_id]
    rows = exchange.executions()
    units = [row.quantity for row in rows if row.con_id == 0]
    assert sum(units) == quantity
    net = sum(
        row.price * row.quantity * (1 if row.side == "BOT" else -1)
        for row in rows
        if row.con_id
    )
    assert fills[-1].order.average_price == pytest.approx(net / quantity)
    last = {row.con_id: row.cumulative for row in rows}
    assert last == {0: quantity, near.con_id: quantity, far.con_id: quantity}


def test_an_order_whose_legs_are_apart_cannot_be_changed_and_can_be_cancelled() -> None:
    exchange = opened()
    near, _ = calls(exchange)
    ask = exchange.tops([near.con_id])[0].ask
    assert ask is not None
    legs = spread(exchange).legs
    prices = (ask + Decimal("0.05"), Decimal("90.00"))
    legs = tuple(replace(x, limit=p) for x, p in zip(legs, prices, strict=True))
    priced = spread(exchange, order_type="LMT", legs=legs, quantity=3)
    (taken,) = exchange.submit(priced)
    assert isinstance(taken, Accepted)
    (traded,) = exchange.advance(exchange.now + timedelta(seconds=20))
    assert isinstance(traded, Traded)
    assert (traded.order.filled, traded.order.status) == (0, Status.SUBMITTED)
    (row,) = traded.executions
    assert (row.con_id, row.quantity) == (near.con_id, 3)
    (refused,) = exchange.modify(replace(taken.order, quantity=5))
    assert isinstance(refused, Refusal)
    assert refused.code == 2102
    exchange.cancel(taken.order.perm_id)
    held = {h.holding.con_id: h.holding.quantity for h in exchange.account().holdings}
    assert held[near.con_id] == 3


def test_more_than_two_legs_must_be_guaranteed() -> None:
    exchange = opened()
    near, far = calls(exchange)
    (third,) = exchange.find(
        symbol="VIX", sec_type="OPT", right="C", strike=20.0,
        month_or_day="20180213", trading_class="VIX",
    )  # fmt: skip
    legs = tuple(
        OrderLeg(con_id=it.con_id, ratio=1, action="BUY") for it in (near, third, far)
    )
    (report,) = exchange.submit(spread(exchange, legs=legs))
    assert isinstance(report, Refusal)
    assert report.code == 201
