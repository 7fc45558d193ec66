"""Arming: a person lets this very program trade live, until the close at the latest.

Whatever changes (account, host, configuration, build) ends it, and what works at the
broker is cancelled: nobody has allowed what would go on (reliability.md P02, T08).
"""

from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from alvh_trader.domain.calendar import instant, new_york_date
from alvh_trader.engine.command import Severity
from alvh_trader.engine.event import OperatorArmed, OperatorDisarmed
from alvh_trader.engine.identity import LIVE, identity_of
from alvh_trader.engine.orders import cancel
from alvh_trader.engine.state import Rules, State, Terms
from alvh_trader.engine.turn import Turn
from alvh_trader.risk.arm import Arm
from alvh_trader.strategy.phase import Phase


def on_armed(turn: Turn, event: OperatorArmed) -> None:
    """Arm what runs now; it is refused where it is not known what that is."""
    state = turn.state
    why_not = hindrance(state, turn.rules, accepts=event.accepts)
    if why_not:
        turn.alert("arm_refused", Severity.WARNING, "", f"not armed: {why_not}")
        return
    lasts = min(event.lasts, turn.rules.limits.arm_lasts)
    arm = Arm(
        identity=identity_of(state),
        by=event.by,
        at=turn.at,
        expires=min(turn.at + lasts, _next_close(turn)),
    )
    terms = Terms(params=turn.rules.params, limits=turn.rules.limits)
    turn.put(arm=arm, accepted=terms)
    text = f"armed by {event.by} until {arm.expires.isoformat(timespec='seconds')}"
    turn.alert("armed", Severity.WARNING, "", text)


def hindrance(state: State, rules: Rules, *, accepts: bool) -> str:
    """Return why what runs cannot be armed, or nothing.

    Under an open case no number changes unseen, not even for the better (F122).
    """
    if state.mode != LIVE:
        return "this is not live"
    if not state.is_connected:
        return "no session with the broker: whose account it would be is not known"
    changed = changes(state, rules)
    has_case = any(c.phase is not Phase.CLOSED for c in state.cases.values())
    if changed and has_case and not accepts:
        return (
            f"cases are open, and since it was last armed {'; '.join(changed)}: arm "
            "it with --accept if that is meant"
        )
    return ""


def changes(state: State, rules: Rules) -> tuple[str, ...]:
    """Return the numbers that are not those of the last arming, with both values."""
    if state.accepted is None:
        return ()
    now = _flat(Terms(params=rules.params, limits=rules.limits))
    old = _flat(state.accepted)
    return tuple(
        f"{key} went from {old.get(key)} to {now.get(key)}"
        for key in sorted(now.keys() | old.keys())
        if now.get(key) != old.get(key)
    )


def _flat(terms: Struct, before: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in msgspec.structs.asdict(terms).items():
        if isinstance(value, Struct):
            flat |= _flat(value, f"{before}{name}.")
        else:
            flat[f"{before}{name}"] = value
    return flat


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
