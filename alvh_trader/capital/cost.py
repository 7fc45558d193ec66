"""What capital costs: the weighted average over equity, margin debit and facilities.

Rates are per cent a year, amounts USD. Source: alvh.md §7.2, §7.3.
"""

from collections.abc import Sequence

from msgspec import Struct


class Facility(Struct, frozen=True, kw_only=True):
    """Money borrowed outside the brokerage account, as the operator states it.

    `apr` is None where the file does not say.
    """

    id: str
    drawn: float
    limit: float = 0.0
    apr: float | None = None
    mev_gas: float = 0.0
    tax: float = 0.0


class CapitalParams(Struct, frozen=True, kw_only=True):
    """Rates in per cent a year (alvh.md §7.3)."""

    equity_premium: float = 5.0
    floor: float = 0.0
    rate_missing: float = 4.0  # Rf where none is known.
    apr_missing: float = 8.0  # Top of the vault band (6 %) and 2 %.


class Cost(Struct, frozen=True, kw_only=True):
    """The result: `wacc` and `equity` in per cent, `beta` plain, `capital` USD (V)."""

    wacc: float
    equity: float
    beta: float
    capital: float


def position_beta(delta: float, spot: float, equity: float) -> float:
    """Return |delta| * S / E1: index exposure over equity (delta in USD per point)."""
    return abs(delta) * spot / equity


def cost_of_equity(
    beta: float, risk_free: float | None, params: CapitalParams | None = None
) -> float:
    """Return max(Rf + beta * ERP, Rf + floor) in per cent; Rf None is 4 %."""
    params = CapitalParams() if params is None else params
    rate = params.rate_missing if risk_free is None else risk_free
    return max(rate + beta * params.equity_premium, rate + params.floor)


def capital_cost(
    *,
    equity: float,
    delta: float,
    spot: float,
    risk_free: float | None,
    facilities: Sequence[Facility] = (),
    margin_debit: float = 0.0,
    debit_rate: float | None = None,
    params: CapitalParams | None = None,
) -> Cost | None:
    """Return the weighted average cost of capital.

    `equity` is E1. Without facilities V is E1 (and the debit) alone. A missing rate
    is the upper band plus 2 %. None where equity is not positive: nothing that
    depends on it may pass.
    """
    params = CapitalParams() if params is None else params
    if equity <= 0:
        return None
    beta = position_beta(delta, spot, equity)
    own = cost_of_equity(beta, risk_free, params)
    debit = params.apr_missing if debit_rate is None else debit_rate
    parts = [(equity, own), (max(margin_debit, 0.0), debit)]
    parts += [(max(f.drawn, 0.0), _rate(f, params)) for f in facilities]
    capital = sum(amount for amount, _ in parts)
    return Cost(
        wacc=sum(amount * rate for amount, rate in parts) / capital,
        equity=own,
        beta=beta,
        capital=capital,
    )


def _rate(facility: Facility, params: CapitalParams) -> float:
    if facility.apr is None:
        return params.apr_missing
    return (facility.apr + facility.mev_gas) * (1.0 - facility.tax)
