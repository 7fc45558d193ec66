"""Matching: what trades, how much, and at which price."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from alvh_trader.domain.money import SPX_TICKS
from alvh_trader.sim.fills import HARSH, OPTIMISTIC, PROFILES, REALISTIC, FillModel
from alvh_trader.sim.matching import Dice, Matcher, Trade
from alvh_trader.sim.model import OrderLeg, SimOrder, Top
from alvh_trader.sim.spot import NOTHING
from alvh_trader.sim.waiting import Waiting

MARKET = structs.replace(
    NOTHING, bid=Decimal("1.00"), ask=Decimal("1.40"), bid_size=6, ask_size=4
)
ORDER = SimOrder(
    perm_id=2,
    client_id=1,
    order_id=1,
    account="DU1",
    symbol="SPX",
    sec_type="OPT",
    action="BUY",
    quantity=10,
    order_type="LMT",
    limit=Decimal("1.40"),
    tif="DAY",
    order_ref="a",
    legs=(OrderLeg(con_id=1, ratio=1, action="BUY"),),
)

profiles = st.sampled_from(list(PROFILES.values()))
actions = st.sampled_from(["BUY", "SELL"])


def met(
    sent: SimOrder,
    top: Top = MARKET,
    *,
    model: FillModel = REALISTIC,
    at: float = 20.0,
    elapsed: float = 20.0,
) -> Trade | None:
    """Return what a new order does when it meets `top` for the first time."""
    return looked(Matcher(1, model), sent, top, Waiting(at - elapsed), at)


def looked(
    matcher: Matcher, sent: SimOrder, top: Top, waiting: Waiting, now: float
) -> Trade | None:
    assert waiting.look(now)
    return matcher.match(sent, top, SPX_TICKS, waiting)


@pytest.mark.parametrize(
    ("action", "limit", "price", "quantity"),
    [
        ("BUY", "1.40", "1.40", 4),
        ("BUY", "9.00", "1.40", 4),
        ("BUY", None, "1.40", 4),
        ("SELL", "1.00", "1.00", 6),
        ("SELL", "0.05", "1.00", 6),
        ("SELL", None, "1.00", 6),
    ],
)
def test_a_marketable_order_trades_at_the_far_side_up_to_its_size(
    action: str, limit: str | None, price: str, quantity: int
) -> None:
    sent = replace(ORDER, action=action, limit=Decimal(limit) if limit else None)
    assert met(sent) == Trade(quantity, Decimal(price), takes=True)


def test_harsh_fills_pay_a_tick_more_and_a_limit_at_the_quote_misses() -> None:
    market = replace(ORDER, limit=None)
    assert met(market, model=HARSH) == Trade(4, Decimal("1.45"), takes=True)
    assert met(ORDER, model=HARSH) is None
    sold = replace(market, action="SELL")
    assert met(sold, model=HARSH) == Trade(6, Decimal("0.95"), takes=True)
    cheap = structs.replace(MARKET, bid=Decimal("0.05"), ask=Decimal("0.10"))
    assert met(sold, cheap, model=HARSH) == Trade(6, Decimal("0.05"), takes=True)


def test_the_faded_price_of_a_combo_may_pass_zero() -> None:
    near_nothing = structs.replace(MARKET, bid=Decimal("0.00"), ask=Decimal("0.20"))
    sold = replace(ORDER, action="SELL", limit=None, sec_type="BAG")
    traded = met(sold, near_nothing, model=HARSH)
    assert traded == Trade(6, Decimal("-0.05"), takes=True)


@given(st.integers(0, 10_000), st.sampled_from(["0.90", "1.00"]), profiles)
def test_a_limit_at_or_behind_the_near_side_does_not_trade_when_it_comes(
    instant: int, limit: str, model: FillModel
) -> None:
    sent = replace(ORDER, limit=Decimal(limit))
    assert met(sent, at=float(instant), elapsed=60.0, model=model) is None


@given(st.integers(0, 10_000), profiles)
def test_without_both_sides_nothing_trades(instant: int, model: FillModel) -> None:
    for top in (
        NOTHING,
        structs.replace(MARKET, bid=None),
        structs.replace(MARKET, ask=None),
    ):
        assert met(ORDER, top, at=float(instant), model=model) is None


def test_the_chance_inside_the_spread_grows_with_the_way_and_with_time() -> None:
    def count(limit: str, elapsed: float, model: FillModel = REALISTIC) -> int:
        sent = replace(ORDER, limit=Decimal(limit))
        return sum(
            met(sent, at=float(n), elapsed=elapsed, model=model) is not None
            for n in range(4000)
        )

    half, most = count("1.20", 20.0), count("1.35", 20.0)
    assert half == pytest.approx(4000 * 0.5 * (0.25 / 0.75) ** 2, rel=0.2)
    assert most == pytest.approx(4000 * 0.5 * (0.625 / 0.75) ** 2, rel=0.1)
    assert count("1.20", 5.0) < half < count("1.20", 60.0)
    assert count("1.10", 60.0) == 0, "a quarter of the way nobody comes"
    assert count("1.20", 20.0, HARSH) == 0 < half < count("1.20", 20.0, OPTIMISTIC)


def test_an_order_that_rested_trades_at_its_limit_when_the_market_comes() -> None:
    matcher, waiting = Matcher(1, REALISTIC), Waiting(0.0)
    sent = replace(ORDER, limit=Decimal("1.00"))
    assert looked(matcher, sent, MARKET, waiting, 10.0) is None
    lower = structs.replace(MARKET, bid=Decimal("0.70"), ask=Decimal("0.90"))
    trade = looked(matcher, sent, lower, waiting, 20.0)
    assert trade == Trade(4, Decimal("1.00"), takes=True)
    assert met(sent, lower) == Trade(4, Decimal("0.90"), takes=True), "a new order"


cents = st.integers(5, 4000).map(lambda n: Decimal(n).scaleb(-2))
widths = st.integers(1, 200).map(lambda n: Decimal(n).scaleb(-2))
tops = st.builds(
    lambda bid, width, sizes, volume: structs.replace(
        NOTHING,
        bid=bid,
        ask=bid + width,
        bid_size=sizes[0],
        ask_size=sizes[1],
        volume=volume,
    ),
    cents,
    widths,
    st.tuples(st.integers(0, 40), st.integers(0, 40)),
    st.integers(0, 5000),
)


@given(st.lists(tops, min_size=1, max_size=12), cents, actions, profiles)
def test_no_fill_is_through_the_market_or_the_limit(
    tape: list[Top], limit: Decimal, action: str, model: FillModel
) -> None:
    order = replace(ORDER, limit=limit, action=action, quantity=60)
    matcher, waiting, buys = Matcher(3, model), Waiting(0.0), action == "BUY"
    for n, top in enumerate(tape, 1):
        trade = looked(matcher, order, top, waiting, 10.0 * n)
        if trade is None:
            continue
        assert top.bid is not None
        assert top.ask is not None
        assert 1 <= trade.quantity <= order.remaining
        assert trade.price <= limit if buys else trade.price >= limit
        assert trade.price >= top.bid if buys else trade.price <= top.ask
        if trade.takes:
            assert trade.quantity <= (top.ask_size if buys else top.bid_size)
            assert trade.price >= top.ask if buys else trade.price <= top.bid
        else:
            assert trade.price == limit
        order = replace(order, filled=order.filled + trade.quantity)
        if not order.remaining:
            break


def test_luck_is_the_same_for_the_same_order_and_instant_only() -> None:
    dice = Dice(1, 2, "a", 3)
    assert dice.throw("x") == Dice(1, 2, "a", 3).throw("x")
    others = [
        replace(dice, seed=9),
        replace(dice, perm_id=9),
        replace(dice, order_ref="b"),
        replace(dice, instant=9),
    ]
    assert len({d.throw("x") for d in [dice, *others]}) == 5
