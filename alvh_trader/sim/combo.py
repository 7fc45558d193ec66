"""Combos: the market for one from those of its legs, and its net price split."""

from collections.abc import Sequence
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Decimal

from msgspec.structs import replace

from alvh_trader.sim.model import OrderLeg, Top
from alvh_trader.sim.spot import NOTHING

_NO_BOUND = 3000
"""The size of a combo that no leg's size limits."""

_CENT = Decimal("0.01")


def net_top(legs: Sequence[OrderLeg], tops: Sequence[Top]) -> Top:
    """Return the market for buying `legs` once; nothing if a leg has no offer."""
    bid = ask = Decimal(0)
    bid_size, ask_size = _NO_BOUND, _NO_BOUND
    for leg, top in zip(legs, tops, strict=True):
        if top.ask is None:
            return NOTHING
        # In a combo a worthless leg changes hands for nothing: nobody bids for it
        # alone, but whoever takes the rest takes it along.
        bid_of = top.bid or Decimal(0)
        shown = top.bid_size if bid_of else _NO_BOUND
        buys = leg.action == "BUY"
        up, down = (top.ask, bid_of) if buys else (-bid_of, -top.ask)
        up_size, down_size = (top.ask_size, shown) if buys else (shown, top.ask_size)
        ask, bid = ask + leg.ratio * up, bid + leg.ratio * down
        ask_size = min(ask_size, up_size // leg.ratio)
        bid_size = min(bid_size, down_size // leg.ratio)
    return replace(NOTHING, bid=bid, ask=ask, bid_size=bid_size, ask_size=ask_size)


def leg_prices(
    legs: Sequence[OrderLeg], tops: Sequence[Top], net: Decimal
) -> list[Decimal]:
    """Split the net price of buying a combo into one price for each leg, in cents.

    Every leg gives way by the same share of its own half-spread. Cents that rounding
    leaves over go to legs of small ratio and high price, as far as their own markets
    reach; what is over then (a net price outside the market) to the first of them.
    """
    signs = [leg.ratio if leg.action == "BUY" else -leg.ratio for leg in legs]
    quotes = [(top.bid or Decimal(0), top.ask or Decimal(0)) for top in tops]
    mids = [(bid + ask) / 2 for bid, ask in quotes]
    halves = [(ask - bid) / 2 for bid, ask in quotes]
    fair = sum((s * m for s, m in zip(signs, mids, strict=True)), Decimal(0))
    slack = sum((abs(s) * h for s, h in zip(signs, halves, strict=True)), Decimal(0))
    share = (net - fair) / slack if slack else Decimal(0)
    prices = [
        max(m + share * (h if s > 0 else -h), Decimal(0)).quantize(
            _CENT, ROUND_HALF_EVEN
        )
        for s, m, h in zip(signs, mids, halves, strict=True)
    ]
    over = net - sum((s * p for s, p in zip(signs, prices, strict=True)), Decimal(0))
    order = sorted(range(len(legs)), key=lambda i: (legs[i].ratio, -mids[i]))
    for i in order:
        bid, ask = quotes[i]
        wish = prices[i] + (over / signs[i]).quantize(_CENT, ROUND_DOWN)
        given = max(min(wish, ask), bid) - prices[i]
        prices[i] += given
        over -= signs[i] * given
    prices[order[0]] += over / signs[order[0]]
    return prices
