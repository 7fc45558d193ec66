"""Requests the engine makes of the outside world, named in the imperative.

A command asks; its outcome comes back as an event. `PlaceOrder` and `RepriceOrder`
carry an `Approved`, which only `risk.gate` makes.
"""

from datetime import date
from enum import StrEnum

from msgspec import Struct

from alvh_trader.domain.instrument import Future, Instrument
from alvh_trader.domain.order import Order
from alvh_trader.risk.gate import Approved


class Severity(StrEnum):
    """How soon a person must know."""

    INFO = "INFO"
    WARNING = "WARNING"
    CRITICAL = "CRITICAL"


class _Command(Struct, frozen=True, kw_only=True, tag=True):
    pass


class Watch(_Command, frozen=True, kw_only=True):
    """Stream quotes of exactly these instruments, and of no other.

    `anew` makes even those subscriptions again that are thought to run.
    """

    instruments: tuple[Instrument, ...]
    anew: bool = False


class Reconnect(_Command, frozen=True, kw_only=True):
    """Give this session up for a new one; orders at the broker stay as they are."""

    reason: str


class RequestReport(_Command, frozen=True, kw_only=True):
    """Reconcile: ask for open and completed orders, executions, positions, account."""

    reason: str


class RequestBars(_Command, frozen=True, kw_only=True):
    """Ask for completed daily bars of an index, or of a future on it.

    A future that has settled is asked for up to its end.
    """

    symbol: str
    sessions: int
    future: Future | None = None


class ListExpiries(_Command, frozen=True, kw_only=True):
    """Ask which option series exist on `symbol`."""

    symbol: str


class ListOptions(_Command, frozen=True, kw_only=True):
    """Ask for every option of one series (named by its last trading day)."""

    symbol: str
    trading_class: str
    last_trade: date


class ListFutures(_Command, frozen=True, kw_only=True):
    """Ask which futures exist on `symbol`, and which have settled since `since`."""

    symbol: str
    since: date | None = None


class ListHours(_Command, frozen=True, kw_only=True):
    """Ask when an index is calculated in the days to come."""

    symbol: str


class PreviewMargin(_Command, frozen=True, kw_only=True):
    """Ask what an order would do to the margin; nothing is sent to the market."""

    order: Order


class PlaceOrder(_Command, frozen=True, kw_only=True):
    """Put a new order on the book."""

    approved: Approved


class RepriceOrder(_Command, frozen=True, kw_only=True):
    """Change the limit of a working order; everything else is as it was."""

    approved: Approved


class CancelOrder(_Command, frozen=True, kw_only=True):
    """Take an order off the book."""

    ref: str


class RaiseAlert(_Command, frozen=True, kw_only=True):
    """Tell the operator. `code` is a short constant, such as `breach`."""

    code: str
    severity: Severity
    case: str
    text: str


Command = (
    Watch
    | Reconnect
    | RequestReport
    | RequestBars
    | ListExpiries
    | ListOptions
    | ListFutures
    | ListHours
    | PreviewMargin
    | PlaceOrder
    | RepriceOrder
    | CancelOrder
    | RaiseAlert
)
