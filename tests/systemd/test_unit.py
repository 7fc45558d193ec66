"""The shipped units parse, are what their programs need, and are shut tight."""

import re
import shutil
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

from alvh_trader.errors import ConfigError, JournalLockedError
from alvh_trader.settings.load import load

ROOT = Path(__file__).parents[2]
UNIT = ROOT / "systemd" / "alvh-trader.service"
FETCHER = ROOT / "systemd" / "alvh-trader-inputs.service"
TIMER = ROOT / "systemd" / "alvh-trader-inputs.timer"
COPIER = ROOT / "systemd" / "alvh-trader-backup.service"
COPY_TIMER = ROOT / "systemd" / "alvh-trader-backup.timer"

UNITS = [UNIT, FETCHER, TIMER, COPIER, COPY_TIMER]

needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed"
)

UNDER_MDWE = """
import ctypes, mmap, sys
if ctypes.CDLL(None).prctl(65, 1, 0, 0, 0):
    sys.exit(77)
try:
    mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
except PermissionError:
    pass
else:
    sys.exit("it is not enforced")
import numpy, scipy.special, pandas
from alvh_trader.alerts.channels import channels_of
from alvh_trader.journal.store import Journal
assert numpy.linalg.inv(numpy.eye(200)).sum() == 200
assert scipy.special.ndtr(0.0) == 0.5
assert channels_of(["json://127.0.0.1:1/"], timeout=1)
"""


def directives(unit: Path = UNIT) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for line in unit.read_text(encoding="utf-8").splitlines():
        if line and line[0] not in "#;[":
            name, equals, value = line.partition("=")
            assert equals, line
            assert re.fullmatch(r"[A-Za-z]+", name), line
            found[name].append(value)
    return found


def runnable(unit: Path, folder: Path) -> Path:
    """Return the unit with a program that exists here, as `verify` wants one."""
    text = unit.read_text(encoding="utf-8")
    copy = folder / unit.name
    copy.write_text(re.sub(r"(?m)^ExecStart=\S+", "ExecStart=/bin/true", text))
    return copy


def exposure(unit: Path) -> float:
    """Return how open systemd finds a service, from 0 to 10."""
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager", str(unit)],
        capture_output=True,
        text=True,
        check=False,
    )
    score = re.search(r"exposure level for \S+: ([0-9.]+)", done.stdout)
    assert score is not None, done.stderr
    return float(score[1])


@pytest.mark.covers("F12")
def test_the_manager_is_told_when_we_are_ready_and_alive() -> None:
    unit = directives()
    assert unit["Type"] == ["notify"]
    assert unit["NotifyAccess"] == ["main"]
    assert unit["WatchdogSec"] == ["30"]
    assert unit["Restart"] == ["on-failure"]


def test_what_does_not_heal_is_not_started_again() -> None:
    codes = directives()["RestartPreventExitStatus"][0].split()
    assert codes == [str(ConfigError.exit_code), str(JournalLockedError.exit_code)]


def test_the_variables_of_the_unit_are_keys() -> None:
    pairs = (value.split("=", 1) for value in directives()["Environment"])
    ours = {name: value for name, value in pairs if name.startswith("ALVH_")}
    assert ours
    assert load([], ours).journal.path == Path("%S/alvh-trader/journal.db")


def test_the_command_is_the_daemon() -> None:
    (command,) = directives()["ExecStart"]
    program, *arguments = command.split()
    assert Path(program).name == "alvh-trader"
    assert arguments[:2] == ["run", "--config"]


@pytest.mark.covers("F148")
def test_nothing_is_reachable_but_this_machine() -> None:
    unit = directives()
    assert unit["IPAddressDeny"] == ["any"]
    assert unit["IPAddressAllow"] == ["localhost"]
    assert unit["SocketBindDeny"] == ["any"]


@needs_systemd
@pytest.mark.parametrize("unit", UNITS, ids=lambda p: p.name)
def test_systemd_finds_no_fault(unit: Path, tmp_path: Path) -> None:
    for started in (FETCHER, COPIER):  # The timers start them.
        runnable(started, tmp_path)
    done = subprocess.run(
        ["systemd-analyze", "verify", str(runnable(unit, tmp_path))],
        capture_output=True,
        text=True,
        check=False,
    )
    complaints = [line for line in done.stderr.splitlines() if unit.name in line]
    assert (done.returncode, complaints) == (0, [])


@pytest.mark.covers("F145")
@needs_systemd
def test_systemd_calls_them_safe(tmp_path: Path) -> None:
    assert exposure(runnable(UNIT, tmp_path)) <= 1.0
    assert exposure(runnable(COPIER, tmp_path)) <= 1.0
    # This one talks to servers.
    assert exposure(runnable(FETCHER, tmp_path)) <= 1.2


def test_the_fetcher_fetches_once_and_is_never_waited_for() -> None:
    unit = directives(FETCHER)
    (command,) = unit["ExecStart"]
    assert command.split()[1:4] == ["inputs", "refresh", "--config"]
    assert unit["Type"] == ["oneshot"]
    assert "Restart" not in unit
    assert int(unit["TimeoutStartSec"][0]) <= 3600
    # The daemon knows nothing of it.
    assert FETCHER.stem not in UNIT.read_text(encoding="utf-8")


def test_the_fetcher_writes_the_folder_that_the_daemon_reads() -> None:
    ours, fetchers = (
        {v for v in directives(unit)["Environment"] if v.startswith("ALVH_INPUTS")}
        for unit in (UNIT, FETCHER)
    )
    assert ours == fetchers == {"ALVH_INPUTS__FOLDER=%S/alvh-trader/inputs"}
    unit = directives(FETCHER)
    assert unit["StateDirectory"] == ["alvh-trader/inputs"]
    assert unit["ProtectSystem"] == ["strict"]
    assert "ReadWritePaths" not in unit
    name, value = ours.pop().split("=", 1)
    folder = load([], {name: value}).inputs.folder
    assert folder == Path("%S/alvh-trader/inputs")


def test_the_timer_starts_it_every_day() -> None:
    unit = directives(TIMER)
    assert TIMER.stem == FETCHER.stem
    assert unit["OnCalendar"] == ["*-*-* 18:30:00 America/New_York"]
    assert unit["Persistent"] == ["true"]


@pytest.mark.covers("T07")
def test_a_verified_copy_of_the_journal_is_made_every_day() -> None:
    unit = directives(COPIER)
    (command,) = unit["ExecStart"]
    assert command.split()[1:] == [
        "journal",
        "backup",
        "%S/alvh-trader/backups",
        "--keep",
        "14",
    ]
    ours = {v for v in unit["Environment"] if v.startswith("ALVH_")}
    assert ours == {"ALVH_JOURNAL__PATH=%S/alvh-trader/journal.db"}
    assert ours <= set(directives(UNIT)["Environment"])
    assert "alvh-trader/backups" in unit["StateDirectory"][0].split()
    assert COPY_TIMER.stem == COPIER.stem
    assert directives(COPY_TIMER)["OnCalendar"] == ["*-*-* 17:30:00 America/New_York"]
    assert COPIER.stem not in UNIT.read_text(encoding="utf-8")


def test_the_libraries_live_without_writable_code() -> None:
    """MemoryDenyWriteExecute breaks programs that compile; ours must not be one."""
    done = subprocess.run(
        [sys.executable, "-c", UNDER_MDWE], capture_output=True, text=True, check=False
    )
    if done.returncode == 77:
        pytest.skip("this kernel has no PR_SET_MDWE (it came with Linux 6.3)")
    assert (done.returncode, done.stderr) == (0, "")
