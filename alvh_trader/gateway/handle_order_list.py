"""Answers to requests that list: working and completed orders, and executions."""

from datetime import datetime

from alvh_trader.gateway import order_reply
from alvh_trader.gateway.handle_order import READ_ONLY
from alvh_trader.gateway.notices import invalid
from alvh_trader.gateway.order_reply import Ending
from alvh_trader.gateway.session import Session
from alvh_trader.sim.model import Execution, SimOrder
from alvh_trader.wire import order_reply as wire
from alvh_trader.wire import request


def open_orders(session: Session, _: request.RequestOpenOrders) -> None:
    """List the open orders of this client.

    For client 0 that binds those of the trader's own screen [doc].
    """
    if session.floor.settings.is_read_only:
        session.error(-1, *READ_ONLY)
        return
    orders = session.floor.exchange.open_orders()
    own = (it for it in orders if it.client_id == session.client_id)
    for order in own:
        _send_order(session, session.floor.audience.own(order, session))
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
            order,
            floor.listing,
            session.times,
            changes=floor.changes(order.perm_id),
        )
    )
    session.send(order_reply.order_status(order))


def auto_open_orders(session: Session, asked: request.RequestAutoOpenOrders) -> None:
    """Let client 0 take new orders of the trader's own screen as its own."""
    if session.client_id == 0:
        session.binds = asked.bind
    else:
        session.error(-1, 327, "Only the default client (i.e 0) can auto bind orders")


def completed_orders(session: Session, asked: request.RequestCompletedOrders) -> None:
    """List the orders that ended today; orders of the screen have no number."""
    floor = session.floor
    if floor.settings.is_read_only:
        session.error(-1, *READ_ONLY)
        return
    for order in floor.exchange.completed_orders():
        if asked.api_only and not order.order_id:
            continue
        ending = floor.endings.get(order.perm_id, Ending(floor.exchange.now))
        session.send(
            order_reply.completed_order(order, ending, floor.listing, session.times)
        )
    session.send(wire.CompletedOrdersEnd())


def executions(session: Session, asked: request.RequestExecutions) -> None:
    """List today's trades that pass the filter: all trades, then all commissions."""
    floor = session.floor
    try:
        since = session.times.read(asked.time) if asked.time else None
    except ValueError:
        problem = invalid("Invalid time of the execution filter")
        session.error(asked.req_id, *problem)
        return
    rows = [row for row in floor.exchange.executions() if _passes(row, asked, since)]
    chosen = []
    for row in rows:
        message = order_reply.execution_data(
            row, asked.req_id, _symbol_of(session, row), floor.listing, session.times
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
