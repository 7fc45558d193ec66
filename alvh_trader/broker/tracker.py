"""Follow orders and executions as the broker tells of them.

This replaces the library's `Trade`: nothing here ever concludes that an order ended;
it repeats the broker's own words (`OrderUpdated`) and leaves conclusions to
`execution`. Executions are taken from the message itself, so those of orders which
this session never placed are seen as well.
"""

from collections.abc import Callable

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
    number,
    terms,
)
from alvh_trader.domain.order import OrderReport, Terms, revision
from alvh_trader.domain.position import masked
from alvh_trader.engine.event import (
    CommissionReported,
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
"""Client and order number: how an order is addressed, which is not what it is."""


class Handle(Struct, eq=False):
    """One order at the broker: how to address it, and what was last said of it.

    `was_taken`: the broker once said that it has the order. `changing`: we sent a
    change and have heard nothing of the order since; `cancelling`: we sent a cancel.
    """

    ref: str
    client_id: int
    order_id: int
    perm_id: int = 0
    status: str = ""
    filled: int = 0
    terms: Terms | None = None
    was_taken: bool = False
    has_ended: bool = False
    changing: bool = False
    cancelling: bool = False
    said: OrderReport | None = None

    def report(self) -> OrderReport:
        """Return what the broker says of the order now."""
        return OrderReport(
            ref=self.ref,
            perm_id=self.perm_id,
            order_id=self.order_id,
            client_id=self.client_id,
            status=self.status,
            filled=self.filled,
            terms=self.terms,
        )


class Tracker:
    """Everything the broker said of orders in this session.

    An order is known by its permanent id as soon as it has one. Two of them may share
    a number: ids are handed out again, and a change may become an order of its own.
    """

    def __init__(self, put: Put, clock: Clock, client_id: int) -> None:
        self._put = put
        self._clock = clock
        self._client_id = client_id
        self.account = ""
        self._numbers: dict[Key, Handle] = {}
        self._handles: dict[int, Handle] = {}
        self._revisions: dict[str, int] = {}
        self._summaries: set[str] = set()
        self._commissions: set[str] = set()
        self.highest_order_id = 0

    # ------------------------------------------------------------- account ---

    @property
    def shown_account(self) -> str:
        """The account's number as it may be journaled and told."""
        return masked(self.account)

    def hide_account(self, text: str) -> str:
        """Return the broker's words without the account's number in full."""
        return text.replace(self.account, self.shown_account) if self.account else text

    # ----------------------------------------------------------- questions ---

    def live(self, ref: str) -> list[Handle]:
        """Return our orders of that name that are not known to have ended."""
        return [handle for handle in self.own(ref) if not handle.has_ended]

    def own(self, ref: str) -> list[Handle]:
        """Return our orders of that name; more than one is possible after a loss."""
        known = dict.fromkeys((*self._numbers.values(), *self._handles.values()))
        return [h for h in known if h.ref == ref and h.client_id == self._client_id]

    def by_order_id(self, order_id: int) -> Handle | None:
        """Return our order with that number, None if there is none."""
        return self._numbers.get((self._client_id, order_id))

    # -------------------------------------------------------------- sending ---

    def expect(self, handle: Handle) -> None:
        """Remember an order that is about to be sent."""
        self._numbers[handle.client_id, handle.order_id] = handle
        self.highest_order_id = max(self.highest_order_id, handle.order_id)

    def forget(self, handle: Handle) -> None:
        """The order was not sent after all."""
        self._numbers.pop((handle.client_id, handle.order_id), None)

    # -------------------------------------------------------------- hearing ---

    def on_open_order(
        self, contract: Contract, order: Order, state: OrderState
    ) -> Handle:
        """Take an openOrder message, asked for or not; return the order."""
        key = (order.clientId, order.orderId)
        handle = self._find(key, order.permId)
        if handle is None or (order.orderRef and handle.ref != order.orderRef):
            handle = Handle(
                ref=order.orderRef, client_id=order.clientId, order_id=order.orderId
            )
            # Another order under the same number: it was handed out again, or a change
            # became an order. Errors that name the number are about the newest.
            self._numbers[key] = handle
        if order.permId:
            self._handles[order.permId] = handle
        if order.clientId == self._client_id:
            self.highest_order_id = max(self.highest_order_id, order.orderId)
        handle.perm_id = order.permId or handle.perm_id
        handle.terms = terms(contract, order, self.account)
        self._say(handle, state.status)
        return handle

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
        handle = self._find((client_id, order_id), perm_id)
        if handle is None:
            return
        if perm_id:
            handle.perm_id = perm_id
            self._handles[perm_id] = handle
        handle.filled = count(filled)
        self._say(handle, status)

    def _find(self, key: Key, perm_id: int) -> Handle | None:
        handle = self._handles.get(perm_id)
        if handle is not None:
            return handle
        # Orders typed in by a person have no number of their own: 0, or negative.
        handle = self._numbers.get(key) if key[1] > 0 else None
        is_it = handle is not None and perm_id in (0, handle.perm_id or perm_id)
        return handle if is_it else None

    def completed(
        self, contract: Contract, order: Order, state: OrderState
    ) -> OrderReport:
        """Return a finished order's report; the broker no longer tells its number."""
        return OrderReport(
            ref=order.orderRef,
            perm_id=order.permId,
            order_id=0,
            client_id=0,
            status=state.status,
            filled=count(order.filledQuantity),
            terms=terms(contract, order, self.account),
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
        key = (execution.clientId, execution.orderId)
        handle = self._find(key, execution.permId)
        return "" if handle is None else handle.ref

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
