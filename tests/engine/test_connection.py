"""The named states of the way to the market: what leads to each, what each stops."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from alvh_trader.domain.calendar import NEW_YORK, Hours
from alvh_trader.domain.connection import Connection, Trouble
from alvh_trader.domain.order import Purpose
from alvh_trader.engine.command import ListHours, RequestReport
from alvh_trader.engine.connection import CHANGED
from alvh_trader.engine.event import (
    BrokerDisconnected,
    ClockCompared,
    ConnectFailed,
    DataTroubled,
    HeartbeatMissed,
    HoursListed,
    LinkChanged,
    MarketUpdated,
)
from alvh_trader.strategy.phase import Phase
from tests.playbook import World
from tests.worked_market import CALM, SPX

C = Connection


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=NEW_YORK).astimezone(UTC)


def ready() -> World:
    """Return a world whose case is about to be threatened."""
    return World(CALM).start().until(Phase.MONITOR)


def name(world: World) -> Connection:
    return world.state.link.name


def names(world: World) -> list[str]:
    """Return the states that were written down, in order."""
    return [d.after for d in world.decisions if d.trigger == CHANGED]


def lose_link(world: World) -> None:
    world.tell(LinkChanged(at=world.now, is_up=False))


def lose_session(world: World) -> None:
    world.tell(BrokerDisconnected(at=world.now, reason="reset by peer"))


def miss(world: World) -> None:
    world.tell(HeartbeatMissed(at=world.now))


def skew(world: World) -> None:
    world.tell(ClockCompared(at=world.now, ahead=3.0, drift=0.0, is_good=False))


def trouble(*which: Trouble) -> Callable[[World], None]:
    def tell(world: World) -> None:
        world.tell(DataTroubled(at=world.now, troubles=which))

    return tell


@pytest.mark.covers("P06")
def test_a_session_begins_reconciling_and_is_connected_after_a_clean_report() -> None:
    world = World(CALM)
    world.withheld.add(RequestReport)
    world.start()
    assert name(world) is C.RECONCILING
    world.answer(RequestReport)
    assert name(world) is C.CONNECTED
    assert names(world) == [C.RECONCILING, C.CONNECTED]


@pytest.mark.covers(
    "F19", "F24", "F27", "F33", "F89", "F94", "F96", "F100", "I03", "P17"
)
@pytest.mark.parametrize(
    ("event", "state"),
    [
        (lose_link, C.LINK_LOST),
        (lose_session, C.DISCONNECTED),
        (miss, C.DEGRADED),
        (skew, C.DEGRADED),
        (trouble(Trouble.FARM_DOWN), C.DEGRADED),
        (trouble(Trouble.OTHER_SESSION), C.DEGRADED),
        (trouble(Trouble.NO_LINES), C.DEGRADED),
        (trouble(Trouble.HALTED), C.HALTED),
    ],
)
def test_what_happens_has_a_name_and_is_told_with_the_reason(
    event: Callable[[World], None], state: Connection
) -> None:
    world = ready()
    event(world)
    assert name(world) is state
    assert names(world)[-1] == state
    assert world.state.link.why
    assert world.state.link.since == world.now


@pytest.mark.covers("I03")
def test_the_next_answer_makes_a_missed_one_good() -> None:
    world = ready()
    miss(world)
    world.tick()
    assert name(world) is C.CONNECTED


@pytest.mark.covers("P17", "F100")
def test_a_wrong_clock_lets_nothing_new_be_risked_until_it_is_right() -> None:
    world = ready()
    skew(world)
    assert [a.text[:9] for a in world.alerts("clock")] == ["our clock"]
    world.run(30)
    assert name(world) is C.DEGRADED
    world.tell(ClockCompared(at=world.now, ahead=0.1, drift=0.0, is_good=True))
    assert name(world) is C.CONNECTED


@pytest.mark.covers("F88", "F90", "F95")
def test_an_open_market_that_is_not_seen_for_a_minute_is_blind() -> None:
    world = ready()
    world.mute = {SPX.con_id}
    world.run(60)
    assert name(world) is C.CONNECTED
    world.run(20)
    assert name(world) is C.BLIND
    assert world.state.link.why == "no price of SPX"
    world.mute = set()
    world.tick()
    assert name(world) is C.CONNECTED


@pytest.mark.covers("F89")
def test_nothing_is_sent_while_trading_is_halted() -> None:
    world = World().start().until(Phase.HEDGE_PLAN)
    trouble(Trouble.HALTED)(world)
    world.run(600)
    assert world.placed(Purpose.HEDGE) == []
    trouble()(world)
    world.until(Phase.HEDGE_WORKING, within=1200)


@pytest.mark.covers("I10", "F94")
def test_a_lost_farm_stops_new_risk_but_no_hedge_with_good_quotes() -> None:
    world = World().start().until(Phase.HEDGE_PLAN)
    trouble(Trouble.FARM_DOWN)(world)
    world.run(1200)
    assert len(world.placed(Purpose.HEDGE)) == 1
    assert world.placed(Purpose.ROLL) == []
    trouble()(world)
    world.until(Phase.ROLL_WORKING, within=3600)


@pytest.mark.covers("F25", "F26")
@pytest.mark.parametrize("data_lost", [False, True])
def test_prices_of_before_an_outage_do_not_count_after_it(data_lost: bool) -> None:
    world = ready()
    lose_link(world)
    world.now += timedelta(seconds=5)
    world.withheld.add(RequestReport)
    world.tell(LinkChanged(at=world.now, is_up=True, data_lost=data_lost))
    assert world.state.quotes == {}
    assert name(world) is C.RECONCILING
    world.answer(RequestReport)
    assert name(world) is C.CONNECTED


@pytest.mark.covers("F29", "F30")
def test_in_the_reset_nothing_is_sent_until_a_quarter_of_an_hour_after_it() -> None:
    world = ready()
    world.now = at("2026-05-21 23:40")
    world.tick()
    assert name(world) is C.RESET_EXPECTED
    lose_session(world)
    assert name(world) is C.RESET_EXPECTED
    world.now = at("2026-05-22 09:31")
    world.connect()
    assert name(world) is C.RESET_EXPECTED
    world.run(14 * 60)
    assert name(world) is C.RESET_EXPECTED
    world.run(2 * 60)
    assert name(world) is C.CONNECTED


@pytest.mark.covers("F32")
def test_after_sunday_night_a_gateway_that_is_away_needs_its_login() -> None:
    world = ready()
    world.now = at("2026-05-22 22:50")
    world.tick()
    lose_session(world)
    for text, state in (
        ("2026-05-23 15:00", C.RESET_EXPECTED),
        ("2026-05-24 01:00", C.LOGIN_REQUIRED),
        ("2026-05-25 10:00", C.LOGIN_REQUIRED),
    ):
        world.now = at(text)
        world.tell(ConnectFailed(at=world.now, reason="refused"))
        assert name(world) is state
    world.connect()
    assert name(world) is not C.LOGIN_REQUIRED


@pytest.mark.covers("F32")
def test_a_restart_on_sunday_remembers_when_the_broker_was_last_there() -> None:
    world = ready()
    world.disconnect()
    world.now = at("2026-05-24 12:00")
    world.state = replace(world.state)
    world.tell(ConnectFailed(at=world.now, reason="refused"))
    assert name(world) is C.LOGIN_REQUIRED


@pytest.mark.covers("F103")
def test_a_broker_who_says_closed_is_believed_against_the_calendar() -> None:
    world = World().start().until(Phase.HEDGE_PLAN)
    assert world.state.day is not None
    closed = (Hours(world.state.day, None, None),)
    world.tell(HoursListed(at=world.now, symbol="SPX", hours=closed))
    assert [a.text for a in world.alerts("calendar_disagrees")]
    world.run(600)
    assert world.placed(Purpose.HEDGE) == []
    world.tell(HoursListed(at=world.now, symbol="SPX", hours=world.hours()))
    world.until(Phase.HEDGE_WORKING, within=1200)


@pytest.mark.covers("F103")
def test_hours_that_nobody_told_let_nothing_out() -> None:
    world = World()
    world.withheld.add(ListHours)
    world.start().until(Phase.HEDGE_PLAN)
    world.run(600)
    assert world.placed(Purpose.HEDGE) == []


@pytest.mark.covers("F103", "F105")
def test_hours_are_asked_for_every_day() -> None:
    world = ready()
    assert sum(isinstance(c, ListHours) for c in world.commands) == 1
    world.now = at("2026-05-29 10:00")
    world.tick()
    assert sum(isinstance(c, ListHours) for c in world.commands) == 2


def test_time_alone_changes_the_name() -> None:
    world = ready()
    before = len(names(world))
    world.tell(MarketUpdated(at=at("2026-05-21 23:29:59")))
    world.tell(MarketUpdated(at=at("2026-05-21 23:30:00")))
    assert names(world)[before:] == [C.RESET_EXPECTED]
