"""Folding: the first round is told, later ones are counted, what acts is shown."""

from datetime import UTC, datetime, timedelta

from alvh_trader.engine.command import CancelOrder
from alvh_trader.engine.decision import Decision
from alvh_trader.journal.records import Record
from alvh_trader.runtime.fold import Fold

START = datetime(2018, 2, 5, 15, 0, tzinfo=UTC)
"""10:00 in New York."""

RETEST = ("HOLD_HEDGED", "BREADTH", "RETEST")
UNKNOWN = ("BREADTH", "HOLD_HEDGED", "UNKNOWN")
PROCEED = ("BREADTH", "ROLL_PLAN", "PROCEED")
NO_CANDIDATE = ("ROLL_PLAN", "HOLD_HEDGED", "NO_CANDIDATE")
CLEAR = ("HOLD_HEDGED", "MONITOR", "CLEAR")


class Reader:
    """Feeds a fold, five minutes for each round, and keeps what it shows."""

    def __init__(self) -> None:
        self.fold = Fold()
        self.at = START
        self.shown: list[str] = []

    def decide(self, *steps: tuple[str, str, str], case: str = "c1") -> None:
        for before, after, trigger in steps:
            body = Decision(
                at=self.at, case=case, before=before, after=after, trigger=trigger
            )
            record = Record(1, self.at, case, body)
            line = f"{self.at:%H:%M} {case} {after} {trigger}"
            self.shown += self.fold.feed(record, [line])
        self.at += timedelta(minutes=5)

    def cancel(self) -> None:
        record = Record(1, self.at, "c1", CancelOrder(ref="r"))
        self.shown += self.fold.feed(record, ["cancel r"])

    def close(self) -> list[str]:
        self.shown += self.fold.close()
        return [line.strip() for line in self.shown]


def test_rounds_with_a_known_outcome_are_counted() -> None:
    it = Reader()
    for _ in range(12):
        it.decide(RETEST, UNKNOWN)
    assert it.close() == [
        "15:00 c1 BREADTH RETEST",
        "15:00 c1 HOLD_HEDGED UNKNOWN",
        "... and again until 10:55: 11 x UNKNOWN",
    ]


def test_each_outcome_is_told_once_and_then_counted() -> None:
    it = Reader()
    for _ in range(3):
        it.decide(RETEST, UNKNOWN)
        it.decide(RETEST, PROCEED, NO_CANDIDATE)
    shown = it.close()
    assert len(shown) == 2 + 3 + 1
    assert shown[-1] == "... and again until 10:25: 2 x UNKNOWN, 2 x NO_CANDIDATE"


def test_what_is_asked_for_is_shown_with_the_round_it_came_from() -> None:
    it = Reader()
    it.decide(RETEST, UNKNOWN)
    it.decide(RETEST, UNKNOWN)
    it.decide(RETEST)
    it.cancel()
    it.decide(UNKNOWN)
    assert it.close()[2:] == [
        "... and again until 10:05: 1 x UNKNOWN",
        "15:10 c1 BREADTH RETEST",
        "cancel r",
        "15:15 c1 HOLD_HEDGED UNKNOWN",
    ]


def test_another_resting_phase_is_always_told() -> None:
    it = Reader()
    back = ("MONITOR", "HOLD_HEDGED", "ARM")
    for _ in range(3):
        it.decide(CLEAR)
        it.decide(back)
    assert len(it.close()) == 6


def test_days_are_counted_apart() -> None:
    it = Reader()
    it.decide(RETEST, UNKNOWN)
    it.decide(RETEST, UNKNOWN)
    it.at += timedelta(days=1)
    it.decide(RETEST, UNKNOWN)
    it.decide(RETEST, UNKNOWN)
    assert it.close()[2:] == [
        "... and again until 10:05: 1 x UNKNOWN",
        "... and again until 10:15: 2 x UNKNOWN",
    ]


def test_cases_are_counted_apart() -> None:
    it = Reader()
    for _ in range(3):
        it.decide(RETEST, UNKNOWN, case="c1")
        it.decide(RETEST, UNKNOWN, case="c2")
    shown = it.close()
    assert len(shown) == 4 + 2
    assert [line for line in shown if "2 x UNKNOWN" in line] == shown[-2:]


def test_a_round_that_never_ends_is_shown_in_the_end() -> None:
    it = Reader()
    it.decide(RETEST)
    assert it.close() == ["15:00 c1 BREADTH RETEST"]
