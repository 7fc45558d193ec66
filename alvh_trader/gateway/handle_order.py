"""Answers to requests that change something: place, modify, try and cancel orders."""

from dataclasses import replace
from decimal import Decimal

from alvh_trader.gateway import family, order_reply
from alvh_trader.gateway.api_settings import violation
from alvh_trader.gateway.notices import account_problem, invalid
from alvh_trader.gateway.order_terms import (
    Problem,
    Terms,
    bare,
    terms_of,
)
from alvh_trader.gateway.session import Session
from alvh_trader.sim import rules
from alvh_trader.sim.model import Refusal, SimOrder, Status
from alvh_trader.wire import request
from alvh_trader.wire.order_reply import OrderStatus
from alvh_trader.wire.order_request import PlaceOrder

READ_ONLY = invalid("The API interface is currently in Read-Only mode.")
CANCELLED = "Order Canceled - reason:"


def place_order(session: Session, asked: PlaceOrder) -> None:
    """Place an order, change one, or (`what_if`) say what it would do.

    An order that is not to be transmitted waits, and whatever it is tied to with it,
    until one of them is [doc: attaching orders].
    """
    floor = session.floor
    if floor.settings.is_read_only:
        session.error(asked.order_id, *READ_ONLY)
        return
    unknown = account_problem(asked.account or floor.account_id, floor.accounts)
    if unknown is not None:
        session.error(asked.order_id, *unknown)
        return
    if asked.what_if:
        _try(session, asked)
        return
    existing = own_open(session, asked.order_id)
    terms = _checked(session, asked, existing)
    if terms is None:
        return
    if not asked.transmit:
        # It waits in the client's own screen, where nobody else can see it.
        session.held[asked.order_id] = asked
        return
    if existing is not None:
        _modify(session, terms, existing)
        return
    members = family.of(session.held, asked)
    for member in members:
        session.held.pop(member.order_id, None)
        # Its parent has only now got a permanent id, or a refusal.
        again = terms if members == [asked] else _checked(session, member, None)
        if again is not None:
            session.floor.use_id(session.client_id, member.order_id)
            _notify(session, again)
            session.floor.submit(again.order)


def _checked(
    session: Session, asked: PlaceOrder, existing: SimOrder | None
) -> Terms | None:
    """Return the terms of an order, or refuse it."""
    known = family.parent_of(session, asked)
    parent = known.perm_id if isinstance(known, SimOrder) else 0
    terms = terms_of(session, asked, parent)
    order = terms.order if isinstance(terms, Terms) else bare(session, asked)
    problem = (
        (None if isinstance(terms, Terms) else terms)
        or family.problem(asked, known)
        or _permission_problem(session, order)
        or (
            _modify_problem(existing, order)
            if existing is not None
            else _new_problem(session, asked.order_id)
        )
        or _precaution_problem(session, order)
    )
    if problem is not None:
        session.floor.refuse(order, *problem)
        return None
    assert isinstance(terms, Terms), "no problem was found"
    return terms


def _modify(session: Session, terms: Terms, existing: SimOrder) -> None:
    order, was = terms.order, existing.handling
    # Its place in the family and in its group stays what it was.
    how = replace(
        order.handling,
        parent=was.parent,
        parent_id=was.parent_id,
        oca_group=was.oca_group,
        oca_type=was.oca_type,
    )
    _notify(session, terms)
    order = replace(order, perm_id=existing.perm_id, handling=how)
    session.floor.modify(order)


def _notify(session: Session, terms: Terms) -> None:
    for code, text in terms.notices:
        session.error(terms.order.order_id, code, text)


def _permission_problem(session: Session, order: SimOrder) -> Problem | None:
    if order.symbol in session.floor.settings.forbidden:
        text = f"The security {order.symbol} is not available or allowed for this"
        return 203, f"{text} account."
    return None


def _precaution_problem(session: Session, order: SimOrder) -> Problem | None:
    limits, exchange = session.floor.settings.precautions, session.floor.exchange
    if limits is None or rules.refused(order, exchange.listing) is not None:
        return None
    is_combo = order.sec_type == "BAG"
    top = (
        exchange.combo_top(order.legs)
        if is_combo
        else exchange.tops([order.legs[0].con_id])[0]
    )
    grid = rules.grid(order, exchange.listing)
    listing = exchange.listing(order.legs[0].con_id)
    multiplier = 1 if listing is None else listing.multiplier
    price = order.limit if order.limit is not None else top.ask or Decimal(0)
    return violation(order, top, grid, price * multiplier * order.quantity, limits)


def _modify_problem(existing: SimOrder, order: SimOrder) -> Problem | None:
    def terms(it: SimOrder) -> tuple[object, ...]:
        return it.legs, it.action, it.account

    if terms(existing) != terms(order):
        return 105, "Order being modified does not match original order"
    return None


def _new_problem(session: Session, order_id: int) -> Problem | None:
    if order_id in session.held or order_id >= session.floor.next_id(session.client_id):
        return None
    done = own_completed(session, order_id)
    if done is not None and done.status is Status.FILLED:
        return 104, "Cannot modify a filled order."
    return 103, "Duplicate order id"


def _try(session: Session, asked: PlaceOrder) -> None:
    floor = session.floor
    terms = terms_of(session, asked, 0)
    if not isinstance(terms, Terms):
        session.error(asked.order_id, *terms)
        return
    if not asked.transmit:
        text = "What-if order should have the transmit flag set to true."
        session.error(asked.order_id, 413, text)
        return
    preview = floor.exchange.preview(terms.order)
    if isinstance(preview, Refusal):
        session.error(asked.order_id, preview.code, preview.text)
        return
    session.send(
        order_reply.previewed(terms.order, preview, floor.listing, session.times)
    )


def own_open(session: Session, order_id: int) -> SimOrder | None:
    """Return the working order that this client knows by a number."""
    key = (session.client_id, order_id)
    orders = session.floor.exchange.open_orders()
    return next((it for it in orders if (it.client_id, it.order_id) == key), None)


def own_completed(session: Session, order_id: int) -> SimOrder | None:
    """Return the order of today that this client knew by a number."""
    key = (session.client_id, order_id)
    orders = session.floor.exchange.completed_orders()
    return next((it for it in orders if (it.client_id, it.order_id) == key), None)


def cancel_order(session: Session, asked: request.CancelOrder) -> None:
    """Cancel an order of this client, or one of another that it was shown."""
    order_id = asked.order_id
    if session.floor.settings.is_read_only:
        session.error(order_id, *READ_ONLY)
        return
    if order_id in session.held:
        _discard(session, order_id)
        return
    known = own_open(session, order_id)
    perm_id = known.perm_id if known else session.foreign.get(order_id)
    if perm_id is not None:
        session.floor.cancel(perm_id, asked_by=session)
        return
    done = own_completed(session, order_id)
    if done is None:
        text = f"OrderId {order_id} that needs to be cancelled is not found."
        session.error(order_id, 10147, text)
        return
    session.error(
        order_id,
        10148,
        f"OrderId {order_id} that needs to be cancelled cannot be cancelled, "
        f"state: {done.status.value}.",
    )


def _discard(session: Session, order_id: int) -> None:
    """Forget an order that was never transmitted, and its children with it.

    It had no permanent id yet. Status and words are those of a recording [cap].
    """
    asked = session.held.pop(order_id)
    session.send(
        OrderStatus(
            order_id=order_id,
            status=Status.CANCELLED.value,
            filled=0,
            remaining=asked.quantity,
            average_price=0,
            perm_id=0,
            client_id=session.client_id,
            parent_id=asked.parent_id,
        )
    )
    session.error(order_id, 202, f"{CANCELLED}Order was discarded.")
    for child in [it for it in session.held.values() if it.parent_id == order_id]:
        if child.order_id in session.held:
            _discard(session, child.order_id)


def global_cancel(session: Session, _: request.RequestGlobalCancel) -> None:
    """Cancel every open order, whoever sent it, and discard those of this client."""
    if session.floor.settings.is_read_only:
        session.error(-1, *READ_ONLY)
        return
    for order_id in tuple(session.held):
        if order_id in session.held:
            _discard(session, order_id)
    for order in session.floor.exchange.open_orders():
        if session.floor.exchange.is_resting(order.perm_id):
            session.floor.cancel(order.perm_id, asked_by=session)
