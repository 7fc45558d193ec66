"""The parity guard: measure every watched series before anything is read from it.

While a series is dislocated its last good quotes stand in, so that neither EDR nor a
hedge ratio nor a forward follows it; no roll leaves and working ones are cancelled.
Nothing is ever traded for parity's sake (alvh.md §8.4).
"""

from datetime import datetime, time

from msgspec.structs import replace

from alvh_trader.domain.calendar import NEW_YORK
from alvh_trader.domain.instrument import Future, Option
from alvh_trader.engine.case import Case
from alvh_trader.engine.command import Severity
from alvh_trader.engine.evaluation import spot_of
from alvh_trader.engine.instant import Series
from alvh_trader.engine.orders import cancel_rolls
from alvh_trader.engine.proof import lots_of
from alvh_trader.engine.state import series_key
from alvh_trader.engine.turn import Turn
from alvh_trader.pricing.chain import Chain
from alvh_trader.signals.parity import Good, Guard, Residual, advance, residual_of
from alvh_trader.strategy.finding import Finding

INDEX_SETTLES = time(9, 45)
"""Before it the index is made of yesterday's prices of stocks that have not opened."""


def look(turn: Turn) -> None:
    """Measure every watched option series, and hold what is in doubt."""
    before = turn.state.parity
    found = {
        series_key(*series): _measured(turn, series) for series in turn.instant.series
    }
    held = {key: guard.good for key, guard in found.items() if guard.is_held}
    turn.put(parity=found)
    if held != turn.state.held:
        turn.put(held=held)
    for key, guard in found.items():
        was = before.get(key, Guard())
        if guard.is_dislocated != was.is_dislocated:
            _tell(turn, key, guard)


def _measured(turn: Turn, series: Series) -> Guard:
    """Return the guard of a series after this instant's quotes."""
    guard = turn.state.parity.get(series_key(*series), Guard())
    chain = turn.instant.live_chain(series)
    spot = spot_of(turn.state)
    seen = None if chain is None else _residual(turn, chain, guard, spot)
    guard = advance(guard, seen, turn.at, turn.rules.params.parity)
    if chain is None or seen is None or guard.is_held:
        return guard
    quotes = {
        o.con_id: quote
        for o in chain.options
        if (quote := turn.state.quotes.get(o.con_id)) is not None
    }
    is_spx = chain.options[0].symbol == "SPX"
    good = Good(
        at=turn.at,
        spot=spot if is_spx else None,
        forward=seen.forward,
        quotes=quotes,
    )
    return replace(guard, good=good)


def _residual(
    turn: Turn, chain: Chain, guard: Guard, spot: float | None
) -> Residual | None:
    params = turn.rules.params.parity
    is_spx = chain.options[0].symbol == "SPX"
    return residual_of(
        chain.pairs,
        chain.tau,
        chain.rate,
        anchor=_by_index(turn.at, guard.good, spot)
        if is_spx
        else _by_future(turn, chain),
        least=params.points if is_spx else params.points_vix,
        params=params,
    )


def _by_index(at: datetime, good: Good | None, spot: float | None) -> float | None:
    """Return the forward that the index and today's last good basis give."""
    if good is None or good.spot is None or spot is None:
        return None
    now, then = at.astimezone(NEW_YORK), good.at.astimezone(NEW_YORK)
    if now.date() != then.date() or then.time() < INDEX_SETTLES:
        return None
    return good.forward * spot / good.spot


def _by_future(turn: Turn, chain: Chain) -> float | None:
    """Return the price of the VIX future that settles with the series, if quoted."""
    return next(
        (
            turn.instant.vix_forward(each)
            for each in turn.state.watched
            if isinstance(each, Future) and each.expiry == chain.expiry
        ),
        None,
    )


def _tell(turn: Turn, key: str, guard: Guard) -> None:
    seen = guard.residual
    assert seen is not None, "a verdict changes by a measurement"
    text = f"{seen.points:.3f} points"
    found = Finding(
        f"distance from parity, {key}",
        text,
        f"<= {seen.bound:.3f} points",
        not guard.is_dislocated,
    )
    names = ("GOOD", "DISLOCATED")
    is_off = guard.is_dislocated
    turn.decide("", names[not is_off], names[is_off], "PARITY", (found,))
    if not is_off:
        return
    turn.alert(
        "dislocated",
        Severity.WARNING,
        "",
        f"calls and puts of {key} disagree by {text} (bound {seen.bound:.3f}): "
        "EDR and hedge ratios stand still, nothing is rolled",
    )
    for case in tuple(turn.state.cases.values()):
        if key in _keys_of(turn, case):
            cancel_rolls(turn, case.case_id)


def _keys_of(turn: Turn, case: Case) -> set[str]:
    """Return the series that a case, its hedge and its roll stand on."""
    options = [
        leg.instrument
        for lot in lots_of(turn.state, case.case_id)
        for leg in lot.legs
        if isinstance(leg.instrument, Option)
    ]
    options += [leg.option for leg in case.legs]
    options += [side.new.short for side in (case.roll.sides if case.roll else ())]
    return {series_key(o.trading_class, o.last_trade) for o in options}
