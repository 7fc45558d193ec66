"""One instrument's stream: the newest value of each field, and what it is worth."""

import math
from datetime import datetime, timedelta

from alvh_trader.domain.instrument import Index, Instrument
from alvh_trader.domain.market import Breadth, Quote

BID, ASK, LAST, BID_SIZE, ASK_SIZE = range(5)

# Tick types: 66-70 are the delayed forms of 1, 2, 4, 0 and 3.
_PRICES = {"1": BID, "2": ASK, "4": LAST, "66": BID, "67": ASK, "68": LAST}
_SIZES = {"0": BID_SIZE, "3": ASK_SIZE, "69": BID_SIZE, "70": ASK_SIZE}
_SIZE_OF = {BID: BID_SIZE, ASK: ASK_SIZE}

PAUSE_FIRST, PAUSE_MAX = timedelta(seconds=30), timedelta(minutes=10)
"""Until a stream that was refused is asked for again."""

BREADTH = "AD-NYSE"
"""Its quote is none: the broker sends counts of issues in place of prices."""

RESTLESS = "SPX"
"""Recalculated every second: if it says nothing, something is wrong."""


class Stream:
    """What the broker streams of one instrument.

    `is_changed`: something arrived since the last pulse; `has_ticked`: and it was a
    price or size, which proves the pipe; `heard`: the pulse that brought the last of
    these; `told`: when it was last given out. `is_restless`: silence is suspicious.
    `refusal` is the error code in place of data, 0 where there is none; such a stream
    is asked for again at `ask_again`, after a `pause` that grows. `before` is what a
    restless one said last before it was asked for anew.
    """

    __slots__ = (
        *("ask_again", "before", "has_ticked", "heard", "instrument", "is_breadth"),
        *("is_changed", "is_halted", "is_index", "is_live", "is_restless", "pause"),
        *("refusal", "request_id", "told", "values"),
    )

    def __init__(self, instrument: Instrument, request_id: int) -> None:
        self.instrument = instrument
        self.request_id = request_id
        self.is_index = isinstance(instrument, Index)
        self.is_breadth = self.is_index and instrument.symbol == BREADTH
        self.is_restless = self.is_index and instrument.symbol == RESTLESS
        self.values: list[float | None] = [None] * 5
        self.is_changed = False
        self.has_ticked = False
        self.is_live = True
        self.is_halted = False
        self.refusal = 0
        self.ask_again: datetime | None = None
        self.pause = PAUSE_FIRST
        self.heard: datetime | None = None
        self.told: datetime | None = None
        self.before: float | None = None

    def is_repeated(self, tick: str, price: str) -> bool:
        """Return whether the price is only what was said before it was asked for anew.

        A new stream begins with the last price, however old that is.
        """
        if self.before is None or _PRICES.get(tick) != LAST or not price:
            return False
        if float(price) == self.before:
            return True
        self.before = None
        return False

    def take_price(self, tick: str, price: str, size: str) -> None:
        """Take a price tick; bid and ask bring their size along."""
        slot = _PRICES.get(tick)
        self.has_ticked = True
        self.refusal = 0
        if slot is None or not price:
            return
        self.values[slot] = float(price)
        size_slot = _SIZE_OF.get(slot)
        if size_slot is not None and size:
            self.values[size_slot] = float(size)

    def take_size(self, tick: str, size: str) -> None:
        """Take a size tick."""
        slot = _SIZES.get(tick)
        self.has_ticked = True
        if slot is not None and size:
            self.values[slot] = float(size)

    def refuse(self, code: int) -> None:
        """There is no data: what was known is not known any more."""
        self.refusal = code
        self.values = [None] * 5

    def is_due(self, at: datetime) -> bool:
        """Return whether a stream that was refused is to be asked for again at `at`."""
        if not self.refusal:
            self.ask_again, self.pause = None, PAUSE_FIRST
            return False
        if self.ask_again is None:
            self.ask_again = at + self.pause
        if at < self.ask_again:
            return False
        self.pause = min(2 * self.pause, PAUSE_MAX)
        self.ask_again = at + self.pause
        return True

    @property
    def is_usable(self) -> bool:
        """Whether the values mean a market that is on now."""
        return self.is_live and not self.is_halted and not self.refusal

    def quote(self, at: datetime) -> Quote:
        """Return the quote, with None for everything that is not a price.

        A bid or ask without size is none; a market that is crossed or locked is none on
        both sides.
        """
        if not self.is_usable:
            return Quote(at)
        bid, ask, last, bid_size, ask_size = self.values
        last = last if last is not None and 0 < last < math.inf else None
        if self.is_index:
            return Quote(at, last=last)
        if bid is None or not bid_size or not 0 <= bid < math.inf:
            bid = bid_size = None
        if ask is None or not ask_size or not 0 <= ask < math.inf:
            ask = ask_size = None
        if bid is not None and ask is not None and bid >= ask:
            return Quote(at, last=last)
        return Quote(at, bid, ask, bid_size, ask_size, last)

    def breadth(self, at: datetime) -> Breadth | None:
        """Return advances (sent as bid), declines (ask) and unchanged (bid size)."""
        if not self.is_usable:
            return None
        advances, declines, unchanged = (
            self.values[slot] for slot in (BID, ASK, BID_SIZE)
        )
        if advances is None or declines is None or advances < 0 or declines < 0:
            return None
        return Breadth(
            at=at,
            advances=int(advances),
            declines=int(declines),
            unchanged=int(max(0.0, unchanged or 0.0)),
        )
