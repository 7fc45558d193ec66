"""Run the real program, as its users do: separate processes, sockets and files."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROGRAM = [sys.executable, "-m", "alvh_trader"]
ROOT = Path(__file__).parent.parent


@dataclass(frozen=True)
class Answer:
    """What a finished process said."""

    code: int
    out: str
    err: str

    @property
    def rows(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]

    def complains(self, code: int, *words: str) -> None:
        """Check for one clear line on standard error and nothing else."""
        assert self.code == code, self
        assert self.out == "", self
        lines = self.err.splitlines()
        assert len(lines) == 1, self.err
        assert lines[0].startswith("alvh-trader: "), lines
        assert all(word in lines[0] for word in words), lines


def environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the variables without any that would configure the trader.

    The programs of tests/ are found wherever they are started: eventkit installs a
    package of the name `tests` too.
    """
    names = {k: v for k, v in os.environ.items() if not k.upper().startswith("ALVH_")}
    return {**names, "PYTHONPATH": str(ROOT), **(more or {})}


def alvh(
    *arguments: object,
    cwd: Path,
    environ: Mapping[str, str] | None = None,
    timeout: float = 120,
) -> Answer:
    """Run a command to its end."""
    done = subprocess.run(
        [*PROGRAM, *map(str, arguments)],
        cwd=cwd,
        env=environment(environ),
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    return Answer(done.returncode, done.stdout, done.stderr)


class Running:
    """A process that goes on; its standard error is in `log`."""

    def __init__(self, process: "subprocess.Popen[str]", log: Path) -> None:
        self.process = process
        self.log = log
        self.said: list[str] = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as output:
            for line in output:
                self.said.append(line)

    def rows(self, kind: str) -> list[dict[str, Any]]:
        """Return the JSON lines of that kind that were on standard output."""
        every = (json.loads(line) for line in tuple(self.said))
        return [row for row in every if row["kind"] == kind]

    def has_said(self, kind: str) -> bool:
        """Whether a JSON line of that kind was on standard output."""
        return bool(self.rows(kind))

    def waits_for(self, what: Callable[[], object], seconds: float) -> None:
        """Wait until something is the case; without the process it will never be."""
        until(lambda: what() or self.process.poll() is not None, seconds)
        assert what(), f"exit {self.process.poll()}: {self.log.read_text()[-2000:]}"

    def stop(self, number: int = signal.SIGTERM, seconds: float = 30) -> int:
        """Send a signal and return the exit code."""
        self.process.send_signal(number)
        return self.process.wait(seconds)

    def end(self) -> None:
        """Make sure that nothing of it is left."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._reader.join()


@contextmanager
def running(
    *arguments: object,
    cwd: Path,
    environ: Mapping[str, str] | None = None,
    program: Sequence[str] = PROGRAM,
) -> Iterator[Running]:
    """Start a command; whatever becomes of the test, it does not outlive it."""
    log = cwd / f"{arguments[0]}-{time.monotonic_ns()}.log"
    with log.open("w") as errors:
        process = subprocess.Popen(
            [*program, *map(str, arguments)],
            cwd=cwd,
            env=environment(environ),
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    it = Running(process, log)
    try:
        yield it
    finally:
        it.end()


@contextmanager
def gateway(*arguments: object, cwd: Path) -> Iterator[tuple[Running, int]]:
    """Serve a scenario on a free port; yield the process and the port."""
    with running("gateway", "--port", 0, "--json", *arguments, cwd=cwd) as it:
        until(lambda: it.said or it.process.poll() is not None, 300)
        assert it.said, it.log.read_text()
        yield it, json.loads(it.said[0])["port"]


def configure(folder: Path, port: int, mode: str = "paper", extra: str = "") -> Path:
    """Write a configuration for a gateway whose time is its own."""
    path = folder / f"{mode}.toml"
    if "[risk]" not in extra:
        # Tests that kill again and again are about something else.
        extra += "[risk]\nstarts_max = 1000\n"
    path.write_text(
        f'[mode]\nname = "{mode}"\n[broker]\nport = {port}\nconnect_timeout = 2.0\n'
        f'[clock]\nsource = "broker"\n[journal]\npath = "journal.db"\n'
        f"reserve = 0\n{extra}"
    )
    return path


def audit_rows(path: Path) -> list[dict[str, Any]]:
    """Return what the gateway's audit holds by now; a half written line is left."""
    if not path.exists():
        return []
    text = path.read_text()
    return [json.loads(line) for line in text[: text.rfind("\n") + 1].splitlines()]


def until(what: Callable[[], object], seconds: float = 60) -> None:
    """Wait until something is the case."""
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.02)
