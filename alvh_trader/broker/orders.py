"""Send orders, changes and cancellations: the last lines before the socket.

Nothing is ever repeated here. What cannot be sent comes back as `OrderNotSent` (no
byte left) or, where something may be live already, as `OrderDoubted`.
"""

import asyncio
from collections.abc import Callable

import structlog

from alvh_trader.broker.faults import CANCELLED, NUMBER_TAKEN, Fault
from alvh_trader.broker.guard import FrameGuard, FrameRefusedError, Intent, Stops
from alvh_trader.broker.inquiry import FIRST_REQUEST_ID
from alvh_trader.broker.library import OrderState, OrderWire
from alvh_trader.broker.options import LIVE, BrokerOptions
from alvh_trader.broker.pace import Bucket
from alvh_trader.broker.tracker import NO_CODE, Handle, Tracker
from alvh_trader.broker.translate import broker_order, number, order_contract
from alvh_trader.domain.order import Order
from alvh_trader.engine.command import (
    CancelOrder,
    PlaceOrder,
    PreviewMargin,
    RepriceOrder,
)
from alvh_trader.engine.event import (
    ControlTripped,
    MarginPreviewed,
    OrderDoubted,
    OrderNotSent,
    OrderRefused,
    OrderUpdated,
)
from alvh_trader.errors import BrokerError
from alvh_trader.ports import Clock, Put
from alvh_trader.risk.gate import Approved, RollPermit

ORDER_TOKENS = (2.0, 3)
CANCEL_TOKENS = (5.0, 10)
"""How many a second, and how many at once. Cancellations have a reserve of their own,
which no order can take (see `broker.pace`)."""

_log = structlog.get_logger(__name__)


class OrderDesk:
    """Sends what the engine decided, if nothing at the socket forbids it.

    `obstacle` says why the session cannot take an order now, None if it can.
    """

    def __init__(
        self,
        options: BrokerOptions,
        put: Put,
        clock: Clock,
        obstacle: Callable[[], str | None],
        stops: Stops,
    ) -> None:
        self._guard = FrameGuard(clock.now, stops.is_written, options.order_rates)
        self.check = self._guard.check
        self._stops = stops
        self._options = options
        self._put = put
        self._clock = clock
        self._obstacle = obstacle
        self._next_id = options.next_order_id
        self.told_id = 0
        """The number that the gateway would have given the next order."""

        self._client: OrderWire | None = None
        self._tracker: Tracker | None = None
        self._previews: dict[int, asyncio.Future[OrderState | None]] = {}
        self._used: set[RollPermit] = set()
        self._orders = Bucket(*ORDER_TOKENS)
        self._cancels = Bucket(*CANCEL_TOKENS)
        self._consents: set[str] = set()

    def start(self, client: OrderWire, tracker: Tracker) -> None:
        """A session is up; orders still wait for its first report."""
        self._client = client
        self._tracker = tracker
        self._guard.begin()

    def stop(self) -> None:
        """The session is gone: previews get no answer any more."""
        self._client = None
        self._tracker = None
        for future in self._previews.values():
            if not future.done():
                future.set_result(None)

    def on_next_valid_id(self, order_id: int) -> None:
        """Never below what the journal remembers: the gateway's ids can roll back.

        Raises:
            BrokerError: Order ids have reached the numbers used for requests.
        """
        if order_id >= FIRST_REQUEST_ID:
            raise BrokerError(
                f"the gateway's next order id is {order_id}: reset its order ids"
            )
        self.told_id = order_id
        self._next_id = max(self._next_id, order_id)

    # -------------------------------------------------------------- sending ---

    def place(self, command: PlaceOrder) -> None:
        """Write a new order to the socket, once."""
        order = command.approved.order
        reason = self._reason_not_to_send(command.approved) or self._is_late(
            command.approved
        )
        if reason is not None:
            self._not_sent(order.ref, reason)
            return
        client, tracker = self._session()
        if tracker.own(order.ref):
            self._doubt(order.ref, NO_CODE, "an order of this name is there already")
            return
        order_id = self._take_id(tracker)
        handle = Handle(
            ref=order.ref,
            client_id=self._options.client_id,
            order_id=order_id,
        )
        tracker.expect(handle)
        try:
            self._write(client, tracker, command.approved, handle)
        except (ConnectionError, FrameRefusedError) as error:
            tracker.forget(handle)
            self._not_left(order.ref, error)

    def reprice(self, command: RepriceOrder) -> None:
        """Send the same order again under its own number, with another limit."""
        order = command.approved.order
        reason = self._reason_not_to_send(command.approved)
        if reason is None:
            _, tracker = self._session()
            live = tracker.live(order.ref)
            if not live:
                reason = "no live order of this name is known in this session"
            elif len(live) > 1:
                reason = f"{len(live)} live orders have this name"
        if reason is not None:
            self._not_sent(order.ref, reason)
            return
        client, tracker = self._session()
        handle = tracker.live(order.ref)[0]
        handle.changing = True
        handle.said = None
        try:
            self._write(client, tracker, command.approved, handle)
        except (ConnectionError, FrameRefusedError) as error:
            handle.changing = False
            self._not_left(order.ref, error)

    def cancel(self, command: CancelOrder) -> None:
        """Ask for the cancellation of every live order of that name."""
        client, tracker = self._client, self._tracker
        if client is None or tracker is None or not client.isReady():
            self._doubt(command.ref, NO_CODE, "not connected: the cancel was not sent")
            return
        handles = tracker.own(command.ref)
        if not handles:
            self._doubt(command.ref, NO_CODE, "not known in this session")
        for handle in handles:
            if handle.has_ended:
                self._put(OrderUpdated(at=self._clock.now(), report=handle.report()))
                continue
            if not self._cancels.take(self._clock.now()):
                self._doubt(command.ref, NO_CODE, "no token is left: not cancelled")
                return
            handle.cancelling = True
            handle.said = None
            client.cancelOrder(handle.order_id)
            _log.info("order.cancel", ref=handle.ref, order_id=handle.order_id)

    async def preview(self, command: PreviewMargin) -> None:
        """Ask what the order would do to the margin; silence and nonsense are None."""
        order = command.order
        state = await self._what_if(order)
        self._put(
            MarginPreviewed(
                at=self._clock.now(),
                ref=order.ref,
                initial_margin_change=number(state and state.initMarginChange),
                initial_margin_after=number(state and state.initMarginAfter),
            )
        )

    # -------------------------------------------------------------- hearing ---

    def on_preview(self, order_id: int, state: OrderState) -> None:
        """Take the answer to a what-if."""
        future = self._previews.get(order_id)
        if future is not None and not future.done():
            future.set_result(state)

    def on_error(self, order_id: int, fault: Fault, code: int, text: str) -> bool:
        """Take an error that names one of our orders; return whether it did."""
        future = self._previews.get(order_id)
        if future is not None:
            if fault is not Fault.NOTICE and not future.done():
                future.set_result(None)
            return True
        handle = self._tracker.by_order_id(order_id) if self._tracker else None
        if handle is None:
            return False
        _log.warning(
            "order.error", ref=handle.ref, code=code, text=text, fault=fault.value
        )
        if fault is Fault.NOTICE or (code == CANCELLED and handle.cancelling):
            return True
        is_new = not handle.was_taken and not handle.changing and not handle.cancelling
        handle.changing = False
        if code == NUMBER_TAKEN and is_new:
            # What is said of the number from now on is about the order that has it.
            self._session()[1].forget(handle)
        if fault is Fault.REJECTED and is_new:
            self._put(
                OrderRefused(at=self._clock.now(), ref=handle.ref, code=code, text=text)
            )
        else:
            self._doubt(handle.ref, code, text)
        return True

    # -------------------------------------------------------------- details ---

    def _reason_not_to_send(self, approved: Approved) -> str | None:
        if self._stops.is_killed():
            return "the kill file is there"
        obstacle = self._obstacle() or self._lacks_consent(approved)
        if obstacle is not None:
            return obstacle
        permit = approved.permit
        if permit is None:
            return self._throttled()
        if permit.expires <= self._clock.now():
            return f"the roll permit expired at {permit.expires.isoformat()}"
        if permit in self._used:
            return "the roll permit was used before; each is good for one send"
        return self._throttled()

    def _throttled(self) -> str | None:
        if self._orders.take(self._clock.now()):
            return None
        return "no token is left: orders would leave too fast"

    def _lacks_consent(self, approved: Approved) -> str | None:
        """Return why no person has let this order out, in live (P27)."""
        if self._options.mode != LIVE:
            return None
        consent = approved.consent
        if consent is None:
            return "nobody consented, and this is live"
        if not consent.covers(approved.order):
            return "a person consented to something else"
        return None

    def _is_late(self, approved: Approved) -> str | None:
        """Return why a consent cannot put a new order on the book any more."""
        consent = approved.consent
        if consent is None:
            return None
        if consent.proposal.expires < self._clock.now():
            return f"the consent expired at {consent.proposal.expires.isoformat()}"
        if consent.digest in self._consents:
            return "the consent was used before; each is good for one order"
        return None

    def _session(self) -> tuple[OrderWire, Tracker]:
        assert self._client is not None
        assert self._tracker is not None
        return self._client, self._tracker

    def _write(
        self, client: OrderWire, tracker: Tracker, approved: Approved, handle: Handle
    ) -> None:
        order = approved.order
        contract = order_contract(order)
        ticket = broker_order(
            order,
            order_id=handle.order_id,
            client_id=self._options.client_id,
            account=tracker.account,
        )
        self._guard.expect(Intent(order, handle.order_id, tracker.account))
        client.placeOrder(handle.order_id, contract, ticket)
        if approved.permit is not None:
            self._used.add(approved.permit)
        if approved.consent is not None:
            self._consents.add(approved.consent.digest)
        _log.info(
            "order.sent",
            ref=order.ref,
            order_id=handle.order_id,
            limit=str(order.limit),
        )

    async def _what_if(self, order: Order) -> OrderState | None:
        client, tracker = self._client, self._tracker
        if client is None or tracker is None or not client.isReady():
            return None
        order_id = self._take_id(tracker)
        ticket = broker_order(
            order,
            order_id=order_id,
            client_id=self._options.client_id,
            account=tracker.account,
        )
        ticket.whatIf = True
        future: asyncio.Future[OrderState | None] = (
            asyncio.get_running_loop().create_future()
        )
        self._previews[order_id] = future
        try:
            client.placeOrder(order_id, order_contract(order), ticket)
            async with asyncio.timeout(self._options.preview_timeout):
                return await future
        except (TimeoutError, ConnectionError):
            return None
        finally:
            del self._previews[order_id]

    def _take_id(self, tracker: Tracker) -> int:
        order_id = max(self._next_id, tracker.highest_order_id + 1)
        self._next_id = order_id + 1
        return order_id

    def _not_sent(self, ref: str, reason: str) -> None:
        _log.warning("order.not_sent", ref=ref, reason=reason)
        self._put(OrderNotSent(at=self._clock.now(), ref=ref, reason=reason))

    def _not_left(self, ref: str, error: Exception) -> None:
        """Tell that no byte left; a frame that was wrong freezes trading as well."""
        self._not_sent(ref, str(error))
        control = error.control if isinstance(error, FrameRefusedError) else ""
        if control:
            text = str(error)
            self._put(ControlTripped(at=self._clock.now(), control=control, text=text))

    def _doubt(self, ref: str, code: int, text: str) -> None:
        self._put(OrderDoubted(at=self._clock.now(), ref=ref, code=code, text=text))
