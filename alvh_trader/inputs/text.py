"""Text files and tables of a person's making: read them whole, and name every mistake.

A mistake is one line: the file, the place in it, the value, and what is allowed.
"""

import csv
import os
import stat
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, TypeVar

from msgspec import Struct
from pydantic import BaseModel, BeforeValidator, ValidationError
from pydantic_core import ErrorDetails

from alvh_trader.domain.calendar import NEW_YORK
from alvh_trader.errors import ConfigError
from alvh_trader.settings.show import literal, printable

BYTES_MAX = 4 * 1024 * 1024
"""A file of inputs that is larger is some other file."""

MISTAKES_MAX = 20
"""Of one file. Who has made more has made one mistake many times."""

YEARS = range(1900, 2101)

_M = TypeVar("_M", bound=BaseModel)


class Text(Struct, frozen=True):
    """What a file holds, and when it was last written."""

    name: str
    body: str
    written: datetime


def read_text(path: Path) -> Text | None:
    """Return what `path` holds, or None where there is no such file.

    Raises:
        ConfigError: It cannot be read, is too large, or is no text.
    """
    try:
        # Opening a pipe would wait for a writer, perhaps for ever.
        number = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    with os.fdopen(number, "rb") as file:
        status = os.fstat(number)
        if not stat.S_ISREG(status.st_mode):
            raise ConfigError(f"{path}: cannot be read: it is no ordinary file")
        data = file.read(BYTES_MAX + 1)
    if len(data) > BYTES_MAX:
        raise ConfigError(f"{path}: cannot be read: it is larger than {BYTES_MAX} B")
    try:
        body = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: cannot be read: it is not UTF-8 text") from None
    return Text(str(path), body, datetime.fromtimestamp(status.st_mtime, UTC))


def refuse(name: str, mistakes: Sequence[str]) -> None:
    """Raise a `ConfigError` with a line for each mistake in the file `name`, if any."""
    told = [f"{name}{mistake}" for mistake in mistakes[:MISTAKES_MAX]]
    if len(mistakes) > MISTAKES_MAX:
        told.append(f"{name}: and {len(mistakes) - MISTAKES_MAX} more mistakes")
    if told:
        raise ConfigError("\n".join(told))


def rows_of(
    name: str, body: str, columns: Sequence[str]
) -> tuple[list[str], list[tuple[int, dict[str, str]]]]:
    """Return the header of a CSV text and its rows, each with its line's number.

    Lines that are empty or begin with # are skipped. Columns beyond `columns` do no
    harm; a row ends with its line.

    Raises:
        ConfigError: A line is no CSV, or the header lacks a column or has one twice.
    """
    header: list[str] | None = None
    found: list[tuple[int, dict[str, str]]] = []
    mistakes: list[str] = []
    for number, line in enumerate(body.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        try:
            cells = [cell.strip() for cell in next(csv.reader([line], strict=True))]
        except (csv.Error, StopIteration) as error:
            mistakes.append(f", line {number}: is no CSV: {printable(str(error))}")
            continue
        if header is None:
            header = cells
            mistakes += [f", line {number}: {m}" for m in _of_header(header, columns)]
        elif len(cells) != len(header):
            words = f"{len(cells)} values, the header has {len(header)}"
            mistakes.append(f", line {number}: {words}")
        else:
            found.append((number, dict(zip(header, cells, strict=True))))
    if header is None:
        mistakes.append(f": is empty; its header is {','.join(columns)}")
    refuse(name, mistakes)
    return header or [], found


def _of_header(header: Sequence[str], columns: Sequence[str]) -> list[str]:
    lacking = [column for column in columns if column not in header]
    twice = sorted({printable(c) for c in header if header.count(c) > 1})
    return [f"no column {column}" for column in lacking] + [
        f"column {column} is there twice" for column in twice
    ]


def each_row(
    name: str,
    rows: Iterable[tuple[int, dict[str, str]]],
    model: type[_M],
    unique: Sequence[str],
) -> list[_M]:
    """Return each row as a `model`; no two may agree in all fields of `unique`, if any.

    Raises:
        ConfigError: With a line for each mistake.
    """
    found: list[_M] = []
    first: dict[tuple[object, ...], int] = {}
    mistakes: list[str] = []
    for number, cells in rows:
        given = {field: cells.get(field, "") for field in model.model_fields}
        try:
            row = model.model_validate(given)
        except ValidationError as error:
            mistakes += [f", line {number}{m}" for m in mistakes_of(error)]
            continue
        key = tuple(getattr(row, field) for field in unique)
        before = first.setdefault(key, number) if unique else number
        if before != number:
            words = " ".join(printable(literal(cells[field])) for field in unique)
            mistakes.append(f", line {number}: {words} is already in line {before}")
        found.append(row)
    refuse(name, mistakes)
    return found


def mistakes_of(error: ValidationError) -> list[str]:
    """Return what is wrong, each as `: key = value: what it should be`."""
    return [_mistake(detail) for detail in error.errors()]


def _mistake(detail: ErrorDetails) -> str:
    place = ""
    for part in detail["loc"]:
        place += f"[{part + 1}]" if isinstance(part, int) else f".{part}"
    place = printable(place.removeprefix("."))
    words = detail["msg"].removeprefix("Value error, ").removeprefix("Input ")
    words = printable(words[:1].lower() + words[1:])
    if detail["type"] == "extra_forbidden":
        return f": {place}: there is no such key"
    if detail["type"] == "missing":
        return f": {place}: is not given"
    if isinstance(detail["input"], dict | list | tuple | BaseModel):
        return f": {place}: {words}" if place else f": {words}"
    return f": {place} = {printable(literal(detail['input']), 60)}: {words}"


def _day(value: object) -> object:
    if isinstance(value, str):
        try:
            value = date.fromisoformat(value.strip())
        except ValueError:
            value = None
    if type(value) is not date or value.year not in YEARS:
        raise ValueError("should be a day such as 2026-11-20")
    return value


def _moment(value: object) -> object:
    """Take a time with an offset as it is, one without as New York's."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError:
            value = None
    if type(value) is date:
        value = datetime(value.year, value.month, value.day)  # noqa: DTZ001 - below
    if not isinstance(value, datetime) or value.year not in YEARS:
        raise ValueError(
            "should be a time such as 2026-11-20 14:00 (New York's) or "
            "2026-11-20T19:00:00Z"
        )
    local = value if value.tzinfo else value.replace(tzinfo=NEW_YORK)
    return local.astimezone(UTC)


def _plain(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("should be a number")  # noqa: TRY004 - pydantic wants it
    return value


Day = Annotated[date, BeforeValidator(_day)]
"""A calendar day. A number is none, whatever could be made of it."""

Moment = Annotated[datetime, BeforeValidator(_moment)]
"""An instant, in UTC; written without an offset it is New York's time."""

Number = Annotated[float, BeforeValidator(_plain)]
Whole = Annotated[int, BeforeValidator(_plain)]
