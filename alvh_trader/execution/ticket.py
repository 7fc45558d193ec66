"""Work one approved order from first limit to last fill.

A ticket is data, not a suspended coroutine: it is journaled with the state and
taken up again by the next process. Its filled quantity is counted from executions,
whole units only: a combo is filled as far as its least filled leg.
"""

from datetime import datetime, timedelta
from decimal import Decimal

import msgspec
from msgspec import Struct

from alvh_trader.domain.order import NEVER_SENT, Fill, Order, OrderStatus
from alvh_trader.execution.lifecycle import Evidence, follow, is_live
from alvh_trader.risk.gate import Approved, RollPermit
from alvh_trader.risk.proposal import Consent, Proposal


class Ticket(Struct, frozen=True, kw_only=True):
    """One order at work: its ladder, the rung it stands on, and what has filled."""

    order: Order
    rungs: tuple[Decimal, ...]
    opened: datetime
    rung_since: datetime
    rung_pause: timedelta
    deadline: datetime
    status: OrderStatus = OrderStatus.INTENT
    rung: int = 0
    perm_ids: tuple[int, ...] = ()
    fills: tuple[Fill, ...] = ()
    permit: RollPermit | None = None
    proposal: Proposal | None = None
    """What a person is, or was, asked to allow; None on paper."""

    consent: Consent | None = None
    why: str = ""
    """Why it was never sent."""

    tried: datetime | None = None
    """When its what-if was last asked for while it waited."""

    heard: datetime | None = None
    cancel_asked: bool = False

    def __post_init__(self) -> None:
        assert 0 <= self.rung < len(self.rungs), "off the ladder"

    @property
    def filled(self) -> int:
        """Whole units that have traded, by executions."""
        traded: dict[int, int] = {}
        for fill in self.fills:
            traded[fill.con_id] = traded.get(fill.con_id, 0) + fill.quantity
        return min(
            traded.get(leg.instrument.con_id, 0) // leg.ratio for leg in self.order.legs
        )

    @property
    def remaining(self) -> int:
        """Units still to be filled."""
        return self.order.quantity - self.filled

    @property
    def is_live(self) -> bool:
        """Whether the order may still trade."""
        return is_live(self.status)

    @property
    def is_in_doubt(self) -> bool:
        """Whether only a reconciliation can say what became of the order."""
        return self.status is OrderStatus.UNKNOWN

    @property
    def is_proposed(self) -> bool:
        """Whether the order waits for a person."""
        return self.status is OrderStatus.PROPOSED

    @property
    def was_sent(self) -> bool:
        """Whether a byte of the order may have left."""
        return self.status not in NEVER_SENT

    @property
    def at_worst(self) -> bool:
        """Whether the order stands on the last rung."""
        return self.rung == len(self.rungs) - 1

    def hear(self, evidence: Evidence, at: datetime, perm_id: int = 0) -> "Ticket":
        """Return the ticket after evidence from the broker."""
        known = self.perm_ids
        if perm_id and perm_id not in known:
            known = (*known, perm_id)
        return msgspec.structs.replace(
            self, status=follow(self.status, evidence), perm_ids=known, heard=at
        )

    def fill(self, fill: Fill, at: datetime) -> "Ticket":
        """Return the ticket after an execution; the same execution twice is one.

        A correction (the execution id's last part counts up) replaces what it
        corrects.
        """
        base = exec_base(fill.exec_id)
        kept = tuple(f for f in self.fills if exec_base(f.exec_id) != base)
        newest = max(
            (f for f in (*self.fills, fill) if exec_base(f.exec_id) == base),
            key=lambda f: f.exec_id,
        )
        after = msgspec.structs.replace(self, fills=(*kept, newest))
        evidence = Evidence.FILLED if after.remaining <= 0 else Evidence.SEEN
        return after.hear(evidence, at, fill.perm_id)

    def is_due(self, at: datetime) -> bool:
        """Return whether it is time for the next rung."""
        return (
            self.status is OrderStatus.WORKING
            and not self.at_worst
            and at - self.rung_since >= self.rung_pause
        )

    def next_order(self) -> Order:
        """Return the order as it would stand on the next rung."""
        return msgspec.structs.replace(self.order, limit=self.rungs[self.rung + 1])

    def leave(self, approved: Approved, at: datetime) -> "Ticket":
        """Return the ticket of a proposal that a person allowed: its time begins."""
        assert self.proposal is not None, "nobody was asked"
        assert approved.order == self.order, "another order was approved"
        sent = open_ticket(
            approved, self.rungs, at, self.rung_pause, self.proposal.lasts
        )
        return msgspec.structs.replace(
            sent,
            status=follow(self.status, Evidence.ALLOWED),
            proposal=self.proposal,
        )

    def climb(self, approved: Approved, at: datetime) -> "Ticket":
        """Return the ticket on its next rung."""
        assert approved.order == self.next_order(), "another order was approved"
        return msgspec.structs.replace(
            self,
            order=approved.order,
            permit=approved.permit,
            rung=self.rung + 1,
            rung_since=at,
        )


def exec_base(exec_id: str) -> str:
    """Return what an execution and its corrections have in common.

    The broker's ids have four parts, and a correction counts the last one up; any
    other id is its own.

    >>> exec_base("0000e0d5.6544f4c8.01.02"), exec_base("0000e0d5.6544f4c8.01")
    ('0000e0d5.6544f4c8.01', '0000e0d5.6544f4c8.01')
    """
    parts = exec_id.split(".")
    is_revisable = len(parts) == 4 and parts[-1].isdigit()
    return ".".join(parts[:-1]) if is_revisable else exec_id


def open_ticket(
    approved: Approved,
    rungs: tuple[Decimal, ...],
    at: datetime,
    rung_pause: timedelta,
    lasts: timedelta,
) -> Ticket:
    """Return the ticket of an approved order standing on its first rung."""
    assert approved.order.limit == rungs[0], "the approved limit is the first rung"
    return Ticket(
        order=approved.order,
        permit=approved.permit,
        consent=approved.consent,
        rungs=rungs,
        opened=at,
        rung_since=at,
        rung_pause=rung_pause,
        deadline=at + lasts,
    )


def propose_ticket(approved: Approved, proposal: Proposal) -> Ticket:
    """Return the ticket of an order that waits for a person on its first rung."""
    ticket = open_ticket(
        approved,
        proposal.limits,
        proposal.asked,
        proposal.pause,
        proposal.expires - proposal.asked,
    )
    return msgspec.structs.replace(
        ticket,
        status=OrderStatus.PROPOSED,
        proposal=proposal,
        tried=proposal.asked,
    )
