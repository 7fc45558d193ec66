"""Read the folder of inputs: one file for each part, under a fixed name."""

import difflib
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from alvh_trader.domain.freshness import SERIES, Part
from alvh_trader.domain.inputs import Constituents, Inputs, MacroSeries
from alvh_trader.errors import ConfigError
from alvh_trader.inputs.structured import facilities_of, fomc_of, index_of, tags_of
from alvh_trader.inputs.tables import breadth_of, constituents_of, series_of
from alvh_trader.inputs.text import Text, read_text
from alvh_trader.settings.show import printable

FACILITIES = "facilities.yaml"
FOMC = "fomc.yaml"
INDEX = "index.yaml"
TAGS = "tags.yaml"
CONSTITUENTS = "constituents.csv"
PRICES = "constituent_prices.csv"
BREADTH = "breadth_seed.csv"
MACRO = {part: f"macro/{part.value}.csv" for part in SERIES}

NAMES = (FACILITIES, FOMC, INDEX, TAGS, CONSTITUENTS, PRICES, BREADTH, *MACRO.values())
"""Every file that is read, relative to the folder."""

READ_SUFFIXES = frozenset({".yaml", ".yml", ".csv", ".toml", ".json"})
"""A file with one of these and another name is a slip, and not passed over."""

KEPT_MONTHS, KEPT_DAYS, KEPT_CLOSES = (
    timedelta(days=6 * 366),
    timedelta(days=200),
    timedelta(days=30),
)
"""What is looked back on: a series of months, one of days, and closes. The rest would
only make every snapshot of the state larger."""

_T = TypeVar("_T")


class Reading(Struct, frozen=True, kw_only=True):
    """What the folder says. A file that is wrong in any place is missing from it."""

    inputs: Inputs = Inputs()
    breadth: tuple[int, ...] = ()
    mistakes: tuple[str, ...] = ()


def read_folder(folder: Path | None, at: datetime | None = None) -> Reading:
    """Return what the files in `folder` say; a folder that is not there says nothing.

    What lies so far before `at` that nobody looks back on it is left out; without `at`
    nothing is.
    """
    if folder is None:
        return Reading()
    mistakes: list[str] = []

    def part(name: str, made: Callable[[Text], _T]) -> _T | None:
        try:
            text = read_text(folder / name)
            return None if text is None else made(text)
        except ConfigError as error:
            mistakes.extend(str(error).splitlines())
            return None

    def companies(text: Text) -> Constituents:
        return constituents_of(text, read_text(folder / PRICES))

    macro = {name: part(path, partial(series_of, name)) for name, path in MACRO.items()}
    found = Inputs(
        facilities=part(FACILITIES, facilities_of),
        macro={name.value: given for name, given in macro.items() if given},
        fomc=part(FOMC, fomc_of),
        constituents=part(CONSTITUENTS, companies),
        index=part(INDEX, index_of),
        tags=part(TAGS, tags_of),
    )
    breadth = part(BREADTH, breadth_of) or ()
    mistakes += strangers(folder)
    inputs = found if at is None else _recent(found, at)
    return Reading(inputs=inputs, breadth=breadth, mistakes=tuple(mistakes))


def strangers(folder: Path) -> Iterator[str]:
    """Yield a mistake for each file whose name looks like one of ours and is not."""
    for name, _ in files_in(folder):
        is_ours = name in NAMES or Path(name).suffix.lower() not in READ_SUFFIXES
        if is_ours or Path(name).name.startswith("."):
            continue
        near = difflib.get_close_matches(name, NAMES, n=1, cutoff=0.6)
        hint = f"; did you mean {near[0]}?" if near else ""
        yield f"{folder / printable(name)}: no file of this name is read{hint}"


def files_in(folder: Path) -> list[tuple[str, tuple[int, ...]]]:
    """Return the files in the folder and in macro/, each with what a change changes."""
    found: list[tuple[str, tuple[int, ...]]] = []
    for below in (folder, folder / "macro"):
        try:
            entries = sorted(below.iterdir())
        except OSError:
            continue
        for path in entries:
            try:
                status = path.stat()
            except OSError:
                continue
            if not path.is_dir():
                mark = (status.st_mtime_ns, status.st_size, status.st_ino)
                found.append((path.relative_to(folder).as_posix(), mark))
    return found


def _recent(inputs: Inputs, at: datetime) -> Inputs:
    today = at.astimezone(UTC).date()
    macro = {name: _recent_points(s, today) for name, s in inputs.macro.items()}
    constituents = inputs.constituents
    if constituents is not None:
        members = tuple(
            replace(m, closes=tuple(c for c in m.closes if c[0] > today - KEPT_CLOSES))
            for m in constituents.members
        )
        constituents = replace(constituents, members=members)
    return replace(inputs, macro=macro, constituents=constituents)


def _recent_points(series: MacroSeries, today: date) -> MacroSeries:
    is_daily = series.id in {Part.BILL, Part.TWO_YEAR}
    since = today - (KEPT_DAYS if is_daily else KEPT_MONTHS)
    # The newest stays: that a series is stale must be seen.
    since = min(since, series.points[-1][0])
    return replace(series, points=tuple(p for p in series.points if p[0] >= since))
