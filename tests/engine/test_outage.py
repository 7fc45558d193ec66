"""What is done about a bad way to the market, and when a person hears of it."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from alvh_trader.domain.calendar import NEW_YORK
from alvh_trader.domain.connection import Connection, Trouble
from alvh_trader.engine.command import CancelOrder, PlaceOrder, Reconnect, Watch
from alvh_trader.engine.event import (
    BrokerDisconnected,
    ConnectFailed,
    DataTroubled,
    LinkChanged,
    MarketUpdated,
)
from alvh_trader.strategy.phase import Phase
from tests.playbook import World
from tests.worked_market import CALM, SPX


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=NEW_YORK).astimezone(UTC)


def ready() -> World:
    return World(CALM).start().until(Phase.MONITOR)


def codes(world: World) -> list[str]:
    return world.criticals()


def fail(world: World, seconds: float, reason: str = "refused", code: int = 0) -> None:
    """Let attempts to connect fail for so long, one every twenty seconds."""
    for _ in range(round(seconds / 20)):
        world.now += timedelta(seconds=20)
        world.tell(ConnectFailed(at=world.now, reason=reason, code=code))


@pytest.mark.covers("F20")
def test_a_gateway_that_is_away_for_five_minutes_is_paged_once() -> None:
    world = ready()
    world.disconnect()
    fail(world, 280)
    assert codes(world) == ["link_lost"]
    fail(world, 600)
    assert codes(world) == ["link_lost", "gateway_away"]
    world.connect()
    world.disconnect()
    fail(world, 320)
    assert codes(world).count("gateway_away") == 2


@pytest.mark.covers("F20")
def test_outside_regular_hours_nobody_is_paged_for_a_gateway() -> None:
    world = ready()
    world.now = at("2026-05-21 18:00")
    world.disconnect()
    fail(world, 1200)
    assert codes(world) == ["link_lost"]


@pytest.mark.covers("F34")
def test_a_client_id_in_use_is_paged_after_three_minutes() -> None:
    world = ready()
    world.disconnect()
    fail(world, 180, "error 326: in use", 326)
    assert codes(world) == ["link_lost"]
    fail(world, 40, "error 326: in use", 326)
    assert codes(world) == ["link_lost", "client_id_in_use"]


@pytest.mark.covers("F28")
def test_a_link_that_stays_down_is_tried_with_a_new_session_every_ten_minutes() -> None:
    world = ready()
    world.tell(LinkChanged(at=world.now, is_up=False))
    assert world.state.link.name is Connection.LINK_LOST
    world.run(590)
    assert not any(isinstance(c, Reconnect) for c in world.commands)
    world.run(1200)
    asked = [c for c in world.commands if isinstance(c, Reconnect)]
    assert len(asked) == 2
    assert codes(world) == ["link_lost"]


@pytest.mark.covers("F28", "F29")
def test_within_the_reset_a_link_is_waited_for() -> None:
    world = ready()
    world.now = at("2026-05-21 23:31")
    world.tick()
    world.tell(LinkChanged(at=world.now, is_up=False))
    world.run(3600, every=60)
    assert not any(isinstance(c, Reconnect) for c in world.commands)


@pytest.mark.covers("F29", "F133")
def test_a_nightly_reset_is_one_warning_however_often_the_link_flaps() -> None:
    world = ready()
    world.now = at("2026-05-21 23:44")
    world.tick()
    for _ in range(50):
        world.now += timedelta(seconds=5)
        world.tell(LinkChanged(at=world.now, is_up=False))
        world.now += timedelta(seconds=5)
        world.tell(LinkChanged(at=world.now, is_up=True))
    world.tell(BrokerDisconnected(at=world.now, reason="restart"))
    fail(world, 80)
    assert codes(world) == []
    assert len(world.alerts("reset")) == 1
    acts = (PlaceOrder, CancelOrder)
    assert not any(isinstance(c, acts) for c in world.commands)


@pytest.mark.covers("F32")
def test_a_person_is_reminded_on_saturday_and_paged_on_sunday_afternoon() -> None:
    world = ready()
    world.now = at("2026-05-23 11:59")
    world.tick()
    assert world.alerts("login_due") == []
    for text in ("2026-05-23 12:00", "2026-05-23 12:01", "2026-05-23 23:00"):
        world.tell(MarketUpdated(at=at(text)))
    assert len(world.alerts("login_due")) == 1
    world.now = at("2026-05-24 00:50")
    world.tell(BrokerDisconnected(at=world.now, reason="logged off"))
    world.now = at("2026-05-24 16:58")
    world.tell(ConnectFailed(at=world.now, reason="refused"))
    assert codes(world) == []
    fail(world, 180)
    assert codes(world) == ["login_required"]


@pytest.mark.covers("F95", "I10")
def test_streams_that_went_silent_are_asked_for_again_with_growing_pauses() -> None:
    world = ready()
    world.mute = {i.con_id for i in world.watched}
    before = len(world.commands)
    began = world.now
    asked: list[float] = []
    for _ in range(360):
        world.tick(5)
        new = [c for c in world.commands[before:] if isinstance(c, Watch) and c.anew]
        before = len(world.commands)
        asked += [(world.now - began).total_seconds()] * len(new)
    pauses = [round(b - a) for a, b in pairwise(asked)]
    assert asked[0] <= 70
    assert pauses == [30, 60, 120, 240, 480, 600]
    assert "market_unseen" in codes(world)
    assert not any(isinstance(c, Reconnect) for c in world.commands), "data, not link"


@pytest.mark.covers("F95")
def test_after_a_good_look_the_pauses_begin_anew() -> None:
    world = ready()
    world.mute = {SPX.con_id}
    world.run(300)
    world.mute = set()
    world.run(20)
    assert world.state.link.resubscribe is None
    assert world.state.link.pause == timedelta(seconds=30)


@pytest.mark.covers("F33", "F94", "F96")
def test_troubles_of_the_data_are_told_once_each() -> None:
    world = ready()
    for _ in range(3):
        world.tell(DataTroubled(at=world.now, troubles=(Trouble.OTHER_SESSION,)))
    both = (Trouble.FARM_DOWN, Trouble.OTHER_SESSION)
    world.tell(DataTroubled(at=world.now, troubles=both))
    texts = [a.text for a in world.alerts("data_trouble")]
    assert texts == [str(Trouble.OTHER_SESSION), str(Trouble.FARM_DOWN)]
    assert codes(world) == ["data_trouble"]


@pytest.mark.covers("F36")
def test_a_session_ended_for_too_many_messages_halts() -> None:
    world = ready()
    gone = BrokerDisconnected(at=world.now, reason="error 100: too fast", code=100)
    world.tell(gone)
    assert world.state.is_halted
    assert codes(world) == ["link_lost", "halted"]
