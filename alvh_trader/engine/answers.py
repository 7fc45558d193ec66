"""What the broker says of our orders, and what it proves.

Identity is our `ref`, then the permanent ids. An error code is a claim, silence is
nothing; only the broker's own word, executions, or complete reports over a quarantine
end an order (reliability.md F1, F45-F70).
"""

from datetime import datetime, timedelta

import msgspec

from alvh_trader.domain.order import OrderReport, OrderStatus, Purpose
from alvh_trader.engine import discrepancies, missed
from alvh_trader.engine.command import CancelOrder, Severity
from alvh_trader.engine.event import OrderDoubted, OrderNotSent, OrderRefused
from alvh_trader.engine.freezing import freeze
from alvh_trader.engine.identity import LIVE
from alvh_trader.engine.orders import (
    BREAK_CONFIRM,
    REPORT_EVERY,
    SILENCE_MAX,
    ask_report,
    cancel,
    cancel_again,
    doubt,
)
from alvh_trader.engine.state import State
from alvh_trader.engine.tickets import find, keep
from alvh_trader.engine.turn import Turn
from alvh_trader.execution.lifecycle import BROKER_WORDS, COMPLETED_WORDS, Evidence
from alvh_trader.execution.ticket import Ticket
from alvh_trader.portfolio.discrepancy import Name
from alvh_trader.risk.freeze import Freeze

QUARANTINE = timedelta(seconds=60)
"""Paper only: an order the broker has not shown for so long was never received."""

MARGIN_OR_RISK = 201
"""The broker's code for an order that it will not take as the account is."""

QUIET = timedelta(seconds=30)
"""An order that was refused, and that reports have not shown for so long, is dead."""


def on_report(turn: Turn, report: OrderReport) -> None:
    """Take what the broker says of one order."""
    ticket = find(turn.state, report.ref, report.perm_id)
    if ticket is None:
        return
    turn.put(last_order_id=max(turn.state.last_order_id, report.order_id))
    evidence = BROKER_WORDS.get(report.status)
    if evidence is None:
        return
    if evidence is Evidence.CANCELLED:
        _on_ended(turn, ticket, report)
        return
    see(turn, ticket, evidence, report.perm_id)
    _compare(turn, ticket.order.ref, report)


def on_shown(turn: Turn, report: OrderReport) -> None:
    """Take an order from the broker's list of those that are open.

    One that was over for us may fill all the same: it is ended again, by name.
    """
    on_report(turn, report)
    ticket = find(turn.state, report.ref, report.perm_id)
    if ticket is None or BROKER_WORDS.get(report.status) is not Evidence.SEEN:
        return
    if ticket.is_live:
        if ticket.is_in_doubt:
            see(turn, ticket, Evidence.SEEN, report.perm_id)
    elif turn.at - (ticket.heard or ticket.opened) < SILENCE_MAX:
        # It may have ended after the broker had told of it.
        ask_report(turn, "an order that ended may be open", BREAK_CONFIRM)
    else:
        ref, case = ticket.order.ref, ticket.order.case
        text = f"{ref} was over ({ticket.status}), and is open at the broker"
        discrepancies.notice(turn, Name.ENDED_YET_OPEN, ref, text, case=case)
        turn.ask(CancelOrder(ref=ref))


def on_completed(turn: Turn, report: OrderReport) -> None:
    """Take an order from the broker's list of those that are over."""
    ticket = find(turn.state, report.ref, report.perm_id)
    if ticket is not None and ticket.is_live and report.status in COMPLETED_WORDS:
        _on_ended(turn, ticket, report)


def _on_ended(turn: Turn, ticket: Ticket, report: OrderReport) -> None:
    """The broker's own word ends an order, once all that it has filled is known."""
    if report.filled > ticket.most:
        why = f"it ended with {report.filled} filled, executions show {ticket.most}"
        doubt(turn, ticket, Evidence.DOUBTED, why)
        return
    evidence = Evidence.CANCELLED
    if ticket.refused:
        evidence = Evidence.REJECTED
    elif not ticket.cancel_asked and turn.rules.calendar.is_open(turn.at):
        # Day orders end with the day; within it somebody wanted this.
        evidence = Evidence.CANCELLED_BY_OTHER
    after = keep(turn, ticket.hear(evidence, turn.at, report.perm_id))
    if ticket.is_live and after.status is OrderStatus.CANCELLED_BY_OTHER:
        order = after.order
        text = f"{order.ref} was cancelled, not by us, with {after.filled} filled"
        discrepancies.notice(
            turn, Name.CANCELLED_BY_OTHER, order.ref, text, case=order.case
        )


def see(turn: Turn, ticket: Ticket, evidence: Evidence, perm_id: int = 0) -> Ticket:
    """Take what the broker shows; an order that was to end and works is ended again."""
    after = keep(turn, ticket.hear(evidence, turn.at, perm_id))
    if after.is_twin and not ticket.is_twin:
        # Both may fill, so neither may work on.
        keep(turn, msgspec.structs.replace(after, cancel_asked=False))
        cancel(turn, after.order.ref)
    elif after.cancel_asked and after.status is OrderStatus.WORKING:
        # The cancel may never have left, and whoever wanted it still does.
        cancel_again(turn, after)
    discrepancies.see_ticket(turn, after)
    return after


def _compare(turn: Turn, ref: str, report: OrderReport) -> None:
    """Hold what the broker shows of a live order against what was sent (F62)."""
    ticket, shown = turn.state.tickets[ref], report.terms
    if shown is None or not ticket.is_live:
        return
    order = ticket.order
    if unlike := ticket.unlike(shown):
        text = f"{order.ref} is another order at the broker: {'; '.join(unlike)}"
        discrepancies.notice(turn, Name.CHANGED_ORDER, order.ref, text, case=order.case)
        cancel(turn, order.ref)
    elif shown.limit in ticket.rungs and turn.at - ticket.rung_since >= SILENCE_MAX:
        # A change that was refused, or never arrived: what the broker shows is true.
        keep(turn, ticket.stand_at(shown.limit))


def on_refused(turn: Turn, event: OrderRefused) -> None:
    """The broker refused an order that our own checks had passed.

    An error code is a claim. The order holds its quantity until a report, which is
    asked for at once, shows it among what is over, or nowhere (reliability.md F59).
    """
    ticket = turn.state.tickets.get(event.ref)
    if ticket is None:
        return
    heard, account = ticket.hear(Evidence.REFUSED, turn.at), turn.state.account
    if event.code == MARGIN_OR_RISK and account is not None:
        worth = (account.net_liquidation, account.available_funds)
        heard = msgspec.structs.replace(heard, refused_worth=worth)
    keep(turn, heard)
    ask_report(turn, "an order was refused")
    text = f"{event.ref} rejected by the broker: {event.code} {event.text}"
    turn.alert("order_rejected", Severity.CRITICAL, ticket.order.case, text)
    if ticket.order.purpose is Purpose.ROLL:
        # The hedge stays; what the broker will not let us defend must not grow (F84).
        freeze(turn, Freeze.REDUCE, f"the broker refused the roll {event.ref}")


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
        doubt(turn, ticket, Evidence.DOUBTED, f"{event.code} {event.text}")


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
            doubt(turn, ticket, Evidence.DOUBTED, "not among the broker's orders")
        elif missed.units(turn.state, ticket):
            # No report will show it: what it filled is to be adopted by a person.
            ask_report(turn, "an order may have filled unheard", REPORT_EVERY)
        elif ticket.refused:
            _bury(turn, ticket)
        elif turn.at - (ticket.heard or ticket.opened) < QUARANTINE:
            ask_report(turn, "the quarantine of an order", REPORT_EVERY)
        elif turn.state.mode != LIVE:
            keep(turn, ticket.hear(Evidence.NOT_SEEN, turn.at))
            text = f"{ref}: the broker has not shown it for a minute; it is given up"
            turn.alert("order_not_seen", Severity.WARNING, ticket.order.case, text)
        elif not ticket.why:
            why = "in doubt until a person gives it up"
            keep(turn, msgspec.structs.replace(ticket, why=why))
            text = f"{ref}: no report shows it; {why} (alvh-trader abandon {ref})"
            turn.alert("order_parked", Severity.CRITICAL, ticket.order.case, text)


def _bury(turn: Turn, ticket: Ticket) -> None:
    """End an order that was refused, and that complete reports show nowhere."""
    if turn.at - (ticket.heard or ticket.opened) >= QUIET:
        keep(turn, ticket.hear(Evidence.REJECTED, turn.at))
    else:
        ask_report(turn, "an order was refused", REPORT_EVERY)


def hindrance_to_abandon(
    state: State, ticket: Ticket | None, at: datetime
) -> str | None:
    """Return why a person may not give an order up yet, None if he may.

    A report after the quarantine must have been complete, and must not have shown it:
    one that does makes it work again.
    """
    if ticket is None:
        return "no order of this name is known"
    if not ticket.is_in_doubt:
        return f"it is not in doubt but {ticket.status}"
    if missed.units(state, ticket):
        return "positions show what it may have filled: adopt that, if it is right"
    since = (ticket.heard or ticket.opened) + QUARANTINE
    if at < since:
        return f"the broker has until {since.isoformat()} to show it"
    if state.reconciled is None or state.reconciled < since:
        return "no complete report has come since its quarantine"
    return None
