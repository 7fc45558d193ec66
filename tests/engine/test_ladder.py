"""The base ladder in the engine: for the book, through the gate, and nobody's hedge."""

from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from alvh_trader.domain.calendar import new_york_date
from alvh_trader.domain.order import Layer, Leg, Order, Purpose
from alvh_trader.domain.position import Position
from alvh_trader.engine.lots import net_cost_of_year
from alvh_trader.engine.proof import hedge_proof
from alvh_trader.engine.turn import Turn
from alvh_trader.strategy.params import BaseLadderParams, Layer2Params
from alvh_trader.strategy.phase import Phase
from tests.playbook import RULES, World
from tests.worked_market import LONGER, NEXT, Market, listed

LOW = Market(spot=7100.0, vix=14.0, vix_forward=15.0)


def world(market: Market = LOW, **changes: Any) -> World:
    rung = {"tenors": (30.0,), "counts": (4.0,), "renewed_at": (21.0,)}
    ladder = BaseLadderParams(**{"enabled": True, **rung, **changes})
    params = replace(
        RULES.params, base_ladder=ladder, layer2=Layer2Params(enabled=False)
    )
    made = World(market, rules=replace(RULES, params=params))
    made.more = (LONGER,)
    return made.start()


def rungs(seen: World) -> list[Order]:
    return [o for o in seen.placed(Purpose.HEDGE) if o.layer is Layer.BASE]


def test_a_rung_is_filled_for_the_book_while_vix_is_low() -> None:
    seen = world()
    seen.run(1800)
    (order,) = rungs(seen)
    assert (order.case, order.quantity) == ("", 4)
    assert order.legs[0].instrument.last_trade == LONGER[1]
    (lot,) = seen.state.lots.values()
    assert (lot.case, lot.layer, lot.units) == ("", Layer.BASE, 4)
    assert net_cost_of_year(seen.state) == lot.cost
    assert "the base ladder is filled" in [d.trigger for d in seen.decisions]


def test_it_is_nobodys_hedge() -> None:
    seen = world()
    seen.run(1800)
    turn = Turn(seen.state, seen.rules, seen.now)
    assert hedge_proof(turn, seen.case).filled == 0
    seen.market = Market()
    seen.until(Phase.STABILISE, within=3600)
    first = [o for o in seen.placed(Purpose.HEDGE) if o.layer is not Layer.BASE]
    assert [o.quantity for o in first] == [7]


def test_nothing_is_bought_while_vix_is_not_low_or_the_year_is_spent() -> None:
    dear = world(replace(LOW, vix=15.5))
    dear.run(1800)
    assert rungs(dear) == []
    spent = world()
    spent.tick()
    flows = ((new_york_date(spent.now), -18_000.0),)
    spent.state = replace(spent.state, hedge_flows=flows)
    spent.run(1800)
    assert rungs(spent) == []


def test_it_is_off_unless_the_operator_wants_it() -> None:
    off = world(enabled=False)
    off.run(1800)
    assert rungs(off) == []


def test_calls_that_are_held_already_are_counted() -> None:
    seen = world()
    call = next(o for o in listed("VIX", *LONGER) if o.is_call and o.strike == 16)
    seen.broker.positions[call.con_id] = Position(call, 4, 150.0)
    seen.disconnect()
    seen.state = replace(seen.state, account=None)
    seen.connect()
    seen.run(1800)
    assert rungs(seen) == []


def test_an_aged_rung_is_kept_where_nothing_fresher_is_listed() -> None:
    seen = world(renewed_at=(29.0,))
    seen.run(1800)
    seen.now = datetime(2026, 5, 27, 15, 0, tzinfo=UTC)
    seen.broker.begin_day(new_york_date(seen.now))
    seen.run(1800)
    assert [o.purpose for o in seen.broker.received] == [Purpose.HEDGE]


def test_an_aged_rung_is_sold_when_the_fresh_one_is_held() -> None:
    seen = world()
    seen.run(1800)
    (fresh,) = seen.state.lots.values()
    call = next(o for o in listed("VIX", *NEXT) if o.is_call and o.strike == 15)
    aged = replace(
        fresh,
        ref="aged",
        legs=(Leg(call, 1),),
        bought=seen.now - timedelta(days=10),
    )
    seen.broker.hold(call, 4)
    ledger = {**seen.state.ledger, call.con_id: 4}
    seen.state = replace(
        seen.state, lots={**seen.state.lots, "aged": aged}, ledger=ledger
    )
    seen.run(1800)
    (order,) = seen.placed(Purpose.HEDGE_SELL)
    assert (order.case, order.quantity) == ("", 4)
    assert order.legs == (Leg(call, -1),)
    assert seen.state.lots["aged"].units == 0
    assert seen.state.lots[fresh.ref].units == 4
