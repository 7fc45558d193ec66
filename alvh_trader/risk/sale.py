"""The checks of a sale of hedges; see `risk.conduct` for what a check is."""

from alvh_trader.domain.order import Order
from alvh_trader.risk.circumstances import Circumstances
from alvh_trader.risk.limits import Limits
from alvh_trader.strategy.finding import Finding


def sells_a_hedge(order: Order, now: Circumstances, _limits: Limits) -> Finding:
    """The ledger has what is sold."""
    # All legs of a lot and no other: selling a spread's long leg alone leaves a naked
    # short one.
    booked = now.sale.booked if now.sale else 0
    name, bound = "hedge in the ledger", f">= {order.quantity}"
    return Finding(name, f"{booked}", bound, booked >= order.quantity)


def sells_what_is_held(order: Order, now: Circumstances, _limits: Limits) -> Finding:
    """The account has what is sold."""
    held = now.sale.held if now.sale else 0
    bound = f">= {order.quantity}"
    return Finding("hedge in the account", f"{held}", bound, held >= order.quantity)


def keeps_the_minimum(_order: Order, now: Circumstances, _limits: Limits) -> Finding:
    """No sale takes the hedge below n_min while a roll may follow (INV-2)."""
    if now.sale is None:
        return Finding("hedge left", "unknown", "n_min", False)
    kept, needed = now.sale.kept, now.sale.needed
    good = kept >= needed or needed == 0
    return Finding("hedge left", f"{kept}", f">= {needed}", good)
