"""What an order has behind it while it waits, and who stands before it in the queue.

The queue is approximated: on joining a price, whatever is displayed there is before
us; it gets shorter as contracts trade, half of them on our side, and when the
displayed size shrinks. Combos have no tape of their own, and so no queue.
"""

import math
from dataclasses import dataclass

from alvh_trader.sim.model import SimOrder, Top

_LONGEST = 60.0
"""Seconds: after a night or a pause an order was as lucky as in its last minute."""


@dataclass(slots=True)
class Waiting:
    """How far an order has come: all up to `seen_at` (POSIX seconds) is settled.

    While the order is on its way to the exchange, `seen_at` lies in the future.
    `elapsed` are the seconds that the last look covered, `has_rested` is whether it
    was seen away from the market since it last changed; `ahead` how many contracts
    are before it, `volume` the day's when last seen.
    """

    seen_at: float
    elapsed: float = 0.0
    has_rested: bool = False
    ahead: float = math.inf
    volume: int | None = None

    def look(self, now: float) -> bool:
        """Bring the order up to `now`; False if it has not come any further."""
        if now <= self.seen_at:
            return False
        self.elapsed = min(now - self.seen_at, _LONGEST)
        self.seen_at = now
        return True

    def reached(self, order: SimOrder, top: Top, share: float) -> int:
        """Return how many contracts came through the queue to a resting order.

        `share` is the part of the displayed size that was before it on joining.
        """
        assert order.limit is not None, "a market order does not queue"
        before, self.volume = self.volume, top.volume
        buys = order.action == "BUY"
        near, size = (top.bid, top.bid_size) if buys else (top.ask, top.ask_size)
        if near is None or (order.limit < near if buys else order.limit > near):
            return 0
        # Whoever is alone at the best price has nobody before him.
        displayed = share * size if order.limit == near else 0.0
        self.ahead = min(self.ahead, displayed)
        if before is None or top.volume is None:
            return 0
        self.ahead -= max(top.volume - before, 0) / 2
        come = max(math.floor(-self.ahead), 0)
        self.ahead += come
        return come
