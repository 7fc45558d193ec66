"""What capital costs: the weighted average over equity, margin debit and facilities.

Rates are per cent a year, amounts USD. Source: alvh.md §7.3.
"""

import math
from collections.abc import Sequence

from msgspec import Struct

from alvh_trader.capital.params import CapitalParams
from alvh_trader.domain.inputs import Facility


class Part(Struct, frozen=True, array_like=True):
    """One source of capital: USD of it, and what it costs after tax."""

    source: str
    usd: float
    rate: float


class Cost(Struct, frozen=True, kw_only=True):
    """The result: `wacc` and `equity` in per cent, `beta` plain, `capital` USD (V)."""

    wacc: float
    equity: float
    beta: float
    capital: float
    parts: tuple[Part, ...]


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


def facility_rate(
    facility: Facility, params: CapitalParams | None = None
) -> float | None:
    """Return what a facility costs: interest and on-chain costs, less tax.

    A missing rate is the upper band plus 2 %. None where the numbers cannot be rates
    in per cent: a slip of units must not make capital cheap or dear.
    """
    params = CapitalParams() if params is None else params
    if facility.apr is None:
        return params.apr_missing
    rate = facility.apr + facility.mev_gas
    is_rate = min(facility.apr, facility.mev_gas) >= 0 and rate <= params.apr_max
    return rate * (1.0 - facility.tax) if is_rate and 0 <= facility.tax <= 1 else None


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

    `equity` is E1. Without facilities V is E1 (and the debit) alone. None where equity
    is not positive or a rate is none: nothing that depends on it may pass.
    """
    params = CapitalParams() if params is None else params
    if equity <= 0:
        return None
    beta = position_beta(delta, spot, equity)
    own = cost_of_equity(beta, risk_free, params)
    debit = params.apr_missing if debit_rate is None else debit_rate
    parts = [Part("equity", equity, own)]
    if margin_debit > 0:
        parts.append(Part("margin debit", margin_debit, debit))
    for facility in facilities:
        rate = facility_rate(facility, params)
        if rate is None:
            return None
        if facility.drawn > 0:
            parts.append(Part(facility.id, facility.drawn, rate))
    capital = sum(part.usd for part in parts)
    return Cost(
        wacc=sum(part.usd * part.rate for part in parts) / capital,
        equity=own,
        beta=beta,
        capital=capital,
        parts=tuple(parts),
    )


def cost_impact(premium: float, capital: float) -> float:
    """Return what a hedge's premium costs of the capital V, in basis points.

    It is dWACC of alvh.md §4.4; infinite without capital.
    """
    return 1e4 * premium / capital if capital > 0 else math.inf
