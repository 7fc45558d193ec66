"""A disk under SQLite that notes every call, fails at one of them, or loses its power.

`Disk` is an apsw VFS above the system's own: what is written is really written, so that
everything else works as ever. Beside it a log is kept. A `Platter` makes of it what is
there after a power cut: what was synced, and of the rest any part in any order.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random  # noqa: TID251 - seeded by its user
from typing import NamedTuple

import apsw

SECTOR = 512
"""Bytes that are written together or not at all."""


class Call(NamedTuple):
    """One call of SQLite that changes a file, or "ack" where a test notes something."""

    kind: str
    name: str = ""
    offset: int = 0
    data: bytes = b""


Fault = Callable[[str, int], None]
"""Called with each call's name and number; it may raise what the disk would."""


def no_fault(_kind: str, _number: int) -> None:
    """Let every call succeed."""


class Disk(apsw.VFS):
    """The default of SQLite from now until `unregister`; see `disk`."""

    def __init__(self, name: str, fault: Fault) -> None:
        super().__init__(name, "unix", makedefault=True)
        self.log: list[Call] = []
        self.calls = 0
        self._fault = fault

    def pass_through(self, kind: str) -> None:
        """Count a call, and let it fail if it should."""
        self.calls += 1
        self._fault(kind, self.calls)

    def xOpen(  # noqa: N802 - SQLite's own names
        self, name: str | apsw.URIFilename | None, flags: list[int]
    ) -> "File":
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        self.pass_through("open")
        return File(self, path or "", name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802
        self.pass_through("delete")
        super().xDelete(filename, syncdir)
        kind = "delete now" if syncdir else "delete"
        self.log.append(Call(kind, Path(filename).name))


class File(apsw.VFSFile):
    def __init__(
        self,
        disk: Disk,
        path: str,
        name: str | apsw.URIFilename | None,
        flags: list[int],
    ) -> None:
        self._disk = disk
        self._name = Path(path).name
        super().__init__("unix", name, flags)

    def xRead(self, amount: int, offset: int) -> bytes:  # noqa: N802
        self._disk.pass_through("read")
        return super().xRead(amount, offset)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802
        self._disk.pass_through("write")
        super().xWrite(data, offset)
        self._disk.log.append(Call("write", self._name, offset, bytes(data)))

    def xTruncate(self, newsize: int) -> None:  # noqa: N802
        self._disk.pass_through("truncate")
        super().xTruncate(newsize)
        self._disk.log.append(Call("truncate", self._name, newsize))

    def xSync(self, flags: int) -> None:  # noqa: N802
        self._disk.pass_through("sync")
        super().xSync(flags)
        self._disk.log.append(Call("sync", self._name))

    def xLock(self, level: int) -> None:  # noqa: N802
        self._disk.pass_through("lock")
        super().xLock(level)


@contextmanager
def disk(fault: Fault = no_fault) -> Iterator[Disk]:
    """Let everything that opens a database now do so on a disk of this kind."""
    made = Disk("alvh-test-disk", fault)
    try:
        yield made
    finally:
        made.unregister()


Files = dict[str, bytearray]


class Platter:
    """What is on the disk for certain, and what may be, as a log is played to it."""

    def __init__(self, files: Files) -> None:
        self._durable: dict[str, bytearray | None] = {
            name: bytearray(data) for name, data in files.items()
        }
        self._pending: list[Call] = []

    def play(self, call: Call) -> None:
        """Take the next call of the log."""
        match call.kind:
            case "sync":
                mine = [c for c in self._pending if c.name == call.name]
                self._pending = [c for c in self._pending if c.name != call.name]
                for earlier in mine:
                    _apply(self._durable, earlier)
                if self._durable.get(call.name) is None:
                    self._durable[call.name] = bytearray()
            case "delete now":
                self._pending = [c for c in self._pending if c.name != call.name]
                self._durable[call.name] = None
            case "write" | "truncate" | "delete":
                self._pending.append(call)
            case _:
                pass

    def cut(self, random: Random) -> Files:
        """Return what could be found if the power went now."""
        files = {
            name: None if data is None else bytearray(data)
            for name, data in self._durable.items()
        }
        share = random.choice([0.0, 0.1, 0.5, 0.9, 1.0])
        left = [_torn(c, random) for c in self._pending if random.random() < share]
        if random.random() < 0.5:
            random.shuffle(left)
        for call in left:
            _apply(files, call)
        return {name: data for name, data in files.items() if data is not None}


def _torn(call: Call, random: Random) -> Call:
    """Return the call, or a write of which only some sectors arrive."""
    if call.kind != "write" or len(call.data) <= SECTOR or random.random() < 0.7:
        return call
    whole = len(call.data) // SECTOR
    first = random.randrange(whole)
    last = random.randrange(first, whole) + 1
    part = call.data[first * SECTOR : last * SECTOR]
    return call._replace(offset=call.offset + first * SECTOR, data=part)


def _apply(files: dict[str, bytearray | None], call: Call) -> None:
    data = files.get(call.name)
    match call.kind:
        case "delete":
            files[call.name] = None
        case "truncate":
            if data is not None:
                del data[call.offset :]
        case _:
            if data is None:
                data = files[call.name] = bytearray()
            end = call.offset + len(call.data)
            if len(data) < end:
                data.extend(bytes(end - len(data)))
            data[call.offset : end] = call.data
