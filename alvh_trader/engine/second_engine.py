"""The second engine: measured every two minutes, and advice about it for a person.

Nothing here sends an order or moves money. The capital and its cost enter the roll
filters and the 2-sigma test; the rest is told: a proposal once, when it changes
(alvh.md §7).
"""

from datetime import datetime, timedelta

from msgspec.structs import replace

from alvh_trader.capital.cashbook import income, sweep_due
from alvh_trader.capital.dividends import strategy_value
from alvh_trader.capital.facilities import Funding
from alvh_trader.domain.inputs import Facilities
from alvh_trader.engine import cash
from alvh_trader.engine.capital import CapitalView
from alvh_trader.engine.command import Severity
from alvh_trader.engine.evaluation import spot_of
from alvh_trader.engine.funding import (
    cost_of,
    funding_of,
    hedge_factor,
    lines_of,
    liquidity_of,
    loss_of,
    risk_free,
    stated,
)
from alvh_trader.engine.turn import Turn
from alvh_trader.engine.yields import Book, expected_of
from alvh_trader.signals.regime import Regime
from alvh_trader.strategy.allocation import Advice, Allocation, Situation, allocate
from alvh_trader.strategy.phase import Phase
from alvh_trader.strategy.reason import latest_meeting, time_shift

EVERY = timedelta(minutes=2)

RETURNS_EVERY = timedelta(minutes=10)
"""How often returns are found anew while no flow joins them: they are dear to find."""

AT_REST = frozenset({Phase.MONITOR, Phase.COOLDOWN, Phase.CLOSED})
"""The phases in which a case lets capital be added."""

TOLD_STEP = 0.05
"""A proposal is told again when its target has moved by more than this share."""


def look(turn: Turn) -> None:
    """Measure the second engine where it is due, and tell what is new of it."""
    before = turn.state.capital
    found = funding_of(turn)
    if found is None or turn.state.day is None:
        return
    if before is not None and turn.at - before.at < EVERY and not _is_due(turn, before):
        return
    cash.look(turn)
    view = _view(turn, found, before)
    turn.put(capital=view)
    if view.facilities is not None:
        _decide(turn, before, view)
        _tell(turn, view)


def _is_due(turn: Turn, view: CapitalView) -> bool:
    """Return whether an input or the regime changed since."""
    facilities = turn.state.inputs.facilities
    return (
        turn.state.regime is not view.regime
        or (facilities is not None) is not view.is_stated
        or (facilities is not None and facilities != view.facilities)
    )


def _view(turn: Turn, found: Funding, before: CapitalView | None) -> CapitalView:
    state, params = turn.state, turn.rules.params.capital
    book, spot = Book(turn), spot_of(turn.state)
    kept = None if book.delta is None else _kept(turn, before)
    returns = book.returns() if kept is None else kept.returns
    so_far = book.so_far() if kept is None else kept.so_far
    delta = book.delta
    cost = None if delta is None or spot is None else cost_of(turn, delta, spot)
    expected = expected_of(returns)
    over = None if expected is None or cost is None else expected - cost.wacc
    facilities = stated(state)
    is_calm = state.regime is None or state.regime < Regime.STRESS
    calm = found.drawn if before is None or is_calm else before.calm_drawn
    meeting = _meeting(turn, found, before)
    assert state.day is not None, "nothing is measured before a session"
    earned = income(state.cash, state.day, least_days=params.history_days)
    return CapitalView(
        at=turn.at,
        funding=found,
        regime=state.regime,
        lines=lines_of(turn),
        risk_free=risk_free(turn),
        delta=delta,
        cost=cost,
        liquidity=liquidity_of(turn),
        returns=returns,
        measured=turn.at if kept is None else kept.measured,
        flows=len(state.cash.flows),
        so_far=so_far,
        expected=expected,
        over_wacc=over,
        allocation=_allocation(turn, found, over, calm, meeting),
        sweep_due=sweep_due(
            state.cash, 0.0 if facilities is None else facilities.swept
        ),
        income=earned,
        value=strategy_value(earned, so_far, params),
        index_factor=hedge_factor(turn, spot),
        facilities=_last_stated(turn, before),
        is_stated=state.inputs.facilities is not None,
        calm_drawn=calm,
        meeting=None if meeting is None else meeting[0],
        meeting_drawn=0.0 if meeting is None else meeting[1],
        told=(Advice.HOLD, 0.0) if before is None else before.told,
        told_due=0.0 if before is None else before.told_due,
    )


def _kept(turn: Turn, before: CapitalView | None) -> CapitalView | None:
    """Return the last view if its returns are recent and known, and nothing is new."""
    state = turn.state
    if before is None or turn.at - before.measured >= RETURNS_EVERY:
        return None
    is_same = before.flows == len(state.cash.flows) and not _is_due(turn, before)
    known = {r.case for r in before.returns if r.expected is not None or not r.is_open}
    return before if is_same and known >= state.cases.keys() else None


def _last_stated(turn: Turn, before: CapitalView | None) -> Facilities | None:
    """Return the facilities as the operator last stated them."""
    now = turn.state.inputs.facilities
    return before.facilities if now is None and before is not None else now


def _allocation(
    turn: Turn,
    found: Funding,
    over: float | None,
    calm: float,
    meeting: tuple[datetime, float] | None,
) -> Allocation:
    state, signals = turn.state, turn.state.signals
    assert state.account is not None, "nothing is measured before the account is known"
    now = Situation(
        funding=found,
        net_liquidation=state.account.net_liquidation,
        initial_margin=state.account.initial_margin,
        # Without VIX the gate is closed; a gap of the feed is no reason to pay down.
        regime=state.regime,
        vix=signals.vix,
        is_near_18=signals.is_near_18,
        liquidity=liquidity_of(turn),
        over_wacc=over,
        loss=loss_of(turn),
        busy=tuple(
            f"{case.case_id[:8]} {case.phase}"
            for case in state.cases.values()
            if case.phase not in AT_REST
        ),
        macro=signals.macro.composite,
        scale=signals.macro.scale,
        factor=signals.beta_vol.factor,
        shift_from=None if meeting is None else meeting[1],
        calm_drawn=calm,
    )
    return allocate(now, turn.rules.params)


def _meeting(
    turn: Turn, found: Funding, before: CapitalView | None
) -> tuple[datetime, float] | None:
    """Return the newest meeting that asks for a time-shift, and what was drawn then.

    The share that a time-shift adds is of that, not again of what it has added.
    """
    calendar = turn.state.inputs.fomc
    newest = latest_meeting(calendar, turn.at)
    findings = time_shift(calendar, turn.at, turn.rules.params.roll)
    if newest is None or not any(f.holds for f in findings):
        return None
    if before is not None and before.meeting == newest.released:
        return newest.released, before.meeting_drawn
    return newest.released, found.drawn


def _decide(turn: Turn, before: CapitalView | None, view: CapitalView) -> None:
    """Write down the advice, and which gates are closed, whenever either changes."""
    found = view.allocation
    then = None if before is None else before.allocation
    closed = [f.what for f in found.gates if not f.holds]
    was_closed = None if then is None else [f.what for f in then.gates if not f.holds]
    if then is not None and then.advice is found.advice and closed == was_closed:
        return
    advice = "" if then is None else then.advice
    findings = (*found.reasons, *found.gates)
    turn.decide("", advice, found.advice, "CAPITAL", findings)


def _tell(turn: Turn, view: CapitalView) -> None:
    """Tell a person of a proposal, and of a sweep that is due, once for each change."""
    found = view.allocation
    advice, target = view.told
    moved = abs(found.target - target) > TOLD_STEP * max(target, 1.0)
    if found.advice is Advice.HOLD:
        turn.put(capital=replace(view, told=(Advice.HOLD, 0.0)))
    elif found.advice is not advice or moved:
        turn.put(capital=replace(view, told=(found.advice, found.target)))
        turn.alert("capital", Severity.WARNING, "", _words(found))
    view = turn.state.capital or view
    if view.sweep_due > view.told_due + 1.0:
        text = f"sweep due to the vault: {view.sweep_due:,.0f} USD"
        turn.alert("sweep_due", Severity.WARNING, "", text)
    if view.sweep_due != view.told_due:
        turn.put(capital=replace(view, told_due=view.sweep_due))


def _words(found: Allocation) -> str:
    change = abs(found.target - found.drawn)
    if found.advice is Advice.REDUCE:
        why = ", ".join(f"{f.what} {f.value}" for f in found.reasons if not f.holds)
        return (
            f"proposal: pay down {change:,.0f} USD of outside capital, from "
            f"{found.drawn:,.0f} to {found.target:,.0f} ({why})"
        )
    return (
        f"proposal: draw {change:,.0f} USD more, from {found.drawn:,.0f} to "
        f"{found.target:,.0f}; every gate is open. Credit it to the account first; new "
        f"condors may then tie up {found.margin_room:,.0f} USD of margin"
    )
