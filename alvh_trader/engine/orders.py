"""Orders under way: what the broker said of them, what they filled, the next rung.

Identity is our `ref`, then the execution id. Silence makes an order UNKNOWN and a
report is asked for; only the broker's evidence, or a quarantine over complete
reports, ends it (reliability.md F1).
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from decimal import Decimal

import msgspec

from alvh_trader.domain.order import (
    Order,
    Purpose,
)
from alvh_trader.engine import discrepancies, proposals
from alvh_trader.engine.command import (
    CancelOrder,
    RequestReport,
    Severity,
)
from alvh_trader.engine.identity import LIVE
from alvh_trader.engine.proof import circumstances
from alvh_trader.engine.state import State
from alvh_trader.engine.tickets import keep, place, reprice
from alvh_trader.engine.turn import Turn
from alvh_trader.execution.lifecycle import Evidence
from alvh_trader.execution.ticket import Ticket, open_ticket
from alvh_trader.portfolio.discrepancy import Name
from alvh_trader.risk.gate import Approved, Refused, judge

PREFIX = "ALVH-"
"""Every order reference of ours begins so; nobody else's does."""

SILENCE_MAX = timedelta(seconds=10)
"""An order not acknowledged within this is in doubt (reliability.md I02)."""

CANCEL_MAX = timedelta(seconds=60)
"""A cancellation not answered within this is in doubt (reliability.md I07)."""

CANCEL_AGAIN = timedelta(seconds=10)
"""A cancellation that was lost or refused is sent again after so long. Sent at once, a
broker that goes on refusing it (codes 161, 10147, 10148) is flooded."""

DOUBT_AGAIN = timedelta(seconds=2)
"""Doubts that follow each other as closely are settled by one report."""

BREAK_CONFIRM = timedelta(seconds=5)
"""How long what reports contradict may last before it is believed."""

EVEN_MAX = timedelta(seconds=5)
"""How long the legs of a combo may be out of its ratio (reliability.md I09)."""

REPORT_EVERY = timedelta(seconds=20)
"""How often to ask again while an order is in doubt."""


def new_ref(turn: Turn, case_id: str, purpose: Purpose) -> str:
    """Return a reference that was never used before and never will be again."""
    number = turn.state.last_number + 1
    turn.put(last_number=number)
    return f"{PREFIX}{case_id[:8]}-{purpose}-{number}"


def number_of(ref: str) -> int:
    """Return the number in one of our references, or 0 for anybody else's."""
    tail = ref.rpartition("-")[2]
    return int(tail) if ref.startswith(PREFIX) and tail.isdigit() else 0


def submit(
    turn: Turn,
    order: Order,
    ladder: tuple[tuple[Decimal, ...], timedelta, timedelta],
) -> Refused | None:
    """Pass an order through the gate and send it, or return why not.

    In live it is proposed to a person, and sent when he allows it.

    Args:
        turn: The step under way.
        order: The order at its first limit.
        ladder: Its limits, the pause between them, and how long it may live.
    """
    rungs, pause, lasts = ladder
    order = msgspec.structs.replace(order, follows=_ended_before(turn, order))
    verdict = judge(order, circumstances(turn, order), turn.rules.limits)
    if isinstance(verdict, Refused):
        return verdict
    if turn.state.mode == LIVE:
        proposals.propose(turn, verdict, ladder)
        return None
    ticket = open_ticket(verdict, rungs, turn.at, pause, lasts)
    place(turn, ticket, verdict)
    return None


def _ended_before(turn: Turn, order: Order) -> str:
    """Return the last order of the same case and purpose, if it has ended; else ""."""
    tickets = [
        t
        for t in turn.state.tickets.values()
        if t.order.case == order.case and t.order.purpose is order.purpose
    ]
    return "" if not tickets or tickets[-1].is_live else tickets[-1].order.ref


def cancel(turn: Turn, ref: str) -> None:
    """Ask for the cancellation of a live order, once."""
    ticket = turn.state.tickets.get(ref)
    if ticket is None or not ticket.is_live or ticket.cancel_asked:
        return
    asked = msgspec.structs.replace(
        ticket.hear(Evidence.CANCEL_SENT, turn.at),
        cancel_asked=True,
        cancel_sent=turn.at if turn.state.is_link_up else None,
    )
    keep(turn, asked)
    if ticket.was_sent:
        turn.ask(CancelOrder(ref=ref))


def cancel_again(turn: Turn, ticket: Ticket) -> None:
    """Send a cancellation once more that was lost or refused: not too soon."""
    sent = ticket.cancel_sent
    if sent is None or turn.at - sent >= CANCEL_AGAIN:
        keep(turn, msgspec.structs.replace(ticket, cancel_asked=False))
        cancel(turn, ticket.order.ref)


def cancel_all(turn: Turn, case_id: str, purposes: Collection[Purpose]) -> bool:
    """Cancel the live orders of a case for `purposes`; return whether there was one."""
    live = [t for t in live_of(turn.state, case_id) if t.order.purpose in purposes]
    for ticket in live:
        cancel(turn, ticket.order.ref)
    return bool(live)


def cancel_rolls(turn: Turn, case_id: str) -> bool:
    """Cancel every live roll order of a case; return whether there was one."""
    return cancel_all(turn, case_id, {Purpose.ROLL})


def live_of(state: State, case_id: str) -> list[Ticket]:
    """Return the orders of a case that may still trade, oldest first."""
    return [t for t in state.tickets.values() if t.is_live and t.order.case == case_id]


def work_tickets(turn: Turn) -> None:
    """Let time pass over every live order: doubt, give up, or climb a rung."""
    for ticket in tuple(turn.state.tickets.values()):
        if ticket.uneven_since is not None:
            _watch_legs(turn, ticket, ticket.uneven_since)
        if ticket.is_live:
            _work(turn, ticket)


def _watch_legs(turn: Turn, ticket: Ticket, since: datetime) -> None:
    """Tell of legs that stay out of the order's ratio, and of what would mend it."""
    if turn.at - since < EVEN_MAX:
        return
    order, residual = ticket.order, ticket.residual
    beyond = ", ".join(f"{n:+d} of {con_id}" for con_id, n in residual.items())
    close = ", ".join(f"{-n:+d} of {con_id}" for con_id, n in residual.items())
    text = f"{order.ref} is legged out by {beyond}; trading {close} would close it"
    discrepancies.notice(turn, Name.LEGGED_OUT, order.ref, text, residual, order.case)


def _work(turn: Turn, ticket: Ticket) -> None:
    heard = ticket.heard or ticket.opened
    if ticket.is_proposed:
        proposals.look(turn, ticket)
    elif ticket.status == "INTENT" and turn.at - heard >= SILENCE_MAX:
        doubt(turn, ticket, Evidence.SILENT, "no acknowledgement")
    elif ticket.status == "CANCELLING" and turn.at - heard >= CANCEL_MAX:
        doubt(turn, ticket, Evidence.SILENT, "its cancellation is not answered")
    elif ticket.is_in_doubt or ticket.status == "CANCELLING":
        # Shown as open again, it will be cancelled again by whoever wants that.
        ask_report(turn, "an order is in doubt", REPORT_EVERY)
    elif ticket.cancel_asked:
        cancel_again(turn, ticket)
    elif turn.at >= ticket.deadline:
        cancel(turn, ticket.order.ref)
    elif ticket.is_due(turn.at):
        _climb(turn, ticket)


def _climb(turn: Turn, ticket: Ticket) -> None:
    order = ticket.next_order()
    verdict = judge(order, circumstances(turn, order), turn.rules.limits)
    if isinstance(verdict, Approved):
        reprice(turn, ticket.climb(verdict, turn.at), verdict)
    elif verdict.is_early or order.purpose in {Purpose.HEDGE, Purpose.HEDGE_SELL}:
        # The next look tries again: it was only too early, or a hedge keeps its limit.
        return
    else:
        # The permit died: a roll does not keep working on an old one. Nor is a condor
        # opened, or closed, that would not be now.
        _note_refusal(turn, verdict)
        cancel(turn, order.ref)


def _note_refusal(turn: Turn, refused: Refused) -> None:
    """Write down why an order at work gets no new limit, and ends."""
    order = refused.order
    case = turn.state.cases.get(order.case)
    where = "ENTRY" if case is None else case.phase
    what = f"the gate refuses a new limit of {order.ref}"
    turn.decide(order.case, where, where, what, refused.findings)


def doubt(turn: Turn, ticket: Ticket, evidence: Evidence, why: str) -> None:
    """Take silence or an answer that proves nothing: tell, and ask for a report."""
    heard = ticket.hear(evidence, turn.at)
    keep(turn, heard)
    if heard.is_in_doubt:
        order = ticket.order
        text = f"{order.ref}: {why}; its state is unknown until the broker shows it"
        turn.alert("order_unknown", Severity.WARNING, order.case, text)
        ask_report(turn, why, DOUBT_AGAIN)


def ask_report(turn: Turn, reason: str, not_within: timedelta | None = None) -> None:
    """Ask for a reconciliation unless one was asked for within `not_within`."""
    asked = turn.state.report_asked
    if asked is not None and turn.at - asked < (not_within or timedelta(0)):
        return
    if any(isinstance(c, RequestReport) for c in turn.commands):
        return
    turn.put(report_asked=turn.at)
    turn.ask(RequestReport(reason=reason))


def on_lost_link(turn: Turn) -> None:
    """The session went: everything that was live is in doubt."""
    for ticket in tuple(turn.state.tickets.values()):
        if ticket.is_live:
            doubted = ticket.hear(Evidence.SILENT, turn.at)
            keep(turn, msgspec.structs.replace(doubted, cancel_sent=None))
