"""The base ladder: four, four and two, each rung renewed by its own days."""

from datetime import date, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from alvh_trader.strategy.ladder import Held, Work, series_for, wanted, work
from alvh_trader.strategy.params import BaseLadderParams
from alvh_trader.strategy.vix_series import Series

PARAMS = BaseLadderParams()
LOW = 14.0


def held(units: int, bought: int, left: int, ref: str = "a") -> Held:
    return Held(ref=ref, units=units, bought_dte=bought, dte=left)


def rung(tenor: int, **changes: Any) -> Work:
    renewed = {30: 21, 110: 60, 220: 150}[tenor]
    return Work(tenor=tenor, renewed_at=renewed, **changes)


def test_it_is_off_and_has_ten_calls_for_ten_condors() -> None:
    assert not PARAMS.enabled
    assert wanted(PARAMS, 10) == (4, 4, 2)
    assert wanted(PARAMS, 20) == (8, 8, 4)
    assert wanted(PARAMS, 1) == (0, 0, 0)


def test_an_empty_ladder_is_filled_while_vix_is_low() -> None:
    full = (rung(30, buy=4), rung(110, buy=4), rung(220, buy=2))
    assert work([], PARAMS, 10, LOW) == full
    assert work([], PARAMS, 10, 15.0) == ()
    assert work([], PARAMS, 10, None) == ()


def test_each_rung_is_renewed_at_its_own_days() -> None:
    fresh = [held(4, 30, 22), held(4, 110, 61), held(2, 220, 151)]
    assert work(fresh, PARAMS, 10, LOW) == ()
    aged = [held(4, 30, 21), held(4, 110, 60), held(2, 220, 150)]
    assert [(w.tenor, w.buy) for w in work(aged, PARAMS, 10, LOW)] == [
        (30, 4),
        (110, 4),
        (220, 2),
    ]


def test_the_old_calls_go_when_the_new_ones_are_there() -> None:
    both = [held(4, 30, 20, "old"), held(4, 32, 32, "new")]
    others = [held(4, 110, 100), held(2, 220, 200)]
    assert work([*both, *others], PARAMS, 10, 40.0) == (rung(30, sell=("old",)),)


def test_an_aged_long_call_does_not_become_a_short_rung() -> None:
    found = work([held(2, 220, 100)], PARAMS, 10, LOW)
    assert rung(110, buy=4) in found
    assert rung(220, buy=2) in found


def test_calls_that_somebody_else_holds_are_counted_and_never_sold() -> None:
    theirs = [held(4, 28, 28, ""), held(4, 110, 110, ""), held(2, 200, 200, "")]
    assert work(theirs, PARAMS, 10, LOW) == ()
    old = [held(4, 30, 20, ""), held(4, 30, 30)]
    assert not any(w.sell for w in work(old, PARAMS, 10, LOW))


def test_a_rung_takes_the_monthly_nearest_to_its_tenor() -> None:
    today = date(2026, 5, 21)

    def series(days: int, name: str = "VIX") -> Series:
        expiry = today + timedelta(days=days)
        last = expiry - timedelta(days=1)
        return Series(trading_class=name, expiry=expiry, last_trade=last)

    listed = [series(27), series(62), series(34, "VIXW"), series(118), series(300)]
    assert series_for(rung(30), listed, today) == series(27)
    assert series_for(rung(110), listed, today) == series(118)
    assert series_for(rung(220), listed, today) is None
    assert series_for(rung(30), [series(21)], today) is None
    assert series_for(rung(30), [series(22)], today) == series(22)


rungs = st.lists(
    st.builds(
        held,
        st.integers(1, 20),
        st.integers(7, 300),
        st.integers(1, 300),
        st.sampled_from(["", "a", "b"]),
    ),
    max_size=8,
)


@given(rungs, st.integers(0, 100), st.none() | st.floats(9, 80))
def test_no_rung_ever_has_more_than_it_should_and_none_is_bought_dear(
    book: list[Held], condors: int, vix: float | None
) -> None:
    for needed in work(book, PARAMS, condors, vix):
        assert not (needed.buy and needed.sell)
        if needed.buy:
            assert vix is not None
            assert vix < PARAMS.vix_below
            most = dict(zip(PARAMS.tenors, wanted(PARAMS, condors), strict=True))
            assert needed.buy <= most[float(needed.tenor)]
