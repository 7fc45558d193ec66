"""The cash book: fills, commissions, margins and interest as dated flows.

Fills of our orders belong to the order's case, those of other clients to the case whose
legs they close. What opened a condor is not counted by fills: its credit is that of the
adopted shape. Fees are taken off it where the broker's average cost gave it; those of
our own openings are charged. Source: alvh.md §7.4, §7.2.
"""

from datetime import date, timedelta

import msgspec

from alvh_trader.capital.cashbook import (
    CashBook,
    Flow,
    Kind,
    charge,
    enter,
    forget,
    owe,
    tie_up,
)
from alvh_trader.capital.facilities import interest
from alvh_trader.domain.calendar import new_york_date
from alvh_trader.domain.order import Fill, Purpose, exec_base
from alvh_trader.engine.case import Case
from alvh_trader.engine.command import Severity
from alvh_trader.engine.event import CommissionReported
from alvh_trader.engine.funding import funding_of, stated
from alvh_trader.engine.turn import Turn
from alvh_trader.strategy.phase import Phase

KINDS = {
    Purpose.HEDGE: Kind.HEDGE,
    Purpose.HEDGE_SELL: Kind.HEDGE,
    Purpose.ROLL: Kind.ROLL,
    Purpose.CLOSE: Kind.CLOSE,
}
"""What the fills of an order are flows of; an opening is entered by its credit."""

COMMISSION_MAX = timedelta(minutes=5)
COMMISSION_TIMES = 3
"""How late a commission may be, and how many times what is reckoned with (T03)."""

NOT_REPORTED = "its commission is not reported"

CONDOR_LEGS = 4

SETTLEMENT_MAX = timedelta(days=5)
"""How long the close of an expiry day is waited for."""


def on_commission(turn: Turn, event: CommissionReported) -> None:
    """Charge what an execution cost, now or when its fill comes."""
    base = exec_base(event.exec_id)
    waiting = {**turn.state.cash.pending, base: event.amount}
    _put(turn, msgspec.structs.replace(turn.state.cash, pending=waiting))
    _charge(turn, base)


def on_fill(turn: Turn, earlier: Fill | None, fill: Fill) -> None:
    """Enter what an execution paid, less what an earlier version of it had paid."""
    owner = _owner(turn, fill)
    if owner is not None:
        case, kind, multiplier = owner
        usd = _usd(fill, multiplier) - (_usd(earlier, multiplier) if earlier else 0.0)
        _put(
            turn, enter(turn.state.cash, Flow(new_york_date(fill.at), case, kind, usd))
        )
        if kind is Kind.ROLL:
            _owe(turn, case, usd)
    _charge(turn, exec_base(fill.exec_id))


def on_resized(turn: Turn, case: str, usd: float) -> None:
    """Enter the credit of units that joined, or left, a case that is in the book."""
    if case in turn.state.cash.margins:
        flow = Flow(new_york_date(turn.at), case, Kind.CREDIT, usd)
        _put(turn, enter(turn.state.cash, flow))
        _owe(turn, case, usd)


def look(turn: Turn) -> None:
    """Bring margins, settlements and interest up to this moment."""
    today = turn.state.day
    if today is None:
        return
    for case in turn.state.cases.values():
        _keep_margin(turn, case)
    for base in tuple(turn.state.cash.pending):
        _charge(turn, base)
    if turn.state.cash.accrued != today:
        _accrue(turn, today)


def query_commissions(turn: Turn) -> None:
    """Tell once of an execution of ours whose commission is missing, or too high (T03).

    Until it is known, what its case brought is provisional (reliability.md F55).
    """
    book = turn.state.cash
    told = [
        (base, why)
        for base, fill in turn.state.fills.items()
        if fill.quantity
        and fill.ref in turn.state.tickets
        and base not in book.queried
        and (why := _odd_commission(turn, base, fill)) is not None
    ]
    for base, why in told:
        turn.alert("commission", Severity.WARNING, "", f"execution {base}: {why}")
    if told:
        queried = (*book.queried, *(base for base, _ in told))
        missing = {
            base: _case_of(turn, turn.state.fills[base].ref)
            for base, why in told
            if why == NOT_REPORTED
        }
        _put(
            turn,
            msgspec.structs.replace(
                book, queried=queried, missing={**book.missing, **missing}
            ),
        )


def _case_of(turn: Turn, ref: str) -> str:
    return _opened_by(turn, ref) or turn.state.tickets[ref].order.case


def _odd_commission(turn: Turn, base: str, fill: Fill) -> str | None:
    book, reckoned = turn.state.cash, turn.rules.params.roll.commission
    amount = book.charged.get(base, book.pending.get(base))
    if amount is None:
        late = turn.at - fill.at >= COMMISSION_MAX
        return NOT_REPORTED if late else None
    most = COMMISSION_TIMES * reckoned * 100 / CONDOR_LEGS * abs(fill.quantity)
    if amount > most:
        return f"its commission is {amount:.2f} USD, reckoned with {most:.2f} at most"
    return None


def _put(turn: Turn, book: CashBook) -> None:
    turn.put(cash=book)


def _usd(fill: Fill, multiplier: int) -> float:
    return -fill.quantity * float(fill.price) * multiplier


def _owner(turn: Turn, fill: Fill) -> tuple[str, Kind, int] | None:
    """Return case, kind and USD a point of a fill; None where it is nobody's."""
    ticket = turn.state.tickets.get(fill.ref)
    if ticket is not None:
        kind = KINDS.get(ticket.order.purpose)
        multiplier = next(
            (
                leg.instrument.multiplier
                for leg in ticket.order.legs
                if leg.instrument.con_id == fill.con_id
            ),
            None,
        )
        if kind is None or multiplier is None:
            return None
        return ticket.order.case, kind, multiplier
    owners = [
        (case.case_id, leg.option.multiplier)
        for case in turn.state.cases.values()
        for leg in case.legs
        if leg.option.con_id == fill.con_id
        and case.phase is not Phase.CLOSED
        and leg.quantity * fill.quantity < 0
    ]
    # Two condors may share a strike: what cannot be told apart is left out.
    return (owners[0][0], Kind.CLOSE, owners[0][1]) if len(owners) == 1 else None


def _charge(turn: Turn, base: str) -> None:
    """Charge a commission that waits, once fill and case are known.

    The legs of a first unit are paid for before the unit is whole, and a case.
    """
    book, fill = turn.state.cash, turn.state.fills.get(base)
    amount = book.pending.get(base)
    if fill is None or amount is None:
        return
    owner = _owner(turn, fill)
    case = _opened_by(turn, fill.ref) if owner is None else owner[0]
    if case is not None:
        pending = {k: usd for k, usd in book.pending.items() if k != base}
        left = msgspec.structs.replace(book, pending=pending)
        _put(turn, charge(left, new_york_date(fill.at), base, case, amount))


def _opened_by(turn: Turn, ref: str) -> str | None:
    """Return the case that an order of ours has opened, None where there is none."""
    cases = turn.state.cases.values()
    return next((c.case_id for c in cases if ref and c.opened_by == ref), None)


def _owe(turn: Turn, case: str, credit: float) -> None:
    """Note what part of a credit was earned with borrowed money (INV-6, §7.2)."""
    account, found = turn.state.account, funding_of(turn)
    facilities = turn.state.inputs.facilities
    if facilities is None or account is None or found is None or not found.is_fresh:
        return
    if account.net_liquidation > 0:
        share = min(found.credited / account.net_liquidation, 1.0)
        owed = credit * share * facilities.sweep_share
        _put(turn, owe(turn.state.cash, case, owed))


def _keep_margin(turn: Turn, case: Case) -> None:
    book = turn.state.cash
    tied, condor = book.margins.get(case.case_id), case.condor
    if case.phase is Phase.CLOSED:
        if tied is not None:
            _settle(turn, case)
        return
    if tied is None:
        if any(flow.kind is Kind.MARGIN for flow in book.of(case.case_id)):
            return
        opened = new_york_date(case.opened)
        credit = condor.credit * condor.quantity * condor.multiplier
        book = tie_up(book, opened, case.case_id, condor.risk_notional)
        _put(turn, enter(book, Flow(opened, case.case_id, Kind.CREDIT, credit)))
        _owe(turn, case.case_id, credit)
    elif tied != condor.risk_notional:
        day = new_york_date(turn.at)
        _put(turn, tie_up(book, day, case.case_id, condor.risk_notional))


def _settle(turn: Turn, case: Case) -> None:
    """Give the margin back, and enter what the legs were settled at if they expired.

    A PM-settled series is settled at the close of its last day. The opening value of
    an AM-settled one is not reported: such a case has no return.
    """
    book, name, day = turn.state.cash, case.case_id, new_york_date(case.since)
    expiry = case.condor.last_trade
    day = min(expiry, day)
    was_closed = any(f.kind is Kind.CLOSE and f.day >= expiry for f in book.of(name))
    if day == expiry and not was_closed:
        paid = _settlement(turn, case)
        if paid is None and turn.at - case.since < SETTLEMENT_MAX and _is_pm(case):
            return
        if paid is None:
            unsettled = (*book.unsettled, name)
            book = msgspec.structs.replace(book, unsettled=unsettled)
        else:
            book = enter(book, Flow(day, name, Kind.SETTLEMENT, paid))
    _put(turn, tie_up(book, day, name, 0.0))


def _is_pm(case: Case) -> bool:
    return all(leg.option.expiry == leg.option.last_trade for leg in case.legs)


def _settlement(turn: Turn, case: Case) -> float | None:
    closes = {bar.day: bar.close for bar in turn.state.bars.get("SPX", ())}
    total = 0.0
    for leg in case.legs:
        option = leg.option
        close = closes.get(option.expiry)
        if close is None or not _is_pm(case):
            return None
        intrinsic = close - option.strike if option.is_call else option.strike - close
        total += max(intrinsic, 0.0) * leg.quantity * option.multiplier
    return total


def _accrue(turn: Turn, today: date) -> None:
    """Enter the interest since it was last entered, and forget what is long gone."""
    book, facilities = turn.state.cash, stated(turn.state)
    if facilities is not None and book.accrued is not None:
        days = (today - book.accrued).days
        paid = interest(facilities.facilities, days, turn.rules.params.capital)
        if paid:
            book = enter(book, Flow(today, "", Kind.INTEREST, -paid))
    shown = frozenset(turn.state.fills)
    book = forget(book, today, shown)
    _put(turn, msgspec.structs.replace(book, accrued=today))
