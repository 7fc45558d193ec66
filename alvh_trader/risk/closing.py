"""The checks of an order that closes a condor; see `risk.conduct` for what a check is.

Closing takes away and never turns round: no leg trades more than case, ledger and
account all hold of it, and no part of the order that fills uncovers a short option.
"""

from alvh_trader.domain.instrument import Option, Right
from alvh_trader.domain.order import Leg, Order, Purpose
from alvh_trader.risk.circumstances import Circumstances
from alvh_trader.risk.limits import Limits
from alvh_trader.risk.size import at_work
from alvh_trader.strategy.finding import Finding


def nothing_else(order: Order, now: Circumstances, _limits: Limits) -> Finding:
    """A case is closed where a person asked for it, and nothing else is done then."""
    asked = "a person asked for it"
    is_asked, closes = now.close is not None, order.purpose is Purpose.CLOSE
    value = asked if is_asked else "nobody asked for it"
    bound = asked if closes else "not while it is closed"
    return Finding("closing of the case", value, bound, is_asked is closes)


def takes_away(order: Order, now: Circumstances, _limits: Limits) -> Finding:
    """Case, ledger and account all hold what each leg closes, and no leg opens."""
    left = order.quantity - now.filled
    least = min(_room(order, leg, now) for leg in order.legs)
    return Finding("units left to close", f"{left}", f"<= {least}", left <= least)


def _room(order: Order, leg: Leg, now: Circumstances) -> int:
    """Return how many units may trade of a leg; 0 where it would open anything."""
    con_id, going = leg.instrument.con_id, at_work(order, leg, now)
    if now.close is None:
        return 0
    owned = now.close.owned.get(con_id, 0)
    booked, held = now.close.booked.get(con_id, 0), now.held.get(con_id, 0)
    if any(count * leg.ratio >= 0 for count in (owned, booked, held)):
        return 0
    shared = min(abs(booked), abs(held)) - going
    return max(0, min(abs(owned), shared)) // abs(leg.ratio)


def closes_verticals(order: Order, _now: Circumstances, _limits: Limits) -> Finding:
    """Each unit closes whole verticals: a short option with the wing that covers it."""
    sides = [
        [leg for leg in order.legs if _is_of(leg, right)]
        for right in Right
        if any(_is_of(leg, right) for leg in order.legs)
    ]
    good = sum(map(len, sides)) == len(order.legs) and all(map(_is_vertical, sides))
    bound = "each short with its wing"
    return Finding("closing legs", f"{len(order.legs)}", bound, good)


def _is_of(leg: Leg, right: Right) -> bool:
    return isinstance(leg.instrument, Option) and leg.instrument.right is right


def _is_vertical(legs: list[Leg]) -> bool:
    """Return whether one unit buys a short option back and sells the wing beyond it."""
    if sorted(leg.ratio for leg in legs) != [-1, 1]:
        return False
    wing, short = sorted(legs, key=lambda leg: leg.ratio)
    a, b = short.instrument, wing.instrument
    assert isinstance(a, Option), "filtered above"
    assert isinstance(b, Option), "filtered above"
    is_beyond = b.strike > a.strike if a.is_call else b.strike < a.strike
    # A wing that ends first would leave its short alone.
    return is_beyond and (a.symbol, a.trading_class, a.last_trade) == (
        b.symbol,
        b.trading_class,
        b.last_trade,
    )
