"""When which fault begins: read from the command line's words and from TOML.

`NAME[=VALUE]@TIME[+SECONDS]`, or a file with a table for each fault:

    [[fault]]
    name = "late_commission"
    value = 30
    at = "2018-02-05T10:31"
    seconds = 600
    client = 1
"""

import re
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from alvh_trader.errors import ConfigError
from alvh_trader.gateway.fault import Planned
from alvh_trader.gateway.moment import ZONE

_WORDS = re.compile(
    r"(?P<name>\w+)(?:=(?P<value>[^@+]*))?"
    r"(?:@(?P<at>\+?[\d:T.-]+?))?(?:\+(?P<seconds>\d+(?:\.\d+)?))?"
)
_AFTER = re.compile(r"\+(\d+(?:\.\d+)?)")


class _File(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    fault: tuple[Planned, ...] = ()


def read_words(words: str) -> Planned:
    """Read `NAME[=VALUE][@TIME][+SECONDS]`.

    >>> read_words("slow=3@10:31+600").seconds
    600.0

    Raises:
        ConfigError: It is not of that form.
    """
    match = _WORDS.fullmatch(words.strip())
    if match is None:
        raise ConfigError(f"fault {words!r}: not NAME[=VALUE]@TIME[+SECONDS]")
    seconds = match["seconds"]
    return Planned(
        name=match["name"],
        at=match["at"] or "",
        value=match["value"] or "",
        seconds=None if seconds is None else float(seconds),
    )


def read_file(path: Path) -> tuple[Planned, ...]:
    """Read a TOML schedule.

    Raises:
        ConfigError: The file cannot be read, or is no schedule.
    """
    try:
        tree: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
        return msgspec.convert(tree, _File).fault
    except (OSError, ValueError) as error:
        raise ConfigError(f"faults {path}: {error}") from None


def moment(planned: Planned, begin: datetime) -> datetime:
    """Return when a fault begins, in UTC; `begin` is the scenario's first instant.

    Raises:
        ConfigError: It is no time.
    """
    text = planned.at
    if not text:
        return begin
    after = _AFTER.fullmatch(text)
    local = begin.astimezone(ZONE)
    try:
        if after is not None:
            return begin + timedelta(seconds=float(after[1]))
        if "T" in text:
            return datetime.fromisoformat(text).replace(tzinfo=ZONE).astimezone(UTC)
        clock = datetime.strptime(text, _clock_form(text)).replace(tzinfo=ZONE).timetz()
    except (ValueError, OverflowError):
        raise ConfigError(f"fault {planned.name}: {text!r} is no time") from None
    at = datetime.combine(local.date(), clock)
    return (at if at >= local else at + timedelta(days=1)).astimezone(UTC)


def _clock_form(text: str) -> str:
    return "%H:%M:%S" if text.count(":") > 1 else "%H:%M"
