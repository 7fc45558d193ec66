"""Append records and read them back; one writer.

Write down, then act: `append` puts a record into the open transaction, `commit` makes
everything appended durable. Whoever dispatches a command calls `commit` first.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import apsw

from alvh_trader.engine.command import RaiseAlert
from alvh_trader.engine.event import DaemonStarted, Event
from alvh_trader.errors import InvariantError
from alvh_trader.journal import records
from alvh_trader.journal.archive import Archive
from alvh_trader.journal.codec import (
    KINDS,
    Body,
    case_of,
    digest_of,
    encode,
    link,
    ref_of,
    stamp,
)
from alvh_trader.journal.connection import explained
from alvh_trader.journal.deliveries import Deliveries
from alvh_trader.journal.lock import WriterLock
from alvh_trader.journal.opening import OPEN, expect_writable, open_whole
from alvh_trader.journal.records import Snapshot
from alvh_trader.journal.transaction import Care, Transaction

WAL_MAX = 64 * 2**20
"""Bytes of the WAL from which on something is wrong: a checkpoint comes every 4 MB."""

SNAPSHOTS_KEPT = 3
"""An older state is only of use if a newer one cannot be read."""

_INSERT = "INSERT INTO records VALUES (?, ?, ?, ?, ?, ?, ?)"

_NO_CARE = Care()


class Journal:
    """The writing side of a journal; implements `ports.Journal`.

    Not for two threads at once. After an error nothing more is written: what the disk
    has is then unknown, and only opening the file again tells.
    """

    def __init__(
        self, path: Path, lock: WriterLock, connection: apsw.Connection, care: Care
    ) -> None:
        self.path = path
        self._lock = lock
        self._connection = connection
        self._transaction = Transaction(path, connection, care)
        self._write = self._transaction.write
        self._is_started = False
        self.doubts: tuple[str, ...] = ()
        """Why this file may not be what its last writer left; see `DaemonStarted`."""
        self._channels: tuple[str, ...] = ()
        self._build = self._rules = ""
        self._seq, self._at, self._chain = records.last(connection)
        self._cases = dict(_cases_of_orders(connection))
        read = self._transaction.read
        self.deliveries = Deliveries(self._write, read, self.commit)
        self.archive = Archive(path, self._write, read, self.commit)

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        channels: Sequence[str] = (),
        run: Mapping[str, str] | None = None,
        care: Care = _NO_CARE,
    ) -> Self:
        """Open the journal at `path`, or make it (and its folder, not more than one).

        Every alert appended will be owed to `channels`. `run` is noted as what is
        known of this run (mode, build, configuration hash, ...).

        Raises:
            JournalLockedError: Another process writes it.
            JournalForbiddenError: This user may not write it.
            JournalError: It cannot be opened; it was not touched.
        """
        with explained(path):
            path = path.resolve()
            expect_writable(path)
            lock = WriterLock(path).take()
            try:
                connection, doubts = open_whole(path)
                journal = cls(path, lock, connection, care)
            except BaseException:
                lock.release()
                raise
            try:
                journal.doubts = journal._transaction.reserve.doubts(doubts)
                journal._begin_run(tuple(channels), run or {})
            except BaseException:
                journal.close()
                raise
            return journal

    @property
    def last_seq(self) -> int:
        """The number of the newest record; 0 in an empty journal."""
        return self._seq

    def append(self, record: Body) -> int:
        """Write one record; return its number. Durable only after `commit`.

        Events and decisions carry their time; a command has that of the event before.

        Raises:
            JournalError: It could not be written.
            InvariantError: It could not be read back, or is the first and a command.
        """
        body = encode(record)
        at = self._time_of(record)
        seq = self._seq + 1
        name = type(record).__name__
        case = self._case_of(record)
        kind = KINDS[type(record)]
        chain = link(self._chain, seq, (at, kind, name, case), body)
        self._write(_INSERT, (seq, at, kind, name, case, body, chain))
        self._seq, self._at, self._chain = seq, at, chain
        if isinstance(record, RaiseAlert):
            self.deliveries.owe(seq, self._channels)
        elif isinstance(record, DaemonStarted):
            self._is_started = True
        return seq

    def commit(self) -> None:
        """Make everything appended durable (power cut included); then return.

        Raises:
            JournalError: It is not durable; nothing that depends on it may be sent.
        """
        self._transaction.commit()
        if self._is_started:
            # The start that tells of the last failure is durable.
            self._transaction.reserve.settle()
            self._is_started = False

    def strain(self) -> str:
        """Return why the file grows without need, or "" (reliability.md F116)."""
        wal = self.path.with_name(self.path.name + "-wal")
        size = wal.stat().st_size if wal.exists() else 0
        return (
            "" if size <= WAL_MAX else "a reader keeps its -wal file from being reused"
        )

    def save_snapshot(self, seq: int, body: bytes) -> None:
        """Keep the engine's state as it is after record `seq`; commit it yourself.

        Nothing is kept for `seq` 0: before the first record there is nothing to tell.
        """
        assert 0 <= seq <= self._seq, "a state after a record that does not exist"
        if seq == 0:
            return
        self._write(
            "INSERT OR REPLACE INTO snapshots (seq, build, rules, body) "
            "VALUES (?, ?, ?, ?)",
            (seq, self._build, self._rules, body),
        )
        self._write(
            "DELETE FROM snapshots WHERE seq NOT IN "
            "(SELECT seq FROM snapshots ORDER BY seq DESC LIMIT ?)",
            (SNAPSHOTS_KEPT,),
        )

    def snapshots(self) -> list[Snapshot]:
        """Return the states that are kept, the newest first."""
        self._transaction.check()
        with explained(self.path):
            return records.snapshots(self._connection)

    def keep_rules(self, rules: str) -> str:
        """Note by which rules this run decides; return the digest they are known by."""
        self._rules = digest_of(rules)
        self._write(
            "INSERT INTO rules VALUES (?, ?) ON CONFLICT DO NOTHING",
            (self._rules, rules),
        )
        self._note("rules", self._rules)
        self.commit()
        return self._rules

    def rules(self, digest: str) -> str | None:
        """Return the rules with that digest as some run noted them, or None."""
        self._transaction.check()
        with explained(self.path):
            return records.rules_of(self._connection, digest)

    def events_after(self, seq: int) -> Iterator[tuple[int, Event]]:
        """Yield every event behind `seq`, oldest first, for recovery.

        Raises:
            JournalError: A record is missing or is not what was written.
        """
        self._transaction.check()
        with explained(self.path):
            yield from records.events(self._connection, seq)

    def close(self) -> None:
        """Commit what is appended, close the file, give the lock back."""
        if self._transaction.is_closed:
            return
        try:
            if self._transaction.is_sound:
                self._write("DELETE FROM meta WHERE key = ?", (OPEN,))
                self.commit()
        finally:
            # Where a commit hangs, both are in use until the process ends.
            if self._transaction.close():
                self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _begin_run(self, channels: tuple[str, ...], run: Mapping[str, str]) -> None:
        self._channels = channels
        self._note_build(run.get("build", ""))
        for key, value in run.items():
            self._note(key, value)
        self.deliveries.adopt(channels)
        self._note(OPEN, "1")
        self.commit()
        # Copies of the main file alone must show that it is in use.
        self._transaction.checkpoint()

    def _note(self, key: str, value: str) -> None:
        self._write("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    def _note_build(self, build: str) -> None:
        """Note a build that begins to write here; doubt one that others followed."""
        if not build:
            return
        last = self._transaction.read("SELECT value FROM meta WHERE key = 'build'", ())
        known = self._transaction.read(
            "SELECT since FROM builds WHERE build = ?", (build,)
        )
        self._build = build
        if not known:
            self._write("INSERT INTO builds VALUES (?, ?)", (build, self._seq))
        elif last != [(build,)]:
            self.doubts += (f"build {build} wrote here before build {last[0][0]} did",)

    def holds_order(self, ref: str) -> bool:
        """Return whether the command that places an order of that name is durable."""
        if self._connection.in_transaction:
            return False
        placed = self._transaction.read(
            "SELECT 1 FROM records WHERE type = 'PlaceOrder' AND "
            "json_extract(CAST(body AS TEXT), '$.approved.order.ref') = ? LIMIT 1",
            (ref,),
        )
        return bool(placed)

    def _time_of(self, record: Body) -> str:
        at = getattr(record, "at", None)
        if at is not None:
            return stamp(at)
        if self._at is None:
            raise InvariantError("a command before any event")
        return self._at

    def _case_of(self, record: Body) -> str | None:
        case = case_of(record)
        ref = ref_of(record)
        if ref is None:
            return case
        if case is None:
            return self._cases.get(ref)
        self._cases[ref] = case
        return case


def _cases_of_orders(connection: apsw.Connection) -> Iterator[tuple[str, str]]:
    for record in records.select(connection, ("PlaceOrder",)):
        ref = ref_of(record.body)
        if ref is not None and record.case:
            yield ref, record.case
