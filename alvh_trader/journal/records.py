"""Reading the rows of a journal back, and noticing if one is not what was written."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import apsw
from msgspec import Struct

from alvh_trader.engine.event import Event
from alvh_trader.errors import JournalError
from alvh_trader.journal.codec import CHAIN_START, Body, decode, digest_of, link
from alvh_trader.journal.connection import open_reader

PAGE_ROWS = 500
"""Rows of one query: a reader that is slow must not pin the writer's WAL."""

_COLUMNS = "seq, at, kind, type, case_id, body, chain"

_Row = tuple[int, str, str, str, str | None, bytes, bytes]


class Line(Struct, frozen=True):
    """A record as it is stored: `body` is JSON, `chain` covers it and all before."""

    seq: int
    at: str
    kind: str
    type: str
    case: str | None
    body: bytes
    chain: bytes


class Snapshot(Struct, frozen=True):
    """The engine's state after record `seq`, by which build, under which rules."""

    seq: int
    build: str
    rules: str
    body: bytes


class Record(Struct, frozen=True):
    """One entry of the journal. `case` is "" where it belongs to no case."""

    seq: int
    at: datetime
    case: str
    body: Body


def scan(connection: apsw.Connection, after: int) -> Iterator[Record]:
    """Yield every record behind `after`, in order, each checked against its chain.

    Raises:
        ValueError: A record is missing, damaged or exchanged.
    """
    for row in _intact(connection, after):
        yield _record(row)


def lines(connection: apsw.Connection, after: int) -> Iterator[Line]:
    """Yield every record behind `after` as it is stored, checked like `scan`."""
    for row in _intact(connection, after):
        yield Line(*row)


def events(connection: apsw.Connection, after: int) -> Iterator[tuple[int, Event]]:
    """Yield the number and the event of every event behind `after`, like `scan`."""
    for row in _intact(connection, after):
        if row[2] == "event":
            yield row[0], decode(row[5], seq=row[0])  # type: ignore[misc]  # kind says so


def select(
    connection: apsw.Connection, types: Iterable[str], case: str | None = None
) -> Iterator[Record]:
    """Yield the records of these types (and this case), in order.

    `MarketUpdated` is not among what can be selected: the index leaves it out.
    """
    names = sorted(types)
    assert "MarketUpdated" not in names, "not indexed"
    wanted = (
        "(?1 IS NULL OR case_id = ?1) AND type <> 'MarketUpdated' "
        f"AND type IN ({', '.join('?' * len(names))})"
    )
    yield from map(_record, _paged(connection, wanted, (case, *names), 0))


def of_case(connection: apsw.Connection, case: str) -> Iterator[Record]:
    """Yield everything that names `case`, or an order of it, in order."""
    yield from map(_record, _paged(connection, "case_id = ?1", (case,), 0))


def last(connection: apsw.Connection) -> tuple[int, str | None, bytes]:
    """Return number, time and chain of the newest record (0, None, start if none)."""
    row = connection.execute(
        "SELECT seq, at, chain FROM records ORDER BY seq DESC LIMIT 1"
    ).fetchone()
    return row or (0, None, CHAIN_START)


def archives(connection: apsw.Connection) -> list[tuple[int, bytes, str]]:
    """Return number and chain of the last record of each archive, and its name."""
    query = "SELECT last, chain, name FROM archives ORDER BY last"
    return list(connection.execute(query))


def count_own(connection: apsw.Connection) -> int:
    """Return how many records this file itself holds, after checking them like `scan`.

    Raises:
        ValueError: One is missing, damaged or exchanged, or cannot be read.
    """
    moved = archives(connection)
    start = moved[-1][0] if moved else 0
    count = 0
    for count, row in enumerate(_own(connection, start), start=1):  # noqa: B007 - counted
        _record(row)
    return count


def snapshots(connection: apsw.Connection) -> list[Snapshot]:
    """Return the states that are kept, the newest first."""
    rows = connection.execute(
        "SELECT seq, build, rules, body FROM snapshots ORDER BY seq DESC"
    )
    return [Snapshot(*row) for row in rows]


def rules_of(connection: apsw.Connection, digest: str) -> str | None:
    """Return the rules with that digest as they were noted, or None.

    Raises:
        ValueError: They are not what was noted.
    """
    row: tuple[str] | None = connection.execute(
        "SELECT body FROM rules WHERE digest = ?", (digest,)
    ).fetchone()
    if row is None:
        return None
    if digest_of(row[0]) != digest:
        raise ValueError(f"the rules {digest} are not what was noted")
    return row[0]


def _intact(connection: apsw.Connection, after: int) -> Iterator[_Row]:
    """Yield the rows behind `after` as one chain, those of the archives first."""
    for last_moved, chain, name in archives(connection):
        if last_moved > after:
            yield from _moved(connection, name, after, last_moved, chain)
            after = last_moved
    yield from _own(connection, after)


def _moved(
    connection: apsw.Connection, name: str, after: int, until: int, chain: bytes
) -> Iterator[_Row]:
    path = Path(connection.filename).with_name(name)
    if not path.exists():
        raise JournalError(
            f"records {after + 1} to {until} were moved to {path}, which is not there"
        )
    with closing(open_reader(path)) as archive:
        found = b""
        for row in _own(archive, after):
            if row[0] > until:
                break
            yield row
            found = row[-1]
    if found != chain:
        raise ValueError(f"{name} does not end with record {until} as it was")


def _own(connection: apsw.Connection, after: int) -> Iterator[_Row]:
    chain = _chain_at(connection, after)
    expected = after + 1
    for row in _paged(connection, "1", (), after):
        seq, at, kind, name, case, body, found = row
        if seq != expected:
            raise ValueError(f"records {expected} to {seq - 1} are missing")
        chain = link(chain, seq, (at, kind, name, case), body)
        if chain != found:
            raise ValueError(f"record {seq} is not what was written")
        expected += 1
        yield row


def _chain_at(connection: apsw.Connection, seq: int) -> bytes:
    if seq == 0:
        return CHAIN_START
    row: tuple[bytes] | None = connection.execute(
        "SELECT chain FROM records WHERE seq = ?1 "
        "UNION ALL SELECT chain FROM archives WHERE last = ?1",
        (seq,),
    ).fetchone()
    if row is None:
        raise ValueError(f"there is no record {seq}")
    return row[0]


def _paged(
    connection: apsw.Connection, where: str, values: Sequence[str | None], after: int
) -> Iterator[_Row]:
    # The text is put together from constants and question marks only.
    query = (
        f"SELECT {_COLUMNS} FROM records WHERE {where} "  # noqa: S608
        f"AND seq > ?{len(values) + 1} ORDER BY seq LIMIT {PAGE_ROWS}"
    )
    while True:
        rows: list[Any] = connection.execute(query, (*values, after)).fetchall()
        if not rows:
            return
        yield from rows
        after = rows[-1][0]


def _record(row: _Row) -> Record:
    seq, at, _, _, case, body, _ = row
    return Record(seq, datetime.fromisoformat(at), case or "", decode(body, seq=seq))


def told(connection: apsw.Connection, after: int) -> Iterator[Record]:
    """Yield the records behind `after` that a person follows: all but quotes.

    Not checked against the chain: it is meant for watching a run while it goes on.
    """
    for row in _paged(connection, "type <> 'MarketUpdated'", (), after):
        yield _record(row)
