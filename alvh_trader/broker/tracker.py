"""Follow orders and executions as the broker tells of them.

This replaces the library's `Trade`: nothing here ever concludes that an order ended;
it repeats the broker's own words (`OrderUpdated`) and leaves conclusions to
`execution`. Executions are taken from the message itself, so those of orders which
this session never placed are seen as well.
"""

from collections.abc import Callable
from decimal import Decimal

from msgspec import Struct

from alvh_trader.broker.library import (
    CommissionReport,
    Contract,
    Execution,
    Order,
    OrderState,
)
from alvh_trader.broker.translate import (
    count,
    fill_of,
    limit_of,
    number,
    revision,
    terms,
)
from alvh_trader.domain.order import OrderReport
from alvh_trader.engine.event import (
    CommissionReported,
    OrderDoubted,
    OrderFilled,
    OrderUpdated,
)
from alvh_trader.ports import Clock, Put

ENDED = frozenset({"Filled", "Cancelled", "ApiCancelled"})
"""Statuses after which the broker takes neither a change nor a cancellation."""

_TAKEN = frozenset({"PreSubmitted", "Submitted", "Filled", "PendingCancel"})
"""Statuses which say that the broker did take the order."""

NO_CODE = 0
"""In an `OrderDoubted` that we raised ourselves and not the broker."""

Key = tuple[int, int]


class Handle(Struct):
    """One order at the broker: how to address it, and what was last said of it.

    `was_taken`: the broker once said that it has the order. `changing`: we sent a
    change and have heard nothing of the order since; `cancelling`: we sent a cancel.
    `sent`: the terms we sent, until the broker showed other ones (presets of the
    gateway can change an order) or if another session sent it.
    """

    ref: str
    client_id: int
    order_id: int
    quantity: int
    perm_id: int = 0
    status: str = ""
    filled: int = 0
    limit: Decimal | None = None
    was_taken: bool = False
    has_ended: bool = False
    changing: bool = False
    cancelling: bool = False
    said: OrderReport | None = None
    sent: tuple[str, ...] | None = None

    def report(self) -> OrderReport:
        """Return what the broker says of the order now."""
        return OrderReport(
            ref=self.ref,
            perm_id=self.perm_id,
            order_id=self.order_id,
            client_id=self.client_id,
            status=self.status,
            quantity=self.quantity,
            filled=self.filled,
            limit=self.limit,
        )


class Tracker:
    """Everything the broker said of orders in this session."""

    def __init__(self, put: Put, clock: Clock, client_id: int) -> None:
        self._put = put
        self._clock = clock
        self._client_id = client_id
        self.account = ""
        self._handles: dict[Key, Handle] = {}
        self._revisions: dict[str, int] = {}
        self._summaries: set[str] = set()
        self._commissions: set[str] = set()
        self.highest_order_id = 0

    # ----------------------------------------------------------- questions ---

    def live(self, ref: str) -> list[Handle]:
        """Return our orders of that name that are not known to have ended."""
        return [handle for handle in self.own(ref) if not handle.has_ended]

    def own(self, ref: str) -> list[Handle]:
        """Return our orders of that name; more than one is possible after a loss."""
        return [
            handle
            for handle in self._handles.values()
            if handle.ref == ref and handle.client_id == self._client_id
        ]

    def by_order_id(self, order_id: int) -> Handle | None:
        """Return our order with that number, None if there is none."""
        return self._handles.get((self._client_id, order_id))

    # -------------------------------------------------------------- sending ---

    def expect(self, handle: Handle) -> None:
        """Remember an order that is about to be sent."""
        self._handles[handle.client_id, handle.order_id] = handle
        self.highest_order_id = max(self.highest_order_id, handle.order_id)

    def forget(self, handle: Handle) -> None:
        """The order was not sent after all."""
        self._handles.pop((handle.client_id, handle.order_id), None)

    # -------------------------------------------------------------- hearing ---

    def on_open_order(self, contract: Contract, order: Order, state: OrderState) -> Key:
        """Take an openOrder message, asked for or not; return the order's key."""
        key = _key(order.clientId, order.orderId, order.permId)
        handle = self._handles.get(key)
        if handle is None or (order.orderRef and handle.ref != order.orderRef):
            # Another name under the same number: ids were handed out again.
            handle = self._handles[key] = Handle(
                ref=order.orderRef,
                client_id=order.clientId,
                order_id=order.orderId,
                quantity=0,
            )
        if order.clientId == self._client_id:
            self.highest_order_id = max(self.highest_order_id, order.orderId)
        handle.perm_id = order.permId or handle.perm_id
        handle.quantity = count(order.totalQuantity)
        handle.limit = limit_of(order)
        self._say(handle, state.status)
        self._compare(handle, terms(contract, order))
        return key

    def on_order_status(
        self,
        order_id: int,
        status: str,
        filled: float,
        _remaining: float,
        _average_price: float,
        perm_id: int,
        _parent_id: int,
        _last_price: float,
        client_id: int,
        *_: object,
    ) -> None:
        """Take an orderStatus message; of an order never described it says nothing."""
        handle = self._handles.get(_key(client_id, order_id, perm_id))
        if handle is None or (perm_id and handle.perm_id not in (0, perm_id)):
            return
        handle.perm_id = perm_id or handle.perm_id
        handle.filled = count(filled)
        self._say(handle, status)

    def report_of(self, key: Key) -> OrderReport | None:
        """Return what was said of the order under `key`."""
        handle = self._handles.get(key)
        return None if handle is None else handle.report()

    def completed(self, order: Order, state: OrderState) -> OrderReport:
        """Return a finished order's report; the broker no longer tells its ids."""
        return OrderReport(
            ref=order.orderRef,
            perm_id=order.permId,
            order_id=0,
            client_id=0,
            status=state.status,
            quantity=count(order.totalQuantity) or count(order.filledQuantity),
            filled=count(order.filledQuantity),
            limit=limit_of(order),
        )

    def on_execution(
        self,
        contract: Contract,
        execution: Execution,
        collect: Callable[[object], None] | None,
    ) -> None:
        """Take an execution: a row of an answer where `collect` is given, else news."""
        if execution.acctNumber != self.account:
            return
        if contract.secType == "BAG":
            # The row of a combo as a whole; its legs have rows of their own.
            self._summaries.add(execution.execId)
            return
        fill = fill_of(contract, execution, execution.orderRef or self._ref(execution))
        if collect is not None:
            collect(fill)
            return
        base, number_ = revision(fill.exec_id)
        if self._revisions.get(base, -1) >= number_:
            return
        self._revisions[base] = number_
        self._put(OrderFilled(at=self._clock.now(), fill=fill))

    def on_commission(self, report: CommissionReport) -> None:
        """Take what an execution cost; each is passed on once."""
        amount = number(report.commission)
        if (
            amount is None
            or report.execId in self._summaries
            or report.execId in self._commissions
        ):
            return
        self._commissions.add(report.execId)
        self._put(
            CommissionReported(
                at=self._clock.now(), exec_id=report.execId, amount=amount
            )
        )

    def _ref(self, execution: Execution) -> str:
        key = _key(execution.clientId, execution.orderId, execution.permId)
        handle = self._handles.get(key)
        if handle is not None and handle.perm_id in (0, execution.permId):
            return handle.ref
        return ""

    def _compare(self, handle: Handle, shown: tuple[str, ...]) -> None:
        if handle.sent is None or handle.sent == shown:
            return
        text = f"sent {' '.join(handle.sent)}, the broker shows {' '.join(shown)}"
        handle.sent = None
        self._put(
            OrderDoubted(at=self._clock.now(), ref=handle.ref, code=NO_CODE, text=text)
        )

    def _say(self, handle: Handle, status: str) -> None:
        handle.status = status
        handle.was_taken = handle.was_taken or status in _TAKEN
        handle.changing = False
        # A late Submitted does not bring an ended order back to life.
        handle.has_ended = handle.has_ended or status in ENDED
        report = handle.report()
        if not handle.ref or handle.client_id != self._client_id:
            return
        if report != handle.said:
            handle.said = report
            self._put(OrderUpdated(at=self._clock.now(), report=report))


def _key(client_id: int, order_id: int, perm_id: int) -> Key:
    # Orders typed in by a person have no number of their own: 0, or negative.
    return (client_id, order_id) if order_id > 0 else (-1, perm_id)
