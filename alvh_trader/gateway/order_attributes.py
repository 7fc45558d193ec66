"""The attributes of an order that no order here may have.

An order that carries one is refused: to work it as if it did not would be to trade
otherwise than the client asked. Codes and texts are the broker's published ones
[doc], those from 10255 to 10257 from gateways in the field [iss].
"""

from collections.abc import Callable
from typing import Any

from alvh_trader.wire.order_request import PlaceOrder

Problem = tuple[int, str]

_UNSET = frozenset({"", "0", "0.0", "2147483647", "1.7976931348623157e+308"})


def _is_set(value: Any) -> bool:
    """Return whether a client gave a value: text, number, flag or rows."""
    if isinstance(value, str):
        return value.strip() not in _UNSET and value != "1.7976931348623157E308"
    return bool(value)


def _not_allowed(name: str) -> str:
    return f"The '{name}' order attribute may not be specified for this order."


_NO_DISCRETION = (
    "Discretionary orders are not supported for this combination of exchange and "
    "order type."
)
_NO_HEDGE = "Delta neutral orders are only supported for combos (BAG security type)."
_NO_ALGO = "Specified algorithm is not allowed for this order."
_NO_ROUTE = "The '{}' order attribute is not supported."

_REFUSED: tuple[tuple[Callable[[PlaceOrder], Any], int, str], ...] = (
    (lambda it: it.hidden, 152, _not_allowed("hidden")),
    (lambda it: it.discretionary_amount, 325, _NO_DISCRETION),
    (lambda it: it.trigger_price, 361, "Invalid trigger price."),
    (lambda it: it.conditions, 402, "Conditions are not allowed for this contract."),
    (lambda it: it.scale_price_increment, 408, "Invalid scale order increment."),
    (lambda it: it.delta_neutral, 429, _NO_HEDGE),
    (lambda it: it.algo_strategy, 442, _NO_ALGO),
    (lambda it: it.hedge_type, 10007, "Invalid hedge type"),
    (lambda it: it.display_size, 10255, _not_allowed("Display Size")),
    (lambda it: it.min_quantity, 10256, _not_allowed("Minimum Quantity")),
    (lambda it: it.all_or_none, 10257, _not_allowed("All or None")),
    (lambda it: it.e_trade_only, 10268, _NO_ROUTE.format("EtradeOnly")),
    (lambda it: it.firm_quote_only, 10268, _NO_ROUTE.format("FirmQuoteOnly")),
)


def problem(asked: PlaceOrder) -> Problem | None:
    """Return what the order carries that no order here may have."""
    found = ((code, text) for read, code, text in _REFUSED if _is_set(read(asked)))
    return next(found, None)
