"""The one place that imports the TWS client library, and all we use of it.

`ib_insync` up to Python 3.13, its continuation `ib_async` from 3.14 on. We use its
socket client, its encoder and its decoder, and none of the session objects it builds
on top (`IB`, `Wrapper`, `Trade`, `Ticker`): those mark live orders cancelled on
informational errors, add a corrected execution a second time, emit nothing for fills
of orders they do not know, call a session synchronised whose questions were never
answered, and share one future between equal requests. `Wire` names what is used.
"""

# The names and signatures here are the library's.
# ruff: noqa: N802, N803, N815, ASYNC109, PLR0913, PLR0917, FBT001

from collections import deque
from collections.abc import Callable
from typing import Any, Protocol, cast

try:
    from ib_insync.client import Client
    from ib_insync.contract import ComboLeg, Contract, ContractDetails
    from ib_insync.objects import (
        BarData,
        CommissionReport,
        Execution,
        ExecutionFilter,
    )
    from ib_insync.order import Order, OrderState
except ImportError:
    from ib_async.client import Client  # type: ignore[import-not-found,no-redef]
    from ib_async.contract import (  # type: ignore[import-not-found,no-redef]
        ComboLeg,
        Contract,
        ContractDetails,
    )
    from ib_async.objects import (  # type: ignore[import-not-found,no-redef]
        BarData,
        CommissionReport,
        Execution,
        ExecutionFilter,
    )
    from ib_async.order import (  # type: ignore[import-not-found,no-redef]
        Order,
        OrderState,
    )

__all__ = [
    "BarData",
    "ComboLeg",
    "CommissionReport",
    "Contract",
    "ContractDetails",
    "Decoder",
    "Execution",
    "ExecutionFilter",
    "Order",
    "OrderState",
    "OrderWire",
    "Wire",
    "new_client",
]

Handler = Callable[[list[str]], None]


class Decoder(Protocol):
    """What turns the fields of a message into a call of a wrapper method."""

    serverVersion: int
    handlers: dict[int, Handler]
    logger: Any


class Transport(Protocol):
    """The asyncio transport underneath."""

    def abort(self) -> None:
        """Close at once; unsent bytes are lost."""
        ...

    def get_write_buffer_size(self) -> int:
        """Return how many bytes the kernel has not taken yet."""
        ...


class Socket(Protocol):
    """The library's connection object."""

    transport: Transport | None
    hasData: Any
    disconnected: Any


class Wire(Protocol):
    """The requests that cannot change anything at the broker."""

    MaxRequests: int
    MinClientVersion: int
    MaxClientVersion: int
    conn: Socket
    decoder: Any
    apiError: Any
    sendMsg: Callable[[str | None], None]
    _data: bytes
    _msgQ: deque[str]

    async def connectAsync(
        self, host: str, port: int, clientId: int, timeout: float | None
    ) -> None:
        """Connect, shake hands, and wait for accounts and the next order id."""
        ...

    def disconnect(self) -> None:
        """Close the socket and forget the session."""
        ...

    def isReady(self) -> bool:
        """Return whether the handshake is complete and the socket open."""
        ...

    def serverVersion(self) -> int:
        """Return the protocol version agreed on."""
        ...

    def reqCurrentTime(self) -> None:
        """Answered by 49."""
        ...

    def reqMktData(
        self,
        reqId: int,
        contract: Contract,
        genericTickList: str,
        snapshot: bool,
        regulatorySnapshot: bool,
        mktDataOptions: list[Any],
    ) -> None:
        """Answered by a stream of 58, 81, 1, 2, 21, 45, 46."""
        ...

    def cancelMktData(self, reqId: int) -> None:
        """Not answered."""
        ...

    def reqMarketDataType(self, marketDataType: int) -> None:
        """Answered by 58 for each ticker."""
        ...

    def reqContractDetails(self, reqId: int, contract: Contract) -> None:
        """Answered by 10, ended by 52."""
        ...

    def reqSecDefOptParams(
        self,
        reqId: int,
        underlyingSymbol: str,
        futFopExchange: str,
        underlyingSecType: str,
        underlyingConId: int,
    ) -> None:
        """Answered by 75, ended by 76."""
        ...

    def reqHistoricalData(
        self,
        reqId: int,
        contract: Contract,
        endDateTime: str,
        durationStr: str,
        barSizeSetting: str,
        whatToShow: str,
        useRTH: int,
        formatDate: int,
        keepUpToDate: bool,
        chartOptions: list[Any],
    ) -> None:
        """Answered by one 17."""
        ...

    def reqAllOpenOrders(self) -> None:
        """Answered by 5 and 3, ended by 53."""
        ...

    def reqCompletedOrders(self, apiOnly: bool) -> None:
        """Answered by 101, ended by 102."""
        ...

    def reqExecutions(self, reqId: int, execFilter: ExecutionFilter) -> None:
        """Answered by 11 and 59, ended by 55."""
        ...

    def reqPositions(self) -> None:
        """Answered by 61, ended by 62; then a stream until cancelled."""
        ...

    def cancelPositions(self) -> None:
        """Not answered."""
        ...

    def reqAccountSummary(self, reqId: int, groupName: str, tags: str) -> None:
        """Answered by 63, ended by 64; then a stream until cancelled."""
        ...

    def cancelAccountSummary(self, reqId: int) -> None:
        """Not answered."""
        ...


class OrderWire(Wire, Protocol):
    """A `Wire` that can also send orders."""

    def placeOrder(self, orderId: int, contract: Contract, order: Order) -> None:
        """Answered by 5, 3, 11, 59 or 4; sent again with the same id it modifies."""
        ...

    def cancelOrder(self, orderId: int) -> None:
        """Answered by 3 and 4."""
        ...


def new_client(wrapper: object) -> OrderWire:
    """Return a client that calls `wrapper`, with the library's own throttle off.

    The throttle is one FIFO queue in which an order would wait behind subscriptions
    and from which it would vanish at a disconnect; `broker.pace` spaces our queries.
    """
    client = cast(OrderWire, Client(wrapper))  # type: ignore[no-untyped-call]
    client.MaxRequests = 0
    return client
