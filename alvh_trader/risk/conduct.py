"""Checks of how we conduct ourselves: whether anything may be sent now, and how often.

Like all checks: the first sentence says what holds, a number that is not known never
passes, and the finding names what was seen and what was asked.
"""

from datetime import timedelta

from alvh_trader.domain.order import Order, Purpose
from alvh_trader.risk.circumstances import Circumstances
from alvh_trader.risk.freeze import SENDABLE
from alvh_trader.risk.limits import Limits
from alvh_trader.strategy.finding import Finding


def kill_switch(order: Order, now: Circumstances, _limits: Limits) -> Finding:
    """The freeze in force lets an order of this purpose go."""
    good = order.purpose in SENDABLE[now.freeze]
    return Finding("kill switch", now.freeze.name, f"lets a {order.purpose} go", good)


def mode(_order: Order, now: Circumstances, _limits: Limits) -> Finding:
    """The mode is one that trades, and the case may be traded."""
    value = "trading" if now.may_trade else "watching only"
    return Finding("mode", value, "trading", now.may_trade)


def reconciled(_order: Order, now: Circumstances, limits: Limits) -> Finding:
    """A reconciliation since the link came up was clean, and is young."""
    bound = f"<= {limits.reconciled_age_max.total_seconds():.0f} s old"
    if now.reconciled is None:
        return Finding("reconciliation", "none", bound, False)
    age = now.at - now.reconciled
    value = f"{age.total_seconds():.0f} s old"
    return Finding("reconciliation", value, bound, age <= limits.reconciled_age_max)


def no_doubt(_order: Order, now: Circumstances, _limits: Limits) -> Finding:
    """No order of the account is UNKNOWN."""
    value = ", ".join(now.doubtful) or "none"
    return Finding("orders in doubt", value, "none", not now.doubtful)


def explained(_order: Order, now: Circumstances, _limits: Limits) -> Finding:
    """Nothing that the broker shows of these instruments is unexplained."""
    value = ", ".join(now.discrepancies) or "none"
    return Finding("open discrepancies", value, "none", not now.discrepancies)


def no_duplicate(order: Order, now: Circumstances, _limits: Limits) -> Finding:
    """No other order of the same case and purpose is at work."""
    twins = [
        o.ref
        for o in now.working
        if o.case == order.case and o.purpose is order.purpose and o.ref != order.ref
    ]
    name = f"working {order.purpose} orders"
    return Finding(name, ", ".join(twins) or "none", "none", not twins)


def no_twin(_order: Order, now: Circumstances, limits: Limits) -> Finding:
    """Nothing alike was sent lately, but for an ended attempt that the order names."""
    minutes = limits.duplicate_window / timedelta(minutes=1)
    value, good = ", ".join(now.twins) or "none", not now.twins
    return Finding(f"the same order within {minutes:g} min", value, "none", good)


def not_refused(_order: Order, now: Circumstances, _limits: Limits) -> Finding:
    """The broker has not refused the same order today, in the same account."""
    value = ", ".join(now.refused) or "none"
    name = "equal orders refused for margin or risk today"
    return Finding(name, value, "none, or funds changed by 1 %", not now.refused)


def session(_order: Order, now: Circumstances, _limits: Limits) -> Finding:
    """The market's regular hours are on."""
    is_open = now.is_market_open
    return Finding("session", "open" if is_open else "closed", "open", is_open)


def legs_trade(order: Order, now: Circumstances, _limits: Limits) -> Finding:
    """No leg's last trading day is over."""
    gone = [
        f"{leg.instrument.con_id} since {leg.instrument.last_trade}"
        for leg in order.legs
        if now.today is None or leg.instrument.last_trade < now.today
    ]
    return Finding(
        "legs past their last day", ", ".join(gone) or "none", "none", not gone
    )


def open_orders(order: Order, now: Circumstances, limits: Limits) -> Finding:
    """Few enough orders are at work in the account."""
    seen, most = sum(o.ref != order.ref for o in now.working), limits.open_orders_max
    return Finding("orders at work", f"{seen}", f"< {most}", seen < most)


def nothing_is_rolled(_order: Order, now: Circumstances, _limits: Limits) -> Finding:
    """No roll is at work: defence first, and each reckons without the other."""
    rolls = [o.ref for o in now.working if o.purpose is Purpose.ROLL]
    return Finding("working ROLL orders", ", ".join(rolls) or "none", "none", not rolls)


def rate(_order: Order, now: Circumstances, limits: Limits) -> Finding:
    """Orders and new limits of a second, minute, hour and day are few enough."""
    windows = (
        ("second", timedelta(seconds=1), limits.orders_per_second_max),
        ("minute", timedelta(minutes=1), limits.orders_per_minute_max),
        ("hour", timedelta(hours=1), limits.orders_per_hour_max),
        ("day", timedelta(days=1), limits.orders_per_day_max),
    )
    for name, length, most in windows:
        seen = sum(now.at - sent < length for sent in now.sent)
        if seen >= most:
            return Finding(f"orders in the last {name}", f"{seen}", f"< {most}", False)
    return Finding("orders sent lately", f"{len(now.sent)} in a day", "few", True)


def per_day(order: Order, now: Circumstances, limits: Limits) -> Finding:
    """Orders of the same case and purpose today are few enough, attempts included."""
    seen = now.orders_today
    most = {
        Purpose.ROLL: limits.rolls_per_day_max,
        Purpose.OPEN: limits.entries_per_day_max,
    }.get(order.purpose, limits.hedges_per_day_max)
    return Finding(f"{order.purpose} orders today", f"{seen}", f"< {most}", seen < most)


def contracts_per_day(order: Order, now: Circumstances, limits: Limits) -> Finding:
    """Units of all orders of the day together are few enough."""
    seen, most = now.units_today + order.quantity, limits.units_per_day_max
    return Finding("units today", f"{seen}", f"<= {most}", seen <= most)


def rolls_lately(_order: Order, now: Circumstances, limits: Limits) -> Finding:
    """The case was not rolled too often in the last sessions."""
    seen, most = now.rolls_lately, limits.rolls_per_case_max
    name = f"rolls in {limits.rolls_sessions} sessions"
    return Finding(name, f"{seen}", f"< {most}", seen < most)


def repeats(order: Order, now: Circumstances, limits: Limits) -> Finding:
    """Orders of the same case and purpose have not filled again and again lately."""
    seen, most = now.fills_lately, limits.repeats_max
    minutes = limits.repeats_window / timedelta(minutes=1)
    name = f"{order.purpose} orders filled in {minutes:g} min"
    return Finding(name, f"{seen}", f"< {most}", seen < most)
