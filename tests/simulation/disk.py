"""The disk under a journal: what a kill leaves of a file, and what a power cut does.

A killed process has handed its writes to the system, so they are there. When the power
goes, each write since the last fsync is there or not, whatever the order.
"""

import shutil
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import apsw
import numpy as np

NAME = "simulated-disk"
BASE = "unix"

Flags = int | list[int]


class _Write(NamedTuple):
    """One write that is not safe yet: `old` is what was there, perhaps nothing."""

    offset: int
    old: bytes
    new: bytes
    size: int


class Disk(apsw.VFS):
    """A layer over SQLite's own file system that knows what is not safe yet."""

    def __init__(self) -> None:
        self.unsafe: defaultdict[str, list[_Write]] = defaultdict(list)
        """What is not safe of each file, by the file's name."""
        self._before, self._place = "", ""
        super().__init__(NAME, BASE)

    @contextmanager
    def used(self) -> Iterator[None]:
        """Let every database that is opened lie on this disk."""
        apsw.set_default_vfs(NAME)
        try:
            yield
        finally:
            apsw.set_default_vfs(BASE)

    def move(self, before: Path, place: Path) -> None:
        """From now on, what has its name from the folder `before` lies in `place`."""
        self._before, self._place = f"{before}/", f"{place}/"

    def xOpen(  # noqa: N802 - SQLite's name
        self, name: str | apsw.URIFilename | None, flags: list[int]
    ) -> apsw.VFSFile:
        """Open a file."""
        path = name.filename() if isinstance(name, apsw.URIFilename) else name or ""
        moved = self._moved(path)
        return _File(
            self.unsafe[Path(path).name], name if moved == path else moved, flags
        )

    def xDelete(self, name: str, syncdir: bool) -> None:  # noqa: N802
        """Remove a file."""
        super().xDelete(self._moved(name), syncdir)

    def xAccess(self, name: str, flags: int) -> bool:  # noqa: N802
        """Return whether a file is there, or may be used."""
        return super().xAccess(self._moved(name), flags)

    def _moved(self, path: str) -> str:
        if self._before and path.startswith(self._before):
            return self._place + path.removeprefix(self._before)
        return path

    def leave(
        self, folder: Path, grave: Path, power: np.random.Generator | None
    ) -> None:
        """Let a process die: what it has open is moved to `grave`, copies stay.

        Shared memory dies with it, sockets and locks too. With `power` that goes
        as well.
        """
        folder.rename(grave)
        folder.mkdir()
        for path in grave.iterdir():
            if path.is_file() and path.suffix not in {".lock", ".sock"}:
                if not path.name.endswith("-shm"):
                    shutil.copyfile(path, folder / path.name)
                if power is not None and self.unsafe.get(path.name):
                    _lose(folder / path.name, self.unsafe[path.name], power)
        self.unsafe.clear()


def _lose(path: Path, writes: list[_Write], rng: np.random.Generator) -> None:
    """Take from a file what a power cut takes."""
    content = bytearray(path.read_bytes())
    for write in reversed(writes):
        content[write.offset : write.offset + len(write.old)] = write.old
        del content[write.size :]
    for write in writes:
        if rng.random() < 0.5:
            content.extend(b"\0" * (write.offset - len(content)))
            content[write.offset : write.offset + len(write.new)] = write.new
    path.write_bytes(content)


class _File(apsw.VFSFile):
    def __init__(
        self,
        unsafe: list[_Write],
        name: str | apsw.URIFilename | None,
        flags: list[int],
    ) -> None:
        super().__init__(BASE, name, flags)
        self._unsafe = unsafe
        if not self.xFileSize():
            self._unsafe.clear()

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802
        """Write, and note what it replaced."""
        size = self.xFileSize()
        length = max(min(len(data), size - offset), 0)
        old = self.xRead(length, offset) if length else b""
        self._unsafe.append(_Write(offset, old, bytes(data), size))
        super().xWrite(data, offset)

    def xSync(self, flags: int) -> None:  # noqa: ARG002, N802
        """All that was written is safe from now on."""
        self._unsafe.clear()
