"""Whether the ledger agrees with the positions; what expired leaves both.

A disagreement is asked about once more, because the parts of a report are not atomic.
If it lasts, each contract becomes a discrepancy by name; the ledger stays as it was
until a person adopts what the broker shows (reliability.md T02, F58, F109).
"""

from collections.abc import Mapping

from alvh_trader.domain.calendar import new_york_date
from alvh_trader.domain.instrument import Future, Instrument, Option, Other
from alvh_trader.domain.position import Position
from alvh_trader.engine import discrepancies, missed
from alvh_trader.engine.command import RequestReport
from alvh_trader.engine.orders import BREAK_CONFIRM
from alvh_trader.engine.turn import Turn
from alvh_trader.portfolio.discrepancy import Name
from alvh_trader.portfolio.expiry import settles
from alvh_trader.strategy.finding import Finding


def settle_expired(turn: Turn, before: Mapping[int, Position]) -> None:
    """Take out of the ledger what was settled, and write down that the calendar did it.

    `before` are the positions of the last report: they say what a number stood for.
    """
    state = turn.state
    gone = [
        instrument
        for con_id, count in state.ledger.items()
        if count
        and con_id not in state.positions
        and (instrument := _instrument(turn, before, con_id)) is not None
        and settles(instrument, turn.rules.calendar) <= turn.at
    ]
    if not gone:
        return
    names = {instrument.con_id for instrument in gone}
    found = tuple(
        Finding(
            f"{x.trading_class} {x.con_id}",
            f"{state.ledger[x.con_id]:+d} settled",
            f"of {x.expiry}",
            True,
        )
        for x in gone
    )
    turn.put(ledger={k: count for k, count in state.ledger.items() if k not in names})
    turn.note("", "EXPIRED", found)


def _instrument(
    turn: Turn, before: Mapping[int, Position], con_id: int
) -> Option | Future | None:
    held = before.get(con_id)
    known: list[Instrument] = [] if held is None else [held.instrument]
    known += [leg.option for c in turn.state.cases.values() for leg in c.legs]
    known += [leg.instrument for x in turn.state.lots.values() for leg in x.legs]
    return next(
        (x for x in known if x.con_id == con_id and isinstance(x, Option | Future)),
        None,
    )


def see_contracts(turn: Turn) -> None:
    """Compare what is ours with what the broker lists under its numbers now (F98).

    A contract that was adjusted is another one, whatever its number; orders and prices
    of the one that we knew mean nothing for it. What ends today is left to its end.
    """
    today = new_york_date(turn.at)
    changed = {
        con_id: (known, held.instrument)
        for con_id, held in turn.state.positions.items()
        if (known := _instrument(turn, {}, con_id)) is not None
        and known != held.instrument
        and known.last_trade > today
    }
    discrepancies.heal(turn, Name.CONTRACT, {str(k) for k in changed})
    for con_id, (known, listed) in changed.items():
        text = f"{con_id} was {_terms(known)}, and is {_terms(listed)} at the broker"
        discrepancies.notice(turn, Name.CONTRACT, con_id, text, {con_id})


def _terms(instrument: Instrument) -> str:
    match instrument:
        case Option():
            strike = f"{instrument.strike:g}{instrument.right}"
            what = f"{instrument.trading_class} {instrument.expiry} {strike}"
            return f"{what} x {instrument.multiplier}"
        case Future():
            what = f"{instrument.trading_class} {instrument.expiry}"
            return f"{what} x {instrument.multiplier}"
        case _:
            return "not listed as an option or a future"


def agrees(turn: Turn) -> bool:
    """Return whether ledger and positions agree but for what is open by name."""
    held = {k: p.quantity for k, p in turn.state.positions.items()}
    booked = turn.state.ledger
    wrong = {
        k: (held.get(k, 0), booked.get(k, 0))
        for k in sorted(held.keys() | booked.keys())
        if held.get(k, 0) != booked.get(k, 0)
    }
    discrepancies.heal(turn, Name.POSITION, {str(k) for k in wrong})
    told = {k: _words(*pair, _explained(turn, k)) for k, pair in wrong.items()}
    known = {
        it.about: it.text
        for it in turn.state.discrepancies.values()
        if it.name in {Name.POSITION, Name.ASSIGNED}
    }
    if all(known.get(str(con_id)) == text for con_id, text in told.items()):
        return True
    since = turn.state.break_since
    if since is None:
        turn.put(break_since=turn.at, reconciled=None)
        turn.ask(RequestReport(reason="positions and executions disagree"))
        return False
    if turn.at - since < BREAK_CONFIRM:
        return False
    is_odd = _is_assigned(turn, wrong)
    for con_id, text in told.items():
        name = Name.ASSIGNED if is_odd else Name.POSITION
        by = missed.explaining(turn.state, con_id)
        case = None if by is None else by.order.case
        discrepancies.notice(turn, name, con_id, text, {con_id}, case)
    return True


def _words(held: int, booked: int, explained: str) -> str:
    """Say what differs, and which trade would explain it: it is proposed, not made."""
    return (
        f"{held} held, {booked} booked, and no execution of today says why; "
        f"as if {held - booked:+d} had been traded{explained}"
    )


def _explained(turn: Turn, con_id: int) -> str:
    """Say which order in doubt would have traded that; its fill is then adopted."""
    by = missed.explaining(turn.state, con_id)
    if by is None:
        return ""
    count = missed.units(turn.state, by)
    return f" by {by.order.ref}, {count} of {by.order.quantity} filled"


def _is_assigned(turn: Turn, wrong: Mapping[int, tuple[int, int]]) -> bool:
    """Return whether options have become something else: ours cannot be assigned."""
    positions = turn.state.positions
    return any(con_id not in positions for con_id in wrong) and any(
        con_id in positions
        and booked == 0
        and isinstance(other := positions[con_id].instrument, Other)
        and other.sec_type == "STK"
        for con_id, (_, booked) in wrong.items()
    )
