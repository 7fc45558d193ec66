"""The file in which a gateway keeps its run, line by line."""

import fcntl
import os
from pathlib import Path
from typing import Self

from alvh_trader.errors import ConfigError


class StateFile:
    """An open file of lines that belongs to one process.

    A line is handed to the system at once: it outlives this process, however that
    ends. After `settle` it outlives the computer, too.
    """

    def __init__(self, path: Path) -> None:
        """Open the file, or make it; a line that was cut off at its end is removed.

        Raises:
            ConfigError: It cannot be used, or another process has it.
        """
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            whole = path.read_bytes()
        except BlockingIOError:
            raise ConfigError(f"{path} is in use by another gateway") from None
        except OSError as error:
            raise ConfigError(f"cannot use {path}: {error.strerror}") from None
        *lines, rest = whole.split(b"\n")
        if rest:
            os.ftruncate(self._file, len(whole) - len(rest))
        self.lines = lines

    def write(self, line: bytes) -> None:
        """Add a line."""
        os.write(self._file, line + b"\n")

    def settle(self) -> None:
        """Wait until the disk has every line."""
        os.fsync(self._file)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._file)
