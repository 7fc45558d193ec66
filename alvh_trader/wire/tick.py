"""The messages of a market data stream, written without a detour.

A stream is most of what a gateway sends, so these three have a second, direct
writer beside the table's; a test holds both to the same bytes.
"""

from decimal import Decimal

from alvh_trader.wire.field import java_double, plain_number
from alvh_trader.wire.frame import frame

NO_PRICE = "-1"


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
    text = "\0".join(map(repr, greeks)) + "\0"
    if "e" in text or "0.000" in text:
        # Python and Java write small and large numbers differently.
        parts = text[:-1].split("\0")
        text = "".join(
            f"{java_double(value) if 'e' in part or '0.000' in part else part}\0"
            for value, part in zip(greeks, parts, strict=True)
        )
    # Whole numbers go without `.0`.
    return frame(
        f"21\0{req_id}\0{kind}\x000\0".encode() + text.replace(".0\0", "\0").encode()
    )
