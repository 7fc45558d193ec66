"""The exchange and the books of a broker, for tests: what is true, whoever heard it."""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal

from msgspec import Struct

from alvh_trader.domain.instrument import Future, Instrument, Option
from alvh_trader.domain.order import Fill, Order, OrderReport
from alvh_trader.domain.position import Account, Position
from alvh_trader.engine.event import BrokerReported
from alvh_trader.portfolio.case import Case as Condor

ACCOUNT = Account(
    account_id="DU1",
    net_liquidation=900_000.0,
    available_funds=800_000.0,
    initial_margin=50_000.0,
    cash=900_000.0,
)


class Work(Struct, kw_only=True):
    """An order on the broker's book; `legs` counts what each leg has traded."""

    order: Order
    perm_id: int
    legs: dict[int, int] = {}

    @property
    def filled(self) -> int:
        """Whole units."""
        return min(
            self.legs.get(leg.instrument.con_id, 0) // leg.ratio
            for leg in self.order.legs
        )


class Broker:
    """The exchange and the broker's books: what is true, whatever the engine heard."""

    def __init__(self, held: Condor | None) -> None:
        positions = () if held is None else held.positions()
        self.positions = {p.instrument.con_id: p for p in positions}
        self.account = ACCOUNT
        self.working: dict[str, Work] = {}
        self.ended: list[OrderReport] = []
        self.fills: list[Fill] = []
        self.received: list[Order] = []
        self._numbers = 0

    def number(self) -> int:
        """Return a number never given before."""
        self._numbers += 1
        return self._numbers

    def report(self, work: Work, status: str) -> OrderReport:
        """Return what the broker says of an order."""
        return OrderReport(
            ref=work.order.ref,
            perm_id=work.perm_id,
            order_id=work.perm_id,
            client_id=17,
            status=status,
            filled=work.filled,
            terms=work.order.terms,
        )

    def accept(self, order: Order) -> OrderReport:
        """Put an order on the book."""
        assert all(order.ref != o.ref for o in self.received), "a reference twice"
        self.received.append(order)
        work = Work(order=order, perm_id=self.number())
        self.working[order.ref] = work
        return self.report(work, "Submitted")

    def reprice(self, order: Order) -> OrderReport | None:
        """Change a limit; None where the order is not on the book any more."""
        work = self.working.get(order.ref)
        if work is None:
            return None
        work.order = order
        return self.report(work, "Submitted")

    def end(self, ref: str, status: str = "Cancelled") -> OrderReport | None:
        """Take an order off the book; None where it is not on it."""
        work = self.working.pop(ref, None)
        if work is None:
            return None
        self.ended.append(self.report(work, status))
        return self.ended[-1]

    def trade(
        self,
        ref: str,
        units: int,
        at: datetime,
        price: Callable[[Option | Future], Decimal],
    ) -> tuple[list[Fill], OrderReport | None]:
        """Fill units of an order, all legs; the report says so where it is done."""
        work = self.working[ref]
        made = [
            self.execute(work, leg.instrument, leg.ratio * units, at, price)
            for leg in work.order.legs
        ]
        if work.filled < work.order.quantity:
            return made, self.report(work, "Submitted")
        return made, self.end(ref, "Filled")

    def execute(
        self,
        work: Work,
        option: Option | Future,
        quantity: int,
        at: datetime,
        price: Callable[[Option | Future], Decimal],
    ) -> Fill:
        """Let one leg trade, and book it."""
        work.legs[option.con_id] = work.legs.get(option.con_id, 0) + quantity
        fill = Fill(
            exec_id=f"0000e0d5.{self.number():08d}.01.01",
            ref=work.order.ref,
            perm_id=work.perm_id,
            con_id=option.con_id,
            quantity=quantity,
            price=price(option),
            at=at,
        )
        self.fills.append(fill)
        self.hold(option, quantity)
        return fill

    def hold(self, instrument: Instrument, change: int) -> None:
        """Change a position."""
        before = self.positions.get(instrument.con_id)
        now = (before.quantity if before else 0) + change
        cost = before.average_cost if before else 100.0
        self.positions[instrument.con_id] = Position(instrument, now, cost)
        if now == 0:
            del self.positions[instrument.con_id]

    def begin_day(self, day: date) -> None:
        """Forget yesterday's orders and executions, and settle what has expired."""
        for ref in tuple(self.working):
            self.end(ref)
        self.fills.clear()
        self.ended.clear()
        for con_id, position in tuple(self.positions.items()):
            held = position.instrument
            if isinstance(held, Option) and held.last_trade < day:
                del self.positions[con_id]

    def reported(self, at: datetime) -> BrokerReported:
        """Return a complete reconciliation as of now."""
        return BrokerReported(
            at=at,
            account=self.account,
            positions=tuple(self.positions.values()),
            orders=tuple(self.report(w, "Submitted") for w in self.working.values()),
            completed=tuple(self.ended),
            fills=tuple(self.fills),
        )
