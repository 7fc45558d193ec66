"""Show the second engine as tables: what it lends, costs, returns, and what is advised.

Everything is read from the journal's newest state; nothing is measured here.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from alvh_trader.capital.cashbook import CashBook
from alvh_trader.capital.liquidity import quick_ratio
from alvh_trader.engine.capital import CapitalView
from alvh_trader.engine.state import State
from alvh_trader.errors import JournalError
from alvh_trader.runtime.show import emit, in_words, print_table, state_of

Row = dict[str, Any]

TITLES = {
    "capital": "Capital of both engines, USD",
    "facility": "Facilities, USD and per cent a year",
    "cost": "Cost of capital, per cent a year",
    "return": "Returns, per cent a year",
    "liquidity": "Quick ratio under the 2-sigma stress, USD",
    "gate": "Gates of an increase, and reasons to reduce",
    "advice": "Advice",
    "sweep": "Due to the vault, USD",
    "stream": "The strategy as a stream of credits, USD",
}
"""The tables in their order, by the kind of their rows."""


def capital(journal: Path, *, as_json: bool) -> None:
    """Show every table.

    Raises:
        JournalError: Nothing has been measured yet.
    """
    state = state_of(journal)
    if state.capital is None:
        raise JournalError(f"{journal}: the second engine has not been measured yet")
    rows = list(_rows(state, state.capital))
    if as_json:
        for row in rows:
            emit(row)
        return
    for kind, title in TITLES.items():
        chosen = [row for row in rows if row["kind"] == kind]
        sys.stdout.write(f"{title}\n")
        if chosen:
            print_table({k: _short(v) for k, v in row.items()} for row in chosen)
        else:
            sys.stdout.write(" none\n")
        sys.stdout.write("\n")


def _short(value: object) -> str:
    """Return a number with the digits that a person needs, anything else as words."""
    if not isinstance(value, float):
        return in_words(value)
    return f"{value:,.0f}" if abs(value) >= 1_000 else in_words(round(value, 3))


def _rows(state: State, view: CapitalView) -> Iterator[Row]:
    yield from _capital(view)
    for line in view.lines:
        yield {
            "kind": "facility",
            "facility": line.id,
            "type": line.type,
            "limit": line.limit,
            "drawn": line.drawn,
            "available": line.available,
            "in_stress": line.available_in_stress,
            "rate": line.rate,
            "verdict": line.hindrance or "can be drawn",
        }
    yield from _cost(view)
    yield from _returns(view)
    yield from _liquidity(view)
    found = view.allocation
    for finding in (*found.gates, *found.reasons):
        yield {
            "kind": "gate",
            "gate": finding.what,
            "value": finding.value,
            "asked": finding.bound,
            "holds": finding.holds,
        }
    yield {
        "kind": "advice",
        "advice": str(found.advice),
        "drawn": found.drawn,
        "target": found.target,
        "wanted": found.wanted,
        "margin_room": found.margin_room,
        "light": str(found.light),
        "as_of": view.at.isoformat(),
    }
    yield from _sweep(state.cash, view)
    yield {
        "kind": "stream",
        "income_a_year": view.income,
        "return": view.so_far,
        "value": view.value,
        "hedge_factor": view.index_factor,
    }


def _capital(view: CapitalView) -> Iterator[Row]:
    found = view.funding
    yield {
        "kind": "capital",
        "equity": found.equity,
        "drawn": found.drawn,
        "outside": found.outside,
        "deployed": found.deployed,
        "available": found.available,
        "shock": found.shock,
        "statements": "fresh" if found.is_fresh else "stale or missing",
    }


def _cost(view: CapitalView) -> Iterator[Row]:
    cost = view.cost
    if cost is None:
        return
    for part in cost.parts:
        share = part.usd / cost.capital
        yield {
            "kind": "cost",
            "source": part.source,
            "usd": part.usd,
            "share": share,
            "rate": part.rate,
            "adds": share * part.rate,
        }
    bill = "4 % for none" if view.risk_free is None else f"{view.risk_free:.2f} %"
    yield {
        "kind": "cost",
        "source": f"together (bill {bill}, beta {cost.beta:.4f})",
        "usd": cost.capital,
        "share": 1.0,
        "rate": cost.wacc,
        "adds": cost.wacc,
    }


def _returns(view: CapitalView) -> Iterator[Row]:
    wacc = None if view.cost is None else view.cost.wacc
    for each in view.returns:
        yield {
            "kind": "return",
            "case": each.case,
            "state": "open" if each.is_open else "gone",
            "so_far": each.so_far,
            "expected": each.expected,
            "capital": each.capital,
            "cost": wacc,
            "over_cost": None
            if each.expected is None or wacc is None
            else each.expected - wacc,
            "note": each.note,
        }
    yield {
        "kind": "return",
        "case": "the book",
        "state": "all",
        "so_far": view.so_far,
        "expected": view.expected,
        "capital": sum(each.capital for each in view.returns),
        "cost": wacc,
        "over_cost": view.over_wacc,
        "note": "",
    }


def _liquidity(view: CapitalView) -> Iterator[Row]:
    pool = view.liquidity
    if pool is None:
        return
    yield {
        "kind": "liquidity",
        "cash": pool.cash,
        "bills": pool.bills,
        "stablecoins": pool.stablecoins * (1.0 - pool.haircut),
        "liquid": pool.liquid,
        "due": pool.due,
        "interest": pool.interest,
        "stress_call": pool.stress_call,
        "ratio": quick_ratio(pool),
        "light": str(view.allocation.light),
    }


def _sweep(book: CashBook, view: CapitalView) -> Iterator[Row]:
    for case, usd in book.owed.items():
        yield {"kind": "sweep", "of": case, "usd": usd}
    if view.facilities is not None and view.facilities.swept:
        yield {"kind": "sweep", "of": "swept so far", "usd": -view.facilities.swept}
    if book.owed:
        yield {"kind": "sweep", "of": "due now", "usd": view.sweep_due}
