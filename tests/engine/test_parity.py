"""While calls and puts contradict each other, ratios stand still and nothing rolls."""

from alvh_trader.domain.instrument import Option
from alvh_trader.domain.order import Purpose
from alvh_trader.engine.command import CancelOrder
from alvh_trader.engine.evaluation import evaluate, snapshot
from alvh_trader.engine.turn import Turn
from alvh_trader.strategy.phase import Phase
from alvh_trader.strategy.snapshot import Snapshot
from tests.playbook import RULES, World
from tests.strategy.worked import OLD_EXPIRY
from tests.worked_market import APPROACH, T2

OLD = "SPXW 2026-06-30"


def _greeks(world: World) -> Snapshot:
    turn = Turn(world.state, RULES, world.now)
    reading = evaluate(turn, world.case)
    assert not isinstance(reading, str)
    seen = snapshot(turn, world.case, reading)
    assert seen is not None
    return seen


def _hedged(phase: Phase = Phase.STABILISE) -> World:
    return World(T2).start().until(phase)


def test_dislocated_quotes_move_neither_edr_nor_hedge_ratios() -> None:
    world = _hedged()
    world.tick()
    before, edr = _greeks(world), world.case.edr
    world.change(dear=1.5)
    for _ in range(6):
        world.tick()
        after = _greeks(world)
        assert world.case.edr == edr
        assert after.offset == before.offset
        assert after.case == before.case
        assert after.hedge == before.hedge
    assert world.state.parity[OLD].is_dislocated
    assert len(world.alerts("dislocated")) == 1
    (told,) = [d for d in world.decisions if d.trigger == "PARITY"]
    assert (told.before, told.after) == ("GOOD", "DISLOCATED")


def test_the_same_dislocation_would_have_moved_them() -> None:
    world = _hedged()
    world.tick()
    edr = world.case.edr
    world.change(dear=1.5)
    world.tick()
    open_eyed = Turn(world.state, RULES, world.now)
    open_eyed.put(held={})
    reading = evaluate(open_eyed, world.case)
    assert not isinstance(reading, str)
    assert reading.edr.value != edr


def test_no_roll_leaves_while_a_series_is_dislocated() -> None:
    world = _hedged(Phase.HEDGE_WORKING)
    world.change(dear=1.5)
    world.run(1800)
    assert world.state.parity[OLD].is_dislocated
    assert not world.placed(Purpose.ROLL)
    world.change(dear=0.0)
    world.run(1800)
    assert not any(guard.is_held for guard in world.state.parity.values())
    assert world.placed(Purpose.ROLL)


def test_a_working_roll_is_cancelled() -> None:
    world = _hedged(Phase.STABILISE)
    world.fills = False
    world.until(Phase.ROLL_WORKING)
    (roll,) = world.placed(Purpose.ROLL)
    world.change(dear=1.5)
    world.run(30)
    assert roll.ref in {c.ref for c in world.commands if isinstance(c, CancelOrder)}
    count = len(world.placed(Purpose.ROLL))
    world.run(600)
    assert len(world.placed(Purpose.ROLL)) == count


def test_after_ten_minutes_the_ratio_is_unknown() -> None:
    world = World(APPROACH).start()
    world.run(60)
    world.change(dear=1.5)
    edrs = []
    for _ in range(62):
        world.tick()
        edrs.append(world.case.edr)
    assert None not in edrs[:60]
    assert edrs[-1] is None
    world.run(150)
    assert world.is_at(Phase.DEGRADED)
    assert world.alerts("blind")


def test_a_market_that_moves_as_one_is_not_dislocated() -> None:
    world = World(APPROACH).start()
    world.run(60)
    for step in range(30):
        world.change(spot=6875.0 - 4.0 * step)
        world.tick()
    assert not any(guard.is_held for guard in world.state.parity.values())


def test_what_stands_in_is_the_series_as_it_was_last_good() -> None:
    world = World(APPROACH).start()
    world.run(60)
    good = world.state.parity[OLD].good
    assert good is not None
    assert good.spot == 6875.0
    assert good.forward > good.spot
    assert {leg.option.con_id for leg in world.case.legs} <= set(good.quotes)
    world.change(dear=1.5, spot=6800.0)
    world.tick()
    assert world.state.held == {OLD: good}


def test_too_few_strikes_stop_the_roll_and_not_the_hedge() -> None:
    world = World(T2, fills=False).start().until(Phase.HEDGE_WORKING)
    legs = {leg.option.con_id for leg in world.case.legs}
    world.mute = {
        o.con_id
        for o in world.watched
        if isinstance(o, Option) and o.expiry == OLD_EXPIRY and o.con_id not in legs
    }
    world.run(70)
    world.fills = True
    for order in world.placed(Purpose.HEDGE):
        if order.ref in world.broker.working:
            world.fill(order.ref)
    world.run(1200)
    assert world.state.lots
    assert not world.placed(Purpose.ROLL)
    world.mute = set()
    world.run(1200)
    assert world.placed(Purpose.ROLL)
