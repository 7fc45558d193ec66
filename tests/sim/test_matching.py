"""Matching: what trades, how much, at which price; and how a net price is split."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alvh_trader.sim.matching import Dice, leg_prices, match
from alvh_trader.sim.model import OrderLeg, SimOrder, Top
from alvh_trader.sim.spot import NOTHING

DICE = Dice(1, 2, "a", 3)
MARKET = replace(
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
    trade = match(sent, MARKET, 5.0, DICE)
    assert trade is not None
    assert (trade.price, trade.quantity) == (Decimal(price), quantity)


@given(st.integers(0, 10_000), st.sampled_from(["0.90", "1.00"]))
def test_a_limit_at_or_behind_the_near_side_never_trades(
    instant: int, limit: str
) -> None:
    dice = replace(DICE, instant=instant)
    assert match(replace(ORDER, limit=Decimal(limit)), MARKET, 60.0, dice) is None


@given(st.integers(0, 10_000))
def test_without_both_sides_nothing_trades(instant: int) -> None:
    dice = replace(DICE, instant=instant)
    assert match(ORDER, NOTHING, 60.0, dice) is None
    assert match(ORDER, replace(MARKET, bid=None), 60.0, dice) is None


def test_the_chance_inside_the_spread_grows_with_the_way_and_with_time() -> None:
    def count(limit: str, elapsed: float) -> int:
        sent = replace(ORDER, limit=Decimal(limit))
        draws = (replace(DICE, instant=n) for n in range(4000))
        return sum(match(sent, MARKET, elapsed, dice) is not None for dice in draws)

    half, most = count("1.20", 20.0), count("1.35", 20.0)
    assert half == pytest.approx(4000 * 0.5 * 0.25, rel=0.15)
    assert most == pytest.approx(4000 * 0.5 * 0.875**2, rel=0.15)
    assert count("1.20", 5.0) < half < count("1.20", 60.0)


@given(st.integers(0, 10_000))
def test_a_fill_inside_the_spread_is_at_the_limit_and_within_what_is_left(
    instant: int,
) -> None:
    sent = replace(ORDER, limit=Decimal("1.35"), filled=8)
    trade = match(sent, MARKET, 60.0, replace(DICE, instant=instant))
    if trade is not None:
        assert trade.price == sent.limit
        assert 1 <= trade.quantity <= 2


def test_luck_is_the_same_for_the_same_order_and_instant_only() -> None:
    assert DICE.throw("x") == Dice(1, 2, "a", 3).throw("x")
    others = [
        replace(DICE, seed=9),
        replace(DICE, perm_id=9),
        replace(DICE, order_ref="b"),
        replace(DICE, instant=9),
    ]
    assert len({d.throw("x") for d in [DICE, *others]}) == 5


cents = st.integers(0, 5000).map(lambda n: Decimal(n).scaleb(-2))
widths = st.integers(5, 100).map(lambda n: Decimal(n).scaleb(-2))


@given(
    st.lists(
        st.tuples(cents, widths, st.sampled_from(["BUY", "SELL"])),
        min_size=2,
        max_size=8,
    ),
    st.integers(0, 20),
)
def test_leg_prices_add_up_to_the_net_price_exactly(
    quotes: list[tuple[Decimal, Decimal, str]], way: int
) -> None:
    legs = [
        OrderLeg(con_id=n, ratio=1, action=action)
        for n, (_, _, action) in enumerate(quotes)
    ]
    tops: list[Top] = [
        replace(NOTHING, bid=bid, ask=bid + width) for bid, width, _ in quotes
    ]
    signs = [1 if leg.action == "BUY" else -1 for leg in legs]
    halves = [width / 2 for _, width, _ in quotes]
    mids = [bid + half for (bid, _, _), half in zip(quotes, halves, strict=True)]
    fair = sum((s * m for s, m in zip(signs, mids, strict=True)), Decimal(0))
    slack = sum(halves, Decimal(0))
    net = (fair + slack * (way - 10) / 10).quantize(Decimal("0.05"))
    prices = leg_prices(legs, tops, net)
    assert sum(s * p for s, p in zip(signs, prices, strict=True)) == net
