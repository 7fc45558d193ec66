import fcntl
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
    path = tmp_path / "nowhere" / "j.db"
    with pytest.raises(JournalError) as caught:
        WriterLock(path).take()
    assert str(caught.value) == (
        f"cannot write {path}.lock: No such file or directory; the journal needs a "
        "folder this user can write"
    )


def test_a_lock_that_was_not_taken_can_be_given_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = WriterLock(tmp_path / "j.db")
    closed: list[int] = []
    with monkeypatch.context() as patch:
        patch.setattr(os, "close", closed.append)
        lock.release()
    with lock:
        pass
    with monkeypatch.context() as patch:
        patch.setattr(os, "close", closed.append)
        lock.release()
    assert closed == [], "a file of somebody else"


def test_a_lock_that_is_the_process_s_first_file_is_given_back(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    kept = os.dup(0)
    os.close(0)  # A daemon may be started without standard input.
    try:
        lock = WriterLock(path).take()
        assert os.path.samestat(os.fstat(0), path.with_name("j.db.lock").stat())
        lock.release()
        with WriterLock(path):
            pass
    finally:
        os.dup2(kept, 0)
        os.close(kept)


def test_the_lock_file_is_the_owners_alone(tmp_path: Path) -> None:
    with WriterLock(tmp_path / "j.db"):
        assert (tmp_path / "j.db.lock").stat().st_mode & 0o777 == 0o600


def test_a_holder_that_left_no_number_is_not_named(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    with path.with_name("j.db.lock").open("wb") as held:
        held.write(b"\xff no number")
        held.flush()
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(JournalLockedError) as caught:
            WriterLock(path).take()
    assert str(caught.value) == (
        f"{path} is being written by another process; stop that one, or name another "
        "file under [journal] path"
    )
