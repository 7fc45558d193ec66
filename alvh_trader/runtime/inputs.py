"""Read the files that the operator provides."""

import csv
from pathlib import Path

from alvh_trader.errors import ConfigError

NET_ADVANCES_MAX = 5_000
"""No exchange has so many issues."""


def read_breadth_seed(path: Path) -> tuple[int, ...]:
    """Return net advances of past sessions, oldest first.

    The file is CSV with a header and the columns date and net_advances.

    Raises:
        ConfigError: Names the file, the line and what is wrong with it.
    """
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from None
    return tuple(_net(path, line, row) for line, row in enumerate(rows, start=2))


def _net(path: Path, line: int, row: dict[str, str]) -> int:
    text = row.get("net_advances")
    if text is None:
        raise ConfigError(f"{path}, line {line}: no column net_advances")
    try:
        value = int(text)
    except ValueError:
        raise ConfigError(
            f"{path}, line {line}: net_advances {text!r} is not a whole number"
        ) from None
    if abs(value) > NET_ADVANCES_MAX:
        raise ConfigError(
            f"{path}, line {line}: net_advances {value} is not within "
            f"{NET_ADVANCES_MAX} of zero"
        )
    return value


def write_breadth_seed(path: Path, rows: tuple[tuple[object, int], ...]) -> None:
    """Write (day, net advances) rows as `read_breadth_seed` reads them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["date", "net_advances"])
        writer.writerows(rows)
