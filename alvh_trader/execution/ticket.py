"""Work one approved order from first limit to last fill.

A ticket is data, not a suspended coroutine: it is journaled with the state and
taken up again by the next process. Its filled quantity is counted from executions,
whole units only: a combo is filled as far as its least filled leg.
"""

from collections import Counter
from datetime import datetime, timedelta
from decimal import Decimal

import msgspec
from msgspec import Struct

from alvh_trader.domain.order import (
    NEVER_SENT,
    Fill,
    Order,
    OrderStatus,
    Terms,
    exec_base,
    revision,
)
from alvh_trader.execution.lifecycle import Evidence, follow, is_live
from alvh_trader.risk.gate import Approved, RollPermit
from alvh_trader.risk.proposal import Consent, Proposal

_ENDS = frozenset({Evidence.CANCELLED, Evidence.CANCELLED_BY_OTHER, Evidence.REJECTED})
"""Evidence that is about one permanent id, where the broker names one."""


class Ticket(Struct, frozen=True, kw_only=True):
    """One order at work: its ladder, the rung it stands on, and what has filled.

    The broker may make more than one order of ours (a change that was sent while its
    link was down): `perm_ids` are all of them, `ended` those known to be over. The
    ticket is over when each of them is. `most` is the most that it ever had filled;
    `refused`: an error code said so, and nothing else yet. `uneven_since`: the legs
    have not traded in the order's ratio since then.
    """

    order: Order
    rungs: tuple[Decimal, ...]
    opened: datetime
    rung_since: datetime
    rung_pause: timedelta
    deadline: datetime
    status: OrderStatus = OrderStatus.INTENT
    rung: int = 0
    perm_ids: tuple[int, ...] = ()
    ended: tuple[int, ...] = ()
    fills: tuple[Fill, ...] = ()
    most: int = 0
    permit: RollPermit | None = None
    proposal: Proposal | None = None
    """What a person is, or was, asked to allow; None on paper."""

    consent: Consent | None = None
    why: str = ""
    """Why it was never sent, or what it waits for; told once."""

    tried: datetime | None = None
    """When its what-if was last asked for while it waited."""

    heard: datetime | None = None
    refused: bool = False
    refused_worth: tuple[float, float] | None = None
    """Net liquidation and available funds in USD when the broker refused it for margin
    or risk."""

    uneven_since: datetime | None = None
    cancel_asked: bool = False
    cancel_sent: datetime | None = None
    """When its end was last asked for, over a link that has held since."""

    def __post_init__(self) -> None:
        assert 0 <= self.rung < len(self.rungs), "off the ladder"

    @property
    def _traded(self) -> Counter[int]:
        traded: Counter[int] = Counter()
        for fill in self.fills:
            traded[fill.con_id] += fill.quantity
        return traded

    @property
    def filled(self) -> int:
        """Whole units that have traded, by executions."""
        traded = self._traded
        units = (traded[x.instrument.con_id] // x.ratio for x in self.order.legs)
        return max(0, min(units))

    @property
    def remaining(self) -> int:
        """Units still to be filled; less than none after an overfill."""
        return self.order.quantity - self.filled

    @property
    def residual(self) -> dict[int, int]:
        """What has traded beyond whole units: signed contracts by number."""
        traded, units = self._traded, self.filled
        beyond = {
            leg.instrument.con_id: traded[leg.instrument.con_id] - units * leg.ratio
            for leg in self.order.legs
        }
        return {con_id: count for con_id, count in beyond.items() if count}

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
    def is_twin(self) -> bool:
        """Whether the broker has made two orders of it that may both trade."""
        return len(set(self.perm_ids) - set(self.ended)) > 1

    @property
    def at_worst(self) -> bool:
        """Whether the order stands on the last rung."""
        return self.rung == len(self.rungs) - 1

    def hear(self, evidence: Evidence, at: datetime, perm_id: int = 0) -> "Ticket":
        """Return the ticket after evidence from the broker.

        The end of one of several orders is not the end of the ticket.
        """
        known, ended = self.perm_ids, self.ended
        if perm_id and perm_id not in known:
            known = (*known, perm_id)
        if evidence in _ENDS and not perm_id and self.is_twin:
            evidence = Evidence.DOUBTED  # Of which of them?
        elif evidence in _ENDS:
            over = (perm_id,) if perm_id else known
            ended = tuple(dict.fromkeys((*ended, *over)))
            if set(known) - set(ended):
                evidence = Evidence.SEEN
        elif evidence is Evidence.SEEN and perm_id in ended:
            return self  # A late word of what is over.
        is_refused = evidence is Evidence.REFUSED or (
            self.refused and evidence not in {Evidence.SEEN, Evidence.FILLED}
        )
        after = follow(self.status, evidence)
        return msgspec.structs.replace(
            self,
            status=after,
            perm_ids=known,
            ended=ended,
            refused=is_refused,
            # Of an order that is over, the moment of its end stays.
            heard=at if self.is_live or after is not self.status else self.heard,
        )

    def fill(self, fill: Fill, at: datetime) -> "Ticket":
        """Return the ticket after an execution; the same execution twice is one.

        A correction replaces what it corrects.
        """
        base = exec_base(fill.exec_id)
        kept = tuple(f for f in self.fills if exec_base(f.exec_id) != base)
        newest = max(
            (f for f in (*self.fills, fill) if exec_base(f.exec_id) == base),
            key=lambda f: revision(f.exec_id),
        )
        after = msgspec.structs.replace(self, fills=(*kept, newest))
        after = msgspec.structs.replace(
            after,
            most=max(self.most, after.filled),
            uneven_since=(self.uneven_since or at) if after.residual else None,
        )
        evidence = Evidence.FILLED if after.remaining <= 0 else Evidence.SEEN
        return after.hear(evidence, at, fill.perm_id)

    def unlike(self, shown: Terms) -> tuple[str, ...]:
        """Return in which fields the broker shows another order than this one.

        Any limit of the ladder is ours: a change may be under way, or was refused.
        """
        sent = self.order.terms
        if shown.limit in self.rungs:
            shown = msgspec.structs.replace(shown, limit=sent.limit)
        return tuple(
            f"{name} {_in_words(mine)}, shown {_in_words(theirs)}"
            for name, mine, theirs in zip(
                Terms.__struct_fields__,
                msgspec.structs.astuple(sent),
                msgspec.structs.astuple(shown),
                strict=True,
            )
            if mine != theirs
        )

    def stand_at(self, limit: Decimal) -> "Ticket":
        """Return the ticket on the rung of a limit that the broker shows."""
        return msgspec.structs.replace(
            self,
            order=msgspec.structs.replace(self.order, limit=limit),
            rung=self.rungs.index(limit),
        )

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


def _in_words(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(_in_words, value)) or "none"
    return "none" if value is None else str(value)
