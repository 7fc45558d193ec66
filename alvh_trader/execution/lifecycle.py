"""The table of legal order-status changes, by evidence only (reliability.md §0).

Silence never ends an order and neither does a library's opinion. A terminal status
is final, with one exception that really happens: a fill may arrive after it.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from alvh_trader.domain.order import TERMINAL, OrderStatus


class Evidence(StrEnum):
    """What was heard, or not heard, about an order."""

    ALLOWED = "ALLOWED"  # A person consented, and the gate let it out once more.
    DECLINED = "DECLINED"  # A person said no.
    WITHDRAWN = "WITHDRAWN"  # Nobody answered in time, or the gate takes it back.
    NOT_SENT = "NOT_SENT"  # The last gate stopped it: no byte left.
    SEEN = "SEEN"  # The broker shows it as open.
    CANCEL_SENT = "CANCEL_SENT"
    FILLED = "FILLED"  # All of it, by executions.
    CANCELLED = "CANCELLED"  # The broker's own status word.
    CANCELLED_BY_OTHER = "CANCELLED_BY_OTHER"  # The same, and nobody here wanted it.
    REFUSED = "REFUSED"  # An error code of the rejected class: a claim, no proof.
    REJECTED = "REJECTED"  # Refused, and complete reports show it nowhere at work.
    SILENT = "SILENT"  # No acknowledgement in time, or the link was lost.
    DOUBTED = "DOUBTED"  # An answer that proves nothing.
    NOT_SEEN = "NOT_SEEN"  # The quarantine passed over complete reports.


_S, _E = OrderStatus, Evidence

_OPEN = (_S.INTENT, _S.UNKNOWN, _S.WORKING, _S.CANCELLING)


def _table() -> dict[tuple[OrderStatus, Evidence], OrderStatus]:
    table = {
        (_S.PROPOSED, _E.ALLOWED): _S.INTENT,
        (_S.PROPOSED, _E.DECLINED): _S.DECLINED,
        # Whatever would put a sent order in doubt ends one that was never sent.
        (_S.PROPOSED, _E.WITHDRAWN): _S.LAPSED,
        (_S.PROPOSED, _E.CANCEL_SENT): _S.LAPSED,
        (_S.PROPOSED, _E.SILENT): _S.LAPSED,
        (_S.INTENT, _E.NOT_SENT): _S.CANCELLED,
        (_S.INTENT, _E.SEEN): _S.WORKING,
        (_S.UNKNOWN, _E.SEEN): _S.WORKING,
        (_S.WORKING, _E.SEEN): _S.WORKING,
        (_S.CANCELLING, _E.SEEN): _S.CANCELLING,
        (_S.WORKING, _E.CANCEL_SENT): _S.CANCELLING,
        (_S.INTENT, _E.CANCEL_SENT): _S.UNKNOWN,
        (_S.UNKNOWN, _E.CANCEL_SENT): _S.UNKNOWN,
        (_S.CANCELLING, _E.CANCEL_SENT): _S.CANCELLING,
        (_S.UNKNOWN, _E.NOT_SEEN): _S.NOT_SEEN,
        (_S.UNKNOWN, _E.REJECTED): _S.REJECTED,
    }
    for status in _OPEN:
        table[status, _E.CANCELLED] = _S.CANCELLED
        table[status, _E.CANCELLED_BY_OTHER] = _S.CANCELLED_BY_OTHER
        table[status, _E.REFUSED] = _S.UNKNOWN
        table[status, _E.SILENT] = _S.UNKNOWN
        table[status, _E.DOUBTED] = _S.UNKNOWN
    # It happens: a fill after a cancel, a rejection, or a long silence. A fill wins.
    for status in OrderStatus:
        table[status, _E.FILLED] = _S.FILLED
    return table


CHANGES: Mapping[tuple[OrderStatus, Evidence], OrderStatus] = MappingProxyType(_table())


def follow(status: OrderStatus, evidence: Evidence) -> OrderStatus:
    """Return the status after `evidence`; evidence that says nothing new changes none.

    >>> follow(OrderStatus.FILLED, Evidence.SEEN)
    <OrderStatus.FILLED: 'FILLED'>
    """
    return CHANGES.get((status, evidence), status)


def is_live(status: OrderStatus) -> bool:
    """Return whether the order may still trade."""
    return status not in TERMINAL


BROKER_WORDS: Mapping[str, Evidence] = MappingProxyType(
    {
        "PreSubmitted": Evidence.SEEN,
        "Submitted": Evidence.SEEN,
        "PendingCancel": Evidence.SEEN,
        # Inactive may come back to life (reliability.md F61): it holds its quantity.
        "Inactive": Evidence.SEEN,
        "ApiCancelled": Evidence.CANCELLED,
        "Cancelled": Evidence.CANCELLED,
        # Filled is believed when the executions say so, not before.
        "Filled": Evidence.SEEN,
    }
)
"""What each status word of the broker proves.

A word that is not listed proves nothing: ib_insync itself sets PendingSubmit before
the broker has seen a byte.
"""

COMPLETED_WORDS = frozenset({"Cancelled", "ApiCancelled", "Inactive"})
"""What the broker calls an order that is over and not filled, in its list of those."""
