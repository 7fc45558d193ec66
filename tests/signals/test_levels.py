"""Confirmation, hysteresis and doubt of the ratio's levels (alvh.md §2.4)."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from alvh_trader.signals.levels import (
    EdrTracker,
    Level,
    Observation,
    Thresholds,
    advance,
)

START = datetime(2026, 5, 21, 14, 0, tzinfo=UTC)
CALM = Thresholds(jump=99.0)


def _run(
    values: Iterable[float | None],
    *,
    tracker: EdrTracker | None = None,
    start: datetime = START,
    seconds: float = 20,
    limits: Thresholds = CALM,
) -> EdrTracker:
    tracker = EdrTracker() if tracker is None else tracker
    for i, value in enumerate(values):
        at = start + timedelta(seconds=seconds * i)
        tracker = advance(tracker, Observation(at, value, 6860, 21.2, 76.0), limits)
    return tracker


def test_two_evaluations_arm() -> None:
    assert _run([0.85]).level is Level.CLEAR
    assert _run([0.85, 0.84, 0.85]).level is Level.CLEAR
    assert _run([0.85, 0.86]).level is Level.ARMED


def test_three_evaluations_breach() -> None:
    assert _run([0.94, 0.95]).level is Level.ARMED
    assert _run([0.94, 0.93, 0.94, 0.94]).level is Level.ARMED
    assert _run([0.94, 0.95, 0.94]).level is Level.BREACHED


def test_one_red_evaluation_is_a_breach_and_red() -> None:
    assert _run([1.10]).level is Level.RED
    assert _run([1.20]).level is Level.EXTREME


def test_the_level_is_kept_until_fifteen_clear_minutes() -> None:
    breached = _run([0.94] * 3)
    later = START + timedelta(minutes=1)
    assert _run([0.81] * 100, tracker=breached, start=later).level is Level.BREACHED
    almost = _run([0.79] * 45, tracker=breached, start=later)
    assert almost.level is Level.BREACHED
    cleared = _run([0.79] * 46, tracker=breached, start=later)
    assert cleared.level is Level.CLEAR


def test_one_relapse_starts_the_fifteen_minutes_anew() -> None:
    breached = _run([0.94] * 3)
    values = [0.79] * 40 + [0.80] + [0.79] * 40
    start = START + timedelta(minutes=1)
    assert _run(values, tracker=breached, start=start).level is Level.BREACHED


def test_red_ends_after_five_minutes_and_leaves_the_breach() -> None:
    red = _run([1.15])
    start = START + timedelta(seconds=20)
    assert _run([0.99] * 15, tracker=red, start=start).level is Level.RED
    assert _run([0.99] * 16, tracker=red, start=start).level is Level.BREACHED


def test_extreme_ends_after_fifteen_minutes_and_leaves_red() -> None:
    extreme = _run([1.25])
    start = START + timedelta(seconds=20)
    assert _run([1.05] * 45, tracker=extreme, start=start).level is Level.EXTREME
    assert _run([1.05] * 46, tracker=extreme, start=start).level is Level.RED


def test_nobody_looking_is_not_fifteen_clear_minutes() -> None:
    breached = _run([0.94] * 3 + [0.79] * 3)
    next_day = START + timedelta(hours=18)
    assert _run([0.79], tracker=breached, start=next_day).level is Level.BREACHED


def test_an_unknown_ratio_keeps_the_level_and_stops_its_way_out() -> None:
    breached = _run([0.94] * 3)
    start = START + timedelta(minutes=1)
    values = [*[0.79] * 40, None, *[0.79] * 40]
    tracker = _run(values, tracker=breached, start=start)
    assert tracker.level is Level.BREACHED
    assert tracker.edr == 0.79


def test_an_unknown_ratio_is_counted_from_its_first_moment() -> None:
    tracker = _run([0.9, 0.9, None, None, None])
    assert tracker.edr is None
    assert tracker.level is Level.ARMED
    at = START + timedelta(seconds=160)
    assert tracker.missing_for(at) == timedelta(seconds=120)
    back = _run([0.9], tracker=tracker, start=at)
    assert back.missing_for(at) == timedelta(0)


def _jump(spot: float, vix: float, times: int) -> EdrTracker:
    tracker = advance(EdrTracker(), Observation(START, 0.70, 6860, 21.2, 76.0))
    for i in range(times):
        at = START + timedelta(seconds=20 * (i + 1))
        tracker = advance(tracker, Observation(at, 1.15, spot, vix, 76.0))
    return tracker


def test_a_lone_jump_is_not_believed() -> None:
    once = _jump(6800, 23.0, 1)
    assert once.level is Level.CLEAR
    assert once.edr == 0.70


def test_a_jump_that_the_index_explains_is_believed_the_second_time() -> None:
    assert _jump(6852.0, 21.2, 2).level is Level.RED
    assert _jump(6853.0, 21.2, 2).level is Level.CLEAR


def test_a_jump_that_vix_explains_is_believed_the_second_time() -> None:
    assert _jump(6860, 21.5, 2).level is Level.RED
    assert _jump(6860, 21.4, 2).level is Level.CLEAR


def test_a_jump_that_stays_is_believed_in_the_end() -> None:
    assert _jump(6860, 21.2, 14).level is Level.CLEAR
    assert _jump(6860, 21.2, 15).level is Level.RED


def test_a_jump_that_goes_back_is_forgotten() -> None:
    tracker = _jump(6800, 23.0, 1)
    at = START + timedelta(seconds=40)
    tracker = advance(tracker, Observation(at, 0.72, 6800, 23.0, 76.0))
    assert tracker.edr == 0.72
    assert tracker.doubt is None


@given(st.lists(st.floats(0, 2), max_size=60))
def test_the_level_is_never_below_what_one_evaluation_proves(
    values: list[float],
) -> None:
    tracker = EdrTracker()
    for i, value in enumerate(values):
        at = START + timedelta(seconds=20 * i)
        tracker = advance(tracker, Observation(at, value, 6860, 21.2, 76.0), CALM)
        if value >= 1.20:
            assert tracker.level is Level.EXTREME
        elif value >= 1.10:
            assert tracker.level >= Level.RED
