"""A running daemon reads what changes in its folder, and outlives what is wrong."""

import shutil
from pathlib import Path

import pytest

from alvh_trader.engine.event import InputsRead
from alvh_trader.errors import JournalError
from alvh_trader.journal.read import Reader
from tests.programs import ROOT, Running, configure, gateway, running, until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

EXAMPLE = ROOT / "config/inputs/example"

CONFIG = """
[mode]
name = "watch"
[broker]
port = {port}
[clock]
source = "system"
[journal]
path = "journal.db"
[inputs]
folder = "inputs"
look_every = 1.0
"""


def readings(folder: Path) -> list[InputsRead]:
    """Return what the daemon has read, as its journal tells it."""
    try:
        with Reader.open(folder / "journal.db") as reader:
            events = [event for _, event in reader.events_after()]
    except JournalError:
        return []
    return [event for event in events if isinstance(event, InputsRead)]


def alerts(folder: Path) -> list[str]:
    """Return the texts of the alerts about inputs."""
    with Reader.open(folder / "journal.db") as reader:
        return [a.alert.text for a in reader.alerts() if a.alert.code == "inputs"]


def until_read(folder: Path, count: int, daemon: Running) -> InputsRead:
    """Wait for a reading, and return it."""

    def is_there() -> bool:
        assert daemon.process.poll() is None, daemon.log.read_text()
        return len(readings(folder)) >= count

    until(is_there)
    return readings(folder)[count - 1]


def test_a_daemon_follows_its_folder(tmp_path: Path) -> None:
    folder = tmp_path / "inputs"
    folder.mkdir()
    tags = folder / "tags.yaml"
    options = ["--scenario", "calm-2017", "--speed", "60"]
    with gateway(*options, cwd=tmp_path) as (_, port):
        (tmp_path / "x.toml").write_text(CONFIG.format(port=port))
        with running("run", "--config", "x.toml", cwd=tmp_path) as daemon:
            assert until_read(tmp_path, 1, daemon).inputs.tags is None
            shutil.copy(EXAMPLE / "tags.yaml", tags)
            second = until_read(tmp_path, 2, daemon)
            assert second.inputs.tags is not None
            assert second.inputs.tags.gdp_growth == 2.1
            tags.write_text(tags.read_text().replace("2.1", "210"))
            third = until_read(tmp_path, 3, daemon)
            assert third.inputs.tags is None
            (mistake,) = third.mistakes
            assert mistake.startswith("inputs/tags.yaml: gdp_growth = 210: should be")
            until(lambda: alerts(tmp_path))
            assert mistake in alerts(tmp_path)[0]
            assert daemon.stop() == 0, daemon.log.read_text()


def test_in_lockstep_the_folder_is_read_once_before_time_begins(tmp_path: Path) -> None:
    folder = tmp_path / "inputs"
    folder.mkdir()
    options = ["--scenario", "calm-2017", "--until", "2017-09-01", "--speed", "max"]
    seed = ["--breadth-seed", folder / "breadth_seed.csv"]
    with gateway(*options, *seed, cwd=tmp_path) as (it, port):
        extra = '[inputs]\nfolder = "inputs"\nlook_every = 1.0\n'
        config = configure(tmp_path, port, extra=extra)
        with running("run", "--config", config, cwd=tmp_path) as daemon:
            first = until_read(tmp_path, 1, daemon)
            shutil.copy(EXAMPLE / "tags.yaml", folder / "tags.yaml")
            until(lambda: it.has_said("ended") or daemon.process.poll() is not None)
    assert [event.inputs for event in readings(tmp_path)] == [first.inputs]
    with Reader.open(tmp_path / "journal.db") as reader:
        kinds = [type(event).__name__ for _, event in reader.events_after()]
    assert kinds[:3] == ["DaemonStarted", "InputsRead", "BreadthSeeded"]
    assert "MarketUpdated" in kinds
