"""Whose contracts are whose: condors that come, go, change, and are naked."""

from datetime import timedelta
from decimal import Decimal

import pytest
from msgspec.structs import replace

from alvh_trader.domain.instrument import Option
from alvh_trader.domain.order import Fill, Purpose
from alvh_trader.domain.position import Position
from alvh_trader.engine.case import Case
from alvh_trader.engine.event import OperatorReleased
from alvh_trader.portfolio.case import Case as Condor
from alvh_trader.portfolio.case import Kind
from alvh_trader.strategy.phase import Phase
from tests.playbook import RULES, World
from tests.strategy.worked import NEW_EXPIRY, condor
from tests.worked_market import CALM


def calm() -> World:
    """Return a world at MONITOR."""
    world = World(CALM).start()
    world.run(60, every=20)
    assert world.is_at(Phase.MONITOR)
    return world


def reported(world: World) -> None:
    """Let the broker's report be believed, told twice, and a person adopt it."""
    world.tell(world.broker.reported(world.now))
    world.now += timedelta(seconds=6)
    world.tell(world.broker.reported(world.now))
    world.adopt()


def legs(world: World) -> list[Option]:
    return [leg.option for leg in world.case.legs]


def test_a_condor_is_found_and_named_in_the_journal() -> None:
    world = calm()
    (found,) = [d for d in world.decisions if d.trigger == "FOUND"]
    assert found.findings[0].value == "10 x 6400/6350/7875/7925"
    assert world.case.condor.quantity == 10


def test_a_second_condor_is_a_second_case() -> None:
    world = calm()
    other = condor(5, (6050.0, 6100.0, 7700.0, 7750.0), NEW_EXPIRY)
    for position in other.positions():
        world.broker.hold(position.instrument, position.quantity)
    reported(world)
    world.run(60, every=20)
    assert len(world.state.cases) == 2
    assert {c.phase for c in world.state.cases.values()} == {Phase.MONITOR}
    assert sorted(c.condor.quantity for c in world.state.cases.values()) == [5, 10]


def test_a_condor_that_somebody_closed_is_closed_and_told() -> None:
    world = calm()
    world.broker.positions.clear()
    reported(world)
    world.run(20)
    assert world.is_at(Phase.CLOSED)
    assert world.alerts("closed")
    world.run(600)
    assert world.broker.received == []


def test_a_condor_that_expired_is_closed_without_a_word() -> None:
    world = calm()
    world.now += timedelta(days=41)  # 2026-07-01.
    world.broker.begin_day(world.now.date())
    world.run(120)
    assert world.is_at(Phase.CLOSED)
    assert world.alerts("closed") == []
    assert world.discrepancies == []
    assert world.alerts("position") == []


def test_a_condor_closed_in_part_is_for_a_person() -> None:
    world = calm()
    for option, sign in zip(legs(world), (1, -1, 1, -1), strict=True):
        world.broker.hold(option, 4 * sign)
    reported(world)
    world.run(120)
    assert world.is_at(Phase.MANUAL)
    assert "manual" in world.criticals()


def test_the_same_strikes_again_are_another_case() -> None:
    world = calm()
    held = dict(world.broker.positions)
    world.broker.positions.clear()
    reported(world)
    world.broker.positions.update(held)
    reported(world)
    first, second = world.state.cases
    assert second == f"{first}-2"
    assert world.state.cases[first].phase is Phase.CLOSED


def test_a_naked_short_forbids_all_new_risk_and_is_told_once() -> None:
    world = World().start()
    world.run(20)
    naked = condor(1, (6050.0, 6100.0, 7700.0, 7750.0), NEW_EXPIRY).positions()[0]
    world.broker.positions[naked.instrument.con_id] = Position(
        naked.instrument, -2, 500.0
    )
    reported(world)
    world.run(900)
    assert world.state.is_naked
    assert world.criticals().count("naked") == 1
    assert world.broker.received == []
    world.broker.hold(naked.instrument, 2)
    reported(world)
    assert not world.state.is_naked


def test_a_rolled_condor_is_not_taken_for_a_new_one() -> None:
    world = World().start().until(Phase.COOLDOWN)
    world.run(120)
    assert len(world.state.cases) == 1
    assert world.case.condor.expiry == NEW_EXPIRY
    assert len(world.placed(Purpose.ROLL)) == 2


OTHER = condor(5, (6050.0, 6100.0, 7700.0, 7750.0), NEW_EXPIRY)


def by_hand(world: World, shape: Condor, prices: dict[float, str]) -> None:
    """Let a person trade a condor at prices by strike; the broker reports it."""
    for position in shape.positions():
        option = position.instrument
        assert isinstance(option, Option)
        world.broker.hold(option, position.quantity)
        if option.strike in prices:
            number = world.broker.number()
            fill = Fill(
                exec_id=f"0000aaaa.{number:08d}.01.01",
                ref="",
                perm_id=90_000 + number,
                con_id=option.con_id,
                quantity=position.quantity,
                price=Decimal(prices[option.strike]),
                at=world.now,
            )
            world.broker.fills.append(fill)
    reported(world)
    world.run(60, every=20)


PRICES = {6050.0: "5.00", 6100.0: "6.50", 7700.0: "3.00", 7750.0: "1.60"}


def newest(world: World) -> Case:
    return tuple(world.state.cases.values())[-1]


def test_a_condor_opened_by_hand_is_told_and_defended_at_its_own_prices() -> None:
    world = calm()
    by_hand(world, OTHER, PRICES)
    case = newest(world)
    assert case.phase is Phase.MONITOR
    # 6.50 - 5.00 + 3.00 - 1.60, whatever the broker calls its average cost.
    assert case.condor.credit == pytest.approx(2.90)
    assert case.is_age_known
    assert case.opened < world.now
    (told,) = world.alerts("found")
    assert "5 x 6100/6050/7700/7750" in told.text
    assert "adopted" in told.text


def test_a_condor_of_unknown_executions_is_of_unknown_age() -> None:
    world = calm()
    by_hand(world, OTHER, {6050.0: "5.00"})
    case = newest(world)
    assert not case.is_age_known
    assert case.condor.credit == pytest.approx(0.0)  # All at an average of 100 USD.
    assert world.alerts("found") == []


def test_without_adoption_it_is_seen_and_nothing_is_sent_for_it() -> None:
    world = World(rules=replace(RULES, adopts=False)).start()
    world.run(1200, every=20)
    assert world.broker.received == []
    (found,) = [d for d in world.decisions if d.trigger == "FOUND"]
    assert found.findings[-1].value == "watched, not adopted"
    assert not found.findings[-1].holds


def test_a_condor_opened_side_by_side_becomes_one() -> None:
    world = calm()
    assert OTHER.put is not None
    assert OTHER.call is not None
    by_hand(world, replace(OTHER, call=None, kind=Kind.VERTICAL), PRICES)
    first = newest(world)
    assert first.condor.kind is Kind.VERTICAL
    by_hand(world, replace(OTHER, put=None, kind=Kind.VERTICAL), PRICES)
    second = newest(world)
    assert second.condor.kind is Kind.IRON_CONDOR
    assert second.condor.credit == pytest.approx(2.90)
    assert world.state.cases[first.case_id].phase is Phase.CLOSED
    open_cases = [c for c in world.state.cases.values() if c.phase is Phase.MONITOR]
    assert len(open_cases) == 2
    assert world.criticals() == []


def test_verticals_stay_the_same_cases_from_report_to_report() -> None:
    world = calm()
    by_hand(world, replace(OTHER, call=None, kind=Kind.VERTICAL), PRICES)
    before = tuple(world.state.cases)
    for _ in range(3):
        reported(world)
        world.run(60, every=20)
    assert tuple(world.state.cases) == before


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"symbol": "XSP", "trading_class": "XSP"}, "XSP"),
        ({"multiplier": 50}, "adjusted"),
    ],
)
def test_what_the_rules_do_not_understand_is_left_to_a_person(
    change: dict[str, object], word: str
) -> None:
    world = calm()
    for position in OTHER.positions():
        odd = replace(
            position.instrument, con_id=position.instrument.con_id + 1, **change
        )
        world.broker.hold(odd, position.quantity)
    reported(world)
    world.run(120, every=20)
    case = newest(world)
    assert case.phase is Phase.MANUAL
    (told,) = world.alerts("manual")
    assert word in told.text
    world.tell(OperatorReleased(at=world.now, case=case.case_id))
    world.answer()
    assert newest(world).phase is Phase.MANUAL


def test_a_butterfly_waits_for_a_person_and_goes_on_when_released() -> None:
    fly = condor(2, (6900.0, 7000.0, 7000.0, 7100.0), NEW_EXPIRY)
    world = calm()
    for position in fly.positions():
        world.broker.hold(position.instrument, position.quantity)
    reported(world)
    case = newest(world)
    assert (case.condor.kind, case.phase) == (Kind.IRON_FLY, Phase.MANUAL)
    world.tell(OperatorReleased(at=world.now, case=case.case_id))
    world.answer()
    assert newest(world).phase is Phase.RECONCILE


def test_wings_that_were_sold_leave_their_shorts_naked() -> None:
    world = calm()
    wing = next(o for o in legs(world) if o.strike == 6350)
    world.broker.hold(wing, -4)
    reported(world)
    assert world.state.is_naked
    (told,) = world.alerts("naked")
    assert "-4" in told.text


def test_shorts_bought_back_in_part_are_not_naked() -> None:
    world = calm()
    short = next(o for o in legs(world) if o.strike == 6400)
    world.broker.hold(short, 4)
    reported(world)
    assert not world.state.is_naked
    assert world.phase is not Phase.MONITOR


def test_a_synthetic_forward_is_told_once_and_belongs_to_nobody() -> None:
    world = calm()
    put, call = (
        next(
            p.instrument
            for p in condor(1, (6900.0, 7000.0, 7000.0, 7100.0)).positions()
            if isinstance(p.instrument, Option)
            and p.instrument.strike == 7000
            and p.instrument.right == right
        )
        for right in ("P", "C")
    )
    world.broker.hold(put, 2)
    world.broker.hold(call, -2)
    for _ in range(3):
        reported(world)
        world.run(60, every=20)
    (told,) = world.alerts("held")
    assert "conversion" in told.text
    assert not world.state.is_naked
    assert len(world.state.cases) == 1
    assert world.is_at(Phase.MONITOR)
