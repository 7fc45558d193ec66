"""Where to look: the series a hedge is bought in and a roll goes to, and strikes."""

import math
from collections.abc import Iterator
from datetime import date

from alvh_trader.domain.instrument import Option
from alvh_trader.engine.case import Case
from alvh_trader.engine.evaluation import series_chain, spot_of, vix_of
from alvh_trader.engine.state import series_key
from alvh_trader.engine.turn import Turn
from alvh_trader.pricing.chain import PricedChain
from alvh_trader.strategy.candidates import Guess, wanted
from alvh_trader.strategy.expiries import choose_expiries
from alvh_trader.strategy.hedge import choose_series, series_of

Series = tuple[str, date]
"""Trading class and last trading day."""

CALLS_BELOW = 0.90
CALLS_ABOVE = 2.0
CALLS_MAX = 18
"""Calls that can have a delta between 0.15 and 0.55 lie in this part of VIX."""


def hedge_series(turn: Turn) -> tuple[Series, ...]:
    """Return the VIX series to buy, or none where no expiry fits (alvh.md §4.6)."""
    state, calendar = turn.state, turn.rules.calendar
    listed = state.series.get("VIX", ())
    if not listed or state.day is None:
        return ()
    chosen = choose_series(
        series_of(listed, calendar), state.day, calendar, turn.rules.params.hedge
    )
    return tuple((s.trading_class, s.last_trade) for s in chosen[:1])


def hedge_strikes(turn: Turn, trading_class: str, last_trade: date) -> Iterator[Option]:
    """Yield the calls of a VIX series that may be near the wanted delta."""
    quote = turn.state.index_quote("VIX")
    options = turn.state.options.get(series_key(trading_class, last_trade), ())
    if quote is None or quote.last is None:
        return
    low, high = CALLS_BELOW * quote.last, CALLS_ABOVE * quote.last
    calls = [o for o in options if o.is_call and low <= o.strike <= high]
    yield from sorted(calls, key=lambda o: o.strike)[:CALLS_MAX]


def roll_series(turn: Turn, case: Case) -> tuple[Series, ...]:
    """Return the series to roll to, of the condor's class and as its reason asks."""
    state, params = turn.state, turn.rules.params
    if case.roll is not None:
        new = case.roll.sides[0].new.short
        return ((new.trading_class, new.last_trade),)
    listed = state.series.get("SPX", ())
    if not listed or state.day is None:
        return ()
    own_class = case.condor.verticals[0].short.trading_class
    days = choose_expiries(
        listed, case.condor, state.day, params.condor, params.roll, case.reason
    )
    return tuple((own_class, day) for day in days[:1])


def roll_legs(turn: Turn, case: Case) -> Iterator[Option]:
    """Yield the options whose quotes the candidates need."""
    spot, vix = spot_of(turn.state), vix_of(turn.state)
    if spot is None or vix is None or turn.state.day is None:
        return
    for trading_class, last_trade in roll_series(turn, case):
        options = turn.state.options.get(series_key(trading_class, last_trade), ())
        if not options:
            continue
        chain = roll_chain(turn, case)
        atm = math.nan if chain is None else chain.atm()
        guess = vix / 100.0 * turn.rules.params.atm_over_vix
        guessed = Guess(
            spot=spot,
            sigma=guess if math.isnan(atm) else atm,
            dte=float(options[0].dte(turn.state.day)),
        )
        yield from wanted(options, case.condor, guessed, turn.rules.params)


def roll_chain(turn: Turn, case: Case) -> PricedChain | None:
    """Return the watched part of the series to roll to, priced."""
    for trading_class, last_trade in roll_series(turn, case):
        return series_chain(turn, trading_class, last_trade, spot=spot_of(turn.state))
    return None
