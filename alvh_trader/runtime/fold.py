"""Fold what a transcript would say again and again: re-tests with the same outcome.

A case at rest looks again every few minutes and often comes to the same end. The first
such round is shown with its numbers; later ones are counted. Whatever does something
(an order, a fill, an alert, a move to another resting phase) is always shown, and
after it the rounds are shown afresh. The journal and `--json` keep all of them.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime

from alvh_trader.domain.calendar import NEW_YORK
from alvh_trader.engine.decision import Decision
from alvh_trader.journal.records import Record
from alvh_trader.runtime.transcript import INDENT
from alvh_trader.strategy.phase import Phase

RESTING = frozenset(
    {
        Phase.MONITOR,
        Phase.ARMED,
        Phase.HOLD_HEDGED,
        Phase.HOLD_UNHEDGED,
        Phase.COOLDOWN,
        Phase.MANUAL,
        Phase.DEGRADED,
        Phase.CLOSED,
    }
)

Step = tuple[str, str, str]
"""Before, after and trigger of a decision."""


class Fold:
    """Takes records with their lines in order, and yields the lines to be shown."""

    def __init__(self) -> None:
        self._rounds: dict[str, _Rounds] = {}

    def feed(self, record: Record, lines: list[str]) -> Iterator[str]:
        """Yield what is to be shown now that this record is there."""
        body = record.body
        if isinstance(body, Decision) and body.case:
            rounds = self._rounds.setdefault(body.case, _Rounds())
            yield from rounds.decide(body, lines)
        elif lines:
            for rounds in self._rounds.values():
                yield from rounds.interrupt()
            yield from lines

    def close(self) -> Iterator[str]:
        """Yield what is still held back."""
        for rounds in self._rounds.values():
            yield from rounds.interrupt()


class _Rounds:
    """The rounds of one case."""

    def __init__(self) -> None:
        self._known: set[tuple[Step, ...]] = set()
        self._steps: list[Step] = []
        self._held: list[str] = []
        self._start = ""
        self._is_shown = False
        self._counted: Counter[str] = Counter()
        self._day: date | None = None
        self._until: datetime | None = None

    def decide(self, decision: Decision, lines: list[str]) -> Iterator[str]:
        """Take a decision of the case; yield what is to be shown now."""
        local = decision.at.astimezone(NEW_YORK)
        if local.date() != self._day:
            yield from self._tell_counted()
            self._day = local.date()
        if not self._steps:
            self._start = decision.before
        self._steps.append((decision.before, decision.after, decision.trigger))
        if self._is_shown:
            yield from lines
        else:
            self._held += lines
        if decision.after in RESTING:
            yield from self._end_round(decision, local)

    def interrupt(self) -> Iterator[str]:
        """Something else happened: show what is held back, and the rest as it comes."""
        yield from self._tell_counted()
        self._known.clear()
        yield from self._held
        self._held = []
        self._is_shown = bool(self._steps)

    def _end_round(self, decision: Decision, local: datetime) -> Iterator[str]:
        steps, was_shown = tuple(self._steps), self._is_shown
        held, self._held, self._steps, self._is_shown = self._held, [], [], False
        if decision.after != self._start:
            yield from self._tell_counted()
            self._known.clear()
            yield from held
        elif was_shown:
            return
        elif steps in self._known:
            self._counted[decision.trigger] += 1
            self._until = local
        else:
            self._known.add(steps)
            yield from self._tell_counted()
            yield from held

    def _tell_counted(self) -> Iterator[str]:
        if not self._counted or self._until is None:
            return
        each = ", ".join(f"{n} x {name}" for name, n in self._counted.most_common())
        yield f"{INDENT}   ... and again until {self._until:%H:%M}: {each}"
        self._counted.clear()
