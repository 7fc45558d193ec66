"""How far trading is frozen, and what may still be sent then (reliability.md P01).

A level is only ever raised by the program; a person lowers it, with a typed phrase and
after a clean reconciliation. Cancelling is possible at every level.
"""

from collections.abc import Mapping
from enum import IntEnum
from types import MappingProxyType

from alvh_trader.domain.order import Purpose


class Freeze(IntEnum):
    """How far trading is frozen; each level forbids what the one before forbids."""

    NONE = 0
    REDUCE = 1  # No new risk: hedges and closing go on, and rolls that risk no more.
    SAFE = 2  # No order at all; what works is left as it is.
    HALT = 3  # No order at all, and what works is cancelled.


SENDABLE: Mapping[Freeze, frozenset[Purpose]] = MappingProxyType(
    {
        Freeze.NONE: frozenset(Purpose),
        Freeze.REDUCE: frozenset({Purpose.HEDGE, Purpose.ROLL, Purpose.CLOSE}),
        Freeze.SAFE: frozenset(),
        Freeze.HALT: frozenset(),
    }
)
"""What an order may be for, at each level. A sale of hedges is no reduction of risk."""


def level_of(word: str) -> Freeze:
    """Return the level of that name in small letters.

    Raises:
        KeyError: There is none.

    >>> level_of("reduce")
    <Freeze.REDUCE: 1>
    """
    return Freeze[word.upper()]
