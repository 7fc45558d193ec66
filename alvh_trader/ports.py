"""What the core needs from outside, as Protocols; adapters implement them.

Two broker protocols exist on purpose: `Observer` sees, `Trader` also sends. Watch
mode is handed an `Observer`, which has no method that could send an order.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Protocol

from alvh_trader.engine.command import (
    CancelOrder,
    Command,
    ListExpiries,
    ListFutures,
    ListHours,
    ListOptions,
    PlaceOrder,
    PreviewMargin,
    RaiseAlert,
    Reconnect,
    RepriceOrder,
    RequestBars,
    RequestReport,
    Watch,
)
from alvh_trader.engine.decision import Decision
from alvh_trader.engine.event import Event

Put = Callable[[Event], None]
"""Where adapters leave events for the loop, in order of arrival. Never blocks."""


class Clock(Protocol):
    """The one source of time outside the core."""

    def now(self) -> datetime:
        """Return the current time, in UTC."""
        ...


class Observer(Protocol):
    """A broker session that can ask and watch, and has no way to send an order."""

    async def connect(self) -> None:
        """Connect and synchronise; put `BrokerConnected`.

        Raises:
            BrokerError: The gateway is not there, refused, or is not the one expected.
        """
        ...

    async def pulse(self) -> None:
        """Ask the broker for its time and put one `MarketUpdated` with what changed.

        This is the application heartbeat, and with an accelerated gateway it is also
        what lets the simulated time go on: everything that happened up to the answer
        has been put into the inbox when this returns.

        Raises:
            BrokerError: No answer in time, or the session is gone.
        """
        ...

    def watch(self, command: Watch) -> None:
        """Stream exactly these instruments: (un)subscribe the difference."""
        ...

    def ask(
        self,
        command: RequestReport
        | RequestBars
        | ListExpiries
        | ListOptions
        | ListFutures
        | ListHours,
    ) -> Awaitable[None]:
        """Answer by putting the question's event, `RequestFailed` or `ReportFailed`."""
        ...

    def reconnect(self, command: Reconnect) -> None:
        """Drop this session; its end is an event, and a new one is opened."""
        ...

    async def close(self) -> None:
        """End the session; cancel nothing."""
        ...


class Trader(Observer, Protocol):
    """A broker session that can also send orders."""

    async def preview(self, command: PreviewMargin) -> None:
        """Put a `MarginPreviewed`; None in it where no finite answer came in 5 s."""
        ...

    def place(self, command: PlaceOrder) -> None:
        """Write the order to the socket, or put `OrderNotSent`. Never repeats."""
        ...

    def reprice(self, command: RepriceOrder) -> None:
        """Modify the working order with the same ref, or put `OrderNotSent`."""
        ...

    def cancel(self, command: CancelOrder) -> None:
        """Ask for cancellation; a ref the broker session does not know is doubted."""
        ...


class Journal(Protocol):
    """The append-only record."""

    def append(self, record: Event | Command | Decision) -> int:
        """Write one record; return its number. Durable only after `commit`."""
        ...

    def commit(self) -> None:
        """Make everything appended durable (power cut included); then return.

        Raises:
            JournalError: It is not durable; nothing that depends on it may be sent.
        """
        ...


class Notifier(Protocol):
    """Whoever delivers alerts."""

    def notify(self, alert: RaiseAlert, at: datetime) -> None:
        """Queue the alert for delivery; never blocks."""
        ...
