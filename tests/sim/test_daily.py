"""History files: what ships, what a folder may add, and what is wrong with one."""

import gzip
from datetime import date
from pathlib import Path

import pytest

from alvh_trader.errors import ConfigError
from alvh_trader.sim.daily import FINALS, FUTURES, INDEXES, RATES, SHIPPED, load

FIRST, LAST = date(2018, 1, 2), date(2018, 3, 29)
SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"


def shipped_spx() -> list[str]:
    text = gzip.decompress((SHIPPED / "spx_daily.csv.gz").read_bytes()).decode()
    return text.splitlines()


def test_the_shipped_history_has_the_fifth_of_february_2018() -> None:
    days = {day.day: day for day in load(None, FIRST, LAST)}
    black_monday = days[date(2018, 2, 5)]
    assert black_monday.spx.close == 2648.94
    assert black_monday.vix_close == 37.32
    assert black_monday.vix is None


def test_the_shipped_history_reaches_back_250_sessions_before_every_scenario() -> None:
    assert len(load(None, date(2016, 6, 1), date(2017, 8, 31))) >= 250


def test_a_folder_adds_what_the_shipped_files_lack(tmp_path: Path) -> None:
    (tmp_path / "daily").mkdir()
    (tmp_path / "daily" / "vix_daily.csv").write_text(
        "date,open,high,low,close,is_nyse_session\n"
        "2018-02-02,13.64,17.86,13.64,17.31,1\n"
        "2018-02-05,18.44,38.80,16.80,37.32,1\n"
        "2018-02-06,99,99,99,99,0\n"
    )
    (tmp_path / "daily" / "vvix_daily.csv").write_text(
        "date,close\n2018-02-05,177.34\n"
    )
    (tmp_path / FUTURES).write_text(
        "trade_date,contract,expiry,is_monthly,settle\n"
        "2018-02-05,VXG18,2018-02-14,1,33.225\n"
        "2018-02-05,VXW,2018-02-21,0,26.725\n"
        "2018-02-05,VXH18,2018-03-21,1,27.975\n"
    )
    days = load(tmp_path, FIRST, LAST)
    assert [day.day for day in days] == [date(2018, 2, 2), date(2018, 2, 5)]
    newest = days[1]
    assert newest.vix is not None
    assert newest.vix.high == 38.80
    assert newest.terms == {"vvix": 177.34}
    assert newest.futures == (
        (date(2018, 2, 14), 33.225),
        (date(2018, 3, 21), 27.975),
    )


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="nowhere is not a folder"):
        load(tmp_path / "nowhere", FIRST, LAST)


def test_a_folder_without_history_says_which_files_it_might_hold(
    tmp_path: Path,
) -> None:
    with pytest.raises(ConfigError, match=r"holds none of spx_daily\.csv"):
        load(tmp_path, FIRST, LAST)


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ("2018-02-05,2741.06,2763.39,2638.17,dear", "line 3, column close: 'dear'"),
        ("2018-02-05,2741.06,2763.39,2638.17,-1", "line 3, column close: '-1'"),
        ("2018-02-05,2741.06,2763.39,2638.17,nan", "line 3, column close: 'nan'"),
        ("5 Feb 2018,2741.06,2763.39,2638.17,2648.94", "column date: '5 Feb 2018'"),
        ("2018-02-05,2741.06,2700,2638.17,2648.94", "line 3: open 2741.06 or close"),
        ("2018-02-05,2741.06,2763.39,2638.17", "line 3, column close: ''"),
    ],
)
def test_a_bad_cell_is_named_by_file_line_column_and_value(
    tmp_path: Path, row: str, complaint: str
) -> None:
    header, first = shipped_spx()[:2]
    path = tmp_path / "spx_daily.csv"
    path.write_text(f"{header}\n{first}\n{row}\n")
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, FIRST, LAST)
    assert str(path) in str(caught.value)
    assert complaint in str(caught.value)


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    (tmp_path / "vix_daily.csv").write_text("date,last\n2018-02-05,37.32\n")
    with pytest.raises(ConfigError, match="line 2: there is no column close"):
        load(tmp_path, FIRST, LAST)


def test_a_truncated_gzip_file_is_one_clear_error(tmp_path: Path) -> None:
    whole = (SHIPPED / "vix_daily.csv.gz").read_bytes()
    (tmp_path / "vix_daily.csv.gz").write_bytes(whole[:200])
    with pytest.raises(ConfigError, match="cannot be read"):
        load(tmp_path, FIRST, LAST)


@pytest.mark.skipif(not SHARED.exists(), reason="needs the real history in ../shared")
def test_the_full_folders_of_real_history_load_whole() -> None:
    days = load(SHARED, FIRST, LAST)
    assert len(days) == 61
    assert all(day.vix is not None and len(day.terms) == 6 for day in days)
    assert all(len(day.futures) >= 7 for day in days)


def test_one_table_may_hold_what_has_no_file_of_its_own(tmp_path: Path) -> None:
    (tmp_path / INDEXES).write_text(
        "date,vix1d,vix3m,skew,is_nyse_session\n"
        "2018-02-02,,16.0,130.1,1\n"
        "2018-02-03,,99.0,99.0,0\n"
        "2018-02-05,50.5,27.2,120.3,1\n"
    )
    (tmp_path / "vix3m_daily.csv").write_text("date,close\n2018-02-05,27.71\n")
    days = {day.day: day for day in load(tmp_path, FIRST, LAST)}
    assert days[date(2018, 2, 2)].terms == {"skew": 130.1}
    newest = days[date(2018, 2, 5)]
    assert newest.terms == {"vix1d": 50.5, "vix3m": 27.71, "skew": 120.3}


def test_settlements_and_rates_are_read_day_by_day(tmp_path: Path) -> None:
    (tmp_path / FINALS).write_text(
        "expiry,contract,final_settlement\n2018-02-14,VXG18,25.0900\n"
    )
    (tmp_path / "macro").mkdir()
    (tmp_path / "macro" / RATES).write_text(
        "date,dff,dgs3mo\n2018-02-13,1.42,\n2018-02-14,1.42,1.59\n"
    )
    days = {day.day: day for day in load(tmp_path, FIRST, LAST)}
    assert days[date(2018, 2, 13)].final is None
    assert days[date(2018, 2, 13)].rate is None
    assert days[date(2018, 2, 14)].final == 25.09
    assert days[date(2018, 2, 14)].rate == pytest.approx(0.01577, abs=1e-5)
