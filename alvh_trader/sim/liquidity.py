"""What is left of the displayed sizes after our own trades took from them."""

import math

from msgspec.structs import replace

from alvh_trader.sim.fills import FillModel
from alvh_trader.sim.model import Top

_Side = tuple[int, bool]


class Liquidity:
    """Remembers what was taken, by contract and side; it comes back by halves."""

    def __init__(self, model: FillModel) -> None:
        self._model = model
        self._taken: dict[_Side, tuple[float, float]] = {}

    def begin_day(self) -> None:
        """Forget what was taken."""
        self._taken.clear()

    def left(self, con_id: int, top: Top, now: float) -> Top:
        """Return `top` with the sizes that an order finds at `now`."""
        bid = self._size(top.bid_size, self._gone((con_id, False), now))
        ask = self._size(top.ask_size, self._gone((con_id, True), now))
        if (bid, ask) == (top.bid_size, top.ask_size):
            return top
        return replace(top, bid_size=bid, ask_size=ask)

    def take(self, con_id: int, quantity: int, now: float) -> None:
        """Note that `quantity` contracts (signed: bought or sold) were taken."""
        side = (con_id, quantity > 0)
        self._taken[side] = (self._gone(side, now) + abs(quantity), now)

    def _gone(self, side: _Side, now: float) -> float:
        amount, at = self._taken.get(side, (0.0, now))
        return amount * math.exp2((at - now) / self._model.refill)

    def _size(self, displayed: int, gone: float) -> int:
        return max(int(displayed * self._model.shown - gone + 0.5), 0)
