"""What a person may tell the engine, and that it obeys at once."""

from datetime import date

import pytest

from alvh_trader.domain.inputs import Inputs, Tags
from alvh_trader.domain.order import Purpose
from alvh_trader.engine.case import Ask
from alvh_trader.engine.command import CancelOrder
from alvh_trader.engine.event import (
    InputsRead,
    OperatorAcknowledged,
    OperatorCleared,
    OperatorHalted,
    OperatorReleased,
)
from alvh_trader.strategy.phase import Phase
from tests.engine.test_promise import hedge
from tests.engine.test_session import working_hedge
from tests.playbook import World
from tests.worked_market import Market


def test_a_halt_cancels_what_works_and_hands_every_case_to_a_person() -> None:
    world = working_hedge()
    world.tell(OperatorHalted(at=world.now))
    assert CancelOrder(ref=hedge(world).ref) in world.open
    assert world.is_at(Phase.MANUAL)
    assert world.state.is_halted
    assert "halted" in world.criticals()


def test_a_halt_while_the_link_is_down_cancels_when_it_is_back() -> None:
    world = working_hedge()
    world.disconnect()
    world.tell(OperatorHalted(at=world.now))
    world.open.clear()
    world.connect()
    assert world.broker.working == {}


@pytest.mark.covers("F129", "P01")
def test_a_halt_outlives_the_process() -> None:
    world = working_hedge()
    world.tell(OperatorHalted(at=world.now))
    world.answer()
    world.restart()
    world.run(900)
    assert world.state.is_halted
    assert len(world.placed(Purpose.HEDGE)) == 1


def test_a_released_case_is_reconciled_before_it_goes_on() -> None:
    world = working_hedge()
    world.tell(OperatorHalted(at=world.now))
    world.answer()
    world.run(60)
    world.tell(OperatorCleared(at=world.now))
    world.tell(OperatorReleased(at=world.now, case=""))
    assert world.is_at(Phase.RECONCILE)
    world.answer()
    world.fills = True
    world.until(Phase.COOLDOWN, within=1200)


def test_another_cases_release_does_not_release_this_one() -> None:
    world = working_hedge()
    world.tell(OperatorHalted(at=world.now))
    world.answer()
    world.tell(OperatorReleased(at=world.now, case="cother"))
    assert world.is_at(Phase.MANUAL)


def test_a_release_of_what_is_not_held_changes_nothing() -> None:
    world = World().start()
    world.run(30)
    world.tell(OperatorReleased(at=world.now, case=""))
    assert not world.is_at(Phase.MANUAL)


def unsure() -> World:
    """Return a world whose breadth is unknown: the case asks a person for the roll."""
    world = World(Market(dark=frozenset({"AD-NYSE"}))).start()
    return world.until(Phase.HOLD_HEDGED)


def test_an_acknowledgement_answers_one_question_of_one_case() -> None:
    world = unsure()
    assert world.case.asks is Ask.BREADTH
    case_id = world.case.case_id
    world.tell(OperatorAcknowledged(at=world.now, case="cother", what="BREADTH"))
    world.tell(OperatorAcknowledged(at=world.now, case=case_id, what="DEBIT"))
    assert world.case.allowed == {}
    assert len(world.alerts("ack_unasked")) == 2
    world.acknowledge()
    assert world.case.allowed == {Ask.BREADTH: world.now}
    assert world.case.asks is None


def test_an_acknowledgement_is_used_up_by_its_roll() -> None:
    world = unsure()
    world.fills = False
    world.acknowledge()
    world.until(Phase.ROLL_WORKING)
    assert world.case.allowed == {}
    assert world.case.roll is not None
    assert world.case.roll.allowed == (Ask.BREADTH,)
    # The roll does not fill: the next one needs an acknowledgement of its own.
    world.until(Phase.HOLD_HEDGED)
    world.fills = True
    world.run(900)
    assert len(world.placed(Purpose.ROLL)) == 1
    assert world.case.asks is Ask.BREADTH


def test_an_acknowledgement_expires() -> None:
    world = unsure()
    world.change(spx_half=5.0)  # No candidate passes while the minutes go by.
    world.acknowledge()
    world.run(16 * 60)
    world.change(spx_half=0.05)
    world.run(900)
    assert world.placed(Purpose.ROLL) == []
    assert world.case.asks is Ask.BREADTH


def test_the_same_question_is_told_once() -> None:
    world = unsure()
    world.run(3600)
    assert len(world.alerts("ack_wanted")) == 1


def test_the_operators_files_replace_what_they_said_before() -> None:
    world = World()
    first = Inputs(tags=Tags(gdp_growth=2.5, as_of=date(2018, 1, 5)))
    world.tell(InputsRead(at=world.now, inputs=first))
    assert world.state.inputs == first
    world.tell(InputsRead(at=world.now, inputs=Inputs()))
    assert world.state.inputs.tags is None
    assert world.alerts("inputs") == []


def test_what_is_wrong_with_a_file_is_told_and_the_file_is_missing() -> None:
    world = World()
    mistakes = tuple(f"tags.yaml: key{n} = 1: must be less" for n in range(7))
    world.tell(InputsRead(at=world.now, inputs=Inputs(), mistakes=mistakes))
    (alert,) = world.alerts("inputs")
    assert all(mistake in alert.text for mistake in mistakes[:5])
    assert mistakes[5] not in alert.text
    assert "and 2 more" in alert.text
