"""The blotter: what each trade of an order consists of, booked and numbered."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from alvh_trader.sim import combo
from alvh_trader.sim.board import Board
from alvh_trader.sim.ledger import Ledger
from alvh_trader.sim.legging import LegTrade
from alvh_trader.sim.matching import Trade
from alvh_trader.sim.model import Execution, Listing, OrderLeg, SimOrder, Top

_NET = Decimal("0.0001")


class Blotter:
    """Today's executions. It tells the account's ledger of every leg."""

    def __init__(self, board: Board, ledgers: Mapping[str, Ledger]) -> None:
        self._board = board
        self._ledgers = ledgers
        self._executions: list[Execution] = []
        self._trades = 0

    @property
    def executions(self) -> tuple[Execution, ...]:
        """Today's rows, oldest first."""
        return tuple(self._executions)

    def begin_day(self) -> None:
        """Forget yesterday's rows; their numbers stay used."""
        self._executions.clear()

    def record(
        self, order: SimOrder, trade: Trade, tops: Sequence[Top], now: float
    ) -> tuple[Execution, ...]:
        """Book the legs; return the summary row of a combo, then one row a leg."""
        self._trades += 1
        at = datetime.fromtimestamp(now, UTC)
        sign = 1 if order.action == "BUY" else -1
        is_combo = order.sec_type == "BAG"
        if is_combo:
            prices = combo.leg_prices(order.legs, tops, trade.price)
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
        self._executions += rows
        return tuple(rows)

    def record_legs(
        self,
        before: SimOrder,
        order: SimOrder,
        made: Sequence[LegTrade],
        done: Sequence[int],
        now: float,
    ) -> tuple[Execution, ...]:
        """Book legs that traded each for itself; `order` is how it stands after them.

        `done` is what each leg has traded in all. The summary row comes with every
        whole combo (assumption), at the average of those that it completes.
        """
        self._trades += 1
        at = datetime.fromtimestamp(now, UTC)
        rows = []
        units = order.filled - before.filled
        if units:
            paid = order.average_price * order.filled
            paid -= before.average_price * before.filled
            net = Trade(units, (paid / units).quantize(_NET))
            rows.append(self._row(order, net, 0, at))
        for place, quantity, price in made:
            leg = order.legs[place]
            listing = self._board.listed.by_id(leg.con_id)
            assert listing is not None, "a resting order on nothing listed"
            buys = (order.action == "BUY") == (leg.action == "BUY")
            signed = quantity if buys else -quantity
            row = self._row(order, Trade(quantity, price), place + 1, at)
            booked = self._booked(row, listing, signed, price, leg, order)
            rows.append(replace(booked, cumulative=done[place]))
        self._executions += rows
        return tuple(rows)

    def amend(self, exec_id: str, price: Decimal | None) -> Execution | None:
        """Correct the price of a leg's trade, or take it back (None); fees stay.

        The row's id then ends with the next version's number [doc, reqExecutions].
        """
        place = next(
            (n for n, it in enumerate(self._executions) if it.exec_id == exec_id), None
        )
        if place is None:
            return None
        row = self._executions[place]
        listing = self._board.listed.by_id(row.con_id)
        if listing is None:
            return None
        signed = row.quantity if row.side == "BOT" else -row.quantity
        ledger = self._ledgers[row.account]
        ledger.book(listing, -signed, row.price, Decimal(0))
        if price is not None:
            ledger.book(listing, signed, price, Decimal(0))
        stem, _, version = exec_id.rpartition(".")
        row = replace(
            row,
            exec_id=f"{stem}.{int(version) + 1:02d}",
            price=row.price if price is None else price,
            quantity=0 if price is None else row.quantity,
        )
        self._executions[place] = row
        return row

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
        ledger = self._ledgers[order.account]
        fee, realized = ledger.trade(listing, quantity, price)
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
