"""The complete picture: orders, executions, positions and account, asked for twice.

The broker's answers are not one atomic snapshot. Positions and executions are asked
for again at the end; only if they are the same is the picture in between consistent
(reliability.md F2).
"""

from dataclasses import dataclass
from datetime import datetime

import structlog

from alvh_trader.broker.inquiry import Inquiries
from alvh_trader.broker.library import Contract, ExecutionFilter, Wire
from alvh_trader.broker.reference import Reference
from alvh_trader.broker.tracker import Tracker
from alvh_trader.broker.translate import newest, number
from alvh_trader.domain.order import Fill, OrderReport
from alvh_trader.domain.position import Account, Position
from alvh_trader.engine.event import BrokerReported
from alvh_trader.errors import BrokerError
from alvh_trader.ports import Clock

OPEN_ORDERS = "open orders"
COMPLETED_ORDERS = "completed orders"
POSITIONS = "positions"

ATTEMPTS_MAX = 3

_ACCOUNT_TAGS = {
    "NetLiquidation": "net_liquidation",
    "AvailableFunds": "available_funds",
    "InitMarginReq": "initial_margin",
    "TotalCashValue": "cash",
}

_log = structlog.get_logger(__name__)

Held = dict[int, tuple[Contract, int, float]]


@dataclass(frozen=True, slots=True)
class Reconciler:
    """Asks each question itself, waits for each End marker, and compares."""

    client: Wire
    inquiries: Inquiries
    tracker: Tracker
    reference: Reference
    clock: Clock

    async def report(self) -> BrokerReported:
        """Return a consistent picture.

        Raises:
            BrokerError: A question stayed open, or the picture kept changing.
        """
        for attempt in range(1, ATTEMPTS_MAX + 1):
            orders = await self._open_orders()
            completed = await self._completed()
            fills = await self._fills()
            held = await self._held()
            account = await self._account()
            held_after = await self._held()
            fills_after = await self._fills()
            if _same(fills, fills_after) and held == held_after:
                return BrokerReported(
                    at=self._now(),
                    account=account,
                    positions=await self._positions(held),
                    orders=orders,
                    completed=completed,
                    fills=fills,
                )
            _log.info("reconcile.moving", attempt=attempt)
        raise BrokerError(
            f"positions or executions changed during {ATTEMPTS_MAX} reports in a row"
        )

    def _now(self) -> datetime:
        return self.clock.now()

    async def _open_orders(self) -> tuple[OrderReport, ...]:
        rows = await self.inquiries.ask_kind(OPEN_ORDERS, self.client.reqAllOpenOrders)
        return tuple(handle.report() for handle in dict.fromkeys(rows))

    async def _completed(self) -> tuple[OrderReport, ...]:
        rows = await self.inquiries.ask_kind(
            COMPLETED_ORDERS, lambda: self.client.reqCompletedOrders(apiOnly=False)
        )
        return tuple({row.perm_id: row for row in rows}.values())

    async def _fills(self) -> tuple[Fill, ...]:
        rows = await self.inquiries.ask(
            "executions",
            lambda request_id: self.client.reqExecutions(request_id, ExecutionFilter()),
        )
        return newest(rows)

    async def _held(self) -> Held:
        try:
            rows = await self.inquiries.ask_kind(POSITIONS, self.client.reqPositions)
        finally:
            # The answer goes on as a stream otherwise.
            if self.client.isReady():
                self.client.cancelPositions()
        latest = {
            contract.conId: (contract, quantity, cost)
            for account, contract, quantity, cost in rows
            if account == self.tracker.account
        }
        return {con_id: row for con_id, row in latest.items() if row[1] != 0}

    async def _account(self) -> Account:
        asked: list[int] = []

        def send(request_id: int) -> None:
            asked.append(request_id)
            self.client.reqAccountSummary(request_id, "All", ",".join(_ACCOUNT_TAGS))

        try:
            rows = await self.inquiries.ask("account values", send)
        finally:
            if asked and self.client.isReady():
                self.client.cancelAccountSummary(asked[0])
        values = {
            _ACCOUNT_TAGS[tag]: number(value)
            for account, tag, value in rows
            if account == self.tracker.account and tag in _ACCOUNT_TAGS
        }
        known = {name: value for name, value in values.items() if value is not None}
        missing = [tag for tag, name in _ACCOUNT_TAGS.items() if name not in known]
        if missing:
            raise BrokerError(f"account values without {', '.join(missing)}")
        return Account(account_id=self.tracker.shown_account, **known)

    async def _positions(self, held: Held) -> tuple[Position, ...]:
        return tuple(
            [
                Position(
                    await self.reference.resolve(self.client, contract), quantity, cost
                )
                for contract, quantity, cost in held.values()
            ]
        )


def _same(before: tuple[Fill, ...], after: tuple[Fill, ...]) -> bool:
    return {_mark(fill) for fill in before} == {_mark(fill) for fill in after}


def _mark(fill: Fill) -> tuple[str, int, str]:
    return fill.exec_id, fill.quantity, str(fill.price)
