"""An input is as old as what it says, and nobody knows what was not out yet."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alvh_trader.domain.freshness import (
    AHEAD,
    LIMITS,
    SERIES,
    Part,
    Verdict,
    age_of,
    judge,
    known,
)
from alvh_trader.domain.inputs import (
    Facilities,
    Facility,
    FacilityType,
    Inputs,
    MacroSeries,
    Tags,
    Treasury,
)

AT = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
INSTANTS = st.integers(0, 300_000).map(
    lambda n: datetime(2000, 1, 1, tzinfo=UTC) + n * HOUR
)


def facility(as_of: datetime) -> Facility:
    kind = FacilityType.OTHER
    return Facility(id="x", type=kind, limit=1.0, drawn=0.0, as_of=as_of)


def series(name: str, *days: date, fetched: datetime | None = None) -> MacroSeries:
    return MacroSeries(id=name, points=tuple((d, 1.0) for d in days), fetched=fetched)


@pytest.mark.parametrize("part", Part)
def test_nothing_given_is_missing(part: Part) -> None:
    age = age_of(Inputs(), part, AT)
    assert (age.verdict, age.as_of, age.age) == (Verdict.MISSING, None, None)
    assert not age.is_fresh


@pytest.mark.parametrize(
    ("part", "as_of", "last_fresh"),
    [
        # New York midnight is 05:00 UTC in winter, 04:00 in summer.
        (Part.FACILITIES, AT, AT + timedelta(hours=24)),
        (Part.FOMC, date(2026, 1, 5), datetime(2026, 2, 19, 5, tzinfo=UTC)),
        (Part.INDEX, date(2026, 1, 5), datetime(2026, 2, 19, 5, tzinfo=UTC)),
        (Part.CONSTITUENTS, date(2026, 1, 5), datetime(2026, 2, 19, 5, tzinfo=UTC)),
        # January's prices are out on 15 February; 45 days later is 1 April, in summer.
        (Part.CPI, date(2026, 1, 1), datetime(2026, 4, 1, 13, 30, tzinfo=UTC)),
        (Part.PPI, date(2026, 1, 1), datetime(2026, 4, 1, 13, 30, tzinfo=UTC)),
        # 75 days from the end of January.
        (Part.REER, date(2026, 1, 1), datetime(2026, 4, 17, 5, tzinfo=UTC)),
        (Part.BILL, date(2026, 2, 20), datetime(2026, 3, 2, 5, tzinfo=UTC)),
        (Part.TWO_YEAR, date(2026, 2, 20), datetime(2026, 3, 2, 5, tzinfo=UTC)),
    ],
)
def test_a_part_is_fresh_up_to_its_age(
    part: Part, as_of: date, last_fresh: datetime
) -> None:
    assert judge(part, as_of, last_fresh).verdict is Verdict.FRESH
    late = judge(part, as_of, last_fresh + timedelta(seconds=1))
    assert late.verdict is Verdict.STALE
    assert late.age is not None
    assert late.limit is not None
    assert late.age > late.limit


def test_tags_do_not_age() -> None:
    old = Inputs(tags=Tags(as_of=date(1999, 1, 1)))
    assert age_of(old, Part.TAGS, AT).is_fresh
    assert LIMITS[Part.TAGS] is None


def test_the_facilities_are_as_old_as_the_oldest() -> None:
    given = Facilities(
        facilities=(facility(AT - HOUR), facility(AT - 25 * HOUR)),
        treasury=Treasury(as_of=AT),
    )
    age = age_of(Inputs(facilities=given), Part.FACILITIES, AT)
    assert (age.age, age.verdict) == (25 * HOUR, Verdict.STALE)
    treasury = Facilities(treasury=Treasury(as_of=AT - 2 * HOUR))
    assert age_of(Inputs(facilities=treasury), Part.FACILITIES, AT).age == 2 * HOUR
    empty = Inputs(facilities=Facilities())
    assert age_of(empty, Part.FACILITIES, AT).verdict is Verdict.MISSING


@pytest.mark.parametrize("part", Part)
def test_what_says_to_be_of_the_future_is_not_fresh(part: Part) -> None:
    assert judge(part, AT + AHEAD, AT).is_fresh
    assert judge(part, AT + AHEAD + HOUR, AT).verdict is Verdict.STALE


def test_a_file_that_was_there_is_known_as_a_whole() -> None:
    # February's figure came early, before the day on which it is taken to be out.
    cpi = series("CPIAUCSL", date(2026, 1, 1), date(2026, 2, 1), fetched=AT)
    assert known(cpi, AT) == cpi.points
    assert age_of(Inputs(macro={"CPIAUCSL": cpi}), Part.CPI, AT).is_fresh


@pytest.mark.parametrize(
    ("name", "days", "at", "count"),
    [
        ("CPIAUCSL", (date(2018, 1, 1),), "2018-02-15T13:29Z", 0),
        ("CPIAUCSL", (date(2018, 1, 1),), "2018-02-15T13:30Z", 1),
        ("RBUSBIS", (date(2017, 12, 1),), "2018-01-20T16:59Z", 0),
        ("RBUSBIS", (date(2017, 12, 1),), "2018-01-20T17:00Z", 1),
        ("DTB3", (date(2018, 2, 5), date(2018, 2, 6)), "2018-02-06T21:15Z", 1),
    ],
)
def test_a_replay_knows_what_was_out(
    name: str, days: tuple[date, ...], at: str, count: int
) -> None:
    later = series(name, *days, fetched=AT)
    assert len(known(later, datetime.fromisoformat(at))) == count


@given(
    part=st.sampled_from(SERIES),
    days=st.lists(st.dates(date(1990, 1, 1), date(2040, 1, 1)), unique=True),
    now=INSTANTS,
    fetched=st.none() | INSTANTS,
)
def test_nothing_of_the_future_is_ever_known(
    part: Part, days: list[date], now: datetime, fetched: datetime | None
) -> None:
    found = series(part, *sorted(days), fetched=fetched)
    points = known(found, now)
    assert points == found.points[: len(points)]
    assert all(day <= now.date() for day, _ in points)
    later = known(found, now + timedelta(days=1))
    assert later[: len(points)] == points
    age = age_of(Inputs(macro={part: found}), part, now)
    assert (age.verdict is Verdict.MISSING) == (not points)
    assert age.age is None or age.age >= timedelta(0)
