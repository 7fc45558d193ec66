"""CSV files: macro series, constituents and their closes, the breadth seed."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Annotated

from msgspec import Struct
from pydantic import Field, StringConstraints

from alvh_trader.domain.freshness import Part
from alvh_trader.domain.inputs import Constituent, Constituents, MacroSeries
from alvh_trader.errors import ConfigError
from alvh_trader.inputs.replace import replace_file
from alvh_trader.inputs.text import (
    Day,
    Number,
    Text,
    Whole,
    each_row,
    read_text,
    refuse,
    rows_of,
)
from alvh_trader.settings.section import Section
from alvh_trader.settings.show import printable

NET_ADVANCES_MAX = 5_000
"""No exchange has so many issues."""

DATES = ("observation_date", "DATE", "date")
"""What the first column of a published series is called, now and formerly."""

MISSING = frozenset({".", ""})
"""How a series says that a day or month has no value."""


class Bounds(Struct, frozen=True):
    """What a series may be: its values, its steps, and whether it is monthly.

    `step` is the largest change from one value to the next: a ratio of an index, points
    of a rate. A slip of a decimal point is larger.
    """

    low: float
    high: float
    step: float
    is_index: bool

    def allows(self, before: float, value: float) -> bool:
        """Return whether `value` may follow `before`."""
        if self.is_index:
            return 1 / self.step <= value / before <= self.step
        return abs(value - before) <= self.step


BOUNDS = {
    Part.CPI: Bounds(10, 2000, 1.1, is_index=True),
    Part.PPI: Bounds(20, 2000, 1.1, is_index=True),
    Part.REER: Bounds(30, 300, 1.2, is_index=True),
    Part.BILL: Bounds(-3, 30, 4, is_index=False),
    Part.TWO_YEAR: Bounds(-3, 30, 4, is_index=False),
}
"""Of each series, with room on both sides of what it has ever been."""

Ticker = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9./-]{0,9}$")]


class ConstituentRow(Section):
    """A row of constituents.csv."""

    symbol: Ticker
    shares: Annotated[Number, Field(ge=1e6, le=1e12)]
    cash_flow: Annotated[Number, Field(ge=-10_000, le=1e6)]
    as_of: Day


class CloseRow(Section):
    """A row of constituent_prices.csv."""

    date: Day
    symbol: Ticker
    close: Annotated[Number, Field(gt=0, le=1e7)]


class NetAdvancesRow(Section):
    """A row of breadth_seed.csv."""

    net_advances: Annotated[Whole, Field(ge=-NET_ADVANCES_MAX, le=NET_ADVANCES_MAX)]


def series_of(part: Part, text: Text) -> MacroSeries:
    """Return a published series in the form FRED gives it, oldest first.

    One column is the reference day, the other is named after the series, or VALUE. Days
    without a value are left out.

    Raises:
        ConfigError: With a line for each mistake; so do all functions here.
    """
    header, rows = rows_of(text.name, text.body, ())
    dates = next((name for name in DATES if name in header), None)
    values = next((name for name in (part.value, "VALUE") if name in header), None)
    if dates is None or values is None:
        found = printable(",".join(header), 60)
        words = f"the header {found} should be {DATES[0]},{part.value}"
        raise ConfigError(f"{text.name}: {words}")
    dated = [
        (number, {"day": row[dates], "value": row[values]})
        for number, row in rows
        if row[values] not in MISSING
    ]
    points = [
        (row.day, row.value) for row in each_row(text.name, dated, _Point, ("day",))
    ]
    lines = [number for number, _ in dated]
    refuse(text.name, [*_mistakes_of_points(BOUNDS[part], lines, points)])
    if not points:
        raise ConfigError(f"{text.name}: holds no value")
    return MacroSeries(id=part.value, points=tuple(points), fetched=text.written)


class _Point(Section):
    day: Day
    value: Number


def _mistakes_of_points(
    bounds: Bounds, lines: Sequence[int], points: Sequence[tuple[date, float]]
) -> Iterator[str]:
    before: tuple[date, float] | None = None
    for line, (day, value) in zip(lines, points, strict=True):
        place = f", line {line}: {day} = {value:g}"
        if bounds.is_index and day.day != 1:
            yield f"{place}: a month's figure is dated on its first day"
        if before is not None and day <= before[0]:
            yield f"{place}: should be later than {before[0]}"
        if not bounds.low <= value <= bounds.high:
            yield f"{place}: should be from {bounds.low:g} to {bounds.high:g}"
            continue
        if before is not None and not bounds.allows(before[1], value):
            yield f"{place}: is too far from {before[1]:g}, the value before it"
        before = day, value


def constituents_of(text: Text, prices: Text | None) -> Constituents:
    """Return the companies of constituents.csv, with the closes that `prices` has.

    They are as old as the oldest row. Closes of other companies are left out.
    """
    columns = tuple(ConstituentRow.model_fields)
    _, rows = rows_of(text.name, text.body, columns)
    companies = each_row(text.name, rows, ConstituentRow, ("symbol",))
    if not companies:
        raise ConfigError(f"{text.name}: names no company")
    closes = {} if prices is None else _closes_of(prices)
    members = [
        Constituent(
            symbol=row.symbol,
            shares=row.shares,
            cash_flow=row.cash_flow,
            closes=tuple(sorted(closes.get(row.symbol, ()))),
        )
        for row in companies
    ]
    oldest = min(row.as_of for row in companies)
    return Constituents(members=tuple(members), as_of=oldest)


def _closes_of(text: Text) -> dict[str, list[tuple[date, float]]]:
    columns = tuple(CloseRow.model_fields)
    _, rows = rows_of(text.name, text.body, columns)
    closes: dict[str, list[tuple[date, float]]] = {}
    for row in each_row(text.name, rows, CloseRow, ("date", "symbol")):
        closes.setdefault(row.symbol, []).append((row.date, row.close))
    return closes


def breadth_of(text: Text) -> tuple[int, ...]:
    """Return net advances of past sessions, oldest first; the dates are for people."""
    _, rows = rows_of(text.name, text.body, ("date", "net_advances"))
    return tuple(
        row.net_advances for row in each_row(text.name, rows, NetAdvancesRow, ())
    )


def read_breadth_seed(path: Path) -> tuple[int, ...]:
    """Return what the file that `[inputs] breadth_seed` names holds.

    Raises:
        ConfigError: It is not there, or with a line for each mistake.
    """
    text = read_text(path)
    if text is None:
        raise ConfigError(f"{path}: cannot be read: there is no such file")
    return breadth_of(text)


def write_breadth_seed(path: Path, rows: tuple[tuple[object, int], ...]) -> None:
    """Write (day, net advances) rows as `breadth_of` reads them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_file(path, csv_of(("date", "net_advances"), rows))


def csv_of(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table as CSV."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()
