"""Layer 2: longer-dated VIX calls on divergence, a weak RSI, or redeployed profit.

It is bought beside the sequence of a case and never in its way: only while the case
neither hedges nor rolls, one order a day, with at most half of what the day's budget
leaves. Profit that was set aside pays first. Source: alvh.md §4.2, §7.7.
"""

import math
from datetime import date, timedelta

import msgspec

from alvh_trader.domain.instrument import Option
from alvh_trader.domain.money import combo_ticks, option_ticks
from alvh_trader.domain.order import Layer, Order, Purpose
from alvh_trader.engine.budget import year_left
from alvh_trader.engine.case import Case
from alvh_trader.engine.command import Severity
from alvh_trader.engine.evaluation import (
    Reading,
    evaluate,
    series_chain,
    snapshot,
)
from alvh_trader.engine.identity import order_max
from alvh_trader.engine.orders import ask_report, cancel, new_ref, submit
from alvh_trader.engine.press import note_price, redeploying
from alvh_trader.engine.proof import lots_of
from alvh_trader.engine.targets import is_layer2_called, layer2_left, layer2_series
from alvh_trader.engine.turn import Turn
from alvh_trader.execution.walk import HEDGE_RUNG, hedge_ladder
from alvh_trader.portfolio.greeks import Exposure
from alvh_trader.pricing.chain import PricedChain
from alvh_trader.pricing.vix import beta_vx, vix_slope
from alvh_trader.strategy.bands import Tier
from alvh_trader.strategy.finding import Finding
from alvh_trader.strategy.hedge import FUTURES, HedgePlan, plan_hedge
from alvh_trader.strategy.phase import Phase
from alvh_trader.strategy.redeploy import invariants, temporal_vega_tenor
from alvh_trader.strategy.sizing import Need
from alvh_trader.strategy.snapshot import Snapshot

EVERY = timedelta(minutes=3)
ORDER_MAX = timedelta(seconds=180)

ASIDE = frozenset({Phase.MONITOR, Phase.ARMED, Phase.HOLD_HEDGED, Phase.COOLDOWN})
"""Phases in which a case neither hedges nor rolls."""

UNKNOWN_LOOKS = 5
"""Looks in a row without a flag after which a person is told."""

DAY_SHARE = 0.5
"""How much of what the day's budget leaves layer 2 may take: step 3 comes first."""


def look(turn: Turn) -> None:
    """Record what longer calls cost, and buy some where that is called for."""
    known = turn.state.longer
    if not turn.rules.params.layer2.enabled or turn.state.day is None:
        return
    if known.reviewed is not None and turn.at - known.reviewed < EVERY:
        return
    turn.put(longer=msgspec.structs.replace(known, reviewed=turn.at))
    note_price(turn, turn.state.day)
    _tell_missing(turn, turn.state.day)
    if _withdraw(turn):
        return
    for case in tuple(turn.state.cases.values()):
        is_due = case.phase in ASIDE and case.layer2_day != turn.state.day
        if is_due and _consider(turn, case):
            return


def _withdraw(turn: Turn) -> bool:
    """Take layer 2 out of the way of a case that hedges; return whether one works."""
    live = [
        t
        for t in turn.state.tickets.values()
        if t.is_live and t.order.layer is Layer.L2
    ]
    for ticket in live:
        case = turn.state.cases.get(ticket.order.case)
        if case is None or case.phase not in ASIDE:
            cancel(turn, ticket.order.ref)
    return bool(live)


def _tell_missing(turn: Turn, today: date) -> None:
    """Tell once a day that the flag is not known, when it has been so for a while."""
    known, is_missing = turn.state.longer, turn.state.signals.layer2 is None
    count = known.unknown + 1 if is_missing else 0
    known = msgspec.structs.replace(known, unknown=count)
    if known.unknown >= UNKNOWN_LOOKS and known.told != today and turn.state.cases:
        text = "neither RSI nor divergence is known: layer 2 stays off"
        turn.alert("layer2_unknown", Severity.WARNING, "", text)
        known = msgspec.structs.replace(known, told=today)
    turn.put(longer=known)


def _consider(turn: Turn, case: Case) -> bool:
    """Buy for one case if it is due; return whether an order was tried."""
    is_called = is_layer2_called(turn, case)
    left = layer2_left(turn, case)
    if not is_called:
        left = min(left, turn.state.l2_fund)
    # Most of the time their options are not watched.
    priced = [series_chain(turn, *each, spot=None) for each in layer2_series(turn)]
    chains = [chain for chain in priced if chain is not None]
    reading = evaluate(turn, case) if left > 0 and chains else "nothing to buy"
    if isinstance(reading, str):
        return False
    seen = snapshot(turn, case, reading)
    if seen is None:
        return False
    for chain in chains:
        findings = _called() if is_called else redeploying(turn, reading, chain)
        if not all(f.holds for f in findings):
            continue
        plan = _plan(turn, case, reading, chain, left)
        found = None if plan is None else _affordable(turn, plan, seen)
        if found is None:
            continue
        n, after = found
        if not is_called:
            bound = turn.rules.params.bands.normal.delta
            theta = turn.rules.params.bands.theta
            findings = (*findings, *invariants(after, theta=theta, delta=bound))
        if n >= 1 and all(f.holds for f in findings):
            assert plan is not None
            tenor = _tenor(turn, case, reading, plan, n)
            return _buy(turn, case, plan, n, (*findings, tenor))
    return False


def _called() -> tuple[Finding, ...]:
    return (Finding("divergence or a weak RSI", "yes", "layer 2 is called for", True),)


def _plan(
    turn: Turn, case: Case, reading: Reading, chain: PricedChain, left: float
) -> HedgePlan | None:
    """Return what `left` USD buy of a series; step 3's rules for strike and market."""
    params, account = turn.rules.params, turn.state.account
    if account is None:
        return None
    day = turn.rules.limits.hedge_spend_per_day_max * account.net_liquidation
    rest = DAY_SHARE * max(day - turn.state.hedge_spent, 0.0)
    kinds = tuple(k for k in params.hedge.instruments if k not in FUTURES)
    share = left / case.condor.risk_notional
    hedge = msgspec.structs.replace(
        params.hedge,
        share_low=0.0,
        share_high=share,
        share_single=0.0,
        instruments=kinds,
    )
    need = Need(
        risk_notional=case.condor.risk_notional,
        veq_now=0.0,
        veq_after=0.0,
        capital=math.inf,
        tier=Tier.NORMAL,
        year_left=min(year_left(turn), rest),
    )
    own = msgspec.structs.replace(params, hedge=hedge)
    return plan_hedge(chain, need, reading.vix, own).plan


def _affordable(
    turn: Turn, plan: HedgePlan, seen: Snapshot
) -> tuple[int, Snapshot] | None:
    """Return how many leave theta at its bound, and case and hedge with them."""
    assert isinstance(plan.long, Option)
    usd = plan.long.multiplier
    room = seen.net.theta - turn.rules.params.bands.theta
    lost = -plan.theta * usd
    most = math.floor(room / lost) if lost > 0 else plan.size.n
    n = min(plan.size.n, most)
    if n < 1:
        return None
    slope = float(beta_vx(plan.dte)) * vix_slope(
        seen.spot, seen.vix, turn.rules.params.beta_spot
    )
    more = Exposure(delta=plan.delta * slope * usd, theta=plan.theta * usd).times(n)
    return n, msgspec.structs.replace(seen, hedge=seen.hedge + more)


def _tenor(
    turn: Turn, case: Case, reading: Reading, plan: HedgePlan, n: int
) -> Finding:
    """Return TVT before and after: the mean tenor of the book's vega."""
    legs = reading.legs
    vegas = [
        (float(v * q * m), float(d))
        for v, q, m, d in zip(
            reading.risk.greeks.vega,
            legs.quantity,
            legs.multiplier,
            legs.dte,
            strict=True,
        )
    ]
    today = turn.state.day or turn.at.date()
    for lot in lots_of(turn.state, case.case_id):
        found = turn.instant.exposure([lot], spot=reading.spot, vix=reading.vix)
        if found is not None:
            vegas.append((found.veq, float((lot.main.expiry - today).days)))
    after = [*vegas, (plan.size.h * n, float(plan.dte))]
    before, then = temporal_vega_tenor(vegas), temporal_vega_tenor(after)
    words = (
        "unknown" if before is None or then is None else f"{before:.1f} to {then:.1f}"
    )
    return Finding("tenor of vega (TVT)", f"{words} days", "told", True)


def _buy(
    turn: Turn, case: Case, plan: HedgePlan, n: int, findings: tuple[Finding, ...]
) -> bool:
    reconciled, limits = turn.state.reconciled, turn.rules.limits
    if turn.rules.may_trade and (
        reconciled is None or turn.at - reconciled >= limits.reconciled_age_max
    ):
        ask_report(turn, "layer 2 is about to be bought", timedelta(seconds=5))
        # Look again as soon as the report is there, not when it is old again.
        turn.put(longer=msgspec.structs.replace(turn.state.longer, reviewed=None))
        return False
    single = len(plan.legs) == 1
    grid = option_ticks(plan.long.trading_class) if single else combo_ticks("VIX")
    rungs = hedge_ladder(2 * plan.mid - plan.ask, plan.ask, grid)
    order = Order(
        ref=new_ref(turn, case.case_id, Purpose.HEDGE),
        case=case.case_id,
        purpose=Purpose.HEDGE,
        legs=plan.legs,
        quantity=order_max(turn, min(n, limits.hedge_contracts_per_order_max)),
        limit=rungs[0],
        layer=Layer.L2,
    )
    refused = submit(turn, order, (rungs, HEDGE_RUNG, ORDER_MAX))
    turn.change(case, layer2_day=turn.state.day)
    size = Finding(
        "layer 2", f"{order.quantity} of {plan.dte} days", f"<= {plan.size.n}", True
    )
    told = findings if refused is None else refused.findings
    what = "layer 2 is bought" if refused is None else "layer 2 is refused"
    turn.note(case.case_id, what, (size, *told))
    return True
