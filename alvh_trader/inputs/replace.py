"""Put a file in the place of another at one stroke, or not at all."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path


def replace_file(path: Path, body: str) -> None:
    """Write `body` beside `path`, make it durable, and let it take the place.

    Whoever reads meanwhile sees the old file or the new one, whole. After a crash the
    old one is there, and perhaps a hidden .tmp file beside it.

    Raises:
        OSError: It could not be written; the old file is as it was.
    """
    number, name = tempfile.mkstemp(
        prefix=f".{path.name}.", suffix=".tmp", dir=path.parent
    )
    try:
        with os.fdopen(number, "w", encoding="utf-8", newline="") as file:
            file.write(body)
            file.flush()
            os.fchmod(file.fileno(), _mode_of(path))
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise
    _sync_folder(path.parent)


def _mode_of(path: Path) -> int:
    """Return the old file's permissions; a new one may be read by its group."""
    try:
        return path.stat().st_mode & 0o777
    except FileNotFoundError:
        return 0o640


def _sync_folder(folder: Path) -> None:
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
