"""The pre-trade checks: each is one sentence about an order, and says what it saw.

A check returns a `Finding` whether it holds or not, so that a refusal and an
approval explain themselves alike. An unknown number never passes.
"""

from collections.abc import Callable

from alvh_trader.domain.instrument import Future, Option
from alvh_trader.domain.money import combo_ticks, option_ticks
from alvh_trader.domain.order import Order, Purpose
from alvh_trader.risk.circumstances import Circumstances
from alvh_trader.risk.freeze import SENDABLE
from alvh_trader.risk.limits import Limits
from alvh_trader.risk.live import (
    has_consent,
    is_armed,
    is_not_declined,
    is_small_at_first,
)
from alvh_trader.risk.opening import OPENING
from alvh_trader.risk.sale import (
    is_paid_for,
    keeps_the_minimum,
    sells_a_hedge,
    sells_what_is_held,
)
from alvh_trader.risk.way import hours_agree, is_connected
from alvh_trader.strategy.finding import Finding

MULTIPLIERS = {"VIX": 100, "VIXW": 100, "VXM": 100, "VX": 1000}
"""USD per point of each VIX contract, by its trading class."""

Check = Callable[[Order, Circumstances, Limits], Finding]


def _mode(_order: Order, now: Circumstances, _limits: Limits) -> Finding:
    value = "trading" if now.may_trade else "watching only"
    return Finding("mode", value, "trading", now.may_trade)


def _kill_switch(order: Order, now: Circumstances, _limits: Limits) -> Finding:
    good = order.purpose in SENDABLE[now.freeze]
    return Finding("kill switch", now.freeze.name, f"lets a {order.purpose} go", good)


def _covered(_order: Order, now: Circumstances, _limits: Limits) -> Finding:
    return Finding("naked short options", _yes(now.is_naked), "no", not now.is_naked)


def _reconciled(_order: Order, now: Circumstances, limits: Limits) -> Finding:
    bound = f"<= {limits.reconciled_age_max.total_seconds():.0f} s old"
    if now.reconciled is None:
        return Finding("reconciliation", "none", bound, False)
    age = now.at - now.reconciled
    value = f"{age.total_seconds():.0f} s old"
    return Finding("reconciliation", value, bound, age <= limits.reconciled_age_max)


def _explained(_order: Order, now: Circumstances, _limits: Limits) -> Finding:
    value = ", ".join(now.discrepancies) or "none"
    return Finding("open discrepancies", value, "none", not now.discrepancies)


def _session(_order: Order, now: Circumstances, _limits: Limits) -> Finding:
    is_open = now.is_market_open
    return Finding("session", "open" if is_open else "closed", "open", is_open)


def _no_doubt(_order: Order, now: Circumstances, _limits: Limits) -> Finding:
    value = ", ".join(now.doubtful) or "none"
    return Finding("orders in doubt", value, "none", not now.doubtful)


def _no_duplicate(order: Order, now: Circumstances, _limits: Limits) -> Finding:
    twins = [
        o.ref
        for o in now.working
        if o.case == order.case and o.purpose is order.purpose and o.ref != order.ref
    ]
    name = f"working {order.purpose} orders"
    return Finding(name, ", ".join(twins) or "none", "none", not twins)


def _rate(_order: Order, now: Circumstances, limits: Limits) -> Finding:
    seen, bound = now.orders_last_minute, limits.orders_per_minute_max
    return Finding("orders in the last minute", f"{seen}", f"< {bound}", seen < bound)


def _per_day(order: Order, now: Circumstances, limits: Limits) -> Finding:
    seen = now.orders_today
    most = {
        Purpose.ROLL: limits.rolls_per_day_max,
        Purpose.OPEN: limits.entries_per_day_max,
    }.get(order.purpose, limits.hedges_per_day_max)
    return Finding(f"{order.purpose} orders today", f"{seen}", f"< {most}", seen < most)


def _quotes(order: Order, now: Circumstances, limits: Limits) -> Finding:
    bad = [
        str(leg.instrument.con_id)
        for leg in order.legs
        if (q := now.quotes.get(leg.instrument.con_id)) is None
        or q.mid is None
        or now.at - q.at > limits.quote_age_max
    ]
    bound = f"two-sided, <= {limits.quote_age_max.total_seconds():.0f} s old"
    value = f"bad for {', '.join(bad)}" if bad else "good"
    return Finding("quotes of the legs", value, bound, not bad)


def _tick(order: Order, _now: Circumstances, _limits: Limits) -> Finding:
    instrument = order.legs[0].instrument
    if len(order.legs) > 1:
        grid = combo_ticks(instrument.symbol)
    else:
        grid = option_ticks(instrument.trading_class)
    tick = grid.tick_at(order.limit)
    good = grid.holds(order.limit)
    return Finding("limit", f"{order.limit}", f"on {tick} ticks", good)


def _hedge_size(order: Order, _now: Circumstances, limits: Limits) -> Finding:
    bound = limits.hedge_contracts_per_order_max
    return Finding(
        "contracts", f"{order.quantity}", f"<= {bound}", order.quantity <= bound
    )


def _combo_size(order: Order, _now: Circumstances, limits: Limits) -> Finding:
    bound = limits.combos_per_order_max
    good = order.quantity <= bound
    return Finding("combos", f"{order.quantity}", f"<= {bound}", good)


def _hedge_budget(order: Order, now: Circumstances, limits: Limits) -> Finding:
    bound = limits.hedge_spend_per_day_max * now.net_liquidation
    spend = now.hedge_spent_today + _outlay(order, now)
    value, limit = f"{spend:.2f} USD", f"<= {bound:.2f} USD"
    return Finding("hedge spent today", value, limit, spend <= bound)


def premium(order: Order) -> float:
    """Return what an order pays at its limit, in USD."""
    return float(order.limit) * order.quantity * order.legs[0].instrument.multiplier


def _outlay(order: Order, now: Circumstances) -> float:
    """Return what a hedge may cost in USD; a future, what it loses until its stop."""
    first = order.legs[0].instrument
    if isinstance(first, Future):
        return now.future_stop * order.quantity * first.multiplier
    return premium(order)


def _hedge_multiplier(order: Order, _now: Circumstances, _limits: Limits) -> Finding:
    # A contract taken for a hundredth or for ten times itself sizes everything wrong.
    found = [leg.instrument.multiplier for leg in order.legs]
    known = [MULTIPLIERS.get(leg.instrument.trading_class) for leg in order.legs]
    value, bound = ", ".join(map(str, found)), ", ".join(map(str, known))
    return Finding("multiplier", value, bound, found == known)


def _hedge_share(order: Order, now: Circumstances, limits: Limits) -> Finding:
    # From the condor's own legs: a slip of the sizing by 100 does not get past this.
    if not order.case:
        return Finding("hedge of the case", "none", "of the book", True)
    name, share = "hedge of the case", limits.hedge_share_per_case_max
    if now.risk_notional is None:
        return Finding(name, "unknown", f"<= {share:.1%} of N_risk", False)
    most, cost = share * now.risk_notional, now.hedge_cost + _outlay(order, now)
    value, bound = f"{cost:.2f} USD", f"<= {most:.2f} USD"
    return Finding(name, value, bound, cost <= most + 1e-6)


def _hedge_is_long_vix(order: Order, _now: Circumstances, _limits: Limits) -> Finding:
    # Never a short VIX exposure as the hedge of a short-vega condor (alvh.md §4.1).
    first = order.legs[0]
    is_put = isinstance(first.instrument, Option) and not first.instrument.is_call
    # The broker calls the mini future by a symbol of its own.
    is_mini = isinstance(first.instrument, Future) and first.instrument.symbol == "VXM"
    is_vix = first.instrument.symbol == "VIX" or is_mini
    good = is_vix and first.ratio > 0 and not is_put
    if len(order.legs) == 2:
        second = order.legs[1]
        good = (
            good
            and isinstance(first.instrument, Option)
            and isinstance(second.instrument, Option)
            and second.ratio == -first.ratio
            and second.instrument.is_call
            and second.instrument.expiry == first.instrument.expiry
            and second.instrument.strike > first.instrument.strike
        )
    good = good and len(order.legs) <= 2
    return Finding("hedge legs", f"{len(order.legs)}", "long VIX", good)


def _hedge_collar(order: Order, now: Circumstances, limits: Limits) -> Finding:
    bounds = _net(order, now)
    if bounds is None:
        return Finding("limit", f"{order.limit}", "at a quoted ask", False)
    grid = (
        combo_ticks("VIX")
        if len(order.legs) > 1
        else option_ticks(order.legs[0].instrument.trading_class)
    )
    most = bounds[1] + limits.hedge_collar_ticks * float(grid.tick_at(bounds[1]))
    return Finding(
        "limit", f"{order.limit}", f"<= {most:.2f}", float(order.limit) <= most + 1e-9
    )


def _combo_collar(order: Order, now: Circumstances, limits: Limits) -> Finding:
    bounds = _net(order, now)
    if bounds is None:
        return Finding("limit", f"{order.limit}", "near a quoted middle", False)
    mid = sum(bounds) / 2
    distance = abs(float(order.limit) - mid)
    # The limit lies on a grid, the middle need not: half a tick is no distance.
    most = limits.combo_collar + float(combo_ticks("SPX").fine) / 2
    bound = f"within {limits.combo_collar:.2f} of {mid:.3f}"
    return Finding("limit", f"{order.limit}", bound, distance <= most)


def _net(order: Order, now: Circumstances) -> tuple[float, float] | None:
    """Return the net (bid, ask) of buying one unit, or None where a leg has none."""
    low = high = 0.0
    for leg in order.legs:
        quote = now.quotes.get(leg.instrument.con_id)
        if quote is None or quote.mid is None or quote.ask is None:
            return None
        bid = quote.bid or 0.0
        here, there = (bid, quote.ask) if leg.ratio > 0 else (quote.ask, bid)
        low += leg.ratio * here
        high += leg.ratio * there
    return low, high


def _cushion(_order: Order, now: Circumstances, limits: Limits) -> Finding:
    value, bound = f"{now.cushion:.1%}", f">= {limits.margin_cushion_min:.0%}"
    return Finding(
        "margin cushion", value, bound, now.cushion >= limits.margin_cushion_min
    )


def _verticals(order: Order, _now: Circumstances, _limits: Limits) -> Finding:
    # INV-3: closes one vertical and opens one, so no fill leaves a naked short.
    good = len(order.legs) == 4 and all(
        isinstance(leg.instrument, Option) for leg in order.legs
    )
    by_series: dict[object, int] = {}
    for leg in order.legs:
        if isinstance(leg.instrument, Option):
            key = (
                leg.instrument.trading_class,
                leg.instrument.expiry,
                leg.instrument.right,
            )
            by_series[key] = by_series.get(key, 0) + leg.ratio
    rights = {key[2] for key in by_series if isinstance(key, tuple)}
    good = good and len(rights) == 1 and not any(by_series.values())
    return Finding("roll legs", f"{len(order.legs)}", "vertical for vertical", good)


def _hedge_filled(_order: Order, now: Circumstances, _limits: Limits) -> Finding:
    hedge = now.hedge
    if hedge is None:
        return Finding("hedge filled", "none", "a hedge", False)
    value = f"{hedge.filled} by executions, {hedge.held} by positions"
    good = hedge.needed > 0 and min(hedge.filled, hedge.held) >= hedge.needed
    return Finding("hedge filled", value, f">= {hedge.needed}", good)


def _hedge_lasts(_order: Order, now: Circumstances, _limits: Limits) -> Finding:
    left = now.hedge.sessions_left if now.hedge else 0
    return Finding("sessions until the hedge expires", f"{left}", "> 2", left > 2)


def _in_band(_order: Order, now: Circumstances, limits: Limits) -> Finding:
    hedge = now.hedge
    if hedge is None or hedge.judged is None:
        return Finding("Greeks", "not judged", "in band", False)
    age = now.at - hedge.judged
    value = "in band" if hedge.greeks_in_band else "out of band"
    bound = f"in band, <= {limits.greeks_age_max.total_seconds():.0f} s old"
    good = hedge.greeks_in_band and age <= limits.greeks_age_max
    return Finding("Greeks", f"{value}, {age.total_seconds():.0f} s old", bound, good)


def _fresh(_order: Order, now: Circumstances, _limits: Limits) -> Finding:
    value = "fresh" if now.is_data_fresh else "stale"
    return Finding("SPX and VIX", value, "fresh", now.is_data_fresh)


def _rolls_lately(_order: Order, now: Circumstances, limits: Limits) -> Finding:
    seen, most = now.rolls_lately, limits.rolls_per_case_max
    name = f"rolls in {limits.rolls_sessions} sessions"
    return Finding(name, f"{seen}", f"< {most}", seen < most)


def _margin(_order: Order, now: Circumstances, limits: Limits) -> Finding:
    most = limits.margin_use_max * now.available_funds
    bound = f"<= {most:.0f} USD"
    if now.margin_change is None:
        return Finding("what-if margin change", "no answer", bound, False)
    value = f"{now.margin_change:.0f} USD"
    return Finding("what-if margin change", value, bound, now.margin_change <= most)


def _six_percent(_order: Order, now: Circumstances, limits: Limits) -> Finding:
    bound = f"<= {limits.drawdown_max:.1%}"
    if now.drawdown is None:
        return Finding("two-sigma drawdown", "unknown", bound, False)
    value = f"{now.drawdown:.2%}"
    return Finding(
        "two-sigma drawdown", value, bound, now.drawdown <= limits.drawdown_max
    )


def _parity(_order: Order, now: Circumstances, _limits: Limits) -> Finding:
    # No roll stands on quotes that contradict each other (alvh.md §8.4).
    broken = "; ".join(now.off_parity)
    return Finding("put-call parity", broken or "holds", "holds", not broken)


EVERY_ORDER: tuple[Check, ...] = (
    _mode,
    _kill_switch,
    is_armed,
    _covered,
    is_connected,
    _reconciled,
    _explained,
    _session,
    hours_agree,
    _no_doubt,
    _no_duplicate,
    _rate,
    _per_day,
    is_small_at_first,
    is_not_declined,
    _quotes,
    _tick,
    has_consent,
)

BY_PURPOSE: dict[Purpose, tuple[Check, ...]] = {
    Purpose.HEDGE: (
        _hedge_is_long_vix,
        _hedge_multiplier,
        _hedge_size,
        _hedge_share,
        _hedge_budget,
        _hedge_collar,
        _cushion,
    ),
    Purpose.HEDGE_SELL: (
        sells_a_hedge,
        sells_what_is_held,
        keeps_the_minimum,
        is_paid_for,
        _hedge_size,
        _hedge_collar,
    ),
    Purpose.OPEN: (
        *OPENING,
        _combo_size,
        _combo_collar,
        _cushion,
        _fresh,
        _margin,
        _six_percent,
        _parity,
    ),
    Purpose.ROLL: (
        _verticals,
        _combo_size,
        _combo_collar,
        _cushion,
        _hedge_filled,
        _hedge_lasts,
        _in_band,
        _fresh,
        _rolls_lately,
        _margin,
        _six_percent,
        _parity,
    ),
}
"""A purpose that is not listed cannot be sent: whoever wants it writes its checks."""


def _yes(value: object) -> str:
    return "yes" if value else "no"
