"""Run a scenario to its end: the gateway and the daemon as two real processes.

This process only starts them, follows the journal, and adds up what happened. What
was hedged and rolled is counted in the gateway's audit, not in the daemon's word.
"""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path
from types import FrameType
from typing import IO, NoReturn

from msgspec import Struct

from alvh_trader.errors import AlvhError, ConfigError, JournalError
from alvh_trader.journal.lock import WriterLock
from alvh_trader.journal.read import Reader
from alvh_trader.journal.records import Record
from alvh_trader.runtime.audit import Tally, tally
from alvh_trader.runtime.loop import decode_state

FOLLOW_EVERY = 0.5
"""Seconds between two looks at the journal."""

RESTARTS_MAX = 100
"""A daemon that is killed more often than this is not being tested, but broken."""

START_SECONDS_MAX = 60.0

GOODBYE_SECONDS_MAX = 15.0
"""The gateway leaves by itself soon after its last client, or after five seconds."""


class Demo(Struct, frozen=True, kw_only=True):
    """What to run, and where to write."""

    scenario: str
    speed: str
    seed: int
    fills: str = "realistic"
    journal: Path
    audit: Path
    folder: Path
    """For the daemon's configuration and the two logs."""

    since: date | None = None
    until: date | None = None
    history: Path | None = None
    inputs: Path | None = None
    configs: tuple[Path, ...] = ()
    """Further configuration of the daemon; the demo's own file has the last word."""


class Summary(Struct, frozen=True, kw_only=True):
    """What came of it. `is_good`: it ran to its end and every invariant held."""

    scenario: str
    seed: int
    sessions: int
    tally: Tally
    alerts: int
    cases: tuple[dict[str, object], ...]
    seconds: float
    is_good: bool
    why_not: str = ""

    def row(self) -> dict[str, object]:
        """Return the last line of the demo's output."""
        return {
            "kind": "summary",
            "scenario": self.scenario,
            "seed": self.seed,
            "sessions": self.sessions,
            "hedge_orders": self.tally.hedge_orders,
            "hedge_fills": self.tally.hedge_fills,
            "open_orders": self.tally.open_orders,
            "open_fills": self.tally.open_fills,
            "roll_orders": self.tally.roll_orders,
            "roll_fills": self.tally.roll_fills,
            "unhedged_rolls": self.tally.unhedged_rolls,
            "alerts": self.alerts,
            "cases": list(self.cases),
            "seconds": round(self.seconds, 1),
            "ok": self.is_good,
            **({"why": self.why_not} if self.why_not else {}),
        }


def run(demo: Demo, show: Callable[[Record], None]) -> Summary:
    """Run the scenario; hand every journal record to `show` as it is written.

    Raises:
        ConfigError: The journal already holds a run, or the gateway would not start.
    """
    if demo.journal.exists():
        raise ConfigError(
            f"{demo.journal} already holds a run: name another file or remove it"
        )
    _make_folder(demo.folder)
    began = time.monotonic()
    with _ends_on_sigterm(), (demo.folder / "gateway.log").open("w") as errors:
        gateway = _spawn(_gateway_arguments(demo), errors, subprocess.PIPE)
        try:
            port = _port_of(gateway, demo.folder / "gateway.log")
            config = _configuration(demo, port)
            failure = _follow(demo, gateway, config, show)
        finally:
            _end(gateway)
    return _sum_up(demo, failure, time.monotonic() - began)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"cannot make the folder {folder}: {error.strerror}"
        ) from None


@contextmanager
def _ends_on_sigterm() -> Iterator[None]:
    """Let SIGTERM unwind us, so that both processes are ended first."""

    def leave(number: int, frame: FrameType | None) -> NoReturn:
        del frame
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _gateway_arguments(demo: Demo) -> list[str]:
    arguments = ["gateway", "--scenario", demo.scenario, "--seed", str(demo.seed)]
    arguments += ["--port", "0", "--speed", demo.speed, "--audit", str(demo.audit)]
    arguments += ["--breadth-seed", str(demo.folder / "breadth.csv"), "--json"]
    arguments += ["--fills", demo.fills]
    if demo.since is not None:
        arguments += ["--since", demo.since.isoformat()]
    if demo.until is not None:
        arguments += ["--until", demo.until.isoformat()]
    if demo.history is not None:
        arguments += ["--history", str(demo.history)]
    return arguments


def _spawn(
    arguments: list[str], errors: IO[str], output: int
) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "alvh_trader", *arguments]
    # The demo's daemon goes by the demo's configuration, not by the operator's.
    environ = {k: v for k, v in os.environ.items() if not k.upper().startswith("ALVH_")}
    return subprocess.Popen(  # noqa: S603
        command, stdout=output, stderr=errors, text=True, env=environ
    )


def _port_of(gateway: "subprocess.Popen[str]", log: Path) -> int:
    assert gateway.stdout is not None
    line = gateway.stdout.readline()
    if not line:
        code = gateway.wait(START_SECONDS_MAX)
        words = _last_words(log) or f"the gateway ended with {code}"
        raise ConfigError(words) if code == ConfigError.exit_code else AlvhError(words)
    port = json.loads(line)["port"]
    assert isinstance(port, int)
    return port


def _configuration(demo: Demo, port: int) -> Path:
    path = demo.folder / "demo.toml"
    words = [
        "[mode]",
        'name = "paper"',
        "[broker]",
        f"port = {port}",
        # Time is quicker here, and nobody else trades on this account.
        "reconcile_interval = 600",
        "[clock]",
        'source = "broker"',
        "[journal]",
        f"path = {json.dumps(str(demo.journal.resolve()))}",
        "reserve = 0",
        "[inputs]",
        # What the operator keeps for today says nothing of the scenario's days.
        f"folder = {json.dumps(str(demo.inputs.resolve()) if demo.inputs else '')}",
        f"breadth_seed = {json.dumps(str((demo.folder / 'breadth.csv').resolve()))}",
    ]
    path.write_text("\n".join(words) + "\n")
    return path


def _follow(
    demo: Demo,
    gateway: "subprocess.Popen[str]",
    config: Path,
    show: Callable[[Record], None],
) -> str:
    """Keep a daemon running until the gateway's history ends; return what went wrong.

    A daemon that is killed is started again on the same journal, as systemd would.
    """
    has_ended = threading.Event()
    threading.Thread(target=_listen, args=(gateway, has_ended), daemon=True).start()
    log = demo.folder / "daemon.log"
    seen, code = 0, 0
    with log.open("w") as errors:
        for _ in range(RESTARTS_MAX):
            files = (*demo.configs, config)
            arguments = ["run", *(x for f in files for x in ("--config", str(f)))]
            daemon = _spawn(arguments, errors, subprocess.DEVNULL)
            try:
                while daemon.poll() is None and not has_ended.wait(FOLLOW_EVERY):
                    seen = _show_new(demo.journal, seen, show)
            finally:
                _end(daemon)
            seen = _show_new(demo.journal, seen, show)
            code = daemon.returncode
            if code >= 0 or has_ended.is_set():
                break
    if code != 0:
        return f"the daemon ended with {code}: {_last_words(log) or 'no word'}"
    if not has_ended.is_set():
        who = "daemon" if gateway.poll() is None else "gateway"
        return f"the {who} was stopped before history ended"
    if _end(gateway, GOODBYE_SECONDS_MAX) != 0:
        return f"the gateway ended with {gateway.returncode}"
    return ""


def _last_words(log: Path) -> str:
    """Return the last line of a process's standard error, without its own name."""
    lines = log.read_text(errors="replace").strip().splitlines()
    return lines[-1].removeprefix("alvh-trader: ") if lines else ""


def _listen(gateway: "subprocess.Popen[str]", has_ended: threading.Event) -> None:
    """Note when the gateway says that its history has ended."""
    assert gateway.stdout is not None
    for line in gateway.stdout:
        if json.loads(line)["kind"] == "ended":
            has_ended.set()


def clear(journal: Path) -> None:
    """Remove an earlier run of the demo's own, with its side files.

    Raises:
        JournalLockedError: That run still goes on.
    """
    if not journal.exists():
        return
    with WriterLock(journal):
        for suffix in ("", "-wal", "-shm"):
            journal.with_name(journal.name + suffix).unlink(missing_ok=True)


def _show_new(journal: Path, seen: int, show: Callable[[Record], None]) -> int:
    try:
        with Reader.open(journal) as reader:
            # Quotes are most of a journal: what was passed over is not read again.
            newest = reader.last_record()
            for record in reader.told_after(seen):
                show(record)
                seen = record.seq
            seen = max(seen, newest[0] if newest else 0)
    except JournalError:
        if journal.exists() and journal.stat().st_size:
            raise
    return seen


def _end(process: "subprocess.Popen[str]", patience: float = 0.0) -> int:
    """Return the exit code of a process that has ended, or is ended after a while."""
    with suppress(subprocess.TimeoutExpired):
        return process.wait(patience)
    process.send_signal(signal.SIGTERM)
    try:
        return process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def _sum_up(demo: Demo, failure: str, seconds: float) -> Summary:
    if failure and not demo.journal.exists():
        raise AlvhError(failure)
    counted = tally(demo.audit)
    with Reader.open(demo.journal) as reader:
        alerts = sum(1 for _ in reader.alerts())
        last = reader.last_state()
        reader.verify()
    if last is None:
        raise AlvhError(f"the daemon left no state in {demo.journal}")
    state = decode_state(last[1])
    if counted.unhedged_rolls:
        failure = failure or f"{counted.unhedged_rolls} rolls without a hedge"
    if counted.close_orders:
        failure = failure or f"{counted.close_orders} closing orders, and nobody asked"
    return Summary(
        scenario=demo.scenario,
        seed=demo.seed,
        sessions=state.sessions,
        tally=counted,
        alerts=alerts,
        cases=tuple(
            {"case": c.case_id, "state": str(c.phase), "edr": c.edr}
            for c in state.cases.values()
        ),
        seconds=seconds,
        is_good=not failure,
        why_not=failure,
    )
