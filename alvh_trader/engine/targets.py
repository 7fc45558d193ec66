"""Where to look: the series a hedge is bought in and a roll goes to, and strikes."""

import math
from collections.abc import Iterator
from datetime import date, time

from alvh_trader.domain.calendar import NEW_YORK, new_york_date
from alvh_trader.domain.instrument import Future, Option
from alvh_trader.domain.order import Layer
from alvh_trader.engine.case import Case
from alvh_trader.engine.evaluation import series_chain, spot_of, vix_of
from alvh_trader.engine.lots import quarter_of
from alvh_trader.engine.proof import is_hedged, lasts, overlay_of
from alvh_trader.engine.state import series_key
from alvh_trader.engine.turn import Turn
from alvh_trader.pricing.chain import PricedChain
from alvh_trader.strategy.candidates import wanted
from alvh_trader.strategy.condor import Guess
from alvh_trader.strategy.entry import entry_options, entry_series
from alvh_trader.strategy.hedge import FUTURES
from alvh_trader.strategy.ladder import Held as Rung
from alvh_trader.strategy.ladder import Work, series_for, work
from alvh_trader.strategy.phase import Phase
from alvh_trader.strategy.policy import policy_of
from alvh_trader.strategy.vix_series import MONTHLY, choose_series, series_of

Series = tuple[str, date]
"""Trading class and last trading day."""

FUTURES_MAX = 6
"""VIX futures that are watched as hedges: three months of either size."""

RENEWING = frozenset({Phase.MONITOR, Phase.ARMED, Phase.COOLDOWN})
"""Phases in which nothing else replaces a hedge that expires."""

TENOR_WINDOW = 30
"""Days after a tenor of layer 2 within which its series settles."""

NOTING = (time(15, 0), time(15, 30))
"""When the price of layer 2 is noted each session, New York time."""

LOOKED_AT = 6
"""Minutes of each hour in which layer 2 may be bought."""

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


def hedge_futures(turn: Turn) -> tuple[Future, ...]:
    """Return the VIX futures that the operator lists as hedges, the next three."""
    kinds = turn.rules.params.hedge.instruments
    classes = {FUTURES[kind] for kind in kinds if kind in FUTURES}
    found = [
        future
        for future in turn.state.futures.get("VIX", ())
        if future.trading_class in classes
    ]
    return tuple(sorted(found, key=lambda f: (f.expiry, f.trading_class))[:FUTURES_MAX])


def is_renewing(turn: Turn, case: Case) -> bool:
    """Return whether a hedge that is about to expire must be replaced now (§4.7).

    Where the case is in its sequence, that replaces it; an EDR that is not known
    replaces nothing.
    """
    if case.phase not in RENEWING or case.edr is None:
        return False
    if case.edr < turn.rules.params.edr.levels.clear or is_hedged(turn, case):
        return False
    lots = overlay_of(turn.state, case.case_id)
    return bool(lots) and not any(lasts(turn, lot) for lot in lots)


def ladder_work(turn: Turn) -> tuple[Work, ...]:
    """Return what the rungs of the base ladder need now (alvh.md §4.3).

    Calls that somebody else holds are counted, so that they are not bought again.
    """
    state, params = turn.state, turn.rules.params.base_ladder
    if not params.enabled or state.day is None:
        return ()
    today, held = state.day, []
    booked: dict[int, int] = {}
    for lot in state.lots.values():
        for leg in lot.legs:
            con_id = leg.instrument.con_id
            booked[con_id] = booked.get(con_id, 0) + lot.units * leg.ratio
        if lot.layer is Layer.BASE and lot.units > 0:
            bought = (lot.main.expiry - new_york_date(lot.bought)).days
            left = (lot.main.expiry - today).days
            held.append(Rung(ref=lot.ref, units=lot.units, bought_dte=bought, dte=left))
    for con_id, position in state.positions.items():
        option, free = position.instrument, position.quantity - booked.get(con_id, 0)
        if isinstance(option, Option) and option.symbol == "VIX" and option.is_call:
            days = option.dte(today)
            if free > 0 and days > min(params.renewed_at):
                held.append(Rung(ref="", units=free, bought_dte=days, dte=days))
    condors = sum(
        c.condor.quantity for c in state.cases.values() if c.phase is not Phase.CLOSED
    )
    return work(held, params, condors, vix_of(state))


def ladder_series(turn: Turn, needed: Work) -> Series | None:
    """Return the series in which a rung is filled, None where none is listed."""
    state, calendar = turn.state, turn.rules.calendar
    if state.day is None:
        return None
    listed = series_of(state.series.get("VIX", ()), calendar)
    best = series_for(needed, listed, state.day)
    return None if best is None else (best.trading_class, best.last_trade)


def ladder_wanted(turn: Turn) -> tuple[Series, ...]:
    """Return the series that the rungs to be filled are looked for in."""
    found = (ladder_series(turn, needed) for needed in ladder_work(turn) if needed.buy)
    return tuple(series for series in found if series is not None)


def is_layer2_called(turn: Turn, case: Case) -> bool:
    """Return whether divergence or a weak RSI calls for layer 2 of a case now.

    Layer 2 adds to layer 1 (alvh.md §4.2): a condor that nothing has threatened needs
    neither, whatever breadth does.
    """
    if turn.state.signals.layer2 is not True:
        return False
    is_added = bool(overlay_of(turn.state, case.case_id))
    return is_added or not turn.rules.params.layer2.adds_only


def layer2_left(turn: Turn, case: Case) -> float:
    """Return what layer 2 may still cost for a case in this quarter, in USD."""
    if turn.state.day is None:
        return 0.0
    is_this = case.layer2_quarter == quarter_of(turn.state.day)
    spent = case.layer2_spent if is_this else 0.0
    return turn.rules.params.layer2.share * case.condor.risk_notional - spent


def layer2_series(turn: Turn) -> tuple[Series, ...]:
    """Return the monthly VIX series of layer 2: the first after each tenor."""
    state, calendar = turn.state, turn.rules.calendar
    if state.day is None:
        return ()
    listed = series_of(state.series.get("VIX", ()), calendar)
    found = []
    for tenor in turn.rules.params.layer2.tenors:
        monthly = [
            s
            for s in listed
            if s.trading_class == MONTHLY
            and tenor <= (s.expiry - state.day).days <= tenor + TENOR_WINDOW
        ]
        if monthly:
            first = min(monthly, key=lambda s: s.expiry)
            found.append((first.trading_class, first.last_trade))
    return tuple(found)


def is_layer2_watched(turn: Turn) -> bool:
    """Return whether the options of layer 2 must be seen now.

    For some minutes of each hour while it may be bought, and for half an hour a
    session to note what it costs: what is bought for months is in no hurry, and its
    options are half of all streams.
    """
    state, params = turn.state, turn.rules.params.layer2
    if not params.enabled or state.day is None or not state.cases:
        return False
    clock = turn.at.astimezone(NEW_YORK).time()
    if NOTING[0] <= clock < NOTING[1]:
        return True
    return clock.minute < LOOKED_AT and any(
        (is_layer2_called(turn, case) or state.l2_fund > 0)
        and case.layer2_day != state.day
        and case.phase is not Phase.CLOSED
        and layer2_left(turn, case) > 0.1 * params.share * case.condor.risk_notional
        for case in state.cases.values()
    )


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
