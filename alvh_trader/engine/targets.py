"""Where to look: the series a hedge is bought in and a roll goes to, and strikes."""

import math
from collections.abc import Iterator
from datetime import date

from alvh_trader.domain.calendar import new_york_date
from alvh_trader.domain.instrument import Option
from alvh_trader.engine.case import Case
from alvh_trader.engine.evaluation import series_chain, spot_of, vix_of
from alvh_trader.engine.state import series_key
from alvh_trader.engine.turn import Turn
from alvh_trader.pricing.chain import PricedChain
from alvh_trader.strategy.candidates import wanted
from alvh_trader.strategy.condor import Guess
from alvh_trader.strategy.entry import entry_options, entry_series
from alvh_trader.strategy.hedge import choose_series, series_of
from alvh_trader.strategy.policy import policy_of

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
    policy = policy_of(case.reason, params)
    days = policy.expiries(listed, case.condor, state.day)
    return tuple((own_class, day) for day in days[:1])


def roll_legs(turn: Turn, case: Case) -> Iterator[Option]:
    """Yield the options whose quotes the candidates need."""
    for trading_class, last_trade in roll_series(turn, case):
        options = turn.state.options.get(series_key(trading_class, last_trade), ())
        if not options:
            continue
        guess = _guess(turn, roll_chain(turn, case), options[0])
        if guess is not None:
            yield from wanted(options, case.condor, guess, turn.rules.params)


def roll_chain(turn: Turn, case: Case) -> PricedChain | None:
    """Return the watched part of the series to roll to, priced."""
    for trading_class, last_trade in roll_series(turn, case):
        return series_chain(turn, trading_class, last_trade, spot=spot_of(turn.state))
    return None


def _guess(turn: Turn, chain: PricedChain | None, one: Option) -> Guess | None:
    """Return what the series of an option is likely to look like."""
    spot, vix = spot_of(turn.state), vix_of(turn.state)
    if spot is None or vix is None or turn.state.day is None:
        return None
    atm = math.nan if chain is None else chain.atm()
    return Guess(
        spot=spot,
        sigma=vix / 100.0 * turn.rules.params.atm_over_vix if math.isnan(atm) else atm,
        dte=float(one.dte(turn.state.day)),
    )


def open_series(turn: Turn) -> Series | None:
    """Return the series to open a condor in; None where none is known to fit."""
    state = turn.state
    if state.day is None:
        return None
    fomc = state.inputs.fomc
    chosen = entry_series(
        state.series.get("SPX", ()),
        state.day,
        turn.rules.params.condor,
        turn.rules.calendar,
        () if fomc is None else [new_york_date(m.released) for m in fomc.meetings],
    )
    return None if chosen is None else (chosen.trading_class, chosen.last_trade)


def open_legs(turn: Turn) -> Iterator[Option]:
    """Yield the options whose quotes a new condor is chosen by."""
    series = open_series(turn)
    options = turn.state.options.get(series_key(*series), ()) if series else ()
    if series is None or not options:
        return
    guess = _guess(turn, open_chain(turn), options[0])
    if guess is not None:
        yield from entry_options(options, guess, turn.rules.params.condor)


def open_chain(turn: Turn) -> PricedChain | None:
    """Return the watched part of the series to open a condor in, priced."""
    series = open_series(turn)
    if series is None:
        return None
    return series_chain(turn, *series, spot=spot_of(turn.state))
