"""What a floor knows of those who come to it: clients, and whoever plays faults."""

from collections.abc import Callable, Iterable
from typing import Any, Protocol

from msgspec import Struct

from alvh_trader.gateway.moment import Times
from alvh_trader.gateway.view import View
from alvh_trader.sim.model import Prices, SimOrder


class Client(Protocol):
    """A connected client, as far as the floor needs to know it."""

    client_id: int
    version: int
    times: Times
    binds: bool
    """Whether it takes the orders of the trader's own screen as its own."""
    foreign: dict[int, int]
    """Numbers of orders not its own that it was shown, to permanent ids."""

    def send(self, message: Struct) -> None:
        """Queue a message to the client."""
        ...

    def line_count(self) -> int:
        """Return how many market data lines the client uses."""
        ...

    def single_tick_count(self) -> int:
        """Return how many streams of single ticks the client has."""
        ...

    def wanted(self) -> Iterable[int]:
        """Return the contracts whose prices the client streams."""
        ...

    def plan(self, prices: Prices) -> None:
        """Write the ticks of the next instant ahead, without sending them."""
        ...

    def publish(self, view: View) -> None:
        """Queue what changed in everything that the client streams."""
        ...


class Faults(Protocol):
    """What goes wrong on purpose (see `fault`), while anything does."""

    def advance(self) -> None:
        """Do what is due by now."""
        ...

    def handle(
        self, client: Client, request: Struct, handler: Callable[[Any, Any], None]
    ) -> None:
        """Let `handler` answer a request, or deal with it."""
        ...

    def replies(self, client: Client, message: Struct) -> Iterable[Struct]:
        """Return what goes out to a client instead of a message."""
        ...

    def output(self, client: Client, data: bytes) -> bytes:
        """Return what is written to a client's socket instead of `data`."""
        ...

    def view(self, true: View) -> View:
        """Return the market as it is shown."""
        ...

    def modifies(self, order: SimOrder) -> SimOrder | None:
        """Return the new order that a change becomes, None if it stays a change."""
        ...
