"""Look after a journal on the command line: verify, export, back up, replay."""

import sys
from pathlib import Path
from typing import Any

import msgspec

from alvh_trader.engine.state import State
from alvh_trader.journal.backup import back_up as copy_verified
from alvh_trader.journal.read import Reader
from alvh_trader.runtime.build import build_hash
from alvh_trader.runtime.replay import Check, Replay, Verdict
from alvh_trader.runtime.show import emit, rules_of


def verify(journal: Path, *, as_json: bool) -> None:
    """Check every page, record and digest, and say how many records there are.

    Raises:
        JournalError: Something is missing or is not what was written.
    """
    with Reader.open(journal) as reader:
        count = reader.verify()
        newest = reader.last_record()
        moved = reader.archives()
    for archive in moved:
        if archive.exists():
            verify(archive, as_json=as_json)
        else:
            row = {"kind": "elsewhere", "journal": str(archive)}
            _say(row, f"{archive}: not here", as_json=as_json)
    at = newest[1].isoformat() if newest else None
    _say(
        {"kind": "verified", "journal": str(journal), "records": count, "t": at},
        f"{journal}: {count} records, each as it was written",
        as_json=as_json,
    )


def export(journal: Path, after: int) -> None:
    """Write every record as a JSON line, with the digest that chains it."""
    with Reader.open(journal) as reader:
        for line in reader.lines_after(after):
            row = {
                "seq": line.seq,
                "at": line.at,
                "kind": line.kind,
                "type": line.type,
                "case": line.case,
                "body": msgspec.Raw(line.body),
                "chain": line.chain.hex(),
            }
            sys.stdout.write(msgspec.json.encode(row).decode() + "\n")


def back_up(journal: Path, to: Path, *, keep: int | None, as_json: bool) -> None:
    """Copy the journal to a file or folder, and say where the proven copy is."""
    copy, count = copy_verified(journal, to, keep=keep)
    _say(
        {"kind": "backup", "journal": str(journal), "copy": str(copy), "n": count},
        f"{copy}: {count} records, each as it was written",
        as_json=as_json,
    )


def replay(journal: Path, *, as_json: bool) -> bool:
    """Return whether every command and decision follows from the events; say so."""
    with Reader.open(journal) as reader:
        found = Check(
            Replay(State(), rules_of(reader), reader.rules), reader.snapshots()
        ).run(reader.lines_after())
    row = {"kind": "replay", "ok": not found.why_not, **msgspec.to_builtins(found)}
    _say({**row, "build": build_hash()}, _in_words(found), as_json=as_json)
    return not found.why_not


def _in_words(found: Verdict) -> str:
    others = [build for build in found.builds if build != build_hash()]
    lines = [f"{found.events} events lead to the same {found.decisions} decisions,"]
    lines[0] += f" {found.commands} commands and {found.snapshots} kept states"
    if found.why_not:
        lines = [
            f"record {found.seq}: {found.why_not}",
            f"  there:    {found.found or 'nothing'}",
            f"  expected: {found.expected or 'nothing'}",
        ]
    if others:
        lines.append(f"written by build {', '.join(others)}; this is {build_hash()}")
    return "\n".join(lines)


def _say(row: dict[str, Any], words: str, *, as_json: bool) -> None:
    if as_json:
        emit(row)
    else:
        sys.stdout.write(words + "\n")
