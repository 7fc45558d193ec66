"""The tape: real anchors, no price outside the range, nothing but the seed decides."""

import itertools
import math
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alvh_trader.domain.calendar import nyse
from alvh_trader.sim.daily import Day, Prices, load
from alvh_trader.sim.parameters import fitted
from alvh_trader.sim.path import ISSUES, Tape, net_advances, tape

CALENDAR = nyse(date(2017, 1, 1), date(2019, 1, 31))
DAYS = {d.day: d for d in load(None, date(2018, 1, 2), date(2018, 12, 31))}
ORDERED = sorted(DAYS)


def made(day: Day, before: Day, seed: int = 1) -> Tape:
    rng = np.random.default_rng(seed)
    return tape(day, before, CALENDAR, fitted().breadth, rng)


def tape_of(day: date, seed: int = 1) -> Tape:
    before = ORDERED[ORDERED.index(day) - 1]
    return made(DAYS[day], DAYS[before], seed)


@given(st.sampled_from(ORDERED[1:]), st.integers(0, 2**32))
def test_every_session_meets_its_open_high_low_and_close_on_whole_minutes(
    day: date, seed: int
) -> None:
    session, spx = tape_of(day, seed), DAYS[day].spx
    minutes = session.spx[: session.index_close + 1 : 12]
    assert (minutes[0], minutes[-1]) == (spx.open, spx.close)
    assert (minutes.max(), minutes.min()) == (spx.high, spx.low)
    assert session.spx.max() == spx.high
    assert session.spx.min() == spx.low
    assert session.vix[-1] == DAYS[day].vix_close


def test_a_day_moves_most_at_its_ends_and_no_more_than_its_range_tells() -> None:
    hours = np.array([0, *range(360, 4680, 720), 4680])
    shares, ranges, highs = [], [], []
    for before, day in itertools.pairwise(ORDERED):
        session = made(DAYS[day], DAYS[before], day.toordinal())
        if session.index_close < hours[-1]:
            continue
        spx = np.log(session.spx[: session.index_close + 1])
        # Parkinson: what a day of this range varies by.
        day_variance = (spx.max() - spx.min()) ** 2 / (4 * math.log(2))
        shares.append(np.diff(spx[hours]) ** 2 / day_variance)
        ranges.append(np.sum(np.diff(spx[::12]) ** 2) / day_variance)
        highs.append(int(np.searchsorted(hours[1:], spx.argmax())))
    # SPY 2007-2021: 0.18 0.22 0.15 0.10 0.10 0.13 0.20, highs 0.24 first, 0.29 last.
    real = [0.18, 0.22, 0.15, 0.10, 0.10, 0.13, 0.20]
    assert np.mean(shares, axis=0) == pytest.approx(real, abs=0.05)
    assert np.median(ranges) == pytest.approx(1.0, abs=0.2)
    ends = np.bincount(highs, minlength=7)[[0, 6]] / len(highs)
    assert ends == pytest.approx([0.24, 0.29], abs=0.08)


def test_minutes_have_fatter_tails_than_the_normal_distribution() -> None:
    kurtosis = []
    for before, day in itertools.pairwise(ORDERED):
        session = made(DAYS[day], DAYS[before], day.toordinal())
        moves = np.diff(np.log(session.spx[: session.index_close + 1 : 12]))
        kurtosis.append(np.mean(moves**4) / np.mean(moves**2) ** 2)
    # Five real days of minutes have 3.7 to 5.7.
    assert 3.5 < np.median(kurtosis) < 5.5


def test_a_day_from_its_high_to_its_low_stays_between_them() -> None:
    day, before = DAYS[date(2018, 2, 6)], DAYS[date(2018, 2, 5)]
    falls = Day(day.day, Prices(2700.0, 2700.0, 2650.0, 2650.0), None, 25.0, {}, ())
    spx = made(falls, before).spx
    assert (spx[0], spx.max(), spx.min(), spx[-1]) == (2700.0, 2700.0, 2650.0, 2650.0)


def test_a_half_day_ends_at_a_quarter_past_one() -> None:
    session = tape_of(date(2018, 12, 24))
    assert session.closes_at - session.opens_at == (3 * 60 + 45) * 60
    assert (session.nodes - 1 - session.index_close) * 5 == 15 * 60


def test_vix_moves_against_spx_and_gaps_overnight() -> None:
    session = tape_of(date(2018, 2, 5))
    by_minutes = slice(None, session.index_close, 60)
    moves = np.corrcoef(
        np.diff(session.spx[by_minutes]), np.diff(session.vix[by_minutes])
    )
    assert moves[0, 1] < -0.8
    assert session.vix[0] > 17.31, "SPX opened lower, so VIX higher than it closed"


def test_vix_meets_its_open_high_and_low_where_they_are_given() -> None:
    day, before = DAYS[date(2018, 2, 6)], DAYS[date(2018, 2, 5)]
    vix = Prices(37.32, 50.30, 22.42, 29.98)
    full = Day(day.day, day.spx, vix, vix.close, {}, ())
    path = made(full, before).vix
    ends = (path[0], path.max(), path.min(), path[-1])
    assert ends == (37.32, 50.30, 22.42, 29.98)


def test_the_seed_alone_decides_the_path() -> None:
    day = date(2018, 3, 1)
    same = np.array_equal(tape_of(day, 7).spx, tape_of(day, 7).spx)
    other = np.array_equal(tape_of(day, 7).spx, tape_of(day, 8).spx)
    assert (same, other) == (True, False)


@pytest.mark.parametrize(
    ("day", "broad"), [(date(2018, 2, 5), -1), (date(2018, 3, 26), 1)]
)
def test_breadth_follows_a_large_move_and_counts_every_issue(
    day: date, broad: int
) -> None:
    session = tape_of(day)
    net = session.advances - session.declines
    assert np.sign(net[-1]) == broad
    assert abs(net[-1]) > 0.4 * ISSUES
    assert (session.advances + session.declines <= ISSUES).all()
    assert (session.declines > 0).all()


def test_net_advances_of_past_sessions_follow_their_returns() -> None:
    days = tuple(DAYS[d] for d in ORDERED)
    rng = np.random.default_rng(3)
    nets = np.array([n for _, n in net_advances(days, fitted().breadth, rng)])
    closes = np.array([d.spx.close for d in days])
    returns = np.diff(np.log(closes))
    assert len(nets) == len(days) - 1
    assert np.corrcoef(nets, returns)[0, 1] > 0.75
