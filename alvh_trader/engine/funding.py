"""The capital of both engines and its cost, from the account and the inputs."""

from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from alvh_trader.capital.cost import Cost, capital_cost, facility_rate
from alvh_trader.capital.dividends import index_factor
from alvh_trader.capital.facilities import (
    Funding,
    available,
    due,
    funding,
    hindrance,
    interest,
    known_treasury,
    shock,
    stablecoin_haircut,
)
from alvh_trader.capital.liquidity import Light, Liquidity
from alvh_trader.domain.freshness import Part, age_of, known
from alvh_trader.domain.inputs import Facilities
from alvh_trader.engine.capital import Line
from alvh_trader.engine.state import State
from alvh_trader.engine.turn import Turn

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)

STRESS_AGE_MAX = timedelta(minutes=10)
"""A 2-sigma test that is older says nothing of now (it is made every five)."""


def stated(state: State) -> Facilities | None:
    """Return what the operator states; what is no longer stated is stale for good.

    A file that has gone, or cannot be read any more, does not pay back a debt.
    """
    facilities = state.inputs.facilities
    if facilities is not None or state.capital is None:
        return facilities
    last = state.capital.facilities
    if last is None:
        return None
    lines = tuple(replace(f, as_of=LONG_AGO) for f in last.facilities)
    treasury = last.treasury and replace(last.treasury, as_of=LONG_AGO)
    return replace(last, facilities=lines, treasury=treasury)


def funding_of(turn: Turn) -> Funding | None:
    """Return the capital of both engines; None before the account is known."""
    account = turn.state.account
    if account is None:
        return None
    params = turn.rules.params.capital
    return funding(account.net_liquidation, stated(turn.state), turn.at, params)


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
    facilities = stated(turn.state)
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


def largest_delta(turn: Turn, delta: float) -> float:
    """Return the net delta of one case, or that of the whole book where it is more.

    The book's is of the last minute.
    """
    view = turn.state.capital
    known = None if view is None else view.delta
    return delta if known is None else max(delta, known, key=abs)


def light_of(state: State) -> Light:
    """Return the colour of the outside capital's liquidity; amber until measured."""
    return Light.AMBER if state.capital is None else state.capital.allocation.light


def lines_of(turn: Turn) -> tuple[Line, ...]:
    """Return every facility as it counts now."""
    facilities, params = stated(turn.state), turn.rules.params.capital
    return tuple(
        Line(
            id=f.id,
            type=f.type,
            limit=f.limit,
            drawn=f.drawn,
            available=available(f, turn.at, params),
            available_in_stress=available(f, turn.at, params, is_stressed=True),
            rate=facility_rate(f, params),
            hindrance=hindrance(f, turn.at, params),
        )
        for f in (() if facilities is None else facilities.facilities)
    )


def loss_of(turn: Turn) -> float | None:
    """Return what the worst 2-sigma shock takes from condors and hedges, USD.

    None where the book could not be valued lately.
    """
    test = turn.state.book_test
    if test is None or test.stress is None or turn.at - test.at > STRESS_AGE_MAX:
        return None
    worst = test.stress.worst
    return max(-(worst.case + worst.hedge), 0.0)


def liquidity_of(turn: Turn) -> Liquidity | None:
    """Return what is liquid and what may be due, under the 2-sigma stress (§7.6).

    The margin call that is projected is the whole loss, as in the worked example; the
    account's cash counts as far as no margin needs it. None where the treasury's
    statement is missing or old, or the stress is not known.
    """
    facilities, account = stated(turn.state), turn.state.account
    treasury, loss = known_treasury(facilities, turn.at), loss_of(turn)
    if account is None or loss is None or facilities is None or treasury is None:
        return None
    params, lines = turn.rules.params.capital, facilities.facilities
    free = max(min(account.cash, account.available_funds), 0.0)
    return Liquidity(
        cash=treasury.cash + free,
        bills=treasury.bills,
        stablecoins=treasury.stablecoins,
        haircut=stablecoin_haircut(facilities, params),
        due=due(lines, turn.at, params) + max(-account.cash, 0.0),
        interest=interest(lines, params.due_days, params),
        stress_call=loss + shock(facilities, params),
    )


def hedge_factor(turn: Turn, spot: float | None) -> float:
    """Return by what the index lifts the hedge's target (§7.8); 1 where not known."""
    index = turn.state.inputs.index
    is_fresh = age_of(turn.state.inputs, Part.INDEX, turn.at).is_fresh
    if spot is None or not is_fresh:
        return 1.0
    return index_factor(spot, index, risk_free(turn), turn.rules.params.capital)
