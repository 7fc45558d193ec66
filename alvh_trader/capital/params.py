"""The numbers of the Second Engine that an operator may change (alvh.md §7)."""

from msgspec import Struct


class CapitalParams(Struct, frozen=True, kw_only=True):
    """Rates are per cent a year, shares and haircuts fractions."""

    equity_premium: float = 5.0  # §7.3.
    floor: float = 0.0  # Cost of equity over the risk-free rate, at least; §7.3.
    rate_missing: float = 4.0  # Rf where none is known; §7.3.
    apr_missing: float = 8.0  # Top of the vault band (6 %) and 2 %; §7.3.
    apr_max: float = 30.0  # No facility is dearer: a slip of units; §7.2.
    peg: float = 0.995  # Below it a stablecoin has lost its peg; §1.1.
    depeg_haircut: float = 0.10  # On what can be drawn of it then; §1.1.
    stablecoin_haircut: float = 0.02  # §7.2.
    advance_cut: float = 0.10  # A REIT line lends so much less in stress; §7.2.
    ltv_gap: float = 0.10  # Loan to value stays so far below liquidation; §7.2.
    due_days: int = 30  # What is callable or due within counts; §7.6.
    quick_green: float = 1.2  # The quick ratio that allows increases; §7.6.
    quick_red: float = 1.0  # Below it debt is to be paid down; §7.6.
    allocation: float = 0.20  # Outside capital over equity aimed at; §12 has 0.20.
    leverage: float = 1.25  # C over E1, at most; §1.1.
    shift_step: float = 0.10  # A time-shift adds this share times f_beta; §7.5.
    strategy_cost: float = 12.0  # k, what the strategy's owner asks; §7.8.
    retained: float = 0.25  # b, the share of income reinvested; §7.8.
    growth_gap: float = 2.0  # k - g, at least; §7.8.
    history_days: int = 90  # Of flows before income is extrapolated; §7.8.
    top_ten_weight: float = 0.35  # From here the index fine-tune is active; §7.8.
    pe_percentile: float = 75.0  # Likewise; either will do.
    fine_tune: float = 0.25  # Gain and cap of the fine-tune; §7.8.
