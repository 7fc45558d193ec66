"""How old the operator's inputs may be: fresh, stale or missing (alvh.md §13.3).

Everybody who uses an input asks here, so that the panel, the gates and `inputs show`
never disagree. Only FRESH may be used for something that adds risk.
"""

from datetime import date, datetime, time, timedelta
from enum import StrEnum

from msgspec import Struct

from alvh_trader.domain.calendar import instant, new_york_date
from alvh_trader.domain.inputs import Inputs, MacroSeries


class Part(StrEnum):
    """A part of the inputs that has an age of its own; series go by FRED's names."""

    FACILITIES = "facilities"
    CPI = "CPIAUCSL"
    PPI = "PPIFIS"
    REER = "RBUSBIS"
    BILL = "DTB3"
    TWO_YEAR = "DGS2"
    FOMC = "fomc"
    CONSTITUENTS = "constituents"
    INDEX = "index"
    TAGS = "tags"


SERIES = (Part.CPI, Part.PPI, Part.REER, Part.BILL, Part.TWO_YEAR)
"""The published series, by the names under which `Inputs.macro` has them."""


class Verdict(StrEnum):
    """Whether an input may be used. STALE counts as missing where risk is added."""

    FRESH = "fresh"
    STALE = "stale"
    MISSING = "missing"


LIMITS: dict[Part, timedelta | None] = {
    Part.FACILITIES: timedelta(hours=24),
    Part.CPI: timedelta(days=45),
    Part.PPI: timedelta(days=45),
    Part.REER: timedelta(days=75),
    Part.BILL: timedelta(days=10),
    Part.TWO_YEAR: timedelta(days=10),
    Part.FOMC: timedelta(days=45),
    Part.CONSTITUENTS: timedelta(days=45),
    Part.INDEX: timedelta(days=45),
    Part.TAGS: None,
}
"""The oldest that is fresh (alvh.md §13.3; the bill's ten days are of §7.3). Tags only
name the cycle of a backtest and do not age."""

_RELEASED: dict[str, tuple[int, time]] = {
    Part.CPI: (15, time(8, 30)),
    Part.PPI: (15, time(8, 30)),
    Part.REER: (20, time(12, 0)),
}
"""Day of the next month, in New York, on which a month's figure is taken to be out: no
file says it. Prices come between the tenth and the fifteenth."""

AHEAD = timedelta(hours=1)
"""An input that says it is of a later time than this from now is not from now."""


class Age(Struct, frozen=True, kw_only=True):
    """How old a part is. Without one, `as_of` and `age` are None.

    `as_of` is what the file says: for a monthly series its newest month's first day.
    """

    part: Part
    verdict: Verdict
    as_of: date | datetime | None = None
    age: timedelta | None = None

    @property
    def limit(self) -> timedelta | None:
        """The age up to which this part is fresh; None where it does not age."""
        return LIMITS[self.part]

    @property
    def is_fresh(self) -> bool:
        """Whether the part may be used for what adds risk."""
        return self.verdict is Verdict.FRESH


def age_of(inputs: Inputs, part: Part, at: datetime) -> Age:
    """Return the age of one part of the inputs at `at`.

    The facilities are as old as the oldest of them; `judge` judges each.
    """
    return judge(part, _as_of(inputs, part, at), at)


def judge(part: Part, as_of: date | datetime | None, at: datetime) -> Age:
    """Return the age of something that says of itself to be of `as_of`.

    What says to be of the future is STALE: whatever it is, it is not from now.
    """
    if as_of is None:
        return Age(part=part, verdict=Verdict.MISSING)
    age = max(at - _counted_from(part, as_of), timedelta(0))
    limit = LIMITS[part]
    is_old = limit is not None and age > limit
    is_ahead = _begin(as_of) > at + AHEAD
    verdict = Verdict.STALE if is_old or is_ahead else Verdict.FRESH
    return Age(part=part, verdict=verdict, as_of=as_of, age=age)


def known(series: MacroSeries, at: datetime) -> tuple[tuple[date, float], ...]:
    """Return the points of a series that anybody could know at `at`, oldest first.

    A file that was there by then holds nothing else. In a replay the file is newer than
    the market; then a point counts from the day on which it was released.
    """
    today = new_york_date(at)
    if series.fetched is not None and series.fetched <= at:
        return tuple(point for point in series.points if point[0] <= today)
    return tuple(p for p in series.points if _released(series.id, p[0]) <= at)


def _as_of(inputs: Inputs, part: Part, at: datetime) -> date | datetime | None:
    if part in SERIES:
        series = inputs.macro.get(part)
        points = known(series, at) if series else ()
        return points[-1][0] if points else None
    if part is Part.FACILITIES:
        given = inputs.facilities
        if given is None:
            return None
        dated = [facility.as_of for facility in given.facilities]
        if given.treasury is not None:
            dated.append(given.treasury.as_of)
        return min(dated, default=None)
    owner = {
        Part.FOMC: inputs.fomc,
        Part.CONSTITUENTS: inputs.constituents,
        Part.INDEX: inputs.index,
        Part.TAGS: inputs.tags,
    }[part]
    return None if owner is None else owner.as_of


def _counted_from(part: Part, as_of: date | datetime) -> datetime:
    """Return the instant from which the age of a part counts."""
    if isinstance(as_of, datetime):
        return as_of
    if part is Part.REER:
        # A month's average speaks of the whole month.
        return instant(_next_month(as_of), time(0))
    return _released(part, as_of) if part in _RELEASED else _begin(as_of)


def _released(series: str, day: date) -> datetime:
    """Return when the figure of `day` is taken to be out."""
    if series in _RELEASED:
        number, clock = _RELEASED[series]
        return instant(_next_month(day).replace(day=number), clock)
    return instant(day + timedelta(days=1), time(16, 15))


def _next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def _begin(of: date | datetime) -> datetime:
    return of if isinstance(of, datetime) else instant(of, time(0))
