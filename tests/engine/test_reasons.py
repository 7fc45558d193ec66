"""Every reason to roll, and that each of them goes through the same gate (§6.1)."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from msgspec.structs import replace

from alvh_trader.domain.inputs import FomcCalendar, FomcMeeting, Inputs
from alvh_trader.domain.order import Purpose
from alvh_trader.engine.command import Severity
from alvh_trader.engine.event import InputsRead, OperatorAskedRoll
from alvh_trader.engine.state import Rules
from alvh_trader.strategy.phase import Phase
from alvh_trader.strategy.reason import Reason
from tests.playbook import RULES, World
from tests.strategy.worked import NEW_EXPIRY
from tests.worked_market import CALM, ROTATING_LINE, Market

RELEASED = datetime(2026, 5, 20, 18, 0, tzinfo=UTC)
QUIET = Market(spot=6950.0, vix=17.5, vix_forward=18.5, net=0)
"""Below the approach, and still near enough for a roll to pay."""


def shifting(meeting: FomcMeeting | None = None, **world: object) -> World:
    """Return a quiet world that has read of a meeting, by default a divergent one."""
    made = World(QUIET, line=ROTATING_LINE, **world)  # type: ignore[arg-type]
    read(made, meeting or FomcMeeting(released=RELEASED, divergence=True))
    return made.start()


def read(world: World, *meetings: FomcMeeting, as_of: date = date(2026, 5, 21)) -> None:
    calendar = FomcCalendar(meetings=meetings, as_of=as_of)
    world.tell(InputsRead(at=world.now, inputs=Inputs(fomc=calendar)))


def with_roll(**numbers: object) -> Rules:
    """Return the rules with other numbers for rolls."""
    params = RULES.params
    return replace(RULES, params=replace(params, roll=replace(params.roll, **numbers)))


# --------------------------------------------------------------- time-shift -----


def test_a_divergent_meeting_shifts_a_quiet_condor_into_the_next_monthly_cycle() -> (
    None
):
    world = shifting()
    world.until(Phase.COOLDOWN)
    assert Phase.ARMED not in world.path
    assert world.path.index("STABILISE") < world.path.index("ROLL_WORKING")
    assert world.placed(Purpose.HEDGE)
    assert world.case.condor.expiry == NEW_EXPIRY
    assert Reason.FOMC_TIME_SHIFT in world.case.taken_up


def test_a_time_shift_without_a_filled_hedge_sends_no_roll() -> None:
    world = shifting(fills=False)
    world.run(3600)
    assert world.placed(Purpose.HEDGE)
    assert world.placed(Purpose.ROLL) == []
    assert "ROLL_PLAN" not in world.path


def test_a_time_shift_out_of_band_sends_no_roll() -> None:
    world = shifting()
    world.until(Phase.STABILISE)
    world.fills = False
    world.change(vix_sigma=2.6)  # The hedge now loses more a day than the condor earns.
    world.run(3600)
    assert world.case.snapshots[-1].net.theta < 0
    assert world.placed(Purpose.ROLL) == []


@pytest.mark.parametrize(
    "meeting",
    [
        FomcMeeting(released=RELEASED),
        FomcMeeting(released=RELEASED + timedelta(days=2), divergence=True),
    ],
)
def test_a_meeting_without_surprise_or_still_to_come_shifts_nothing(
    meeting: FomcMeeting,
) -> None:
    world = shifting(meeting)
    world.run(1800)
    assert world.is_at(Phase.MONITOR)
    assert world.broker.received == []


def test_without_a_file_nothing_is_shifted() -> None:
    world = World(QUIET).start()
    world.run(1800)
    assert world.broker.received == []


def test_a_meeting_shifts_a_case_once() -> None:
    world = shifting()
    world.until(Phase.COOLDOWN)
    world.broker.begin_day(date(2026, 5, 22))
    world.now = datetime(2026, 5, 22, 17, 0, tzinfo=UTC)
    read(world, FomcMeeting(released=RELEASED, divergence=True))
    seen = len(world.decisions)
    world.run(7200, every=20)
    moved = [d.trigger for d in world.decisions[seen:] if d.moved]
    assert "ROLL_REASON" not in moved


def test_a_shift_that_is_not_done_today_is_not_pursued_tomorrow() -> None:
    world = shifting()
    world.change(spx_half=5.0)  # No leg passes the filter of markets.
    world.until(Phase.HOLD_HEDGED)
    world.run(900)
    assert world.path.count("ROLL_PLAN") >= 2
    world.now = datetime(2026, 5, 22, 15, 0, tzinfo=UTC)
    world.broker.begin_day(date(2026, 5, 22))
    world.until(Phase.MONITOR)
    assert world.case.reason is None
    world.run(900)
    assert world.is_at(Phase.MONITOR)


# ---------------------------------------------------------- the gate for all -----


def ask(world: World) -> World:
    """Let a person ask for a roll of the one case."""
    world.run(30)
    world.tell(OperatorAskedRoll(at=world.now, case=world.case.case_id))
    return world


@pytest.mark.parametrize(
    ("reason", "begun"),
    [
        (Reason.FOMC_TIME_SHIFT, lambda: shifting(fills=False)),
        (Reason.OPERATOR, lambda: ask(World(QUIET, fills=False).start())),
        (
            Reason.DTE_21,
            lambda: World(
                QUIET, rules=with_roll(at_dte_21=True, dte_aged=40), fills=False
            ).start(),
        ),
        (
            Reason.RISK_THRESHOLD,
            lambda: World(rules=with_roll(risk_delta=0.15), fills=False).start(),
        ),
    ],
)
def test_no_reason_rolls_without_a_filled_hedge(
    reason: Reason, begun: Callable[[], World]
) -> None:
    world = begun()
    world.run(1800)
    assert reason in world.case.taken_up
    assert world.placed(Purpose.HEDGE)
    assert world.placed(Purpose.ROLL) == []
    assert "ROLL_PLAN" not in world.path


# ----------------------------------------------------------------- a person -----


def test_a_person_may_ask_for_a_roll_and_gets_the_hedge_first() -> None:
    world = World(QUIET, line=ROTATING_LINE).start()
    world.run(60)
    assert world.is_at(Phase.MONITOR)
    world.tell(OperatorAskedRoll(at=world.now, case=world.case.case_id))
    world.until(Phase.COOLDOWN)
    first = world.broker.received[0]
    assert first.purpose is Purpose.HEDGE
    assert len(world.placed(Purpose.ROLL)) == 2


def test_what_a_person_asked_for_a_case_moves_no_other() -> None:
    world = World(QUIET).start()
    world.tell(OperatorAskedRoll(at=world.now, case="cother"))
    world.run(600)
    assert world.broker.received == []


def test_a_persons_request_overrules_rotating_sectors_and_no_more() -> None:
    world = World(Market(net=100), line=ROTATING_LINE).start()
    world.until(Phase.HOLD_HEDGED)
    world.run(900)
    assert world.placed(Purpose.ROLL) == []
    world.tell(OperatorAskedRoll(at=world.now, case=world.case.case_id))
    # A held case is looked at again at once, not at its next turn in five minutes.
    world.until(Phase.ROLL_PLAN, within=20)
    world.until(Phase.COOLDOWN)
    assert len(world.placed(Purpose.HEDGE)) == 1


def test_a_request_of_yesterday_is_none_today() -> None:
    world = World(QUIET).start()
    world.run(60)
    world.tell(OperatorAskedRoll(at=world.now, case=world.case.case_id))
    world.now = datetime(2026, 5, 22, 15, 0, tzinfo=UTC)
    world.broker.begin_day(date(2026, 5, 22))
    world.run(900)
    assert world.is_at(Phase.MONITOR)


# ---------------------------------------------------------------------- age -----


def test_age_is_no_reason_unless_it_is_switched_on() -> None:
    rules = with_roll(dte_aged=40)
    world = World(QUIET, rules=rules).start()
    world.run(900)
    assert world.broker.received == []


def test_an_old_condor_is_hedged_first_and_needs_breadth_to_roll() -> None:
    rules = with_roll(at_dte_21=True, dte_aged=40)
    world = World(QUIET, rules=rules, line=ROTATING_LINE).start()
    world.until(Phase.HOLD_HEDGED)
    assert world.case.reason is Reason.DTE_21
    world.run(900)
    assert world.placed(Purpose.ROLL) == []
    world = World(replace(QUIET, net=-1200), rules=rules).start()
    world.until(Phase.COOLDOWN)


# ------------------------------------------------------------------- risk -----


def test_a_loss_of_twice_the_credit_is_told_once_and_is_a_reason() -> None:
    dear = Market(spot=6700.0, vix=25.0, vix_forward=24.0)
    world = World(dear).start()
    world.run(600)
    (told,) = world.alerts("loss")
    assert told.severity is Severity.CRITICAL
    assert "x credit" in told.text


def test_in_a_calm_market_no_loss_is_told() -> None:
    world = World(CALM).start()
    world.run(600)
    assert world.alerts("loss") == []
