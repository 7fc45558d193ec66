"""The capital of both engines and its cost, from the account and the inputs."""

from alvh_trader.capital.cost import Cost, capital_cost
from alvh_trader.capital.facilities import Funding, funding
from alvh_trader.domain.calendar import new_york_date
from alvh_trader.engine.turn import Turn

RISK_FREE = "DTB3"
"""The series of three-month Treasury bills, per cent a year."""


def funding_of(turn: Turn) -> Funding | None:
    """Return the capital of both engines; None before the account is known."""
    account, inputs = turn.state.account, turn.state.inputs
    if account is None:
        return None
    params = turn.rules.params.capital
    return funding(account.net_liquidation, inputs.facilities, turn.at, params)


def risk_free(turn: Turn) -> float | None:
    """Return the newest three-month rate in per cent; None where it is too old."""
    series = turn.state.inputs.macro.get(RISK_FREE)
    if series is None or not series.points:
        return None
    day, rate = series.points[-1]
    age = (new_york_date(turn.at) - day).days
    return rate if age <= turn.rules.params.capital.rate_days else None


def cost_of(turn: Turn, delta: float, spot: float) -> Cost | None:
    """Return the cost of capital with a net delta (USD per SPX point) in the book."""
    account, found = turn.state.account, funding_of(turn)
    if account is None or found is None:
        return None
    facilities = turn.state.inputs.facilities
    return capital_cost(
        equity=found.equity,
        delta=delta,
        spot=spot,
        risk_free=risk_free(turn),
        facilities=() if facilities is None else facilities.facilities,
        margin_debit=max(-account.cash, 0.0),
        debit_rate=None if facilities is None else facilities.margin_debit_rate,
        params=turn.rules.params.capital,
    )
