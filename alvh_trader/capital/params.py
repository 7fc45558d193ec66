"""The numbers of the Second Engine that an operator may change (alvh.md §7)."""

from msgspec import Struct


class CapitalParams(Struct, frozen=True, kw_only=True):
    """Rates are per cent a year, shares and haircuts fractions."""

    equity_premium: float = 5.0  # §7.3.
    floor: float = 0.0  # Cost of equity over the risk-free rate, at least; §7.3.
    rate_missing: float = 4.0  # Rf where none is known; §7.3.
    rate_days: int = 10  # A last known Rf serves for so many days; §7.3.
    apr_missing: float = 8.0  # Top of the vault band (6 %) and 2 %; §7.3.
    apr_max: float = 30.0  # No facility is dearer: a slip of units; §7.2.
    age_hours: float = 24.0  # Of a facility's statement, at most; §7.2.
    peg: float = 0.995  # Below it a stablecoin has lost its peg; §1.1.
    depeg_haircut: float = 0.10  # On what can be drawn of it then; §1.1.
    stablecoin_haircut: float = 0.02  # §7.2.
    advance_cut: float = 0.10  # A REIT line lends so much less in stress; §7.2.
    ltv_gap: float = 0.10  # Loan to value stays so far below liquidation; §7.2.
    due_days: int = 30  # What is callable or due within counts; §7.6.
