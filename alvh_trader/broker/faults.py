"""What each of the broker's error codes means for us.

The library treats any code outside a short list as the end of the order that it
names. This table is ours: gateway.md §5.4, peers.md E4, reliability.md F45-F70.
"""

from enum import StrEnum


class Fault(StrEnum):
    """The classes of errors, by who must do something about them."""

    NOTICE = "notice"  # Nothing changed: log it.
    LINK_DOWN = "link-down"  # The broker's own link is lost; our socket is up.
    LINK_UP = "link-up"  # It is back.
    FARM_DOWN = "farm-down"  # A market data farm is unreachable.
    FARM_UP = "farm-up"
    DATA = "data"  # One stream has no data.
    REJECTED = "rejected"  # The request was refused; as a new order it never lived.
    DOUBT = "doubt"  # It proves nothing: reconcile.
    SESSION = "session"  # The session is refused or about to end.


_CODES: dict[Fault, tuple[int, ...]] = {
    # 165 and 2174 speak of history, 399 of an order held until the open, 404 of
    # shares to be located, 10349 of a preset: all of them live on.
    Fault.NOTICE: (165, 399, 404, 434, 492, 10167, 10349),
    Fault.LINK_DOWN: (1100, 2110),
    Fault.LINK_UP: (1101, 1102),
    Fault.FARM_DOWN: (2103, 2119),
    Fault.FARM_UP: (2104, 2108),
    Fault.DATA: (
        *(101, 300, 309, 354, 10089, 10090, 10091, 10168, 10182, 10186),
        *(10187, 10197),
    ),
    Fault.REJECTED: (
        *(110, 200, 201, 203, 321, 382, 383, 388, 451, 460, 10058, 10268),
        *(10311, 10318),
    ),
    Fault.DOUBT: (*(103, 104, 105, 135, 136, 161, 202, 329, 10147, 10148, 2102),),
    Fault.SESSION: (100, 326, 501, 502, 503, 504, 507, 1300),
}

_FAULT_OF = {code: fault for fault, codes in _CODES.items() for code in codes}

DATA_LOST = 1101
"""The link is back, but every subscription must be made again."""

RATE_EXCEEDED = 100
NO_SUCH_INSTRUMENT = 200
READ_ONLY = 321
"""Of no request in particular: the API is set to read-only."""

OTHER_SESSION = 10197
NO_LINES = 101
CANCELLED = 202
NUMBER_TAKEN = 103


def fault_of(code: int) -> Fault:
    """Return the class of `code`. What nobody knows proves nothing.

    >>> fault_of(201), fault_of(2137), fault_of(31337)
    (<Fault.REJECTED: 'rejected'>, <Fault.NOTICE: 'notice'>, <Fault.DOUBT: 'doubt'>)
    """
    known = _FAULT_OF.get(code)
    if known is not None:
        return known
    return Fault.NOTICE if 2100 <= code < 2200 else Fault.DOUBT
