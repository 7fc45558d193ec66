"""One TCP connection to the gateway: handshake, read-only guard, and its end."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from types import SimpleNamespace

from alvh_trader.broker.library import OrderWire, new_client
from alvh_trader.broker.options import BrokerOptions
from alvh_trader.errors import BrokerError, InvariantError

FRAME_BYTES_MAX = 1 << 20
"""No real message comes near; the library would wait for the rest for ever."""

_CLOSE_SECONDS = 1.0

_ORDER_MESSAGES = frozenset({"3", "4", "21", "58"})
"""placeOrder, cancelOrder, exerciseOptions, reqGlobalCancel."""


class Line:
    """A connection, used once.

    `check` reads every message again before it is written, and raises where it must
    not be. Without one no message that could touch an order can be written, whoever
    tries.
    """

    def __init__(
        self,
        options: BrokerOptions,
        wrapper: SimpleNamespace,
        *,
        check: Callable[[str, int], None] | None,
        on_lost: Callable[["Line"], None],
        on_crash: Callable[[Exception], None],
    ) -> None:
        self._options = options
        self._on_crash = on_crash
        # What the library's client, not its decoder, calls on the wrapper.
        wrapper.connectAck = lambda: None
        wrapper.setEventsDone = self._closed
        wrapper.connectionClosed = lambda: on_lost(self)
        wrapper.tcpDataProcessed = self._check_buffer
        self.client = new_client(wrapper)
        # An error in a handler would be logged and forgotten by the event library.
        self.client.conn.hasData.error_event += self._crashed
        self.client.apiError += self._note
        if check is None:
            _make_read_only(self.client)
        else:
            _read_again(self.client, check)
        self._limit: asyncio.Timeout | None = None
        self.reason = ""
        self.code = 0

    @property
    def place(self) -> str:
        """Where the gateway is, for messages to the operator."""
        return f"{self._options.host}:{self._options.port}"

    async def open(self) -> None:
        """Connect and shake hands.

        Raises:
            BrokerError: Nothing listens there, or it refused us, or said nothing
                that TWS says within the time allowed.
        """
        options = self._options
        try:
            async with asyncio.timeout(options.connect_timeout) as self._limit:
                await self.client.connectAsync(
                    options.host, options.port, options.client_id, None
                )
        except TimeoutError:
            raise BrokerError(
                f"{self.place}: "
                + (
                    self.reason
                    or f"no TWS handshake within {options.connect_timeout:g} s"
                ),
                self.code,
            ) from None
        except OSError as error:
            raise BrokerError(
                f"{self.place}: cannot connect ({error}): is the gateway up and its "
                "API port open?"
            ) from None
        finally:
            self._limit = None
        version, newest = self.client.serverVersion(), self.client.MaxClientVersion
        if version > newest:
            raise BrokerError(
                f"{self.place}: speaks version {version}, we understand up to {newest}"
            )

    def refuse(self, reason: str, code: int = 0) -> None:
        """The gateway turned us down: stop waiting for the handshake to complete."""
        self.reason = reason
        self.code = code or self.code
        if self._limit is not None:
            self._limit.reschedule(asyncio.get_running_loop().time())

    def congestion(self) -> str | None:
        """Return why a message written now would wait, None if it would not."""
        transport = self.client.conn.transport
        if transport is None:
            return "not connected"
        if self.client._msgQ:  # noqa: SLF001 - no other way to know
            return "the library's queue is not empty"
        if transport.get_write_buffer_size():
            return "earlier bytes have not left yet"
        return None

    def abort(self) -> None:
        """Drop the connection at once."""
        transport = self.client.conn.transport
        if transport is not None:
            transport.abort()

    async def close(self) -> None:
        """Close; wait a moment for the socket to be gone, then drop it."""
        self.client.disconnect()
        if self.client.conn.transport is None:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(_CLOSE_SECONDS):
                await self.client.conn.disconnected
        self.abort()

    def _closed(self) -> None:
        # The library says why before it calls this.
        self.refuse(self.reason or "closed the connection")

    def _check_buffer(self) -> None:
        # After a corrupt length prefix nothing would ever be decoded again.
        if len(self.client._data) > FRAME_BYTES_MAX:  # noqa: SLF001 - no other way
            self.reason = f"a message of more than {FRAME_BYTES_MAX} bytes"
            self.abort()

    def _note(self, text: str) -> None:
        # The last of these only says that we stopped waiting, and not why.
        if not text.startswith("API connection failed"):
            self.reason = self.reason or text

    def _crashed(self, _event: object, error: Exception) -> None:
        self._on_crash(error)


def _read_again(client: OrderWire, check: Callable[[str, int], None]) -> None:
    send = client.sendMsg

    def guarded(message: str | None) -> None:
        if message is not None:
            check(message, client.serverVersion())
        send(message)

    client.sendMsg = guarded


def _make_read_only(client: OrderWire) -> None:
    send = client.sendMsg

    def guarded(message: str | None) -> None:
        if message is not None and message.partition("\0")[0] in _ORDER_MESSAGES:
            raise InvariantError("an observer tried to send an order message")
        send(message)

    client.sendMsg = guarded
