"""Orders under way: what the broker said of them, what they filled, the next rung.

Identity is our `ref`, then the execution id. Silence makes an order UNKNOWN and a
report is asked for; only the broker's evidence, or a quarantine over complete
reports, ends it (reliability.md F1).
"""

from datetime import timedelta
from decimal import Decimal

import msgspec

from alvh_trader.domain.instrument import Option
from alvh_trader.domain.order import (
    Fill,
    Order,
    OrderReport,
    OrderStatus,
    Purpose,
)
from alvh_trader.engine import cash, proposals
from alvh_trader.engine.case import HeldLeg
from alvh_trader.engine.command import (
    CancelOrder,
    RequestReport,
    Severity,
)
from alvh_trader.engine.event import OrderDoubted, OrderNotSent, OrderRefused
from alvh_trader.engine.identity import LIVE, prove
from alvh_trader.engine.lots import FIRST, at_work, book_purchase, book_sale
from alvh_trader.engine.opened import take_in
from alvh_trader.engine.proof import circumstances, lasts
from alvh_trader.engine.tickets import keep, place, reprice
from alvh_trader.engine.turn import Turn
from alvh_trader.execution.lifecycle import BROKER_WORDS, Evidence
from alvh_trader.execution.ticket import Ticket, exec_base, open_ticket
from alvh_trader.risk.gate import Approved, Refused, judge
from alvh_trader.strategy.finding import Finding
from alvh_trader.strategy.phase import TRANSITIONS, Trigger

PREFIX = "ALVH-"
"""Every order reference of ours begins so; nobody else's does."""

SILENCE_MAX = timedelta(seconds=10)
"""An order not acknowledged within this is in doubt (reliability.md I02)."""

CANCEL_MAX = timedelta(seconds=60)
"""A cancellation not answered within this is in doubt (reliability.md I07)."""

QUARANTINE = timedelta(seconds=60)
"""Paper only: an order the broker has not shown for so long was never received."""

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
    verdict = judge(order, circumstances(turn, order), turn.rules.limits)
    if isinstance(verdict, Refused):
        return verdict
    if turn.state.mode == LIVE:
        proposals.propose(turn, verdict, ladder)
        return None
    ticket = open_ticket(verdict, rungs, turn.at, pause, lasts)
    place(turn, ticket, verdict)
    return None


def cancel(turn: Turn, ref: str) -> None:
    """Ask for the cancellation of a live order, once."""
    ticket = turn.state.tickets.get(ref)
    if ticket is None or not ticket.is_live or ticket.cancel_asked:
        return
    asked = msgspec.structs.replace(
        ticket.hear(Evidence.CANCEL_SENT, turn.at), cancel_asked=True
    )
    keep(turn, asked)
    if ticket.was_sent:
        turn.ask(CancelOrder(ref=ref))


def cancel_rolls(turn: Turn, case_id: str) -> bool:
    """Cancel every live roll order of a case; return whether there was one."""
    live = [
        t.order.ref
        for t in turn.state.tickets.values()
        if t.is_live and t.order.case == case_id and t.order.purpose is Purpose.ROLL
    ]
    for ref in live:
        cancel(turn, ref)
    return bool(live)


def work_tickets(turn: Turn) -> None:
    """Let time pass over every live order: doubt, give up, or climb a rung."""
    for ticket in tuple(turn.state.tickets.values()):
        if ticket.is_live:
            _work(turn, ticket)


def _work(turn: Turn, ticket: Ticket) -> None:
    heard = ticket.heard or ticket.opened
    if ticket.is_proposed:
        proposals.look(turn, ticket)
    elif ticket.status == "INTENT" and turn.at - heard >= SILENCE_MAX:
        _doubt(turn, ticket, Evidence.SILENT, "no acknowledgement")
    elif ticket.status == "CANCELLING" and turn.at - heard >= CANCEL_MAX:
        _doubt(turn, ticket, Evidence.SILENT, "its cancellation is not answered")
    elif ticket.is_in_doubt or ticket.status == "CANCELLING":
        # Shown as open again, it will be cancelled again by whoever wants that.
        ask_report(turn, "an order is in doubt", REPORT_EVERY)
    elif turn.at >= ticket.deadline:
        cancel(turn, ticket.order.ref)
    elif ticket.is_due(turn.at) and not ticket.cancel_asked:
        _climb(turn, ticket)


def _climb(turn: Turn, ticket: Ticket) -> None:
    order = ticket.next_order()
    verdict = judge(order, circumstances(turn, order), turn.rules.limits)
    if isinstance(verdict, Approved):
        reprice(turn, ticket.climb(verdict, turn.at), verdict)
    elif order.purpose in {Purpose.ROLL, Purpose.OPEN}:
        # The permit died: a roll does not keep working on an old one. Nor is a condor
        # opened that would not be opened now.
        cancel(turn, order.ref)


def _doubt(turn: Turn, ticket: Ticket, evidence: Evidence, why: str) -> None:
    heard = ticket.hear(evidence, turn.at)
    keep(turn, heard)
    if heard.is_in_doubt:
        order = ticket.order
        text = f"{order.ref}: {why}; its state is unknown until the broker shows it"
        turn.alert("order_unknown", Severity.WARNING, order.case, text)
        ask_report(turn, why)


def ask_report(turn: Turn, reason: str, not_within: timedelta | None = None) -> None:
    """Ask for a reconciliation unless one was asked for within `not_within`."""
    asked = turn.state.report_asked
    if asked is not None and turn.at - asked < (not_within or timedelta(0)):
        return
    if any(isinstance(c, RequestReport) for c in turn.commands):
        return
    turn.put(report_asked=turn.at)
    turn.ask(RequestReport(reason=reason))


def on_report(turn: Turn, report: OrderReport) -> None:
    """Take what the broker says of one order."""
    ticket = turn.state.tickets.get(report.ref)
    if ticket is None:
        return
    turn.put(last_order_id=max(turn.state.last_order_id, report.order_id))
    evidence = BROKER_WORDS.get(report.status)
    if evidence is None:
        return
    after = see(turn, ticket, evidence, report.perm_id)
    if ticket.is_live and not after.is_live:
        _tell_end(turn, after, report.status)


def see(turn: Turn, ticket: Ticket, evidence: Evidence, perm_id: int = 0) -> Ticket:
    """Take what the broker shows; an order that was to end and works is ended again."""
    after = keep(turn, ticket.hear(evidence, turn.at, perm_id))
    if after.cancel_asked and after.status is OrderStatus.WORKING:
        # The cancel may never have left, and whoever wanted it still does.
        keep(turn, msgspec.structs.replace(after, cancel_asked=False))
        cancel(turn, after.order.ref)
    return after


def _tell_end(turn: Turn, ticket: Ticket, how: str) -> None:
    if not ticket.cancel_asked:
        order = ticket.order
        text = f"{order.ref} ended without our asking: {how}, {ticket.filled} filled"
        turn.alert("order_ended", Severity.WARNING, order.case, text)


def on_refused(turn: Turn, event: OrderRefused) -> None:
    """The broker refused an order that our own checks had passed."""
    ticket = turn.state.tickets.get(event.ref)
    if ticket is None:
        return
    keep(turn, ticket.hear(Evidence.REFUSED, turn.at))
    text = f"{event.ref} rejected by the broker: {event.code} {event.text}"
    turn.alert("order_rejected", Severity.CRITICAL, ticket.order.case, text)


def on_not_sent(turn: Turn, event: OrderNotSent) -> None:
    """The last gate before the socket stopped an order."""
    ticket = turn.state.tickets.get(event.ref)
    if ticket is None:
        return
    if ticket.status == "INTENT":
        keep(turn, ticket.hear(Evidence.NOT_SENT, turn.at))
    text = f"{event.ref} was not sent: {event.reason}"
    turn.alert("order_not_sent", Severity.WARNING, ticket.order.case, text)


def on_doubted(turn: Turn, event: OrderDoubted) -> None:
    """The broker's answer proves nothing: only a report can tell."""
    ticket = turn.state.tickets.get(event.ref)
    if ticket is not None and ticket.is_live:
        _doubt(turn, ticket, Evidence.DOUBTED, f"{event.code} {event.text}")


def on_lost_link(turn: Turn) -> None:
    """The session went: everything that was live is in doubt."""
    for ticket in tuple(turn.state.tickets.values()):
        if ticket.is_live:
            keep(turn, ticket.hear(Evidence.SILENT, turn.at))


def book(turn: Turn, fill: Fill) -> bool:
    """Fold one execution into the ledger; return whether it was new.

    The same execution twice is one; a correction reverses what it corrects.
    """
    base = exec_base(fill.exec_id)
    earlier = turn.state.fills.get(base)
    if earlier is not None and earlier.exec_id >= fill.exec_id:
        return False
    change = fill.quantity - (earlier.quantity if earlier else 0)
    ledger = dict(turn.state.ledger)
    ledger[fill.con_id] = ledger.get(fill.con_id, 0) + change
    turn.put(fills={**turn.state.fills, base: fill}, ledger=ledger)
    cash.on_fill(turn, earlier, fill)
    ticket = turn.state.tickets.get(fill.ref)
    if ticket is not None:
        now = ticket.fill(fill, turn.at)
        _keep_filled(turn, ticket, now, msgspec.structs.replace(fill, quantity=change))
    return True


def _keep_filled(turn: Turn, before: Ticket, after: Ticket, fill: Fill) -> None:
    keep(turn, after)
    prove(turn, after)
    order = after.order
    if order.purpose is Purpose.ROLL:
        _move_leg(turn, after, fill)
    if order.purpose is Purpose.OPEN:
        take_in(turn, after)
    if order.purpose is Purpose.HEDGE:
        book_purchase(turn, before, after)
        if after.filled < before.filled:
            _void_permits(turn, order.case)
            _stop_sales(turn, order.ref)
    if order.purpose is Purpose.HEDGE_SELL:
        book_sale(turn, before, after)
        if after.filled > before.filled and _has_counted(turn, after):
            _void_permits(turn, order.case)


def _void_permits(turn: Turn, case_id: str) -> None:
    """A hedge that became less ends every permit that stood on it (alvh.md §3.3)."""
    for ref, ticket in tuple(turn.state.tickets.items()):
        if ticket.order.case == case_id and ticket.order.purpose is Purpose.ROLL:
            cancel(turn, ref)
    if case_id in turn.state.cases:
        turn.change(turn.state.cases[case_id], in_band_at=None)


def _has_counted(turn: Turn, sale: Ticket) -> bool:
    """Return whether what a sale has sold counted as a case's hedge."""
    return any(
        lot.layer in FIRST and lasts(turn, lot)
        for lot in turn.state.lots.values()
        if any(s.ref == sale.order.ref for s in lot.sales)
    )


def _stop_sales(turn: Turn, ref: str) -> None:
    """Cancel the sales of a lot that holds less now than they would take."""
    lot = turn.state.lots.get(ref)
    if lot is not None and at_work(turn.state, lot) > lot.units:
        for sale in lot.sales:
            cancel(turn, sale.ref)


def _move_leg(turn: Turn, ticket: Ticket, fill: Fill) -> None:
    """During a roll the fills, not recognition, say what a case consists of."""
    case = turn.state.cases[ticket.order.case]
    ordered = (leg.instrument for leg in ticket.order.legs)
    option = next((i for i in ordered if i.con_id == fill.con_id), None)
    if not isinstance(option, Option):
        # What nobody ordered belongs to no case; recognition will see the position.
        return
    quantities = {x.option: x.quantity for x in case.legs}
    quantities[option] = quantities.get(option, 0) + fill.quantity
    legs = tuple(HeldLeg(o, q) for o, q in quantities.items() if q)
    case = turn.change(case, legs=legs)
    if case.roll is None and (case.phase, Trigger.EXTERNAL_CHANGE) in TRANSITIONS:
        found = Finding("fill", ticket.order.ref, "of a roll under way", False)
        turn.move(case, Trigger.EXTERNAL_CHANGE, (found,), resume=case.phase)


def settle_doubts(turn: Turn, shown: frozenset[str]) -> None:
    """After a complete report, end what the broker has not shown for long enough.

    `shown` are the references seen in open orders, completed orders or executions.
    Paper only: in live a person decides (reliability.md §0.12).
    """
    for ref, ticket in tuple(turn.state.tickets.items()):
        if not ticket.is_live or not ticket.was_sent or ref in shown:
            continue
        if turn.at - ticket.opened < SILENCE_MAX:
            # The report may have been asked for before the order left.
            ask_report(turn, "an order is not shown yet", REPORT_EVERY)
        elif not ticket.is_in_doubt:
            _doubt(turn, ticket, Evidence.DOUBTED, "not among the broker's orders")
        elif turn.at - (ticket.heard or ticket.opened) < QUARANTINE:
            ask_report(turn, "the quarantine of an order", REPORT_EVERY)
        elif turn.state.mode != "live":
            keep(turn, ticket.hear(Evidence.NOT_SEEN, turn.at))
            text = f"{ref}: the broker has not shown it for a minute; it is given up"
            turn.alert("order_not_seen", Severity.WARNING, ticket.order.case, text)
