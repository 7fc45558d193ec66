"""The second engine in the conversation: measured, told once, never acted on."""

from datetime import date, timedelta

import pytest
from msgspec.structs import replace

from alvh_trader.capital.liquidity import Light, quick_ratio
from alvh_trader.domain.inputs import (
    Facilities,
    FomcCalendar,
    FomcMeeting,
    IndexFundamentals,
    Inputs,
)
from alvh_trader.domain.order import Purpose
from alvh_trader.engine.capital import CapitalView
from alvh_trader.engine.command import Severity
from alvh_trader.engine.event import InputsRead
from alvh_trader.engine.funding import funding_of, hedge_factor, light_of
from alvh_trader.engine.turn import Turn
from alvh_trader.runtime.loop import decode_state, encode_state
from alvh_trader.strategy.allocation import Advice
from alvh_trader.strategy.phase import Phase
from tests.capital.worked import FACILITIES, VAULT
from tests.playbook import START, World
from tests.worked_market import CALM, Market

FRIENDLY = FomcCalendar(
    meetings=(FomcMeeting(released=START - timedelta(days=20), score=1),),
    as_of=date(2026, 5, 1),
)
"""A committee that agrees with the market: M is positive."""


def told(
    facilities: Facilities | None = FACILITIES,
    fomc: FomcCalendar | None = FRIENDLY,
    market: Market = CALM,
) -> World:
    """Return a started world; without a word of the facilities there is none."""
    world = World(market)
    state(world, facilities, fomc)
    return world.start()


def state(
    world: World,
    facilities: Facilities | None,
    fomc: FomcCalendar | None = FRIENDLY,
) -> None:
    inputs = Inputs(facilities=facilities, fomc=fomc)
    world.tell(InputsRead(at=world.now, inputs=inputs))


def view(world: World) -> CapitalView:
    found = world.state.capital
    assert found is not None
    return found


# --------------------------------------------------------------- advice -----


def test_with_every_gate_open_a_person_is_told_once_and_nothing_is_sent() -> None:
    world = told()
    world.run(900)
    found = view(world).allocation
    assert (found.advice, found.drawn, found.target) == (
        Advice.INCREASE,
        100_000,
        130_000,
    )
    (alert,) = world.alerts("capital")
    assert alert.severity is Severity.WARNING
    assert "draw 30,000 USD more" in alert.text
    assert world.broker.received == []
    (moved,) = [d for d in world.decisions if not d.case and d.after == "INCREASE"]
    assert all(f.holds for f in moved.findings)


def test_advice_is_measured_every_two_minutes_and_when_the_file_changes() -> None:
    world = told()
    world.run(120)
    first = view(world).at
    world.tick(10)
    assert view(world).at == first
    state(world, replace(FACILITIES, own=0.0))
    world.tick(10)
    assert view(world).at == world.now
    assert view(world).funding.outside == 100_000


def test_a_case_that_is_threatened_closes_the_gate() -> None:
    world = told(market=Market())
    world.until(Phase.HEDGE_WORKING)
    world.run(120)
    closed = [f.what for f in view(world).allocation.gates if not f.holds]
    assert "cases not at rest" in closed
    assert view(world).allocation.advice is not Advice.INCREASE


def test_without_a_file_nothing_is_advised() -> None:
    world = told(None)
    world.run(300)
    assert view(world).facilities is None
    assert view(world).allocation.light is Light.AMBER
    assert [d for d in world.decisions if d.trigger == "CAPITAL"] == []
    assert world.alerts("capital") == []


def test_above_25_half_is_to_be_paid_down_and_above_35_all() -> None:
    world = told()
    world.run(120)
    world.change(vix=27.0)
    world.run(600)
    (first,) = world.alerts("capital")[1:]
    assert "from 100,000 to 50,000" in first.text
    world.change(vix=37.0)
    world.run(600)
    last = world.alerts("capital")[-1]
    assert "from 100,000 to 0" in last.text
    # What was paid is not asked for again.
    vault = replace(VAULT, drawn=0.0, as_of=world.now)
    state(world, replace(FACILITIES, facilities=(vault,)))
    world.run(120)
    assert view(world).allocation.advice is Advice.HOLD
    assert world.alerts("capital")[-1] is last


def test_a_divergence_of_the_committee_shifts_what_was_drawn_at_its_meeting() -> None:
    diverging = FomcCalendar(
        meetings=(
            FomcMeeting(released=START - timedelta(days=20), score=1, divergence=True),
        ),
        as_of=date(2026, 5, 1),
    )
    world = told(replace(FACILITIES, own=150_000.0), diverging)
    world.run(300)
    # The share of equity is reached; 100 000 * (1 + 0.10 * f_beta), f_beta 1.
    assert view(world).allocation.wanted == pytest.approx(110_000, rel=0.06)
    assert view(world).meeting_drawn == 100_000
    more = tuple(
        replace(f, drawn=f.drawn + 5_000.0, as_of=world.now)
        for f in FACILITIES.facilities
    )
    then = view(world).allocation.wanted
    state(world, replace(FACILITIES, facilities=more, own=150_000.0), diverging)
    world.run(60)
    assert view(world).meeting_drawn == 100_000
    assert view(world).allocation.wanted == pytest.approx(then)


# ------------------------------------------------------- what was stated -----


def test_a_debt_does_not_go_away_with_its_file() -> None:
    world = told()
    world.run(120)
    state(world, None)
    world.tick(10)
    found = funding_of(Turn(world.state, world.rules, world.now))
    assert found is not None
    assert (found.drawn, found.available, found.shock) == (100_000, 0, 1_700)
    assert found.deployed == found.equity
    assert not found.is_fresh
    assert view(world).cost is not None
    world.restart()
    world.run(120)
    assert view(world).funding.drawn == 100_000


def test_the_pool_answers_for_the_two_sigma_loss_and_the_haircuts() -> None:
    callable_ = replace(VAULT, callable_days=7)
    world = told(replace(FACILITIES, facilities=(callable_,)))
    world.run(600)
    pool = view(world).liquidity
    test = world.state.book_test
    assert pool is not None
    assert test is not None
    assert test.stress is not None
    loss = -(test.stress.worst.case + test.stress.worst.hedge)
    assert pool.stress_call == pytest.approx(loss + 1_700)
    assert pool.due == 60_000
    assert pool.cash == 90_000 + 800_000
    assert quick_ratio(pool) > 1.2
    assert view(world).allocation.light is Light.GREEN


def test_a_pool_that_cannot_pay_is_red_and_to_be_paid_down() -> None:
    much = replace(VAULT, drawn=2_000_000.0, limit=2_000_000.0, callable_days=0)
    world = told(replace(FACILITIES, facilities=(much,)))
    world.run(300)
    pool, found = view(world).liquidity, view(world).allocation
    assert pool is not None
    assert quick_ratio(pool) < 1.0
    assert (found.light, found.advice) == (Light.RED, Advice.REDUCE)
    paid = found.drawn - found.target
    left = replace(pool, due=pool.due - paid)
    assert quick_ratio(left) == pytest.approx(1.2)
    (alert,) = world.alerts("capital")
    assert "pay down" in alert.text
    assert light_of(world.state) is Light.RED


def test_a_treasury_that_nobody_states_is_amber() -> None:
    world = told(replace(FACILITIES, treasury=None))
    world.run(300)
    assert view(world).liquidity is None
    assert view(world).allocation.light is Light.AMBER
    assert view(world).allocation.advice is Advice.HOLD


def test_what_is_measured_survives_the_journal() -> None:
    world = told()
    world.run(300)
    assert decode_state(encode_state(world.state)) == world.state


# ---------------------------------------------------------------- returns -----


def test_what_is_held_is_expected_to_return_what_its_credit_still_is() -> None:
    world = told()
    world.run(300)
    (held,) = view(world).returns
    assert held.is_open
    assert held.expected is not None
    assert view(world).expected == pytest.approx(held.expected)
    assert held.capital == 50_000
    cost = view(world).cost
    assert cost is not None
    assert view(world).over_wacc == pytest.approx(held.expected - cost.wacc)


def test_a_case_that_cannot_be_read_has_no_return_and_the_gate_is_closed() -> None:
    world = told()
    world.run(120)
    world.mute = {leg.option.con_id for leg in world.case.legs}
    world.run(300)
    (held,) = view(world).returns
    assert held.expected is None
    assert held.note
    assert view(world).delta is None
    assert view(world).cost is None
    assert view(world).allocation.advice is Advice.HOLD


def test_the_index_factor_needs_a_fresh_file() -> None:
    dear = IndexFundamentals(
        top_ten_weight=0.4,
        pe_percentile=90.0,
        dividends=275.0,
        growth=4.75,
        as_of=date(2026, 5, 1),
    )
    world = World(CALM)
    world.tell(InputsRead(at=world.now, inputs=Inputs(index=dear)))
    world.start().run(60)
    turn = Turn(world.state, world.rules, world.now)
    assert hedge_factor(turn, None) == 1.0
    # A missing bill is 4 %: 275 / 4.25 % is 6 471; SPX is 7 000.
    assert hedge_factor(turn, 7000.0) == pytest.approx(1.02045, abs=1e-4)
    old = replace(dear, as_of=date(2026, 4, 1))
    world.tell(InputsRead(at=world.now, inputs=Inputs(index=old)))
    assert hedge_factor(Turn(world.state, world.rules, world.now), 7000.0) == 1.0


def test_no_advice_ever_sends_an_order() -> None:
    world = told(market=Market())
    world.until(Phase.COOLDOWN)
    purposes = {o.purpose for o in world.broker.received}
    assert purposes == {Purpose.HEDGE, Purpose.ROLL}
