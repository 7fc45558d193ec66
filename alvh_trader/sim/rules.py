"""What the exchange refuses, with the broker's error codes (gateway.md §5.4)."""

from collections.abc import Callable
from decimal import Decimal

from alvh_trader.domain.money import combo_ticks
from alvh_trader.sim.listings import ticks
from alvh_trader.sim.model import Listing, OrderLeg, Refusal, SimOrder

Find = Callable[[int], Listing | None]

TYPES = ("LMT", "MKT")
TIMES = ("DAY", "GTC")
LEGS_MAX = 8


def refused(order: SimOrder, find: Find) -> Refusal | None:
    """Return why an order cannot be taken, None if it can."""
    if order.quantity <= 0:
        return Refusal(
            order=order,
            code=434,
            text="The order size cannot be zero.",
        )
    if order.order_type not in TYPES:
        return Refusal(
            order=order,
            code=387,
            text="Unsupported order type for this exchange and security type.",
        )
    if order.tif not in TIMES or order.action not in ("BUY", "SELL"):
        return _rejected(order, f"{order.action} {order.tif} is not supported here")
    return _legs_refused(order, find) or _price_refused(order, find)


def leg_listings(order: SimOrder, find: Find) -> list[tuple[OrderLeg, Listing]]:
    """Return the legs with their listings; unknown ones are left out."""
    return [(leg, o) for leg in order.legs if (o := find(leg.con_id)) is not None]


def _legs_refused(order: SimOrder, find: Find) -> Refusal | None:
    is_combo = order.sec_type == "BAG"
    if not order.legs:
        text = "Security type 'BAG' requires combo leg details."
        return Refusal(order=order, code=321, text=text)
    legs = leg_listings(order, find)
    tradable = [o for _, o in legs if o.sec_type in ("OPT", "FUT")]
    if len(tradable) < len(order.legs):
        text = "No security definition has been found for the request"
        return Refusal(order=order, code=200, text=text)
    if any(leg.ratio <= 0 or leg.action not in ("BUY", "SELL") for leg in order.legs):
        return _rejected(order, "a leg's ratio or action is not valid")
    ids = [leg.con_id for leg in order.legs]
    if len(order.legs) > LEGS_MAX or len(set(ids)) < len(ids):
        return _rejected(order, f"a combo has at most {LEGS_MAX} different legs")
    if is_combo == (len(order.legs) == 1):
        return _rejected(order, "a combo has at least two legs, all else one")
    if len({(o.symbol, o.sec_type) for o in tradable}) > 1:
        return _rejected(order, "all legs of a combo need the same underlying")
    if is_combo and tradable[0].sec_type != "OPT":
        return _rejected(order, "combos of futures are not supported here")
    return None


def _price_refused(order: SimOrder, find: Find) -> Refusal | None:
    if order.order_type == "MKT":
        return None
    if order.limit is None:
        return _rejected(order, "a limit order needs a limit price")
    first = find(order.legs[0].con_id)
    assert first is not None, "the legs were checked before"
    is_combo = order.sec_type == "BAG"
    grid = combo_ticks(first.symbol) if is_combo else ticks(first)
    negative = not is_combo and order.limit < Decimal(0)
    if negative or not grid.holds(order.limit):
        text = (
            "The price does not conform to the minimum price variation for this "
            "contract."
        )
        return Refusal(order=order, code=110, text=text)
    return None


def _rejected(order: SimOrder, reason: str) -> Refusal:
    return Refusal(order=order, code=201, text=f"Order rejected - reason:{reason}")


def short_of_funds(order: SimOrder, equity: Decimal, initial: Decimal) -> Refusal:
    """Return the refusal of an order that the account cannot carry."""
    return _rejected(
        order,
        "YOUR ORDER IS NOT ACCEPTED. IN ORDER TO OBTAIN THE DESIRED POSITION YOUR "
        f"EQUITY WITH LOAN VALUE [{equity:.2f} USD] MUST EXCEED THE INITIAL MARGIN "
        f"[{initial:.2f} USD]",
    )
