"""What the engine needs to see: the streams to watch and the questions to ask.

Both follow from the state after every step, so that a restart or a lost stream needs
no special case: whatever is wanted and not there is asked for again.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta

from alvh_trader.domain.instrument import Instrument, Option
from alvh_trader.engine import vx
from alvh_trader.engine.case import Case, HedgeLot
from alvh_trader.engine.command import (
    Command,
    ListExpiries,
    ListHours,
    ListOptions,
    RequestBars,
    Watch,
)
from alvh_trader.engine.state import State, series_key
from alvh_trader.engine.targets import (
    hedge_futures,
    hedge_series,
    hedge_strikes,
    is_layer2_watched,
    is_renewing,
    ladder_wanted,
    layer2_series,
    open_legs,
    open_series,
    roll_legs,
    roll_series,
)
from alvh_trader.engine.turn import Turn
from alvh_trader.pricing.black76 import years
from alvh_trader.pricing.forward import carry_forward
from alvh_trader.strategy.phase import Phase

ASK_AGAIN = timedelta(seconds=60)
"""An unanswered question is asked again after so long."""

ASK_LATER = timedelta(hours=1)
"""Likewise what only the panel needs: an account may lack the data altogether."""

REVIEW = timedelta(seconds=120)

BARS = 120
"""Sessions of daily bars: the MACD needs 60 and forgets its first value by then."""

ATM_STRIKES = 5
"""Strikes around the forward whose calls and puts give it; the guard asks for five."""

REACH = 2 * ATM_STRIKES
"""Options on either side of the forward among which the nearest are found."""

LINES_MAX = 95
"""Streams at once; the broker allows 100 (gateway.md §5.5)."""

INDEXES = ("SPX", "VIX", "VIX9D", "AD-NYSE")

PREPARING = frozenset(Phase) - {
    Phase.MONITOR,
    Phase.CLOSED,
    Phase.MANUAL,
    Phase.CLOSING,
    Phase.COOLDOWN,
}
"""Phases in which the option lists of hedge and roll are got ready."""

CHOOSING_HEDGE = frozenset({Phase.HEDGE_PLAN, Phase.HEDGE_WORKING})
CHOOSING_ROLL = frozenset(
    {Phase.HEDGE_PLAN, Phase.ROLL_PLAN, Phase.ROLL_WORKING, Phase.SPLIT_HOLD}
)
"""Phases in which the candidates themselves are watched."""


def settle_wants(turn: Turn, *, is_quiet: bool) -> None:
    """Ask for what is missing, and watch exactly what is needed.

    `is_quiet` says that only quotes moved: then once in `REVIEW` is enough.
    """
    state = turn.state
    if not state.is_connected or not state.is_link_up or state.day is None:
        return
    reviewed = state.wants_reviewed
    if is_quiet and reviewed is not None and turn.at - reviewed < REVIEW:
        return
    turn.put(wants_reviewed=turn.at)
    _ask(turn, _questions(turn), ASK_AGAIN)
    _ask(turn, _questions_of_signals(turn), ASK_LATER)
    wanted = tuple(_first(_streams(turn), LINES_MAX))
    if wanted != state.watched:
        turn.put(watched=wanted)
        turn.ask(Watch(instruments=wanted))


def _ask(
    turn: Turn, questions: Iterable[tuple[str, Command]], again: timedelta
) -> None:
    for key, question in questions:
        asked = turn.state.asked.get(key)
        if asked is None or turn.at - asked >= again:
            turn.put(asked={**turn.state.asked, key: turn.at})
            turn.ask(question)


def _first(instruments: Iterable[Instrument], most: int) -> Iterator[Instrument]:
    seen: set[int] = set()
    for instrument in instruments:
        if instrument.con_id not in seen and len(seen) < most:
            seen.add(instrument.con_id)
            yield instrument


def _open_cases(state: State) -> list[Case]:
    return [
        c
        for c in state.cases.values()
        if c.phase is not Phase.CLOSED and c.condor.is_ordinary
    ]


def _tradable_lots(state: State) -> list[HedgeLot]:
    today = state.day
    return [
        x
        for x in state.lots.values()
        if today and x.last_trade >= today and x.units > 0
    ]


def _questions(turn: Turn) -> Iterator[tuple[str, Command]]:
    state = turn.state
    if all(hours.day != state.day for hours in state.link.hours):
        yield "hours SPX", ListHours(symbol="SPX")
    for symbol in ("SPX", "VIX"):
        if symbol not in state.bars:
            yield f"bars {symbol}", RequestBars(symbol=symbol, sessions=BARS)
    for lot in _tradable_lots(state):
        main = lot.main
        if isinstance(main, Option):
            yield from _list(state, "VIX", main.trading_class, main.last_trade)
    for case in _open_cases(state):
        for trading_class, last_trade in case.series:
            yield from _list(state, "SPX", trading_class, last_trade)
        if case.phase in PREPARING or is_renewing(turn, case):
            yield from _prepare(turn, case)
    if state.entry.seeks:
        if "SPX" not in state.series:
            yield "series SPX", ListExpiries(symbol="SPX")
        elif (series := open_series(turn)) is not None:
            yield from _list(state, "SPX", *series)
    yield from _questions_of_longer(turn)


def _questions_of_longer(turn: Turn) -> Iterator[tuple[str, Command]]:
    is_wanted = is_layer2_watched(turn) or turn.rules.params.base_ladder.enabled
    if is_wanted and "VIX" not in turn.state.series:
        yield "series VIX", ListExpiries(symbol="VIX")
    for trading_class, last_trade in _longer(turn):
        yield from _list(turn.state, "VIX", trading_class, last_trade)


def _questions_of_signals(turn: Turn) -> Iterator[tuple[str, Command]]:
    state = turn.state
    for symbol, sessions in (("VVIX", BARS), ("VIX3M", 1)):
        if symbol in state.indexes and symbol not in state.bars:
            yield f"bars {symbol}", RequestBars(symbol=symbol, sessions=sessions)
    yield from vx.questions(state, turn.rules.calendar)


def _prepare(turn: Turn, case: Case) -> Iterator[tuple[str, Command]]:
    state = turn.state
    for symbol in ("SPX", "VIX"):
        if symbol not in state.series:
            yield f"series {symbol}", ListExpiries(symbol=symbol)
    for trading_class, last_trade in hedge_series(turn):
        yield from _list(state, "VIX", trading_class, last_trade)
    for trading_class, last_trade in roll_series(turn, case):
        yield from _list(state, "SPX", trading_class, last_trade)


def _list(
    state: State, symbol: str, trading_class: str, last_trade: date
) -> Iterator[tuple[str, Command]]:
    key = series_key(trading_class, last_trade)
    if key not in state.options:
        question = ListOptions(
            symbol=symbol, trading_class=trading_class, last_trade=last_trade
        )
        yield f"options {key}", question


def _streams(turn: Turn) -> Iterator[Instrument]:
    """Yield what must be seen, the most important first."""
    state = turn.state
    for symbol in INDEXES:
        if symbol in state.indexes:
            yield state.indexes[symbol]
    cases = _open_cases(state)
    for case in cases:
        yield from (leg.option for leg in case.legs)
        if case.roll is not None:
            for side in case.roll.sides:
                yield from (side.new.short, side.new.long)
    if state.entry.condor is not None:
        yield from (p.instrument for p in state.entry.condor.positions())
    yield from _of_hedges(turn)
    yield from _of_orders(state)
    for case in cases:
        for trading_class, last_trade in case.series:
            yield from _near(turn, trading_class, last_trade)
    for case in cases:
        yield from _of_choices(turn, case)
    yield from _of_longer(turn)
    if state.entry.is_under_way and (series := open_series(turn)) is not None:
        yield from _near(turn, *series)
        if state.entry.seeks:
            yield from open_legs(turn)
    yield from _of_rejected(turn)


def _of_longer(turn: Turn) -> Iterator[Instrument]:
    """Yield what layer 2 and the base ladder are chosen among."""
    state = turn.state
    for trading_class, last_trade in _longer(turn):
        yield from _near(turn, trading_class, last_trade)
        yield from hedge_strikes(turn, trading_class, last_trade)
    if (state.signals.layer2 or state.l2_fund > 0) and "VVIX" in state.indexes:
        # It only says whether calls of layer 2 are dear: no reason to see it always.
        yield state.indexes["VVIX"]


def _longer(turn: Turn) -> tuple[tuple[str, date], ...]:
    """Return the VIX series of layer 2 and of the base ladder that are needed now."""
    layer2 = layer2_series(turn) if is_layer2_watched(turn) else ()
    return tuple(dict.fromkeys((*layer2, *ladder_wanted(turn))))


def _of_hedges(turn: Turn) -> Iterator[Instrument]:
    """Yield the hedges held, and what their forwards are read from."""
    for lot in _tradable_lots(turn.state):
        yield from (leg.instrument for leg in lot.legs)
        if isinstance(lot.main, Option):
            yield from _near(turn, lot.main.trading_class, lot.main.last_trade)


def _of_orders(state: State) -> Iterator[Instrument]:
    """Yield what live orders are made of: their next limits are worked out from it."""
    for ticket in state.tickets.values():
        if ticket.is_live:
            yield from (leg.instrument for leg in ticket.order.legs)


def _of_choices(turn: Turn, case: Case) -> Iterator[Instrument]:
    """Yield what a hedge or a roll is chosen among."""
    if case.phase in CHOOSING_HEDGE or is_renewing(turn, case):
        for trading_class, last_trade in hedge_series(turn):
            yield from _near(turn, trading_class, last_trade)
            yield from hedge_strikes(turn, trading_class, last_trade)
        yield from hedge_futures(turn)
    if case.phase in CHOOSING_ROLL:
        for trading_class, last_trade in roll_series(turn, case):
            yield from _near(turn, trading_class, last_trade)
        if case.roll is None or case.phase is Phase.ROLL_PLAN:
            # What is chosen is judged again, and may give way to the next best.
            yield from roll_legs(turn, case)


def _of_rejected(turn: Turn) -> Iterator[Instrument]:
    """Yield what held cases chose among in vain: within minutes they choose again.

    A series in doubt is let go. Seen again, it is measured anew, without the basis
    that it may have had while it was dislocated already.
    """
    state = turn.state
    held = [c for c in _open_cases(state) if c.phase is Phase.HOLD_HEDGED]
    series = {of for case in held for of in roll_series(turn, case)}
    trusted = {of for of in series if series_key(*of) not in state.held}
    for it in state.watched:
        if isinstance(it, Option) and (it.trading_class, it.last_trade) in trusted:
            yield it


def _near(turn: Turn, trading_class: str, last_trade: date) -> Iterator[Option]:
    """Yield calls and puts of the strikes nearest to the forward.

    Five neighbours that are watched stay while the forward is among them: a wandering
    index would else resubscribe every minute.
    """
    series = turn.state.options.get(series_key(trading_class, last_trade), ())
    centre = _centre(turn, series)
    if centre is None or len(series) < 2 * ATM_STRIKES:
        return
    # The list is sorted by strike, a put and a call each.
    place = bisect_left(series, centre, key=lambda o: o.strike)
    near = series[max(place - REACH, 0) : place + REACH]
    watched = {i.con_id for i in turn.state.watched}
    pairs = Counter(o.strike for o in near)
    seen = Counter(o.strike for o in near if o.con_id in watched)
    strikes = sorted(pairs)
    chosen = set(sorted(strikes, key=lambda k: abs(k - centre))[:ATM_STRIKES])
    for first in range(len(strikes) - ATM_STRIKES + 1):
        window = strikes[first : first + ATM_STRIKES]
        is_seen = all(seen[k] == pairs[k] for k in window)
        if is_seen and window[0] <= centre <= window[-1]:
            chosen = set(window)
            break
    yield from (o for o in near if o.strike in chosen)


def _centre(turn: Turn, series: Sequence[Option]) -> float | None:
    """Return where the forward of a series is likely to be."""
    state, params = turn.state, turn.rules.params
    if not series or state.day is None:
        return None
    quote = state.index_quote(series[0].symbol)
    if quote is None or quote.last is None:
        return None
    if series[0].symbol != "SPX":
        return quote.last
    tau = years(series[0].dte(state.day))
    return carry_forward(quote.last, tau, params.rate, params.dividend)
