"""Step 5a: which roll is taken, what the margin says, and what a person may pay."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from alvh_trader.domain.order import Purpose
from alvh_trader.engine.case import Ask
from alvh_trader.engine.choosing import AWAITED, QUOTES_WITHIN
from alvh_trader.engine.command import PreviewMargin
from alvh_trader.engine.event import MarginPreviewed
from alvh_trader.engine.state import Rules
from alvh_trader.engine.targets import roll_legs
from alvh_trader.engine.turn import Turn
from alvh_trader.strategy.phase import Phase
from tests.engine.test_promise import about_to_roll
from tests.engine.test_reasons import with_roll
from tests.playbook import RULES, World


def roomy() -> Rules:
    """Return rules under which several candidates of the example pass."""
    params = RULES.params
    band = replace(params.bands.normal, offset_after_roll=0.10)
    return replace(
        RULES,
        params=replace(
            params,
            stress=replace(params.stress, limit=10.0),
            bands=replace(params.bands, normal=band),
        ),
        limits=replace(RULES.limits, drawdown_max=0.10),
    )


def asked(world: World) -> list[PreviewMargin]:
    return [c for c in world.commands if isinstance(c, PreviewMargin)]


def previewing(rules: Rules) -> World:
    """Return a world that has asked for the margin of its first choice."""
    world = World(rules=rules).start()
    world.withheld.add(PreviewMargin)
    while not asked(world):
        world.tick()
    return world


def say(world: World, change: float | None) -> None:
    """Answer the newest what-if."""
    answer = MarginPreviewed(
        at=world.now,
        ref=asked(world)[-1].order.ref,
        initial_margin_change=change,
        initial_margin_after=None,
    )
    world.tell(answer)
    world.tick()


@pytest.mark.parametrize("change", [None, 400_001.0])
def test_where_the_margin_stops_the_first_choice_the_next_best_is_tried(
    change: float | None,
) -> None:
    world = previewing(roomy())
    first = world.case.roll
    assert first is not None
    say(world, change)
    second = world.case.roll
    assert second is not None
    assert second.name != first.name
    assert world.case.passed_over == (first.name,)
    assert world.placed(Purpose.ROLL) == []
    say(world, 5_000.0)
    (order,) = world.placed(Purpose.ROLL)
    assert {leg.instrument.con_id for leg in order.legs} == {
        leg.instrument.con_id for leg in second.sides[0].legs()
    }


def test_no_more_margins_are_asked_for_than_configured() -> None:
    world = previewing(roomy())
    for _ in range(RULES.params.roll.choices):
        say(world, None)
    assert world.is_at(Phase.HOLD_HEDGED)
    assert len(asked(world)) == RULES.params.roll.choices
    assert world.placed(Purpose.ROLL) == []
    world.until(Phase.ROLL_PLAN, within=400)
    assert len(world.case.passed_over) < RULES.params.roll.choices


def test_the_choice_is_judged_again_when_the_margin_is_known() -> None:
    world = about_to_roll()
    # Meanwhile the legs have become untradable; the Greeks are still in band.
    world.change(spx_half=5.0)
    world.tick()
    world.withheld.clear()
    world.answer()
    world.run(60)
    assert world.placed(Purpose.ROLL) == []


def test_a_what_if_older_than_a_minute_is_asked_for_again() -> None:
    world = about_to_roll()
    first = asked(world)[-1]
    world.tell(
        replace(world.preview(first.order.ref), at=world.now - timedelta(seconds=61))
    )
    world.tick()
    assert world.placed(Purpose.ROLL) == []
    assert asked(world)[-1].order.ref != first.order.ref


def new_legs(world: World) -> set[int]:
    """Return the options that the chosen roll opens."""
    assert world.case.roll is not None
    sides = world.case.roll.sides
    return {it.con_id for s in sides for it in (s.new.short, s.new.long)}


def test_a_choice_waits_for_every_candidate_but_not_for_ever() -> None:
    quoted = previewing(roomy())
    best = new_legs(quoted)
    needed = roll_legs(Turn(quoted.state, RULES, quoted.now), quoted.case)
    world = World(rules=roomy())
    world.withheld.add(PreviewMargin)
    world.mute.add(next(it.con_id for it in needed if it.con_id not in best))
    world.start().until(Phase.ROLL_PLAN)
    began = world.now
    while world.now - began < QUOTES_WITHIN:
        assert world.case.roll is None
        assert world.case.standing == AWAITED
        world.tick(5)
    world.tick()
    assert new_legs(world) == best


def test_what_was_rejected_stays_in_view_until_the_next_choice() -> None:
    world = indebted()
    rejected = set(world.watched)
    world.run(240)
    assert world.is_at(Phase.HOLD_HEDGED)
    assert set(world.watched) == rejected
    assert set(roll_legs(Turn(world.state, RULES, world.now), world.case)) <= rejected


# ------------------------------------------------------------------ a debit -----


def indebted() -> World:
    """Return a world in which the best roll pays a debit of less than a tenth."""
    world = World(rules=with_roll(slippage=0.45)).start()
    world.until(Phase.HOLD_HEDGED)
    return world


def test_a_debit_is_not_paid_unless_a_person_allows_it() -> None:
    world = indebted()
    world.run(1200)
    assert world.case.asks is Ask.DEBIT
    assert world.placed(Purpose.ROLL) == []
    world.acknowledge()
    world.until(Phase.COOLDOWN, within=300)
    assert len(world.placed(Purpose.ROLL)) == 2


def test_a_debit_beyond_the_share_is_not_even_asked_about() -> None:
    world = World(rules=with_roll(slippage=0.45, debit_share=0.01)).start()
    world.until(Phase.HOLD_HEDGED)
    world.run(900)
    assert world.case.asks is None
