"""The way to the market as one named state, and the events that it follows from.

The state follows from what was journaled and from the time alone. Orders are gated by
it (`risk.checks`), `status` shows it, and each change is a `Decision`. What is done
about it, and who is told, is in `engine.outage`.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from alvh_trader.domain.calendar import OPENS, disagreement, instant, new_york_date
from alvh_trader.domain.connection import Connection, Trouble, is_reset, login_ended
from alvh_trader.engine.command import Severity
from alvh_trader.engine.event import (
    BrokerDisconnected,
    ClockCompared,
    ConnectFailed,
    DataTroubled,
    HoursListed,
    LinkChanged,
)
from alvh_trader.engine.state import State
from alvh_trader.engine.turn import Turn
from alvh_trader.strategy.finding import Finding

CHANGED = "CONNECTION"
"""The trigger of the decisions that are made here."""

BLIND_AFTER = timedelta(seconds=60)
"""How long SPX or VIX may have no price in regular hours until that has a name.

No order leaves on a price a quarter as old.
"""

RESET_SETTLES = timedelta(minutes=15)
"""After a reset nothing is sent for so long from the first clean report (F29)."""

SEEN_EVERY = timedelta(hours=1)
ID_IN_USE = 326
"""The broker's code for a client id that another program has."""


def note(turn: Turn, **changes: Any) -> None:
    """Remember something of the way to the market."""
    turn.put(link=replace(turn.state.link, **changes))


def on_started(turn: Turn) -> None:
    """A new process has no session, and has told nobody of it."""
    note(turn, away=turn.at, down=None, is_late=False, troubles=(), told=())


def on_connected(turn: Turn) -> None:
    """A session is up: what was wrong with the one before is over."""
    note(
        turn,
        up=turn.at,
        away=None,
        reason="",
        in_use=None,
        down=None,
        is_late=False,
        clock="",
        troubles=(),
    )


def on_disconnected(turn: Turn, event: BrokerDisconnected) -> None:
    """The session is gone."""
    _mark_reset(turn)
    note(turn, away=turn.at, down=None, reason=event.reason, is_late=False)


def on_link_changed(turn: Turn, event: LinkChanged) -> None:
    """The broker's own link went or came."""
    if event.is_up:
        note(turn, down=None)
        return
    _mark_reset(turn)
    note(turn, down=turn.state.link.down or turn.at)


def _mark_reset(turn: Turn) -> None:
    if is_reset(turn.at):
        note(turn, was_reset=True, settled=None)


def on_connect_failed(turn: Turn, event: ConnectFailed) -> None:
    """Nobody is there yet, or somebody has our number."""
    link = turn.state.link
    is_taken = event.code == ID_IN_USE
    note(
        turn,
        away=link.away or turn.at,
        in_use=(link.in_use or turn.at) if is_taken else None,
        reason=event.reason,
    )


def on_heartbeat_missed(turn: Turn) -> None:
    """The gateway is late; its next answer makes that good."""
    note(turn, is_late=True)


def on_clock_compared(turn: Turn, event: ClockCompared) -> None:
    """Our clock is wrong, or right again: a wrong one tells no ages."""
    clock = ""
    if not event.is_good:
        clock = (
            f"our clock is {event.ahead:+.1f} s off the broker's and gained "
            f"{event.drift:+.2f} s in a minute"
        )
        turn.alert("clock", Severity.CRITICAL, "", clock)
    note(turn, clock=clock)


def on_data_troubled(turn: Turn, event: DataTroubled) -> None:
    """Tell of what is new; prices that stop coming grow stale by themselves."""
    new = [t for t in event.troubles if t not in turn.state.link.troubles]
    if new:
        is_grave = not {Trouble.OTHER_SESSION, Trouble.HALTED}.isdisjoint(new)
        severity = Severity.CRITICAL if is_grave else Severity.WARNING
        turn.alert("data_trouble", severity, "", "; ".join(new))
    note(turn, troubles=event.troubles)


def on_hours(turn: Turn, event: HoursListed) -> None:
    """Compare the broker's hours with our calendar for today."""
    note(turn, hours=event.hours)
    day = new_york_date(turn.at)
    wrong = disagreement(turn.rules.calendar, event.hours, day)
    if wrong:
        text = f"{wrong}: nothing is sent until both agree"
        turn.alert("calendar_disagrees", Severity.CRITICAL, "", text)


def review(turn: Turn, *, is_open: bool) -> None:
    """Name the state of the way to the market, and write down a new one."""
    name, why = _named(turn, is_open=is_open)
    link = turn.state.link
    if name is not link.name:
        is_well = name is Connection.CONNECTED
        found = Finding("connection", why or name, Connection.CONNECTED, is_well)
        turn.decide("", link.name, name, CHANGED, () if is_well else (found,))
        told = () if is_well else link.told
        note(turn, name=name, why=why, since=turn.at, told=told)
    elif why != link.why:
        note(turn, why=why)


def _named(turn: Turn, *, is_open: bool) -> tuple[Connection, str]:
    state, link = turn.state, turn.state.link
    if not (state.is_connected and state.is_link_up):
        return _away(turn)
    if link.seen is None or turn.at - link.seen >= SEEN_EVERY:
        note(turn, seen=turn.at)
    if not is_open and is_reset(turn.at):
        return Connection.RESET_EXPECTED, "the broker may restart at any moment"
    if state.reconciled is None:
        return Connection.RECONCILING, "no complete picture agrees with our books yet"
    if link.was_reset and not _has_settled(turn):
        return Connection.RESET_EXPECTED, "a quarter of an hour after a reset"
    if Trouble.HALTED in link.troubles:
        return Connection.HALTED, Trouble.HALTED
    if is_open and (unseen := _unseen(turn)):
        return Connection.BLIND, "; ".join((f"no price of {unseen}", *link.troubles))
    if link.is_late or link.clock or link.troubles:
        late = "the gateway is late" if link.is_late else ""
        worries = (late, link.clock, *link.troubles)
        return Connection.DEGRADED, "; ".join(w for w in worries if w)
    return Connection.CONNECTED, ""


def _away(turn: Turn) -> tuple[Connection, str]:
    state, link = turn.state, turn.state.link
    if link.seen is not None and link.seen < login_ended(turn.at):
        return Connection.LOGIN_REQUIRED, "the weekly login ended: a person must log in"
    if is_reset(turn.at):
        return Connection.RESET_EXPECTED, "the broker is away by plan"
    if state.is_connected:
        return Connection.LINK_LOST, "the gateway has lost the broker"
    return Connection.DISCONNECTED, link.reason


def _has_settled(turn: Turn) -> bool:
    settled = turn.state.link.settled
    if settled is None:
        note(turn, settled=turn.at)
        return False
    if turn.at - settled < RESET_SETTLES:
        return False
    note(turn, was_reset=False, settled=None)
    return True


def _unseen(turn: Turn) -> str:
    """Return which indexes have had no price for too long, or ""."""
    stale = " and ".join(_stale(turn.state))
    if not stale:
        return ""
    # A day or a session that has just begun had no time to show anything.
    begun = instant(new_york_date(turn.at), OPENS)
    up = turn.state.link.up
    if up is not None:
        begun = max(begun, up)
    return stale if turn.at - begun > BLIND_AFTER else ""


def _stale(state: State) -> Iterator[str]:
    if _is_stale(state, "SPX"):
        yield "SPX"
    if _is_stale(state, "VIX") and _is_stale(state, "VIX9D"):
        yield "VIX"


def _is_stale(state: State, symbol: str) -> bool:
    assert state.at is not None
    return state.index_level(symbol, state.at, BLIND_AFTER) is None
