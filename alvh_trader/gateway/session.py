"""One client's conversation: bytes in, bytes out, and what it has subscribed to.

A session does no I/O. `receive` takes bytes as they come from the socket; what is to
be written gathers in the session until the server takes it with `take_output`.
"""

from collections.abc import Callable, Iterator, Mapping
from enum import Enum, auto
from typing import Any

from msgspec import Struct

from alvh_trader.errors import ProtocolError
from alvh_trader.gateway import publisher
from alvh_trader.gateway.floor import Floor
from alvh_trader.gateway.moment import Times, welcome_text
from alvh_trader.gateway.notices import invalid
from alvh_trader.gateway.pacing import MessageRate
from alvh_trader.gateway.streams import Streams
from alvh_trader.gateway.view import View
from alvh_trader.sim.model import Prices
from alvh_trader.wire import codec
from alvh_trader.wire import request as wire
from alvh_trader.wire.account_reply import Error, ManagedAccounts, NextValidId
from alvh_trader.wire.field import split
from alvh_trader.wire.handshake import (
    ClientStream,
    Hello,
    agree,
    read_hello,
    write_welcome,
)
from alvh_trader.wire.order_request import PlaceOrder

FARMS = (
    (2104, "Market data farm connection is OK:usfarm"),
    (2106, "HMDS data farm connection is OK:ushmds"),
    (2158, "Sec-def data farm connection is OK:secdefil"),
)

UNHURRIED = (
    wire.CancelAccountSummary,
    wire.CancelPositions,
    wire.RequestAccountSummary,
    wire.RequestAllOpenOrders,
    wire.RequestCompletedOrders,
    wire.RequestCurrentTime,
    wire.RequestExecutions,
    wire.RequestManagedAccounts,
    wire.RequestOpenOrders,
    wire.RequestPositions,
)
"""Who asks only for the time, or for his own books, has nothing in mind."""

PACED = "+PACEAPI"
"""With this option of the handshake a client asks to be slowed down instead of being
told that it is too fast [doc]. Its requests are served as they come."""

Handler = Callable[["Session", Any], None]
Unserved = Callable[["Session", list[str]], bool]
"""Answers a request that is known and not served; False if it is none of these."""


class Stage(Enum):
    """How far a conversation has come."""

    HELLO = auto()  # The client has not said which versions it speaks.
    START = auto()  # The version is agreed, the client has not said who it is.
    RUNNING = auto()
    CLOSING = auto()  # What is queued goes out, then the socket is closed.


class Session:
    """One client. Handlers answer its requests through `send` and `error`."""

    def __init__(
        self,
        floor: Floor,
        handlers: Mapping[type[Struct], Handler],
        answer_unserved: Unserved,
    ) -> None:
        self.floor = floor
        self.client_id = -1
        self.version = 0
        self.times = Times(0)
        self.streams = Streams()
        self.held: dict[int, PlaceOrder] = {}
        """Orders sent with transmit off: nobody else knows them; they end with us."""
        self.foreign: dict[int, int] = {}
        """Numbers of orders not its own that it was shown, to permanent ids."""
        self.binds = False
        self.stage = Stage.HELLO
        self.is_behind = False
        """The client does not read as fast as it is written to."""

        self.hears = True
        self.speaks = True
        self._handlers = handlers
        self._answer_unserved = answer_unserved
        self._stream = ClientStream()
        self._output: list[bytes] = []
        self._last_words = b""
        self._rate: MessageRate | None = None

    # -------------------------------------------------------------- output ---

    def send(self, message: Struct) -> None:
        """Queue a message, or what faults make of it."""
        faults = self.floor.faults
        if faults is None:
            self.queue(message)
            return
        for it in faults.replies(self, message):
            self.queue(it)

    def queue(self, message: Struct) -> None:
        """Queue a message as it is."""
        self._output.append(codec.encode(message, self.version))

    def send_frames(self, frames: list[bytes]) -> None:
        """Queue frames that are already encoded."""
        self._output += frames

    def error(self, req_id: int, code: int, text: str) -> None:
        """Queue an error or a notice."""
        self.send(Error(req_id, code, text))

    def take_output(self) -> bytes:
        """Return what is to be written, as one piece; the rest with the next call."""
        output = b"".join(self._output)
        self._output.clear()
        if not self.speaks:
            output, self._last_words = self._last_words, b""
        if self.floor.faults is not None:
            output = self.floor.faults.output(self, output)
        return output

    def put_back(self, data: bytes) -> None:
        """Keep bytes for the next `take_output`."""
        self._output.insert(0, data)

    @property
    def has_output(self) -> bool:
        """Whether something is queued."""
        return bool(self._output)

    def fall_silent(self) -> None:
        """Say what is queued, and nothing ever again; the connection stays."""
        self._last_words = b"".join(self._output)
        self.speaks = False

    def tear(self) -> None:
        """Break the connection; what is queued is lost."""
        self._output.clear()
        self.close()

    @property
    def is_congested(self) -> bool:
        """Whether streams wait: the client is behind, or none says anything."""
        return self.is_behind or self.floor.is_silent

    @property
    def is_closing(self) -> bool:
        """Whether the socket is to be closed once the output is written."""
        return self.stage is Stage.CLOSING

    # --------------------------------------------------------------- input ---

    def receive(self, data: bytes) -> None:
        """Take bytes of the client and answer every request that they complete."""
        if not self.hears:
            return
        try:
            for payload in self._stream.feed(data):
                if self.stage is Stage.CLOSING or self.floor.is_over:
                    return
                self._take(payload)
        except ProtocolError:
            # Broken framing cannot be answered: nobody knows where it goes on.
            self.close()

    def close(self) -> None:
        """Say no more to the client."""
        self.stage = Stage.CLOSING
        if self.floor.clients.get(self.client_id) is self:
            del self.floor.clients[self.client_id]

    def _take(self, payload: bytes) -> None:
        if self.stage is Stage.HELLO:
            self._give(read_hello(payload), Session._meet)
            return
        if self._is_too_fast():
            return
        try:
            if self._answer_unserved(self, split(payload)):
                return
            message = codec.decode_request(payload, self.version)
        except ProtocolError as error:
            self.error(-1, 320, f"Error reading request. {error}")
            return
        if not isinstance(message, UNHURRIED):
            self.floor.hear()
        is_known = self.stage is Stage.RUNNING
        self._give(
            message, self._handlers[type(message)] if is_known else Session._start
        )

    def _give(self, request: Struct, handler: Handler) -> None:
        if self.floor.faults is None:
            handler(self, request)
        else:
            self.floor.faults.handle(self, request, handler)

    def _meet(self, hello: Hello) -> None:
        if PACED not in hello.options:
            self._rate = MessageRate(self.floor.settings.messages_per_second)
        self.greet(agree(hello))

    def greet(self, version: int) -> None:
        """Speak a protocol version from now on, and say so."""
        settings, now = self.floor.settings, self.floor.exchange.now
        self.version = version
        self.times = Times(version, settings.times_in, settings.login_zone)
        at = welcome_text(now, settings.login_zone, settings.login_zone_shown_as)
        self._output.append(write_welcome(version, at))
        self.stage = Stage.START

    def _is_too_fast(self) -> bool:
        """Note that a message has come, and say so if there were too many."""
        wall = self.floor.wall
        if wall is None or self._rate is None:
            return False
        notice = self._rate.count(wall())
        if notice is not None:
            self.error(-1, *notice)
        if self._rate.is_over:
            self.close()
        return self._rate.is_over

    def _start(self, request: Struct) -> None:
        if not isinstance(request, wire.StartApi):
            self.error(-1, *invalid("The API is not started"))
            self.close()
            return
        if request.client_id in self.floor.clients:
            self.error(
                -1,
                326,
                "Unable to connect as the client id is already in use. "
                "Retry with a unique client id.",
            )
            self.close()
            return
        self.client_id = request.client_id
        self.floor.clients[self.client_id] = self
        self.stage = Stage.RUNNING
        self.send(ManagedAccounts(",".join(self.floor.accounts)))
        self.send(NextValidId(self.floor.next_id(self.client_id)))
        for code, text in FARMS:
            self.error(-1, code, text)

    # ------------------------------------------------------------- streams ---

    def line_count(self) -> int:
        """Return how many market data lines the client uses."""
        return self.streams.line_count()

    def single_tick_count(self) -> int:
        """Return how many streams of single ticks the client has."""
        return len(self.streams.ticks)

    def wanted(self) -> Iterator[int]:
        """Return the contracts whose prices the client streams."""
        return self.streams.con_ids()

    def plan(self, prices: Prices) -> None:
        """Write the ticks of the next instant ahead, without sending them."""
        for line in self.streams.lines.values():
            if not line.legs:
                line.plan(prices)

    def publish(self, view: View) -> None:
        """Queue what changed in everything that the client streams."""
        publisher.publish(self, view)
