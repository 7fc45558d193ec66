"""Files for a fork: under what it has open lie copies, so that nothing is shared."""

import ctypes
import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from mmap import PROT_READ, PROT_WRITE
from pathlib import Path

MAP_SHARED, MAP_FIXED = 0x01, 0x10

GONE = " (deleted)"
"""What the system adds to the name of a file that is open and was removed."""

_mmap = ctypes.CDLL(None, use_errno=True).mmap
_mmap.restype = ctypes.c_void_p
_mmap.argtypes = (
    ctypes.c_void_p,
    ctypes.c_size_t,
    ctypes.c_int,
    ctypes.c_int,
    ctypes.c_int,
    ctypes.c_long,
)


def leave(here: Path, left: Path) -> None:
    """Copy to `left` the files in `here`, and what of them is open.

    A fork that closes a database removes its shared memory by the name that it had
    before: of this, only what is open may be left.
    """
    shutil.copytree(here, left, ignore=shutil.ignore_patterns("*.sock", "*-shm"))
    for descriptor, name in _open_in(here):
        size = os.fstat(descriptor).st_size
        (left / name).write_bytes(os.pread(descriptor, size, 0))


def inherit(before: Path, left: Path, place: Path) -> None:
    """Copy the files at `left` to `place`, and put them under what is open.

    Descriptors and shared memory of files in `before` are of those in `place` then.

    Raises:
        OSError: They cannot be.
    """
    shutil.copytree(left, place)
    for descriptor, name in tuple(_open_in(before)):
        _reopen(descriptor, place / name)
    maps = Path("/proc/self/maps").read_text(encoding="ascii").splitlines()
    for line in maps:
        fields = line.split(maxsplit=5)
        mapped = _name_in(before, fields[5]) if len(fields) > 5 else None
        if mapped is not None:
            _map_again(fields[0], int(fields[2], 16), place / mapped)


def _open_in(folder: Path) -> Iterator[tuple[int, Path]]:
    """Yield (descriptor, name in the folder) of what is open."""
    for entry in tuple(Path("/proc/self/fd").iterdir()):
        with suppress(FileNotFoundError):  # The one that listed them.
            name = _name_in(folder, os.fspath(entry.readlink()))
            if name is not None:
                yield int(entry.name), name


def _name_in(folder: Path, path: str) -> Path | None:
    whole = Path(path.removesuffix(GONE))
    return whole.relative_to(folder) if whole.is_relative_to(folder) else None


def _reopen(descriptor: int, path: Path) -> None:
    ways = fcntl.fcntl(descriptor, fcntl.F_GETFL) & (os.O_ACCMODE | os.O_APPEND)
    fresh = os.open(path, ways)
    os.lseek(fresh, os.lseek(descriptor, 0, os.SEEK_CUR), os.SEEK_SET)
    os.dup2(fresh, descriptor, inheritable=False)
    os.close(fresh)


def _map_again(region: str, offset: int, path: Path) -> None:
    begin, end = (int(at, 16) for at in region.split("-"))
    file = os.open(path, os.O_RDWR)
    ways = PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED
    found = _mmap(begin, end - begin, *ways, file, offset)
    os.close(file)
    if found != begin:
        raise OSError(ctypes.get_errno(), f"{path} cannot be mapped again")
