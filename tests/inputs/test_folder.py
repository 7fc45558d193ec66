"""The folder: each file is its part, a broken one is missing, a stranger is named."""

import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from alvh_trader.domain.freshness import SERIES, Part, Verdict, age_of
from alvh_trader.domain.inputs import Inputs, Tags
from alvh_trader.inputs.folder import NAMES, Reading, read_folder
from alvh_trader.inputs.tables import csv_of

AT = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def put(folder: Path, name: str, body: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(body)
    return path


@pytest.mark.parametrize("is_there", [True, False])
def test_no_file_says_nothing(tmp_path: Path, *, is_there: bool) -> None:
    folder = tmp_path if is_there else tmp_path / "gone"
    assert read_folder(folder) == Reading()


def test_no_folder_says_nothing() -> None:
    assert read_folder(None) == Reading()


def test_a_broken_file_is_missing_and_the_others_are_not(tmp_path: Path) -> None:
    put(tmp_path, "tags.yaml", "as_of: 2026-11-20\n")
    index = put(tmp_path, "index.yaml", "as_of: 2026-11-20\n")
    put(tmp_path, "macro/DTB3.csv", "observation_date,DTB3\n2026-11-18,360\n")
    put(tmp_path, "constituents.csv", "symbol,shares,cash_flow,as_of\n")
    put(tmp_path, "breadth_seed.csv", "date,net_advances\n2026-11-18,120\n")
    reading = read_folder(tmp_path)
    assert reading.inputs == Inputs(tags=Tags(as_of=date(2026, 11, 20)))
    assert reading.breadth == (120,)
    index_lines = [m for m in reading.mistakes if m.startswith(f"{index}: ")]
    assert [line.partition(": ")[2] for line in index_lines] == [
        f"{key}: is not given"
        for key in ("top_ten_weight", "pe_percentile", "dividends", "growth")
    ]
    rest = [m for m in reading.mistakes if m not in index_lines]
    assert len(rest) == 2


def test_broken_closes_take_the_constituents_with_them(tmp_path: Path) -> None:
    row = "AAPL,14800000000,7.98,2026-10-31\n"
    put(tmp_path, "constituents.csv", f"symbol,shares,cash_flow,as_of\n{row}")
    assert read_folder(tmp_path).inputs.constituents is not None
    put(tmp_path, "constituent_prices.csv", "date,symbol,close\nx,AAPL,1\n")
    reading = read_folder(tmp_path)
    assert reading.inputs.constituents is None
    assert len(reading.mistakes) == 1


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("facilites.yaml", "did you mean facilities.yaml?"),
        ("fomc.yml", "did you mean fomc.yaml?"),
        ("macro/CPIAUSCL.csv", "did you mean macro/CPIAUCSL.csv?"),
        ("something.json", "no file of this name is read"),
    ],
)
def test_a_name_that_nobody_reads_is_a_mistake(
    tmp_path: Path, name: str, words: str
) -> None:
    put(tmp_path, name, "")
    (mistake,) = read_folder(tmp_path).mistakes
    assert mistake.startswith(f"{tmp_path / name}: ")
    assert words in mistake


@pytest.mark.parametrize(
    "name",
    [
        *("README.md", "facilities.yaml.example", "facilities.yaml~", ".tags.yaml.swp"),
        *("example/facilities.yaml", "macro/.DTB3.csv.x.tmp", ".hidden.yaml"),
    ],
)
def test_other_files_do_no_harm(tmp_path: Path, name: str) -> None:
    put(tmp_path, name, "nonsense: [")
    assert read_folder(tmp_path) == Reading()


@pytest.mark.parametrize("name", NAMES)
def test_what_is_no_ordinary_file_is_named_and_waits_for_nobody(
    tmp_path: Path, name: str
) -> None:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    if name == "constituent_prices.csv":
        row = "AAPL,14800000000,7.98,2026-10-31\n"
        put(tmp_path, "constituents.csv", f"symbol,shares,cash_flow,as_of\n{row}")
    os.mkfifo(path)
    (mistake,) = read_folder(tmp_path).mistakes
    assert mistake == f"{path}: cannot be read: it is no ordinary file"


def test_the_age_of_a_file_is_that_of_its_last_writing(tmp_path: Path) -> None:
    path = put(tmp_path, "macro/DTB3.csv", "date,VALUE\n2026-11-18,3.6\n")
    os.utime(path, (AT.timestamp(), AT.timestamp()))
    assert read_folder(tmp_path).inputs.macro["DTB3"].fetched == AT


def test_only_what_is_looked_back_on_is_kept(tmp_path: Path) -> None:
    months = [date(year, 1, 1) for year in range(1950, 2027)]
    for part in SERIES:
        is_daily = part in {Part.BILL, Part.TWO_YEAR}
        rows = [
            (day, 3.0 if is_daily else 300.0 if part is not Part.REER else 100.0)
            for day in months
        ]
        body = csv_of(("date", "VALUE"), rows)
        put(tmp_path, f"macro/{part}.csv", body)
    everything = read_folder(tmp_path).inputs.macro
    assert {len(series.points) for series in everything.values()} == {len(months)}
    kept = read_folder(tmp_path, AT).inputs.macro
    assert len(kept["CPIAUCSL"].points) == 6
    # Even where nothing is recent the newest stays, to be seen as stale.
    assert [day for day, _ in kept["DTB3"].points] == [date(2026, 1, 1)]
    later = AT + timedelta(days=365)
    age = age_of(Inputs(macro=kept), Part.BILL, later)
    assert age.verdict is Verdict.STALE
