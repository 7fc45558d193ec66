"""Whether an order trades now, how much of it, and at which price.

A marketable order trades at the far side, as much as is shown there; one that rested
before the market came to it, at its own limit. An order that joins a price waits for
its turn (`sim.waiting`). A limit inside the spread may be met by somebody, with a
chance that grows with the square of its way from the near to the far side; the dice
are a hash of the seed, the order and the instant. No fill is better than the quoted
market: a buyer never pays less than the bid, nor gets the offer below itself.
"""

import hashlib
import math
from dataclasses import dataclass
from decimal import Decimal

from alvh_trader.domain.money import TickGrid
from alvh_trader.sim.fills import FillModel
from alvh_trader.sim.model import SimOrder, Top
from alvh_trader.sim.waiting import Waiting

PATIENCE = 20.0
"""Seconds of which `FillModel.eagerness` tells the chance."""


@dataclass(frozen=True, slots=True)
class Trade:
    """A fill of `quantity` units at `price` (net for a combo, in the order's sense).

    `takes` is whether it took what was displayed; else somebody came to the order.
    """

    quantity: int
    price: Decimal
    takes: bool = True


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


class Matcher:
    """Lets orders meet the market by one fill model."""

    def __init__(self, seed: int, model: FillModel) -> None:
        self._seed = seed
        self._model = model

    def match(
        self, order: SimOrder, top: Top, grid: TickGrid, waiting: Waiting
    ) -> Trade | None:
        """Return the trade of `order` against the market `top`, None if there is none.

        `grid` is that of the order's price; `waiting` has looked at this instant.
        """
        if top.bid is None or top.ask is None:
            return None
        buys = order.action == "BUY"
        near, size = (top.bid, top.ask_size) if buys else (top.ask, top.bid_size)
        far = self._far(order, top, grid)
        limit = order.limit
        if limit is None or (limit >= far if buys else limit <= far):
            if size <= 0:
                return None
            price = limit if waiting.has_rested and limit is not None else far
            return Trade(min(order.remaining, size), price, takes=True)
        waiting.has_rested = True
        come = waiting.reached(order, top, self._model.queue)
        if come:
            return Trade(min(order.remaining, come), limit, takes=False)
        way = float((limit - near) / (far - near))
        dice = Dice(self._seed, order.perm_id, order.order_ref, int(waiting.seen_at))
        if size <= 0 or dice.throw("trades") >= self._chance(way, waiting.elapsed):
            return None
        most = min(order.remaining, size)
        # Half of those who come want all there is, the others part of what is shown.
        if dice.throw("whole") >= 0.5:
            most = min(math.floor(size * dice.throw("share")) + 1, most)
        return Trade(most, limit, takes=False)

    def _far(self, order: SimOrder, top: Top, grid: TickGrid) -> Decimal:
        """Return the price at which the order finds the far side."""
        assert top.bid is not None, "asked of a market without a bid"
        assert top.ask is not None, "asked of a market without an offer"
        fade = self._model.fade
        if order.action == "BUY":
            return top.ask + fade * grid.tick_at(top.ask)
        faded = top.bid - fade * grid.tick_at(top.bid)
        # A single contract is not given away; a combo may have a negative price.
        return faded if order.sec_type == "BAG" or faded > 0 else top.bid

    def _chance(self, way: float, elapsed: float) -> float:
        """Return how likely somebody comes to meet a limit so far into the spread."""
        least = self._model.least_way
        if way <= least:
            return 0.0
        eager = self._model.eagerness * ((way - least) / (1.0 - least)) ** 2
        return 1.0 - math.pow(1.0 - eager, elapsed / PATIENCE)
