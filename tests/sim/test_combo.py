"""Combos: the net market, and how a net price is split into prices of legs."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from alvh_trader.sim.combo import leg_prices, net_top
from alvh_trader.sim.model import OrderLeg, Top
from alvh_trader.sim.spot import NOTHING

CENT = Decimal("0.01")


def leg(number: int, action: str, ratio: int = 1) -> OrderLeg:
    return OrderLeg(con_id=number, ratio=ratio, action=action)


def market(bid: str, ask: str, size: int = 10) -> Top:
    return replace(
        NOTHING, bid=Decimal(bid), ask=Decimal(ask), bid_size=size, ask_size=size
    )


def test_a_combo_is_offered_where_its_legs_can_be_had() -> None:
    legs = (leg(1, "BUY"), leg(2, "SELL", 2))
    top = net_top(legs, [market("5.00", "5.20", 9), market("1.00", "1.10", 11)])
    assert (top.bid, top.ask) == (Decimal("2.80"), Decimal("3.20"))
    assert (top.bid_size, top.ask_size) == (5, 5)


def test_a_worthless_leg_goes_along_for_nothing_and_a_missing_one_ends_it() -> None:
    legs = (leg(1, "BUY"), leg(2, "SELL"))
    worthless = replace(market("0.00", "0.05", 40), bid_size=0)
    top = net_top(legs, [market("5.00", "5.20", 9), worthless])
    assert (top.ask, top.ask_size) == (Decimal("5.20"), 9)
    assert net_top(legs, [market("5.00", "5.20"), NOTHING]) == NOTHING


prices = st.integers(0, 1000).map(lambda n: n * Decimal("0.05"))
widths = st.integers(1, 20).map(lambda n: n * Decimal("0.05"))
quotes = st.lists(
    st.tuples(prices, widths, st.sampled_from(["BUY", "SELL"]), st.integers(1, 3)),
    min_size=1,
    max_size=7,
)


def made(
    rows: list[tuple[Decimal, Decimal, str, int]],
) -> tuple[list[OrderLeg], list[Top]]:
    rows = [*rows, (Decimal("7.00"), Decimal("0.20"), "BUY", 1)]
    legs = [leg(n, action, ratio) for n, (_, _, action, ratio) in enumerate(rows)]
    tops = [replace(NOTHING, bid=b, ask=b + width) for b, width, _, _ in rows]
    return legs, tops


@given(quotes, st.integers(0, 20))
def test_leg_prices_add_up_in_cents_and_stay_inside_their_own_markets(
    rows: list[tuple[Decimal, Decimal, str, int]], way: int
) -> None:
    legs, tops = made(rows)
    top = net_top(legs, [replace(t, bid_size=1, ask_size=9) for t in tops])
    assert top.bid is not None
    assert top.ask is not None
    net = (top.bid + (top.ask - top.bid) * way / 20).quantize(Decimal("0.05"))
    net = min(max(net, top.bid), top.ask)
    found = leg_prices(legs, tops, net)
    signs = [it.ratio if it.action == "BUY" else -it.ratio for it in legs]
    assert sum(s * p for s, p in zip(signs, found, strict=True)) == net
    for price, quote in zip(found, tops, strict=True):
        assert price % CENT == 0
        assert quote.bid is not None
        assert quote.ask is not None
        # A cent that only a leg of ratio 1 can take may find it at its own edge.
        over = CENT * (max(it.ratio for it in legs) - 1)
        assert quote.bid - over <= price <= quote.ask + over


@given(quotes, st.integers(-200, 200))
def test_leg_prices_add_up_outside_the_market_too(
    rows: list[tuple[Decimal, Decimal, str, int]], ticks: int
) -> None:
    legs, tops = made(rows)
    net = ticks * Decimal("0.05")
    found = leg_prices(legs, tops, net)
    signs = [it.ratio if it.action == "BUY" else -it.ratio for it in legs]
    assert sum(s * p for s, p in zip(signs, found, strict=True)) == net
