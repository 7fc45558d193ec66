"""Checks of what an order does to the hedge: its legs, and the promise of a roll.

See `risk.conduct` for what a check is; the sales of hedges are in `risk.sale`.
"""

from alvh_trader.domain.instrument import Future, Option
from alvh_trader.domain.order import Order
from alvh_trader.risk.circumstances import Circumstances
from alvh_trader.risk.limits import Limits
from alvh_trader.strategy.finding import Finding


def is_long_vix(order: Order, _now: Circumstances, _limits: Limits) -> Finding:
    """A hedge is long VIX: a call, a call spread, or a future (alvh.md §4.1)."""
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


def moves_a_vertical(order: Order, _now: Circumstances, _limits: Limits) -> Finding:
    """A roll closes one vertical and opens one: no fill is naked (INV-3)."""
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


def is_filled(_order: Order, now: Circumstances, _limits: Limits) -> Finding:
    """Executions and positions both show the hedge that is needed (INV-1)."""
    hedge = now.hedge
    if hedge is None:
        return Finding("hedge filled", "none", "a hedge", False)
    value = f"{hedge.filled} by executions, {hedge.held} by positions"
    good = hedge.needed > 0 and min(hedge.filled, hedge.held) >= hedge.needed
    return Finding("hedge filled", value, f">= {hedge.needed}", good)


def lasts(_order: Order, now: Circumstances, _limits: Limits) -> Finding:
    """The hedge trades for more than two sessions yet."""
    left = now.hedge.sessions_left if now.hedge else 0
    return Finding("sessions until the hedge expires", f"{left}", "> 2", left > 2)


def in_band(_order: Order, now: Circumstances, limits: Limits) -> Finding:
    """The Greeks were in band a moment ago (alvh.md §3.6)."""
    hedge = now.hedge
    if hedge is None or hedge.judged is None:
        return Finding("Greeks", "not judged", "in band", False)
    age = now.at - hedge.judged
    value = "in band" if hedge.greeks_in_band else "out of band"
    bound = f"in band, <= {limits.greeks_age_max.total_seconds():.0f} s old"
    good = hedge.greeks_in_band and age <= limits.greeks_age_max
    return Finding("Greeks", f"{value}, {age.total_seconds():.0f} s old", bound, good)
