"""The files of inputs on the command line: their mistakes, their age, fetching anew."""

import os
from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path
from typing import Any

from msgspec import Struct

from alvh_trader.domain.calendar import NEW_YORK
from alvh_trader.domain.freshness import Age, Part, age_of
from alvh_trader.errors import ConfigError
from alvh_trader.inputs.folder import (
    CONSTITUENTS,
    FACILITIES,
    FOMC,
    INDEX,
    MACRO,
    NAMES,
    PRICES,
    TAGS,
    Reading,
    read_folder,
)
from alvh_trader.inputs.refresh import Endpoint, Result
from alvh_trader.inputs.refresh import refresh as fetch_anew
from alvh_trader.inputs.tables import read_breadth_seed
from alvh_trader.runtime.show import emit, print_table
from alvh_trader.runtime.words import length
from alvh_trader.settings.load import load
from alvh_trader.settings.model import Inputs, Refresh
from alvh_trader.settings.secrets import read_urls

FILES = {
    Part.FACILITIES: FACILITIES,
    **MACRO,
    Part.FOMC: FOMC,
    Part.CONSTITUENTS: CONSTITUENTS,
    Part.INDEX: INDEX,
    Part.TAGS: TAGS,
}


class Source(Struct, frozen=True):
    """Where the files are: `[inputs]`, and the folder in question."""

    given: Inputs
    folder: Path


def source(
    configs: tuple[Path, ...], folder: Path | None, *, is_made: bool = False
) -> Source:
    """Return where the files are; a folder that `is_made` when needed may be missing.

    Raises:
        ConfigError: The configuration is wrong, or there is no such folder.
    """
    given = load(configs, os.environ).inputs
    chosen = given.folder if folder is None else folder
    if chosen is None:
        raise ConfigError("[inputs] folder is empty: name a folder with --folder")
    if not (chosen.is_dir() or is_made):
        raise ConfigError(f"{chosen}: there is no such folder")
    return Source(given, chosen)


def endpoint(given: Refresh) -> Endpoint:
    """Return where series are fetched, with the key from its file.

    Raises:
        ConfigError: The file cannot be read, others could, or it holds no single key.
    """
    key, path = given.key.get_secret_value(), given.key_file
    if path is not None:
        folder = os.environ.get("CREDENTIALS_DIRECTORY")
        is_credential = bool(folder) and path.is_relative_to(str(folder))
        try:
            keys = read_urls(path, is_credential=is_credential)
        except ValueError as error:
            raise ConfigError(f"inputs.refresh.key_file = {path}: {error}") from None
        if len(keys) != 1:
            words = f"it should hold one key, and holds {len(keys)}"
            raise ConfigError(f"inputs.refresh.key_file = {path}: {words}")
        (key,) = keys
    return Endpoint(
        url=given.url, key=key, timeout=given.timeout, attempts=given.attempts
    )


def refresh(source: Source, parts: Iterable[Part], *, as_json: bool) -> bool:
    """Fetch series, tell what became of each, and return whether all are there.

    Raises:
        ConfigError: The endpoint is not usable as it is configured.
    """
    where = endpoint(source.given.refresh)
    rows = [
        {
            "kind": "series",
            "series": outcome.series.value,
            "result": outcome.result.value,
            "values": outcome.values,
            "newest": str(outcome.newest or ""),
            "reason": outcome.reason,
        }
        for outcome in fetch_anew(source.folder, parts, where)
    ]
    _tell(rows, as_json=as_json)
    return all(row["result"] != Result.FAILED for row in rows)


def check(source: Source, *, as_json: bool) -> None:
    """List the files and which of them are there.

    Raises:
        ConfigError: Something cannot be used; with a line for each mistake.
    """
    mistakes = list(read_folder(source.folder).mistakes)
    seed = source.given.breadth_seed
    if seed is not None:
        try:
            read_breadth_seed(seed)
        except ConfigError as error:
            mistakes += str(error).splitlines()
    if mistakes:
        raise ConfigError("\n".join(mistakes))
    rows = [
        {
            "kind": "file",
            "file": name,
            "found": "good" if (source.folder / name).exists() else "not there",
        }
        for name in NAMES
    ]
    _tell(rows, as_json=as_json)


def show(source: Source, now: datetime, *, as_json: bool) -> None:
    """Show each part with its age; what a file has wrong stands in its note."""
    reading = read_folder(source.folder)
    rows = [_row(source.folder, reading, part, now, as_json=as_json) for part in Part]
    _tell(rows, as_json=as_json)


def _row(
    folder: Path, reading: Reading, part: Part, now: datetime, *, as_json: bool
) -> dict[str, Any]:
    age = age_of(reading.inputs, part, now)
    name = FILES[part]
    return {
        "kind": "input",
        "part": part.value,
        "file": name,
        **(_numbers(age) if as_json else _words(age)),
        "verdict": age.verdict.value,
        "note": _note(folder, reading, name),
    }


def _note(folder: Path, reading: Reading, name: str) -> str:
    """Return the first mistake that made a part missing, or nothing."""
    names = (name, PRICES) if name == CONSTITUENTS else (name,)
    starts = tuple(str(folder / each) for each in names)
    mine = (m for m in reading.mistakes if m.startswith(starts))
    return next(mine, "").removeprefix(f"{folder}/")


def _numbers(age: Age) -> dict[str, Any]:
    return {
        "as_of": None if age.as_of is None else age.as_of.isoformat(),
        "age": None if age.age is None else age.age.total_seconds(),
        "limit": None if age.limit is None else age.limit.total_seconds(),
    }


def _words(age: Age) -> dict[str, Any]:
    return {
        "as_of": _moment(age.as_of),
        "age": length(age.age),
        "limit": length(age.limit),
    }


def _moment(of: date | datetime | None) -> str:
    if isinstance(of, datetime):
        return f"{of.astimezone(NEW_YORK):%Y-%m-%d %H:%M}"
    return "" if of is None else of.isoformat()


def _tell(rows: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        for row in rows:
            emit(row)
    else:
        print_table(rows)
