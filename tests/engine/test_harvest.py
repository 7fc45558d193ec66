"""Hedges are sold by the book: never below what a case needs, never twice."""

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from msgspec.structs import replace

from alvh_trader.domain.calendar import new_york_date
from alvh_trader.domain.order import Leg, Order, Purpose
from alvh_trader.domain.position import Position
from alvh_trader.engine.case import HedgeLot
from alvh_trader.engine.event import OrderFilled
from alvh_trader.engine.harvest import REFUSED_PAUSE
from alvh_trader.engine.lots import net_cost_of_year
from alvh_trader.engine.proof import hedge_proof, sale_proof
from alvh_trader.engine.turn import Turn
from alvh_trader.signals.levels import EdrTracker
from alvh_trader.strategy.phase import Phase
from alvh_trader.strategy.reason import Reason
from tests.playbook import RULES, World
from tests.worked_market import NEXT, Market, listed

LAST_DAY = datetime(2026, 6, 2, 19, 20, tzinfo=UTC)
"""15:20 in New York on the last trading day of the example's calls."""


NEXT_CALL = next(o for o in listed("VIX", *NEXT) if o.strike == 22 and o.is_call)


def hedged(phase: Phase = Phase.MONITOR, *, fills: bool = True) -> World:
    """Return a world with seven calls, whose case stands at `phase`."""
    world = World().start().until(Phase.STABILISE)
    case = replace(
        world.case, phase=phase, since=world.now, standing="", tracker=EdrTracker()
    )
    world.state = replace(world.state, cases={case.case_id: case})
    world.fills = fills
    return world


def lot(world: World) -> HedgeLot:
    (one,) = world.state.lots.values()
    return one


def sales(world: World) -> list[Order]:
    return world.placed(Purpose.HEDGE_SELL)


QUIET = Market(spot=7000.0, vix=17.0, vix_forward=20.0)
"""The condor is calm, and the calls are worth something still."""

POPPED = Market(vix=19.0, spot=7000.0, vix_forward=25.4)
"""The calls are worth two and a half times what they cost; the condor is calm."""


def test_half_is_sold_when_the_mark_is_two_and_a_half_times_the_cost() -> None:
    world = hedged()
    paid = lot(world).cost
    world.market = POPPED
    world.run(60)
    (order,) = sales(world)
    assert order.quantity == 3
    assert order.legs == (Leg(lot(world).main, -1),)
    assert order.limit < 0
    assert (lot(world).units, lot(world).sold) == (4, 3)
    assert lot(world).cost == pytest.approx(paid * 4 / 7)
    assert lot(world).realised == pytest.approx(
        lot(world).proceeds - 3 * lot(world).unit_cost
    )
    assert lot(world).realised > 1.4 * 3 * lot(world).unit_cost
    assert world.broker.positions[lot(world).main.con_id].quantity == 4


def test_sixty_per_cent_of_a_taken_profit_go_to_the_second_layer() -> None:
    world = hedged()
    world.market = POPPED
    world.run(60)
    assert world.state.l2_fund == pytest.approx(0.6 * lot(world).realised)
    spent = lot(world).cost + lot(world).sold_cost
    assert net_cost_of_year(world.state) == pytest.approx(spent - lot(world).proceeds)


def test_a_profit_is_taken_once() -> None:
    world = hedged()
    world.market = POPPED
    world.run(900)
    assert [o.quantity for o in sales(world)] == [3]
    assert "hedge sold: TP1" in [d.trigger for d in world.decisions]


def test_a_sale_walks_from_the_middle_to_the_bid_and_not_below() -> None:
    world = hedged(fills=False)
    world.market = replace(POPPED, vix_half=0.10)
    world.run(170)
    (first,) = sales(world)
    quote = world.state.quotes[first.legs[0].instrument.con_id]
    assert quote.mid is not None
    assert quote.bid is not None
    assert float(-first.limit) == pytest.approx(quote.mid, abs=0.03)
    (work,) = world.broker.working.values()
    assert float(-work.order.limit) == pytest.approx(quote.bid, abs=0.01)


def test_while_a_case_is_active_its_minimum_is_kept() -> None:
    """Six of seven are n_min: one can be spared."""
    world = hedged(Phase.COOLDOWN)
    world.change(vix_forward=25.4)
    world.run(120)
    assert [o.quantity for o in sales(world)] == [1]
    assert hedge_proof(Turn(world.state, RULES, world.now), world.case).filled == 6
    assert world.is_at(Phase.COOLDOWN)


def test_nothing_is_sold_while_a_roll_is_on_its_way() -> None:
    world = World().start().until(Phase.ROLL_WORKING)
    world.change(vix_forward=25.4)
    world.until(Phase.COOLDOWN)
    assert len(world.placed(Purpose.ROLL)) == 2
    sold = [d for d in world.decisions if d.trigger == "hedge sold: TP1"]
    assert {d.before for d in sold} == {Phase.COOLDOWN}


def test_a_calm_week_ends_in_a_runner() -> None:
    world = hedged()
    world.market = QUIET
    for day in range(12):
        world.now = datetime(2026, 5, 21, 15, 0, tzinfo=UTC) + timedelta(days=day)
        world.broker.begin_day(new_york_date(world.now))
        world.run(60)
    assert [o.quantity for o in sales(world)] == [5]
    assert lot(world).units == 2
    assert world.state.l2_fund == 0.0


def test_a_hedge_bought_for_another_reason_than_edr_is_not_sold_as_unneeded() -> None:
    """EDR was clear for a week, but a person has asked for a roll."""
    world = hedged(Phase.HOLD_HEDGED)
    world.market = QUIET
    case = replace(
        world.case,
        calm_days=9,
        reason=Reason.OPERATOR,
        taken_up={Reason.OPERATOR: world.now},
    )
    world.state = replace(world.state, cases={case.case_id: case})
    world.run(60)
    assert world.case.calm_days == 0
    assert sales(world) == []


def at_the_end(world: World) -> World:
    world.market = QUIET
    world.now = LAST_DAY
    world.broker.begin_day(new_york_date(world.now))
    return world


def test_what_is_left_is_sold_before_it_settles() -> None:
    world = at_the_end(hedged(Phase.HOLD_HEDGED))
    world.change(vix_forward=22.5)
    world.run(540)
    assert sales(world) == []
    world.run(240)
    assert sum(o.quantity for o in sales(world)) == 7
    assert lot(world).units == 0


def test_what_nobody_bids_for_is_left_to_expire_and_booked_at_nothing() -> None:
    world = at_the_end(hedged())
    world.change(vix_forward=12.0, vix_sigma=0.2)
    world.run(1200)
    assert sales(world) == []
    assert lot(world).standing == "left to expire"
    world.now += timedelta(days=1)
    world.broker.begin_day(new_york_date(world.now))
    world.run(60)
    world.now += timedelta(days=1)
    world.broker.begin_day(new_york_date(world.now))
    world.run(60)
    assert world.state.lots == {}
    assert "hedge settled" in [d.trigger for d in world.decisions]
    assert net_cost_of_year(world.state) > 900


def test_a_case_in_manual_is_left_to_its_person() -> None:
    world = at_the_end(hedged(Phase.MANUAL))
    world.run(1200)
    assert sales(world) == []
    assert len(world.alerts("hedge_unsold")) == 1


def test_the_hedge_of_a_closed_condor_is_sold_too() -> None:
    world = hedged(Phase.CLOSED)
    for leg in world.case.legs:
        del world.broker.positions[leg.option.con_id]
        world.state.ledger.pop(leg.option.con_id)
    world.market = QUIET
    world.now += timedelta(days=8)
    world.broker.begin_day(new_york_date(world.now))
    world.run(120)
    assert [o.quantity for o in sales(world)] == [5]


def test_while_watching_nothing_is_sold_and_a_person_is_told() -> None:
    world = hedged()
    world.rules = replace(RULES, may_trade=False)
    world.market = POPPED
    world.run(280)
    assert sales(world) == []
    assert len(world.alerts("hedge_unsold")) == 1
    # What was refused is not asked for again at every look.
    asked = {ref for d in world.decisions for ref in [d.trigger] if "refuses" in ref}
    assert asked == {"the gate refuses to sell the hedge: TP1"}
    first = lot(world).refused
    world.run(600)
    assert first is not None
    assert lot(world).refused == first + 2 * REFUSED_PAUSE


def test_a_lot_is_sold_though_the_account_nets_it_with_another() -> None:
    world = hedged(fills=False)
    world.market = POPPED
    world.run(30)
    (order,) = sales(world)
    call, turn_of = lot(world).main, partial(Turn, rules=RULES, at=world.now)
    spread = replace(
        lot(world),
        ref="spread",
        case="another",
        legs=(Leg(NEXT_CALL, 1), Leg(call, -1)),
        units=5,
        sales=(),
    )
    back = replace(order, ref="back", case="another", quantity=5)
    back = replace(back, legs=(Leg(NEXT_CALL, -1), Leg(call, 1)))

    def selling(**held: int) -> tuple[int, int]:
        """Return how many calls, and how many spreads, the account can give up."""
        options = {"calls": call, "next": NEXT_CALL}
        positions = {
            options[name].con_id: Position(options[name], count, 140.0)
            for name, count in held.items()
        }
        lots = {**world.state.lots, "spread": spread}
        turn = turn_of(replace(world.state, lots=lots, positions=positions))
        own = replace(order, quantity=7)
        return sale_proof(turn, own).held, sale_proof(turn, back).held

    assert selling(calls=2, next=5) == (7, 5)
    assert selling(calls=1, next=5) == (6, 5)
    assert selling(calls=2, next=4) == (7, 4)
    assert selling(calls=4, next=5) == (7, 3)


def test_a_sale_that_is_busted_gives_its_units_back() -> None:
    world = hedged()
    world.market = POPPED
    world.run(60)
    before = lot(world)
    fill = next(
        f
        for f in world.broker.fills
        if f.quantity < 0 and f.con_id == before.main.con_id
    )
    busted = replace(fill, exec_id=fill.exec_id[:-2] + "02", quantity=0)
    world.tell(OrderFilled(at=world.now, fill=busted))
    assert (lot(world).units, lot(world).sold) == (7, 0)
    assert lot(world).realised == 0.0
    assert world.state.l2_fund == 0.0


def test_a_restart_remembers_what_was_taken() -> None:
    world = hedged()
    world.market = POPPED
    world.run(60)
    world.restart()
    world.run(600)
    assert [o.quantity for o in sales(world)] == [3]


def test_a_bust_of_the_purchase_ends_a_sale_that_would_take_too_much() -> None:
    world = hedged(fills=False)
    world.market = POPPED
    world.run(30)
    bought = next(f for f in world.broker.fills if f.con_id == lot(world).main.con_id)
    busted = replace(bought, exec_id=bought.exec_id[:-2] + "02", quantity=2)
    world.tell(OrderFilled(at=world.now, fill=busted))
    assert lot(world).units == 2
    (ticket,) = [
        t for t in world.state.tickets.values() if t.order.purpose is Purpose.HEDGE_SELL
    ]
    assert ticket.cancel_asked


@pytest.mark.parametrize("phase", [Phase.BREADTH, Phase.SPLIT_HOLD, Phase.VERIFY])
def test_the_proof_of_a_sale_counts_what_other_sales_may_take(phase: Phase) -> None:
    world = hedged(fills=False)
    world.market = POPPED
    world.run(30)
    (order,) = sales(world)
    case = replace(world.case, phase=phase)
    world.state = replace(world.state, cases={case.case_id: case})
    turn = Turn(world.state, RULES, world.now)
    own = sale_proof(turn, order)
    assert (own.booked, own.held, own.kept, own.needed) == (7, 7, 4, 6)
    another = sale_proof(turn, replace(order, ref="another", quantity=1))
    assert (another.booked, another.held, another.kept) == (4, 4, 3)
    assert hedge_proof(turn, case).filled == 4


# ----------------------------------------------------------------- renewal -----


def expiring(phase: Phase, *, clear: float = 0.10) -> World:
    """Return a world two sessions before the last trade; EDR is above `clear`."""
    world = hedged(phase)
    levels = replace(RULES.params.edr.levels, clear=clear)
    params = replace(RULES.params, edr=replace(RULES.params.edr, levels=levels))
    world.rules = replace(RULES, params=params)
    world.more = (NEXT,)
    world.market = QUIET
    world.now = datetime(2026, 5, 29, 15, 0, tzinfo=UTC)
    world.broker.begin_day(new_york_date(world.now))
    return world


@pytest.mark.parametrize("phase", [Phase.MONITOR, Phase.ARMED, Phase.COOLDOWN])
def test_a_hedge_is_renewed_first_and_sold_then_so_that_there_is_no_gap(
    phase: Phase,
) -> None:
    world = expiring(phase)
    held = []
    for _ in range(60):
        world.tick()
        calls = [
            p.quantity
            for p in world.broker.positions.values()
            if p.instrument.symbol == "VIX"
        ]
        held.append(sum(calls))
    new = world.placed(Purpose.HEDGE)[-1]
    (old,) = sales(world)
    assert new.legs[0].instrument.last_trade == NEXT[1]
    assert old.quantity == 7
    assert new.quantity >= 4
    kinds = [o.purpose for o in world.broker.received]
    assert kinds == [Purpose.HEDGE, Purpose.HEDGE, Purpose.HEDGE_SELL]
    assert min(held) >= world.case.needed
    assert "hedge sold: RENEWED" in [d.trigger for d in world.decisions]


def test_without_the_next_hedge_the_old_one_is_kept() -> None:
    world = expiring(Phase.MONITOR)
    world.fills = False
    world.run(900)
    assert len(world.placed(Purpose.HEDGE)) >= 2
    assert sales(world) == []


def test_a_clear_ratio_renews_nothing() -> None:
    world = expiring(Phase.MONITOR, clear=0.80)
    world.run(900)
    assert len(world.placed(Purpose.HEDGE)) == 1


def test_an_unknown_ratio_renews_nothing() -> None:
    world = expiring(Phase.MONITOR)
    world.change(dark=frozenset({"SPX"}))
    world.run(300)
    assert len(world.placed(Purpose.HEDGE)) == 1
