"""What the exchange refuses, with the broker's error codes (gateway.md §5.4).

The checks are asked in turn and the first that finds something speaks. The texts are
those of the broker's table of message codes [doc], unless they say otherwise.
"""

from collections.abc import Callable
from decimal import Decimal

from alvh_trader.domain.money import TickGrid, combo_ticks
from alvh_trader.sim.handling import REDUCE_WITHOUT_BLOCK
from alvh_trader.sim.kinds import KINDS, KINDS_OF, TIMES, TIMES_OF
from alvh_trader.sim.model import Listing, OrderLeg, Refusal, SimOrder
from alvh_trader.sim.products import ticks
from alvh_trader.sim.trigger import METHODS

Find = Callable[[int], Listing | None]
Problem = tuple[int, str]

LEGS_MAX = 8
PRICED_ONE_BY_ONE_MAX = 2
"""A combo of more legs must be guaranteed [iss: the broker's combo trader]."""

REJECTED = 201
OCA_TYPES = frozenset({1, 2, 3})
TRAIL_PERCENT_MAX = 100

_OFF_GRID = (
    110,
    "The price does not conform to the minimum price variation for this contract.",
)
_NO_OFFSET = "You must specify an offset amount or a percent offset value."


def refused(order: SimOrder, find: Find) -> Refusal | None:
    """Return why an order cannot be taken, None if it can."""
    for check in _CHECKS:
        problem = check(order, find)
        if problem is not None:
            return Refusal(order=order, code=problem[0], text=problem[1])
    return None


def leg_listings(order: SimOrder, find: Find) -> list[tuple[OrderLeg, Listing]]:
    """Return the legs with their listings; unknown ones are left out."""
    return [(leg, o) for leg in order.legs if (o := find(leg.con_id)) is not None]


def grid(order: SimOrder, find: Find) -> TickGrid:
    """Return the prices that an order, whose legs are listed, may have."""
    first = find(order.legs[0].con_id)
    assert first is not None, "the legs were checked before"
    return combo_ticks(first.symbol) if order.sec_type == "BAG" else ticks(first)


def may_become(order_type: str, new: str) -> bool:
    """Return whether a working order may take a new type.

    A limit order became a market order in a recording [cap]; that a stop may get or
    lose its limit, and nothing else changes, is an assumption.
    """
    same = {order_type, new}
    return len(same) == 1 or same in ({"LMT", "MKT"}, {"STP", "STP LMT"})


def rejected(reason: str) -> Problem:
    """Return the refusal of the broker's own server, for a reason in words."""
    return REJECTED, f"Order rejected - reason:{reason}"


def short_of_funds(order: SimOrder, equity: Decimal, initial: Decimal) -> Refusal:
    """Return the refusal of an order that the account cannot carry."""
    code, text = rejected(
        "YOUR ORDER IS NOT ACCEPTED. IN ORDER TO OBTAIN THE DESIRED POSITION YOUR "
        f"EQUITY WITH LOAN VALUE [{equity:.2f} USD] MUST EXCEED THE INITIAL MARGIN "
        f"[{initial:.2f} USD]",
    )
    return Refusal(order=order, code=code, text=text)


def not_changeable(order: SimOrder, done: SimOrder | None) -> Refusal:
    """Return why an order that does not rest cannot be changed; `done` if it ended."""
    if done is None:
        text = f"Can't find order with ID = {order.order_id}"
        return Refusal(order=order, code=135, text=text)
    return Refusal(order=done, code=104, text="Cannot modify a filled order.")


def not_cancellable(order: SimOrder, done: SimOrder | None) -> Refusal:
    """Return why an order that does not rest cannot be cancelled [cap]."""
    if done is None:
        text = f"OrderId {order.order_id} that needs to be cancelled is not found."
        return Refusal(order=order, code=10147, text=text)
    text = "Cancel attempted when order is not in a cancellable state.  Order permId ="
    return Refusal(order=done, code=161, text=f"{text}{done.perm_id}")


# ------------------------------------------------------------------------ checks ---


def _size(order: SimOrder, _: Find) -> Problem | None:
    if order.quantity <= 0:
        return 434, "The order size cannot be zero."
    return None


def _legs(order: SimOrder, find: Find) -> Problem | None:
    is_combo = order.sec_type == "BAG"
    if not order.legs:
        return 321, "Security type 'BAG' requires combo leg details."
    legs = leg_listings(order, find)
    tradable = [o for _, o in legs if o.sec_type != "IND"]
    if len(tradable) < len(order.legs):
        return 200, "No security definition has been found for the request"
    if any(leg.ratio <= 0 or leg.action not in ("BUY", "SELL") for leg in order.legs):
        return 312, "The combo details are invalid."
    ids = [leg.con_id for leg in order.legs]
    if len(order.legs) > LEGS_MAX or len(set(ids)) < len(ids):
        return rejected(f"a combo has at most {LEGS_MAX} different legs")
    if is_combo == (len(order.legs) == 1):
        return rejected("a combo has at least two legs, all else one")
    if len({(o.symbol, o.sec_type) for o in tradable}) > 1:
        return rejected("all legs of a combo need the same underlying")
    if is_combo and tradable[0].sec_type != "OPT":
        return rejected("combos of futures are not supported here")
    return None


def _kind(order: SimOrder, _: Find) -> Problem | None:
    if order.action not in ("BUY", "SELL"):
        return rejected(f"{order.action} is no side")
    if order.order_type not in KINDS_OF.get(order.sec_type, ()):
        return 387, "Unsupported order type for this exchange and security type."
    if KINDS[order.order_type].at_close and order.tif != "DAY":
        return 113, "The Tif option should be set to DAY for MOC and LOC orders."
    if order.tif not in TIMES:
        return 10052, f"Invalid time in force:{order.tif}"
    if order.tif not in TIMES_OF[order.sec_type]:
        # The words are those of a refusal that was seen [iss].
        return rejected(
            f"The time-in-force {order.tif} is invalid for this combination of "
            "exchange and security type"
        )
    if (order.tif == "GTD") != (order.handling.good_till is not None):
        return 334, "Invalid Good Till Date order"
    return None


def _group(order: SimOrder, _: Find) -> Problem | None:
    how = order.handling
    if order.sec_type != "BAG":
        if how.oca_group and how.oca_type not in OCA_TYPES:
            return rejected(f"{how.oca_type} is no OCA type")
        return None
    if how.oca_group and how.oca_type != REDUCE_WITHOUT_BLOCK:
        return 359, "Combo order only supports reduce on fill without block(OCA)."
    if how.good_after is not None:
        return 349, 'Generic combo does not support "Good After" attribute.'
    if not how.is_guaranteed and len(order.legs) > PRICED_ONE_BY_ONE_MAX:
        # The broker's words are not known.
        return rejected("a combo of more than two legs must be guaranteed")
    return None


def _stop(order: SimOrder, find: Find) -> Problem | None:
    kind, how = KINDS[order.order_type], order.handling
    if how.trigger_method not in METHODS:
        return 146, "Invalid trigger method."
    if not kind.has_stop:
        return None
    if kind.trails:
        return _trail(order)
    if how.stop is None or how.stop == 0:
        return 403, "Invalid stop price."
    return _conforms(order, how.stop, find)


def _trail(order: SimOrder) -> Problem | None:
    how = order.handling
    if how.trail_percent is not None and not (
        0 < how.trail_percent <= TRAIL_PERCENT_MAX
    ):
        return 159, "The percent offset value must be between 0% and 100%."
    if (how.trail is None) == (how.trail_percent is None):
        return 158, _NO_OFFSET
    if how.trail is not None and how.trail <= 0:
        return 158, _NO_OFFSET
    if KINDS[order.order_type].has_limit and how.limit_offset is None:
        return 321, "Please enter a limit price or a limit offset"
    return None


def _limit(order: SimOrder, find: Find) -> Problem | None:
    kind = KINDS[order.order_type]
    if not kind.has_limit or kind.trails:
        return None
    prices = [leg.limit for leg in order.legs]
    if all(price is not None for price in prices) and order.limit is None:
        return _leg_prices(order, find)
    if order.limit is None:
        return rejected("a limit order needs a limit price")
    return _conforms(order, order.limit, find)


def _leg_prices(order: SimOrder, find: Find) -> Problem | None:
    for leg, listing in leg_listings(order, find):
        assert leg.limit is not None, "every leg has a price"
        if leg.limit < 0 or not ticks(listing).holds(leg.limit):
            return _OFF_GRID
    return None


def _conforms(order: SimOrder, price: Decimal, find: Find) -> Problem | None:
    is_negative = order.sec_type != "BAG" and price < 0
    if is_negative or not grid(order, find).holds(price):
        return _OFF_GRID
    return None


_CHECKS = (_size, _legs, _kind, _group, _stop, _limit)
