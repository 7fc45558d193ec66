"""How far trading is frozen, what goes on meanwhile, and how it is lifted."""

from datetime import timedelta
from itertools import pairwise

import pytest
from msgspec.structs import replace

from alvh_trader.domain.order import Purpose
from alvh_trader.engine.command import (
    CancelOrder,
    PlaceOrder,
    RepriceOrder,
    RequestReport,
)
from alvh_trader.engine.event import (
    ControlTripped,
    DaemonStopped,
    OperatorCheckedIn,
    OperatorCleared,
    OperatorHalted,
)
from alvh_trader.engine.freezing import LEVELS
from alvh_trader.engine.sent import is_attended
from alvh_trader.engine.turn import Turn
from alvh_trader.risk.freeze import SENDABLE, Freeze
from alvh_trader.risk.limits import Limits
from alvh_trader.strategy.phase import Phase
from tests.engine.test_promise import hedge
from tests.engine.test_session import working_hedge
from tests.playbook import RULES, World


def frozen(level: Freeze) -> World:
    world = World().start()
    world.run(20)
    world.tell(OperatorHalted(at=world.now, level=level))
    return world


def test_each_level_forbids_what_the_one_before_forbids() -> None:
    for less, more in pairwise(sorted(Freeze)):
        assert SENDABLE[less] >= SENDABLE[more]


@pytest.mark.covers("P01")
def test_reduced_it_is_still_hedged_and_rolled_to_no_wider_wing() -> None:
    """A freeze of new risk must not leave a condor without its defence.

    Here only a wider wing makes the roll pay: it is hedged, and held.
    """
    world = frozen(Freeze.REDUCE).until(Phase.HOLD_HEDGED)
    assert len(world.placed(Purpose.HEDGE)) == 1
    world.run(1800)
    assert world.placed(Purpose.ROLL) == []


@pytest.mark.covers("P01", "V8")
@pytest.mark.parametrize("level", [Freeze.SAFE, Freeze.HALT])
def test_nothing_leaves_from_safe_on(level: Freeze) -> None:
    world = frozen(level)
    world.run(1800)
    world.restart()
    world.run(1800)
    sent = [c for c in world.commands if isinstance(c, PlaceOrder | RepriceOrder)]
    assert sent == []
    assert world.state.freeze is level


def test_safe_leaves_what_works_alone_and_a_halt_cancels_it() -> None:
    world = working_hedge()
    world.tell(OperatorHalted(at=world.now, level=Freeze.SAFE))
    cancel = CancelOrder(ref=hedge(world).ref)
    assert cancel not in world.open
    assert not world.is_at(Phase.MANUAL)
    world.tell(OperatorHalted(at=world.now))
    assert cancel in world.open
    assert world.is_at(Phase.MANUAL)


@pytest.mark.covers("P01")
def test_no_level_is_lowered_but_by_a_person() -> None:
    world = frozen(Freeze.HALT)
    world.tell(OperatorHalted(at=world.now, level=Freeze.REDUCE))
    world.tell(ControlTripped(at=world.now, control="I12", text="slow"))
    assert world.state.freeze is Freeze.HALT
    assert world.state.frozen_by == "the operator said so"
    assert len(world.alerts("halted")) == 1


@pytest.mark.parametrize(("control", "level"), LEVELS.items())
def test_a_control_that_trips_freezes_and_pages(control: str, level: Freeze) -> None:
    world = World().start()
    world.run(20)
    world.tell(ControlTripped(at=world.now, control=control, text="something"))
    assert world.state.freeze is level
    assert world.state.frozen_by == f"{control}: something"
    assert ("halted" if level >= Freeze.SAFE else "reduced") in world.criticals()


@pytest.mark.covers("P01", "P06")
def test_a_freeze_is_lifted_after_a_clean_and_young_reconciliation_only() -> None:
    world = frozen(Freeze.HALT)
    assert world.state.reconciled is not None
    world.now = world.state.reconciled + timedelta(seconds=61)
    world.tell(OperatorCleared(at=world.now))
    assert world.state.is_halted
    assert "61 s old" in world.alerts("not_cleared")[0].text
    world.answer()  # The report that the refusal asked for.
    world.tell(OperatorCleared(at=world.now, by="me"))
    assert world.state.freeze is Freeze.NONE
    assert world.state.frozen_by == ""


@pytest.mark.covers("P07")
def test_a_freeze_is_not_lifted_while_an_order_is_in_doubt() -> None:
    world = working_hedge()
    world.tell(OperatorHalted(at=world.now, level=Freeze.SAFE))
    world.withheld.add(RequestReport)
    world.disconnect()
    world.connect()
    assert any(t.is_in_doubt for t in world.state.tickets.values())
    world.tell(OperatorCleared(at=world.now))
    assert world.state.freeze is Freeze.SAFE
    assert hedge(world).ref in world.alerts("not_cleared")[0].text


@pytest.mark.covers("P01")
def test_a_start_says_what_is_still_frozen_and_why() -> None:
    world = frozen(Freeze.REDUCE)
    world.restart()
    told = world.alerts("reduced")
    assert len(told) == 2
    assert "the operator said so" in told[1].text


def starts(world: World, times: int, *, apart: float, stops: bool = False) -> Freeze:
    for _ in range(times):
        world.now += timedelta(seconds=apart)
        if stops:
            world.tell(DaemonStopped(at=world.now))
        world.restart()
    return world.state.freeze


def young() -> World:
    return World(rules=replace(RULES, limits=Limits())).start()


@pytest.mark.covers("F11")
def test_the_third_start_within_ten_minutes_sends_nothing_and_looks_on() -> None:
    world = young()
    assert starts(world, 1, apart=120) is Freeze.NONE
    assert starts(world, 1, apart=120) is Freeze.SAFE
    assert "3 starts in 10 min" in world.state.frozen_by
    world.run(900)
    assert world.case.edr is not None
    assert world.placed(Purpose.HEDGE) == []


@pytest.mark.covers("F11")
def test_starts_far_apart_or_after_a_stop_in_good_order_do_not_count() -> None:
    assert starts(young(), 5, apart=301) is Freeze.NONE
    assert starts(young(), 5, apart=10, stops=True) is Freeze.NONE


@pytest.mark.covers("F11")
def test_a_person_who_clears_it_begins_anew() -> None:
    world = young()
    starts(world, 2, apart=10)
    world.tell(OperatorCleared(at=world.now))
    assert starts(world, 1, apart=10) is Freeze.NONE


def attended(*, check_in: bool) -> World:
    limits = Limits(check_in=check_in, starts_max=1000)
    return World(rules=replace(RULES, limits=limits)).start()


@pytest.mark.covers("I05", "F127")
def test_without_a_sign_of_life_no_new_risk_is_taken_that_day() -> None:
    """It is hedged all the same; only a wider wing, or a new condor, must wait."""
    world = attended(check_in=True).until(Phase.HOLD_HEDGED)
    assert len(world.placed(Purpose.HEDGE)) == 1
    assert world.placed(Purpose.ROLL) == []
    assert world.alerts("checkin_due")


@pytest.mark.covers("I05")
def test_whatever_a_person_says_is_a_sign_of_life_until_the_day_ends() -> None:
    world = attended(check_in=True)
    world.run(10)
    turn = Turn(world.state, world.rules, world.now)
    assert not is_attended(turn)
    world.tell(OperatorCheckedIn(at=world.now))
    assert is_attended(Turn(world.state, world.rules, world.now))
    world.now += timedelta(days=1)
    world.tell(world.look())
    assert not is_attended(Turn(world.state, world.rules, world.now))


def test_on_paper_nobody_must_check_in() -> None:
    world = attended(check_in=False)
    world.run(10)
    assert is_attended(Turn(world.state, world.rules, world.now))
    assert world.alerts("checkin_due") == []
