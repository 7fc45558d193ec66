"""The order book of the one account: orders resting, their trades, and today's ends."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal

from alvh_trader.sim import matching
from alvh_trader.sim.board import Board
from alvh_trader.sim.ledger import Ledger
from alvh_trader.sim.matching import Dice, Trade
from alvh_trader.sim.model import (
    Accepted,
    Ended,
    Execution,
    Listing,
    OrderLeg,
    Refusal,
    Report,
    SimOrder,
    Status,
    Top,
    Traded,
)

_FIRST_PERM_ID = 1_610_000_001
_LONGEST_WAIT = 60.0


@dataclass(slots=True)
class Resting:
    """An order on the book, and when it was last looked at (POSIX seconds)."""

    order: SimOrder
    seen_at: float


class Book:
    """Resting orders, oldest first. It asks `board` for prices and tells `ledger`."""

    def __init__(self, seed: int, board: Board, ledger: Ledger) -> None:
        self._seed = seed
        self._board = board
        self._ledger = ledger
        self._resting: dict[int, Resting] = {}
        self._completed: list[SimOrder] = []
        self._executions: list[Execution] = []
        self._next_perm_id = _FIRST_PERM_ID
        self._trades = 0

    # ---------------------------------------------------------------- requests ---

    def named(self, order: SimOrder) -> SimOrder:
        """Return the order with a perm id of its own, as new."""
        perm_id = order.perm_id
        if not perm_id:
            perm_id = self._next_perm_id
            self._next_perm_id += 1
        return replace(
            order,
            perm_id=perm_id,
            status=Status.PRE_SUBMITTED,
            filled=0,
            average_price=Decimal(0),
        )

    def add(self, order: SimOrder, now: float, *, is_open: bool) -> tuple[Report, ...]:
        """Put an order, checked before, on the book."""
        status = Status.SUBMITTED if is_open else Status.PRE_SUBMITTED
        order = replace(order, status=status)
        self._resting[order.perm_id] = Resting(order, now)
        return (Accepted(order=order),)

    def change(self, order: SimOrder, now: float) -> tuple[Report, ...]:
        """Take new quantity, limit and type of a resting order, checked before."""
        resting = self._resting[order.perm_id]
        changed = replace(
            resting.order,
            quantity=order.quantity,
            limit=order.limit,
            order_type=order.order_type,
        )
        self._resting[order.perm_id] = Resting(changed, now)
        return (Accepted(order=changed, modified=True),)

    def resting(self, perm_id: int) -> SimOrder | None:
        """Return a resting order."""
        resting = self._resting.get(perm_id)
        return None if resting is None else resting.order

    def refuse_absent(self, order: SimOrder, *, modify: bool) -> Refusal:
        """Return why an order that does not rest cannot be changed or cancelled."""
        done = next((o for o in self._completed if o.perm_id == order.perm_id), None)
        if done is None:
            code = 135 if modify else 10147
            text = f"Can't find order with ID = {order.order_id}"
            if not modify:
                text = (
                    f"OrderId {order.order_id} that needs to be cancelled is not found."
                )
            return Refusal(order=order, code=code, text=text)
        if modify:
            return Refusal(order=done, code=104, text="Cannot modify a filled order.")
        text = (
            f"OrderId {done.order_id} that needs to be cancelled cannot be cancelled, "
            f"state: {done.status}."
        )
        return Refusal(order=done, code=10148, text=text)

    def cancel(self, perm_id: int, reason: str) -> tuple[Report, ...]:
        """End a resting order."""
        resting = self._resting.pop(perm_id)
        ended = replace(resting.order, status=Status.CANCELLED)
        self._completed.append(ended)
        return (Ended(order=ended, reason=reason),)

    # -------------------------------------------------------------------- time ---

    def begin_day(self) -> None:
        """Forget yesterday's executions and completed orders; orders now work."""
        self._completed.clear()
        self._executions.clear()
        for resting in self._resting.values():
            resting.order = replace(resting.order, status=Status.SUBMITTED)

    def lapse(self) -> tuple[Report, ...]:
        """End every DAY order at the close."""
        day = [p for p, r in self._resting.items() if r.order.tif == "DAY"]
        return tuple(report for p in day for report in self.cancel(p, "expired"))

    def drop(self, con_ids: set[int]) -> tuple[Report, ...]:
        """End every order on a series that is no longer listed."""
        gone = [
            p
            for p, r in self._resting.items()
            if con_ids & {leg.con_id for leg in r.order.legs}
        ]
        return tuple(report for p in gone for report in self.cancel(p, "expired"))

    def match(self, now: float) -> tuple[Report, ...]:
        """Let every order that rested before `now` meet the market once."""
        reports: list[Report] = []
        for resting in list(self._resting.values()):
            elapsed = min(now - resting.seen_at, _LONGEST_WAIT)
            if elapsed <= 0:
                continue
            resting.seen_at = now
            order = resting.order
            tops = self._board.tops([leg.con_id for leg in order.legs])
            dice = Dice(self._seed, order.perm_id, order.order_ref, int(now))
            trade = matching.match(order, self._market(order, tops), elapsed, dice)
            if trade is not None:
                reports.append(self._trade(resting, trade, tops, now))
        return tuple(reports)

    @property
    def open(self) -> tuple[SimOrder, ...]:
        """Orders on the book, oldest first."""
        return tuple(resting.order for resting in self._resting.values())

    @property
    def completed(self) -> tuple[SimOrder, ...]:
        """Today's ended orders."""
        return tuple(self._completed)

    @property
    def executions(self) -> tuple[Execution, ...]:
        """Today's trades."""
        return tuple(self._executions)

    # ------------------------------------------------------------------ trades ---

    def _market(self, order: SimOrder, tops: Sequence[Top]) -> Top:
        return tops[0] if order.sec_type != "BAG" else self._board.combo(order.legs)

    def _trade(
        self, resting: Resting, trade: Trade, tops: Sequence[Top], now: float
    ) -> Traded:
        order = resting.order
        filled = order.filled + trade.quantity
        paid = order.average_price * order.filled + trade.price * trade.quantity
        done = filled == order.quantity
        order = resting.order = replace(
            order,
            filled=filled,
            average_price=paid / filled,
            status=Status.FILLED if done else Status.SUBMITTED,
        )
        rows = self._rows(order, trade, tops, datetime.fromtimestamp(now, UTC))
        self._executions += rows
        if done:
            del self._resting[order.perm_id]
            self._completed.append(order)
        return Traded(order=order, executions=rows)

    def _rows(
        self, order: SimOrder, trade: Trade, tops: Sequence[Top], at: datetime
    ) -> tuple[Execution, ...]:
        """Book the legs; return the summary row of a combo, then one row a leg."""
        self._trades += 1
        sign = 1 if order.action == "BUY" else -1
        is_combo = order.sec_type == "BAG"
        if is_combo:
            prices = matching.leg_prices(order.legs, tops, trade.price)
        else:
            prices = [trade.price]
        rows = [self._row(order, trade, 0, at)] if is_combo else []
        for number, (leg, price) in enumerate(zip(order.legs, prices, strict=True), 1):
            listing = self._board.listed.by_id(leg.con_id)
            assert listing is not None, "a resting order on nothing listed"
            leg_sign = sign if not is_combo or leg.action == "BUY" else -sign
            quantity = leg_sign * leg.ratio * trade.quantity
            row = self._row(order, trade, number, at)
            rows.append(self._booked(row, listing, quantity, price, leg, order))
        return tuple(rows)

    def _row(
        self, order: SimOrder, trade: Trade, number: int, at: datetime
    ) -> Execution:
        return Execution(
            exec_id=f"{order.perm_id:08x}.{self._trades:08x}.{number:02d}.01",
            perm_id=order.perm_id,
            client_id=order.client_id,
            order_id=order.order_id,
            order_ref=order.order_ref,
            at=at,
            account=order.account,
            con_id=0,
            side="BOT" if order.action == "BUY" else "SLD",
            quantity=trade.quantity,
            price=trade.price,
            cumulative=order.filled,
            average_price=order.average_price,
        )

    def _booked(
        self,
        row: Execution,
        listing: Listing,
        quantity: int,
        price: Decimal,
        leg: OrderLeg,
        order: SimOrder,
    ) -> Execution:
        fee, realized = self._ledger.trade(listing, quantity, price)
        return replace(
            row,
            con_id=listing.con_id,
            side="BOT" if quantity > 0 else "SLD",
            quantity=abs(quantity),
            price=price,
            cumulative=order.filled * leg.ratio,
            average_price=order.average_price if order.sec_type != "BAG" else price,
            commission=fee,
            realized=realized,
        )
