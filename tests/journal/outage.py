"""A journal's life on a disk that keeps a log, and what is found after a power cut."""

from collections.abc import Iterator
from pathlib import Path
from random import Random  # noqa: TID251 - seeded by its user
from tempfile import TemporaryDirectory

import apsw

from alvh_trader.engine.command import RaiseAlert
from alvh_trader.errors import JournalError
from alvh_trader.journal.codec import CHAIN_START, Body
from alvh_trader.journal.read import Reader
from alvh_trader.journal.store import Journal
from tests.journal.disk import Call, Files, Platter, disk
from tests.journal.samples import alert, decision, market, place, started

CHANNEL = "mail"
PAGES = 16
"""Pages in the WAL that make a checkpoint: there are many."""


class Life:
    """What a writer did: the chain behind every record, and which ones are alerts."""

    def __init__(self) -> None:
        self.chains: dict[int, bytes] = {0: CHAIN_START}
        self.alerts: list[int] = []
        self.acked = 0
        self.is_writing = False

    def live(self, path: Path, random: Random, rounds: int, log: list[Call]) -> None:
        """Write, commit, note what was acknowledged; close and open now and then."""
        done = 0
        while done < rounds:
            self.is_writing = False
            with Journal.open(path, channels=(CHANNEL,)) as journal:
                self.is_writing = True
                journal._connection.wal_autocheckpoint(PAGES)
                for _ in range(min(random.randint(1, 12), rounds - done)):
                    done += 1
                    self._turn(journal, random)
                    log.append(Call("ack", offset=self.acked))

    def _turn(self, journal: Journal, random: Random) -> None:
        for _ in range(random.randint(1, 4)):
            body = _body(journal.last_seq, random)
            seq = journal.append(body)
            self.chains[seq] = journal._chain
            if isinstance(body, RaiseAlert):
                self.alerts.append(seq)
        match random.randrange(6):
            case 0:
                journal.save_snapshot(journal.last_seq, random.randbytes(3000))
            case 1:
                for seq, _, _, _ in journal.deliveries.owed()[:1]:
                    journal.deliveries.delivered([seq], CHANNEL)
            case _:
                pass
        journal.commit()
        self.acked = journal.last_seq


def _body(last: int, random: Random) -> Body:
    if last == 0:
        return started()
    bodies: tuple[Body, ...] = (
        market(last, random.choice([1, 8, 40])),
        market(last),
        alert(),
        decision("C1"),
        place(f"R{last}", "C1"),
    )
    return random.choice(bodies)


class Outage:
    """One life that is cut short again and again."""

    def __init__(self, seed: int, rounds: int = 30) -> None:
        self._random = Random(seed)
        self.life = Life()
        with TemporaryDirectory(dir=memory()) as folder:
            path = Path(folder) / "j.db"
            Journal.open(path).close()
            self._files: Files = {path.name: bytearray(path.read_bytes())}
            with disk() as made:
                self.life.live(path, self._random, rounds, made.log)
            self._log = made.log

    def cuts(self, count: int) -> Iterator[tuple[int, Files]]:
        """Yield what was acknowledged, and what is found, at each of `count` cuts."""
        places = sorted(self._random.choices(range(len(self._log) + 1), k=count))
        platter, acked, played = Platter(self._files), 0, 0
        for place_of_cut in places:
            for call in self._log[played:place_of_cut]:
                platter.play(call)
                acked = call.offset if call.kind == "ack" else acked
            played = place_of_cut
            yield acked, platter.cut(self._random)

    def check(self, acked: int, files: Files) -> str:
        """Return what is wrong with what was found after a cut, or ""."""
        with TemporaryDirectory(dir=memory()) as folder:
            path = Path(folder) / "j.db"
            for name, data in files.items():
                (path.parent / name).write_bytes(data)
            try:
                return self._wrong(path, acked)
            except Exception as error:  # noqa: BLE001 - whatever it is, it is a finding
                return f"{type(error).__name__}: {error}"

    def _wrong(self, path: Path, acked: int) -> str:
        with Journal.open(path, channels=(CHANNEL,)) as journal:
            found, chain, doubts = journal.last_seq, journal._chain, journal.doubts
            journal.append(started())
        with Reader.open(path) as reader:
            count = reader.verify()
            owed = [record.seq for record in reader.alerts() if record.deliveries]
        if found < acked:
            return f"{acked} was acknowledged, {found} is the last"
        if self.life.chains.get(found) != chain or count != found + 1:
            return f"what is there up to {found} is not what was written"
        if owed != [seq for seq in self.life.alerts if seq <= found]:
            return "an alert and its delivery are not both there"
        return "; ".join(doubts)


def storm(
    path: Path, random: Random, error: Exception, number: int
) -> tuple[str, bool]:
    """Let call `number` of a life fail; return what is wrong afterwards, and if it hit.

    Nothing that was acknowledged may be lost, and the next start must be in doubt.
    """
    hit: list[str] = []

    def fault(kind: str, call: int) -> None:
        if call == number and kind in _CALLS[type(error)]:
            hit.append(kind)
            raise error

    life, has_failed = Life(), False
    with disk(fault) as made:
        try:
            life.live(path, random, 8, made.log)
        except JournalError:
            has_failed = True
        except Exception as failure:  # noqa: BLE001 - it is a finding
            return f"it was told as {failure!r}", True
    if not hit:
        return "", False
    with Journal.open(path, channels=(CHANNEL,)) as journal:
        found, chain = journal.last_seq, journal._chain
        if has_failed and life.is_writing and not journal.doubts:
            return "the next start does not know of it", True
    with Reader.open(path) as reader:
        reader.verify()
    if found < life.acked or life.chains.get(found) != chain:
        return f"{life.acked} was acknowledged, {found} is the last", True
    return "", True


_CHANGES = {"write", "truncate", "sync", "delete"}
_CALLS: dict[type[Exception], set[str]] = {
    apsw.FullError: {"write"},
    apsw.IOError: {*_CHANGES, "read", "open"},
    apsw.ReadOnlyError: {"write", "truncate"},
    apsw.BusyError: {"lock"},
}
ERRORS: tuple[Exception, ...] = (
    apsw.FullError("database or disk is full"),
    apsw.IOError("disk I/O error"),
    apsw.ReadOnlyError("attempt to write a readonly database"),
    apsw.BusyError("database is locked"),
)


def calls_of_a_life(folder: Path, seed: int) -> int:
    """Return how many calls the life of `storm` makes when none fails."""
    with disk() as made:
        Life().live(folder / "calm.db", Random(seed), 8, made.log)
    return made.calls


def memory() -> str | None:
    """Return a folder whose files need no disk, or None for the usual place."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - one user's test
