"""Published figures at the bounds of the specification (alvh.md §9.5 to §9.8)."""

from datetime import UTC, date, datetime

import pytest

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

MONTHS = [date(2020 + m // 12, m % 12 + 1, 1) for m in range(60)]


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
