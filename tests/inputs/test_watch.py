"""The daemon sees a change within a look, tells what is wrong, and outlives it."""

import asyncio
import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from alvh_trader.domain.inputs import Inputs, Tags
from alvh_trader.engine.event import BreadthSeeded, Event, InputsRead
from alvh_trader.inputs.watch import SETTLED, FolderWatch

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
FIRST = Inputs(tags=Tags(gdp_growth=2.0, as_of=date(2026, 11, 20)))
OTHER = Inputs(tags=Tags(gdp_growth=-2.0, as_of=date(2026, 11, 20)))


def tags(folder: Path, growth: str, at: datetime = NOW - timedelta(hours=1)) -> None:
    """Write tags.yaml as of a time."""
    path = folder / "tags.yaml"
    path.write_text(f"as_of: 2026-11-20\ngdp_growth: {growth}\n")
    os.utime(path, (at.timestamp(), at.timestamp()))


def watching(
    folder: Path | None, seed: tuple[int, ...] | None = None
) -> tuple[FolderWatch, list[Event]]:
    told: list[Event] = []
    return FolderWatch(folder, told.append, lambda: NOW, seed=seed), told


def test_the_folder_is_read_at_the_start(tmp_path: Path) -> None:
    tags(tmp_path, "2.0")
    watch, told = watching(tmp_path)
    watch.start(NOW)
    assert told == [InputsRead(at=NOW, inputs=FIRST)]


@pytest.mark.parametrize("folder", [None, Path("nowhere")])
def test_nothing_is_told_as_nothing(folder: Path | None) -> None:
    watch, told = watching(folder)
    watch.start(None)
    # What an earlier process had read must not live on in the state.
    assert told == [InputsRead(at=NOW, inputs=Inputs())]
    assert watch.look() is None


def test_only_a_change_is_read_again(tmp_path: Path) -> None:
    tags(tmp_path, "2.0")
    watch, _ = watching(tmp_path)
    watch.start(NOW)
    assert watch.look() is None
    tags(tmp_path, "-2.0", NOW - timedelta(minutes=1))
    reading = watch.look()
    assert reading is not None
    assert (reading.inputs, reading.mistakes) == (OTHER, ())
    assert watch.look() is None
    (tmp_path / "tags.yaml").unlink()
    gone = watch.look()
    assert gone is not None
    assert gone.inputs == Inputs()


def test_a_broken_file_takes_the_old_values_with_it(tmp_path: Path) -> None:
    tags(tmp_path, "2.0")
    watch, _ = watching(tmp_path)
    watch.start(NOW)
    tags(tmp_path, "much", NOW - timedelta(minutes=1))
    reading = watch.look()
    assert reading is not None
    assert reading.inputs == Inputs()
    (mistake,) = reading.mistakes
    assert mistake.startswith(f'{tmp_path}/tags.yaml: gdp_growth = "much": should be')


def test_a_file_that_is_being_written_is_left_alone_until_it_rests(
    tmp_path: Path,
) -> None:
    watch, _ = watching(tmp_path)
    watch.start(NOW)
    tags(tmp_path, "much", NOW - SETTLED + timedelta(seconds=0.1))
    assert watch.look() is None
    tags(tmp_path, "2.0", NOW - SETTLED)
    reading = watch.look()
    assert reading is not None
    assert reading.inputs == FIRST


def test_a_file_of_a_wrong_clock_is_read(tmp_path: Path) -> None:
    watch, _ = watching(tmp_path)
    watch.start(NOW)
    tags(tmp_path, "2.0", NOW + timedelta(days=400))
    assert watch.look() is not None


@pytest.mark.parametrize(
    ("seed", "expected"), [(None, (12, -7)), ((1, 2, 3), (1, 2, 3)), ((), None)]
)
def test_a_seed_that_was_named_goes_before_the_folders(
    tmp_path: Path, seed: tuple[int, ...] | None, expected: tuple[int, ...] | None
) -> None:
    body = "date,net_advances\n2026-11-18,12\n2026-11-19,-7\n"
    (tmp_path / "breadth_seed.csv").write_text(body)
    watch, told = watching(tmp_path, seed)
    watch.start(NOW)
    seeded = [e.net_advances for e in told if isinstance(e, BreadthSeeded)]
    assert seeded == ([] if expected is None else [expected])


def test_our_own_mistake_stops_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stumble(folder: Path, at: datetime) -> None:
        raise KeyError("oops")

    monkeypatch.setattr("alvh_trader.inputs.watch.read_folder", stumble)
    watch, told = watching(tmp_path)
    watch.start(NOW)
    (event,) = told
    assert isinstance(event, InputsRead)
    assert event.inputs == Inputs()
    assert event.mistakes == (
        f"{tmp_path}: cannot be read, by our own mistake: KeyError('oops')",
    )


def test_the_job_tells_a_change_from_another_thread(tmp_path: Path) -> None:
    async def until_changed() -> InputsRead:
        inbox: asyncio.Queue[Event] = asyncio.Queue()
        watch = FolderWatch(tmp_path, inbox.put_nowait, lambda: NOW)
        watch.start(NOW)
        inbox.get_nowait()
        async with asyncio.TaskGroup() as jobs:
            job = jobs.create_task(watch.run(0.001))
            tags(tmp_path, "2.0")
            event = await inbox.get()
            job.cancel()
        assert isinstance(event, InputsRead)
        return event

    assert asyncio.run(until_changed()).inputs == FIRST
