"""Print a day as a transcript: facts at the margin, what was asked for under them.

One form everywhere: the demo prints it, `orders` and `explain` print it, and it is
read from the journal alone.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

from alvh_trader.domain.calendar import NEW_YORK
from alvh_trader.domain.connection import Connection
from alvh_trader.domain.instrument import Future, Instrument, Option
from alvh_trader.domain.order import Fill, Order
from alvh_trader.engine import connection
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
    BrokerReported,
    DaemonStarted,
    Event,
    LinkChanged,
    OrderFilled,
    OrderNotSent,
    OrderRefused,
    ReportFailed,
)

INDENT = " " * 20

_FIRST_DAY = datetime(1990, 1, 1, tzinfo=UTC)


class Names:
    """Remembers what was ordered, because a fill only has the instrument's number."""

    def __init__(self) -> None:
        self._names: dict[int, str] = {}

    def learn(self, order: Order) -> None:
        """Take note of the instruments of an order."""
        for leg in order.legs:
            self._names[leg.instrument.con_id] = name_of(leg.instrument)

    def of(self, con_id: int) -> str:
        """Return the name of an instrument, or its number if it was never ordered."""
        return self._names.get(con_id, f"contract {con_id}")


def lines(
    at: datetime, body: Event | Command | Decision, names: Names
) -> Iterator[str]:
    """Yield the lines a record is worth; none for what a person would not miss."""
    match body:
        case Decision(trigger=connection.CHANGED):
            yield from _way(body)
        case Decision():
            yield from _decision(body)
        case OrderFilled(fill=fill):
            yield f"{when(at)}  filled     {_fill(fill, names)}"
        case OrderRefused(ref=ref, code=code, text=text):
            yield f"{when(at)}  refused    {ref}: {text} (error {code})"
        case OrderNotSent(ref=ref, reason=reason):
            yield f"{when(at)}  not sent   {ref}: {reason}"
        case PlaceOrder() | RepriceOrder() | CancelOrder() | PreviewMargin():
            yield from _request(body, names)
        case RaiseAlert(severity=severity, code=code, text=text):
            yield f"{INDENT} alert      {severity} {code}: {text}"
        case _:
            yield from _session(at, body)


def _session(at: datetime, body: Event | Command) -> Iterator[str]:
    match body:
        case DaemonStarted(mode=mode):
            yield f"{when(at)}  started    mode {mode}"
        case BrokerConnected(server_version=version):
            yield f"{when(at)}  connected  server version {version}"
        case BrokerDisconnected(reason=reason):
            yield f"{when(at)}  lost       {reason}"
        case LinkChanged(is_up=is_up):
            yield f"{when(at)}  link       {'up' if is_up else 'down'}"
        case ReportFailed(reason=reason):
            yield f"{when(at)}  no report  {reason}"
        case _:
            return


def _request(
    body: PlaceOrder | RepriceOrder | CancelOrder | PreviewMargin, names: Names
) -> Iterator[str]:
    match body:
        case PlaceOrder(approved=approved):
            names.learn(approved.order)
            yield f"{INDENT} place      {order_words(approved.order)}"
            if approved.permit is not None:
                fills = ", ".join(approved.permit.hedge_exec_ids)
                yield f"{INDENT}            permitted by the hedge fills {fills}"
            if approved.consent is not None:
                name, by = approved.consent.proposal.name, approved.consent.by
                yield f"{INDENT}            allowed by {by} as {name}"
        case RepriceOrder(approved=approved):
            names.learn(approved.order)
            price = price_words(approved.order)
            yield f"{INDENT} reprice    {approved.order.ref} {price}"
        case CancelOrder(ref=ref):
            yield f"{INDENT} cancel     {ref}"
        case PreviewMargin(order=order):
            yield f"{INDENT} what-if    {order_words(order)}"


def account(at: datetime, report: BrokerReported) -> Iterator[str]:
    """Yield what the account holds, as the daemon first sees it."""
    worth, cash = report.account.net_liquidation, report.account.cash
    yield f"{when(at)}  account    net liquidation {worth:,.0f} USD, cash {cash:,.0f}"
    for held in sorted(report.positions, key=lambda p: name_of(p.instrument)):
        holding = f"{held.quantity:+d} {name_of(held.instrument)}"
        yield f"{INDENT}            {holding}, cost {held.average_cost:,.2f} USD each"
    if not report.positions:
        yield f"{INDENT}            no positions"


def is_before_time(at: datetime) -> bool:
    """Whether nobody had told the time yet (a clock that is the broker's)."""
    return at < _FIRST_DAY


def when(at: datetime) -> str:
    """Return New York's time, or blanks where none was known yet."""
    if is_before_time(at):
        return " " * 19
    return f"{at.astimezone(NEW_YORK):%Y-%m-%d %H:%M:%S}"


def _decision(decision: Decision) -> Iterator[str]:
    name = decision.case[:8] or "the book"
    if not decision.moved:
        where = f"{decision.before} stays: " if decision.before else ""
        move = f"{where}{decision.trigger}"
    elif decision.before:
        move = f"{decision.before} -> {decision.after}  ({decision.trigger})"
    else:
        move = f"{decision.after}  ({decision.trigger})"
    yield f"{when(decision.at)}  {name}  {move}"
    for finding in decision.findings:
        mark = "yes" if finding.holds else "no "
        yield f"{INDENT}   {mark} {finding.what} {finding.value}, asked {finding.bound}"


def _way(decision: Decision) -> Iterator[str]:
    """Yield what the way to the market is now; a new session says so by itself."""
    begins = {Connection.DISCONNECTED, Connection.RECONCILING}
    is_ordinary = decision.before in begins and decision.after == Connection.CONNECTED
    if not is_ordinary and decision.after not in begins:
        why = "".join(f": {found.value}" for found in decision.findings)
        yield f"{when(decision.at)}  market     {decision.after}{why}"


def order_words(order: Order) -> str:
    """Return an order in one line of words."""
    legs = " ".join(f"{leg.ratio:+d} {name_of(leg.instrument)}" for leg in order.legs)
    return f"{order.ref} BUY {order.quantity} x [{legs}] {price_words(order)}"


def price_words(order: Order) -> str:
    """Return the limit of one unit: what is paid (debit) or received (credit)."""
    return f"@ {_cents(abs(order.limit))} {'credit' if order.limit < 0 else 'debit'}"


def _fill(fill: Fill, names: Names) -> str:
    what = f"{fill.quantity:+d} {names.of(fill.con_id)}"
    return f"{fill.ref} {what} @ {_cents(fill.price)} ({fill.exec_id})"


def _cents(price: Decimal) -> str:
    """Return a price with two decimals, or with all of its own where it has more."""
    return f"{price:.2f}" if price == round(price, 2) else f"{price:f}"


def name_of(instrument: Instrument) -> str:
    """Return an instrument as a trader writes it: `SPXW 18-03-16 2650P`."""
    match instrument:
        case Option(trading_class=name, expiry=expiry, strike=strike, right=right):
            return f"{name} {expiry:%y-%m-%d} {strike:g}{right}"
        case Future(trading_class=name, expiry=expiry):
            return f"{name} {expiry:%y-%m-%d}"
        case _:
            return instrument.symbol
