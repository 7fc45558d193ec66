import os
import subprocess
import sys
from pathlib import Path

import pytest

from alvh_trader.errors import JournalError, JournalLockedError
from alvh_trader.journal.lock import WriterLock


@pytest.mark.covers("F17", "T09")
def test_a_second_taker_is_told_who_has_it(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    with WriterLock(path), pytest.raises(JournalLockedError) as caught:
        WriterLock(path).take()
    assert str(path) in str(caught.value)
    assert f"pid {os.getpid()}" in str(caught.value)
    assert caught.value.exit_code == 78


def test_a_released_lock_can_be_taken_again(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    with WriterLock(path):
        pass
    with WriterLock(path):
        assert (tmp_path / "j.db.lock").read_text() == f"{os.getpid()}\n"


def test_the_kernel_frees_the_lock_of_a_dead_process(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    code = (
        "import os, signal, sys; from pathlib import Path;"
        "from alvh_trader.journal.lock import WriterLock;"
        "WriterLock(Path(sys.argv[1])).take(); os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], check=False)
    assert done.returncode == -9
    with WriterLock(path):
        pass


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match=r"cannot write .*nowhere"):
        WriterLock(tmp_path / "nowhere" / "j.db").take()


def test_a_lock_that_was_not_taken_can_be_given_back(tmp_path: Path) -> None:
    lock = WriterLock(tmp_path / "j.db")
    lock.release()
    with lock:
        pass
    lock.release()
