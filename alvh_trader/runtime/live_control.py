"""Arming and consent over the control socket: what is said, and what came of it.

Live only. A person arms by typing the account in full; he allows an order by the name
of its proposal, which is the beginning of a digest over all of it.
"""

from datetime import datetime, timedelta

from alvh_trader.engine.arming import hindrance
from alvh_trader.engine.event import (
    Event,
    OperatorApproved,
    OperatorArmed,
    OperatorDisarmed,
    OperatorRejected,
)
from alvh_trader.engine.identity import LIVE
from alvh_trader.engine.proposals import in_words, pending
from alvh_trader.engine.state import Rules, State
from alvh_trader.execution.ticket import Ticket
from alvh_trader.risk.proposal import NAME_LETTERS, Proposal
from alvh_trader.runtime.request import Answer, Request, Verb, Waiting

VERBS = frozenset({Verb.ARM, Verb.DISARM, Verb.APPROVE, Verb.REJECT})
"""What is answered here."""


def event_of(
    request: Request, state: State, at: datetime, *, account: str, rules: Rules
) -> Event | str:
    """Return what the engine is told, or why it cannot be.

    `account` is the configured one, which is that of every session.
    """
    if state.mode != LIVE:
        return f"mode {state.mode} needs no arming and no approval"
    match request.verb:
        case Verb.ARM if not account or request.account != account:
            return "that is not the account of this daemon; nothing is armed"
        case Verb.ARM:
            return _armed(request, state, at, rules)
        case Verb.DISARM:
            return OperatorDisarmed(at=at, by=request.by)
        case _:
            return _answered(request, state, at)


def _armed(request: Request, state: State, at: datetime, rules: Rules) -> Event | str:
    lasts, accepts = timedelta(hours=request.hours), request.accepts
    why_not = hindrance(state, rules, accepts=accepts)
    return why_not or OperatorArmed(at=at, by=request.by, lasts=lasts, accepts=accepts)


def _answered(request: Request, state: State, at: datetime) -> Event | str:
    found = _named(request.name, state)
    if found is None:
        return f"no order waits as {request.name or 'nothing'}: it is over or answered"
    if request.verb is Verb.APPROVE:
        return OperatorApproved(at=at, digest=found.digest, by=request.by)
    return OperatorRejected(at=at, digest=found.digest, by=request.by)


def _named(name: str, state: State) -> Proposal | None:
    if len(name) < NAME_LETTERS:
        return None
    proposals = (ticket.proposal for ticket in pending(state))
    return next(
        (p for p in proposals if p is not None and p.digest.startswith(name)), None
    )


def waiting(state: State, at: datetime) -> tuple[Waiting, ...]:
    """Return what waits for a person now."""
    found = (ticket.proposal for ticket in pending(state))
    return tuple(
        Waiting(
            name=p.name,
            case=p.order.case,
            order=in_words(p),
            asked=p.asked,
            expires=p.expires,
            seconds_left=round(max(0.0, (p.expires - at).total_seconds()), 1),
        )
        for p in found
        if p is not None
    )


def outcome(said: Event, state: State) -> Answer:
    """Return what the state shows of it afterwards."""
    match said:
        case OperatorArmed():
            arm = state.arm
            if arm is None or arm.at != said.at:
                return Answer(taken=False, text="it could not be armed; see the alert")
            until = arm.expires.isoformat(timespec="minutes")
            return Answer(taken=True, text=f"armed until {until}")
        case OperatorDisarmed():
            text = "disarmed: what works is being cancelled, and nothing is sent"
            return Answer(taken=state.arm is None, text=text)
        case OperatorApproved(digest=digest) | OperatorRejected(digest=digest):
            return _outcome_of(_ticket(digest, state), said)
        case _:
            return Answer(taken=False, text="nothing a person says about live")


def _ticket(digest: str, state: State) -> Ticket | None:
    return next(
        (
            t
            for t in state.tickets.values()
            if t.proposal is not None and t.proposal.digest == digest
        ),
        None,
    )


def _outcome_of(ticket: Ticket | None, said: Event) -> Answer:
    if ticket is None:
        return Answer(taken=False, text="it is gone")
    ref = ticket.order.ref
    if isinstance(said, OperatorRejected):
        return Answer(taken=not ticket.is_live, text=f"{ref} is not sent")
    if ticket.was_sent:
        return Answer(taken=True, text=f"{ref} is on its way to the broker")
    return Answer(taken=False, text=f"{ref} is not sent: {ticket.why}")
