"""Gather what a roll is judged by, judge every candidate, and take the best."""

import math
from collections.abc import Sequence

from msgspec import Struct

from alvh_trader.domain.instrument import Option
from alvh_trader.engine.budget import spent_on
from alvh_trader.engine.case import Ask, Case, Roll, Side
from alvh_trader.engine.consent import is_allowed
from alvh_trader.engine.drawdown import drawdowns_with
from alvh_trader.engine.evaluation import (
    Reading,
    snapshot,
    tier_of,
)
from alvh_trader.engine.funding import cost_of, largest_delta
from alvh_trader.engine.kept import Kept, kept_of, stressed
from alvh_trader.engine.proof import held_against, lots_of
from alvh_trader.engine.sent import freeze_of
from alvh_trader.engine.targets import roll_chain, roll_series
from alvh_trader.engine.threat import live_closes
from alvh_trader.engine.turn import Turn
from alvh_trader.portfolio.case import Case as Condor
from alvh_trader.portfolio.greeks import case_risk, legs_of
from alvh_trader.risk.freeze import Freeze
from alvh_trader.risk.shocks import StressedCase
from alvh_trader.risk.size import roll_loss_max
from alvh_trader.signals.volatility import hv20
from alvh_trader.strategy.bands import OFFSET_AFTER_ROLL
from alvh_trader.strategy.candidates import close_cost, propose
from alvh_trader.strategy.condor import Candidate
from alvh_trader.strategy.finding import Finding
from alvh_trader.strategy.policy import Policy, policy_of
from alvh_trader.strategy.roll import (
    CREDIT,
    Judged,
    Old,
    judge_credit,
)


class _Ground(Struct, frozen=True, eq=False):
    """What a roll is judged on: how, what is replaced, and what stays beside it."""

    policy: Policy
    old: Old
    kept: Kept


def candidate_veq(turn: Turn, case: Case, reading: Reading) -> float:
    """Return the VIX-equivalent vega a roll would have, 0 where none is in sight.

    Of the candidates that lack nothing but the hedge, the one with the least; where
    there is none, the least of all: a hedge that covers no roll at all would buy
    nothing, one sized for the widest would never be affordable.
    """
    found = _candidates(turn, case, reading)
    ground = _ground(turn, case, reading)
    if ground is None:
        return min((abs(c.exposure.veq) for c in found), default=0.0)
    judged = _judged(turn, case, found, ground)
    likely = [j.candidate for j in judged if _lacks_only(j, OFFSET_AFTER_ROLL)]
    after = (c.exposure + ground.old.kept for c in likely or found)
    return min((abs(exposure.veq) for exposure in after), default=0.0)


def _judged(
    turn: Turn, case: Case, found: Sequence[Candidate], ground: _Ground
) -> list[Judged]:
    """Return every candidate judged, the book stressed with each of them at once."""
    targets = [_stressed(turn, c, ground.kept) for c in found]
    drawdowns = drawdowns_with(turn, targets, instead_of=case.case_id)
    debit = _debit(turn, case)
    return [
        ground.policy.judge(c, ground.old, drawdown=d, debit_share=debit)
        for c, d in zip(found, drawdowns, strict=True)
    ]


def _candidates(turn: Turn, case: Case, reading: Reading) -> tuple[Candidate, ...]:
    chain = roll_chain(turn, case)
    if chain is None or not case.is_whole():
        return ()
    found = propose(
        [chain],
        _policy(turn, case).replaced(case.condor, reading.edr.tested),
        spot=reading.spot,
        vix=reading.vix,
        params=turn.rules.params,
    )
    return tuple(
        c
        for c in found
        if not held_against(turn.state, c.case, case) and _is_narrow(turn, case, c.case)
    )


def _is_narrow(turn: Turn, case: Case, new: Condor) -> bool:
    """Return whether the gate would let wings so wide be opened (P01, P11)."""
    account = turn.state.account
    most = roll_loss_max(account.net_liquidation if account else 0.0, turn.rules.limits)
    if new.width * new.multiplier * new.quantity > most:
        return False
    return freeze_of(turn) < Freeze.REDUCE or new.width <= case.condor.width


def _policy(turn: Turn, case: Case) -> Policy:
    return policy_of(case.reason, turn.rules.params)


class Choice(Struct, frozen=True):
    """The best roll and its findings; without one, those of the nearest miss.

    No roll and no findings: the quotes are not there (yet). `needs_debit` says that
    some candidate lacks nothing but a debit that a person may allow.
    """

    roll: Roll | None = None
    findings: tuple[Finding, ...] = ()
    needs_debit: bool = False


def best_roll(turn: Turn, case: Case, reading: Reading) -> Choice:
    """Return the best roll among those the margin has not stopped."""
    if "SPX" in turn.state.series and not roll_series(turn, case):
        bound = _policy(turn, case).goal()
        none = Finding("expiry to roll to", "none listed", bound, False)
        return Choice(None, (none,))
    ground = _ground(turn, case, reading)
    found = _candidates(turn, case, reading)
    if ground is None or not found:
        return Choice()
    judged = [
        j
        for j in _judged(turn, case, found, ground)
        if _name(j.candidate) not in case.passed_over
    ]
    best = next(iter(ground.policy.rank(judged)), None)
    count = Finding(
        "candidates that pass every filter",
        f"{sum(j.is_valid for j in judged)} of {len(judged)}",
        ">= 1",
        best is not None,
    )
    if best is not None:
        drawdown = _drawdown(turn, case, best.candidate, ground.kept)
        roll = _roll(ground.old, reading, best, drawdown)
        return Choice(roll, (count, _named(best), *best.findings))
    debit = turn.rules.params.roll.debit_share
    near = [j for j in judged if _lacks_only(j, CREDIT)]
    paid = [judge_credit(j.economics, ground.old, debit).holds for j in near]
    nearest = min(
        judged, key=lambda j: sum(not f.holds for f in j.findings), default=None
    )
    told = () if nearest is None else (_named(nearest), *nearest.findings)
    return Choice(None, (count, *told), any(paid))


def judged_again(
    turn: Turn, case: Case, roll: Roll, reading: Reading, margin_change: float
) -> Judged | None:
    """Return a chosen roll judged as of now, with the broker's margin change in USD.

    None where it is no candidate any more, or a quote is missing.
    """
    ground = _ground(turn, case, reading)
    found = _candidates(turn, case, reading)
    same = next((c for c in found if _name(c) == roll.name), None)
    if ground is None or same is None:
        return None
    return ground.policy.judge(
        same,
        ground.old,
        drawdown=_drawdown(turn, case, same, ground.kept),
        margin_change=margin_change,
        debit_share=_debit(turn, case),
    )


def _lacks_only(judged: Judged, what: str) -> bool:
    return all(f.holds or f.what == what for f in judged.findings)


def _debit(turn: Turn, case: Case) -> float:
    """Return the share of the old credit that may be paid: none without a person."""
    allowed = is_allowed(turn, case, Ask.DEBIT)
    return turn.rules.params.roll.debit_share if allowed else 0.0


def _drawdown(turn: Turn, case: Case, candidate: Candidate, kept: Kept) -> float | None:
    target = _stressed(turn, candidate, kept)
    (found,) = drawdowns_with(turn, [target], instead_of=case.case_id)
    return found


def _name(candidate: Candidate) -> str:
    strikes = "/".join(f"{k:g}" for k in candidate.strikes)
    return f"{candidate.case.expiry} {strikes}"


def _named(judged: Judged) -> Finding:
    return Finding(
        "candidate",
        _name(judged.candidate),
        f"{judged.candidate.dte} days, score {judged.score:+.3f}",
        judged.is_valid,
    )


def _ground(turn: Turn, case: Case, reading: Reading) -> _Ground | None:
    """Return what replacing the condor stands on; None where a quote is missing."""
    state, account, policy = turn.state, turn.state.account, _policy(turn, case)
    replaced = policy.replaced(case.condor, reading.edr.tested)
    kept = kept_of(turn, case, reading, replaced)
    seen = snapshot(turn, case, reading)
    closing = close_cost(replaced, state.quotes)
    if kept is None or seen is None or closing is None or account is None:
        return None
    cost = cost_of(turn, largest_delta(turn, seen.net.delta), reading.spot)
    closes = live_closes(turn, "SPX", reading.spot)
    hv = hv20(closes[:-1]) if closes else None
    markets = tuple(
        (p.instrument, quote.bid, quote.ask)
        for p in replaced.positions()
        if isinstance(p.instrument, Option)
        and (quote := state.quotes.get(p.instrument.con_id)) is not None
        and quote.bid is not None
        and quote.ask is not None
    )
    old = Old(
        case=replaced,
        snapshot=seen,
        tier=tier_of(turn, reading),
        close_cost=closing[0],
        half_spreads=closing[1],
        markets=markets,
        hedge_cost=spent_on(lots_of(state, case.case_id), turn.rules.params.hedge),
        wacc=None if cost is None else cost.wacc,
        hv=None if hv is None else hv / 100.0,
        available=account.available_funds,
        kept=kept.exposure,
        kept_notional=kept.notional,
    )
    return _Ground(policy, old, kept)


def roll_drawdown(turn: Turn, case: Case, roll: Roll, reading: Reading) -> float | None:
    """Return the drawdown, a fraction of capital, with the rolled condor as of now.

    It is asked for before every order of a roll: what was chosen minutes or days ago
    may have become too much. None where a quote is missing.
    """
    state, rate = turn.state, turn.rules.params.rate
    policy = _policy(turn, case)
    kept = kept_of(
        turn, case, reading, policy.replaced(case.condor, roll.sides[0].right)
    )
    new = [
        (option, count)
        for side in roll.sides
        for option, count in (
            (side.new.short, -roll.quantity),
            (side.new.long, roll.quantity),
        )
    ]
    legs = legs_of(new, state.day or reading.at.date())
    chain = roll_chain(turn, case)
    if kept is None or chain is None or math.isnan(atm := chain.atm()):
        return None
    mids = turn.instant.mids(legs.con_ids)
    risk = case_risk(legs, mids, reading.spot, chain.forward, rate)
    if risk is None or risk.guessed:
        return None
    target = stressed(turn, new, risk.sigma, (chain.forward, atm), kept)
    (percent,) = drawdowns_with(turn, [target], instead_of=case.case_id)
    return None if percent is None else percent / 100.0


def _stressed(turn: Turn, candidate: Candidate, kept: Kept) -> StressedCase:
    held = [
        (option, count)
        for v in candidate.case.verticals
        for option, count in ((v.short, -v.quantity), (v.long, v.quantity))
    ]
    market = (candidate.forward, candidate.atm)
    return stressed(turn, held, candidate.sigma, market, kept)


def _roll(
    old: Old, reading: Reading, best: Judged, drawdown: float | None
) -> Roll | None:
    """Return the sides of a roll to the best candidate, the tested one first."""
    before = {v.right: v for v in old.case.verticals}
    sides = [
        Side(right=v.right, old=before[v.right], new=v)
        for v in best.candidate.case.verticals
    ]
    assert drawdown is not None, "a candidate without a drawdown is not valid"
    return Roll(
        sides=tuple(sorted(sides, key=lambda s: s.right is not reading.edr.tested)),
        chosen=reading.at,
        quantity=old.case.quantity,
        drawdown=drawdown / 100.0,
        net=best.economics.net,
    )
