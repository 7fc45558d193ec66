"""One event in, the new state and what follows out: a pure, total function."""

from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alvh_trader.engine import invariants
from alvh_trader.engine.event import Event, MarketUpdated
from alvh_trader.engine.state import State
from alvh_trader.engine.step import step
from alvh_trader.strategy.phase import Phase
from tests.journal.samples import values
from tests.playbook import RULES, World, fingerprint

KINDS = get_args(Event)


def strange(kind: type) -> st.SearchStrategy[Event]:
    """Return a strategy for events of one kind that nobody ever expected."""
    return values(kind)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_no_event_whatever_it_says_stumbles_a_fresh_engine(data: st.DataObject) -> None:
    state = State()
    for _ in range(3):
        kind = data.draw(st.sampled_from([k for k in KINDS if k is not MarketUpdated]))
        event = data.draw(strange(kind))
        state = step(state, event, RULES).state
        invariants.check(state, RULES)


def test_the_same_event_leads_to_the_same_outcome() -> None:
    world = World().start().until(Phase.HEDGE_PLAN)
    event = world.look()
    first, second = (step(world.state, event, RULES) for _ in range(2))
    assert first == second


def test_the_state_before_is_left_as_it_was() -> None:
    world = World().start().until(Phase.HEDGE_PLAN)
    before = fingerprint(world.state)
    step(world.state, world.look(), RULES)
    assert fingerprint(world.state) == before


@pytest.mark.covers("V11")
@pytest.mark.parametrize("aligned", [True, False])
def test_a_history_replayed_leads_to_the_same_commands_and_decisions(
    aligned: bool,
) -> None:
    world = World()
    world.is_aligned = aligned
    world.start().run(900)
    state, commands, decisions = State(), list[object](), list[object]()
    for event in world.events:
        outcome = step(state, event, RULES)
        state = outcome.state
        commands += outcome.commands
        decisions += outcome.decisions
    assert commands == world.commands
    assert decisions == world.decisions
    assert fingerprint(state) == fingerprint(world.state)
