"""The messages of a market data stream, written without a detour.

A stream is most of what a gateway sends, so these three have a second, direct
writer beside the table's; a test holds both to the same bytes.
"""

from decimal import Decimal

import msgspec

from alvh_trader.wire.field import java_double, plain_number
from alvh_trader.wire.frame import frame

NO_PRICE = "-1"

_figures = msgspec.json.Encoder().encode
"""Writes floats with the digits that `repr` finds, in an eighth of its time."""

_JAVA_PLAIN_MIN = 1e-3
"""From here on Java writes a number without an exponent."""


def tick_price(
    req_id: int, kind: int, price: Decimal | None, size: int | None, mask: int = 0
) -> bytes:
    """Return the frame of a `TickPrice`; no price is -1, no size an empty field."""
    value = NO_PRICE if price is None else plain_number(price)
    count = "" if size is None else size
    return frame(f"1\x006\0{req_id}\0{kind}\0{value}\0{count}\0{mask}\0".encode())


def tick_size(req_id: int, kind: int, size: int) -> bytes:
    """Return the frame of a `TickSize`."""
    return frame(f"2\x006\0{req_id}\0{kind}\0{size}\0".encode())


def tick_greeks(req_id: int, kind: int, greeks: tuple[float, ...]) -> bytes:
    """Return the frame of a `TickOptionComputation`.

    `greeks` are, in wire order: implied volatility, delta, price, dividends, gamma,
    vega, theta, underlying; each below ten million in size.
    """
    figures = _figures(greeks)[1:-1]
    if b"0.000" in figures or b"e" in figures:
        # Java writes small numbers otherwise.
        parts = figures.split(b",")
        for place, value in enumerate(greeks):
            if -_JAVA_PLAIN_MIN < value < _JAVA_PLAIN_MIN:
                parts[place] = java_double(value).encode()
        figures = b",".join(parts)
    # Whole numbers go without `.0`.
    fields = (figures + b",").replace(b".0,", b",").replace(b",", b"\0")
    return frame(b"21\0%d\0%d\x000\0%b" % (req_id, kind, fields))
