"""What a roll policy decides, and the policy of the method.

A policy says which part of a condor is replaced, where it may go, what it must pass and
which is best. What comes before every roll (hedge, bands, window, permit) is no part of
it, so no policy can leave it out (alvh.md §6.1, §6.5).
"""

from collections.abc import Sequence
from datetime import date
from typing import Protocol

from msgspec import Struct

from alvh_trader.domain.instrument import Right
from alvh_trader.portfolio.case import Case
from alvh_trader.strategy.condor import Candidate
from alvh_trader.strategy.expiries import Listed, choose_expiries
from alvh_trader.strategy.martingale import Martingale
from alvh_trader.strategy.params import Params
from alvh_trader.strategy.reason import Reason
from alvh_trader.strategy.roll import Judged, Old, judge, ranked


class Policy(Protocol):
    """How a case is rolled for one reason."""

    def replaced(self, condor: Case, tested: Right) -> Case:
        """Return the part of the condor that a roll closes and opens anew."""
        ...

    def expiries(self, listed: Listed, condor: Case, today: date) -> tuple[date, ...]:
        """Return the last trading days to roll to, the best first."""
        ...

    def goal(self) -> str:
        """Return in words where the expiries must lie."""
        ...

    def judge(
        self,
        candidate: Candidate,
        old: Old,
        *,
        drawdown: float | None,
        margin_change: float | None = None,
        debit_share: float = 0.0,
    ) -> Judged:
        """Return a candidate held against every filter (see `strategy.roll.judge`)."""
        ...

    def rank(self, judged: Sequence[Judged]) -> tuple[Judged, ...]:
        """Return the valid candidates, best first."""
        ...


class Outward(Struct, frozen=True):
    """The method's own: both sides, outward in time (§6.2, §6.3)."""

    params: Params
    reason: Reason | None

    def replaced(self, condor: Case, _tested: Right) -> Case:
        """Return the whole condor."""
        return condor

    def expiries(self, listed: Listed, condor: Case, today: date) -> tuple[date, ...]:
        """Return the next monthly cycle for a time-shift, else 45 to 60 days."""
        return choose_expiries(
            listed, condor, today, self.params.condor, self.params.roll, self.reason
        )

    def goal(self) -> str:
        """Return in words where the expiries must lie."""
        low, high = self.params.condor.dte_low, self.params.condor.dte_high
        is_shift = self.reason is Reason.FOMC_TIME_SHIFT
        where = "the next monthly cycle" if is_shift else f"{low} to {high} days out"
        return f"{where}, more than {self.params.roll.dte_later} after the condor's"

    def judge(
        self,
        candidate: Candidate,
        old: Old,
        *,
        drawdown: float | None,
        margin_change: float | None = None,
        debit_share: float = 0.0,
    ) -> Judged:
        """Return a candidate held against the nine filters."""
        return judge(
            candidate,
            old,
            self.params,
            drawdown=drawdown,
            margin_change=margin_change,
            debit_share=debit_share,
        )

    def rank(self, judged: Sequence[Judged]) -> tuple[Judged, ...]:
        """Return the valid candidates by the score of §6.3."""
        return ranked(judged)


def policy_of(reason: Reason | None, params: Params) -> Policy:
    """Return the policy that a reason is rolled by."""
    plugin = params.plugins.temporal_theta_martingale
    if reason is Reason.THETA_SHORTEN:
        return Martingale(params, plugin.dte_low, plugin.dte_high)
    if reason is Reason.THETA_BACK:
        return Martingale(params, plugin.back_low, plugin.back_high)
    return Outward(params, reason)
