"""Show what the journal knows: a running demo, the state, orders, explanations.

Every view has two forms: text for a person, and JSON lines with the same facts.
"""

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec
from rich.console import Console
from rich.table import Table

from alvh_trader.domain.calendar import NEW_YORK
from alvh_trader.engine.case import Case
from alvh_trader.engine.decision import Decision
from alvh_trader.engine.state import State
from alvh_trader.errors import ConfigError, JournalError
from alvh_trader.journal.read import Reader
from alvh_trader.journal.records import Record
from alvh_trader.runtime import transcript
from alvh_trader.runtime.demo import Summary
from alvh_trader.runtime.loop import decode_state


def emit(row: dict[str, Any]) -> None:
    """Write one JSON line."""
    sys.stdout.write(json.dumps(row) + "\n")


def row_of(record: Record) -> dict[str, Any]:
    """Return a journal record as a JSON row."""
    body = msgspec.to_builtins(record.body, enc_hook=str)
    kind = "transition" if _is_move(record) else str(body.pop("type", "record"))
    return {"kind": kind, "seq": record.seq, "t": record.at.isoformat(), **body}


def _is_move(record: Record) -> bool:
    return isinstance(record.body, Decision) and record.body.moved


class DemoScreen:
    """The output of a demo: a transcript as it happens, and a summary at the end."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._day = ""
        self._sessions = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        sys.stdout.flush()

    def show(self, record: Record) -> None:
        """Show one record, if it is worth a line."""
        lines = list(transcript.lines(record.at, record.body))
        day = f"{record.at.astimezone(NEW_YORK):%Y-%m-%d}"
        if day != self._day:
            self._day, self._sessions = day, self._sessions + 1
            # Progress belongs to the person, not to the output.
            sys.stderr.write(f"\rsimulating {day} ")
            sys.stderr.flush()
        if not lines:
            return
        if self._as_json:
            emit(row_of(record))
        else:
            sys.stdout.write("\n".join(lines) + "\n")

    def close_with(self, summary: Summary) -> None:
        """Show what came of it."""
        sys.stderr.write("\r" + " " * 30 + "\r")
        row = summary.row()
        if self._as_json:
            emit(row)
            return
        rate = 60 * summary.sessions / max(summary.seconds, 0.001)
        words = [
            "",
            f"{summary.scenario}, seed {summary.seed}: {summary.sessions} sessions "
            f"in {summary.seconds:.1f} s ({rate:.0f} sessions a minute)",
            f"  hedge orders {row['hedge_orders']}, fills {row['hedge_fills']}; "
            f"roll orders {row['roll_orders']}, fills {row['roll_fills']}; "
            f"unhedged rolls {row['unhedged_rolls']}; alerts {row['alerts']}",
        ]
        words += [
            f"  case {c['case']}: {c['state']}, EDR {c['edr']}" for c in summary.cases
        ]
        if not summary.is_good:
            words.append(f"  NOT GOOD: {summary.why_not}")
        sys.stdout.write("\n".join(words) + "\n")


def _state_of(journal: Path) -> State:
    with Reader.open(journal) as reader:
        last = reader.last_state()
    if last is None:
        raise JournalError(f"{journal} holds no state yet: the daemon has not run")
    return decode_state(last[1])


def status(journal: Path, *, as_json: bool) -> None:
    """Show mode, connection, account and how many cases stand where."""
    state = _state_of(journal)
    account = state.account
    row = {
        "kind": "status",
        "t": state.at.isoformat() if state.at else None,
        "mode": state.mode,
        "connected": state.is_connected and state.is_link_up,
        "halted": state.is_halted,
        "reconciled": state.reconciled.isoformat() if state.reconciled else None,
        "account": f"***{state.account_id[-3:]}" if state.account_id else "",
        "net_liquidation": account.net_liquidation if account else None,
        "available_funds": account.available_funds if account else None,
        "sessions": state.sessions,
        "phases": {c.case_id: str(c.phase) for c in state.cases.values()},
        "hedge_lots": len(state.lots),
    }
    if as_json:
        emit(row)
        return
    _print_pairs(row)


def _print_pairs(row: dict[str, Any]) -> None:
    table = Table(show_header=False, box=None)
    for key, value in row.items():
        if key != "kind":
            table.add_row(key.replace("_", " "), str(value))
    Console().print(table)


def cases(journal: Path, *, as_json: bool) -> None:
    """List the cases."""
    state = _state_of(journal)
    rows = [_case_row(state, case) for case in state.cases.values()]
    if as_json:
        for row in rows:
            emit(row)
        return
    _print_table(rows)


def _case_row(state: State, case: Case) -> dict[str, Any]:
    strikes = "/".join(f"{leg.option.strike:g}" for leg in case.legs)
    hedge = sum(lot.units for lot in state.lots.values() if lot.case == case.case_id)
    return {
        "kind": "case",
        "case": case.case_id,
        "phase": str(case.phase),
        "since": case.since.isoformat(),
        "edr": None if case.edr is None else round(case.edr, 4),
        "condor": f"{case.condor.quantity} x {strikes}",
        "expiry": case.condor.expiry.isoformat(),
        "credit": round(case.condor.credit, 2),
        "hedge": hedge,
        "needed": case.needed,
        "rolls": len(case.rolled),
        "standing": case.standing,
    }


def _print_table(rows: Iterable[dict[str, Any]]) -> None:
    table = Table(box=None)
    for number, row in enumerate(rows):
        keys = [key for key in row if key != "kind"]
        if number == 0:
            for key in keys:
                table.add_column(key, overflow="fold")
        table.add_row(*(str(row[key]) for key in keys))
    Console().print(table)


def orders(journal: Path, *, as_json: bool) -> None:
    """List what was asked of the broker about orders, and what it answered."""
    with Reader.open(journal) as reader:
        for record in reader.orders():
            _tell(record, as_json=as_json)


def _tell(record: Record, *, as_json: bool) -> None:
    lines = list(transcript.lines(record.at, record.body))
    if as_json:
        emit(row_of(record))
    elif lines:
        sys.stdout.write("\n".join(lines) + "\n")


def explain(journal: Path, case: str, *, as_json: bool) -> None:
    """Show every transition and every standstill of one case with its numbers."""
    with Reader.open(journal) as reader:
        name = _full_name(reader, case)
        for record in reader.of_case(name):
            _tell(record, as_json=as_json)


def _full_name(reader: Reader, case: str) -> str:
    names = sorted({d.case for _, d in reader.decisions() if d.case})
    fitting = [name for name in names if name.startswith(case)]
    if len(fitting) != 1:
        have = ", ".join(names) or "none"
        what = "more than one case" if fitting else "no case"
        raise ConfigError(f"{what} is called {case!r}; there are: {have}")
    return fitting[0]


def configuration(configs: tuple[Path, ...], *, as_json: bool) -> None:
    """Show the effective configuration, secrets left out, with its sources."""
    import os  # noqa: PLC0415 - the environment is read here and in bootstrap only

    from alvh_trader.settings.load import load_with_sources  # noqa: PLC0415
    from alvh_trader.settings.show import effective  # noqa: PLC0415

    loaded = load_with_sources(configs, os.environ)
    rows = [
        {"kind": "key", "key": s.key, "value": s.value, "source": s.source}
        for s in effective(loaded.settings, loaded.sources)
    ]
    if as_json:
        for row in rows:
            emit(row)
        return
    _print_table(rows)
