"""The broker as the trading modes have it: an observer that can also send orders."""

from alvh_trader.broker.guard import Stops
from alvh_trader.broker.options import BrokerOptions
from alvh_trader.broker.questions import Question
from alvh_trader.broker.session import Session
from alvh_trader.engine.command import (
    CancelOrder,
    PlaceOrder,
    PreviewMargin,
    Reconnect,
    RepriceOrder,
    Watch,
)
from alvh_trader.ports import Clock, Put


class Trader:
    """Implements `ports.Trader`."""

    def __init__(
        self,
        options: BrokerOptions,
        put: Put,
        clock: Clock,
        stops: Stops | None = None,
    ) -> None:
        self._session = Session(
            options, put, clock, may_order=True, stops=stops or Stops()
        )
        desk = self._session.desk
        assert desk is not None
        self._desk = desk

    async def connect(self) -> None:
        """See `ports.Observer.connect`."""
        await self._session.connect()

    async def pulse(self) -> None:
        """See `ports.Observer.pulse`."""
        await self._session.pulse()

    def watch(self, command: Watch) -> None:
        """See `ports.Observer.watch`."""
        self._session.feed.watch(command)

    async def ask(self, command: Question) -> None:
        """See `ports.Observer.ask`; questions asked at once are answered in turn."""
        await self._session.questions.answer(command)

    def reconnect(self, command: Reconnect) -> None:
        """See `ports.Observer.reconnect`."""
        self._session.reconnect(command)

    async def close(self) -> None:
        """See `ports.Observer.close`."""
        await self._session.close()

    async def preview(self, command: PreviewMargin) -> None:
        """See `ports.Trader.preview`."""
        await self._desk.preview(command)

    def place(self, command: PlaceOrder) -> None:
        """See `ports.Trader.place`."""
        self._desk.place(command)

    def reprice(self, command: RepriceOrder) -> None:
        """See `ports.Trader.reprice`."""
        self._desk.reprice(command)

    def cancel(self, command: CancelOrder) -> None:
        """See `ports.Trader.cancel`."""
        self._desk.cancel(command)
