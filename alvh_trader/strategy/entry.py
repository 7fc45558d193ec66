"""Which condor to open, if any: its expiry, its distance, its wings, what it must pass.

The condor nearest to the defaults that passes every filter is the one; the surface
decides how far from them that is. Source: alvh.md §5.1, §10.
"""

from collections.abc import Collection, Sequence
from datetime import date

from msgspec import Struct

from alvh_trader.domain.calendar import Calendar
from alvh_trader.domain.instrument import Option, Right
from alvh_trader.portfolio.case import CLASSES, case_of
from alvh_trader.strategy.bands import holds
from alvh_trader.strategy.condor import (
    Asked,
    Candidate,
    Guess,
    Surface,
    needed,
    priced_condor,
    short_of,
    vertical_of,
)
from alvh_trader.strategy.finding import Finding
from alvh_trader.strategy.params import CondorParams, Params
from alvh_trader.strategy.worth import (
    entry_risk,
    expected,
    return_over_cost,
    widest_market,
)

EVENING = "SPXW"
"""The class that settles in the evening; the other settles on the next morning."""


class Series(Struct, frozen=True, order=True):
    """A listed series, ordered by how well it suits: the least is the best."""

    is_after_meeting: bool
    is_morning: bool
    off_target: int
    settles: date
    trading_class: str
    last_trade: date


def entry_series(
    listed: Sequence[tuple[str, date]],
    today: date,
    condor: CondorParams,
    calendar: Calendar,
    decisions: Collection[date] = (),
) -> Series | None:
    """Return the series to open a condor in; None where none settles in the window.

    `listed` are (class, last trading day). Series that settle on the day of a
    decision of the FOMC or in the session after it come last, then those that settle
    in the morning; of the others the one nearest to the target.
    """
    found = []
    for trading_class, last_trade in listed:
        is_morning = trading_class != EVENING
        settles = calendar.next_session(last_trade) if is_morning else last_trade
        days = (settles - today).days
        if trading_class in CLASSES and condor.dte_low <= days <= condor.dte_high:
            is_after = any(
                d <= settles and calendar.sessions_until(d, settles) <= 1
                for d in decisions
            )
            off = abs(days - condor.dte_target)
            row = Series(is_after, is_morning, off, settles, trading_class, last_trade)
            found.append(row)
    return min(found, default=None)


def entry_options(
    options: Sequence[Option], guess: Guess, condor: CondorParams
) -> tuple[Option, ...]:
    """Return the options of a series whose quotes `construct` needs."""
    asked = Asked(condor.sds_tried, condor.widths_tried)
    sides = dict.fromkeys(Right, ())
    return needed(options, guess, asked, condor.grid, sides)


def construct(at: Surface, least_sds: float) -> tuple[Candidate, ...]:
    """Return every condor that can be built, those nearest to the defaults first.

    Nearness is that of the distance first, then that of the wing; of two as near, the
    farther and then the narrower. None has shorts nearer than `least_sds`.
    """
    condor = at.params.condor
    shapes = sorted(
        (abs(sds - condor.sds), -sds, abs(width - condor.width), width)
        for sds in condor.sds_tried
        for width in condor.widths_tried
        if sds >= least_sds - 1e-9
    )
    built = (_condor(at, -sds, width) for _, sds, _, width in shapes)
    return tuple(c for c in built if c is not None)


def _condor(at: Surface, sds: float, width: float) -> Candidate | None:
    sides = []
    for right in (Right.PUT, Right.CALL):
        short = short_of(at, right, sds)
        side = None if short is None else vertical_of(at, right, short, width, 1)
        if side is None:
            return None
        sides.append(side)
    return priced_condor(at, case_of("", *sides), sds)


def least_credit(candidate: Candidate, params: Params) -> float:
    """Return the points a condor must bring at least, its commission included."""
    share = params.condor.credit_share * candidate.case.width
    return share + params.roll.commission


class Opening(Struct, frozen=True, kw_only=True, eq=False):
    """A condor that could be opened, with everything that was found out about it."""

    candidate: Candidate
    findings: tuple[Finding, ...]

    @property
    def is_valid(self) -> bool:
        """Whether it passed every filter."""
        return holds(self.findings)


def judge_entry(
    candidate: Candidate, *, hv: float | None, wacc: float | None, params: Params
) -> Opening:
    """Return a condor of one held against the filters of §5.1.

    `hv` is realised volatility as a decimal, `wacc` per cent; None is unknown.
    """
    roll = params.roll
    costs = roll.slippage + roll.commission
    least = params.condor.credit_share * candidate.case.width
    worth = expected(candidate, hv, roll.commission)
    sold = {v.short.con_id for v in candidate.case.verticals}
    after = candidate.credit - costs
    findings = (
        Finding(
            "credit after costs",
            f"{after:.4f} ({candidate.credit:.4f} at mid)",
            f">= {least:.2f}",
            after >= least - 1e-9,
        ),
        *entry_risk(candidate, params.condor),
        return_over_cost(worth.irr, worth.over(wacc), roll),
        widest_market(candidate.markets, sold, roll),
    )
    return Opening(candidate=candidate, findings=findings)
