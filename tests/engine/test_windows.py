"""When a roll may be sent."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from alvh_trader.domain.calendar import NEW_YORK
from alvh_trader.domain.inputs import FomcCalendar, FomcMeeting, Inputs
from alvh_trader.engine.case import Ask, Case, legs_of_shape
from alvh_trader.engine.state import State
from alvh_trader.engine.turn import Turn
from alvh_trader.engine.windows import hindrance_of, window
from alvh_trader.portfolio.case import Case as Condor
from alvh_trader.signals.regime import Regime
from tests.playbook import RULES
from tests.strategy.worked import condor

DAY = date(2026, 5, 21)
HALF_DAY = date(2026, 5, 22)
RULES_HALF = replace(
    RULES, calendar=replace(RULES.calendar, half_days=frozenset({HALF_DAY}))
)


def _refusals(
    day: date,
    clock: time,
    *,
    held: Condor | None = None,
    begins: bool = True,
    fomc: FomcCalendar | None = None,
) -> list[str]:
    at = datetime.combine(day, clock, NEW_YORK).astimezone(UTC)
    shape = condor() if held is None else held
    case = Case(
        case_id="c",
        condor=shape,
        legs=legs_of_shape(shape),
        opened=at,
        since=at,
    )
    turn = Turn(State(day=day, inputs=Inputs(fomc=fomc)), RULES_HALF, at)
    return [f.what for f in window(turn, case, begins=begins) if not f.holds]


@pytest.mark.parametrize(
    ("clock", "refused"),
    [
        (time(9, 44, 59), True),
        (time(9, 45), False),
        (time(15, 44, 59), False),
        (time(15, 45), True),
    ],
)
def test_the_window_of_a_whole_day(clock: time, refused: bool) -> None:
    assert bool(_refusals(DAY, clock)) is refused


def test_the_window_of_a_half_day_ends_with_it() -> None:
    assert _refusals(HALF_DAY, time(12, 44)) == []
    assert _refusals(HALF_DAY, time(12, 45)) == ["time"]


@pytest.mark.parametrize("days", [0, 1])
def test_within_a_session_of_expiry_no_roll_begins_after_half_past_three(
    days: int,
) -> None:
    held = condor(expiry=HALF_DAY + timedelta(days=4))
    day = held.last_trade - timedelta(days=days)
    assert _refusals(day, time(15, 29), held=held) == []
    assert _refusals(day, time(15, 30), held=held) == ["time before expiry"]
    assert _refusals(day, time(15, 30), held=held, begins=False) == []
    # The last quarter of an hour of a series is shut for the rest of a roll too.
    assert _refusals(day, time(15, 45), held=held, begins=False) == ["time"]


def test_a_series_that_settles_in_the_morning_ends_the_day_before() -> None:
    friday = condor(expiry=date(2026, 7, 17))
    put, call = friday.put, friday.call
    assert put is not None
    assert call is not None
    thursday = date(2026, 7, 16)
    morning = replace(
        friday,
        put=replace(
            put,
            short=replace(put.short, last_trade=thursday),
            long=replace(put.long, last_trade=thursday),
        ),
    )
    wednesday = date(2026, 7, 15)
    assert _refusals(wednesday, time(15, 31), held=friday) == []
    assert _refusals(wednesday, time(15, 31), held=morning) == ["time before expiry"]


@given(st.integers(-3600, 3600))
def test_nothing_is_sent_within_five_minutes_of_a_release(seconds: int) -> None:
    noon = datetime.combine(DAY, time(12), NEW_YORK).astimezone(UTC)
    release = noon + timedelta(seconds=seconds)
    as_release = FomcCalendar(meetings=(), as_of=DAY, releases=(release,))
    as_meeting = FomcCalendar(meetings=(FomcMeeting(released=release),), as_of=DAY)
    for calendar in (as_release, as_meeting):
        refused = _refusals(DAY, time(12), fomc=calendar)
        assert bool(refused) is (abs(seconds) <= 300)


def test_without_a_file_no_release_is_known() -> None:
    assert _refusals(DAY, time(14)) == []
    empty = FomcCalendar(meetings=(), as_of=DAY)
    assert _refusals(DAY, time(14), fomc=empty) == []


# ------------------------------------------------------------------- regime -----


def _hindered(before: Regime | None, *allowed: Ask) -> bool:
    """Return whether the regime one worse than `before` is in the way (no VIX)."""
    at = datetime.combine(DAY, time(12), NEW_YORK).astimezone(UTC)
    case = Case(
        case_id="c",
        condor=condor(),
        legs=legs_of_shape(condor()),
        opened=at,
        since=at,
        allowed=dict.fromkeys(allowed, at),
    )
    turn = Turn(State(at=at, day=DAY, regime=before), RULES, at)
    found = hindrance_of(turn, case)
    return found is not None and found.what == "VIX regime"


@pytest.mark.parametrize(
    ("before", "allowed", "hindered"),
    [
        (Regime.TRANSITION, (), False),
        (Regime.ELEVATED, (), True),
        (Regime.ELEVATED, (Ask.CRISIS,), True),
        (Regime.ELEVATED, (Ask.STRESS,), False),
        (Regime.STRESS, (Ask.STRESS,), True),
        (Regime.STRESS, (Ask.CRISIS,), False),
        (None, (Ask.STRESS,), True),
        (None, (), True),
    ],
)
def test_what_was_allowed_in_stress_is_not_allowed_in_a_crisis(
    before: Regime | None, allowed: tuple[Ask, ...], hindered: bool
) -> None:
    assert _hindered(before, *allowed) is hindered
