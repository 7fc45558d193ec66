"""The whole book valued in one batch says what each case by itself says."""

import time
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import astuple, replace

from alvh_trader.domain.instrument import Option
from alvh_trader.engine.evaluation import Reading, evaluate, hedge_exposure
from alvh_trader.engine.state import State
from alvh_trader.engine.step import step
from alvh_trader.engine.turn import Turn
from alvh_trader.portfolio.greeks import Exposure
from tests.large_book import fresh_quotes, large_book
from tests.playbook import RULES

BOOK = large_book(20, 30)
EVENT = fresh_quotes(BOOK)
SEEN = replace(BOOK, at=EVENT.at, quotes=EVENT.quotes)


def _alone(state: State) -> Iterator[Turn]:
    """Yield turns of books that hold one case of the book each, and its hedge."""
    for case_id, case in state.cases.items():
        lots = {k: x for k, x in state.lots.items() if x.case == case_id}
        one = replace(state, cases={case_id: case}, lots=lots)
        yield Turn(one, RULES, EVENT.at)


def _numbers(found: Exposure | None) -> tuple[float, ...]:
    assert found is not None
    return astuple(found)


def _assert_same(one: Reading | str, other: Reading | str) -> None:
    if isinstance(one, str) or isinstance(other, str):
        assert one == other
        return
    assert (one.spot, one.vix, one.forward) == (other.spot, other.vix, other.forward)
    assert one.legs.con_ids == other.legs.con_ids
    assert one.risk.guessed == other.risk.guessed
    np.testing.assert_allclose(one.forwards, other.forwards, rtol=1e-9)
    np.testing.assert_allclose(one.risk.sigma, other.risk.sigma, rtol=1e-9)
    for mine, its in zip(one.risk.greeks, other.risk.greeks, strict=True):
        np.testing.assert_allclose(mine, its, rtol=1e-9)
    assert _numbers(one.risk.exposure) == pytest.approx(
        _numbers(other.risk.exposure), rel=1e-9
    )
    assert one.edr.value == pytest.approx(other.edr.value, rel=1e-9)
    assert one.edr.tested is other.edr.tested


@given(st.sets(st.integers(0, 79), max_size=30), st.booleans())
def test_a_book_is_its_cases(silent: set[int], near_is_quoted: bool) -> None:
    legs = [leg.option.con_id for case in BOOK.cases.values() for leg in case.legs]
    missing = {legs[i] for i in silent}
    if not near_is_quoted:
        # No parity: the forwards are those of the carry.
        missing |= {
            o.con_id
            for o in BOOK.watched
            if isinstance(o, Option) and o.symbol == "SPX" and o.con_id not in legs
        }
    quotes = {k: q for k, q in EVENT.quotes.items() if k not in missing}
    state = replace(SEEN, quotes=quotes)
    book = Turn(state, RULES, EVENT.at)
    for alone in _alone(state):
        (case,) = alone.state.cases.values()
        together = evaluate(book, case)
        _assert_same(together, evaluate(alone, case))


def test_hedges_of_a_book_are_those_of_its_cases() -> None:
    book = Turn(SEEN, RULES, EVENT.at)
    total = 0.0
    for alone in _alone(SEEN):
        (case,) = alone.state.cases.values()
        reading = evaluate(book, case)
        assert isinstance(reading, Reading)
        together = hedge_exposure(book, case, reading)
        mine = hedge_exposure(alone, case, reading)
        assert _numbers(together) == pytest.approx(_numbers(mine), rel=1e-9)
        total += mine.value if mine else 0.0
    assert total > 0


def test_a_hedge_that_is_not_quoted_is_unknown_for_its_case_alone() -> None:
    lot = next(iter(BOOK.lots.values()))
    quotes = {k: q for k, q in EVENT.quotes.items() if k != lot.main.con_id}
    book = Turn(replace(SEEN, quotes=quotes), RULES, EVENT.at)
    for case in BOOK.cases.values():
        reading = evaluate(book, case)
        assert isinstance(reading, Reading)
        known = hedge_exposure(book, case, reading) is not None
        assert known == (case.case_id != lot.case)


def test_legs_that_change_within_a_step_are_valued_anew() -> None:
    book = Turn(SEEN, RULES, EVENT.at)
    case = next(iter(BOOK.cases.values()))
    before = evaluate(book, case)
    half = book.change(case, legs=case.legs[:2])
    after = evaluate(book, half)
    assert isinstance(before, Reading)
    assert isinstance(after, Reading)
    assert after.legs.con_ids == before.legs.con_ids[:2]
    assert after.risk.delta_call is None


@pytest.mark.covers("T11")
@pytest.mark.parametrize("times", [2, 10])
def test_ten_times_a_busy_day_is_decided_well_before_the_next_look(times: int) -> None:
    """Eight condors are all due, where a day of the history has one.

    The time is this process's own; beyond half a second the loop counts as lagging.
    """
    state = large_book(8 * times, 8 * times)
    event = fresh_quotes(state)
    before = time.process_time()
    found = step(state, event, RULES)
    assert time.process_time() - before < 0.5
    assert len(found.state.cases) == 8 * times
    assert all(case.edr is not None for case in found.state.cases.values())


def test_new_quotes_are_a_new_instant() -> None:
    turn = Turn(SEEN, RULES, EVENT.at)
    first = turn.instant
    assert turn.instant is first
    turn.put(is_naked=True)
    assert turn.instant is first
    turn.put(quotes=dict(EVENT.quotes))
    assert turn.instant is not first
