"""The shipped unit parses, is what the daemon needs, and is shut tight."""

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


def directives() -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for line in UNIT.read_text(encoding="utf-8").splitlines():
        if line and line[0] not in "#;[":
            name, equals, value = line.partition("=")
            assert equals, line
            assert re.fullmatch(r"[A-Za-z]+", name), line
            found[name].append(value)
    return found


@pytest.fixture
def runnable(tmp_path: Path) -> Path:
    """Return the unit with a program that exists here, as `verify` wants one."""
    text = UNIT.read_text(encoding="utf-8")
    copy = tmp_path / UNIT.name
    copy.write_text(re.sub(r"(?m)^ExecStart=\S+", "ExecStart=/bin/true", text))
    return copy


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


def test_nothing_is_reachable_but_this_machine() -> None:
    unit = directives()
    assert unit["IPAddressDeny"] == ["any"]
    assert unit["IPAddressAllow"] == ["localhost"]
    assert unit["SocketBindDeny"] == ["any"]


@needs_systemd
def test_systemd_finds_no_fault(runnable: Path) -> None:
    done = subprocess.run(
        ["systemd-analyze", "verify", str(runnable)],
        capture_output=True,
        text=True,
        check=False,
    )
    complaints = [line for line in done.stderr.splitlines() if UNIT.name in line]
    assert (done.returncode, complaints) == (0, [])


@needs_systemd
def test_systemd_calls_it_safe(runnable: Path) -> None:
    done = subprocess.run(
        [
            "systemd-analyze",
            "security",
            "--offline=true",
            "--threshold=15",
            "--no-pager",
            str(runnable),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-400:]
    score = re.search(r"exposure level for \S+: ([0-9.]+)", done.stdout)
    assert score is not None
    assert float(score[1]) <= 1.0


def test_the_libraries_live_without_writable_code() -> None:
    """MemoryDenyWriteExecute breaks programs that compile; ours must not be one."""
    done = subprocess.run(
        [sys.executable, "-c", UNDER_MDWE], capture_output=True, text=True, check=False
    )
    if done.returncode == 77:
        pytest.skip("this kernel has no PR_SET_MDWE (it came with Linux 6.3)")
    assert (done.returncode, done.stderr) == (0, "")
