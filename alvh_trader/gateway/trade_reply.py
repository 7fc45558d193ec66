"""The messages that tell of a trade, in the order in which recordings show them."""

from collections.abc import Iterator
from decimal import Decimal

from msgspec import Struct

from alvh_trader.gateway import order_reply
from alvh_trader.gateway.listing_reply import FindListing
from alvh_trader.gateway.moment import Times
from alvh_trader.sim.model import Corrected, Status, Traded


def traded(
    report: Traded, listing_of: FindListing, times: Times, *, changes: int
) -> Iterator[Struct]:
    """Yield what a trade is told with; `changes` counts the order's modifications."""
    order, rows = report.order, report.executions
    yield from _rows(report, listing_of, times)
    last = next((row for row in rows if row.con_id == 0), rows[-1]).price
    status = order_reply.order_status(order, last)
    yield order_reply.open_order(order, listing_of, times, changes=changes)
    yield status
    if order.status is Status.FILLED:
        commission = sum((row.commission or Decimal(0) for row in rows), Decimal(0))
        yield order_reply.open_order(
            order, listing_of, times, changes=changes, commission=commission
        )
        yield status
    yield from _commissions(report)


def corrected(
    report: Corrected, listing_of: FindListing, times: Times
) -> Iterator[Struct]:
    """Yield what a correction is told with: the rows anew, under their next ids."""
    yield from _rows(report, listing_of, times)
    yield from _commissions(report)


def _rows(
    report: Traded | Corrected, listing_of: FindListing, times: Times
) -> Iterator[Struct]:
    symbol = report.order.symbol
    for row in report.executions:
        yield order_reply.execution_data(row, -1, symbol, listing_of, times)


def _commissions(report: Traded | Corrected) -> Iterator[Struct]:
    for row in report.executions:
        commission = order_reply.commission_report(row)
        if commission is not None:
            yield commission
