"""A stream of market data a quarter of an hour late, under its own kinds of tick.

The kinds 66 to 76, 80 to 83 and 88 are published, and partly recorded. A stream that
was opened less than a quarter of an hour ago shows the prices of its opening: what
was there before is not kept (an assumption; the time in tick 88 is the true one).
"""

from collections import deque
from datetime import datetime, timedelta

from alvh_trader.gateway.market_line import (
    ASK,
    ASK_GREEKS,
    ASK_SIZE,
    BID,
    BID_GREEKS,
    BID_SIZE,
    LAST,
    LAST_GREEKS,
    LAST_SIZE,
    MODEL_GREEKS,
    VOLUME,
    MarketLine,
)
from alvh_trader.sim.model import OptionGreeks, OrderLeg, Prices, Top
from alvh_trader.wire.field import join, split
from alvh_trader.wire.frame import PREFIX_BYTES, frame

DELAY = timedelta(minutes=15)

_KINDS = {
    BID: 66, ASK: 67, LAST: 68, BID_SIZE: 69, ASK_SIZE: 70, LAST_SIZE: 71, 6: 72,
    7: 73, VOLUME: 74, 9: 75, 14: 76, BID_GREEKS: 80, ASK_GREEKS: 81,
    LAST_GREEKS: 82, MODEL_GREEKS: 83,
}  # fmt: skip
_LAST_TIME = 88
_GREEKS = "21"
"""The number of the one message whose kind does not stand behind a version."""


class DelayedLine:
    """A `MarketLine` that is told of the market `DELAY` later."""

    def __init__(self, line: MarketLine) -> None:
        self.req_id = line.req_id
        self.con_id = line.con_id
        self.legs: tuple[OrderLeg, ...] = line.legs
        self._line = line
        self._waiting: deque[tuple[datetime, Top, OptionGreeks | None]] = deque()

    def plan(self, prices: Prices) -> None:
        """Do nothing: what a delayed line will say is known already."""

    def ticks(
        self, top: Top, greeks: OptionGreeks | None, now: datetime
    ) -> list[bytes]:
        """Take note of the market, and return the frames of what is old enough."""
        waiting = self._waiting
        waiting.append((now, top, greeks))
        while len(waiting) > 1 and waiting[1][0] <= now - DELAY:
            waiting.popleft()
        at, top, greeks = waiting[0]
        frames = []
        for whole in self._line.ticks(top, greeks, at):
            texts = split(whole[PREFIX_BYTES:])
            place = 2 if texts[0] == _GREEKS else 3
            kind = _KINDS[int(texts[place])]
            texts[place] = str(kind)
            frames.append(frame(join(texts)))
            if kind == _KINDS[LAST]:
                time = int(at.timestamp())
                text = f"46\x006\0{self.req_id}\0{_LAST_TIME}\0{time}\0"
                frames.append(frame(text.encode()))
        return frames
