"""When an order may begin to work, and when its time is over."""

from alvh_trader.sim.kinds import KINDS, ONE_SESSION
from alvh_trader.sim.model import SimOrder


def waits(order: SimOrder, now: float) -> bool:
    """Return whether it is too early, or only an auction is meant."""
    good_after = order.handling.good_after
    is_early = good_after is not None and now < good_after.timestamp()
    return is_early or at_open(order) or at_close(order)


def is_over(order: SimOrder, now: float) -> bool:
    """Return whether the date is past until which the order was good."""
    good_till = order.handling.good_till
    return good_till is not None and now >= good_till.timestamp()


def ends_with_session(order: SimOrder, close: float) -> bool:
    """Return whether the order does not outlive the session that closes then."""
    return order.tif in ONE_SESSION or is_over(order, close)


def at_open(order: SimOrder) -> bool:
    """Return whether the order takes part in the opening only."""
    return order.tif == "OPG"


def at_close(order: SimOrder) -> bool:
    """Return whether the order takes part in the close only."""
    return KINDS[order.order_type].at_close


def is_enough(order: SimOrder, quantity: int) -> bool:
    """Return whether the order takes so little: fill or kill wants everything."""
    return order.tif != "FOK" or quantity >= order.remaining
