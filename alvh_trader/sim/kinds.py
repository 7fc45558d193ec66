"""The order types: which prices each one has, what wakes it, and who may use it.

Which instrument takes which type and time in force follows the broker's product lists
[doc: TWS API, basic orders; Campus, order types] and the `orderTypes` of an option's
contract details [cap]. A type that the broker has and this exchange has not is in
`UNKNOWN_HERE`: it is turned down as unsupported, not as a word nobody knows.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple


class Kind(NamedTuple):
    """What one order type asks for.

    With a stop it sleeps until a price is reached. A touching one wakes where a stop
    of the other side would; the stop of a trailing one follows the market.
    """

    has_limit: bool = False
    has_stop: bool = False
    touches: bool = False
    trails: bool = False
    at_close: bool = False


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "MKT": Kind(),
        "LMT": Kind(has_limit=True),
        "STP": Kind(has_stop=True),
        "STP LMT": Kind(has_limit=True, has_stop=True),
        "TRAIL": Kind(has_stop=True, trails=True),
        "TRAIL LIMIT": Kind(has_limit=True, has_stop=True, trails=True),
        "MIT": Kind(has_stop=True, touches=True),
        "LIT": Kind(has_limit=True, has_stop=True, touches=True),
        "MOC": Kind(at_close=True),
        "LOC": Kind(has_limit=True, at_close=True),
    }
)

UNKNOWN_HERE = frozenset(
    {"REL", "MTL", "PEG MID", "PEG BEST", "PEG BENCH", "PEG MKT", "PEG STK", "VOL",
     "MIDPRICE", "SNAP MKT", "SNAP MID", "SNAP PRIM", "BOX TOP", "MKT PRT", "STP PRT",
     "REL + LMT", "REL + MKT", "LMT + MKT", "PASSV REL", "MKT CLS"}
)  # fmt: skip

_WAKING = {"STP", "STP LMT", "TRAIL", "TRAIL LIMIT", "MIT", "LIT"}
_SINGLE = {"MKT", "LMT", *_WAKING}

KINDS_OF: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "OPT": frozenset(_SINGLE),
        "FUT": frozenset(_SINGLE | {"MOC", "LOC"}),
        "STK": frozenset(_SINGLE | {"MOC", "LOC"}),
        "BAG": frozenset({"MKT", "LMT", "STP", "STP LMT"}),
    }
)
"""The order types that each security type takes."""

_RESTING = {"DAY", "GTC", "GTD", "IOC"}

TIMES_OF: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "OPT": frozenset(_RESTING | {"FOK", "OPG"}),
        "FUT": frozenset(_RESTING),
        "STK": frozenset(_RESTING | {"OPG"}),
        "BAG": frozenset(_RESTING),
    }
)
"""The times in force that each security type takes."""

TIMES = frozenset({"DAY", "GTC", "GTD", "IOC", "FOK", "OPG", "DTC", "AUC"})
"""The times in force that the broker knows."""

AT_ONCE = frozenset({"IOC", "FOK"})
"""Times in force that end with the first look at the market."""

ONE_SESSION = frozenset({"DAY", "IOC", "FOK"})
"""Times in force that do not outlive the close."""
