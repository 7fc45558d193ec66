"""What a stream of credits is worth, and what the index's dividends say of it.

Both are the dividend discount model D1 / (k - g). Rates are per cent a year. Source:
alvh.md §7.8.
"""

from alvh_trader.capital.params import CapitalParams
from alvh_trader.domain.inputs import IndexFundamentals


def stream_value(
    dividend: float, cost: float, growth: float, *, gap: float = 2.0
) -> float | None:
    """Return D1 / (k - g), the worth of `dividend` a year growing for ever.

    None where k - g is less than `gap`: then the value is no number to rely on.

    >>> round(stream_value(18_000, 12.0, 2.5))
    189474
    """
    if cost - growth < gap - 1e-12:
        return None
    return dividend / ((cost - growth) / 100.0)


def strategy_value(
    income: float | None, irr: float | None, params: CapitalParams
) -> float | None:
    """Return the value of the strategy; None where income or return are not known.

    Of a year's `income` the share b is reinvested and the rest is distributed: D1 is
    (1 - b) of it, and it grows by g = b * IRR.
    """
    if income is None or irr is None:
        return None
    growth = params.retained * irr
    paid = (1.0 - params.retained) * income
    return stream_value(paid, params.strategy_cost, growth, gap=params.growth_gap)


def index_factor(
    spot: float,
    index: IndexFundamentals | None,
    risk_free: float | None,
    params: CapitalParams,
) -> float:
    """Return by what the hedge's target is multiplied: 1 to 1.25.

    It is more than 1 only where the index is concentrated or dear, and stands above
    the value of its dividends. Missing is 1; the hedge's cap is not lifted by it.
    """
    if index is None:
        return 1.0
    is_active = (
        index.top_ten_weight >= params.top_ten_weight
        or index.pe_percentile >= params.pe_percentile
    )
    rate = params.rate_missing if risk_free is None else risk_free
    fair = stream_value(
        index.dividends,
        rate + params.equity_premium,
        index.growth,
        gap=params.growth_gap,
    )
    if not is_active or fair is None or fair <= 0:
        return 1.0
    deviation = (spot - fair) / fair
    return 1.0 + min(max(params.fine_tune * deviation, 0.0), params.fine_tune)
