"""Executions: each is booked once, for the ledger, its order, and its purpose.

Fills come as messages and in every report; the execution's own id says which are the
same, and which corrects which (reliability.md T01).
"""

import msgspec

from alvh_trader.domain.instrument import Option
from alvh_trader.domain.order import Fill, Purpose, exec_base, revision
from alvh_trader.engine import cash, discrepancies
from alvh_trader.engine.case import HeldLeg
from alvh_trader.engine.closed import shrink
from alvh_trader.engine.command import Severity
from alvh_trader.engine.identity import prove
from alvh_trader.engine.lots import FIRST, at_work, book_purchase, book_sale
from alvh_trader.engine.opened import take_in
from alvh_trader.engine.orders import cancel, live_of
from alvh_trader.engine.proof import lasts
from alvh_trader.engine.tickets import find, keep
from alvh_trader.engine.turn import Turn
from alvh_trader.execution.ticket import Ticket
from alvh_trader.portfolio.discrepancy import Name
from alvh_trader.strategy.finding import Finding
from alvh_trader.strategy.phase import TRANSITIONS, Trigger


def book(turn: Turn, fill: Fill) -> bool:
    """Fold one execution into the ledger; return whether it was new.

    The same execution twice is one; a correction reverses what it corrects. One that
    first came without our name is its order's as soon as it is known.
    """
    base = exec_base(fill.exec_id)
    earlier = turn.state.fills.get(base)
    ticket = find(turn.state, fill.ref, fill.perm_id)
    if ticket is not None:
        fill = msgspec.structs.replace(fill, ref=ticket.order.ref)
    is_known = earlier is not None and revision(earlier.exec_id) >= revision(
        fill.exec_id
    )
    if earlier is not None and is_known and (earlier.ref or not fill.ref):
        return False
    change = fill.quantity - (earlier.quantity if earlier else 0)
    ledger = dict(turn.state.ledger)
    ledger[fill.con_id] = ledger.get(fill.con_id, 0) + change
    turn.put(fills={**turn.state.fills, base: fill}, ledger=ledger)
    cash.on_fill(turn, earlier, fill)
    if earlier is not None and not is_known:
        _tell_correction(turn, earlier, fill)
    discrepancies.see_fill(turn, fill)
    if ticket is not None:
        known_as = str((earlier or fill).perm_id)
        discrepancies.heal_one(turn, Name.FOREIGN_TRADE, known_as)
        had = 0 if earlier is None or not earlier.ref else earlier.quantity
        now = ticket.fill(fill, turn.at)
        new = msgspec.structs.replace(fill, quantity=fill.quantity - had)
        _keep_filled(turn, ticket, now, new)
        if not ticket.is_live and new.quantity:
            _end_successors(turn, ticket, now)
        discrepancies.see_ticket(turn, now)
        if not now.residual:
            discrepancies.heal_one(turn, Name.LEGGED_OUT, fill.ref)
    return True


def _end_successors(turn: Turn, before: Ticket, after: Ticket) -> None:
    """Cancel what was sent in the place of an order that fills after its end (I08).

    It was reckoned without this fill; what is still wanted is planned anew.
    """
    order = after.order
    for other in live_of(turn.state, order.case):
        if other.order.purpose is order.purpose:
            cancel(turn, other.order.ref)
    if after.filled > before.filled:
        text = f"{order.ref} has filled {after.filled} after its end ({before.status})"
        turn.alert("late_fill", Severity.WARNING, order.case, text)


def _tell_correction(turn: Turn, earlier: Fill, fill: Fill) -> None:
    text = (
        f"execution {fill.exec_id} of {fill.con_id} corrects {earlier.quantity:+d} at "
        f"{earlier.price} to {fill.quantity:+d} at {fill.price}"
    )
    turn.alert("fill_corrected", Severity.WARNING, "", text)


def _keep_filled(turn: Turn, before: Ticket, after: Ticket, fill: Fill) -> None:
    keep(turn, after)
    prove(turn, after)
    order = after.order
    if order.purpose in {Purpose.ROLL, Purpose.CLOSE}:
        _move_leg(turn, after, fill)
    if order.purpose is Purpose.CLOSE:
        shrink(turn, order.case)
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
    """Of what we move and close, fills and not recognition say what a case is."""
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
        found = Finding("fill", ticket.order.ref, "of what is under way", False)
        turn.move(case, Trigger.EXTERNAL_CHANGE, (found,), resume=case.phase)
