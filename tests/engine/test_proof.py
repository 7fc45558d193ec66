"""What shows that a hedge is held: no contract counts for two cases."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alvh_trader.domain.instrument import Option
from alvh_trader.domain.order import Leg
from alvh_trader.domain.position import Position
from alvh_trader.engine.case import HedgeLot
from alvh_trader.engine.proof import (
    hedge_proof,
    held,
    held_against,
    holds,
    is_hedged,
    lots_of,
)
from alvh_trader.engine.state import State
from alvh_trader.engine.turn import Turn
from alvh_trader.strategy.phase import Phase
from tests.playbook import RULES, START, World
from tests.worked_market import SERIES, listed

CALL = next(o for o in listed("VIX", *SERIES["VIX"][0]) if o.strike == 22 and o.is_call)
OTHER = next(
    o for o in listed("VIX", *SERIES["VIX"][0]) if o.strike == 23 and o.is_call
)


def lot(case: str, units: int, option: Option = CALL, ref: str = "") -> HedgeLot:
    return HedgeLot(
        ref=ref or f"{case}-{option.strike}",
        case=case,
        legs=(Leg(option, 1),),
        units=units,
        cost=100.0 * units,
        exec_ids=(f"e.{case}.1.01",),
        bought=START,
    )


def state(*lots: HedgeLot, **positions: int) -> State:
    options = {"call": CALL, "other": OTHER}
    return State(
        at=START,
        day=START.date(),
        lots={x.ref: x for x in lots},
        positions={
            options[name].con_id: Position(options[name], count, 140.0)
            for name, count in positions.items()
        },
    )


def share(books: State, case_id: str, con_id: int) -> int:
    return held(Turn(books, RULES, START), case_id, con_id)


def test_an_account_holds_what_is_asked_for_on_its_own_side() -> None:
    books = state(call=7, other=-3)
    assert holds(books, CALL.con_id, 7)
    assert not holds(books, CALL.con_id, 8)
    assert holds(books, OTHER.con_id, -3)
    assert not holds(books, OTHER.con_id, -4)
    assert not holds(books, 12345, 1)


def test_what_the_account_lacks_is_charged_to_every_case() -> None:
    books = state(lot("a", 7), lot("b", 5), call=10)
    assert share(books, "a", CALL.con_id) == 5
    assert share(books, "b", CALL.con_id) == 3


def test_calls_that_nobody_allocated_count_for_nobody() -> None:
    books = state(lot("a", 7), call=20)
    assert share(books, "a", CALL.con_id) == 7
    assert share(books, "b", CALL.con_id) == 0


def test_the_wing_of_one_spread_may_be_the_main_leg_of_another() -> None:
    upper = HedgeLot(
        ref="upper",
        case="a",
        legs=(Leg(OTHER, 1),),
        units=15,
        cost=1_000.0,
        exec_ids=("e.1.01",),
        bought=START,
    )
    spread = msgspec.structs.replace(
        upper, ref="spread", legs=(Leg(CALL, 1), Leg(OTHER, -1)), units=2
    )
    books = state(upper, spread, call=2, other=13)
    assert share(books, "a", OTHER.con_id) == 15
    assert share(books, "a", CALL.con_id) == 2
    lacking = state(upper, spread, call=2, other=12)
    assert share(lacking, "a", OTHER.con_id) == 14


@given(
    units=st.lists(st.integers(0, 20), min_size=1, max_size=4),
    account=st.integers(-5, 60),
)
def test_the_cases_together_never_hold_more_than_the_account(
    units: list[int], account: int
) -> None:
    lots = [lot(f"c{i}", n, ref=f"r{i}") for i, n in enumerate(units)]
    books = state(*lots, call=account)
    shares = [share(books, f"c{i}", CALL.con_id) for i in range(len(units))]
    assert sum(shares) <= max(account, 0)
    assert all(s <= n for s, n in zip(shares, units, strict=True))
    if account >= sum(units):
        assert shares == units


@pytest.mark.parametrize(
    ("day", "counts"), [("2026-05-28", True), ("2026-05-29", False)]
)
def test_a_hedge_within_two_sessions_of_its_end_is_no_proof(
    day: str, counts: bool
) -> None:
    """The last trade is on 2026-06-02: three sessions away, and two."""
    from datetime import date

    from msgspec.structs import replace

    world = World().start().until(Phase.STABILISE)
    books = replace(world.state, day=date.fromisoformat(day))
    turn = Turn(books, RULES, world.now)
    assert is_hedged(turn, world.case) is counts
    assert lots_of(books, world.case.case_id)


def test_the_proof_names_executions_and_the_age_of_the_judgement() -> None:
    world = World().start().until(Phase.ROLL_PLAN)
    turn = Turn(world.state, RULES, world.now)
    proof = hedge_proof(turn, world.case)
    assert (proof.needed, proof.filled, proof.held) == (6, 7, 7)
    assert proof.exec_ids == tuple(f.exec_id for f in world.broker.fills)
    assert proof.greeks_in_band
    assert proof.judged == world.now
    assert proof.greeks == "2.200 0.5468"


def test_a_case_that_needs_no_hedge_is_not_hedged() -> None:
    from msgspec.structs import replace

    world = World().start().until(Phase.STABILISE)
    unplanned: Any = replace(world.case, needed=0)
    assert not is_hedged(Turn(world.state, RULES, world.now), unplanned)


def test_legs_held_the_other_way_are_named_but_not_a_case_s_own() -> None:
    from msgspec.structs import replace

    world = World().start().until(Phase.STABILISE)
    shape = world.case.condor
    assert held_against(world.state, shape) == ()
    assert shape.put is not None
    turned = replace(
        shape, put=replace(shape.put, short=shape.put.long, long=shape.put.short)
    )
    legs = {shape.put.short.con_id, shape.put.long.con_id}
    assert set(held_against(world.state, turned)) == legs
    assert held_against(world.state, turned, world.case) == ()
