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
    CANCELLED_BY_OTHER = "CANCELLED_BY_OTHER"  # A person, or whoever else may.
    REJECTED = "REJECTED"
    NOT_SEEN = "NOT_SEEN"  # The quarantine passed and the broker never showed it.
    DECLINED = "DECLINED"  # A person said no; it was never sent.
    LAPSED = "LAPSED"  # No person said yes in time, or it was withdrawn; never sent.


TERMINAL = frozenset(
    {
        OrderStatus.FILLED,
        OrderStatus.CANCELLED,
        OrderStatus.CANCELLED_BY_OTHER,
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


class Terms(Struct, frozen=True):
    """What an order is, field by field, in the same words whoever tells of it.

    `legs` are (con_id, ratio) by number, bought positive; `limit` is the signed net
    debit of one unit, None for an order that is no limit order. `extras` are
    attributes that no order of ours has, as `name=value`.
    """

    legs: tuple[tuple[int, int], ...]
    quantity: int
    limit: Decimal | None
    kind: str = "LMT"
    tif: str = "DAY"
    extras: tuple[str, ...] = ()


class Order(Struct, frozen=True, kw_only=True):
    """A limit day order as we want it to stand at the broker.

    `limit` is the signed net debit of one unit (see `domain.money`). A single leg
    with ratio -1 is a sale at `-limit`. `ref` is unique for ever and is sent as
    the broker's orderRef: it, not the broker's order id, is the order's identity.
    `case` is "" for an order on behalf of the book as a whole; `layer` is that of a
    hedge that is bought, and None for everything else. `follows` names the ended
    attempt that this one takes up again, if any.
    """

    ref: str
    case: str
    purpose: Purpose
    legs: tuple[Leg, ...]
    quantity: int
    limit: Decimal
    layer: Layer | None = None
    follows: str = ""

    def __post_init__(self) -> None:
        assert self.quantity > 0, "an order of nothing"
        assert self.legs, "an order without legs"

    @property
    def terms(self) -> Terms:
        """What the broker must show of it."""
        legs = sorted((leg.instrument.con_id, leg.ratio) for leg in self.legs)
        return Terms(legs=tuple(legs), quantity=self.quantity, limit=self.limit)


class OrderReport(Struct, frozen=True, kw_only=True):
    """What the broker says of one order. `status` is the broker's own word.

    `terms` are None where the broker has not described the order yet; `filled` counts
    whole units.
    """

    ref: str
    perm_id: int
    order_id: int
    client_id: int
    status: str
    filled: int
    terms: Terms | None = None


class Fill(Struct, frozen=True, kw_only=True):
    """One execution of one leg. `quantity` is signed: bought positive.

    The summary rows that the broker sends for a whole combo are not fills. `client_id`
    is whose order it was: 0 is a person at the broker's own screen. `is_forced`: the
    broker itself liquidated.
    """

    exec_id: str
    ref: str
    perm_id: int
    con_id: int
    quantity: int
    price: Decimal
    at: datetime
    client_id: int = 0
    is_forced: bool = False


def revision(exec_id: str) -> tuple[str, int]:
    """Return an execution's identity, and which revision of it this is.

    The broker's ids have four parts. It corrects an execution by sending it again with
    the last one counted up; any other id is its own.

    >>> revision("0000e0d5.5e2b1b2c.01.02"), revision("7")
    (('0000e0d5.5e2b1b2c.01', 2), ('7', 0))
    """
    base, _, last = exec_id.rpartition(".")
    is_revisable = base.count(".") == 2 and last.isdigit()
    return (base, int(last)) if is_revisable else (exec_id, 0)


def exec_base(exec_id: str) -> str:
    """Return what an execution and its corrections have in common.

    >>> exec_base("0000e0d5.6544f4c8.01.02"), exec_base("0000e0d5.6544f4c8.01")
    ('0000e0d5.6544f4c8.01', '0000e0d5.6544f4c8.01')
    """
    return revision(exec_id)[0]
