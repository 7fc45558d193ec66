"""The dated flows of the strategy, and what they returned so far.

Flows are USD and signed: what is tied up or paid is negative. A condor ties up its
margin when it is opened and gives it back when it is gone; in between are credits,
hedges, commissions. Source: alvh.md §7.4, §7.2 (sweep), §7.8 (income).
"""

from collections.abc import Iterable
from datetime import date, timedelta
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from alvh_trader.capital.returns import xirr

KEPT = timedelta(days=730)
"""How long the flows of what is gone are kept."""

SWEEP_LEAST = 1.0


class Kind(StrEnum):
    """What a flow is of."""

    MARGIN = "margin"
    CREDIT = "credit"
    ROLL = "roll"
    HEDGE = "hedge"
    CLOSE = "close"
    SETTLEMENT = "settlement"
    COMMISSION = "commission"
    INTEREST = "interest"


class Flow(Struct, frozen=True, array_like=True):
    """USD of one kind on one day; `case` is "" where it is of the book as a whole."""

    day: date
    case: str
    kind: Kind
    usd: float


class CashBook(Struct, frozen=True, kw_only=True):
    """Everything that came and went, and what of it is still tied up.

    `margins` has the USD tied up in each open case. `unsettled` are cases that
    expired at a value nobody reported: they have no return. `owed` is what of each
    case's credit is due to the vault before any sweep. `charged` and `pending` are
    commissions by execution, booked and waiting for their fill.
    """

    flows: tuple[Flow, ...] = ()
    margins: dict[str, float] = {}
    unsettled: tuple[str, ...] = ()
    owed: dict[str, float] = {}
    charged: dict[str, float] = {}
    pending: dict[str, float] = {}
    queried: tuple[str, ...] = ()
    """Executions of whose commission a person was told: missing, or too high."""

    missing: dict[str, str] = {}
    """Executions whose commission is overdue, with their case: what that case brought
    is provisional until it comes. A broker that forgets it never tells it."""

    accrued: date | None = None
    """The day up to which interest is booked."""

    def of(self, case: str) -> tuple[Flow, ...]:
        """Return the flows of one case."""
        return tuple(flow for flow in self.flows if flow.case == case)

    @property
    def cases(self) -> tuple[str, ...]:
        """Every case that has a flow, in the order of their first."""
        return tuple(dict.fromkeys(flow.case for flow in self.flows if flow.case))


def enter(book: CashBook, *flows: Flow) -> CashBook:
    """Return the book with flows added; those of one day, case and kind are one."""
    merged = {(f.day, f.case, f.kind): f.usd for f in book.flows}
    for flow in flows:
        key = (flow.day, flow.case, flow.kind)
        merged[key] = merged.get(key, 0.0) + flow.usd
    return replace(book, flows=tuple(Flow(*key, usd) for key, usd in merged.items()))


def tie_up(book: CashBook, day: date, case: str, margin: float) -> CashBook:
    """Return the book with so much margin tied up in a case; 0 gives all back."""
    change = margin - book.margins.get(case, 0.0)
    margins = {k: usd for k, usd in book.margins.items() if k != case}
    if margin:
        margins[case] = margin
    moved = enter(book, Flow(day, case, Kind.MARGIN, -change)) if change else book
    return replace(moved, margins=margins)


def owe(book: CashBook, case: str, usd: float) -> CashBook:
    """Return the book with so much of a case's credit due to the vault."""
    if not usd:
        return book
    return replace(book, owed={**book.owed, case: book.owed.get(case, 0.0) + usd})


def sweep_due(book: CashBook, swept: float) -> float:
    """Return the USD that are due to the vault after what was swept; never negative.

    A case whose rolls cost more than it earned owes nothing.
    """
    due = sum(max(usd, 0.0) for usd in book.owed.values()) - swept
    return due if due >= SWEEP_LEAST else 0.0


def charge(
    book: CashBook, day: date, exec_id: str, case: str, amount: float
) -> CashBook:
    """Return the book with the commission of an execution, counted once."""
    missing = {k: name for k, name in book.missing.items() if k != exec_id}
    book = replace(book, missing=missing)
    change = amount - book.charged.get(exec_id, 0.0)
    if not change:
        return book
    charged = {**book.charged, exec_id: amount}
    entered = enter(book, Flow(day, case, Kind.COMMISSION, -change))
    return replace(entered, charged=charged)


def forget(book: CashBook, today: date, exec_ids: frozenset[str]) -> CashBook:
    """Return the book without what nobody needs any more.

    Executions that are not of the broker's day cannot be reported again; what has
    been gone for two years is no longer counted.
    """
    newest: dict[str, date] = {}
    for flow in book.flows:
        newest[flow.case] = max(flow.day, newest.get(flow.case, flow.day))
    flows = tuple(
        f
        for f in book.flows
        if f.case in book.margins
        or today - (newest[f.case] if f.case else f.day) <= KEPT
    )
    return replace(
        book,
        flows=flows,
        charged={k: v for k, v in book.charged.items() if k in exec_ids},
        pending={k: v for k, v in book.pending.items() if k in exec_ids},
        queried=tuple(k for k in book.queried if k in exec_ids),
        missing={
            k: name
            for k, name in book.missing.items()
            if any(f.case == name for f in flows)
        },
    )


def rate_of_return(
    flows: Iterable[Flow], today: date | None = None, worth: float = 0.0
) -> float | None:
    """Return the money-weighted annualised return of flows, per cent.

    `worth` is what would come back `today` if everything were closed at its marks;
    nothing for what is gone already. None where there is no one such number.
    """
    dated = [(float(flow.day.toordinal()), flow.usd) for flow in flows]
    if today is not None:
        dated.append((float(today.toordinal()), worth))
    return xirr(dated)


def income(
    book: CashBook, today: date, *, least_days: int, window_days: int = 365
) -> float | None:
    """Return a year's income at the pace of the flows of the last year, USD.

    Income is credits less hedges, closings, commissions and interest, of cases that
    are gone. None before there are `least_days` of flows.
    """
    start = today - timedelta(days=window_days)
    gone = [
        f
        for f in book.flows
        if f.kind is not Kind.MARGIN
        and f.case not in book.margins
        and f.case not in book.unsettled
        and f.day > start
    ]
    first = min((f.day for f in gone), default=today)
    span = (today - first).days
    return sum(f.usd for f in gone) * 365.0 / span if span >= least_days else None
