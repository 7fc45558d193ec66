"""One stream of market data: which ticks tell what changed since the last ones.

Only changed fields are sent. A changed price carries its size, so the size alone is
sent only when it changed alone; a new stream sends both, as the real gateway does.
"""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from alvh_trader.sim.model import OptionGreeks, OrderLeg, Prices, Top
from alvh_trader.wire.tick import tick_greeks, tick_price, tick_size

BID, ASK, LAST = 1, 2, 4
BID_SIZE, ASK_SIZE, LAST_SIZE, VOLUME = 0, 3, 5, 8
BID_GREEKS, ASK_GREEKS, LAST_GREEKS, MODEL_GREEKS = 10, 11, 12, 13

_DAY = (6, 7, 9, 14)
"""The kinds of the day's figures, in the order of `_day`."""

SIDE_GREEKS_EVERY = timedelta(minutes=5)
"""Greeks of bid, ask and last follow the model's at this distance (an assumption)."""


class _Plan(NamedTuple):
    """Frames written ahead, for exactly this state at exactly this instant."""

    top: Top
    greeks: OptionGreeks | None
    at: datetime
    frames: list[bytes]
    side_greeks_at: datetime | None


class MarketLine:
    """A subscription of one client to one contract or combo.

    Without a book there never is a bid or an ask.
    """

    __slots__ = (
        "_greeks",
        "_planned",
        "_side_greeks_at",
        "_top",
        "con_id",
        "has_book",
        "legs",
        "req_id",
    )

    def __init__(
        self,
        req_id: int,
        con_id: int,
        *,
        legs: tuple[OrderLeg, ...] = (),
        has_book: bool = True,
    ) -> None:
        self.req_id = req_id
        self.con_id = con_id
        self.legs = legs
        self.has_book = has_book
        self._top: Top | None = None
        self._greeks: OptionGreeks | None = None
        self._side_greeks_at: datetime | None = None
        self._planned: _Plan | None = None

    def plan(self, prices: Prices) -> None:
        """Write ahead what `ticks` will have to say at the instant of `prices`."""
        kept = self._top, self._greeks, self._side_greeks_at
        top, greeks = prices.tops[self.con_id], prices.greeks[self.con_id]
        frames = self._ticks(top, greeks, prices.at)
        self._planned = _Plan(top, greeks, prices.at, frames, self._side_greeks_at)
        self._top, self._greeks, self._side_greeks_at = kept

    def ticks(
        self, top: Top, greeks: OptionGreeks | None, now: datetime
    ) -> list[bytes]:
        """Return the frames that bring a client from the last state to this one."""
        plan, self._planned = self._planned, None
        if plan is not None and (plan.top, plan.greeks, plan.at) == (top, greeks, now):
            self._top, self._side_greeks_at = top, plan.side_greeks_at
            self._greeks = self._greeks if greeks is None else greeks
            return plan.frames
        return self._ticks(top, greeks, now)

    def _ticks(
        self, top: Top, greeks: OptionGreeks | None, now: datetime
    ) -> list[bytes]:
        frames: list[bytes] = []
        if top != self._top:
            if self._top is None:
                self._first(frames, top)
            else:
                self._quote(frames, top, self._top)
            self._top = top
        if greeks is not None and greeks != self._greeks:
            self._add_greeks(frames, top, greeks, now)
            self._greeks = greeks
        return frames

    def _first(self, frames: list[bytes], top: Top) -> None:
        add, req = frames.append, self.req_id
        if top.last is not None:
            add(tick_price(req, LAST, top.last, top.last_size))
            if top.last_size is not None:
                add(tick_size(req, LAST_SIZE, top.last_size))
        if self.has_book:
            for kind, price, size in (
                (BID, top.bid, top.bid_size),
                (ASK, top.ask, top.ask_size),
            ):
                add(_side(req, kind, price, size))
                add(tick_size(req, BID_SIZE if kind == BID else ASK_SIZE, size))
        if top.volume is not None:
            add(tick_size(req, VOLUME, top.volume))
        for kind, price in zip(_DAY, _day(top), strict=True):
            if price is not None:
                add(tick_price(req, kind, price, 0))

    def _quote(self, frames: list[bytes], top: Top, old: Top) -> None:
        add, req = frames.append, self.req_id
        if self.has_book:
            self._book(frames, top, old)
        if top.last != old.last and top.last is not None:
            add(tick_price(req, LAST, top.last, top.last_size))
        elif top.last_size != old.last_size and top.last_size is not None:
            add(tick_size(req, LAST_SIZE, top.last_size))
        if top.volume != old.volume and top.volume is not None:
            add(tick_size(req, VOLUME, top.volume))
        if _day(top) != _day(old):
            for kind, price, known in zip(_DAY, _day(top), _day(old), strict=True):
                if price is not None and price != known:
                    add(tick_price(req, kind, price, 0))

    def _book(self, frames: list[bytes], top: Top, old: Top) -> None:
        add, req = frames.append, self.req_id
        if top.bid != old.bid:
            add(_side(req, BID, top.bid, top.bid_size))
        elif top.bid_size != old.bid_size:
            add(tick_size(req, BID_SIZE, top.bid_size))
        if top.ask != old.ask:
            add(_side(req, ASK, top.ask, top.ask_size))
        elif top.ask_size != old.ask_size:
            add(tick_size(req, ASK_SIZE, top.ask_size))

    def _add_greeks(
        self, frames: list[bytes], top: Top, greeks: OptionGreeks, now: datetime
    ) -> None:
        due = self._side_greeks_at
        if due is None or now >= due:
            self._side_greeks_at = now + SIDE_GREEKS_EVERY
            for kind, price in (
                (BID_GREEKS, top.bid),
                (ASK_GREEKS, top.ask),
                (LAST_GREEKS, top.last),
            ):
                if price is not None:
                    frames.append(
                        tick_greeks(self.req_id, kind, _greeks_at(greeks, float(price)))
                    )
        frames.append(tick_greeks(self.req_id, MODEL_GREEKS, _model(greeks)))


def _day(top: Top) -> tuple[Decimal | None, ...]:
    return top.high, top.low, top.close, top.open


def _side(req_id: int, kind: int, price: Decimal | None, size: int) -> bytes:
    # A price of -1 with size 0 says that this side of the book is empty.
    if price is None:
        return tick_price(req_id, kind, None, 0)
    return tick_price(req_id, kind, price, size, 1)


def _model(greeks: OptionGreeks) -> tuple[float, ...]:
    return (
        greeks.implied_volatility,
        greeks.delta,
        greeks.price,
        0.0,
        greeks.gamma,
        greeks.vega,
        greeks.theta,
        greeks.underlying,
    )


def _greeks_at(greeks: OptionGreeks, price: float) -> tuple[float, ...]:
    """Return the greeks at another price of the option.

    The volatility is moved along the model's vega (per volatility point); the other
    greeks stay the model's. A price that no volatility near the model's explains has
    none (-1), and then unknown greeks (-2).
    """
    points = (price - greeks.price) / greeks.vega if greeks.vega > 1e-9 else 0.0
    volatility = greeks.implied_volatility + points / 100
    if not 0 < volatility < 2 * greeks.implied_volatility:
        return (-1.0, -2.0, price, 0.0, -2.0, -2.0, -2.0, greeks.underlying)
    return (volatility, greeks.delta, price, *_model(greeks)[3:])


class TickByTickLine:
    """A subscription to single ticks: 1 last, 2 all last, 3 bid and ask, 4 middle."""

    __slots__ = ("_sent", "con_id", "kind", "req_id")

    def __init__(self, req_id: int, con_id: int, kind: int) -> None:
        self.req_id = req_id
        self.con_id = con_id
        self.kind = kind
        self._sent: tuple[object, ...] | None = None

    def is_news(self, top: Top) -> bool:
        """Return whether `top` has a tick that was not sent yet, and remember it."""
        state: tuple[object, ...] = (top.bid, top.ask, top.bid_size, top.ask_size)
        needed: tuple[object, ...] = (top.bid, top.ask)
        if self.kind in (1, 2):
            state, needed = (top.last, top.last_size, top.volume), (top.last,)
        elif self.kind == 4:
            state = needed
        if state == self._sent or None in needed:
            return False
        self._sent = state
        return True
