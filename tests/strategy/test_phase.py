"""The promise, proven over everything that can happen to a case."""

from collections import deque
from collections.abc import Mapping
from itertools import chain, combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alvh_trader.errors import IllegalTransitionError
from alvh_trader.strategy.phase import (
    ROLL_NEEDS,
    TRANSITIONS,
    Fact,
    Phase,
    Row,
    Trigger,
    advance,
)

Facts = frozenset[Fact]
Table = Mapping[tuple[Phase, Trigger], Row]

ALL_FACTS: tuple[Facts, ...] = tuple(
    frozenset(c)
    for c in chain.from_iterable(
        combinations(list(Fact), n) for n in range(len(Fact) + 1)
    )
)


def search(table: Table) -> tuple[set[tuple[Phase, Facts]], list[tuple[Phase, Facts]]]:
    """Explore every (phase, facts) that an adversarial world can bring about.

    The world may change any fact at any moment; the machine may take any row whose
    needs hold. Returns what was reached, and each way of entering ROLL_WORKING.
    """
    start = (Phase.RECONCILE, frozenset[Fact]())
    seen, todo, entries = {start}, deque([start]), []
    while todo:
        phase, facts = todo.popleft()
        following = [(phase, facts ^ {fact}) for fact in Fact]
        for (before, _), row in table.items():
            if before is phase and row.needs <= facts:
                following.append((row.after, facts))
                if row.after is Phase.ROLL_WORKING:
                    entries.append((phase, facts))
        for state in following:
            if state not in seen:
                seen.add(state)
                todo.append(state)
    return seen, entries


def test_a_roll_is_entered_only_hedged_in_band_and_with_a_live_permit() -> None:
    reached, entries = search(TRANSITIONS)
    assert {phase for phase, _ in reached} == set(Phase)
    assert len(reached) == len(Phase) * len(ALL_FACTS), "the search missed a corner"
    assert entries, "a roll must be possible at all"
    assert all(facts >= ROLL_NEEDS for _, facts in entries)
    assert {phase for phase, _ in entries} == {Phase.ROLL_PLAN, Phase.SPLIT_HOLD}


@pytest.mark.parametrize("fact", sorted(ROLL_NEEDS))
def test_the_search_finds_a_table_that_forgets_one_need(fact: Fact) -> None:
    key = (Phase.ROLL_PLAN, Trigger.CANDIDATE)
    broken = {**TRANSITIONS, key: Row(Phase.ROLL_WORKING, ROLL_NEEDS - {fact})}
    _, entries = search(broken)
    assert any(fact not in facts for _, facts in entries)


def test_between_threat_and_roll_lie_hedge_stabilisation_and_breadth() -> None:
    """Remove one of the steps and the roll can no longer be reached."""
    for step in (Phase.STABILISE, Phase.HOLD_HEDGED):
        assert step in {row.after for row in TRANSITIONS.values()}
    for missing in (Phase.BREADTH, Phase.ROLL_PLAN):
        cut = {
            key: row
            for key, row in TRANSITIONS.items()
            if missing not in (key[0], row.after)
            and Phase.SPLIT_HOLD not in (key[0], row.after)
        }
        reached, _ = search(cut)
        assert Phase.ROLL_WORKING not in {phase for phase, _ in reached}


@given(st.sampled_from(ALL_FACTS), st.sampled_from(Phase), st.sampled_from(Trigger))
def test_advance_follows_the_table_and_nothing_else(
    facts: Facts, phase: Phase, trigger: Trigger
) -> None:
    row = TRANSITIONS.get((phase, trigger))
    if row is not None and row.needs <= facts:
        assert advance(phase, trigger, facts) is row.after
    else:
        with pytest.raises(IllegalTransitionError, match=trigger):
            advance(phase, trigger, facts)


def test_every_phase_can_be_left_by_a_lost_connection_or_a_person() -> None:
    for phase in set(Phase) - {Phase.MANUAL, Phase.CLOSED, Phase.DEGRADED}:
        assert ((phase, Trigger.LOST) in TRANSITIONS) is (phase is not Phase.CLOSING)
        assert (phase, Trigger.KILLED) in TRANSITIONS


def test_a_person_alone_releases_a_manual_case() -> None:
    ways = {t for (p, t) in TRANSITIONS if p is Phase.MANUAL}
    assert ways == {Trigger.RELEASED, Trigger.FLATTEN, Trigger.GONE}


@pytest.mark.covers("T13")
def test_closing_begins_by_a_person_and_ends_when_the_condor_is_gone() -> None:
    """Only CLOSED lets a hedge be sold for it; a person or a halt ends it early."""
    into = {t for (_, t), row in TRANSITIONS.items() if row.after is Phase.CLOSING}
    assert into == {Trigger.FLATTEN}
    rows = {t: row for (p, t), row in TRANSITIONS.items() if p is Phase.CLOSING}
    assert {t: row.after for t, row in rows.items()} == {
        Trigger.BOUGHT_BACK: Phase.CLOSED,
        Trigger.RELEASED: Phase.RECONCILE,
        Trigger.KILLED: Phase.MANUAL,
        Trigger.GONE: Phase.CLOSED,
    }
    assert rows[Trigger.BOUGHT_BACK].needs == {Fact.CONDOR_GONE}
    # From CLOSED nothing leads back: a hedge that is sold is never needed again.
    assert not any(phase is Phase.CLOSED for phase, _ in TRANSITIONS)
