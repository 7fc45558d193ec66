"""What was lost today and since the peak, and what follows (reliability.md P20).

Measured at each reconciliation in regular hours, twice: by the broker's figure and by
our own marks of what is held. The worse counts. A loss freezes only when two reports in
a row show it: one bad mark is no loss. Nothing but a person's clearing begins anew.
"""

from alvh_trader.domain.instrument import Future, Option
from alvh_trader.engine.freezing import freeze
from alvh_trader.engine.instant import QUOTE_AGE_MAX
from alvh_trader.engine.state import Losses, Worth
from alvh_trader.engine.turn import Turn
from alvh_trader.risk.freeze import Freeze
from alvh_trader.risk.limits import Limits


def look(turn: Turn) -> None:
    """Measure the loss by the newest report, and freeze if two in a row are too bad."""
    state, account = turn.state, turn.state.account
    if account is None or state.day is None:
        return
    before, own = state.losses, _own(turn)
    is_new = before.day != state.day
    told = _noted(before.told, account.net_liquidation, is_new=is_new)
    mine = before.own if own is None else _noted(before.own, own, is_new=is_new)
    day, fall = (max(pair) for pair in zip(_lost(told), _lost(mine), strict=True))
    level = _level(day, fall, turn.rules.limits)
    turn.put(losses=Losses(day=state.day, told=told, own=mine, level=level))
    confirmed = min(level, before.level)
    if confirmed:
        what = f"{day:.2%} of the account lost today, {fall:.2%} since its peak"
        freeze(turn, confirmed, f"P20: {what}")


def _noted(before: Worth, worth: float, *, is_new: bool) -> Worth:
    """Return a measure with its newest value; a day begins where the last one ended."""
    began = (before.last or worth) if is_new else (before.began or worth)
    return Worth(began, max(before.peak, worth), worth)


def _lost(seen: Worth) -> tuple[float, float]:
    """Return the shares lost today and since the peak."""
    if seen.began <= 0 or seen.peak <= 0:
        return 0.0, 0.0
    return 1 - seen.last / seen.began, 1 - seen.last / seen.peak


def _level(day: float, fall: float, limits: Limits) -> Freeze:
    if day >= limits.day_loss_halt:
        return Freeze.HALT
    if day >= limits.day_loss_reduce or fall >= limits.peak_loss_reduce:
        return Freeze.REDUCE
    return Freeze.NONE


def _own(turn: Turn) -> float | None:
    """Return cash and what the options held are worth; None where one is not quoted.

    A future's gains are paid into the cash.
    """
    state = turn.state
    assert state.account is not None, "measured by a report"
    total = state.account.cash
    for con_id, position in state.positions.items():
        held, quote = position.instrument, state.quotes.get(con_id)
        if isinstance(held, Future):
            continue
        is_young = quote is not None and turn.at - quote.at <= QUOTE_AGE_MAX
        mid = quote.mid if quote is not None and is_young else None
        if mid is None or not isinstance(held, Option):
            return None
        total += position.quantity * mid * held.multiplier
    return total
