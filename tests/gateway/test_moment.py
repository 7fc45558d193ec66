"""Dates and times in every form that clients send and gateways print."""

from datetime import UTC, datetime, timedelta

import pytest

from alvh_trader.gateway import moment

AT = datetime(2018, 2, 5, 21, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "20180205 16:00:00 US/Eastern",
        "20180205 16:00:00 America/New_York",
        "20180205 22:00:00 Europe/Berlin",
        "20180205 16:00:00",
        "20180205  16:00:00",
        "20180205-21:00:00",
    ],
)
def test_a_time_is_read_in_every_form(text: str) -> None:
    assert moment.read_time(text) == AT


@pytest.mark.parametrize(
    "text",
    ["", "now", "20180205", "2018-02-05 16:00:00", "20180230 10:00:00",
     "20180205 25:00:00", "20180205 16:00:00 Nowhere/Land", "20180205 16:00:00 ../x"],
)  # fmt: skip
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"not a time|does not match|out of range|day"):
        moment.read_time(text)


def test_times_carry_their_zone_from_version_174_on() -> None:
    assert moment.time_text(AT, 173) == "20180205  16:00:00"
    assert moment.time_text(AT, 174) == "20180205 16:00:00 US/Eastern"
    assert moment.read_time(moment.time_text(AT, 176)) == AT


def test_the_welcome_names_the_zone_in_short() -> None:
    assert moment.welcome_text(AT) == "20180205 16:00:00 EST"


@pytest.mark.parametrize(
    ("text", "sessions", "span"),
    [
        ("5 D", 5, None),
        ("2 W", 10, None),
        ("1 M", 21, None),
        ("1 Y", 252, None),
        ("1800 S", 1, timedelta(seconds=1800)),
        ("90000 S", 2, timedelta(seconds=90000)),
    ],
)
def test_durations(text: str, sessions: int, span: timedelta | None) -> None:
    assert moment.read_duration(text) == (sessions, span)
