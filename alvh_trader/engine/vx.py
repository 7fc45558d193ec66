"""The VX series of constant maturity: which bars it still lacks, and weaving them in.

It is kept in the state, so that a day costs the last bar of two contracts. Only a
first start asks for those that have settled (the broker has them for two years).
"""

from collections.abc import Iterator
from datetime import date, timedelta

from alvh_trader.domain.calendar import Calendar
from alvh_trader.domain.instrument import Future
from alvh_trader.engine.command import Command, ListFutures, RequestBars
from alvh_trader.engine.state import State, series_key
from alvh_trader.signals.constant_maturity import constant_maturity

SESSIONS = 310
"""Sessions kept: the weekly MACD needs 60 weeks that are over."""

REACH = timedelta(days=65)
"""How far before its settlement a contract can be one of the two around 30 days."""

CONTRACTS = "VX"
"""Class of the monthly contracts of full size."""


def questions(state: State, calendar: Calendar) -> Iterator[tuple[str, Command]]:
    """Yield what must be asked for the series to reach yesterday."""
    if state.day is None:
        return
    days = _lacking(state, calendar, state.day)
    if "VIX" not in state.futures:
        is_long = len(days) > 1
        since = days[0] if is_long else None
        yield "futures VIX", ListFutures(symbol="VIX", since=since)
        return
    for future in _monthly(state):
        mine = [d for d in days if d < future.expiry <= d + REACH]
        key = key_of(future)
        if mine and key not in state.bars:
            over = min(state.day, future.expiry)
            count = calendar.sessions_until(mine[0], over)
            yield (
                f"bars {key}",
                RequestBars(symbol="VIX", sessions=max(count, 1), future=future),
            )


def key_of(future: Future) -> str:
    """Return under which key `State.bars` has a contract."""
    return series_key(future.trading_class, future.expiry)


def extended(state: State) -> tuple[tuple[date, float], ...]:
    """Return the series with what today's bars add to it."""
    contracts = {
        future.expiry: [
            (bar.day, bar.close) for bar in state.bars.get(key_of(future), ())
        ]
        for future in _monthly(state)
    }
    woven = dict(state.vx30) | dict(constant_maturity(contracts))
    return tuple(sorted(woven.items()))[-SESSIONS:]


def first_two(state: State, day: date) -> tuple[float | None, float | None]:
    """Return the closes on `day` of the two contracts that settle next."""
    ahead = [f for f in _monthly(state) if state.day and f.expiry > state.day]
    closes = [
        next((b.close for b in state.bars.get(key_of(f), ()) if b.day == day), None)
        for f in ahead[:2]
    ]
    first, second = (*closes, None, None)[:2]
    return first, second


def _monthly(state: State) -> list[Future]:
    both = (*state.settled.get("VIX", ()), *state.futures.get("VIX", ()))
    mine = [f for f in both if f.trading_class == CONTRACTS]
    return sorted(mine, key=lambda f: f.expiry)


def _lacking(state: State, calendar: Calendar, today: date) -> list[date]:
    """Return the sessions before today that the series does not have, oldest first."""
    wanted = calendar.last(today, SESSIONS)
    known = state.vx30
    if len(known) == len(wanted) and (known[0][0], known[-1][0]) == (
        wanted[0],
        wanted[-1],
    ):
        # Every day of the series is a session: so many between the same ends are all.
        return []
    have = {day for day, _ in state.vx30}
    return [d for d in wanted if d not in have]
