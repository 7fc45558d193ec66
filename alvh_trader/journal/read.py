"""The reading side: what status, orders and explain see while the daemon writes."""

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import apsw
from msgspec import Struct

from alvh_trader.engine.command import RaiseAlert
from alvh_trader.engine.decision import Decision
from alvh_trader.engine.event import Event
from alvh_trader.errors import JournalError
from alvh_trader.journal import records
from alvh_trader.journal.connection import explained, open_reader, require
from alvh_trader.journal.files import copy
from alvh_trader.journal.migrate import SCHEMA_VERSION
from alvh_trader.journal.opening import expect_whole_pages
from alvh_trader.journal.records import Line, Record, Snapshot

ORDER_TYPES = (
    "PlaceOrder",
    "RepriceOrder",
    "CancelOrder",
    "OrderUpdated",
    "OrderRefused",
    "OrderNotSent",
    "OrderDoubted",
    "OrderFilled",
    "CommissionReported",
)

_T = TypeVar("_T")


class Delivery(Struct, frozen=True):
    """How far an alert got on one channel; `state` as in journal/schema.sql."""

    channel: str
    state: str
    attempts: int
    error: str | None


class AlertRecord(Struct, frozen=True):
    """An alert and what became of it. No deliveries: no channel was configured."""

    seq: int
    at: datetime
    alert: RaiseAlert
    deliveries: tuple[Delivery, ...]


class Reader:
    """A read-only view of a journal; sees what is committed, and changes nothing.

    Every method raises `JournalError` where the file turns out to be damaged.
    """

    def __init__(self, path: Path, connection: apsw.Connection) -> None:
        self.path = path
        self._connection = connection

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open the journal at `path` for reading; a daemon may be writing it.

        Raises:
            JournalError: There is none, it is no journal, or its schema is another.
        """
        with explained(path):
            path = path.resolve()
            require(path, version=SCHEMA_VERSION)
            connection = open_reader(path)
            found = connection.pragma("user_version")
            if found != SCHEMA_VERSION:
                connection.close()
                raise JournalError(
                    f"{path} has schema {found}, this program reads {SCHEMA_VERSION}; "
                    "the daemon brings an older journal up to date when it starts"
                )
            return cls(path, connection)

    def records_after(self, seq: int = 0) -> Iterator[Record]:
        """Yield every record behind `seq`, checked against the chain of digests."""
        return self._guard(lambda: records.scan(self._connection, seq))

    def lines_after(self, seq: int = 0) -> Iterator[Line]:
        """Yield every record behind `seq` as it is stored, checked likewise."""
        return self._guard(lambda: records.lines(self._connection, seq))

    def told_after(self, seq: int = 0) -> Iterator[Record]:
        """Yield what a person follows a run by behind `seq`: all but quotes."""
        return self._guard(lambda: records.told(self._connection, seq))

    def events_after(self, seq: int = 0) -> Iterator[tuple[int, Event]]:
        """Yield number and event of every event behind `seq`, checked likewise."""
        return self._guard(lambda: records.events(self._connection, seq))

    def decisions(self, case: str | None = None) -> Iterator[tuple[int, Decision]]:
        """Yield every decision, or those on one case, oldest first."""
        for record in self._select(("Decision",), case):
            assert isinstance(record.body, Decision)
            yield record.seq, record.body

    def orders(self, case: str | None = None) -> Iterator[Record]:
        """Yield what was asked of the broker about orders, and what it answered."""
        return self._select(ORDER_TYPES, case)

    def of_case(self, case: str) -> Iterator[Record]:
        """Yield everything that names `case`, or one of its orders, oldest first."""
        return self._guard(lambda: records.of_case(self._connection, case))

    def alerts(self) -> Iterator[AlertRecord]:
        """Yield every alert and how far its delivery got, oldest first."""
        for record in self._select(("RaiseAlert",), None):
            assert isinstance(record.body, RaiseAlert)
            with explained(self.path):
                rows: list[Any] = self._connection.execute(
                    "SELECT channel, state, attempts, error FROM deliveries "
                    "WHERE seq = ? ORDER BY channel",
                    (record.seq,),
                ).fetchall()
            deliveries = tuple(Delivery(*row) for row in rows)
            yield AlertRecord(record.seq, record.at, record.body, deliveries)

    def archives(self) -> list[Path]:
        """Return where the older records were moved to, the oldest first."""
        with explained(self.path):
            moved = records.archives(self._connection)
        return [self.path.with_name(name) for _, _, name in moved]

    def snapshots(self) -> list[Snapshot]:
        """Return the engine's states that are kept, the newest first."""
        with explained(self.path):
            return records.snapshots(self._connection)

    def last_state(self) -> tuple[int, bytes] | None:
        """Return the newest saved engine state and the record it includes."""
        kept = self.snapshots()
        return (kept[0].seq, kept[0].body) if kept else None

    def last_record(self) -> tuple[int, datetime] | None:
        """Return number and time of the newest record, or None if there is none."""
        with explained(self.path):
            seq, at, _ = records.last(self._connection)
            return None if at is None else (seq, datetime.fromisoformat(at))

    def run(self) -> dict[str, str]:
        """Return what the writer noted of its run (see `Journal.open`)."""
        with explained(self.path):
            return dict(self._connection.execute("SELECT key, value FROM meta"))

    def rules(self, digest: str = "") -> str | None:
        """Return the rules with that digest, without one those of the newest run."""
        with explained(self.path):
            return records.rules_of(
                self._connection, digest or self.run().get("rules", "")
            )

    def copy_to(self, target: Path) -> None:
        """Copy what this reader sees to a file that is not there yet, durably."""
        with explained(self.path):
            # The file itself stays open for reading only; query_only minds the copy.
            self._connection.pragma("query_only", "OFF")
            try:
                copy(self._connection, target)
            finally:
                self._connection.pragma("query_only", "ON")

    def verify(self) -> int:
        """Check every page, record and digest; return how many records are here.

        What was moved to archives is theirs to prove.

        Raises:
            JournalError: Something is missing or is not what was written.
        """
        with explained(self.path):
            expect_whole_pages(self._connection)
            return records.count_own(self._connection)

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _select(self, types: tuple[str, ...], case: str | None) -> Iterator[Record]:
        return self._guard(lambda: records.select(self._connection, types, case))

    def _guard(self, start: Callable[[], Iterator[_T]]) -> Iterator[_T]:
        with explained(self.path):
            yield from start()
