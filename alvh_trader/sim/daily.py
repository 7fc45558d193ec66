"""Daily market history: what ships with the product, or a folder of fuller files.

The shipped files hold SPX prices and VIX closes (NOTICE says from where). A folder
may hold more, in files named as below, plain or with `.gz` appended; whatever it
lacks is taken from the shipped files or, for the term indexes, modelled.
"""

import csv
import gzip
import io
import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from alvh_trader.errors import ConfigError

SHIPPED = Path(__file__).with_name("history")
TERMS = ("vix1d", "vix9d", "vix3m", "vix6m", "vix1y", "vvix", "skew")
INDEXES = "cboe_vol_indices_close.csv"
FUTURES = "vx_futures_daily_by_contract.csv"
FINALS = "vx_final_settlement_monthly.csv"
RATES = "rates_daily.csv"

_FINAL, _RATE = ("expiry", "final_settlement"), ("date", "dgs3mo")
"""Columns: the special opening quotation of VIX; three-month bills in percent."""

_PRICES = ("open", "high", "low", "close")


@dataclass(frozen=True, slots=True)
class Prices:
    """Open, high, low and close of a session."""

    open: float
    high: float
    low: float
    close: float


@dataclass(frozen=True, slots=True)
class Day:
    """What history knows of one session. None where it knows nothing.

    `terms` are closes by index name; `futures` pairs of (expiry, settlement); `final`
    is what VIX options and futures settled at that morning; `rate` is continuous.
    """

    day: date
    spx: Prices
    vix: Prices | None
    vix_close: float
    terms: dict[str, float]
    futures: tuple[tuple[date, float], ...]
    final: float | None = None
    rate: float | None = None


def load(folder: Path | None, first: date, last: date) -> tuple[Day, ...]:
    """Return the sessions in [first, last], oldest first.

    Raises:
        ConfigError: The folder or a file in it cannot be read as history.
    """
    places = [SHIPPED] if folder is None else [*_places(folder), SHIPPED]
    spx = _prices(_file(places, "spx_daily.csv"), first, last)
    vix = _prices(_file(places, "vix_daily.csv"), first, last)
    terms = {name: _term(places, name, first, last) for name in TERMS}
    finals = _column(_found(places, FINALS), _FINAL, first, last)
    rates = _column(_found(places, RATES), _RATE, first, last)
    futures = _futures(_found(places, FUTURES), first, last)
    return tuple(
        Day(
            day=day,
            spx=_whole(spx[day], day),
            vix=vix[day] if not math.isnan(vix[day].open) else None,
            vix_close=vix[day].close,
            terms={n: rows[day] for n, rows in terms.items() if day in rows},
            futures=futures.get(day, ()),
            final=finals.get(day),
            rate=math.log1p(rates[day] / 100.0) if day in rates else None,
        )
        for day in sorted(spx.keys() & vix.keys())
    )


def _places(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise ConfigError(f"history: {folder} is not a folder")
    places = [folder, *(folder / name for name in ("daily", "vx_futures", "macro"))]
    wanted = ["spx_daily.csv", "vix_daily.csv", INDEXES, FUTURES, FINALS, RATES]
    wanted += [f"{name}_daily.csv" for name in TERMS]
    if not any(_found(places, name) for name in wanted):
        raise ConfigError(
            f"history: {folder} holds none of {', '.join(wanted)} (.gz or not), "
            "neither itself nor in daily/, vx_futures/ or macro/"
        )
    return places


def _found(places: list[Path], name: str) -> Path | None:
    for place in places:
        for path in (place / name, place / f"{name}.gz"):
            if path.is_file():
                return path
    return None


def _file(places: list[Path], name: str) -> Path:
    path = _found(places, name)
    if path is None:
        raise ConfigError(f"history: {name} is not there, not even the shipped one")
    return path


def _whole(prices: Prices, day: date) -> Prices:
    if math.isnan(prices.open):
        raise ConfigError(f"history: SPX of {day} has no open, high and low")
    return prices


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield (line number, row) of a CSV file with a header."""
    try:
        raw = path.read_bytes()
        text = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode("utf-8")
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise ConfigError(f"history: {path} cannot be read: {error}") from None
    reader = csv.DictReader(io.StringIO(text), restval="")
    for row in reader:
        yield reader.line_num, row


def _prices(path: Path, first: date, last: date) -> dict[date, Prices]:
    """Read date, close and, where the file has them, open, high and low."""
    prices: dict[date, Prices] = {}
    for line, row in _rows(path):
        day = _day(path, line, row, "date")
        if not first <= day <= last or row.get("is_nyse_session") == "0":
            continue
        if row.get("open"):
            cells = (_number(path, line, row, name) for name in _PRICES)
            bar = Prices(*(round(price, 2) for price in cells))
            _check_range(path, line, bar)
        else:
            none = math.nan
            bar = Prices(none, none, none, _number(path, line, row, "close"))
        prices[day] = bar
    return prices


def _term(places: list[Path], name: str, first: date, last: date) -> dict[date, float]:
    """Return the closes of an index: from its own file, or from the table of all."""
    path = _found(places, f"{name}_daily.csv")
    if path is not None:
        return {day: it.close for day, it in _prices(path, first, last).items()}
    table = _found(places, INDEXES)
    return _column(table, ("date", name), first, last, may_lack=True)


def _column(
    path: Path | None,
    columns: tuple[str, str],
    first: date,
    last: date,
    *,
    may_lack: bool = False,
) -> dict[date, float]:
    """Read one column of a table by day; blank cells and missing files have nothing.

    A table that `may_lack` the column has nothing either.
    """
    (by_day, column), absent = columns, "" if may_lack else "-"
    low, high = first.isoformat(), last.isoformat()
    found: dict[date, float] = {}
    for line, row in _rows(path) if path is not None else ():
        # Most of a table is out of range: comparing text spares parsing it.
        if not low <= row.get(by_day, low) <= high or not row.get(column, absent):
            continue
        if row.get("is_nyse_session") != "0":
            found[_day(path, line, row, by_day)] = _number(path, line, row, column)
    return found


def _check_range(path: Path, line: int, bar: Prices) -> None:
    if not bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high:
        raise ConfigError(
            f"history: {path}, line {line}: open {bar.open} or close {bar.close} "
            f"lies outside low {bar.low} and high {bar.high}"
        )


def _futures(
    path: Path | None, first: date, last: date
) -> dict[date, tuple[tuple[date, float], ...]]:
    """Read the monthly settlements of each session, nearest expiry first."""
    curves: dict[date, list[tuple[date, float]]] = {}
    low, high = first.isoformat(), last.isoformat()
    for line, row in _rows(path) if path is not None else ():
        # Most of the file is out of range: comparing text spares parsing it.
        if not low <= row.get("trade_date", low) <= high:
            continue
        if row.get("is_monthly") == "0" or row.get("suspect") == "1":
            continue
        day = _day(path, line, row, "trade_date")
        expiry = _day(path, line, row, "expiry")
        if expiry > day and row.get("settle"):
            price = _number(path, line, row, "settle")
            curves.setdefault(day, []).append((expiry, price))
    return {day: tuple(sorted(curve)) for day, curve in curves.items()}


def _day(path: Path | None, line: int, row: dict[str, str], column: str) -> date:
    value = _cell(path, line, row, column)
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise ConfigError(
            f"history: {path}, line {line}, column {column}: {value!r} is no date"
        ) from None


def _number(path: Path | None, line: int, row: dict[str, str], column: str) -> float:
    value = _cell(path, line, row, column)
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not (math.isfinite(number) and number > 0):
        raise ConfigError(
            f"history: {path}, line {line}, column {column}: {value!r} is no price"
        )
    return number


def _cell(path: Path | None, line: int, row: dict[str, str], column: str) -> str:
    value = row.get(column)
    if value is None:
        raise ConfigError(f"history: {path}, line {line}: there is no column {column}")
    return value
