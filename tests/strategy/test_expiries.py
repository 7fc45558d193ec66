"""Which expiries a condor is rolled to."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from alvh_trader.strategy.expiries import choose_expiries, monthlies, third_friday
from alvh_trader.strategy.params import CondorParams, RollParams
from alvh_trader.strategy.reason import Reason
from tests.strategy.worked import OLD_EXPIRY, T2, condor

LISTED = (
    ("SPXW", date(2026, 7, 2)),  # 42 days
    ("SPXW", date(2026, 7, 6)),  # 46 days, six after the old
    ("SPXW", date(2026, 7, 10)),  # 50 days
    ("SPXW", date(2026, 7, 17)),  # 57 days
    ("SPX", date(2026, 7, 16)),  # another class
    ("SPXW", date(2026, 7, 31)),  # 71 days
    ("SPXW", date(2026, 8, 21)),  # the monthly after
)


def _chosen(reason: Reason | None = None) -> tuple[date, ...]:
    return choose_expiries(LISTED, condor(), T2, CondorParams(), RollParams(), reason)


def test_expiries_lie_in_the_window_and_after_the_old_one() -> None:
    assert _chosen() == (date(2026, 7, 10), date(2026, 7, 17))
    assert _chosen(Reason.EDR_BREACH) == _chosen()


def test_a_time_shift_goes_to_the_next_monthly_cycle() -> None:
    assert _chosen(Reason.FOMC_TIME_SHIFT) == (date(2026, 7, 17),)


def test_the_cycle_within_a_week_of_the_old_expiry_is_not_the_next_one() -> None:
    found = choose_expiries(
        LISTED,
        condor(expiry=date(2026, 7, 10)),
        T2,
        CondorParams(),
        RollParams(),
        Reason.FOMC_TIME_SHIFT,
    )
    assert found == (date(2026, 8, 21),)


def test_no_monthly_is_listed_so_there_is_nowhere_to_shift_to() -> None:
    weeklies = [(name, day) for name, day in LISTED if day.day not in {17, 21}]
    found = choose_expiries(
        weeklies, condor(), T2, CondorParams(), RollParams(), Reason.FOMC_TIME_SHIFT
    )
    assert found == ()


def test_a_monthly_ends_before_the_third_friday_where_it_is_a_holiday() -> None:
    # Juneteenth 2026 is the third Friday: weeklies trade to Thursday, and the series
    # that settles in the morning to Wednesday.
    assert third_friday(2026, 6) == date(2026, 6, 19)
    weekly = frozenset(date(2026, 6, d) for d in (12, 16, 17, 18, 22))
    assert monthlies(weekly) == {date(2026, 6, 18)}
    assert monthlies(frozenset({date(2026, 6, 17)})) == {date(2026, 6, 17)}


def test_in_a_morning_series_thursday_is_the_monthlys_last_day() -> None:
    days = frozenset({date(2026, 7, 16), date(2026, 8, 20)})
    assert monthlies(days) == days


@given(
    st.sets(st.integers(0, 200).map(lambda n: T2 + timedelta(days=n)), max_size=60),
    st.sampled_from([None, *Reason]),
)
def test_every_expiry_is_outward_and_a_shift_has_at_most_one(
    days: set[date], reason: Reason | None
) -> None:
    listed = [("SPXW", day) for day in sorted(days)]
    found = choose_expiries(listed, condor(), T2, CondorParams(), RollParams(), reason)
    assert set(found) <= days
    assert all((day - OLD_EXPIRY).days > RollParams().dte_later for day in found)
    if reason is Reason.FOMC_TIME_SHIFT:
        assert len(found) <= 1
        assert set(found) <= monthlies(frozenset(days))
    else:
        assert all(45 <= (day - T2).days <= 60 for day in found)
