"""Which rolls are looked at."""

from datetime import date

import pytest

from alvh_trader.domain.instrument import Right
from alvh_trader.domain.market import Quote
from alvh_trader.strategy.candidates import (
    close_cost,
    propose,
    wanted,
    widths_of,
)
from alvh_trader.strategy.condor import Guess, snapped, wing_of
from alvh_trader.strategy.params import Params, RollParams
from tests.strategy.worked import AT, NEW_EXPIRY, atm, condor, option, spx_chain

PARAMS = Params()
FIVES = [float(k) for k in range(6000, 8005, 5)]


def test_widths_of_the_specification() -> None:
    assert widths_of(50, RollParams()) == (50, 55, 60, 75, 100)
    assert widths_of(10, RollParams()) == (10, 15, 20)


@pytest.mark.parametrize(
    ("target", "right", "expected"),
    [
        (6139.3, Right.PUT, 6125),
        (7580.7, Right.CALL, 7600),
        (6125.0, Right.PUT, 6125),
        (5999.0, Right.PUT, None),
    ],
)
def test_shorts_snap_outward_to_the_grid(
    target: float, right: Right, expected: float | None
) -> None:
    assert snapped(target, FIVES, right, 25) == expected


def test_without_the_grid_the_next_listed_strike_serves() -> None:
    assert snapped(6139.3, [6110.0, 6135.0, 6160.0], Right.PUT, 25) == 6135
    assert snapped(6139.3, [6000.0, 6110.0], Right.PUT, 25) == 6110


def test_a_missing_wing_moves_outward_but_not_far() -> None:
    assert wing_of(6400, 55, FIVES, Right.PUT, 25) == 6345
    assert wing_of(6400, 55, [6400, 6350, 6325], Right.PUT, 25) == 6325
    assert wing_of(6400, 55, [6400, 6350, 6300], Right.PUT, 25) is None
    assert wing_of(7600, 55, FIVES, Right.CALL, 25) == 7655


def test_every_distance_and_width_is_proposed_once() -> None:
    chain = spx_chain(6860, 21.2, NEW_EXPIRY)
    found = propose([chain], condor(), spot=6860, vix=21.2, params=PARAMS)
    shapes = {(c.sds, c.case.width) for c in found}
    assert shapes == {
        (sds, width)
        for sds in (1.5, 1.75, 2.0, None)
        for width in (50, 55, 60, 75, 100)
    }
    assert len({c.strikes for c in found}) == len(found) == 20
    assert {c.case.quantity for c in found} == {10}


def test_a_proposal_is_priced_like_its_chain() -> None:
    chain = spx_chain(6860, 21.2, NEW_EXPIRY)
    found = propose([chain], condor(), spot=6860, vix=21.2, params=PARAMS)
    for candidate in found:
        assert candidate.exposure.value == pytest.approx(
            -candidate.credit * 1000, rel=1e-9
        )
        assert candidate.dte == 57
        assert candidate.atm == pytest.approx(atm(21.2), abs=1e-4)
        assert candidate.half_spreads == pytest.approx(0.2)


def test_a_lone_vertical_rolls_into_a_vertical() -> None:
    both = condor()
    one = type(both)(id="x", kind=both.kind, put=both.put, call=None)
    chain = spx_chain(6860, 21.2, NEW_EXPIRY)
    found = propose([chain], one, spot=6860, vix=21.2, params=PARAMS)
    assert found
    assert all(c.case.call is None and c.delta_call is None for c in found)


def test_unquoted_strikes_are_not_proposed() -> None:
    few = [float(k) for k in range(6800, 6925, 25)]
    chain = spx_chain(6860, 21.2, NEW_EXPIRY, strikes=few)
    assert propose([chain], condor(), spot=6860, vix=21.2, params=PARAMS) == ()


def test_the_wanted_options_are_enough_to_propose_the_same() -> None:
    full = spx_chain(6860, 21.2, NEW_EXPIRY)
    few = wanted(full.chain.options, condor(), Guess(6860, atm(21.2), 57), PARAMS)
    assert len(few) <= 60
    strikes = sorted({o.strike for o in few})
    narrow = spx_chain(6860, 21.2, NEW_EXPIRY, strikes=strikes)
    before, after = (
        {c.strikes for c in propose([c], condor(), spot=6860, vix=21.2, params=PARAMS)}
        for c in (full, narrow)
    )
    assert before == after


def test_closing_costs_the_mids_and_half_the_spreads() -> None:
    mids = {6350.0: 19.5, 6400.0: 21.7, 7875.0: 2.4, 7925.0: 1.5}
    quotes = {}
    for position in condor().positions():
        strike = getattr(position.instrument, "strike")  # noqa: B009
        mid = mids[strike]
        quotes[position.instrument.con_id] = Quote(AT, mid - 0.1, mid + 0.1)
    found = close_cost(condor(), quotes)
    assert found == pytest.approx((3.1, 0.4))
    gone = option("SPX", date(2026, 6, 30), 6400.0, Right.PUT).con_id
    del quotes[gone]
    assert close_cost(condor(), quotes) is None
