"""The capital of both engines and its cost, from the account and the inputs."""

from alvh_trader.capital.cost import Cost, capital_cost
from alvh_trader.capital.facilities import Funding, funding
from alvh_trader.domain.freshness import Part, age_of, known
from alvh_trader.engine.turn import Turn


def funding_of(turn: Turn) -> Funding | None:
    """Return the capital of both engines; None before the account is known."""
    account, inputs = turn.state.account, turn.state.inputs
    if account is None:
        return None
    params = turn.rules.params.capital
    return funding(account.net_liquidation, inputs.facilities, turn.at, params)


def risk_free(turn: Turn) -> float | None:
    """Return the three-month Treasury bill in per cent; None where it is too old."""
    inputs = turn.state.inputs
    series = inputs.macro.get(Part.BILL)
    if series is None or not age_of(inputs, Part.BILL, turn.at).is_fresh:
        return None
    return known(series, turn.at)[-1][1]


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
