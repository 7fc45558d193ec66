"""Cents as decimals, made once each."""

from decimal import Decimal

_made: dict[int, Decimal] = {}


def cents(amount: int) -> Decimal:
    """Return `amount` cents as dollars (or points), with two decimals."""
    made = _made.get(amount)
    if made is None:
        made = _made[amount] = Decimal(amount).scaleb(-2)
    return made


def rounded(amount: float) -> Decimal:
    """Return `amount` to the nearest cent."""
    return cents(round(amount * 100))
