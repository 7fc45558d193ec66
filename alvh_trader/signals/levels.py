"""When the Expected Delta Ratio counts as armed, breached, red or extreme.

A tracker is a value; `advance` gives the next one from one evaluation. It confirms
entries by count, exits by time, and doubts a lone wild tick (alvh.md §2.4).
"""

from datetime import datetime, timedelta
from enum import IntEnum

import msgspec
from msgspec import Struct


class Level(IntEnum):
    """How far the ratio has gone; each includes those before it."""

    CLEAR = 0
    ARMED = 1
    BREACHED = 2
    RED = 3
    EXTREME = 4


class Thresholds(Struct, frozen=True, kw_only=True):
    """The levels in per cent, and how they are confirmed and left (alvh.md §2.4).

    Minutes and seconds as named. `patience` is our own: a jump that the market did
    not explain is believed after so many agreeing evaluations, lest one bad first
    tick be defended against the truth for ever.
    """

    arm: float = 0.85
    breach: float = 0.94
    red: float = 1.10
    extreme: float = 1.20
    clear: float = 0.80
    red_leave: float = 1.00
    extreme_leave: float = 1.10
    arm_count: int = 2
    breach_count: int = 3
    clear_minutes: float = 15.0
    red_minutes: float = 5.0
    extreme_minutes: float = 15.0
    gap_seconds: float = 120.0
    jump: float = 0.25
    jump_move: float = 0.1
    jump_vix: float = 0.3
    patience: int = 15


class Observation(Struct, frozen=True, array_like=True):
    """One evaluation: the ratio in per cent (None if unknown) and its market.

    `expected_move` is the one-day move in SPX points.
    """

    at: datetime
    edr: float | None
    spot: float
    vix: float
    expected_move: float


class Doubt(Struct, frozen=True, array_like=True):
    """A jump that has not been believed yet, and how often it has been seen."""

    edr: float
    seen: int


class EdrTracker(Struct, frozen=True, kw_only=True):
    """What the evaluations so far amount to.

    `accepted` is the newest believed observation. `*_since` are when the ratio went
    below the exit of that level, for good so far. `missing_since` is when it became
    unknown, None while it is known.
    """

    level: Level = Level.CLEAR
    accepted: Observation | None = None
    doubt: Doubt | None = None
    armed_in_row: int = 0
    breached_in_row: int = 0
    clear_since: datetime | None = None
    red_since: datetime | None = None
    extreme_since: datetime | None = None
    missing_since: datetime | None = None

    @property
    def edr(self) -> float | None:
        """The believed ratio in per cent; None while it is unknown."""
        if self.missing_since is not None or self.accepted is None:
            return None
        return self.accepted.edr

    def missing_for(self, at: datetime) -> timedelta:
        """Return how long the ratio has been unknown."""
        if self.missing_since is None:
            return timedelta(0)
        return at - self.missing_since


def advance(
    tracker: EdrTracker, seen: Observation, limits: Thresholds | None = None
) -> EdrTracker:
    """Return the tracker after one more evaluation.

    An unknown ratio keeps the level and the counts, and stops the way out of it.
    """
    limits = Thresholds() if limits is None else limits
    if seen.edr is None:
        return msgspec.structs.replace(
            tracker,
            missing_since=tracker.missing_since or seen.at,
            clear_since=None,
            red_since=None,
            extreme_since=None,
        )
    doubt = _doubt(tracker, seen, seen.edr, limits)
    if doubt is not None:
        return msgspec.structs.replace(tracker, doubt=doubt, missing_since=None)
    return _believed(tracker, seen, seen.edr, limits)


def _doubt(
    tracker: EdrTracker, seen: Observation, edr: float, limits: Thresholds
) -> Doubt | None:
    """Return why `seen` is not believed yet, None if it is."""
    before = tracker.accepted
    if before is None or before.edr is None or abs(edr - before.edr) <= limits.jump:
        return None
    agrees = tracker.doubt is not None and abs(edr - tracker.doubt.edr) <= limits.jump
    times = tracker.doubt.seen + 1 if agrees and tracker.doubt is not None else 1
    spot_moved = abs(seen.spot - before.spot) >= limits.jump_move * before.expected_move
    vix_moved = abs(seen.vix - before.vix) >= limits.jump_vix
    explained = times >= 2 and (spot_moved or vix_moved)
    if explained or times >= limits.patience:
        return None
    return Doubt(edr, times)


def _believed(
    tracker: EdrTracker, seen: Observation, edr: float, limits: Thresholds
) -> EdrTracker:
    # Nobody knows what the ratio did while nobody looked: every way out starts anew.
    is_gap = (
        tracker.accepted is not None
        and (seen.at - tracker.accepted.at).total_seconds() > limits.gap_seconds
    )
    clear, red, extreme = (
        None if edr >= exit_ else seen.at if is_gap or since is None else since
        for exit_, since in (
            (limits.clear, tracker.clear_since),
            (limits.red_leave, tracker.red_since),
            (limits.extreme_leave, tracker.extreme_since),
        )
    )
    armed = tracker.armed_in_row + 1 if edr >= limits.arm else 0
    breached = tracker.breached_in_row + 1 if edr >= limits.breach else 0
    level = _left(
        tracker.level,
        clear=_lasted(clear, seen.at, limits.clear_minutes),
        red=_lasted(red, seen.at, limits.red_minutes),
        extreme=_lasted(extreme, seen.at, limits.extreme_minutes),
    )
    return EdrTracker(
        level=max(level, _entered(edr, armed, breached, limits)),
        accepted=seen,
        armed_in_row=armed,
        breached_in_row=breached,
        clear_since=clear,
        red_since=red,
        extreme_since=extreme,
    )


def _entered(edr: float, armed: int, breached: int, limits: Thresholds) -> Level:
    if edr >= limits.extreme:
        return Level.EXTREME
    if edr >= limits.red:
        return Level.RED
    if breached >= limits.breach_count:
        return Level.BREACHED
    return Level.ARMED if armed >= limits.arm_count else Level.CLEAR


def _left(level: Level, *, clear: bool, red: bool, extreme: bool) -> Level:
    """Return the level that still holds; breach and arm end together, at clear."""
    if clear:
        return Level.CLEAR
    if level is Level.EXTREME and extreme:
        level = Level.RED
    if level is Level.RED and red:
        level = Level.BREACHED
    return level


def _lasted(since: datetime | None, at: datetime, minutes: float) -> bool:
    return since is not None and at - since >= timedelta(minutes=minutes)
