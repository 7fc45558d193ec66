"""Print a day as a transcript: facts at the margin, what was asked for under them.

One form everywhere: the demo prints it, `orders` and `explain` print it, and it is
read from the journal alone.
"""

from collections.abc import Iterator
from datetime import datetime

from alvh_trader.domain.calendar import NEW_YORK
from alvh_trader.domain.instrument import Future, Option
from alvh_trader.domain.order import Order
from alvh_trader.engine.command import (
    CancelOrder,
    Command,
    PlaceOrder,
    PreviewMargin,
    RaiseAlert,
    RepriceOrder,
)
from alvh_trader.engine.decision import Decision
from alvh_trader.engine.event import (
    BrokerConnected,
    BrokerDisconnected,
    DaemonStarted,
    Event,
    LinkChanged,
    OrderFilled,
    OrderNotSent,
    OrderRefused,
)

INDENT = " " * 20


def lines(at: datetime, body: Event | Command | Decision) -> Iterator[str]:
    """Yield the lines a record is worth; none for what a person would not miss."""
    match body:
        case Decision():
            yield from _decision(body)
        case OrderFilled(fill=fill):
            price = f"{fill.quantity:+d} @ {fill.price}"
            yield f"{_when(at)}  filled     {fill.ref} {price} ({fill.exec_id})"
        case OrderRefused() | OrderNotSent():
            why = body.text if isinstance(body, OrderRefused) else body.reason
            yield f"{_when(at)}  refused    {body.ref}: {why}"
        case DaemonStarted():
            yield f"{_when(at)}  started    mode {body.mode}"
        case BrokerConnected():
            yield f"{_when(at)}  connected  server version {body.server_version}"
        case BrokerDisconnected():
            yield f"{_when(at)}  lost       {body.reason}"
        case LinkChanged():
            yield f"{_when(at)}  link       {'up' if body.is_up else 'down'}"
        case PlaceOrder(approved=approved):
            yield f"{INDENT} place      {order_words(approved.order)}"
            if approved.permit is not None:
                fills = ", ".join(approved.permit.hedge_exec_ids)
                yield f"{INDENT}            permitted by the hedge fills {fills}"
        case RepriceOrder(approved=approved):
            yield f"{INDENT} reprice    {approved.order.ref} to {approved.order.limit}"
        case CancelOrder(ref=ref):
            yield f"{INDENT} cancel     {ref}"
        case PreviewMargin(order=order):
            yield f"{INDENT} what-if    {order_words(order)}"
        case RaiseAlert():
            yield f"{INDENT} alert      {body.severity} {body.code}: {body.text}"
        case _:
            return


def _when(at: datetime) -> str:
    return f"{at.astimezone(NEW_YORK):%Y-%m-%d %H:%M:%S}"


def _decision(decision: Decision) -> Iterator[str]:
    name = decision.case[:8]
    if decision.moved:
        move = f"{decision.before} -> {decision.after}"
        yield f"{_when(decision.at)}  {name}  {move}  ({decision.trigger})"
    else:
        why = f"{decision.before} stays: {decision.trigger}"
        yield f"{_when(decision.at)}  {name}  {why}"
    for finding in decision.findings:
        mark = "yes" if finding.holds else "no "
        yield f"{INDENT}   {mark} {finding.what} {finding.value}, asked {finding.bound}"


def order_words(order: Order) -> str:
    """Return an order in one line of words."""
    legs = " ".join(_leg(leg.ratio, leg.instrument) for leg in order.legs)
    kind = "credit" if order.limit < 0 else "debit"
    return f"{order.ref} BUY {order.quantity} x [{legs}] @ {abs(order.limit)} {kind}"


def _leg(ratio: int, instrument: Option | Future) -> str:
    if isinstance(instrument, Option):
        name = f"{instrument.trading_class} {instrument.expiry:%y-%m-%d}"
        return f"{ratio:+d} {name} {instrument.strike:g}{instrument.right}"
    return f"{ratio:+d} {instrument.trading_class} {instrument.expiry:%y-%m-%d}"
