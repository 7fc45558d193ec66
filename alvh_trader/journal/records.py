"""Reading the rows of a journal back, and noticing if one is not what was written."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

import apsw
from msgspec import Struct

from alvh_trader.engine.event import Event
from alvh_trader.journal.codec import CHAIN_START, Body, decode, digest_of, link

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
        "SELECT chain FROM records WHERE seq = ?", (seq,)
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
