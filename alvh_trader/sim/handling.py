"""How an order is worked beside its price: what it waits for, and what ends it."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

REDUCE_WITHOUT_BLOCK = 3
"""The OCA type of every order that names no other [cap]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Handling:
    """The instructions of an order beside side, size, limit and time in force.

    `stop` is where an order with one wakes; it follows the market at a distance of
    `trail` points or `trail_percent` per cent. `limit_offset` is the distance of a
    trailing limit from its stop. `trigger_method` has the broker's number, 0 for the
    default of the instrument.

    `parent` is the permanent id of the order that has to trade first, `parent_id`
    its number. Of the orders of one `oca_group` only one is to trade: type 1 cancels
    the others, 2 and 3 take the traded share off them.

    Of a combo that is not guaranteed every leg trades for itself.
    """

    stop: Decimal | None = None
    trail: Decimal | None = None
    trail_percent: Decimal | None = None
    limit_offset: Decimal | None = None
    trigger_method: int = 0
    outside_hours: bool = False
    good_after: datetime | None = None
    good_till: datetime | None = None
    parent: int = 0
    parent_id: int = 0
    oca_group: str = ""
    oca_type: int = REDUCE_WITHOUT_BLOCK
    is_guaranteed: bool = True


PLAIN = Handling()
"""Nothing special."""
