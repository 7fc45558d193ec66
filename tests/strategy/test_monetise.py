"""When a hedge is sold, how much of it, and that no lot is sold beyond its bounds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from alvh_trader.pricing.black76 import price
from alvh_trader.strategy.monetise import (
    DECAY,
    LAST_DAY,
    RENEWED,
    STOP,
    TP1,
    TP2,
    Climate,
    Holding,
    Selling,
    decide,
    runner,
)
from alvh_trader.strategy.params import MonetiseParams
from tests.strategy.worked import RATE

PARAMS = MonetiseParams()
LOT = Holding(units=7, acquired=7, cost=1.4213, mark=1.4213, bid=1.41, sessions_left=8)
THREAT = Climate(vix=24.0, is_threatened=True)
CALM = Climate(vix=17.0, is_calm=True, calm_sessions=5)


def sold(lot: Holding, climate: Climate = THREAT) -> tuple[str, int] | None:
    """Return why and how many."""
    selling, _ = decide(lot, climate, PARAMS)
    return None if selling is None else (selling.why, selling.units)


def at(mark: float, **changes: object) -> Holding:
    return replace(LOT, mark=mark, bid=mark - 0.02, **changes)


# ------------------------------------------------------------- §12 check -----


def worth(forward: float) -> float:
    """Return what the example's 22 call is worth nine days before it settles."""
    return float(price(forward, 22.0, 1.15, 9 / 365, RATE, True))


def test_the_first_profit_of_the_example_is_taken_at_a_forward_of_24_95() -> None:
    """alvh.md §4.7: TP1 (3.553) needs F of about 24.95."""
    assert PARAMS.take_first * 1.4213 == pytest.approx(3.553, abs=0.001)
    assert worth(24.95) == pytest.approx(3.553, abs=0.01)
    assert sold(at(worth(24.97))) == (TP1, 3)
    assert sold(at(worth(24.90))) is None


def test_the_second_profit_of_the_example_is_taken_at_a_forward_of_27_46() -> None:
    """alvh.md §4.7: TP2 (5.685) needs F of about 27.46."""
    assert PARAMS.take_second * 1.4213 == pytest.approx(5.685, abs=0.001)
    assert worth(27.46) == pytest.approx(5.685, abs=0.01)
    taken = {TP1: 4}
    assert sold(at(worth(27.48), units=4, taken=taken)) == (TP2, 2)
    assert sold(at(worth(27.40), units=4, taken=taken)) is None


# ------------------------------------------------------------------ rules -----


def test_a_profit_that_was_taken_is_not_taken_again() -> None:
    assert sold(at(3.6, units=4, taken={TP1: 4})) is None
    assert sold(at(6.0, units=2, taken={TP1: 4, TP2: 2})) is None


def test_a_sale_that_was_not_finished_goes_on_down_to_the_same_number() -> None:
    assert sold(at(3.6, units=6, taken={TP1: 4})) == (TP1, 2)


def test_a_quarter_runs_on_until_edr_is_clear() -> None:
    eight = at(6.0, units=8, acquired=8)
    assert sold(eight) == (TP2, 6)
    five = at(6.0, units=5, acquired=5)
    assert sold(five) == (TP2, 3)
    assert sold(five, replace(THREAT, is_calm=True)) == (TP2, 3)
    assert runner(five, PARAMS) == 2


def test_a_spike_in_backwardation_takes_the_second_profit_without_a_multiple() -> None:
    spike = replace(THREAT, vix=35.0, front=33.0, second=30.0)
    assert sold(LOT, spike) == (TP2, 3)
    assert sold(LOT, replace(spike, vix=34.9)) is None
    assert sold(LOT, replace(spike, second=33.0)) is None
    assert sold(LOT, replace(spike, second=None)) is None
    assert sold(LOT, replace(spike, vix=None)) is None


def test_what_is_not_needed_decays_no_longer_than_five_sessions() -> None:
    assert sold(LOT, CALM) == (DECAY, 5)
    assert sold(LOT, replace(CALM, calm_sessions=4)) is None
    assert sold(LOT, replace(CALM, is_calm=False)) is None
    assert sold(replace(LOT, units=2), CALM) is None


def test_nothing_is_sold_for_next_to_nothing() -> None:
    assert sold(replace(LOT, mark=0.06, bid=0.05), CALM) == (DECAY, 5)
    assert sold(replace(LOT, mark=0.06, bid=0.04), CALM) is None
    assert sold(replace(LOT, bid=None), CALM) is None


def test_the_old_hedge_goes_when_the_new_one_is_held_and_not_before() -> None:
    old = replace(LOT, sessions_left=2)
    assert sold(old, replace(THREAT, is_renewed=True)) == (RENEWED, 7)
    assert sold(old, THREAT) is None
    assert sold(replace(LOT, sessions_left=3), replace(THREAT, is_renewed=True)) is None
    not_known = replace(THREAT, is_threatened=False, is_renewed=True)
    assert sold(old, not_known) is None


def test_nothing_is_held_into_its_settlement() -> None:
    last = replace(LOT, sessions_left=0)
    assert sold(last, replace(THREAT, is_last_hour=True, spare=0)) == (LAST_DAY, 7)
    assert sold(replace(last, bid=0.04), replace(THREAT, is_last_hour=True)) is None


def test_a_case_keeps_what_it_needs() -> None:
    assert sold(at(3.6), replace(THREAT, spare=1)) == (TP1, 1)
    assert sold(at(3.6), replace(THREAT, spare=0)) is None


def test_an_unknown_mark_takes_no_profit() -> None:
    assert sold(replace(LOT, mark=None, bid=9.0)) is None
    assert sold(replace(LOT, cost=0.0, mark=9.0)) is None


def test_one_contract_has_no_half() -> None:
    one = at(6.0, units=1, acquired=1)
    assert sold(one) is None


def test_a_future_is_sold_at_its_stop_and_takes_no_multiple() -> None:
    future = replace(LOT, cost=21.0, mark=60.0, bid=59.9, stop=3.0)
    assert sold(future) is None
    assert sold(replace(future, mark=18.01)) is None
    assert sold(replace(future, mark=18.0, bid=17.95)) == (STOP, 7)
    assert sold(replace(future, mark=18.0, bid=17.95), replace(THREAT, spare=0)) == (
        STOP,
        7,
    )
    assert sold(replace(future, mark=None)) is None


# -------------------------------------------------------------- properties -----

lots = st.builds(
    lambda acquired, gone, cost, mark, bid, left: Holding(
        units=max(acquired - gone, 1),
        acquired=acquired,
        cost=cost,
        mark=mark,
        bid=bid,
        sessions_left=left,
    ),
    st.integers(1, 100),
    st.integers(0, 99),
    st.floats(0, 20),
    st.none() | st.floats(0, 100),
    st.none() | st.floats(0, 100),
    st.integers(0, 30),
)
unknown = st.none() | st.floats(5, 90)
climates = st.builds(
    Climate,
    vix=unknown,
    front=unknown,
    second=unknown,
    is_threatened=st.booleans(),
    is_calm=st.booleans(),
    calm_sessions=st.integers(0, 20),
    is_renewed=st.booleans(),
    is_last_hour=st.booleans(),
    spare=st.none() | st.integers(0, 50),
)


@given(lots, climates)
def test_no_sale_is_more_than_is_held_or_than_can_be_spared(
    lot: Holding, climate: Climate
) -> None:
    selling, findings = decide(lot, climate, PARAMS)
    assert findings
    if selling is None:
        assert not all(f.holds for f in findings)
        return
    assert 1 <= selling.units <= lot.units
    assert lot.bid is not None
    assert lot.bid >= PARAMS.bid_least - 1e-9
    assert all(f.holds for f in selling.findings)
    if selling.why in {TP1, TP2, DECAY}:
        assert climate.spare is None or selling.units <= climate.spare
        assert selling.units <= lot.units - selling.keep


@given(lots, climates)
def test_a_quarter_stays_until_the_end_while_anything_is_threatened(
    lot: Holding, climate: Climate
) -> None:
    before_the_end = replace(
        climate, is_last_hour=False, is_renewed=False, is_calm=False
    )
    selling, _ = decide(lot, before_the_end, PARAMS)
    if selling is not None:
        assert lot.units - selling.units >= PARAMS.runner * lot.acquired


MISSING = st.sampled_from(["mark", "bid", "vix", "front", "second"])


@given(lots, climates, st.sets(MISSING, min_size=1))
def test_what_is_not_known_sells_nothing_that_would_not_be_sold_anyway(
    lot: Holding, climate: Climate, missing: set[str]
) -> None:
    less = replace(lot, **dict.fromkeys(missing & {"mark", "bid"}))
    dark = replace(climate, **dict.fromkeys(missing - {"mark", "bid"}))

    def units(found: Selling | None) -> int:
        return 0 if found is None else found.units

    full, part = decide(lot, climate, PARAMS)[0], decide(less, dark, PARAMS)[0]
    assert units(part) <= units(full)
