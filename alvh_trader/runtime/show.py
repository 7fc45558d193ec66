"""Show what the journal knows: the state, the cases, orders, explanations.

Every view has two forms: text for a person, and JSON lines with the same facts.
"""

import sys
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table

from alvh_trader.domain.position import masked
from alvh_trader.engine.case import Case
from alvh_trader.engine.decision import Decision
from alvh_trader.engine.discrepancies import opened
from alvh_trader.engine.explain import answers
from alvh_trader.engine.identity import LIVE
from alvh_trader.engine.proposals import pending
from alvh_trader.engine.rows import rows
from alvh_trader.engine.state import Rules, State
from alvh_trader.errors import ConfigError, JournalError
from alvh_trader.journal.read import Reader
from alvh_trader.journal.records import Record
from alvh_trader.runtime import transcript, words
from alvh_trader.runtime.loop import decode_rules, decode_state
from alvh_trader.runtime.request import Waiting
from alvh_trader.signals.panel import Signal

LINE_MAX = 200
"""Letters in a row of a table that is not shown on a terminal."""


def emit(row: dict[str, Any]) -> None:
    """Write one JSON line."""
    # msgspec writes null where a number is not finite; JSON has no other word for it.
    sys.stdout.write(msgspec.json.encode(row, enc_hook=str).decode() + "\n")


def row_of(record: Record) -> dict[str, Any]:
    """Return a journal record as a JSON row."""
    body = msgspec.to_builtins(record.body, enc_hook=str)
    kind = "transition" if _is_move(record) else str(body.pop("type", "record"))
    at = None if transcript.is_before_time(record.at) else record.at.isoformat()
    return {"kind": kind, "seq": record.seq, "t": at, **body}


def _is_move(record: Record) -> bool:
    return isinstance(record.body, Decision) and record.body.moved


def state_of(journal: Path) -> State:
    """Return the newest state that was kept.

    Raises:
        JournalError: There is none, or it is of another version of the program.
    """
    with Reader.open(journal) as reader:
        last = reader.last_state()
    if last is None:
        raise JournalError(f"{journal} holds no state yet: the daemon has not run")
    try:
        return decode_state(last[1])
    except msgspec.DecodeError:
        raise JournalError(
            f"{journal} holds the state of another version of this program; it is "
            "made anew when the daemon starts"
        ) from None


def status(journal: Path, *, as_json: bool) -> None:
    """Show mode, connection, account and how many cases stand where."""
    state = state_of(journal)
    account = state.account
    stress = state.book_test.stress if state.book_test else None
    row = {
        "kind": "status",
        "t": state.at.isoformat() if state.at else None,
        "mode": state.mode,
        "connected": state.is_connected and state.is_link_up,
        "connection": str(state.link.name),
        "connection_since": _iso(state.link.since),
        "connection_why": state.link.why,
        "halted": state.is_halted,
        "freeze": state.freeze.name,
        "frozen_by": state.frozen_by,
        **_live(state),
        "discrepancies": ", ".join(it.key for it in opened(state)),
        "reconciled": _iso(state.reconciled),
        "account": masked(state.account_id),
        "net_liquidation": account.net_liquidation if account else None,
        "available_funds": account.available_funds if account else None,
        "sessions": state.sessions,
        "phases": {c.case_id: str(c.phase) for c in state.cases.values()},
        "hedge_lots": len(state.lots),
        "two_sigma_drawdown": stress.drawdown if stress else None,
        "dislocated": ", ".join(k for k, g in state.parity.items() if g.is_dislocated),
    }
    if as_json:
        emit(row)
        return
    _print_pairs(row)


def _live(state: State) -> dict[str, Any]:
    """Return what is shown of a daemon in live beside everything else."""
    if state.mode != LIVE:
        return {}
    arm = state.arm
    return {
        "armed_until": arm.expires.isoformat() if arm else "not armed",
        "approvals": len(pending(state)),
        "build": state.identity.build,
    }


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _print_pairs(row: dict[str, Any]) -> None:
    width = max(len(key) for key in row) + 2
    for key, value in row.items():
        if key != "kind":
            label = "as of" if key == "t" else key.replace("_", " ")
            sys.stdout.write(f"{label:<{width}}{in_words(value)}\n")


def in_words(value: object) -> str:
    """Return a value as a person reads it."""
    match value:
        case None:
            return "unknown"
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:,.10g}"
        case dict():
            return ", ".join(f"{k} {in_words(v)}" for k, v in value.items()) or "none"
        case _:
            return str(value) or "none"


def cases(journal: Path, *, as_json: bool) -> None:
    """List the cases."""
    state = state_of(journal)
    for number, case in enumerate(state.cases.values()):
        row = _case_row(state, case)
        if as_json:
            emit(row)
            continue
        if number:
            sys.stdout.write("\n")
        _print_pairs(row)
    if not state.cases and not as_json:
        sys.stdout.write("no cases\n")


def _case_row(state: State, case: Case) -> dict[str, Any]:
    strikes = "/".join(f"{leg.option.strike:g}" for leg in case.legs)
    hedge = sum(lot.units for lot in state.lots.values() if lot.case == case.case_id)
    return {
        "kind": "case",
        "case": case.case_id,
        "phase": str(case.phase),
        "since": case.since.isoformat(),
        "edr": None if case.edr is None else round(case.edr, 4),
        "condor": f"{case.condor.quantity} x {strikes}" if case.legs else "gone",
        "expiry": case.condor.expiry.isoformat(),
        "credit": round(case.condor.credit, 2),
        "hedge": hedge,
        "needed": case.needed,
        "rolls": len(case.rolled),
        "standing": case.standing,
    }


def print_table(rows: Iterable[dict[str, Any]]) -> None:
    """Write rows of the same keys as a table; a row is a line."""
    table = Table(box=None)
    for number, row in enumerate(rows):
        keys = [key for key in row if key != "kind"]
        if number == 0:
            for key in keys:
                table.add_column(key, overflow="fold")
        table.add_row(*(str(row[key]) for key in keys))
    # Whoever reads a file or a pipe wants a row to be a line.
    console = Console()
    Console(width=console.width if console.is_terminal else LINE_MAX).print(table)


def orders(journal: Path, *, as_json: bool) -> None:
    """List what was asked of the broker about orders, and what it answered."""
    names = transcript.Names()
    with Reader.open(journal) as reader:
        for record in reader.orders():
            _tell(record, names, as_json=as_json)


def _tell(record: Record, names: transcript.Names, *, as_json: bool) -> None:
    lines = list(transcript.lines(record.at, record.body, names))
    if as_json:
        emit(row_of(record))
    elif lines:
        sys.stdout.write("\n".join(lines) + "\n")


def history(journal: Path, case: str, *, as_json: bool) -> None:
    """Show every transition and every standstill of one case with its numbers."""
    names = transcript.Names()
    with Reader.open(journal) as reader:
        known = sorted({d.case for _, d in reader.decisions() if d.case})
        for record in reader.of_case(_one(known, case)):
            _tell(record, names, as_json=as_json)


def explain(journal: Path, case: str, *, as_json: bool) -> None:
    """Answer for one case, or for each, what is asked about hedge and roll."""
    state = state_of(journal)
    with Reader.open(journal) as reader:
        rules = rules_of(reader)
        names = [_one(list(state.cases), case)] if case else list(state.cases)
        for number, name in enumerate(names):
            decisions = [decision for _, decision in reader.decisions(name)]
            found = answers(state, rules, state.cases[name], decisions)
            if as_json:
                for answer in found:
                    at = state.at.isoformat() if state.at else None
                    body = msgspec.to_builtins(answer, enc_hook=str)
                    emit({"kind": "answer", "t": at, "case": name, **body})
                continue
            if number:
                sys.stdout.write("\n")
            sys.stdout.write("\n".join(words.case(name, state.at, found)) + "\n")
    if not names and not as_json:
        sys.stdout.write("no cases\n")


def signals(journal: Path, *, as_json: bool) -> None:
    """Show the panel: every signal with its bound, age, source and verdict."""
    state = state_of(journal)
    with Reader.open(journal) as reader:
        found = rows(state, rules_of(reader))
    if as_json:
        for signal in found:
            emit({"kind": "signal", **msgspec.to_builtins(signal, enc_hook=str)})
    elif found:
        print_table(_signal_row(signal, state.at) for signal in found)
    else:
        sys.stdout.write("no signals\n")


def _signal_row(signal: Signal, now: datetime | None) -> dict[str, Any]:
    value = "" if signal.value is None else f"{signal.value:,.4f} {signal.unit}"
    age = None if signal.as_of is None or now is None else now - signal.as_of
    return {
        "signal": signal.name,
        "value": value.strip(),
        "threshold": signal.bound,
        "age": words.length(age),
        "source": signal.source,
        "state": signal.freshness,
        "verdict": signal.says,
    }


def rules_of(reader: Reader) -> Rules:
    """Return the rules of the newest run.

    Raises:
        JournalError: No daemon of this version has written the journal.
    """
    noted = reader.rules()
    try:
        return decode_rules(noted or "")
    except msgspec.DecodeError:
        raise JournalError(
            f"{reader.path} does not say by which rules: another version of "
            "this program wrote it; --history reads it all the same"
        ) from None


def _one(names: list[str], case: str) -> str:
    fitting = [name for name in names if name.startswith(case)]
    if len(fitting) != 1:
        have = ", ".join(names) or "none"
        what = "more than one case" if fitting else "no case"
        raise ConfigError(f"{what} is called {case!r}; there are: {have}")
    return fitting[0]


def show_waiting(waiting: tuple[Waiting, ...], *, as_json: bool) -> None:
    """List the orders that wait for a person."""
    rows = [{"kind": "approval", **msgspec.to_builtins(w)} for w in waiting]
    if as_json:
        for row in rows:
            emit(row)
    elif rows:
        print_table(rows)
    else:
        sys.stdout.write("no order waits\n")


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
    print_table(rows)
