"""Live is armed for this program, here, for this account, for a while; else nothing."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from alvh_trader.domain.order import Purpose
from alvh_trader.engine.command import CancelOrder
from alvh_trader.engine.event import BrokerConnected, OperatorArmed, OperatorDisarmed
from alvh_trader.engine.proposals import pending
from alvh_trader.risk.arm import Identity
from alvh_trader.strategy.phase import Phase
from tests.engine.test_proposals import live, waiting
from tests.playbook import World
from tests.worked_market import INDEXES

CLOSE = datetime(2026, 5, 21, 20, 0, tzinfo=UTC)


@pytest.mark.covers("P02", "V5")
def test_what_is_not_armed_proposes_and_sends_nothing() -> None:
    world = World(mode="live").start()
    world.consents = True
    world.run(3000)
    assert world.broker.received == []
    assert world.alerts("approval_wanted") == []
    refused = [f for d in world.decisions for f in d.findings if f.what == "armed"]
    assert refused
    assert not any(f.holds for f in refused)
    assert "unhedged_breach" in world.criticals()


@pytest.mark.covers("P02")
def test_an_arming_says_who_what_and_until_when() -> None:
    world = live()
    arm = world.state.arm
    assert arm is not None
    assert arm.by == "ann"
    assert arm.identity == Identity(
        mode="live", account="DU1", host="lab", config="c0ffee", build="b1"
    )
    assert arm.at == world.now
    assert arm.expires == CLOSE
    assert world.alerts("armed")


@pytest.mark.covers("P02")
def test_it_is_over_after_what_was_asked_or_the_limit() -> None:
    world = World(mode="live").start().arm(lasts=timedelta(hours=1))
    assert world.state.arm is not None
    assert world.state.arm.expires == world.now + timedelta(hours=1)
    short = replace(world.rules.limits, arm_lasts=timedelta(minutes=5))
    world = World(mode="live", rules=replace(world.rules, limits=short)).start()
    world.arm(lasts=timedelta(hours=1))
    assert world.state.arm is not None
    assert world.state.arm.expires == world.now + timedelta(minutes=5)
    world.run(310)
    assert "disarmed" in world.criticals()


@pytest.mark.covers("P02")
def test_the_close_ends_it_and_in_the_evening_it_is_for_the_next_session() -> None:
    world = live()
    world.now = CLOSE + timedelta(minutes=1)
    world.tick(0)
    assert world.alerts("disarmed")
    world.arm()
    assert world.state.arm is not None
    assert world.state.arm.expires == world.now + timedelta(hours=12)
    world.now = datetime(2026, 5, 22, 12, 0, tzinfo=UTC)
    world.tick(0)
    world.arm()
    assert world.state.arm is not None
    assert world.state.arm.expires == CLOSE + timedelta(days=1)


@pytest.mark.covers("P02", "T08")
@pytest.mark.parametrize("part", ["build", "config"])
def test_another_build_or_configuration_is_not_armed(part: str) -> None:
    world = waiting()
    setattr(world, part, "other")
    world.restart()
    assert world.state.arm is None
    assert part in world.alerts("disarmed")[0].text
    world.consents = True
    world.run(900)
    assert world.broker.received == []


@pytest.mark.covers("P02")
def test_the_same_program_started_again_is_still_armed() -> None:
    world = live()
    world.restart()
    assert world.state.arm is not None
    world.consents = True
    world.until(Phase.COOLDOWN, within=2400)


@pytest.mark.covers("P02", "P04")
def test_another_account_is_not_armed() -> None:
    world = live()
    world.tell(
        BrokerConnected(
            at=world.now, account_id="U2", server_version=178, indexes=INDEXES
        )
    )
    assert world.state.arm is None
    assert "account" in world.alerts("disarmed")[0].text


@pytest.mark.covers("P02")
def test_disarming_cancels_what_works_and_withdraws_what_waits() -> None:
    world = live(fills=False)
    world.consents = True
    while not world.placed(Purpose.HEDGE):
        world.tick()
    (order,) = world.placed(Purpose.HEDGE)
    world.tell(OperatorDisarmed(at=world.now, by="ann"))
    assert CancelOrder(ref=order.ref) in world.commands
    world.answer()
    assert world.broker.working == {}
    world = waiting()
    world.tell(OperatorDisarmed(at=world.now, by="ann"))
    assert pending(world.state) == ()
    assert not any(isinstance(c, CancelOrder) for c in world.commands)


@pytest.mark.covers("P02")
def test_what_the_last_process_had_working_is_cancelled_by_an_unarmed_one() -> None:
    world = live(fills=False)
    world.consents = True
    while not world.broker.working:
        world.tick()
    world.build = "b2"
    world.restart()
    world.run(30)
    assert world.broker.working == {}


@pytest.mark.covers("P02")
@pytest.mark.parametrize("how", ["paper", "unconnected"])
def test_only_live_with_a_session_can_be_armed(how: str) -> None:
    world = World(mode="paper" if how == "paper" else "live").start()
    if how == "unconnected":
        world.disconnect()
    world.arm()
    assert world.state.arm is None
    assert world.alerts("arm_refused")


@pytest.mark.covers("F122")
@pytest.mark.parametrize("accepts", [False, True])
def test_under_an_open_case_no_number_changes_unseen(accepts: bool) -> None:
    world = live()
    world.run(20)
    old = world.rules
    params = replace(old.params, hedge=replace(old.params.hedge, delta=0.5))
    world.rules = replace(old, params=params)
    world.config = "other"
    world.restart()
    said = OperatorArmed(
        at=world.now, by="ann", lasts=timedelta(hours=1), accepts=accepts
    )
    world.tell(said)
    assert (world.state.arm is not None) is accepts
    told = [a.text for a in world.alerts("arm_refused")]
    assert ["params.hedge.delta went from" in text for text in told] == (
        [] if accepts else [True]
    )
    world.consents = True
    world.run(600)
    assert bool(world.broker.received) is accepts


def test_without_a_case_a_changed_configuration_needs_no_second_word() -> None:
    world = World(mode="live").start().arm()
    assert world.state.cases
    empty = replace(world.state, cases={})
    world.state = empty
    world.rules = replace(world.rules, limits=replace(world.rules.limits, cases_max=1))
    world.arm()
    assert world.state.arm is not None
    assert world.alerts("arm_refused") == []


@given(seconds=st.integers(0, 40 * 24 * 3600), hours=st.integers(0, 100))
def test_whenever_it_is_armed_it_ends_within_12_hours_and_at_a_close(
    seconds: int, hours: int
) -> None:
    world = ARMED
    world.now = START + timedelta(seconds=seconds)
    world.tell(OperatorArmed(at=world.now, by="ann", lasts=timedelta(hours=hours)))
    arm = world.state.arm
    assert arm is not None
    assert arm.at <= arm.expires <= arm.at + timedelta(hours=min(hours, 12))
    calendar = world.rules.calendar
    inside = arm.expires - timedelta(seconds=1)
    if calendar.is_open(arm.at) and arm.expires > arm.at:
        # Whatever is armed in a session ends within it.
        assert calendar.is_open(inside)


ARMED = World(mode="live").start()
START = ARMED.now
