"""Whether an order trades now, how much of it, and at which prices.

A marketable order trades at the far side, as much as is shown there. A limit inside
the spread trades with a chance that grows with the square of its way from the near
to the far side; the dice are a hash of the seed, the order and the instant.
"""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

from alvh_trader.sim.model import OrderLeg, SimOrder, Top

EAGERNESS = 0.5
"""Chance within `PATIENCE` seconds that a limit at the far side's edge trades."""

PATIENCE = 20.0

_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Trade:
    """A fill of `quantity` units at `price` (net for a combo, in the order's sense)."""

    quantity: int
    price: Decimal


@dataclass(frozen=True, slots=True)
class Dice:
    """The luck of one order at one instant: a pure function of what it is made of."""

    seed: int
    perm_id: int
    order_ref: str
    instant: int

    def throw(self, what: str) -> float:
        """Return a number in [0, 1)."""
        text = f"{self.seed}|{self.perm_id}|{self.order_ref}|{self.instant}|{what}"
        digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
        return int.from_bytes(digest, "big") / 2**64


def match(order: SimOrder, top: Top, elapsed: float, dice: Dice) -> Trade | None:
    """Return the trade of `order` against the market `top`, None if there is none.

    `elapsed` is how many seconds the order has had since it was last looked at.
    """
    if top.bid is None or top.ask is None:
        return None
    buys = order.action == "BUY"
    far, size = (top.ask, top.ask_size) if buys else (top.bid, top.bid_size)
    if size <= 0:
        return None
    if order.limit is None or (order.limit >= far if buys else order.limit <= far):
        return Trade(min(order.remaining, size), far)
    near = top.bid if buys else top.ask
    way = float((order.limit - near) / (far - near))
    if way <= 0:
        return None
    chance = 1.0 - (1.0 - EAGERNESS * way * way) ** (elapsed / PATIENCE)
    if dice.throw("trades") >= chance:
        return None
    most = min(order.remaining, size)
    # Half of those who come take it all, the others some.
    if dice.throw("whole") < 0.5:
        return Trade(most, order.limit)
    return Trade(min(math.floor(most * dice.throw("share")) + 1, most), order.limit)


def leg_prices(
    legs: Sequence[OrderLeg], tops: Sequence[Top], net: Decimal
) -> list[Decimal]:
    """Split the net price of buying a combo into one price for each leg.

    Every leg gives way by the same share of its own half-spread; cents that rounding
    leaves over go to the leg with the highest price and the smallest ratio.
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
    absorber = min(range(len(legs)), key=lambda i: (legs[i].ratio, -mids[i]))
    got = sum((s * p for s, p in zip(signs, prices, strict=True)), Decimal(0))
    prices[absorber] += (net - got) / signs[absorber]
    return prices
