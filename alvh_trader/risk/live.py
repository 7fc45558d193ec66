"""What an order needs in live beside everything else: an armed daemon, and a person.

On paper there is no `LiveProof`, and these checks have nothing to ask. In live the
daemon is armed for a while, a new build begins with one contract, and each order waits
until a person allows exactly this one (reliability.md P02, P27, T08).
"""

from alvh_trader.domain.order import Order
from alvh_trader.risk.circumstances import Circumstances
from alvh_trader.risk.limits import Limits
from alvh_trader.strategy.finding import Finding

FIRST_ORDER_MAX = 1
"""Units in an order of a build of which none has filled yet."""


def is_armed(_order: Order, now: Circumstances, _limits: Limits) -> Finding:
    """Whether a person armed this very program for this account, and it still holds."""
    live = now.live
    if live is None:
        return Finding("armed", "paper", "in live", True)
    arm = live.arm
    if arm is None:
        return Finding("armed", "no", "yes", False, "alvh-trader arm ACCOUNT")
    changed = arm.identity.changed(live.identity)
    if changed:
        value = f"for another {', '.join(changed)}"
        return Finding("armed", value, "for this one", False)
    until = arm.expires.isoformat(timespec="seconds")
    return Finding("armed", f"until {until}", "not over", now.at < arm.expires)


def is_small_at_first(order: Order, now: Circumstances, _limits: Limits) -> Finding:
    """Whether a build that has never filled an order in live begins with one unit."""
    if now.live is None or now.live.is_proven:
        return Finding("build", "proven" if now.live else "paper", "proven", True)
    good = order.quantity <= FIRST_ORDER_MAX
    value, bound = f"{order.quantity} units", f"<= {FIRST_ORDER_MAX}"
    return Finding("first order of a build", value, bound, good)


def is_not_declined(order: Order, now: Circumstances, limits: Limits) -> Finding:
    """Whether no person has just declined an order for the same case and purpose."""
    name, pause = f"{order.purpose} declined", limits.decline_pause
    bound = f"not within {pause.total_seconds() / 60:.0f} min"
    if now.live is None or now.live.declined is None:
        return Finding(name, "no", bound, True)
    age = now.at - now.live.declined
    value = f"{age.total_seconds() / 60:.0f} min ago"
    return Finding(name, value, bound, age >= pause)


def has_consent(order: Order, now: Circumstances, _limits: Limits) -> Finding:
    """Whether a person allowed exactly this order, or it is only to be proposed."""
    live = now.live
    if live is None:
        return Finding("consent", "paper", "in live", True)
    if live.is_proposal:
        return Finding("consent", "to be asked for", "before it is sent", True)
    good = live.consent is not None and live.consent.covers(order)
    value = "none" if live.consent is None else "given" if good else "for another"
    return Finding("consent", value, "given, for this order", good)


LIVE = (is_armed, is_small_at_first, is_not_declined, has_consent)
"""All of them; the gate has each at its place."""
