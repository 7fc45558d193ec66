"""What the broker tests share: a trader on a peer, its inbox, and some orders."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TypeVar

from alvh_trader import ports
from alvh_trader.broker.clock import BrokerClock
from alvh_trader.broker.options import BrokerOptions
from alvh_trader.broker.trader import Trader
from alvh_trader.domain.instrument import Option, Right
from alvh_trader.domain.order import Leg, Order, Purpose
from alvh_trader.engine.command import PlaceOrder, RepriceOrder, RequestReport
from alvh_trader.engine.event import BrokerReported, Event
from alvh_trader.risk.gate import Approved, RollPermit
from tests.broker.peer import TIME, Peer

E = TypeVar("E", bound=Event)

NOW = datetime.fromtimestamp(TIME, UTC)
REPORT = RequestReport(reason="test")

VIX_CALL = Option(
    *(111, "VIX", "VIX", date(2018, 2, 14), date(2018, 2, 13)), 20.0, Right.CALL
)
SPX_PUT = Option(
    *(222, "SPX", "SPXW", date(2018, 3, 16), date(2018, 3, 16)), 2500.0, Right.PUT
)
SPX_LOWER_PUT = Option(
    *(223, "SPX", "SPXW", date(2018, 3, 16), date(2018, 3, 16)), 2450.0, Right.PUT
)


class Inbox:
    """Keeps every event in the order in which it came."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def put(self, event: Event) -> None:
        self.events.append(event)

    def of(self, kind: type[E]) -> list[E]:
        return [event for event in self.events if isinstance(event, kind)]

    def last(self, kind: type[E]) -> E:
        return self.of(kind)[-1]

    async def wait(self, kind: type[E], count: int = 1) -> E:
        """Wait until `count` events of `kind` came; return the newest."""
        await until(lambda: len(self.of(kind)) >= count)
        return self.last(kind)


class Rig:
    """A trader connected, or not yet, to a peer."""

    def __init__(self, peer: Peer, **changes: object) -> None:
        settings: dict[str, object] = {
            "port": peer.port,
            "connect_timeout": 1.0,
            "request_timeout": 0.3,
            "pulse_timeout": 0.5,
            "preview_timeout": 0.2,
            "request_rate": None,
        }
        self.options = BrokerOptions(**{**settings, **changes})  # type: ignore[arg-type]
        self.peer = peer
        self.inbox = Inbox()
        self.clock = BrokerClock()
        self.trader: ports.Trader = Trader(self.options, self.inbox.put, self.clock)

    async def ready(self) -> None:
        """Connect and reconcile, as the engine would before any order."""
        await self.trader.connect()
        await self.trader.ask(REPORT)
        assert isinstance(self.inbox.events[-1], BrokerReported)


@asynccontextmanager
async def rig(peer: Peer | None = None, **changes: object) -> AsyncIterator[Rig]:
    """Give a trader that is connected and reconciled."""
    async with Peer() if peer is None else peer as running:
        made = Rig(running, **changes)
        try:
            await made.ready()
            yield made
        finally:
            await made.trader.close()


@asynccontextmanager
async def unconnected(
    peer: Peer | None = None, **changes: object
) -> AsyncIterator[Rig]:
    """Give a trader that has not connected yet."""
    async with Peer() if peer is None else peer as running:
        made = Rig(running, **changes)
        try:
            yield made
        finally:
            await made.trader.close()


async def until(condition: Callable[[], bool], seconds: float = 2.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - what is awaited has no event
            await asyncio.sleep(0.002)


def hedge(ref: str = "T1", limit: str = "1.5", quantity: int = 2) -> Order:
    return Order(
        ref=ref,
        case="C1",
        purpose=Purpose.HEDGE,
        legs=(Leg(VIX_CALL, 1),),
        quantity=quantity,
        limit=Decimal(limit),
    )


def sale(ref: str = "S1", limit: str = "-1.5") -> Order:
    return Order(
        ref=ref,
        case="C1",
        purpose=Purpose.HEDGE_SELL,
        legs=(Leg(VIX_CALL, -1),),
        quantity=1,
        limit=Decimal(limit),
    )


def roll(ref: str = "R1", limit: str = "-1.25") -> Order:
    return Order(
        ref=ref,
        case="C1",
        purpose=Purpose.ROLL,
        legs=(Leg(SPX_PUT, -1), Leg(SPX_LOWER_PUT, 1)),
        quantity=3,
        limit=Decimal(limit),
    )


def permit(order: Order, seconds: float = 60.0) -> RollPermit:
    return RollPermit(
        case=order.case,
        order_ref=order.ref,
        hedge_exec_ids=("e",),
        greeks="g",
        candidate="c",
        issued=NOW,
        expires=NOW + timedelta(seconds=seconds),
    )


def approved(order: Order, seconds: float = 60.0) -> Approved:
    if order.purpose is Purpose.ROLL:
        return Approved(order=order, permit=permit(order, seconds))
    return Approved(order=order)


def place(order: Order, seconds: float = 60.0) -> PlaceOrder:
    return PlaceOrder(approved=approved(order, seconds))


def reprice(order: Order, seconds: float = 60.0) -> RepriceOrder:
    return RepriceOrder(approved=approved(order, seconds))
