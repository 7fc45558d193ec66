"""Hand each message to who wants it, and notice those that cannot be decoded.

The library's decoder logs a message it cannot read and goes on. Here such a message
is reported; the two messages that make up a market data stream are read by our own
handlers instead of the library's, which costs a third.
"""

import sys
from collections.abc import Callable, Mapping
from datetime import datetime

import structlog

from alvh_trader.broker.library import Decoder, Handler
from alvh_trader.broker.translate import instant

HEARD = (
    *(3, 4, 5, 9, 10, 11, 15, 17, 49, 52, 53, 55, 58, 59),
    *(61, 62, 63, 64, 75, 76, 101, 102),
)
"""Messages read by the library's decoder. All others are not asked for."""

ORDER_PATH = frozenset({"3", "5", "11", "53", "55", "59", "61", "62", "101", "102"})
"""Messages whose loss would leave us with a false picture of orders or positions."""

_EXECUTION_TIME = 15
"""Field of message 11 with the time of the execution."""

_log = structlog.get_logger(__name__)

_UNREADABLE = (
    *(ValueError, LookupError, TypeError, AttributeError, ArithmeticError),
    NameError,
)
"""What the library's decoder raises for fields that are missing or of another form."""


class Dispatch:
    """Stands where the library expects its decoder."""

    def __init__(
        self,
        decoder: Decoder,
        own: Mapping[str, Handler],
        *,
        now: Callable[[], datetime],
        on_unreadable: Callable[[str, Exception], None],
    ) -> None:
        self._decoder = decoder
        self._now = now
        self._on_unreadable = on_unreadable
        self._read_execution = decoder.handlers[11]
        self._handlers = {str(i): decoder.handlers[i] for i in HEARD} | dict(own)
        self._handlers["11"] = self._execution
        # The decoder swallows errors into its logger; this one raises them again.
        decoder.logger = _Raise()

    @property
    def serverVersion(self) -> int:  # noqa: N802 - the client sets it by this name
        """The protocol version that layouts depend on."""
        return self._decoder.serverVersion

    @serverVersion.setter
    def serverVersion(self, version: int) -> None:  # noqa: N802
        self._decoder.serverVersion = version

    def interpret(self, fields: list[str]) -> None:
        """Handle one message; the client calls this."""
        if not fields:
            # A frame of no bytes: a message without even a number.
            self._on_unreadable("", ValueError("an empty message"))
            return
        handler = self._handlers.get(fields[0])
        if handler is None:
            return
        try:
            handler(fields)
        except _UNREADABLE as error:
            self._on_unreadable(fields[0], error)

    def _execution(self, fields: list[str]) -> None:
        # The library takes the UTC form for local time, and loses the whole execution
        # if it does not know the zone. When it happened matters less than that.
        at = instant(fields[_EXECUTION_TIME])
        if at is None:
            _log.warning("execution.time_unknown", text=fields[_EXECUTION_TIME])
            at = self._now()
        fields[_EXECUTION_TIME] = f"{at:%Y%m%d %H:%M:%S} UTC"
        self._read_execution(fields)


class _Raise:
    def exception(self, text: str) -> None:  # noqa: ARG002 - the library's signature
        error = sys.exception() if hasattr(sys, "exception") else sys.exc_info()[1]
        assert error is not None
        raise error
