"""What a person is asked to allow, and what he said: exactly that, once, and soon.

A proposal is one order with all limits that it may climb. Its name is the beginning of
a digest over every part of it, so that whoever types the name has named all of it, and
a proposal that changed has another name (reliability.md P27).
"""

from datetime import datetime, timedelta
from decimal import Decimal
from hashlib import sha256

import msgspec
from msgspec import Struct

from alvh_trader.domain.order import Order

NAME_LETTERS = 8
"""Hexadecimal digits of a proposal's name; two minutes are too short to find a twin."""


class Proposal(Struct, frozen=True, kw_only=True):
    """An order as it waits for a person.

    `order` stands at the first of `limits`; `pause` lies between two of them and
    `lasts` is how long it may work. `quoted` is the time of the oldest quote that its
    price was made from. `config` and `build` are those of the program that asks.
    """

    order: Order
    limits: tuple[Decimal, ...]
    pause: timedelta
    lasts: timedelta
    quoted: datetime | None
    config: str
    build: str
    asked: datetime
    expires: datetime

    @property
    def digest(self) -> str:
        """A digest of every part."""
        return sha256(msgspec.json.encode(self, order="deterministic")).hexdigest()

    @property
    def name(self) -> str:
        """What a person types."""
        return self.digest[:NAME_LETTERS]

    def covers(self, order: Order) -> bool:
        """Return whether `order` is this one, at one of its limits."""
        return order.limit in self.limits and self.order == msgspec.structs.replace(
            order, limit=self.order.limit
        )


class Consent(Struct, frozen=True, kw_only=True):
    """That a person allowed a proposal. `digest` is that of what was on his screen."""

    proposal: Proposal
    digest: str
    by: str
    given: datetime

    def covers(self, order: Order) -> bool:
        """Return whether it was given in time, for what was shown, and for `order`."""
        return (
            self.proposal.digest == self.digest
            and self.proposal.asked <= self.given <= self.proposal.expires
            and self.proposal.covers(order)
        )
