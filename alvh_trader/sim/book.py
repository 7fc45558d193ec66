"""The order book of all accounts: orders resting, their trades, and today's ends.

An order is PreSubmitted while it waits: for the session, for a time of day, for its
parent to trade, or for the market to reach its stop. Then it is Submitted, and meets
the market at every instant. It ends exactly once: Filled or Cancelled.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from msgspec import structs

from alvh_trader.sim import legging, ties, times, trigger
from alvh_trader.sim.blotter import Blotter
from alvh_trader.sim.board import Board
from alvh_trader.sim.fills import FillModel
from alvh_trader.sim.kinds import AT_ONCE
from alvh_trader.sim.ledger import Ledger
from alvh_trader.sim.matching import Trade
from alvh_trader.sim.model import (
    Accepted,
    Ended,
    Execution,
    Report,
    Restated,
    SimOrder,
    Status,
    Top,
    Traded,
)
from alvh_trader.sim.resting import Resting
from alvh_trader.sim.tampering import Tampering
from alvh_trader.sim.venue import Venue
from alvh_trader.sim.waiting import Waiting

AUCTION_DEPTH = 10
"""An auction gathers so many times what the quote displays (an assumption). Combos do
not take part in any."""

_FIRST_PERM_ID = 1_610_000_001


class Book:
    """Resting orders, oldest first. It asks `board` for prices and tells `ledgers`."""

    def __init__(
        self, seed: int, board: Board, ledgers: Mapping[str, Ledger], fills: FillModel
    ) -> None:
        self._board = board
        self._venue = Venue(seed, board, fills)
        self._blotter = Blotter(board, ledgers)
        self._resting: dict[int, Resting] = {}
        self._completed: list[SimOrder] = []
        self._next_perm_id = _FIRST_PERM_ID
        self.tampering = Tampering(self._blotter, self.of, self.force)

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
        order = replace(order, why_held=self._why_held(order))
        works = is_open and not order.why_held and not times.waits(order, now)
        status = Status.SUBMITTED if works else Status.PRE_SUBMITTED
        order = replace(order, status=status)
        self._resting[order.perm_id] = Resting(
            order, Waiting(now + self._venue.latency)
        )
        accepted = Accepted(order=order)
        if order.tif in AT_ONCE and not is_open:
            return (accepted, *self._give_up(order.perm_id))
        return (accepted,)

    def change(self, order: SimOrder, now: float) -> tuple[Report, ...]:
        """Take the new terms of a resting order, checked before."""
        resting = self._resting[order.perm_id]
        held = resting.order
        changed = replace(
            held,
            quantity=order.quantity,
            limit=order.limit,
            order_type=order.order_type,
            tif=order.tif,
            handling=order.handling,
        )
        waiting = Waiting(now + self._venue.latency)
        self._resting[order.perm_id] = Resting(
            changed, waiting, progress=resting.progress
        )
        return (Accepted(order=changed, modified=True),)

    def resting(self, perm_id: int) -> SimOrder | None:
        """Return a resting order."""
        resting = self._resting.get(perm_id)
        return None if resting is None else resting.order

    def is_uneven(self, perm_id: int) -> bool:
        """Return whether one leg of a resting order has traded more than another."""
        resting = self._resting[perm_id]
        return resting.begun != resting.order.filled

    def ended(self, perm_id: int) -> SimOrder | None:
        """Return an order that ended today."""
        return next((it for it in self._completed if it.perm_id == perm_id), None)

    def of(self, perm_id: int) -> SimOrder | None:
        """Return an order, resting or ended today."""
        return self.resting(perm_id) or self.ended(perm_id)

    def force(self, perm_id: int, quantity: int, now: float) -> tuple[Report, ...]:
        """Let an order trade at its limit that no market traded with.

        It may be more than was left of it, and the order may have ended: then it is
        filled all the same. Nothing happens to one that has no limit.
        """
        order = self.of(perm_id)
        if order is None or order.limit is None:
            return ()
        trade = Trade(quantity, order.limit, takes=False)
        tops, _ = self._venue.market(order, now)
        resting = self._resting.get(perm_id)
        if resting is not None and quantity <= order.remaining:
            return self._trade(resting, trade, tops, now)
        self._resting.pop(perm_id, None)
        self._completed = [it for it in self._completed if it.perm_id != perm_id]
        filled = order.filled + quantity
        paid = order.average_price * order.filled + trade.price * quantity
        order = replace(
            order, filled=filled, average_price=paid / filled, status=Status.FILLED
        )
        self._completed.append(order)
        rows = self._blotter.record(order, trade, tops, now)
        return (Traded(order=order, executions=rows),)

    def cancel(self, perm_id: int, reason: str) -> tuple[Report, ...]:
        """End a resting order, and its children, unless it traded before."""
        resting = self._resting.pop(perm_id)
        ended = replace(resting.order, status=Status.CANCELLED, why_held="")
        self._completed.append(ended)
        reports: list[Report] = [Ended(order=ended, reason=reason)]
        for child in ties.children(self.open, perm_id):
            if not ended.filled:
                reports += self.cancel(child.perm_id, reason)
                continue
            # The broker's documents are silent here: what protects a position is not
            # to be larger than it (assumption).
            smaller = replace(child, quantity=min(child.quantity, ended.filled))
            reports.append(self._freed(smaller))
        return tuple(reports)

    # -------------------------------------------------------------------- time ---

    def begin_day(self) -> None:
        """Forget yesterday's executions and completed orders."""
        self._completed.clear()
        self._blotter.begin_day()
        self._venue.begin_day()
        for resting in self._resting.values():
            # Overnight the market may have passed it: it opens like a new order.
            resting.waiting = Waiting(resting.waiting.seen_at)

    def lapse(self, now: float, *, keeps_evening: bool = False) -> tuple[Report, ...]:
        """End at the close every order that does not outlive the session.

        Where a curb follows, what may trade in it stays (`keeps_evening`).
        """
        return self._cancel_all(
            r.order.perm_id
            for r in self._resting.values()
            if times.ends_with_session(r.order, now)
            and not (keeps_evening and r.order.handling.outside_hours)
        )

    def drop(self, con_ids: set[int]) -> tuple[Report, ...]:
        """End every order on a series that is no longer listed."""
        return self._cancel_all(
            p
            for p, r in self._resting.items()
            if con_ids & {leg.con_id for leg in r.order.legs}
        )

    def match(self, now: float, *, evening: bool = False) -> tuple[Report, ...]:
        """Let every order that rested before `now` meet the market once.

        In the evening only those do that may trade outside regular hours.
        """
        reports: list[Report] = []
        if self.tampering.is_halted:
            return ()
        for perm_id, resting in list(self._resting.items()):
            if evening and not resting.order.handling.outside_hours:
                continue
            if perm_id in self._resting and resting.waiting.look(now):
                reports += self._meet(resting, now)
        return tuple(reports)

    def auction(self, now: float, *, opens: bool) -> tuple[Report, ...]:
        """Let the orders for the opening, or for the close, trade, and end the rest.

        They trade at the far side of the auction's quote, if their limit is not behind
        it, one after the other as much as has gathered there (see `AUCTION_DEPTH`).
        """
        reports: list[Report] = []
        taken: Counter[tuple[int, str]] = Counter()
        for perm_id, resting in list(self._resting.items()):
            order = resting.order
            takes_part = times.at_open(order) if opens else times.at_close(order)
            if not takes_part or perm_id not in self._resting or order.why_held:
                continue
            resting.waiting = Waiting(now)
            tops, market = self._venue.market(order, now)
            side = order.legs[0].con_id, order.action
            bid_size, ask_size = (
                max(AUCTION_DEPTH * shown - taken[side], 0)
                for shown in (market.bid_size, market.ask_size)
            )
            market = structs.replace(market, bid_size=bid_size, ask_size=ask_size)
            trade = self._venue.match(order, market, resting.waiting)
            if trade is not None:
                taken[side] += trade.quantity
                trade = replace(trade, takes=False)
                reports += self._trade(resting, trade, tops, now)
            if perm_id in self._resting:
                reports += self.cancel(perm_id, "")
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
        return self._blotter.executions

    # ----------------------------------------------------------------- waiting ---

    def _why_held(self, order: SimOrder) -> str:
        parent_rests = order.handling.parent in self._resting
        reasons = ("child",) if parent_rests else ()
        if trigger.sleeps(order):
            reasons = (*reasons, "trigger")
        return ",".join(reasons)

    def _freed(self, child: SimOrder) -> Restated:
        """Let a child go to work whose parent has traded, or wait for its stop."""
        resting = self._resting[child.perm_id]
        why = "trigger" if trigger.sleeps(child) else ""
        resting.order = replace(child, why_held=why)
        return Restated(order=resting.order)

    def _give_up(self, perm_id: int) -> tuple[Report, ...]:
        """End what does not wait for a second look: first pending, then cancelled."""
        resting = self._resting[perm_id]
        pending = replace(resting.order, status=Status.PENDING_CANCEL, why_held="")
        return (Restated(order=pending), *self.cancel(perm_id, ""))

    def _cancel_all(self, perm_ids: Iterable[int]) -> tuple[Report, ...]:
        reports: list[Report] = []
        for perm_id in list(perm_ids):
            if perm_id in self._resting:
                reports += self.cancel(perm_id, "expired")
        return tuple(reports)

    # ------------------------------------------------------------------ trades ---

    def _meet(self, resting: Resting, now: float) -> tuple[Report, ...]:
        order = resting.order
        if times.is_over(order, now):
            return self.cancel(order.perm_id, "expired")
        if times.at_open(order) or times.at_close(order):
            return ()
        tops, market = self._venue.market(order, now)
        reports: tuple[Report, ...] = ()
        if order.status is Status.PRE_SUBMITTED:
            is_child = ties.is_child_of(order, self._resting)
            if is_child or not resting.wakes(market, now, self._board.listed.by_id):
                return ()
            order = resting.order
            reports = (Restated(order=order),)
        if not order.handling.is_guaranteed:
            reports += self._trade_legs(resting, market, tops, now)
            return reports
        trade = self._venue.match(order, market, resting.waiting)
        trade = self.tampering.capped(order, trade)
        if trade is not None and times.is_enough(order, trade.quantity):
            reports += self._trade(resting, trade, tops, now)
        if order.tif in AT_ONCE and order.perm_id in self._resting:
            reports += self._give_up(order.perm_id)
        return reports

    def _trade(
        self, resting: Resting, trade: Trade, tops: Sequence[Top], now: float
    ) -> tuple[Report, ...]:
        before = resting.order
        filled = before.filled + trade.quantity
        paid = before.average_price * before.filled + trade.price * trade.quantity
        order = self._fill(resting, filled, paid / filled)
        rows = self._blotter.record(order, trade, tops, now)
        if trade.takes:
            self._venue.take(rows, now)
        traded = Traded(order=order, executions=rows)
        return (traded, *self._consequences(before, trade.quantity))

    def _trade_legs(
        self, resting: Resting, market: Top, tops: Sequence[Top], now: float
    ) -> tuple[Report, ...]:
        """Let every leg of a combo that is not guaranteed trade for itself."""
        before = resting.order
        left = before.remaining
        progress = resting.progress or legging.started(before.legs)
        market = structs.replace(market, bid_size=left, ask_size=left)
        wanted = self._venue.match(before, market, resting.waiting)
        wanted = self.tampering.capped(before, wanted)
        made = legging.trades(before, tops, progress, wanted)
        reports: tuple[Report, ...] = ()
        if made:
            for it in made:
                progress.add(it)
            resting.progress = progress
            average = progress.net if progress.units else before.average_price
            order = self._fill(resting, progress.units, average)
            rows = self._blotter.record_legs(before, order, made, progress.done, now)
            self._venue.take(rows, now)
            reports = (Traded(order=order, executions=rows),)
            units = order.filled - before.filled
            reports += tuple(self._consequences(before, units)) if units else ()
        if before.tif in AT_ONCE and before.perm_id in self._resting:
            reports += self._give_up(before.perm_id)
        return reports

    def _fill(self, resting: Resting, filled: int, average: Decimal) -> SimOrder:
        """Return the order with so much filled; take it off the book if that is all."""
        done = filled == resting.order.quantity
        order = resting.order = replace(
            resting.order,
            filled=filled,
            average_price=average,
            status=Status.FILLED if done else Status.SUBMITTED,
        )
        if done:
            del self._resting[order.perm_id]
            self._completed.append(order)
        return order

    def _consequences(self, before: SimOrder, quantity: int) -> Iterator[Report]:
        """Tell the group and the children of an order that traded."""
        for other in ties.others(self.open, before):
            resting = self._resting.get(other.perm_id)
            if resting is None:
                continue
            left = ties.reduced(other, before, quantity)
            smaller = max(other.filled + left, resting.begun)
            if smaller == other.filled:
                yield from self.cancel(other.perm_id, "")
            elif smaller < other.quantity:
                resting.order = replace(other, quantity=smaller)
                yield Restated(order=resting.order)
        if quantity == before.remaining:
            for child in ties.children(self.open, before.perm_id):
                yield self._freed(child)
