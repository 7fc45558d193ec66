"""Whether the second layer of the hedge is called for (alvh.md §4.2, §9)."""

from collections.abc import Sequence

from msgspec import Struct

from alvh_trader.signals.breadth import AVERAGE, line_of
from alvh_trader.signals.rsi import rsi

SESSIONS = 2
"""How many sessions in a row must be calm before the flag is taken down."""


class Layer2Limits(Struct, frozen=True, kw_only=True):
    """RSI of SPX below which the flag goes up, and above which it may come down."""

    rsi: float = 45.0
    rsi_leave: float = 48.0


def is_calm(
    closes: Sequence[float],
    net_advances: Sequence[int],
    limits: Layer2Limits | None = None,
    period: int = 14,
) -> bool:
    """Return whether each of the last two sessions took the flag down.

    Line above its 21-session mean and RSI above 48, completed sessions, oldest first.
    Too short is not calm: nothing is taken down by what is not known.
    """
    limits = Layer2Limits() if limits is None else limits
    if min(len(closes), len(net_advances)) < AVERAGE + SESSIONS - 1:
        return False
    for back in range(SESSIONS):
        line = line_of(net_advances[: len(net_advances) - back])
        strength = rsi(closes[: len(closes) - back], period)
        if line is None or line.value <= line.average:
            return False
        if strength is None or strength <= limits.rsi_leave:
            return False
    return True


def layer2(
    *,
    before: bool,
    strength: float | None,
    diverges: bool | None,
    calm: bool,
    limits: Layer2Limits | None = None,
) -> bool | None:
    """Return the flag: divergence or a low RSI raise it, two calm sessions lower it.

    `before` is what it last was. None where neither divergence nor RSI is known: then
    nothing may be bought by it (alvh.md §1.1).
    """
    limits = Layer2Limits() if limits is None else limits
    if diverges or (strength is not None and strength < limits.rsi):
        return True
    if strength is None and diverges is None:
        return None
    return before and not calm
