"""Durations and bar sizes as clients write them."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alvh_trader.gateway import span

END = datetime(2018, 3, 31, 16, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "sessions", "inside"),
    [
        ("5 D", 5, None),
        ("2 W", 10, None),
        ("1 M", 21, None),
        ("1 Y", 252, None),
        ("1800 S", 1, timedelta(seconds=1800)),
        ("90000 S", 2, timedelta(seconds=90000)),
    ],
)
def test_durations(text: str, sessions: int, inside: timedelta | None) -> None:
    assert span.read_duration(text) == (sessions, inside)


@pytest.mark.parametrize("text", ["366 D", "53 W", "13 M"])
def test_what_is_longer_than_a_year_is_counted_in_years(text: str) -> None:
    with pytest.raises(ValueError, match="must be made in years"):
        span.read_duration(text)


@pytest.mark.parametrize("text", ["", "D", "1", "0 D", "1 H", "-1 D", "999999 S"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="Invalid duration"):
        span.read_duration(text)


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("3600 S", "2018-3-31 15"),
        ("2 D", "2018-3-29 16"),
        ("1 W", "2018-3-24 16"),
        ("1 M", "2018-2-28 16"),
        ("3 Y", "2015-3-31 16"),
        ("99999 Y", "1-1-31 16"),
    ],
)
def test_a_span_begins_by_the_calendar(text: str, start: str) -> None:
    at = span.span_start(END, text)
    assert f"{at.year}-{at.month}-{at.day} {at.hour}" == start


@given(st.integers(1, 365), st.sampled_from("SDWMY"))
def test_a_span_begins_before_it_ends(count: int, unit: str) -> None:
    assert span.span_start(END, f"{count} {unit}") < END


def test_every_size_that_is_named_as_legal_is_read() -> None:
    sizes = [span.read_bar_size(it) for it in span.LEGAL_BAR_SIZES.split(", ")]
    assert sizes == sorted(sizes)
    with pytest.raises(ValueError, match="Legal ones are: 1 secs, 5 secs"):
        span.read_bar_size("7 mins")
