"""The Temporal Theta Martingale: a plug-in that is switched off.

It moves the losing side alone to a near expiry when the ratio or VIX is high, and back
when the ratio is low and the index is under its volume-weighted price. It shortens
where the method extends, so it conflicts with the method's own tenor; it is here to
show that a second policy fits behind the same gate. Source: alvh.md §6.5.
"""

from collections.abc import Sequence
from datetime import date

from msgspec import Struct

from alvh_trader.domain.instrument import Right
from alvh_trader.portfolio.case import Case, case_of
from alvh_trader.strategy.condor import Candidate
from alvh_trader.strategy.expiries import Listed
from alvh_trader.strategy.finding import Finding
from alvh_trader.strategy.params import MartingaleParams, Params
from alvh_trader.strategy.roll import RETURN, Judged, Old, judge

Order = tuple[float, int, float, tuple[float, ...]]


def shorten(edr: float, vix: float, params: MartingaleParams) -> tuple[Finding, ...]:
    """Return what may move the losing side near; one that holds is enough.

    `edr` is per cent, `vix` points.
    """
    return (
        Finding("EDR", f"{edr:.4f} %", f"> {params.edr:.2f} %", edr > params.edr),
        Finding("VIX", f"{vix:.2f}", f"> {params.vix:.1f}", vix > params.vix),
    )


def back(
    edr: float, spot: float, vwap: float | None, params: MartingaleParams
) -> Finding:
    """Return whether the side may move back: a low ratio and an index under its VWAP.

    An index has no volume; without a volume-weighted price there is no way back.
    """
    is_under = vwap is not None and spot < vwap
    below = "unknown" if vwap is None else f"{vwap:.2f}"
    return Finding(
        "EDR, and SPX under its VWAP",
        f"{edr:.4f} %, {spot:.2f}",
        f"< {params.edr:.2f} %, < {below}",
        edr < params.edr and is_under,
    )


class Martingale(Struct, frozen=True):
    """Rolls the losing side alone to between `low` and `high` calendar days."""

    params: Params
    low: int
    high: int

    def replaced(self, condor: Case, tested: Right) -> Case:
        """Return the losing side."""
        if tested is Right.PUT:
            return case_of("", condor.put, None)
        return case_of("", None, condor.call)

    def expiries(self, listed: Listed, condor: Case, today: date) -> tuple[date, ...]:
        """Return the days in the window on which no side ends yet, the last first."""
        classes = {v.short.trading_class for v in condor.verticals}
        held = {v.short.last_trade for v in condor.verticals}
        fits = {
            day
            for trading_class, day in listed
            if trading_class in classes
            and self.low <= (day - today).days <= self.high
            and day not in held
        }
        return tuple(sorted(fits, reverse=True))

    def goal(self) -> str:
        """Return in words where the expiries must lie."""
        return f"{self.low} to {self.high} days out"

    def judge(
        self,
        candidate: Candidate,
        old: Old,
        *,
        drawdown: float | None,
        margin_change: float | None = None,
        debit_share: float = 0.0,
    ) -> Judged:
        """Return a candidate held against every filter but the expected return.

        A return over a few days, annualised, says nothing.
        """
        found = judge(
            candidate,
            old,
            self.params,
            drawdown=drawdown,
            margin_change=margin_change,
            debit_share=debit_share,
        )
        return Judged(
            candidate=candidate,
            economics=found.economics,
            findings=tuple(f for f in found.findings if f.what != RETURN),
        )

    def rank(self, judged: Sequence[Judged]) -> tuple[Judged, ...]:
        """Return the valid candidates, the one farthest from its break-even first."""
        return tuple(sorted((j for j in judged if j.is_valid), key=_order))


def _order(judged: Judged) -> Order:
    candidate = judged.candidate
    return (
        -judged.economics.be_sd,
        candidate.dte,
        candidate.case.width,
        candidate.strikes,
    )
