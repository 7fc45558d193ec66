"""Why to roll, and what is no reason."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from alvh_trader.domain.inputs import FomcCalendar, FomcMeeting
from alvh_trader.strategy.params import RollParams
from alvh_trader.strategy.reason import (
    CONFIRMED,
    ONE_SESSION,
    Reason,
    age,
    eased,
    risk,
    time_shift,
)

PARAMS = RollParams()
RELEASED = datetime(2026, 4, 29, 18, 0, tzinfo=UTC)
NOW = datetime(2026, 5, 21, 15, 0, tzinfo=UTC)
QUIET = FomcMeeting(released=RELEASED)
FILE = FomcCalendar(
    meetings=(QUIET, FomcMeeting(released=NOW + timedelta(days=27), divergence=True)),
    as_of=date(2026, 5, 20),
)


def _says(meeting: FomcMeeting, at: datetime = NOW) -> list[bool]:
    calendar = replace(FILE, meetings=(meeting, *FILE.meetings[1:]))
    return [f.holds for f in time_shift(calendar, at, PARAMS)]


@pytest.mark.parametrize(
    ("delta", "mark", "be_sd", "holding"),
    [
        (-0.15, 5.2, 1.15, [False, False, False]),
        (-0.30, 5.2, 1.15, [True, False, False]),
        (0.15, 9.3, 1.15, [False, True, False]),
        (0.15, 5.2, 0.74, [False, False, True]),
        (0.15, 5.2, None, [False, False, False]),
    ],
)
def test_risk_thresholds_are_reasons_to_roll(
    delta: float, mark: float, be_sd: float | None, holding: list[bool]
) -> None:
    found = risk(
        delta=delta, mark=mark, credit=3.0929, be_sd=be_sd, params=RollParams()
    )
    assert [f.holds for f in found] == holding


def test_a_risk_is_over_only_well_inside_its_threshold() -> None:
    easier = eased(RollParams())
    wandering = {"mark": 5.2, "credit": 3.0929, "be_sd": 0.80}
    began = risk(delta=0.29, **wandering, params=RollParams())
    goes_on = risk(delta=0.29, **wandering, params=easier)
    over = risk(delta=0.26, mark=5.2, credit=3.0929, be_sd=0.84, params=easier)
    assert not any(f.holds for f in began)
    assert [f.holds for f in goes_on] == [True, False, True]
    assert not any(f.holds for f in over)


def test_a_quiet_meeting_is_no_reason_and_one_to_come_none_either() -> None:
    assert _says(QUIET) == [False, False, False]


@pytest.mark.parametrize(
    ("change", "holding"),
    [
        ({"divergence": True}, [True, False, False]),
        ({"two_year_move": 15.0}, [False, True, False]),
        ({"two_year_move": -15.0}, [False, True, False]),
        ({"two_year_move": 14.9}, [False, False, False]),
        ({"dot_gap": 25.0}, [False, False, True]),
        ({"dot_gap": -25.0}, [False, False, True]),
        ({"dot_gap": 24.0}, [False, False, False]),
    ],
)
def test_each_of_three_surprises_of_the_latest_meeting_is_one(
    change: dict[str, float], holding: list[bool]
) -> None:
    assert _says(replace(QUIET, **change)) == holding


def test_a_surprise_of_an_earlier_meeting_is_history() -> None:
    before = FomcMeeting(released=RELEASED - timedelta(days=42), divergence=True)
    calendar = replace(FILE, meetings=(before, QUIET))
    assert not any(f.holds for f in time_shift(calendar, NOW, PARAMS))


@pytest.mark.parametrize("days", [46, -1])
def test_an_old_file_or_one_of_tomorrow_is_no_reason(days: int) -> None:
    loud = replace(QUIET, divergence=True)
    calendar = FomcCalendar(meetings=(loud,), as_of=NOW.date() - timedelta(days=days))
    (found,) = time_shift(calendar, NOW, PARAMS)
    assert not found.holds


def test_no_file_is_no_reason() -> None:
    assert [f.holds for f in time_shift(None, NOW, PARAMS)] == [False]


@pytest.mark.parametrize("file_age", [0, 45])
def test_a_file_of_forty_five_days_still_counts(file_age: int) -> None:
    loud = replace(QUIET, divergence=True)
    as_of = NOW.date() - timedelta(days=file_age)
    calendar = FomcCalendar(meetings=(loud,), as_of=as_of)
    assert any(f.holds for f in time_shift(calendar, NOW, PARAMS))


def test_age_is_a_reason_only_where_it_is_switched_on() -> None:
    assert not age(5, PARAMS).holds
    on = replace(PARAMS, at_dte_21=True)
    assert [age(n, on).holds for n in (22, 21, 1)] == [False, True, True]


@given(st.sampled_from(Reason), st.sampled_from(Reason))
def test_of_two_reasons_one_is_the_stronger(one: Reason, other: Reason) -> None:
    assert one.outranks(None)
    assert (one.outranks(other) + other.outranks(one)) == (one is not other)


def test_nothing_in_the_market_ends_what_no_market_began() -> None:
    assert not (CONFIRMED & ONE_SESSION)
    assert set(Reason) == CONFIRMED | ONE_SESSION
