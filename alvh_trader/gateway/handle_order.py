"""Answers to requests about orders: place, modify, try, cancel, list."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from alvh_trader.gateway import listing_reply, order_reply
from alvh_trader.gateway.moment import read_time
from alvh_trader.gateway.notices import NOT_FOUND
from alvh_trader.gateway.order_reply import Ending
from alvh_trader.gateway.session import Session
from alvh_trader.sim.model import Execution, OrderLeg, Refusal, SimOrder, Status
from alvh_trader.wire import order_reply as wire
from alvh_trader.wire import request
from alvh_trader.wire.order_request import PlaceOrder

_VALIDATING = "Error validating request.-'bF' : cause - "
_TYPES = ("LMT", "MKT")
_KNOWN_TYPES = frozenset(
    {"STP", "STP LMT", "TRAIL", "TRAIL LIMIT", "MIT", "LIT", "MOC", "LOC", "REL",
     "MTL", "PEG MID", "PEG BEST", "PEG BENCH", "PEG MKT", "VOL", "MIDPRICE"}
)  # fmt: skip
_LIMIT_DIGITS = 8

Problem = tuple[int, str]


def place_order(session: Session, asked: PlaceOrder) -> None:
    """Place an order, change one, or (`what_if`) say what it would do."""
    floor = session.floor
    legs = _legs(session, asked)
    order = _order(session, asked, legs)
    if asked.what_if:
        _try(session, asked, order)
        return
    existing = _own_open(session, asked.order_id)
    problem = _problem(asked, order) or (
        _modify_problem(existing, order)
        if existing is not None
        else _new_problem(session, asked.order_id)
    )
    if problem is not None:
        floor.refuse(order, *problem)
        return
    if not asked.transmit:
        # It waits in the client's own screen, where nobody else can see it.
        session.held[asked.order_id] = asked
        return
    session.held.pop(asked.order_id, None)
    floor.use_id(session.client_id, asked.order_id)
    if existing is None:
        floor.submit(order)
    else:
        floor.modify(replace(order, perm_id=existing.perm_id))


def _order(session: Session, asked: PlaceOrder, legs: tuple[OrderLeg, ...]) -> SimOrder:
    limit = asked.limit if asked.order_type == "LMT" else None
    symbol, sec_type = asked.contract.symbol, asked.contract.sec_type
    if sec_type != "BAG" and legs:
        listing = session.floor.listing(legs[0].con_id)
        if listing is not None:
            symbol, sec_type = listing.symbol, listing.sec_type
    return SimOrder(
        perm_id=0,
        client_id=session.client_id,
        order_id=asked.order_id,
        account=asked.account or session.floor.account_id,
        symbol=symbol,
        sec_type=sec_type,
        action=asked.action,
        quantity=int(asked.quantity),
        order_type=asked.order_type,
        # A client's float may carry noise far behind the last digit of any price.
        limit=None if limit is None else _normal(round(limit, _LIMIT_DIGITS)),
        tif=asked.tif or "DAY",
        order_ref=asked.order_ref,
        legs=legs,
    )


def _normal(price: Decimal) -> Decimal:
    return Decimal(f"{price.normalize():f}")


def _legs(session: Session, asked: PlaceOrder) -> tuple[OrderLeg, ...]:
    """Return the legs of the order; none if it is not known what they are."""
    if asked.contract.sec_type == "BAG":
        legs = listing_reply.legs_of(asked.legs)
        known = all(session.floor.listing(leg.con_id) is not None for leg in legs)
        return legs if known else ()
    found = listing_reply.find(session.floor.exchange, asked.contract)
    if len(found) != 1:
        return ()
    return (OrderLeg(con_id=found[0].con_id, ratio=1, action="BUY"),)


def _problem(asked: PlaceOrder, order: SimOrder) -> Problem | None:
    """Return code and text of what is wrong with the order itself."""
    return _terms_problem(asked, order) or _contract_problem(asked, order)


def _terms_problem(asked: PlaceOrder, order: SimOrder) -> Problem | None:
    if order.order_type in _KNOWN_TYPES:
        return 387, "Unsupported order type for this exchange and security type."
    if order.order_type not in _TYPES:
        return 321, f"{_VALIDATING}Invalid order type was entered"
    if order.action not in ("BUY", "SELL"):
        return 321, f"{_VALIDATING}Invalid order side was entered"
    if asked.quantity != order.quantity:
        return 10318, "This order doesn't support fractional quantity trading"
    if order.quantity <= 0:
        return 434, "The order size cannot be zero."
    if order.order_type == "LMT" and order.limit is None:
        return 321, f"{_VALIDATING}Please enter a limit price"
    return None


def _contract_problem(asked: PlaceOrder, order: SimOrder) -> Problem | None:
    if order.sec_type == "BAG" and not asked.legs:
        return 321, f"{_VALIDATING}Security type 'BAG' requires combo leg details"
    if not order.legs:
        return NOT_FOUND
    if asked.e_trade_only or asked.firm_quote_only:
        name = "EtradeOnly" if asked.e_trade_only else "FirmQuoteOnly"
        return 10268, f"The '{name}' order attribute is not supported."
    return None


def _modify_problem(existing: SimOrder, order: SimOrder) -> Problem | None:
    def terms(it: SimOrder) -> tuple[object, ...]:
        return it.legs, it.action, it.account

    if terms(existing) != terms(order):
        return 105, "Order being modified does not match original order"
    return None


def _new_problem(session: Session, order_id: int) -> Problem | None:
    if order_id >= session.floor.next_id(session.client_id):
        return None
    done = _own_completed(session, order_id)
    if done is not None and done.status is Status.FILLED:
        return 104, "Cannot modify a filled order."
    return 103, "Duplicate order id"


def _try(session: Session, asked: PlaceOrder, order: SimOrder) -> None:
    floor = session.floor
    problem = _problem(asked, order)
    if problem is not None:
        session.error(asked.order_id, *problem)
        return
    preview = floor.exchange.preview(order)
    if isinstance(preview, Refusal):
        session.error(asked.order_id, preview.code, preview.text)
        return
    session.send(order_reply.previewed(order, preview, floor.listing))


def _own_open(session: Session, order_id: int) -> SimOrder | None:
    key = (session.client_id, order_id)
    orders = session.floor.exchange.open_orders()
    return next((it for it in orders if (it.client_id, it.order_id) == key), None)


def _own_completed(session: Session, order_id: int) -> SimOrder | None:
    key = (session.client_id, order_id)
    orders = session.floor.exchange.completed_orders()
    return next((it for it in orders if (it.client_id, it.order_id) == key), None)


def cancel_order(session: Session, asked: request.CancelOrder) -> None:
    """Cancel an order of this client, or one of another that it was shown."""
    order_id = asked.order_id
    if session.held.pop(order_id, None) is not None:
        session.error(order_id, 202, "Order Canceled - reason:")
        return
    known = _own_open(session, order_id)
    perm_id = known.perm_id if known else session.foreign.get(order_id)
    if perm_id is not None:
        session.floor.cancel(perm_id, asked_by=session)
        return
    done = _own_completed(session, order_id)
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


def global_cancel(session: Session, _: request.RequestGlobalCancel) -> None:
    """Cancel every open order of the account, whoever sent it."""
    for order in session.floor.exchange.open_orders():
        session.floor.cancel(order.perm_id, asked_by=session)


def open_orders(session: Session, _: request.RequestOpenOrders) -> None:
    """List the open orders of this client."""
    orders = session.floor.exchange.open_orders()
    own = (it for it in orders if it.client_id == session.client_id)
    for order in own:
        _send_order(session, order)
    session.send(wire.OpenOrderEnd())


def all_open_orders(session: Session, _: request.RequestAllOpenOrders) -> None:
    """List every open order; those of others can then be cancelled by number."""
    for order in session.floor.exchange.open_orders():
        if order.client_id != session.client_id:
            session.foreign[order.order_id] = order.perm_id
        _send_order(session, order)
    session.send(wire.OpenOrderEnd())


def _send_order(session: Session, order: SimOrder) -> None:
    floor = session.floor
    session.send(
        order_reply.open_order(
            order, floor.listing, changes=floor.changes(order.perm_id)
        )
    )
    session.send(order_reply.order_status(order))


def auto_open_orders(session: Session, _: request.RequestAutoOpenOrders) -> None:
    """Let client 0 take orders of the trader's own screen, of which there are none."""
    if session.client_id != 0:
        session.error(-1, 327, "Only the default client (i.e 0) can auto bind orders")


def completed_orders(session: Session, _: request.RequestCompletedOrders) -> None:
    """List the orders that ended today."""
    floor = session.floor
    for order in floor.exchange.completed_orders():
        ending = floor.endings.get(order.perm_id, Ending(floor.exchange.now))
        session.send(
            order_reply.completed_order(order, ending, floor.listing, session.version)
        )
    session.send(wire.CompletedOrdersEnd())


def executions(session: Session, asked: request.RequestExecutions) -> None:
    """List today's trades that pass the filter: all trades, then all commissions."""
    floor = session.floor
    try:
        since = read_time(asked.time) if asked.time else None
    except ValueError:
        text = f"{_VALIDATING}Invalid time of the execution filter"
        session.error(asked.req_id, 321, text)
        return
    rows = [row for row in floor.exchange.executions() if _passes(row, asked, since)]
    chosen = []
    for row in rows:
        message = order_reply.execution_data(
            row, asked.req_id, _symbol_of(session, row), floor.listing, session.version
        )
        contract = message.contract
        if asked.symbol not in ("", contract.symbol):
            continue
        if asked.sec_type not in ("", contract.sec_type):
            continue
        session.send(message)
        chosen.append(row)
    for row in chosen:
        report = order_reply.commission_report(row)
        if report is not None:
            session.send(report)
    session.send(wire.ExecutionDataEnd(asked.req_id))


def _passes(
    row: Execution, asked: request.RequestExecutions, since: datetime | None
) -> bool:
    side = {"BUY": "BOT", "SELL": "SLD"}.get(asked.side, asked.side)
    return (
        asked.client_id in (0, row.client_id)
        and asked.account in ("", row.account)
        and side in ("", row.side)
        and (since is None or row.at >= since)
    )


def _symbol_of(session: Session, row: Execution) -> str:
    exchange = session.floor.exchange
    orders = (*exchange.open_orders(), *exchange.completed_orders())
    return next((it.symbol for it in orders if it.perm_id == row.perm_id), "")
