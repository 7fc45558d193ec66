"""Orders, what the broker says of them, and their fills."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from msgspec import Struct

from alvh_trader.domain.instrument import Future, Option


class Purpose(StrEnum):
    """Why an order is sent. The gate decides by it what the order must prove."""

    HEDGE = "HEDGE"
    HEDGE_SELL = "HEDGE_SELL"
    ROLL = "ROLL"
    OPEN = "OPEN"
    CLOSE = "CLOSE"


class Layer(StrEnum):
    """Which layer of the hedge an order or a lot belongs to (alvh.md §4.2, §4.3)."""

    L1 = "L1"  # Of step 3, for a condor at most 21 days old.
    L1X = "L1X"  # The same overlay for an older condor, or one of unknown age.
    L2 = "L2"  # Longer-dated, on divergence or a weak RSI.
    BASE = "BASE"  # The optional ladder, of the book as a whole.


class OrderStatus(StrEnum):
    """Where an order stands, as far as evidence goes.

    `UNKNOWN` is not a failure: it was (perhaps) sent and nothing has been heard.
    """

    PROPOSED = "PROPOSED"  # In live: it waits for a person, and was never sent.
    INTENT = "INTENT"  # Written down, then handed to the socket; nothing heard yet.
    UNKNOWN = "UNKNOWN"  # Silence, or a lost link: only a reconciliation can tell.
    WORKING = "WORKING"  # The broker has it.
    CANCELLING = "CANCELLING"  # A cancel was sent; it may still fill.
    FILLED = "FILLED"
    CANCELLED = "CANCELLED"
    REJECTED = "REJECTED"
    NOT_SEEN = "NOT_SEEN"  # The quarantine passed and the broker never showed it.
    DECLINED = "DECLINED"  # A person said no; it was never sent.
    LAPSED = "LAPSED"  # No person said yes in time, or it was withdrawn; never sent.


TERMINAL = frozenset(
    {
        OrderStatus.FILLED,
        OrderStatus.CANCELLED,
        OrderStatus.REJECTED,
        OrderStatus.NOT_SEEN,
        OrderStatus.DECLINED,
        OrderStatus.LAPSED,
    }
)

NEVER_SENT = frozenset({OrderStatus.PROPOSED, OrderStatus.DECLINED, OrderStatus.LAPSED})
"""No byte of such an order has left: it is no attempt, and the broker knows nothing."""


class Leg(Struct, frozen=True):
    """One instrument of an order; a positive ratio is bought, a negative sold."""

    instrument: Option | Future
    ratio: int


class Order(Struct, frozen=True, kw_only=True):
    """A limit day order as we want it to stand at the broker.

    `limit` is the signed net debit of one unit (see `domain.money`). A single leg
    with ratio -1 is a sale at `-limit`. `ref` is unique for ever and is sent as
    the broker's orderRef: it, not the broker's order id, is the order's identity.
    `case` is "" for an order on behalf of the book as a whole; `layer` is that of a
    hedge that is bought, and None for everything else.
    """

    ref: str
    case: str
    purpose: Purpose
    legs: tuple[Leg, ...]
    quantity: int
    limit: Decimal
    layer: Layer | None = None

    def __post_init__(self) -> None:
        assert self.quantity > 0, "an order of nothing"
        assert self.legs, "an order without legs"


class OrderReport(Struct, frozen=True, kw_only=True):
    """What the broker says of one order. `status` is the broker's own word."""

    ref: str
    perm_id: int
    order_id: int
    client_id: int
    status: str
    quantity: int
    filled: int
    limit: Decimal | None = None


class Fill(Struct, frozen=True, kw_only=True):
    """One execution of one leg. `quantity` is signed: bought positive.

    The summary rows that the broker sends for a whole combo are not fills.
    """

    exec_id: str
    ref: str
    perm_id: int
    con_id: int
    quantity: int
    price: Decimal
    at: datetime
