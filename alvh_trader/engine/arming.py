"""Arming: a person lets this very program trade live, until the close at the latest.

Whatever changes (account, host, configuration, build) ends it, and what works at the
broker is cancelled: nobody has allowed what would go on (reliability.md P02, T08).
"""

from datetime import datetime

from alvh_trader.domain.calendar import instant, new_york_date
from alvh_trader.engine.command import Severity
from alvh_trader.engine.event import OperatorArmed, OperatorDisarmed
from alvh_trader.engine.identity import LIVE, identity_of
from alvh_trader.engine.orders import cancel
from alvh_trader.engine.turn import Turn
from alvh_trader.risk.arm import Arm


def on_armed(turn: Turn, event: OperatorArmed) -> None:
    """Arm what runs now; it is refused where it is not known what that is."""
    state = turn.state
    if state.mode != LIVE or not state.is_connected:
        why = "this is not live" if state.mode != LIVE else "no session with the broker"
        turn.alert("arm_refused", Severity.WARNING, "", f"not armed: {why}")
        return
    lasts = min(event.lasts, turn.rules.limits.arm_lasts)
    arm = Arm(
        identity=identity_of(state),
        by=event.by,
        at=turn.at,
        expires=min(turn.at + lasts, _next_close(turn)),
    )
    turn.put(arm=arm)
    text = f"armed by {event.by} until {arm.expires.isoformat(timespec='seconds')}"
    turn.alert("armed", Severity.WARNING, "", text)


def _next_close(turn: Turn) -> datetime:
    """Return when the session ends that is open, or is the next one."""
    calendar, today = turn.rules.calendar, new_york_date(turn.at)
    if calendar.is_session(today):
        close = instant(today, calendar.close_of(today))
        if turn.at < close:
            return close
    day = calendar.next_session(today)
    return instant(day, calendar.close_of(day))


def on_disarmed(turn: Turn, event: OperatorDisarmed) -> None:
    """End it because a person says so."""
    disarm(turn, f"by {event.by}")


def look(turn: Turn) -> None:
    """End it when its time is over."""
    arm = turn.state.arm
    if arm is not None and turn.at >= arm.expires:
        disarm(turn, "its time is over")


def review(turn: Turn) -> None:
    """End it where what runs is not what was armed."""
    arm = turn.state.arm
    changed = () if arm is None else arm.identity.changed(identity_of(turn.state))
    if changed:
        disarm(turn, f"changed: {', '.join(changed)}")


def disarm(turn: Turn, why: str) -> None:
    """Cancel what works, withdraw what waits, and send nothing more."""
    if turn.state.arm is None:
        return
    turn.put(arm=None)
    for ref in tuple(turn.state.tickets):
        cancel(turn, ref)
    text = f"disarmed, {why}: nothing is sent until a person arms it again"
    turn.alert("disarmed", Severity.CRITICAL, "", text)
