"""Published figures: what they amount to, and what is not believed of them."""

import math
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alvh_trader.domain.inputs import FomcCalendar, FomcMeeting
from alvh_trader.signals.macd import Macd
from alvh_trader.signals.macro import (
    Exchange,
    Macro,
    Spread,
    divergence_score,
    exchange_rate,
    inflation_spread,
    of_committee,
    of_exchange,
    of_spread,
    of_weekly,
)
from tests.signals.published import CPI, MONTHS, PPI, REER

AT = datetime(2026, 5, 21, 15, 0, tzinfo=UTC)


def spread(z: float, change: float | None) -> Spread:
    return Spread(value=1.0, z=z, change=change, month=MONTHS[-1])


def rate(change: float) -> Exchange:
    return Exchange(change=change, slope=4 * change, curvature=0.0, month=MONTHS[-1])


def weekly(*rows: float) -> Macd:
    return Macd(0.0, 0.0, (rows[0], rows[1], rows[2]))


# --------------------------------------------------------------------- the spread ---


def test_the_spread_is_of_changes_year_on_year() -> None:
    found = inflation_spread(CPI, PPI)
    assert found is not None
    year = 100 * (CPI[-1][1] / CPI[-13][1] - PPI[-1][1] / PPI[-13][1])
    before = 100 * (CPI[-4][1] / CPI[-16][1] - PPI[-4][1] / PPI[-16][1])
    assert found.value == pytest.approx(year)
    assert found.change == pytest.approx(year - before)
    assert found.month == MONTHS[-1]


def test_its_z_is_against_the_36_months_before() -> None:
    found = inflation_spread(CPI, PPI)
    assert found is not None
    past = [
        100 * (CPI[i][1] / CPI[i - 12][1] - PPI[i][1] / PPI[i - 12][1])
        for i in range(len(CPI) - 37, len(CPI) - 1)
    ]
    mean = sum(past) / 36
    deviation = math.sqrt(sum((x - mean) ** 2 for x in past) / 35)
    assert found.z == pytest.approx((found.value - mean) / deviation)


def test_a_few_missing_months_are_borne_and_many_are_not() -> None:
    gaps = {MONTHS[-10], MONTHS[-20]}
    kept = tuple(p for p in CPI if p[0] not in gaps)
    assert inflation_spread(kept, PPI) is not None
    assert inflation_spread(CPI[-46:], PPI) is not None
    assert inflation_spread(CPI[-42:], PPI) is None
    assert inflation_spread((), PPI) is None


@pytest.mark.parametrize("factor", [0.01, 0.001, 100.0, math.nan, -1.0])
def test_a_series_in_other_units_is_not_believed(factor: float) -> None:
    odd = tuple((d, v * factor) for d, v in CPI)
    assert inflation_spread(odd, PPI) is None
    assert inflation_spread(CPI, odd) is None
    assert exchange_rate(tuple((d, v * factor) for d, v in REER)) is None


def test_rates_in_the_place_of_levels_are_not_believed() -> None:
    yearly = tuple((d, 3.0 + math.sin(i)) for i, d in enumerate(MONTHS))
    assert inflation_spread(yearly, PPI) is None
    assert exchange_rate(yearly) is None


@given(st.integers(0, len(CPI) - 1), st.sampled_from([0.01, 0.1, 2.0, 10.0, 100.0]))
def test_one_slip_makes_the_whole_series_unbelieved(at: int, factor: float) -> None:
    odd = (*CPI[:at], (CPI[at][0], CPI[at][1] * factor), *CPI[at + 1 :])
    found = inflation_spread(odd, PPI)
    assert found is None or found == inflation_spread(CPI, PPI)


@given(st.permutations(range(len(CPI))), st.integers(0, 20))
def test_order_and_repetition_change_nothing(order: list[int], again: int) -> None:
    mixed = [CPI[i] for i in order] + [CPI[i] for i in order[:again]]
    assert inflation_spread(mixed, PPI) == inflation_spread(CPI, PPI)


@pytest.mark.parametrize(
    ("z", "change", "opinion"),
    [
        (-1.0, 0.5, -1),
        (-1.2, None, -1),
        (0.0, -0.5, -1),
        (0.0, -0.49, 0),
        (0.9, 0.0, 1),
        (1.0, 0.3, 0),
        (0.0, None, None),
    ],
)
def test_the_spreads_opinion(
    z: float, change: float | None, opinion: int | None
) -> None:
    assert of_spread(spread(z, change)) == opinion
    assert of_spread(None) is None


# ------------------------------------------------------------- the exchange rate ---


def test_slope_and_curvature_of_the_exchange_rate() -> None:
    found = exchange_rate(REER)
    assert found is not None
    quarter = REER[-1][1] / REER[-4][1]
    assert found.change == pytest.approx(100 * (quarter - 1))
    assert found.slope == pytest.approx(100 * (quarter**4 - 1))
    year = 100 * (REER[-1][1] / REER[-13][1] - 1)
    assert found.curvature == pytest.approx(found.slope - year)
    assert exchange_rate(REER[-12:]) is None
    assert exchange_rate(()) is None


@pytest.mark.parametrize(
    ("change", "opinion"),
    [(3.0, -1), (-3.0, -1), (2.9, 0), (1.0, 0), (0.99, 1), (-0.99, 1)],
)
def test_the_exchange_rates_opinion(change: float, opinion: int) -> None:
    assert of_exchange(rate(change)) == opinion
    assert of_exchange(None) is None


# -------------------------------------------------------- weekly VX, the committee ---


def test_weekly_vx_speaks_against_where_it_rises_above_its_signal() -> None:
    assert of_weekly(weekly(0.1, 0.2, 0.3)) == -1
    assert of_weekly(weekly(0.3, 0.2, 0.3)) == 0
    assert of_weekly(weekly(0.1, 0.0, -0.1)) == 1
    assert of_weekly(None) is None


def meeting(days_ago: int, score: int | None) -> FomcMeeting:
    return FomcMeeting(released=AT - timedelta(days=days_ago), score=score)


def calendar_of(*meetings: FomcMeeting) -> FomcCalendar:
    return FomcCalendar(meetings=meetings, as_of=date(2026, 5, 20))


def test_the_newest_released_meeting_counts() -> None:
    coming = meeting(-5, 2)
    assert (
        divergence_score(calendar_of(meeting(50, 1), meeting(8, -2), coming), AT) == -2
    )
    assert divergence_score(calendar_of(meeting(8, -2), meeting(50, 1)), AT) == -2


def test_without_a_score_there_is_none() -> None:
    assert divergence_score(None, AT) is None
    assert divergence_score(calendar_of(), AT) is None
    assert divergence_score(calendar_of(meeting(-5, 2)), AT) is None
    assert divergence_score(calendar_of(meeting(50, 1), meeting(8, None)), AT) is None
    assert divergence_score(calendar_of(meeting(8, 15)), AT) is None


def test_the_committees_opinion_is_the_sign() -> None:
    scores = [of_committee(s) for s in (-2, -1, 0, 1, 2, None)]
    assert scores == [-1, -1, 0, 1, 1, None]


# ------------------------------------------------------------------ the composite ---


@pytest.mark.parametrize(
    ("opinions", "composite", "scale"),
    [
        ((None, None, None, None), None, 1.0),
        ((1, None, None, None), 1.0, 1.0),
        ((-1, None, None, None), -1.0, 0.75),
        ((1, 1, None, None), 1.0, 1.25),
        ((1, 1, 1, 1), 1.0, 1.25),
        ((-1, -1, -1, -1), -1.0, 0.75),
        ((1, -1, 0, 1), 0.25, 1.0625),
    ],
)
def test_the_composite_and_its_scale(
    opinions: tuple[int | None, ...], composite: float | None, scale: float
) -> None:
    first, second, third, fourth = opinions
    found = Macro(spread=first, exchange=second, weekly=third, committee=fourth)
    assert found.composite == composite
    assert found.scale == pytest.approx(scale)
    assert 0.5 <= found.scale <= 1.25


# ------------------------------------ at the bounds of the specification (§9.5-9.8) ---


def _growing(rates: list[float], start: float = 250.0) -> list[tuple[date, float]]:
    """Return an index whose value a year on is that of the year before, grown."""
    values: list[float] = []
    for place, rate in enumerate(rates):
        before = start if place < 12 else values[place - 12]
        values.append(before * (1 + rate / 100) if place >= 12 else start)
    return list(zip(MONTHS, values, strict=False))


def test_the_inflation_spread_is_cpi_less_ppi_with_its_own_past() -> None:
    wobble = [3.0 + 0.5 * (-1) ** m for m in range(59)]
    cpi, ppi = _growing([*wobble, 5.0]), _growing([2.0] * 60)
    found = inflation_spread(cpi, ppi)
    assert found is not None
    assert found.value == pytest.approx(3.0)
    assert found.change == pytest.approx(3.0 - (wobble[56] - 2.0))
    # The 36 months before alternate around 1 by a half.
    assert found.z == pytest.approx((3.0 - 1.0) / (0.5 * (36 / 35) ** 0.5))
    assert inflation_spread(cpi[:40], ppi[:40]) is None


@pytest.mark.parametrize(
    ("z", "change", "opinion"),
    [(-1.0, 0.3, -1), (0.0, -0.5, -1), (0.9, 0.0, 1), (1.0, 0.2, 0), (0.0, None, None)],
)
def test_a_falling_spread_squeezes(
    z: float, change: float | None, opinion: int | None
) -> None:
    found = Spread(value=1.0, z=z, change=change, month=MONTHS[-1])
    assert of_spread(found) == opinion


def test_the_exchange_rates_slope_is_a_year_and_its_curvature_the_difference() -> None:
    values = [100.0] * 14 + [103.0]
    found = exchange_rate(list(zip(MONTHS, values, strict=False)))
    assert found is not None
    assert found.change == pytest.approx(3.0)
    assert found.slope == pytest.approx(100 * (1.03**4 - 1))
    assert found.curvature == pytest.approx(found.slope - 3.0)
    assert exchange_rate(list(zip(MONTHS, values[:10], strict=False))) is None


@pytest.mark.parametrize(
    ("change", "opinion"), [(3.0, -1), (-3.0, -1), (2.9, 0), (1.0, 0), (0.9, 1)]
)
def test_an_exchange_rate_on_the_move_is_unrest(change: float, opinion: int) -> None:
    found = Exchange(change=change, slope=0.0, curvature=0.0, month=MONTHS[-1])
    assert of_exchange(found) == opinion


@pytest.mark.parametrize(
    ("rows", "opinion"),
    [((1.0, 2.0, 3.0), -1), ((3.0, 2.0, 1.0), 0), ((1.0, 0.5, -0.1), 1)],
)
def test_weekly_vx_that_rises_is_unrest(
    rows: tuple[float, float, float], opinion: int
) -> None:
    assert of_weekly(Macd(0.0, 0.0, rows)) == opinion


def test_the_committees_score_is_of_the_newest_meeting_that_is_over() -> None:
    at = datetime(2026, 5, 21, 15, 0, tzinfo=UTC)
    past = FomcMeeting(released=at.replace(day=1), score=-2)
    older = FomcMeeting(released=at.replace(month=3), score=2)
    to_come = FomcMeeting(released=at.replace(month=6), score=1)
    calendar = FomcCalendar(meetings=(older, past, to_come), as_of=at.date())
    assert divergence_score(calendar, at) == -2
    assert of_committee(-2) == -1
    assert divergence_score(None, at) is None


@pytest.mark.parametrize(
    ("opinions", "composite", "scale"),
    [
        ((1, 1, 1, 1), 1.0, 1.25),
        ((-1, -1, -1, -1), -1.0, 0.75),
        ((1, None, None, None), 1.0, 1.0),
        ((-1, None, None, None), -1.0, 0.75),
        ((1, 0, None, None), 0.5, 1.125),
        ((None, None, None, None), None, 1.0),
    ],
)
def test_the_scale_of_outside_capital_follows_the_mean_of_what_is_known(
    opinions: tuple[int | None, ...], composite: float | None, scale: float
) -> None:
    spread, exchange, weekly, committee = opinions
    found = Macro(spread=spread, exchange=exchange, weekly=weekly, committee=committee)
    assert found.composite == composite
    assert found.scale == pytest.approx(scale)
