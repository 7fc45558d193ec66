"""The sides of a roll: which one is next, its order, and what its fills amount to."""

from decimal import Decimal

import msgspec

from alvh_trader.domain.instrument import Option
from alvh_trader.domain.money import SPX_COMBO_TICKS
from alvh_trader.domain.order import Order, Purpose
from alvh_trader.engine.case import Case, Side, legs_of_shape, with_side
from alvh_trader.engine.identity import order_max
from alvh_trader.engine.turn import Turn
from alvh_trader.execution.ticket import Ticket
from alvh_trader.execution.walk import roll_ladder

CONCESSION = Decimal("0.30")
"""Points given up for one side, from the middle to the last limit (alvh.md §6.6)."""


def next_side(case: Case) -> Side | None:
    """Return the side that is next, None where all are done."""
    if case.roll is None or case.rolled_sides >= len(case.roll.sides):
        return None
    return case.roll.sides[case.rolled_sides]


def left(case: Case, side: Side) -> int:
    """Return the units of a side that are not moved yet, by the legs held."""
    have = {leg.option: leg.quantity for leg in case.legs}
    old, new = side.old.short, side.new.short
    total = case.condor.quantity
    if old == new:
        return total - min(total, abs(have.get(side.new.long, 0)))
    return min(total, abs(have.get(old, 0)))


def order_of(
    turn: Turn, case: Case, ref: str
) -> tuple[Order, tuple[Decimal, ...]] | None:
    """Return the next order of the roll with its limits; None without quotes."""
    side = next_side(case)
    if side is None:
        return None
    mid = 0.0
    for leg in side.legs():
        quote = turn.state.quotes.get(leg.instrument.con_id)
        if quote is None or quote.mid is None:
            return None
        mid += leg.ratio * quote.mid
    rungs = roll_ladder(mid, SPX_COMBO_TICKS, CONCESSION)
    most = order_max(turn, turn.rules.limits.combos_per_order_max)
    order = Order(
        ref=ref,
        case=case.case_id,
        purpose=Purpose.ROLL,
        legs=side.legs(),
        quantity=min(left(case, side), most),
        limit=rungs[0],
    )
    return order, rungs


def roll_orders(turn: Turn, case: Case) -> list[Ticket]:
    """Return the roll orders of a case that are not long gone, oldest first."""
    return [
        t
        for t in turn.state.tickets.values()
        if t.order.case == case.case_id and t.order.purpose is Purpose.ROLL
    ]


def book_side(turn: Turn, case: Case) -> Case:
    """Take a side that has moved as a whole into the shape of the condor."""
    side = next_side(case)
    if side is None or left(case, side) > 0:
        return case
    costs = _paid(turn, case)
    new = msgspec.structs.replace(
        side.new,
        short_cost=costs.get(side.new.short, side.new.short_cost),
        long_cost=costs.get(side.new.long, side.new.long_cost),
    )
    condor = with_side(case.condor, new)
    return turn.change(
        case,
        condor=condor,
        legs=legs_of_shape(condor),
        rolled_sides=case.rolled_sides + 1,
    )


def _paid(turn: Turn, case: Case) -> dict[Option, float]:
    """Return the mean price of each option that the roll traded, USD per contract."""
    paid: dict[Option, tuple[float, int]] = {}
    for ticket in roll_orders(turn, case):
        options = {
            leg.instrument.con_id: leg.instrument
            for leg in ticket.order.legs
            if isinstance(leg.instrument, Option)
        }
        for fill in ticket.fills:
            option = options.get(fill.con_id)
            if option is None or not fill.quantity:
                continue
            amount, count = paid.get(option, (0.0, 0))
            usd = float(fill.price) * abs(fill.quantity) * option.multiplier
            paid[option] = (amount + usd, count + abs(fill.quantity))
    return {option: amount / count for option, (amount, count) in paid.items()}
