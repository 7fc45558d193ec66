"""Fetch macro series anew; whatever goes wrong, the old file stays as it was."""

import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime
from enum import StrEnum
from html import escape
from pathlib import Path
from urllib.parse import quote, urlsplit

import msgspec
from msgspec import Struct

from alvh_trader.domain.freshness import Part
from alvh_trader.domain.inputs import MacroSeries
from alvh_trader.errors import ConfigError
from alvh_trader.inputs.fetch import Failed, fetch
from alvh_trader.inputs.folder import MACRO
from alvh_trader.inputs.replace import replace_file
from alvh_trader.inputs.tables import DATES, csv_of, series_of
from alvh_trader.inputs.text import Text, read_text
from alvh_trader.settings.secrets import SECRET_LETTERS_MIN

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class Result(StrEnum):
    """What became of a series."""

    WRITTEN = "written"
    UNCHANGED = "unchanged"
    FAILED = "failed"


class Outcome(Struct, frozen=True, kw_only=True):
    """One series: what became of it; its file's newest day; why it failed."""

    series: Part
    result: Result
    values: int = 0
    newest: date | None = None
    reason: str = ""


class Endpoint(Struct, frozen=True, kw_only=True):
    """Where series are, and how patient we are: `[inputs.refresh]`."""

    url: str
    key: str
    timeout: float
    attempts: int

    def address(self, part: Part) -> str:
        """Return the address of one series.

        Raises:
            ConfigError: A key is wanted and there is none, or anybody could read it.
        """
        parts = urlsplit(self.url)
        if "{key}" in self.url:
            if not self.key:
                raise ConfigError("inputs.refresh.url wants a {key}, and none is given")
            if parts.scheme != "https" and parts.hostname not in LOOPBACK:
                raise ConfigError("inputs.refresh.url would show the key: use https")
        return self.url.replace("{series}", part.value).replace(
            "{key}", quote(self.key, safe="")
        )

    def without_key(self, body: bytes) -> bytes:
        """Return an answer without the key: a page may quote what it was asked."""
        if len(self.key) >= SECRET_LETTERS_MIN:
            for secret in {self.key, quote(self.key, safe=""), escape(self.key)}:
                body = body.replace(secret.encode(), b"...")
        return body


def refresh(
    folder: Path,
    parts: Iterable[Part],
    endpoint: Endpoint,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[Outcome]:
    """Fetch each series and put it in the place of its file; yield what became of it.

    Raises:
        ConfigError: The address cannot be made.
    """
    for part in parts:
        address = endpoint.address(part)
        body = fetch(
            address, timeout=endpoint.timeout, attempts=endpoint.attempts, sleep=sleep
        )
        try:
            if isinstance(body, Failed):
                raise ConfigError(body.reason)  # noqa: TRY301 - as what is in it would
            yield _take(folder / MACRO[part], part, endpoint.without_key(body))
        except ConfigError as error:
            reason = str(error).partition("\n")[0]
            yield _kept(folder / MACRO[part], part, reason)
        except OSError as error:
            reason = f"cannot be written: {error.strerror}"
            yield _kept(folder / MACRO[part], part, reason)


def _take(path: Path, part: Part, body: bytes) -> Outcome:
    """Check what came and write it, if it says anything that the file does not."""
    new, old = series_in(part, body), _old(path, part)
    newest = new.points[-1][0]
    if old is not None and newest < old.points[-1][0]:
        raise ConfigError(f"ends on {newest}, the file on {old.points[-1][0]}")
    result = Result.UNCHANGED
    if old is None or new.points != old.points:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, csv_of((DATES[0], part.value), new.points))
        result = Result.WRITTEN
    return Outcome(series=part, result=result, values=len(new.points), newest=newest)


def _kept(path: Path, part: Part, reason: str) -> Outcome:
    old = _old(path, part)
    return Outcome(
        series=part,
        result=Result.FAILED,
        values=len(old.points) if old else 0,
        newest=old.points[-1][0] if old else None,
        reason=reason,
    )


def _old(path: Path, part: Part) -> MacroSeries | None:
    """Return what the file holds; one that cannot be used is no loss."""
    try:
        text = read_text(path)
        return None if text is None else series_of(part, text)
    except ConfigError:
        return None


class _Observation(Struct):
    date: str
    value: str


class _Observations(Struct):
    observations: list[_Observation]


def series_in(part: Part, body: bytes) -> MacroSeries:
    """Return the series in what came: CSV, or JSON as FRED's programming interface."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ConfigError("the answer is not UTF-8 text") from None
    if text.lstrip().startswith("{"):
        try:
            found = msgspec.json.decode(text, type=_Observations)
        except (msgspec.DecodeError, RecursionError):
            raise ConfigError("the answer is JSON without observations") from None
        rows = [(row.date, row.value) for row in found.observations]
        text = csv_of((DATES[0], part.value), rows)
    at = datetime(1970, 1, 1, tzinfo=UTC)
    return series_of(part, Text("the answer", text, at))
