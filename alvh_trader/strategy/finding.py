"""One number held against one bound: the atom of every explanation."""

import math

from msgspec import Struct


class Finding(Struct, frozen=True, array_like=True):
    """A test that was made: `what` was `value`, `bound` was asked for, `holds` or not.

    `value` and `bound` are words ("0.9423 %", ">= 0.94 %"), ready to be read. `mend`
    is what would make it hold, where whoever compared can tell ("VIX 18.60 at this
    delta"); empty where it holds, or where the bound says it all. `code` is the number
    and the reason of a control that refused an order ("P13 PRICE_COLLAR").
    """

    what: str
    value: str
    bound: str
    holds: bool
    mend: str = ""
    code: str = ""


def upward(value: float, digits: int) -> str:
    """Return a number in words, rounded up: what is told to be enough is enough.

    >>> upward(18.6001, 2)
    '18.61'
    """
    return f"{math.ceil(round(value * 10**digits, 6)) / 10**digits:.{digits}f}"
