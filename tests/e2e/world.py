"""A gateway and a daemon as two processes, and what the test does to them."""

import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from alvh_trader.engine.command import PlaceOrder
from alvh_trader.engine.state import State
from alvh_trader.errors import JournalError
from alvh_trader.journal.read import Reader
from alvh_trader.runtime.loop import decode_state
from tests.programs import PROGRAM, Running, audit_rows, configure, gateway, running

Row = dict[str, Any]
Moment = Callable[["World"], bool]
"""Whether the time has come to kill the daemon."""

PATIENCE = 300
"""Seconds for the whole of a run, on a machine that is busy with others."""


class World:
    """One run of a part of a scenario, in its own folder."""

    def __init__(self, folder: Path, gateway_process: Running, config: Path) -> None:
        self.folder = folder
        self.gateway = gateway_process
        self.kills = 0
        self._config = config

    @property
    def audit(self) -> list[Row]:
        return audit_rows(self.folder / "audit.jsonl")

    @property
    def placed(self) -> list[PlaceOrder]:
        """The orders that are written down as to be sent."""
        try:
            with Reader.open(self.folder / "journal.db") as reader:
                bodies = [record.body for record in reader.orders()]
        except JournalError:
            return []  # The daemon has not made it yet.
        return [body for body in bodies if isinstance(body, PlaceOrder)]

    @property
    def state(self) -> State:
        with Reader.open(self.folder / "journal.db") as reader:
            last = reader.last_state()
        return State() if last is None else decode_state(last[1])

    @property
    def has_case(self) -> bool:
        """Whether the daemon has found the condor, and written it down."""
        try:
            with Reader.open(self.folder / "journal.db") as reader:
                return any(reader.decisions())
        except JournalError:
            return False

    def daemon(
        self,
        program: Sequence[str] = PROGRAM,
        environ: Mapping[str, str] | None = None,
    ) -> AbstractContextManager[Running]:
        """Return the context of a daemon on this world's journal."""
        words = ("run", "--config", self._config)
        return running(*words, cwd=self.folder, environ=environ, program=program)

    def play(self, moments: Sequence[Moment] = ()) -> None:
        """Run to the end of history; SIGKILL the daemon at each of `moments`."""
        left = list(moments)
        end = time.monotonic() + PATIENCE
        while not self.gateway.has_said("ended"):
            with self.daemon() as daemon:
                while not self.gateway.has_said("ended"):
                    assert time.monotonic() < end, "it took too long"
                    assert daemon.process.poll() is None, daemon.log.read_text()
                    if left and left[0](self):
                        left.pop(0)
                        self.kills += 1
                        daemon.stop(signal.SIGKILL)
                        break
                    time.sleep(0.005)
                else:
                    assert daemon.stop() == 0, daemon.log.read_text()


@contextmanager
def world(
    folder: Path, *options: object, mode: str = "paper", extra: str = ""
) -> Iterator[World]:
    """Serve a scenario in lockstep, and configure a daemon for it."""
    arguments = ["--speed", "max", "--audit", "audit.jsonl"]
    arguments += ["--breadth-seed", "breadth.csv"]
    extra += '[inputs]\nbreadth_seed = "breadth.csv"\n'
    with gateway(*arguments, *options, cwd=folder) as (it, port):
        yield World(folder, it, configure(folder, port, mode, extra))


def part(since: str, until: str, seed: int = 1) -> list[object]:
    """Return the options of a part of February 2018."""
    scenario = ["--scenario", "volmageddon-2018", "--seed", seed]
    return [*scenario, "--since", since, "--until", until]


def after(seconds: float) -> Moment:
    """Return the moment so many seconds after it was first asked for."""
    began: list[float] = []

    def has_come(_: World) -> bool:
        began.append(time.monotonic())
        return began[-1] - began[0] >= seconds

    return has_come


def of_symbol(rows: Sequence[Row], symbol: str, event: str) -> list[Row]:
    """Return the audit's rows of one event on one underlying."""
    return [
        row
        for row in rows
        if row["event"] == event and row["legs"][0]["symbol"] == symbol
    ]


def traded(rows: Sequence[Row]) -> dict[str, int]:
    """Return the signed contracts that the audit's fills add up to, by name."""
    held: dict[str, int] = {}
    for row in rows:
        if row["event"] != "fill":
            continue
        for leg in row["legs"]:
            name = (
                f"{leg['trading_class']} {leg['expiry']} {leg['strike']}{leg['right']}"
            )
            sign = (leg["action"] == "BUY") * 2 - 1
            sign *= (row["action"] == "BUY") * 2 - 1
            held[name] = held.get(name, 0) + sign * leg["ratio"] * row["quantity"]
    return {name: quantity for name, quantity in held.items() if quantity}
