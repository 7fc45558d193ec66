"""In live an order waits for a person: proposed, allowed, declined, or lapsed.

A proposal is a ticket that was never sent. Whatever would put a sent order in doubt (a
restart, a lost link) ends it, and so does time: the next one is made from fresh quotes.
When a person allows it, the gate judges it once more, and it leaves in the same step
or never (reliability.md F1, P27).
"""

from datetime import datetime, timedelta
from decimal import Decimal

from msgspec.structs import replace

from alvh_trader.domain.instrument import Option
from alvh_trader.domain.order import Leg, Order, Purpose
from alvh_trader.engine.command import PreviewMargin, Severity
from alvh_trader.engine.event import OperatorApproved, OperatorRejected
from alvh_trader.engine.proof import circumstances
from alvh_trader.engine.state import State
from alvh_trader.engine.tickets import keep, place
from alvh_trader.engine.turn import Turn
from alvh_trader.execution.lifecycle import Evidence
from alvh_trader.execution.ticket import Ticket, propose_ticket
from alvh_trader.risk.gate import Approved, Refused, judge
from alvh_trader.risk.proposal import Consent, Proposal

WHAT_IF_EVERY = timedelta(seconds=5)
"""How often its what-if is asked for again: a yes may come at any time."""

MARGINED = frozenset({Purpose.ROLL, Purpose.OPEN})
"""Orders that the gate lets out only with a what-if."""


def propose(
    turn: Turn,
    approved: Approved,
    ladder: tuple[tuple[Decimal, ...], timedelta, timedelta],
) -> None:
    """Ask a person for an order that passed the gate."""
    order, (limits, pause, lasts) = approved.order, ladder
    proposal = Proposal(
        order=order,
        limits=limits,
        pause=pause,
        lasts=lasts,
        quoted=_quoted(turn.state, order),
        config=turn.state.identity.config,
        build=turn.state.identity.build,
        asked=turn.at,
        expires=turn.at + turn.rules.limits.consent_ttl,
    )
    keep(turn, propose_ticket(approved, proposal))
    seconds = turn.rules.limits.consent_ttl.total_seconds()
    text = (
        f"{in_words(proposal)}: alvh-trader approve {proposal.name} sends it, for "
        f"{seconds:.0f} s; alvh-trader reject {proposal.name} does not"
    )
    # Held back as a repeat it would be read when it is over.
    turn.alert("approval_wanted", Severity.CRITICAL, order.case, text)


def _quoted(state: State, order: Order) -> datetime | None:
    quotes = (state.quotes.get(leg.instrument.con_id) for leg in order.legs)
    return min((q.at for q in quotes if q is not None), default=None)


def in_words(proposal: Proposal) -> str:
    """Return a proposal in one line."""
    order, limits = proposal.order, proposal.limits
    legs = ", ".join(map(_leg_in_words, order.legs))
    to = "" if len(limits) == 1 else f" to {limits[-1]}"
    return f"{order.purpose} {order.quantity} x ({legs}) at {limits[0]}{to}"


def _leg_in_words(leg: Leg) -> str:
    what = leg.instrument
    if isinstance(what, Option):
        name = f"{what.trading_class} {what.expiry} {what.strike:g}{what.right}"
    else:
        name = f"{what.trading_class} {what.expiry}"
    return f"{leg.ratio:+d} {name}"


def pending(state: State) -> tuple[Ticket, ...]:
    """Return the orders that wait for a person, oldest first."""
    return tuple(t for t in state.tickets.values() if t.is_proposed)


def look(turn: Turn, ticket: Ticket) -> None:
    """Let time pass over a proposal: it lapses, or its what-if is asked for again."""
    proposal = ticket.proposal
    assert proposal is not None, "proposed without a proposal"
    if turn.at >= proposal.expires:
        _expire(turn, ticket, proposal)
    elif (
        ticket.order.purpose in MARGINED
        and ticket.tried is not None
        and turn.at - ticket.tried >= WHAT_IF_EVERY
    ):
        keep(turn, replace(ticket, tried=turn.at))
        turn.ask(PreviewMargin(order=ticket.order))


def _expire(turn: Turn, ticket: Ticket, proposal: Proposal) -> None:
    _end(turn, ticket, Evidence.WITHDRAWN, "nobody answered in time")
    order = ticket.order
    is_hedge = order.purpose is Purpose.HEDGE
    severity = Severity.CRITICAL if is_hedge else Severity.WARNING
    still = "; the condor stays as it is, unhedged" if is_hedge else ""
    text = f"{proposal.name} ({in_words(proposal)}): nobody answered in time{still}"
    turn.alert("approval_lapsed", severity, order.case, text)


def _end(turn: Turn, ticket: Ticket, evidence: Evidence, why: str) -> None:
    keep(turn, replace(ticket.hear(evidence, turn.at), why=why))


def on_approved(turn: Turn, event: OperatorApproved) -> None:
    """A person allows a proposal: judge it as of now, and send it or give it up."""
    found = _find(turn, event.digest)
    if found is None:
        return
    ticket, proposal = found
    if turn.at > proposal.expires:
        _expire(turn, ticket, proposal)
        return
    consent = Consent(
        proposal=proposal, digest=event.digest, by=event.by, given=turn.at
    )
    ticket = keep(turn, replace(ticket, consent=consent))
    order = ticket.order
    verdict = judge(order, circumstances(turn, order), turn.rules.limits)
    if isinstance(verdict, Refused):
        _end(turn, ticket, Evidence.WITHDRAWN, verdict.reasons)
        text = f"{proposal.name} was allowed, but the gate refuses: {verdict.reasons}"
        turn.alert("approval_void", Severity.CRITICAL, order.case, text)
        return
    place(turn, ticket.leave(verdict, turn.at), verdict)


def on_rejected(turn: Turn, event: OperatorRejected) -> None:
    """A person does not want an order; it is not proposed again for a while."""
    found = _find(turn, event.digest)
    if found is not None:
        _end(turn, found[0], Evidence.DECLINED, f"declined by {event.by}")


def _find(turn: Turn, digest: str) -> tuple[Ticket, Proposal] | None:
    for ticket in pending(turn.state):
        if ticket.proposal is not None and ticket.proposal.digest == digest:
            return ticket, ticket.proposal
    text = "an answer to a proposal that is not open: it is over, or was answered"
    turn.alert("approval_unasked", Severity.WARNING, "", text)
    return None
