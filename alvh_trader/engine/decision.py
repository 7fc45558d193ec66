"""Why the engine did something, or did not: the record that `explain` reads.

Every transition of a case, and every change of the reason for standing still, is a
`Decision` with the numbers that were compared and the bounds they were compared
with. Decisions are journaled beside events and commands.
"""

from datetime import datetime

from msgspec import Struct

from alvh_trader.strategy.finding import Finding


class Decision(Struct, frozen=True, kw_only=True, tag=True):
    """A case moved from `before` to `after`, or stands still where they are equal.

    No case is the book as a whole; then `before` and `after` are not phases.
    """

    at: datetime
    case: str
    before: str
    after: str
    trigger: str
    findings: tuple[Finding, ...] = ()

    @property
    def moved(self) -> bool:
        """Whether the case changed its phase."""
        return self.before != self.after
