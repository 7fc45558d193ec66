"""What a hedge may cost: shares of what, what is spent, and what the year leaves."""

from collections.abc import Iterable

from alvh_trader.engine.case import Case, HedgeLot
from alvh_trader.engine.funding import funding_of
from alvh_trader.engine.lots import at_risk, net_cost_of_year
from alvh_trader.engine.proof import lasting_lots
from alvh_trader.engine.turn import Turn
from alvh_trader.strategy.params import HedgeParams, NotionalBase
from alvh_trader.strategy.phase import Phase


def spent_on(lots: Iterable[HedgeLot], hedge: HedgeParams) -> float:
    """Return what lots cost at most, in USD."""
    return sum(at_risk(lot, hedge) for lot in lots)


def base_of(turn: Turn, case: Case) -> float:
    """Return what the budget's shares are of for one case, in USD (alvh.md §4.4).

    Anything but the defined risk belongs to the whole book: a case has its part of it
    by its defined risk. 0 where the account is not known yet.
    """
    base, account = turn.rules.params.hedge.notional_base, turn.state.account
    own = case.condor.risk_notional
    if base is NotionalBase.DEFINED_RISK:
        return own
    capital = funding_of(turn)
    if account is None or capital is None:
        return 0.0
    is_engine = base is NotionalBase.ENGINE_NLV
    whole = account.net_liquidation if is_engine else capital.deployed
    book = sum(
        c.condor.risk_notional
        for c in turn.state.cases.values()
        if c.phase is not Phase.CLOSED
    )
    return whole * own / book if book > 0 else 0.0


def year_left(turn: Turn) -> float:
    """Return what hedges may still cost net until a year of them is at its cap, USD."""
    capital = funding_of(turn)
    most = turn.rules.params.hedge.annual_cost * (capital.value if capital else 0.0)
    return most - net_cost_of_year(turn.state)


def has_budget(turn: Turn, case: Case) -> bool:
    """Return whether enough of the hedge budget is left to buy something useful."""
    hedge = turn.rules.params.hedge
    spent = spent_on(lasting_lots(turn, case), hedge)
    # Nothing useful costs less than a tenth of the budget.
    return spent < 0.9 * hedge.share_high * base_of(turn, case)
