"""What is done about a bad way to the market from this side, and who is told of it.

A new session, or new subscriptions, with growing pauses: nothing here restarts a
gateway. A person hears once of each outage, and of one that was planned only where it
does not end.
"""

from datetime import datetime, timedelta

from alvh_trader.domain.calendar import NEW_YORK
from alvh_trader.domain.connection import (
    SATURDAY,
    Connection,
    is_reset,
    login_ended,
)
from alvh_trader.engine.command import Reconnect, Severity, Watch
from alvh_trader.engine.connection import note
from alvh_trader.engine.turn import Turn

DOWN_MAX = timedelta(minutes=10)
"""How long the broker's own link may be down before a new session is tried (F28)."""

AWAY_MAX = timedelta(minutes=5)
IN_USE_MAX = timedelta(minutes=3)
"""How long a gateway may be away in regular hours, or our client id be another's,
until a person is told (F20, F34)."""

LOGIN_DUE = timedelta(hours=16)
"""A weekly login that is not renewed so long after its end is missing: Sunday 17:00."""

REMIND_FROM = 12
"""The hour of Saturday from which a person is reminded of the weekly login (F32)."""

PAUSE_FIRST, PAUSE_MAX = timedelta(seconds=30), timedelta(minutes=10)
"""Between two attempts to have all streams again."""

RESET_ONCE = timedelta(hours=20)
"""A reset is told once a night, however often the link flaps in it (F29)."""


def tell_lost(turn: Turn, text: str) -> None:
    """Tell a person that the session, or the broker's own link, was lost."""
    if not is_reset(turn.at):
        turn.alert("link_lost", Severity.CRITICAL, "", text)
        return
    told = turn.state.link.reset_told
    if told is None or turn.at - told >= RESET_ONCE:
        note(turn, reset_told=turn.at)
        turn.alert("reset", Severity.WARNING, "", f"{text} (in the broker's reset)")


def look(turn: Turn, *, is_open: bool) -> None:
    """Mend what can be mended, and call a person where it takes too long."""
    link = turn.state.link
    if link.name is Connection.CONNECTED:
        if link.resubscribe is not None:
            note(turn, resubscribe=None, pause=PAUSE_FIRST)
    elif link.name is Connection.BLIND:
        _resubscribe(turn)
        _page(turn, "market_unseen", f"the market is open, and there is {link.why}")
    else:
        _look_away(turn, is_open=is_open)
    if not is_open:
        _remind(turn)


def _look_away(turn: Turn, *, is_open: bool) -> None:
    link = turn.state.link
    is_stuck = link.down is not None and turn.at - link.down >= DOWN_MAX
    if is_stuck and not is_reset(turn.at):
        note(turn, down=turn.at)
        turn.ask(Reconnect(reason="the broker's own link is down for 10 min"))
    if link.in_use is not None and turn.at - link.in_use >= IN_USE_MAX:
        _page(turn, "client_id_in_use", f"for 3 min: {link.reason}")
    if is_open and link.away is not None and turn.at - link.away >= AWAY_MAX:
        _page(turn, "gateway_away", f"no session for 5 min: {link.reason}")
    if link.name is Connection.LOGIN_REQUIRED and turn.at >= _login_due(turn.at):
        _page(turn, "login_required", link.why)


def _login_due(at: datetime) -> datetime:
    return login_ended(at) + LOGIN_DUE


def _resubscribe(turn: Turn) -> None:
    link = turn.state.link
    if link.resubscribe is not None and turn.at < link.resubscribe:
        return
    pause = min(2 * link.pause, PAUSE_MAX)
    note(turn, resubscribe=turn.at + link.pause, pause=pause)
    turn.ask(Watch(instruments=turn.state.watched, anew=True))


def _page(turn: Turn, code: str, text: str) -> None:
    told = turn.state.link.told
    if code not in told:
        note(turn, told=(*told, code))
        turn.alert(code, Severity.CRITICAL, "", text)


def _remind(turn: Turn) -> None:
    local = turn.at.astimezone(NEW_YORK)
    if local.weekday() != SATURDAY or local.hour < REMIND_FROM:
        return
    reminded = turn.state.link.reminded
    if reminded is None or turn.at - reminded >= timedelta(days=2):
        note(turn, reminded=turn.at)
        text = "the gateway's login ends on Sunday at 01:00 New York: log in by 17:00"
        turn.alert("login_due", Severity.WARNING, "", text)
