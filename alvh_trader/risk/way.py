"""The checks of the way to the market; see `risk.checks` for what a check is."""

from alvh_trader.domain.connection import Connection
from alvh_trader.domain.order import Order, Purpose
from alvh_trader.risk.circumstances import Circumstances
from alvh_trader.risk.limits import Limits
from alvh_trader.strategy.finding import Finding


def is_connected(order: Order, now: Circumstances, _limits: Limits) -> Finding:
    """Nothing stands between us and the market; for a hedge a little may."""
    # A wrong clock or a lost farm is no reason to go unhedged where quotes are good.
    is_hedge = order.purpose is Purpose.HEDGE
    good = (Connection.CONNECTED, Connection.DEGRADED)[: 2 if is_hedge else 1]
    holds = now.connection in good
    return Finding("connection", now.connection, " or ".join(good), holds)


def hours_agree(_order: Order, now: Circumstances, _limits: Limits) -> Finding:
    """The broker's own hours confirm the calendar."""
    wrong = now.hours_wrong
    return Finding("the broker's hours", wrong or "agree", "agree", not wrong)
