"""What the library's client and decoder call, by the names that they use."""

from collections.abc import Callable
from datetime import UTC
from types import SimpleNamespace
from typing import Any

from alvh_trader.broker.inquiry import Inquiries
from alvh_trader.broker.library import Contract, Order, OrderState
from alvh_trader.broker.orders import OrderDesk
from alvh_trader.broker.reconcile import COMPLETED_ORDERS, OPEN_ORDERS, POSITIONS
from alvh_trader.broker.tracker import Tracker
from alvh_trader.broker.translate import count

Handlers = dict[str, Callable[..., None]]


def wrapper(
    inquiries: Inquiries,
    tracker: Tracker,
    desk: OrderDesk | None,
    **of_session: Callable[..., None],
) -> SimpleNamespace:
    """Return what answers and reports are handed to; `of_session` is the session's."""
    return SimpleNamespace(
        # For times without a zone; those of executions always get one before.
        ib=SimpleNamespace(TimezoneTWS="UTC"),
        defaultTimezone=UTC,
        **_of_orders(inquiries, tracker, desk),
        **_of_answers(inquiries),
        **of_session,
    )


def _of_orders(
    inquiries: Inquiries, tracker: Tracker, desk: OrderDesk | None
) -> Handlers:
    def on_open_order(
        order_id: int, contract: Contract, order: Order, state: OrderState
    ) -> None:
        if not order.whatIf:
            key = tracker.on_open_order(contract, order, state)
            inquiries.add(OPEN_ORDERS, key)
        elif desk is not None:
            desk.on_preview(order_id, state)

    def on_completed_order(contract: Contract, order: Order, state: OrderState) -> None:
        inquiries.add(COMPLETED_ORDERS, tracker.completed(contract, order, state))

    def on_execution(request_id: int, contract: Contract, row: Any) -> None:
        # The library emits no event for fills of orders placed by another session,
        # nor for those replayed after a reconnect; the message itself always comes.
        collect = None
        if inquiries.waits_for(request_id):
            collect = lambda fill: inquiries.add(request_id, fill)  # noqa: E731
        tracker.on_execution(contract, row, collect)

    return {
        "openOrder": on_open_order,
        "openOrderEnd": lambda: inquiries.end(OPEN_ORDERS),
        "orderStatus": tracker.on_order_status,
        "completedOrder": on_completed_order,
        "completedOrdersEnd": lambda: inquiries.end(COMPLETED_ORDERS),
        "execDetails": on_execution,
        "execDetailsEnd": inquiries.end,
        "commissionReport": tracker.on_commission,
    }


def _of_answers(inquiries: Inquiries) -> Handlers:
    def on_position(account: str, contract: Contract, size: Any, cost: float) -> None:
        inquiries.add(POSITIONS, (account, contract, count(size), cost))

    def on_account(request_id: int, *row: str) -> None:
        account, tag, value, _currency = row
        inquiries.add(request_id, (account, tag, value))

    def on_series(request_id: int, *row: Any) -> None:
        exchange, _con_id, trading_class, multiplier, expirations, _strikes = row
        inquiries.add(request_id, (exchange, trading_class, multiplier, expirations))

    def on_bars_end(request_id: int, _start: str, _end: str) -> None:
        inquiries.end(request_id)

    return {
        "position": on_position,
        "positionEnd": lambda: inquiries.end(POSITIONS),
        "accountSummary": on_account,
        "accountSummaryEnd": inquiries.end,
        "contractDetails": inquiries.add,
        "contractDetailsEnd": inquiries.end,
        "historicalData": inquiries.add,
        "historicalDataEnd": on_bars_end,
        "securityDefinitionOptionParameter": on_series,
        "securityDefinitionOptionParameterEnd": inquiries.end,
    }
