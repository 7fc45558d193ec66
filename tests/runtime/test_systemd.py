import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from alvh_trader.runtime.systemd import Systemd


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        listener.settimeout(2)
        yield listener


def test_the_manager_hears_what_we_say(manager: socket.socket) -> None:
    systemd = Systemd({"NOTIFY_SOCKET": manager.getsockname()})
    systemd.notify("READY=1", "STATUS=3 cases, 1 hedged")
    systemd.notify("STOPPING=1")
    assert manager.recv(200) == b"READY=1\nSTATUS=3 cases, 1 hedged"
    assert manager.recv(200) == b"STOPPING=1"


def test_a_status_cannot_smuggle_an_assignment(manager: socket.socket) -> None:
    systemd = Systemd({"NOTIFY_SOCKET": manager.getsockname()})
    systemd.notify("STATUS=case C1\nMAINPID=1")
    assert manager.recv(200) == b"STATUS=case C1 MAINPID=1"


def test_an_abstract_socket_is_found() -> None:
    name = f"@alvh-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind("\0" + name[1:])
        listener.settimeout(2)
        Systemd({"NOTIFY_SOCKET": name}).notify("READY=1")
        assert listener.recv(100) == b"READY=1"


def test_the_watchdog_is_fed_when_asked_for_and_not_at_every_call(
    manager: socket.socket,
) -> None:
    systemd = Systemd(
        {"NOTIFY_SOCKET": manager.getsockname(), "WATCHDOG_USEC": "30000000"}
    )
    assert systemd.watchdog_interval == 30.0
    for _ in range(5):
        systemd.watchdog()
    assert manager.recv(100) == b"WATCHDOG=1"
    manager.settimeout(0.05)
    with pytest.raises(TimeoutError):
        manager.recv(100)


@pytest.mark.covers("F12")
def test_the_watchdog_is_fed_again_in_time(manager: socket.socket) -> None:
    systemd = Systemd({"NOTIFY_SOCKET": manager.getsockname(), "WATCHDOG_USEC": "3000"})
    systemd.watchdog()
    assert manager.recv(100) == b"WATCHDOG=1"
    manager.settimeout(0.002)
    with pytest.raises(TimeoutError):
        manager.recv(100)
    systemd.watchdog()
    assert manager.recv(100) == b"WATCHDOG=1"


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"WATCHDOG_USEC": "nonsense"},
        {"WATCHDOG_USEC": "0"},
        {"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"},
    ],
)
def test_without_a_wish_for_it_no_watchdog_is_fed(
    manager: socket.socket, environ: dict[str, str]
) -> None:
    systemd = Systemd({"NOTIFY_SOCKET": manager.getsockname(), **environ})
    assert systemd.watchdog_interval is None
    systemd.watchdog()
    manager.settimeout(0.02)
    with pytest.raises(TimeoutError):
        manager.recv(100)


def test_a_manager_that_is_gone_does_not_hurt(tmp_path: Path) -> None:
    Systemd({"NOTIFY_SOCKET": str(tmp_path / "gone")}).notify("READY=1")
    Systemd({}).notify("READY=1")
