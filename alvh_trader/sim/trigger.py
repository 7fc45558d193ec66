"""When an order with a stop wakes, and how a trailing stop follows the market.

A stop to buy wakes when the market has risen to it, a stop to sell when it has fallen
to it; if-touched orders the other way. Which price counts is the trigger method: by
default the bid (rising) or the ask (falling) twice in a row for options, the last
price for futures and stocks [doc: trigger methods]. A combo has no last price: for it
the bid or the ask counts, once (assumption). The distance of a trailing stop is kept
to the price that counts (assumption).
"""

from dataclasses import dataclass, replace
from decimal import Decimal

from alvh_trader.domain.money import TickGrid
from alvh_trader.sim.kinds import KINDS
from alvh_trader.sim.model import SimOrder, Top

DEFAULT, DOUBLE_QUOTE, LAST, DOUBLE_LAST, QUOTE = 0, 1, 2, 3, 4
LAST_OR_QUOTE, MIDDLE = 7, 8

METHODS = frozenset(
    {DEFAULT, DOUBLE_QUOTE, LAST, DOUBLE_LAST, QUOTE, LAST_OR_QUOTE, MIDDLE}
)

_DEFAULTS = {"OPT": DOUBLE_QUOTE, "BAG": QUOTE}
_TWICE = frozenset({DOUBLE_QUOTE, DOUBLE_LAST})


@dataclass(slots=True)
class Watch:
    """How often in a row the stop of one order was reached."""

    hits: int = 0

    def wakes(self, order: SimOrder, top: Top) -> bool:
        """Look at the market once; return whether the order wakes now."""
        method = _method(order)
        self.hits = self.hits + 1 if _reached(order, top, method) else 0
        return self.hits >= (2 if method in _TWICE else 1)


def sleeps(order: SimOrder) -> bool:
    """Return whether orders of this type wait for a price."""
    return KINDS[order.order_type].has_stop


def trailed(order: SimOrder, top: Top) -> SimOrder:
    """Return the order with its stop, and its limit, as near as they ever came."""
    how = order.handling
    prices = _prices(order, top, _method(order))
    if not KINDS[order.order_type].trails or not prices:
        return order
    price = prices[0]
    distance = how.trail
    if distance is None:
        assert how.trail_percent is not None, "a trailing order has a distance"
        distance = price * how.trail_percent / 100
    new = price + distance if order.action == "BUY" else price - distance
    nearer = min if order.action == "BUY" else max
    stop = new if how.stop is None else nearer(how.stop, new)
    if stop == how.stop:
        return order
    limit = order.limit
    if how.limit_offset is not None:
        limit = trailing_limit(order.action, stop, how.limit_offset)
    return replace(order, limit=limit, handling=replace(how, stop=stop))


def priced(order: SimOrder, grid: TickGrid) -> SimOrder:
    """Return an order that wakes, with the limit of a trailing one on the grid."""
    if order.limit is None or not KINDS[order.order_type].trails:
        return order
    snap = grid.floor if order.action == "BUY" else grid.ceiling
    return replace(order, limit=snap(order.limit))


def trailing_limit(action: str, stop: Decimal, offset: Decimal) -> Decimal:
    """Return the limit that stays `offset` behind a trailing stop."""
    return stop + offset if action == "BUY" else stop - offset


def trailing_offset(action: str, stop: Decimal, limit: Decimal) -> Decimal:
    """Return how far behind its stop the limit of a trailing order is."""
    return limit - stop if action == "BUY" else stop - limit


def _method(order: SimOrder) -> int:
    method = order.handling.trigger_method
    return method or _DEFAULTS.get(order.sec_type, LAST)


def _rises(order: SimOrder) -> bool:
    return (order.action == "BUY") != KINDS[order.order_type].touches


def _reached(order: SimOrder, top: Top, method: int) -> bool:
    stop = order.handling.stop
    if stop is None:
        return False
    rises = _rises(order)
    prices = _prices(order, top, method)
    return any(price >= stop if rises else price <= stop for price in prices)


def _prices(order: SimOrder, top: Top, method: int) -> list[Decimal]:
    """Return the prices that count; none where there is no market."""
    quote = top.bid if _rises(order) else top.ask
    middle = None
    if top.bid is not None and top.ask is not None:
        middle = (top.bid + top.ask) / 2
    by_method = {
        LAST: (top.last,),
        DOUBLE_LAST: (top.last,),
        LAST_OR_QUOTE: (top.last, quote),
        MIDDLE: (middle,),
    }
    return [p for p in by_method.get(method, (quote,)) if p is not None]
