"""A writer in a process of its own, killed or starved; then what the file holds."""

import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from alvh_trader.engine.event import MarketUpdated
from alvh_trader.errors import JournalLockedError
from alvh_trader.journal.read import Reader
from alvh_trader.journal.store import Journal
from tests.journal.samples import market

WRITER = """
import sys
from pathlib import Path
from alvh_trader.journal.store import Journal
from tests.journal.samples import alert, market

with Journal.open(Path(sys.argv[1]), channels=("mail",)) as journal:
    i = journal.last_seq
    while True:
        for _ in range(1 + i % 5):
            i = journal.append(alert() if i % 7 == 6 else market(i))
        if i % 3 == 0:
            journal.save_snapshot(i, str(i).encode())
        journal.commit()
        print(i, flush=True)
"""

STARVED = """
import resource, sys
from pathlib import Path
from alvh_trader.errors import JournalError
from alvh_trader.journal.store import Journal
from tests.journal.samples import market

journal = Journal.open(Path(sys.argv[1]))
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
durable = 0
try:
    for i in range(10_000):
        seq = journal.append(market(i, quotes=16))
        journal.commit()
        durable = seq
except JournalError as error:
    try:
        journal.append(market(0))
    except JournalError:
        print(durable, error)
"""


def run_and_kill(path: Path, acknowledged: int) -> int:
    """Run a writer, kill it right after an acknowledgement; return its last one."""
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stdout is not None
        lines = [writer.stdout.readline() for _ in range(acknowledged)]
        writer.kill()
        lines += [text for text in writer.stdout if text.endswith("\n")]
    return int(lines[-1])


@pytest.mark.parametrize("rounds", [(1, 1, 2), (3, 50, 200), (400, 17)])
def test_what_was_acknowledged_survives_kill_9(
    tmp_path: Path, rounds: tuple[int, ...]
) -> None:
    path = tmp_path / "j.db"
    for acknowledged in rounds:
        durable = run_and_kill(path, acknowledged)
        with Reader.open(path) as reader:  # Before any writer has recovered the file.
            assert reader.verify() >= durable
        with Journal.open(path, channels=("mail",)) as journal:
            assert journal.last_seq >= durable
            for snapshot in journal.snapshots():
                assert snapshot.body == str(snapshot.seq).encode()
            owed = [seq for seq, _, _, _ in journal.deliveries.owed()]
        with Reader.open(path) as reader:
            assert owed == [found.seq for found in reader.alerts()]


@pytest.mark.covers("F17", "T09")
def test_a_second_process_is_refused_while_the_first_writes(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        with pytest.raises(JournalLockedError, match=f"pid {writer.pid}"):
            Journal.open(path)
        with Reader.open(path) as reader:
            counts = [sum(1 for _ in reader.records_after()) for _ in range(5)]
        assert all(a <= b for a, b in pairwise(counts))
        assert writer.poll() is None
        writer.kill()


@pytest.mark.covers("F113")
def test_a_full_disk_is_said_and_loses_nothing_that_was_acknowledged(
    tmp_path: Path,
) -> None:
    path = tmp_path / "j.db"
    done = subprocess.run(
        [sys.executable, "-c", STARVED, str(path)],
        capture_output=True,
        text=True,
        check=True,
    )
    durable, _, message = done.stdout.partition(" ")
    assert str(path) in message
    assert int(durable) > 10
    with Journal.open(path) as journal:
        assert journal.last_seq == int(durable)
        events = [event for _, event in journal.events_after(0)]
    assert events == [market(i, quotes=16) for i in range(int(durable))]
    assert all(isinstance(event, MarketUpdated) for event in events)
