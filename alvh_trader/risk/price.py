"""Checks of prices: what an order relies on and may pay; see `risk.conduct`."""

from alvh_trader.domain.money import TickGrid, combo_ticks, option_ticks
from alvh_trader.domain.order import Order, Purpose
from alvh_trader.risk.circumstances import Circumstances
from alvh_trader.risk.limits import Limits
from alvh_trader.strategy.finding import Finding

GIVEN_UP_PER_LEG = 0.10
"""VIX points that each leg may give up in any case: two coarse ticks."""


def quotes(order: Order, now: Circumstances, limits: Limits) -> Finding:
    """Every leg has a two-sided, uncrossed and young quote."""
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


def fresh(_order: Order, now: Circumstances, _limits: Limits) -> Finding:
    """SPX, VIX and the last look at the case are fresh."""
    value = "fresh" if now.is_data_fresh else "stale"
    return Finding("SPX and VIX", value, "fresh", now.is_data_fresh)


def parity(_order: Order, now: Circumstances, _limits: Limits) -> Finding:
    """No series that matters contradicts itself (alvh.md §8.4)."""
    broken = "; ".join(now.off_parity)
    return Finding("put-call parity", broken or "holds", "holds", not broken)


def on_the_grid(order: Order, _now: Circumstances, _limits: Limits) -> Finding:
    """The limit lies on the exchange's grid."""
    grid = grid_of(order)
    if grid is None:
        return Finding("limit", f"{order.limit}", "on a known grid", False)
    tick = grid.tick_at(order.limit)
    good = grid.holds(order.limit)
    return Finding("limit", f"{order.limit}", f"on {tick} ticks", good)


def signed(order: Order, _now: Circumstances, _limits: Limits) -> Finding:
    """Who buys a hedge or closes pays; who sells one or opens a condor is paid."""
    is_paid = order.purpose in {Purpose.HEDGE_SELL, Purpose.OPEN}
    good = order.limit < 0 if is_paid else order.limit > 0
    bound = "< 0, a credit" if is_paid else "> 0, a debit"
    return Finding("sign of the limit", f"{order.limit}", bound, good)


def hedge_collar(order: Order, now: Circumstances, limits: Limits) -> Finding:
    """A hedge is bid, or offered, no further than a tick through the market."""
    bounds, grid = net(order, now), grid_of(order)
    if bounds is None or grid is None:
        return Finding("limit", f"{order.limit}", "at a quoted ask", False)
    most = bounds[1] + limits.hedge_collar_ticks * float(grid.tick_at(bounds[1]))
    return Finding(
        "limit", f"{order.limit}", f"<= {most:.2f}", float(order.limit) <= most + 1e-9
    )


def hedge_middle(order: Order, now: Circumstances, limits: Limits) -> Finding:
    """A hedge gives up no more than a share of the middle."""
    name, bounds = "given up from the middle", net(order, now)
    if bounds is None:
        return Finding(name, "unknown", "near a quoted middle", False)
    mid = sum(bounds) / 2
    most = max(limits.hedge_collar_share * abs(mid), GIVEN_UP_PER_LEG * len(order.legs))
    given = float(order.limit) - mid
    return Finding(name, f"{given:.3f}", f"<= {most:.3f}", given <= most + 1e-9)


def combo_collar(order: Order, now: Circumstances, limits: Limits) -> Finding:
    """A combo's limit lies near the middle of its legs, and within their market."""
    bounds = net(order, now)
    if bounds is None:
        return Finding("limit", f"{order.limit}", "near a quoted middle", False)
    mid, tick = sum(bounds) / 2, float(combo_ticks("SPX").fine)
    distance = abs(float(order.limit) - mid)
    # The limit lies on a grid, the middle need not: half a tick is no distance.
    most = limits.combo_collar + tick / 2
    worst = bounds[1] + limits.combo_collar_ticks * tick
    good = distance <= most and float(order.limit) <= worst + 1e-9
    bound = f"within {limits.combo_collar:.2f} of {mid:.3f}, <= {worst:.3f}"
    return Finding("limit", f"{order.limit}", bound, good)


def grid_of(order: Order) -> TickGrid | None:
    """Return the grid of an order's limit; None where no rule is known."""
    instrument = order.legs[0].instrument
    try:
        if len(order.legs) > 1:
            return combo_ticks(instrument.symbol)
        return option_ticks(instrument.trading_class)
    except KeyError:
        return None


def net(order: Order, now: Circumstances) -> tuple[float, float] | None:
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
