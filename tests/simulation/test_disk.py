"""What is left of a database when its process, or the power, goes."""

from collections.abc import Iterator
from pathlib import Path

import apsw
import numpy as np
import pytest

from tests.simulation.disk import Disk

ROWS = 40


@pytest.fixture
def disk() -> Iterator[Disk]:
    made = Disk()
    with made.used():
        yield made
    made.unregister()


def written(folder: Path, synchronous: str) -> apsw.Connection:
    folder.mkdir()
    connection = apsw.Connection(str(folder / "it.db"))
    connection.pragma("journal_mode", "WAL")
    connection.pragma("synchronous", synchronous)
    connection.execute("CREATE TABLE rows (n)")
    for n in range(ROWS):
        connection.execute("INSERT INTO rows VALUES (?)", (n,))
    return connection


def left(disk: Disk, folder: Path, power: np.random.Generator | None) -> int:
    disk.leave(folder, folder.with_name("grave"), power)
    found = apsw.Connection(str(folder / "it.db"))
    try:
        return len(found.execute("SELECT n FROM rows").fetchall())
    except apsw.Error:
        return 0
    finally:
        found.close()


def test_a_kill_takes_nothing_that_was_committed(disk: Disk, tmp_path: Path) -> None:
    dying = written(tmp_path / "day", "NORMAL")
    assert left(disk, tmp_path / "day", None) == ROWS
    dying.close()


def test_a_power_cut_takes_nothing_that_was_synced(disk: Disk, tmp_path: Path) -> None:
    dying = written(tmp_path / "day", "FULL")
    power = np.random.default_rng(1)
    assert left(disk, tmp_path / "day", power) == ROWS
    dying.close()


def test_a_power_cut_takes_what_was_not_synced(disk: Disk, tmp_path: Path) -> None:
    dying = written(tmp_path / "day", "NORMAL")
    power = np.random.default_rng(1)
    assert left(disk, tmp_path / "day", power) < ROWS
    dying.close()
