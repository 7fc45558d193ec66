"""Losses of a day and since the peak freeze, and only a person begins anew."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from alvh_trader.domain.order import Purpose
from alvh_trader.engine.event import OperatorCleared
from alvh_trader.engine.state import Losses
from alvh_trader.risk.freeze import Freeze
from tests.playbook import World


def standing() -> World:
    world = World().start()
    world.run(20)
    report(world, world.broker.account.net_liquidation)
    return world


def report(world: World, worth: float, *, times: int = 2) -> Freeze:
    """Let the broker report so much; return how far trading is frozen then."""
    account = replace(world.broker.account, net_liquidation=worth)
    world.broker.account = account
    for _ in range(times):
        world.now += timedelta(seconds=1)
        world.tell(world.look(), world.broker.reported(world.now))
    return world.state.freeze


@pytest.mark.covers("P20")
@pytest.mark.parametrize(
    ("lost", "level"),
    [
        (0.0199, Freeze.NONE),
        (0.0201, Freeze.REDUCE),
        (0.0399, Freeze.REDUCE),
        (0.0401, Freeze.HALT),
    ],
)
def test_a_days_loss_ends_new_risk_and_then_everything(
    lost: float, level: Freeze
) -> None:
    world = standing()
    began = world.state.losses.told.began
    assert report(world, began * (1 - lost)) is level


@pytest.mark.covers("P20")
def test_our_own_marks_count_where_they_are_worse() -> None:
    """The broker's figure stands still while what is held falls in price."""
    world = standing()
    account, before = world.broker.account, world.state.losses.own
    world.broker.account = replace(account, cash=account.cash - 0.03 * before.began)
    assert report(world, account.net_liquidation) is Freeze.REDUCE
    assert "3.00% of the account lost today" in world.state.frozen_by


@pytest.mark.covers("P20")
def test_without_a_quote_of_all_that_is_held_the_broker_alone_is_believed() -> None:
    world = standing()
    world.mute |= {p.instrument.con_id for p in world.broker.positions.values()}
    world.now += timedelta(seconds=90)
    before = world.state.losses
    account = world.broker.account
    world.broker.account = replace(account, cash=0.0)
    assert report(world, before.told.began) is Freeze.NONE
    assert world.state.losses.own == before.own
    assert report(world, before.told.began * 0.97) is Freeze.REDUCE


@pytest.mark.covers("P20")
def test_one_bad_mark_is_no_loss() -> None:
    world = standing()
    began = world.state.losses.told.began
    assert report(world, began * 0.9, times=1) is Freeze.NONE
    assert report(world, began) is Freeze.NONE


@pytest.mark.covers("P20")
def test_a_fall_from_the_peak_over_days_ends_new_risk() -> None:
    world = standing()
    peak = world.state.losses.told.peak
    for share in (0.982, 0.965):
        world.now += timedelta(days=1)
        world.tell(world.look())
        assert report(world, peak * share) is Freeze.NONE
    world.now += timedelta(days=3)
    world.tell(world.look())
    assert report(world, peak * 0.949) is Freeze.REDUCE
    assert "since its peak" in world.state.frozen_by


@pytest.mark.covers("P20")
def test_a_gap_overnight_is_a_loss_of_today() -> None:
    world = standing()
    began = world.state.losses.told.last
    world.now += timedelta(days=1)
    world.tell(world.look())
    assert report(world, began * 0.97) is Freeze.REDUCE


@pytest.mark.covers("P20")
def test_a_loss_outlives_the_process_and_a_person_begins_anew() -> None:
    world = standing()
    began = world.state.losses.told.began
    assert report(world, began * 0.95) is Freeze.HALT
    world.restart()
    assert world.state.freeze is Freeze.HALT
    world.run(60)
    assert world.placed(Purpose.HEDGE) == []
    world.tell(OperatorCleared(at=world.now))
    assert world.state.losses == Losses()
    assert report(world, began * 0.95) is Freeze.NONE
    assert world.state.losses.told.began == pytest.approx(began * 0.95)
