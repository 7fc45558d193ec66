from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apsw
import pytest

from alvh_trader.journal import records
from alvh_trader.journal.codec import CHAIN_START, digest_of, link
from alvh_trader.journal.connection import open_writer
from alvh_trader.journal.store import Journal
from tests.journal.samples import alert, decision, market, started


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[apsw.Connection]:
    path = tmp_path / "j.db"
    with Journal.open(path) as journal:
        journal.append(started())
        for i in range(3):
            journal.append(market(i))
        journal.append(decision("C1"))
        journal.append(alert("C2"))
    opened = open_writer(path)
    yield opened
    opened.close()


def change(connection: apsw.Connection, statement: str) -> None:
    connection.execute(statement).fetchall()


def test_a_scan_begins_behind_a_record(connection: apsw.Connection) -> None:
    assert [r.seq for r in records.scan(connection, 0)] == [1, 2, 3, 4, 5, 6]
    assert [r.seq for r in records.scan(connection, 4)] == [5, 6]
    assert [r.case for r in records.scan(connection, 3)] == ["", "C1", "C2"]


@pytest.mark.covers("T07")
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE records SET at = '2018-02-05T14:30:09.000000+00:00' WHERE seq = 3",
        "UPDATE records SET kind = 'command' WHERE seq = 3",
        "UPDATE records SET type = 'Other' WHERE seq = 3",
        "UPDATE records SET case_id = 'C9' WHERE seq = 3",
        "UPDATE records SET body = CAST(body || ' ' AS BLOB) WHERE seq = 3",
        "UPDATE records SET chain = zeroblob(16) WHERE seq = 3",
    ],
)
def test_a_change_in_any_column_is_found(
    connection: apsw.Connection, statement: str
) -> None:
    change(connection, statement)
    with pytest.raises(ValueError, match="record 3 is not what was written"):
        list(records.scan(connection, 0))
    with pytest.raises(ValueError, match="record 3 is not what was written"):
        list(records.events(connection, 2))


def test_two_rows_that_changed_places_are_found(connection: apsw.Connection) -> None:
    change(connection, "UPDATE records SET seq = 99 WHERE seq = 2")
    change(connection, "UPDATE records SET seq = 2 WHERE seq = 3")
    change(connection, "UPDATE records SET seq = 3 WHERE seq = 99")
    with pytest.raises(ValueError, match="record 2"):
        list(records.scan(connection, 0))


def test_a_selection_goes_by_type_and_case(connection: apsw.Connection) -> None:
    types = ("Decision", "RaiseAlert")
    assert [r.seq for r in records.select(connection, types)] == [5, 6]
    assert [r.seq for r in records.select(connection, types, "C2")] == [6]
    assert [r.seq for r in records.select(connection, ("DaemonStarted",))] == [1]
    with pytest.raises(AssertionError):
        list(records.select(connection, ("MarketUpdated",)))


def test_a_selection_uses_the_index(connection: apsw.Connection) -> None:
    asked: list[tuple[str, Any]] = []

    def note(_: apsw.Cursor, query: str, values: Any) -> bool:
        asked.append((query, values))
        return True

    connection.exec_trace = note
    list(records.select(connection, ("Decision", "RaiseAlert")))
    connection.exec_trace = None
    for query, values in asked:
        plan = connection.execute(f"EXPLAIN QUERY PLAN {query}", values).fetchall()
        assert "records_by_type" in str(plan)
    assert asked


def test_the_last_of_none_is_the_start_of_the_chain(tmp_path: Path) -> None:
    path = tmp_path / "empty.db"
    Journal.open(path).close()
    opened = open_writer(path)
    assert records.last(opened) == (0, None, CHAIN_START)
    opened.close()


def test_an_event_that_cannot_be_read_is_named_by_its_number(
    connection: apsw.Connection,
) -> None:
    body, chain = b"[]", records.last(connection)[2]
    row = ("2018-02-05T14:31:00.000000+00:00", "event", "MarketUpdated", None)
    values = (7, *row, body, link(chain, 7, row, body))
    connection.execute("INSERT INTO records VALUES (?, ?, ?, ?, ?, ?, ?)", values)
    for read in (records.events, records.scan):
        with pytest.raises(ValueError, match="record 7 "):
            list(read(connection, 0))


def test_rules_are_named_by_sixteen_bytes_of_a_digest() -> None:
    assert digest_of("") == "cae66941d9efbd404e4d88758ea67670"
