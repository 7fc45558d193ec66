"""Checks of size: contracts, loss, premium, margin and position; see `risk.conduct`."""

from collections import Counter
from datetime import date, timedelta

from alvh_trader.domain.instrument import Future, Option
from alvh_trader.domain.order import Leg, Order
from alvh_trader.risk.circumstances import Circumstances
from alvh_trader.risk.freeze import Freeze
from alvh_trader.risk.limits import Limits
from alvh_trader.strategy.finding import Finding

MULTIPLIERS = {
    ("SPX", "SPX"): 100,
    ("SPX", "SPXW"): 100,
    ("VIX", "VIX"): 100,
    ("VIX", "VIXW"): 100,
    ("VIX", "VX"): 1000,
    ("VIX", "VXM"): 100,
    # The broker calls the mini future by a symbol of its own.
    ("VXM", "VXM"): 100,
}
"""All that may be traded, by symbol and trading class: USD per point."""


def instruments(order: Order, _now: Circumstances, _limits: Limits) -> Finding:
    """Every leg is of a class that may be traded, with its multiplier and a number."""
    # A contract taken for a hundredth or for ten times itself sizes everything wrong.
    bad = [
        f"{i.symbol} {i.trading_class} x {i.multiplier}"
        for i in (leg.instrument for leg in order.legs)
        if MULTIPLIERS.get((i.symbol, i.trading_class)) != i.multiplier or i.con_id <= 0
    ]
    value = ", ".join(bad) or "all known"
    return Finding("instruments", value, "SPX and VIX by their multipliers", not bad)


def covered(_order: Order, now: Circumstances, _limits: Limits) -> Finding:
    """No short option of the account is naked."""
    value = "yes" if now.is_naked else "no"
    return Finding("naked short options", value, "no", not now.is_naked)


def closes_what_is_held(order: Order, now: Circumstances, _limits: Limits) -> Finding:
    """With all that is sent and not ended, no more is closed than is held."""
    left = order.quantity - now.filled
    room = [
        (abs(now.held[leg.instrument.con_id]) - at_work(order, leg, now))
        // abs(leg.ratio)
        for leg in closing(order, now)
    ]
    found = min(room, default=0)
    return Finding("units left to close", f"{left}", f"<= {found}", left <= found)


def at_work(order: Order, leg: Leg, now: Circumstances) -> int:
    """Return what other orders at work still do, at worst, to the contract of a leg."""
    return sum(
        o.quantity * abs(other.ratio)
        for o in now.working
        for other in o.legs
        if o.ref != order.ref
        and other.instrument.con_id == leg.instrument.con_id
        and other.ratio * leg.ratio > 0
    )


def hedge_size(order: Order, _now: Circumstances, limits: Limits) -> Finding:
    """A hedge order is of few enough contracts."""
    bound = limits.hedge_contracts_per_order_max
    return Finding(
        "contracts", f"{order.quantity}", f"<= {bound}", order.quantity <= bound
    )


def combo_size(order: Order, _now: Circumstances, limits: Limits) -> Finding:
    """An order of condors or verticals is of few enough units."""
    bound = limits.combos_per_order_max
    good = order.quantity <= bound
    return Finding("combos", f"{order.quantity}", f"<= {bound}", good)


def roll_loss(order: Order, now: Circumstances, limits: Limits) -> Finding:
    """What a roll opens loses little enough of net liquidation at worst."""
    most = roll_loss_max(now.net_liquidation, limits)
    name = "loss at worst of what is opened"
    return _loss(name, _usd(order, opening(order, now)), most)


def roll_loss_max(net_liquidation: float, limits: Limits) -> float:
    """Return what the verticals of one roll order may lose at worst, in USD."""
    return min(limits.order_loss_max * net_liquidation, limits.order_loss_usd_max)


def risks_no_more(order: Order, now: Circumstances, _limits: Limits) -> Finding:
    """Under REDUCE a roll opens no wider wing than it closes."""
    if now.freeze < Freeze.REDUCE:
        return Finding("freeze of new risk", "none", "or no wider wing", True)
    before = _usd(order, closing(order, now))
    name = "loss at worst, under REDUCE"
    return _loss(name, _usd(order, opening(order, now)), before)


def _loss(name: str, loss: float | None, most: float | None) -> Finding:
    if loss is None or most is None:
        return Finding(name, "unknown", "known", False)
    bound = f"<= {most:.0f} USD"
    return Finding(name, f"{loss:.0f} USD", bound, loss <= most + 1e-6)


def closing(order: Order, now: Circumstances) -> tuple[Leg, ...]:
    """Return the legs of an order that close what is held."""
    return tuple(
        leg
        for leg in order.legs
        if leg.ratio * now.held.get(leg.instrument.con_id, 0) < 0
    )


def opening(order: Order, now: Circumstances) -> tuple[Leg, ...]:
    """Return the legs of an order that open, or add to what is held."""
    gone = closing(order, now)
    return tuple(leg for leg in order.legs if leg not in gone)


def _usd(order: Order, legs: tuple[Leg, ...]) -> float | None:
    """Return what a vertical may lose in USD, its credit aside; None for others."""
    options = [leg.instrument for leg in legs if isinstance(leg.instrument, Option)]
    if len(legs) != 2 or len(options) != 2 or legs[0].ratio != -legs[1].ratio:
        return None
    width = abs(options[0].strike - options[1].strike)
    return width * options[0].multiplier * abs(legs[0].ratio) * order.quantity


def premium(order: Order) -> float:
    """Return what an order pays at its limit, in USD."""
    return float(order.limit) * order.quantity * order.legs[0].instrument.multiplier


def _outlay(order: Order, now: Circumstances) -> float:
    """Return what a hedge may cost in USD; a future, what it loses until its stop."""
    first = order.legs[0].instrument
    if isinstance(first, Future):
        return now.future_stop * order.quantity * first.multiplier
    return premium(order)


def hedge_budget(order: Order, now: Circumstances, limits: Limits) -> Finding:
    """Premium of the day, this order's too, is a small share of net liquidation."""
    bound = limits.hedge_spend_per_day_max * now.net_liquidation
    spend = now.hedge_spent_today + _outlay(order, now)
    value, limit = f"{spend:.2f} USD", f"<= {bound:.2f} USD"
    return Finding("hedge spent today", value, limit, spend <= bound)


def hedge_month(order: Order, now: Circumstances, limits: Limits) -> Finding:
    """Premium of the month, this order's too, is a small share of net liquidation."""
    bound = limits.hedge_spend_per_month_max * now.net_liquidation
    spend = now.hedge_spent_this_month + _outlay(order, now)
    value, limit = f"{spend:.2f} USD", f"<= {bound:.2f} USD"
    return Finding("hedge spent this month", value, limit, spend <= bound)


def hedge_share(order: Order, now: Circumstances, limits: Limits) -> Finding:
    """Premium held for a case is a small share of its defined risk."""
    # From the condor's own legs: a slip of the sizing by 100 does not get past this.
    if not order.case:
        return Finding("hedge of the case", "none", "of the book", True)
    name, share = "hedge of the case", limits.hedge_share_per_case_max
    if now.risk_notional is None:
        return Finding(name, "unknown", f"<= {share:.1%} of N_risk", False)
    most, cost = share * now.risk_notional, now.hedge_cost + _outlay(order, now)
    value, bound = f"{cost:.2f} USD", f"<= {most:.2f} USD"
    return Finding(name, value, bound, cost <= most + 1e-6)


def cushion(_order: Order, now: Circumstances, limits: Limits) -> Finding:
    """Available funds before the order are a share of net liquidation."""
    value, bound = f"{now.cushion:.1%}", f">= {limits.margin_cushion_min:.0%}"
    return Finding(
        "margin cushion", value, bound, now.cushion >= limits.margin_cushion_min
    )


def margin(_order: Order, now: Circumstances, limits: Limits) -> Finding:
    """The what-if is finite, and takes a share of the available funds at most."""
    most = limits.margin_use_max * now.available_funds
    bound = f"<= {most:.0f} USD"
    if now.margin_change is None:
        return Finding("what-if margin change", "no answer", bound, False)
    value = f"{now.margin_change:.0f} USD"
    return Finding("what-if margin change", value, bound, now.margin_change <= most)


def margin_is_young(_order: Order, now: Circumstances, limits: Limits) -> Finding:
    """The what-if was answered a moment before the order was sent."""
    if now.is_at_work:
        # A new limit changes no margin: what was asked before the first one counts.
        return Finding("what-if", "before the first limit", "there", True)
    bound = f"<= {limits.margin_age_max.total_seconds():.0f} s old"
    if now.margin_asked is None:
        return Finding("what-if", "none", bound, False)
    age: timedelta = now.at - now.margin_asked
    value = f"{age.total_seconds():.0f} s old"
    return Finding("what-if", value, bound, age <= limits.margin_age_max)


def funds_after(_order: Order, now: Circumstances, limits: Limits) -> Finding:
    """Available funds after the order are a share of net liquidation."""
    least = limits.funds_after_min * now.net_liquidation
    bound = f">= {least:.0f} USD"
    if now.margin_change is None or now.net_liquidation <= 0:
        return Finding("funds after the order", "unknown", bound, False)
    left = now.available_funds - max(now.margin_change, 0.0)
    return Finding("funds after the order", f"{left:.0f} USD", bound, left >= least)


def positions(order: Order, now: Circumstances, limits: Limits) -> Finding:
    """With all orders at work filled at worst, no contract is held too often."""
    most, left = limits.contracts_per_strike_max, order.quantity - now.filled
    worst = max(
        abs(now.held.get(leg.instrument.con_id, 0) + leg.ratio * left)
        + at_work(order, leg, now)
        for leg in order.legs
    )
    return Finding("contracts of one strike", f"{worst}", f"<= {most}", worst <= most)


def expiry_is_small(order: Order, now: Circumstances, limits: Limits) -> Finding:
    """Contracts of each of its expiries, held, at work and of the order, are few."""
    most, left = limits.contracts_per_expiry_max, order.quantity - now.filled
    added: Counter[tuple[str, date]] = Counter()
    for leg in order.legs:
        added[series_of(leg)] += abs(leg.ratio) * left
    worst = max(n + now.gross.get(series, 0) for series, n in added.items())
    return Finding("contracts of one expiry", f"{worst}", f"<= {most}", worst <= most)


def series_of(leg: Leg) -> tuple[str, date]:
    """Return the trading class and the last trading day of a leg's contract."""
    return leg.instrument.trading_class, leg.instrument.last_trade


def two_sigma(_order: Order, now: Circumstances, limits: Limits) -> Finding:
    """No two-sigma shock would cost the book too much capital (alvh.md §8.1)."""
    bound = f"<= {limits.drawdown_max:.1%}"
    if now.drawdown is None:
        return Finding("two-sigma drawdown", "unknown", bound, False)
    value = f"{now.drawdown:.2%}"
    return Finding(
        "two-sigma drawdown", value, bound, now.drawdown <= limits.drawdown_max
    )
