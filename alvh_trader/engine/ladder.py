"""The optional base ladder: fill and renew its rungs for the book as a whole.

Its orders have no case, its lots belong to nobody's hedge: they count in the stress of
the book and never as what step 3 must have (alvh.md §4.3).
"""

from datetime import timedelta

from alvh_trader.domain.instrument import Option
from alvh_trader.domain.money import option_ticks
from alvh_trader.domain.order import Layer, Leg, Order, Purpose
from alvh_trader.engine.budget import year_left
from alvh_trader.engine.evaluation import series_chain
from alvh_trader.engine.harvest import sell
from alvh_trader.engine.hedging import is_reconciled
from alvh_trader.engine.identity import order_max
from alvh_trader.engine.lots import at_work
from alvh_trader.engine.orders import new_ref, submit
from alvh_trader.engine.targets import ladder_series, ladder_work
from alvh_trader.engine.turn import Turn
from alvh_trader.execution.walk import HEDGE_RUNG, hedge_ladder
from alvh_trader.pricing.chain import PricedChain
from alvh_trader.strategy.finding import Finding
from alvh_trader.strategy.hedge import liquidity
from alvh_trader.strategy.ladder import Work
from alvh_trader.strategy.monetise import Selling

EVERY = timedelta(minutes=10)
"""How often the ladder is looked at; an order of it works for less."""

ORDER_MAX = timedelta(seconds=180)
RUNG = "RUNG"
"""Why an aged call of the ladder is sold."""


def look(turn: Turn) -> None:
    """Buy what a rung lacks, or sell what has aged in it; one order at a time."""
    looked = turn.state.ladder_looked
    if not turn.rules.params.base_ladder.enabled or turn.state.day is None:
        return
    if looked is not None and turn.at - looked < EVERY:
        return
    live = [t for t in turn.state.tickets.values() if t.is_live and not t.order.case]
    if live:
        return
    for work in ladder_work(turn):
        if _buy(turn, work) if work.buy else _sell(turn, work):
            turn.put(ladder_looked=turn.at)
            return


def _buy(turn: Turn, work: Work) -> bool:
    """Offer for what a rung lacks; return whether an order was tried."""
    series = ladder_series(turn, work)
    chain = None if series is None else series_chain(turn, *series, spot=None)
    if chain is None or (turn.rules.may_trade and not is_reconciled(turn)):
        return False
    found = _call(turn, chain, work.buy)
    if found is None:
        return False
    option, bid, ask, market = found
    cost = ask * option.multiplier * work.buy
    left = year_left(turn)
    value, bound = f"{left:.2f} USD left", f">= {cost:.2f} USD"
    year = Finding("hedge cost of the year", value, bound, cost <= left)
    if not year.holds:
        return False
    rungs = hedge_ladder(bid, ask, option_ticks(option.trading_class))
    most = order_max(turn, turn.rules.limits.hedge_contracts_per_order_max)
    order = Order(
        ref=new_ref(turn, "", Purpose.HEDGE),
        case="",
        purpose=Purpose.HEDGE,
        legs=(Leg(option, 1),),
        quantity=min(work.buy, most),
        limit=rungs[0],
        layer=Layer.BASE,
    )
    refused = submit(turn, order, (rungs, HEDGE_RUNG, ORDER_MAX))
    told = (market, year) if refused is None else refused.findings
    rung = Finding("rung", f"{order.quantity} calls", f"{work.tenor} days", True)
    done = "filled" if refused is None else "refused"
    turn.note("", f"the base ladder is {done}", (rung, *told))
    return True


def _call(
    turn: Turn, chain: PricedChain, count: int
) -> tuple[Option, float, float, Finding] | None:
    """Return the liquid call nearest to the wanted delta, with its market."""
    params, delta = turn.rules.params, chain.greeks.delta
    wanted = params.base_ladder.delta
    calls = [
        (abs(float(delta[i]) - wanted), i)
        for i, option in enumerate(chain.chain.options)
        if option.is_call
    ]
    for distance, i in sorted(calls):
        market = liquidity(chain.chain, i, count, params.hedge)
        if distance <= params.hedge.delta and market.holds:
            bid, ask = float(chain.chain.bid[i]), float(chain.chain.ask[i])
            return chain.chain.options[i], bid, ask, market
    return None


def _sell(turn: Turn, work: Work) -> bool:
    """Sell the first aged lot of a rung whose fresh calls are there."""
    for ref in work.sell:
        lot = turn.state.lots.get(ref)
        if lot is not None and not at_work(turn.state, lot):
            bound = f"{work.tenor} days"
            aged = Finding("rung", f"{lot.units} aged calls", bound, True)
            selling = Selling(why=RUNG, units=lot.units, keep=0, findings=(aged,))
            return sell(turn, lot, selling)
    return False
