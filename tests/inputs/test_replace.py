"""A file is the old one or the new one, whole, whatever happens in between."""

import subprocess
import sys
from pathlib import Path

import pytest

from alvh_trader.inputs.replace import replace_file

CRASH = """
import os, sys
from pathlib import Path
from alvh_trader.inputs.replace import replace_file
Path.replace = lambda *_: os._exit(9)
replace_file(Path(sys.argv[1]), "new")
"""


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_new_file_is_written_for_us_and_our_group(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    replace_file(path, "é\n")
    assert path.read_bytes() == b"\xc3\xa9\n"
    assert path.stat().st_mode & 0o777 == 0o640
    assert names(tmp_path) == ["x.csv"]


def test_an_old_file_keeps_its_permissions(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("old")
    path.chmod(0o604)
    replace_file(path, "new")
    assert path.read_text() == "new"
    assert path.stat().st_mode & 0o777 == 0o604


def test_a_crash_before_the_end_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("old")
    done = subprocess.run([sys.executable, "-c", CRASH, str(path)], check=False)
    assert done.returncode == 9
    assert path.read_text() == "old"
    # What is left beside it is hidden, and no name that anybody reads.
    (left,) = set(names(tmp_path)) - {"x.csv"}
    assert left.startswith(".x.csv.")
    assert left.endswith(".tmp")


def test_an_error_leaves_the_old_file_and_nothing_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(number: int) -> None:
        raise OSError(28, "No space left on device")

    path = tmp_path / "x.csv"
    path.write_text("old")
    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(OSError, match="No space left"):
        replace_file(path, "new")
    assert path.read_text() == "old"
    assert names(tmp_path) == ["x.csv"]


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        replace_file(tmp_path / "gone" / "x.csv", "new")
