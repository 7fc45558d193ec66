"""Where the broker's picture and ours differ, by name, and what each means.

Nothing here is ever corrected by the program (reliability.md T02, F72): it stops what
is touched, says what it saw, and waits for the broker's picture to heal or for a person
to adopt it.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from msgspec import Struct


class Name(StrEnum):
    """What is not as it should be."""

    POSITION = "POSITION"  # It changed, and no execution says why.
    ASSIGNED = "ASSIGNED"  # European options became something else: impossible.
    CONTRACT = "CONTRACT"  # What we hold is listed with other terms, or not at all.
    FOREIGN_TRADE = "FOREIGN_TRADE"  # Somebody else traded what we hold.
    FOREIGN_ORDER = "FOREIGN_ORDER"  # Somebody else's order works on what we hold.
    CANCELLED_BY_OTHER = "CANCELLED_BY_OTHER"  # Our order ended, and not by us.
    CHANGED_ORDER = "CHANGED_ORDER"  # The broker shows another order than we sent.
    TWIN_ORDER = "TWIN_ORDER"  # One order of ours is two at the broker.
    ENDED_YET_OPEN = "ENDED_YET_OPEN"  # It was over for us, and works at the broker.
    LEGGED_OUT = "LEGGED_OUT"  # The legs of a combo have not traded in its ratio.
    OVERFILL = "OVERFILL"  # More has traded than was ordered.
    STRAY_FILL = "STRAY_FILL"  # Our order, in an instrument that it does not have.
    LIQUIDATION = "LIQUIDATION"  # The broker itself closed what we hold.


class Rule(Struct, frozen=True, kw_only=True):
    """What a discrepancy does beside freezing what it touches.

    `halts_after`: the kill switch is set when it is so old. `reduces`: no order that
    takes new risk leaves, for any case. `heals`: it is over as soon as the broker's
    picture no longer shows it; where not, only a person ends it.
    """

    halts_after: timedelta | None = None
    reduces: bool = False
    heals: bool = False


AT_ONCE = timedelta(0)

RULES: Mapping[Name, Rule] = MappingProxyType(
    {
        Name.POSITION: Rule(halts_after=timedelta(minutes=5), reduces=True, heals=True),
        Name.ASSIGNED: Rule(halts_after=AT_ONCE, reduces=True),
        Name.CONTRACT: Rule(reduces=True, heals=True),
        Name.FOREIGN_TRADE: Rule(),
        Name.FOREIGN_ORDER: Rule(heals=True),
        Name.CANCELLED_BY_OTHER: Rule(),
        Name.CHANGED_ORDER: Rule(),
        Name.TWIN_ORDER: Rule(reduces=True, heals=True),
        Name.ENDED_YET_OPEN: Rule(reduces=True, heals=True),
        Name.LEGGED_OUT: Rule(reduces=True, heals=True),
        Name.OVERFILL: Rule(halts_after=AT_ONCE, reduces=True),
        Name.STRAY_FILL: Rule(reduces=True),
        Name.LIQUIDATION: Rule(halts_after=AT_ONCE, reduces=True),
    }
)


class Discrepancy(Struct, frozen=True, kw_only=True):
    """One difference that is open.

    `about` is what it is about: a contract's number, a permanent id, a reference of
    ours. `cases` and `con_ids` are what it touches ("" is the book as a whole). One
    that was adopted freezes nothing any more; it is kept until it heals.
    """

    name: Name
    about: str
    text: str
    since: datetime
    cases: tuple[str, ...] = ()
    con_ids: tuple[int, ...] = ()
    is_adopted: bool = False

    @property
    def key(self) -> str:
        """What a person calls it."""
        return f"{self.name}:{self.about}"

    @property
    def rule(self) -> Rule:
        """What it does."""
        return RULES[self.name]
