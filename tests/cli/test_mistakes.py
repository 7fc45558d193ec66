"""Wrong input gets one clear line and an exit code; nothing is lost."""

import os
import socket
import subprocess
import time
from pathlib import Path

import pytest

from alvh_trader.journal.lock import WriterLock
from alvh_trader.journal.read import Reader
from alvh_trader.journal.store import Journal
from tests.cli.conftest import Ask
from tests.journal.samples import started
from tests.programs import (
    PROGRAM,
    ROOT,
    alvh,
    configure,
    environment,
    running,
    until,
)

VIEWS = [["status"], ["cases"], ["orders"], ["explain", "c1"]]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["demo", "--bogus"], ["No such option", "--bogus"]),
        (["bogus"], ["No such command", "bogus"]),
        (["gateway"], ["scenario"]),
        (["run"], ["config"]),
        (["demo", "--seed", "x"], ["--seed", "integer"]),
        (["demo", "--seed", "-1"], ["--seed", "0"]),
        (["gateway", "--scenario", "calm-2017", "--port", "70000"], ["65535"]),
        (["run", "--config", "x.toml", "--mode", "bold"], ["--mode", "bold"]),
        (["demo", "--until", "tomorrow"], ["--until", "tomorrow"]),
        (["config"], ["command"]),
        (["config", "bogus"], ["bogus"]),
    ],
)
def test_a_wrong_command_line_is_named(
    arguments: list[str], words: list[str], ask: Ask, tmp_path: Path
) -> None:
    ask(*arguments).complains(2, *words)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--scenario", "nope"], ["no scenario is called 'nope'", "calm-2017"]),
        (["--scenario", "calm-2017", "--speed", "-1"], ["speed '-1'"]),
        (["--scenario", "calm-2017", "--fills", "kind"], ["'kind'", "'harsh'"]),
        (
            ["--scenario", "calm-2017", "--until", "2016-01-01"],
            ["2016-01-01", "runs from 2017-09-01 to 2017-10-31"],
        ),
        (["--scenario", "calm-2017", "--history", "nowhere"], ["nowhere"]),
        (
            ["--scenario", "calm-2017", "--preset-tif", "WEEK"],
            ["--preset-tif 'WEEK'", "DAY"],
        ),
        (["--scenario", "calm-2017", "--audit", "/proc/no/audit"], ["/proc/no"]),
    ],
)
def test_a_scenario_that_cannot_be_run_is_explained(
    options: list[str], words: list[str], tmp_path: Path
) -> None:
    alvh("gateway", *options, cwd=tmp_path).complains(2, *words)


def test_a_demo_hands_on_what_its_gateway_complained_of(tmp_path: Path) -> None:
    told = alvh("demo", "--scenario", "nope", cwd=tmp_path)
    told.complains(2, "alvh-trader: no scenario is called 'nope'")


def test_a_part_of_a_scenario_needs_a_session(tmp_path: Path) -> None:
    part = ["--since", "2017-09-02", "--until", "2017-09-03"]
    told = alvh("demo", "--scenario", "calm-2017", *part, cwd=tmp_path)
    told.complains(2, "calm-2017 has no session from 2017-09-02 to 2017-09-03")


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        told = alvh("gateway", "--scenario", "calm-2017", "--port", port, cwd=tmp_path)
    told.complains(2, f"port {port}", "in use")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[broker]\nprot = 4002\n", ["broker.prot", "did you mean broker.port?"]),
        ('[broker]\nport = "x"\n', ["broker.port", '"x"', "whole number"]),
        ("[brokr]\nport = 1\n", ["brokr"]),
        ("port = \n", ["x.toml"]),
        (None, ["x.toml", "cannot be read"]),
    ],
)
def test_a_bad_configuration_is_named_by_file_and_key(
    text: str | None, words: list[str], ask: Ask, tmp_path: Path
) -> None:
    if text is not None:
        (tmp_path / "x.toml").write_text(text)
    ask("config", "check", "--config", "x.toml").complains(2, *words)


def test_the_daemon_refuses_the_same_configurations(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text("[broker]\nprot = 4002\n")
    told = alvh("run", "--config", "x.toml", cwd=tmp_path)
    told.complains(2, "x.toml: broker.prot", "did you mean broker.port?")


def test_a_bad_variable_is_named(
    ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "x.toml").write_text("")
    monkeypatch.setenv("ALVH_BROKER__PORT", "no")
    ask("config", "check", "--config", "x.toml").complains(2, "ALVH_BROKER__PORT")


@pytest.mark.covers("P02", "P03")
@pytest.mark.parametrize(
    "arguments",
    [
        ["--config", ROOT / "config/live.toml"],
        ["--config", ROOT / "config/paper.toml", "--mode", "live"],
        ["--config", ROOT / "config/watch.toml", "--mode", "live"],
    ],
)
def test_live_must_be_said_in_the_file_and_on_the_command_line(
    arguments: list[object], tmp_path: Path
) -> None:
    told = alvh("run", *arguments, cwd=tmp_path)
    told.complains(2, "live must be said twice", "--mode live")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("view", VIEWS)
def test_a_missing_journal_is_named(view: list[str], ask: Ask, tmp_path: Path) -> None:
    ask(*view, "--journal", "none.db").complains(4, "none.db", "No such file")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("view", VIEWS)
def test_a_folder_is_no_journal(view: list[str], ask: Ask, tmp_path: Path) -> None:
    ask(*view, "--journal", str(tmp_path)).complains(4, "is a folder")


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("size", [7, 5000])
def test_garbage_is_no_journal_and_is_left_alone(
    view: list[str], size: int, ask: Ask, tmp_path: Path
) -> None:
    path, text = tmp_path / "journal.db", os.urandom(size)
    path.write_bytes(text)
    ask(*view, "--journal", "journal.db").complains(4, "is not a journal")
    assert path.read_bytes() == text


def test_the_daemon_leaves_garbage_alone(tmp_path: Path) -> None:
    path, text = tmp_path / "journal.db", os.urandom(5000)
    path.write_bytes(text)
    told = alvh("run", "--config", configure(tmp_path, 1), cwd=tmp_path)
    told.complains(4, "is not a journal")
    assert path.read_bytes() == text


@pytest.mark.parametrize("view", VIEWS)
def test_a_damaged_journal_is_named_and_left_alone(
    view: list[str], ask: Ask, tmp_path: Path
) -> None:
    path = tmp_path / "journal.db"
    with Journal.open(path) as journal:
        journal.append(started())
    text = path.read_bytes()
    path.write_bytes(text[:4096] + b"\xa5" * (len(text) - 4096))
    damaged = path.read_bytes()
    ask(*view, "--journal", "journal.db").complains(4, "journal.db")
    assert path.read_bytes() == damaged


def test_a_journal_that_may_not_be_read_is_named(ask: Ask, tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    path.write_bytes(b"")
    path.chmod(0)
    # Nothing is forbidden to root but what the kernel itself refuses to read.
    forbidden = Path(f"/proc/{os.getpid()}/mem") if os.geteuid() == 0 else path
    told = ask("status", "--journal", str(forbidden))
    told.complains(4, str(forbidden), "cannot be read")


def test_a_journal_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    config = configure(tmp_path, 1)
    environ = {"ALVH_JOURNAL__PATH": "file/journal.db"}
    told = alvh("run", "--config", config, cwd=tmp_path, environ=environ)
    told.complains(4, "file")


def test_a_journal_without_a_state_is_explained(ask: Ask, tmp_path: Path) -> None:
    with Journal.open(tmp_path / "journal.db") as journal:
        journal.append(started())
    for view in ("status", "cases", "explain"):
        told = ask(view, "--journal", "journal.db")
        told.complains(4, "the daemon has not run")


def test_an_unknown_case_lists_the_known_ones(ask: Ask, tmp_path: Path) -> None:
    with Journal.open(tmp_path / "journal.db") as journal:
        journal.append(started())
    told = ask("explain", "c9", "--history", "--journal", "journal.db")
    told.complains(2, "no case is called 'c9'", "there are: none")


def test_a_second_daemon_on_one_journal_is_turned_away(tmp_path: Path) -> None:
    config = configure(tmp_path, 1)
    with WriterLock(tmp_path / "journal.db"):
        told = alvh("run", "--config", config, cwd=tmp_path)
    told.complains(78, "another process", f"pid {os.getpid()}")


def test_a_gateway_that_is_not_there_is_named_at_once(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    told = alvh("run", "--config", configure(tmp_path, port), cwd=tmp_path)
    told.complains(3, f"127.0.0.1:{port}", "is the gateway up")


@pytest.mark.covers("F11", "F20")
def test_a_daemon_by_the_wall_waits_for_its_gateway_unless_told_otherwise(
    tmp_path: Path,
) -> None:
    """As often as it is started without one, nothing takes that for a crash."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    text = f'[mode]\nname = "paper"\n[broker]\nport = {port}\n'
    (tmp_path / "x.toml").write_text(f'{text}[journal]\npath = "j.db"\nreserve = 0\n')
    for _ in range(3):
        told = alvh("run", "--config", "x.toml", "--no-wait", cwd=tmp_path)
        told.complains(3, f"127.0.0.1:{port}", "is the gateway up")
    address = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(address))
        manager.settimeout(60)
        environ = {"NOTIFY_SOCKET": str(address)}
        with running(
            "run", "--config", "x.toml", cwd=tmp_path, environ=environ
        ) as daemon:
            while manager.recv(256) != b"READY=1":
                pass
            until(lambda: "session.retry" in daemon.log.read_text())
            assert daemon.stop() == 0, daemon.log.read_text()
            assert f"127.0.0.1:{port}" in daemon.log.read_text()
    (shown,) = alvh("status", "--journal", "j.db", "--json", cwd=tmp_path).rows
    # By the wall's clock: at night and on Sundays the broker is away by plan.
    assert shown["connection"] in {"DISCONNECTED", "RESET_EXPECTED", "LOGIN_REQUIRED"}
    assert shown["freeze"] == "NONE"


@pytest.mark.parametrize("name", ["ALVH_MODE", "ALVH_MODE__NAME", "alvh_mode"])
def test_the_command_line_decides_the_mode(name: str, tmp_path: Path) -> None:
    config = configure(tmp_path, 1)
    told = alvh(
        *("run", "--config", config, "--mode", "watch"),
        cwd=tmp_path,
        environ={name: "paper"},
    )
    assert told.code == 3
    with Reader.open(tmp_path / "journal.db") as reader:
        assert reader.run()["mode"] == "watch"


def test_a_gateway_that_does_not_answer_is_given_up(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        config = configure(tmp_path, mute.getsockname()[1])
        began = time.monotonic()
        told = alvh("run", "--config", config, cwd=tmp_path)
    told.complains(3, "127.0.0.1")
    assert time.monotonic() - began < 2.0 + 8.0


def test_a_demo_does_not_write_over_a_journal(tmp_path: Path) -> None:
    (tmp_path / "mine.db").write_text("precious")
    told = alvh("demo", "--journal", "mine.db", cwd=tmp_path)
    told.complains(2, "mine.db", "already")
    assert (tmp_path / "mine.db").read_text() == "precious"


def test_a_reader_that_has_seen_enough_is_no_accident(tmp_path: Path) -> None:
    config = ROOT / "config/paper.toml"
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as pipe:
        done = subprocess.run(
            [*PROGRAM, "config", "check", "--config", str(config), "--json"],
            stdout=pipe,
            stderr=subprocess.PIPE,
            env=environment(),
            cwd=tmp_path,
            check=False,
        )
    assert (done.returncode, done.stderr) == (1, b"")
