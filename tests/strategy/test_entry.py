"""Which condor is opened: expiry, distance, wings, and what it must pass."""

import math
from collections.abc import Sequence
from datetime import UTC, date, datetime

import numpy as np
import pytest
from msgspec.structs import replace

from alvh_trader.domain.inputs import FomcCalendar, FomcMeeting, Inputs
from alvh_trader.portfolio.case import Kind
from alvh_trader.strategy.blackout import blackout
from alvh_trader.strategy.condor import Guess, Surface, surface_of
from alvh_trader.strategy.entry import (
    construct,
    entry_options,
    entry_series,
    judge_entry,
    least_credit,
)
from alvh_trader.strategy.params import CondorParams, Params
from tests.strategy.worked import LISTED as LISTED_STRIKES
from tests.strategy.worked import OLD_EXPIRY, T0, atm, spx_chain
from tests.worked_market import calendar

PARAMS = Params()
LISTED = (
    ("SPXW", date(2026, 6, 19)),  # 43 days
    ("SPX", date(2026, 6, 26)),
    ("SPXW", date(2026, 6, 26)),  # 50 days
    ("SPXW", date(2026, 6, 30)),  # 54 days
    ("SPXW", date(2026, 7, 6)),  # 60 days
    ("SPXW", date(2026, 7, 17)),  # 71 days
    ("VIXW", date(2026, 6, 29)),
)


def t0(strikes: Sequence[float] = LISTED_STRIKES) -> Surface:
    chain = spx_chain(7138.80, 17.95, OLD_EXPIRY, today=T0, strikes=strikes)
    return surface_of(chain, 7138.80, 17.95, PARAMS)


def chosen(
    listed: tuple[tuple[str, date], ...] = LISTED, *decisions: date
) -> tuple[str, date] | None:
    found = entry_series(listed, T0, CondorParams(), calendar(), decisions)
    return None if found is None else (found.trading_class, found.last_trade)


def test_the_series_nearest_to_52_days_that_settles_in_the_evening() -> None:
    assert chosen() == ("SPXW", date(2026, 6, 26))
    assert chosen(LISTED[3:]) == ("SPXW", date(2026, 6, 30))
    assert chosen((*LISTED[:1], *LISTED[5:])) is None


def test_a_morning_series_only_where_there_is_no_other() -> None:
    assert chosen((LISTED[1], LISTED[4])) == ("SPXW", date(2026, 7, 6))
    assert chosen((LISTED[1],)) == ("SPX", date(2026, 6, 26))


@pytest.mark.parametrize("decision", [date(2026, 6, 25), date(2026, 6, 26)])
def test_a_series_just_after_a_decision_is_avoided_if_it_can_be(decision: date) -> None:
    assert chosen(LISTED, decision) == ("SPXW", date(2026, 6, 30))
    assert chosen(LISTED[2:3], decision) == ("SPXW", date(2026, 6, 26))
    # A meeting two sessions before, or after it, is not just before.
    assert chosen(LISTED, date(2026, 6, 24)) == ("SPXW", date(2026, 6, 26))
    assert chosen(LISTED, date(2026, 6, 29)) == ("SPXW", date(2026, 6, 26))


def test_the_first_condor_is_that_of_the_example() -> None:
    first = construct(t0(), 1.75)[0]
    assert first.strikes == (6350.0, 6400.0, 7875.0, 7925.0)
    assert first.sds == 1.75
    assert first.case.width == 50.0
    assert first.case.kind is Kind.IRON_CONDOR
    assert first.credit == pytest.approx(3.0929, abs=0.002)
    assert first.edr.value == pytest.approx(0.4117, abs=0.0005)


def test_condors_come_nearest_to_the_defaults_first() -> None:
    found = construct(t0(), 0.0)
    shapes = [(c.sds, c.case.width) for c in found]
    assert shapes[:4] == [(1.75, 50.0), (1.75, 55.0), (1.75, 60.0), (1.75, 25.0)]
    # Of two distances as near, the farther one.
    assert shapes[6:8] == [(2.0, 50.0), (2.0, 55.0)]
    assert shapes[12] == (1.5, 50.0)
    assert len(set(shapes)) == 18
    assert len(shapes) == 18


def test_no_shorts_nearer_than_the_regime_allows() -> None:
    assert {c.sds for c in construct(t0(), 1.75)} == {1.75, 2.0}


def test_without_an_atm_volatility_vix_stands_in() -> None:
    """VIX over 1.196, as everywhere where no volatility at the forward is quoted."""
    chain = spx_chain(7138.80, 17.95, OLD_EXPIRY, today=T0)
    blind = replace(chain, sigma=np.full_like(chain.sigma, math.nan))
    found = surface_of(blind, 7138.80, 17.95, PARAMS)
    assert found.atm == pytest.approx(0.1795 / 1.196)


def test_the_example_passes_every_filter() -> None:
    opening = judge_entry(construct(t0(), 1.75)[0], hv=None, wacc=4.777, params=PARAMS)
    assert opening.is_valid
    names = [f.what for f in opening.findings]
    assert names == [
        "credit after costs",
        "EDR of the new condor",
        "short deltas",
        "expected return over cost of capital",
        "widest market of a leg",
    ]
    # 3.0929 - 0.20 - 0.12.
    assert opening.findings[0].value.startswith("2.77")


@pytest.mark.parametrize(
    ("number", "changes"),
    [
        (0, {"condor": {"credit_share": 0.06}}),
        (1, {"condor": {"edr_high": 0.40}}),
        (2, {"condor": {"delta_high": 0.07}}),
        (3, {"roll": {"irr_over_wacc": 60.0}}),
        (4, {"roll": {"leg_spread_points": 0.0, "leg_spread_share": 0.0}}),
    ],
)
def test_each_filter_refuses_on_its_own(
    number: int, changes: dict[str, dict[str, float]]
) -> None:
    parts = {k: replace(getattr(PARAMS, k), **v) for k, v in changes.items()}
    params = replace(PARAMS, **parts)
    opening = judge_entry(construct(t0(), 1.75)[0], hv=None, wacc=4.777, params=params)
    assert [i for i, f in enumerate(opening.findings) if not f.holds] == [number]


def test_an_unknown_cost_of_capital_does_not_pass() -> None:
    opening = judge_entry(construct(t0(), 1.75)[0], hv=None, wacc=None, params=PARAMS)
    assert not opening.is_valid


def test_the_least_credit_is_four_per_cent_and_the_commission() -> None:
    assert least_credit(construct(t0(), 1.75)[0], PARAMS) == pytest.approx(2.12)


def test_the_options_asked_for_are_enough_to_build_the_same() -> None:
    full = t0()
    options = full.market.chain.options
    few = entry_options(options, Guess(7138.80, atm(17.95), 54), PARAMS.condor)
    assert len(few) <= 70
    narrow = t0(sorted({o.strike for o in few}))
    before, after = ([c.strikes for c in construct(at, 0.0)] for at in (full, narrow))
    assert before == after


# ------------------------------------------------------------------ blackout -----

AT = datetime(2026, 5, 7, 15, 0, tzinfo=UTC)


def inputs(*days: date, as_of: date = date(2026, 5, 1)) -> Inputs:
    meetings = tuple(
        FomcMeeting(released=datetime(d.year, d.month, d.day, 18, tzinfo=UTC))
        for d in days
    )
    return Inputs(fomc=FomcCalendar(meetings=meetings, as_of=as_of))


@pytest.mark.parametrize(
    ("day", "sessions", "clear"),
    [
        (date(2026, 5, 7), 1, False),
        (date(2026, 5, 6), 1, False),
        (date(2026, 5, 8), 1, False),
        (date(2026, 5, 5), 1, True),
        (date(2026, 5, 11), 1, True),
        (date(2026, 5, 11), 2, False),
    ],
)
def test_sessions_around_a_decision_are_blacked_out(
    day: date, sessions: int, clear: bool
) -> None:
    found = blackout(inputs(day), AT, calendar(), sessions)
    assert found.holds is clear


def test_other_releases_count_like_meetings() -> None:
    cpi = datetime(2026, 5, 8, 12, 30, tzinfo=UTC)
    given = Inputs(
        fomc=FomcCalendar(meetings=(), as_of=date(2026, 5, 1), releases=(cpi,))
    )
    assert not blackout(given, AT, calendar(), 1).holds


def test_a_missing_or_old_calendar_is_no_calendar() -> None:
    assert not blackout(Inputs(), AT, calendar(), 1).holds
    assert not blackout(inputs(as_of=date(2026, 3, 1)), AT, calendar(), 1).holds
    assert blackout(Inputs(), AT, calendar(), 0).holds
