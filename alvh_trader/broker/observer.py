"""The broker as watch mode has it: everything can be seen, nothing can be sent."""

from alvh_trader.broker.guard import Stops
from alvh_trader.broker.options import BrokerOptions
from alvh_trader.broker.questions import Question
from alvh_trader.broker.session import Session
from alvh_trader.engine.command import Reconnect, Watch
from alvh_trader.ports import Clock, Put


class Observer:
    """Implements `ports.Observer`.

    There is no method here that sends an order, and the session underneath refuses to
    write any message that would place, change or cancel one.
    """

    def __init__(self, options: BrokerOptions, put: Put, clock: Clock) -> None:
        self._session = Session(options, put, clock, may_order=False, stops=Stops())

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
