"""Read every order frame again before it leaves, and hold it against its intent.

The gate judges an order as it is meant; here the bytes are judged, by a decoder that
is not the library's, against the command that is in the journal (reliability.md P09,
P23, P28, I14). A frame that differs in anything does not leave, and freezes trading:
whatever made it is not to be trusted with the next one. Frames are counted here once
more; each window has room for one more than the gate's, whose time is an event's.
"""

from collections import deque
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from msgspec import Struct

from alvh_trader.domain.order import Order
from alvh_trader.errors import BrokerError, ProtocolError
from alvh_trader.wire.codec import decode_request
from alvh_trader.wire.order_request import PlaceOrder

PLACE_ORDER = "3"
"""The number of the message that places or modifies an order."""

BREACHES_WITHIN = timedelta(minutes=10)
"""Two refusals for the rate within this freeze trading."""


class FrameRefusedError(BrokerError):
    """A frame that must not leave; `control` freezes trading, "" does not."""

    def __init__(self, text: str, control: str = "") -> None:
        super().__init__(text)
        self.control = control


class Rate(Struct, frozen=True):
    """At most so many orders and new limits within a time."""

    most: int
    within: timedelta


class Stops(Struct, frozen=True):
    """What stops orders beside the session itself.

    `is_killed` says whether a person stopped all of them, `is_written` whether the
    journal holds the order of a reference durably.
    """

    is_killed: Callable[[], bool] = lambda: False
    is_written: Callable[[str], bool] = lambda _ref: True


class Intent(Struct, frozen=True):
    """An order as it may leave now, under this number and for this account."""

    order: Order
    order_id: int
    account: str


class FrameGuard:
    """Knows what may leave, and lets nothing else out.

    `is_written` says whether the journal holds the order of a reference durably.
    """

    def __init__(
        self,
        now: Callable[[], datetime],
        is_written: Callable[[str], bool],
        rates: tuple[Rate, ...],
    ) -> None:
        self._now = now
        self._is_written = is_written
        self._rates = rates
        self._intent: Intent | None = None
        self._numbers: dict[str, int] = {}
        self._sent: deque[datetime] = deque()
        self._breached: datetime | None = None

    def expect(self, intent: Intent) -> None:
        """Let exactly this order leave next, once."""
        self._intent = intent

    def begin(self) -> None:
        """A new session: numbers of the last one mean nothing in it."""
        self._numbers.clear()

    def check(self, text: str, version: int) -> None:
        """Return if a message may leave.

        Raises:
            FrameRefusedError: It is an order that may not.
        """
        if text.partition("\0")[0] != PLACE_ORDER:
            return
        intent, self._intent = self._intent, None
        try:
            frame = decode_request(text.encode(), version)
        except ProtocolError as error:
            raise FrameRefusedError(
                f"an order frame cannot be read: {error}", "I14"
            ) from error
        assert isinstance(frame, PlaceOrder), "number 3"
        if frame.what_if:
            return
        if intent is None or not self._is_written(frame.order_ref):
            text = f"an order frame without a durable intent: {frame.order_ref!r}"
            raise FrameRefusedError(text, "I14")
        self._judge(frame, intent)
        self._count()
        self._numbers[intent.order.ref] = intent.order_id

    def _judge(self, frame: PlaceOrder, intent: Intent) -> None:
        order = intent.order
        known = self._numbers.get(order.ref, intent.order_id)
        if frame.quantity != order.quantity or frame.order_id != known:
            told = f"{frame.quantity} under {frame.order_id}"
            text = (
                f"{order.ref} on the wire: {told}, not {order.quantity} under {known}"
            )
            raise FrameRefusedError(text, "P09")
        wrong = [
            f"{name} {found!r}, not {meant!r}"
            for name, found, meant in _terms(frame, intent)
            if found != meant
        ]
        if wrong:
            text = f"{order.ref} on the wire: {'; '.join(wrong)}"
            raise FrameRefusedError(text, "I14")

    def _count(self) -> None:
        now, longest = self._now(), max(rate.within for rate in self._rates)
        while self._sent and now - self._sent[0] >= longest:
            self._sent.popleft()
        for rate in self._rates:
            seen = sum(now - at < rate.within for at in self._sent)
            if seen > rate.most:
                seconds = rate.within.total_seconds()
                text = f"{seen} order frames in {seconds:g} s: no more leave"
                last, self._breached = self._breached, now
                is_second = last is not None and now - last <= BREACHES_WITHIN
                raise FrameRefusedError(text, "P23" if is_second else "")
        self._sent.append(now)


def _terms(frame: PlaceOrder, intent: Intent) -> Iterator[tuple[str, object, object]]:
    """Yield name, value on the wire and value meant of everything that must agree."""
    order = intent.order
    is_sale = len(order.legs) == 1 and order.legs[0].ratio < 0
    legs = [(leg.instrument.con_id, leg.ratio) for leg in order.legs]
    yield "reference", frame.order_ref, order.ref
    yield "account", frame.account, intent.account
    yield "action", frame.action, "SELL" if is_sale else "BUY"
    limit = None if frame.limit is None else Decimal(str(frame.limit))
    yield "limit", limit, -order.limit if is_sale else order.limit
    if len(legs) == 1:
        yield "contract", frame.contract.con_id, legs[0][0]
    else:
        told = [
            (leg.con_id, leg.ratio if leg.action == "BUY" else -leg.ratio)
            for leg in frame.legs
        ]
        yield "legs", sorted(told), sorted(legs)
    yield "type", frame.order_type, "LMT"
    yield "time in force", frame.tif, "DAY"
    yield "transmit", frame.transmit, True
    yield "outside regular hours", frame.outside_regular_hours, False
    yield "override", frame.override_percentage_constraints, False
    yield "parent", frame.parent_id, 0
    yield "group", frame.oca_group, ""
    yield "algorithm", frame.algo_strategy, ""
    yield "conditions", frame.conditions, ()
    yield "hidden", frame.hidden, False
