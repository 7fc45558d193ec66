"""What the engine looks at and asks for: enough, not too much, and again if lost."""

from collections import Counter
from datetime import timedelta

from msgspec.structs import replace

from alvh_trader.domain.instrument import Index, Option
from alvh_trader.domain.order import OrderStatus
from alvh_trader.engine.command import (
    ListExpiries,
    ListOptions,
    RequestBars,
    Watch,
)
from alvh_trader.engine.turn import Turn
from alvh_trader.engine.wants import LINES_MAX, settle_wants
from alvh_trader.strategy.phase import Phase
from tests.engine.test_promise import hedge
from tests.playbook import RULES, World
from tests.worked_market import CALM, INDEXES


def questions(world: World) -> Counter[str]:
    kinds = (RequestBars, ListExpiries, ListOptions)
    return Counter(type(c).__name__ for c in world.commands if isinstance(c, kinds))


def test_a_calm_case_is_watched_by_its_legs_and_the_indexes() -> None:
    world = World(CALM).start()
    world.run(60)
    watched = set(world.watched)
    assert watched >= {*INDEXES, *(leg.option for leg in world.case.legs)}
    assert len(watched) < 20
    before = questions(world)
    world.run(600)
    assert before["RequestBars"] == 2
    assert questions(world) == before


def test_no_more_streams_than_the_broker_allows_at_any_time() -> None:
    world = World().start().until(Phase.COOLDOWN)
    most = max(len(c.instruments) for c in world.commands if isinstance(c, Watch))
    assert 40 < most <= LINES_MAX
    for command in world.commands:
        if isinstance(command, Watch):
            ids = [i.con_id for i in command.instruments]
            assert len(ids) == len(set(ids))


def test_the_hedge_held_is_watched_with_what_its_forward_is_read_from() -> None:
    world = World().start().until(Phase.COOLDOWN)
    world.run(60)
    series = [i for i in world.watched if isinstance(i, Option) and i.symbol == "VIX"]
    assert hedge(world).legs[0].instrument in series
    strikes = Counter(o.strike for o in series)
    assert sum(count == 2 for count in strikes.values()) >= 3


def test_an_unanswered_question_is_asked_again_after_a_minute() -> None:
    world = World(CALM)
    world.withheld.add(RequestBars)
    world.start().run(50)
    assert questions(world)["RequestBars"] == 2
    world.run(130)
    assert questions(world)["RequestBars"] >= 4


def test_a_new_session_subscribes_again() -> None:
    world = World(CALM).start()
    world.run(60)
    before = world.watched
    world.disconnect()
    world.watched = ()
    world.now += timedelta(seconds=10)
    world.connect()
    world.run(30)
    assert set(world.watched) == set(before)


def test_a_wandering_index_does_not_resubscribe_on_every_tick() -> None:
    world = World(CALM).start()
    world.run(60)
    before = sum(isinstance(c, Watch) for c in world.commands)
    for n in range(60):
        world.change(spot=7000.0 + (8 if n % 2 else -8))
        world.tick(20)
    after = sum(isinstance(c, Watch) for c in world.commands)
    assert after - before <= 4


def test_indexes_come_first() -> None:
    world = World().start().until(Phase.ROLL_WORKING)
    assert all(isinstance(i, Index) for i in world.watched[:4])


def test_what_an_order_at_work_is_made_of_is_watched() -> None:
    """Whatever it was chosen among need not be watched any more."""
    world = World().start().until(Phase.HEDGE_WORKING)
    (ticket,) = world.state.tickets.values()
    legs = {leg.instrument for leg in ticket.order.legs}
    case = replace(world.case, phase=Phase.MONITOR)
    turn = Turn(world.state, RULES, world.now)
    turn.put(cases={case.case_id: case}, lots={})
    for status, is_watched in (
        (OrderStatus.WORKING, True),
        (OrderStatus.UNKNOWN, True),
        (OrderStatus.CANCELLED, False),
    ):
        turn.put(tickets={ticket.order.ref: replace(ticket, status=status)})
        settle_wants(turn, is_quiet=False)
        assert (legs <= set(turn.state.watched)) is is_watched
