"""Gather what a roll is judged by, judge every candidate, and take the best."""

import math
from collections.abc import Sequence

from msgspec import Struct

from alvh_trader.domain.instrument import Option, Right
from alvh_trader.engine.case import Ask, Case, Roll, Side
from alvh_trader.engine.consent import is_allowed
from alvh_trader.engine.drawdown import drawdowns_with
from alvh_trader.engine.evaluation import (
    Reading,
    snapshot,
    tier_of,
)
from alvh_trader.engine.funding import cost_of, largest_delta
from alvh_trader.engine.proof import lots_of
from alvh_trader.engine.targets import roll_chain, roll_series
from alvh_trader.engine.threat import live_closes
from alvh_trader.engine.turn import Turn
from alvh_trader.portfolio.greeks import case_risk, legs_of
from alvh_trader.risk.shocks import StressedCase
from alvh_trader.signals.volatility import hv20
from alvh_trader.strategy.bands import OFFSET_AFTER_ROLL
from alvh_trader.strategy.candidates import close_cost, propose
from alvh_trader.strategy.condor import Candidate
from alvh_trader.strategy.finding import Finding
from alvh_trader.strategy.reason import Reason
from alvh_trader.strategy.roll import (
    CREDIT,
    Judged,
    Old,
    judge,
    judge_credit,
    ranked,
)


def candidate_veq(turn: Turn, case: Case, reading: Reading) -> float:
    """Return the VIX-equivalent vega a roll would have, 0 where none is in sight.

    Of the candidates that lack nothing but the hedge, the one with the least; where
    there is none, the least of all: a hedge that covers no roll at all would buy
    nothing, one sized for the widest would never be affordable.
    """
    found = _candidates(turn, case, reading)
    old = _old(turn, case, reading)
    likely = (
        ()
        if old is None
        else tuple(
            j.candidate
            for j in _judged(turn, case, found, old)
            if _lacks_only(j, OFFSET_AFTER_ROLL)
        )
    )
    return min((abs(c.exposure.veq) for c in likely or found), default=0.0)


def _judged(
    turn: Turn, case: Case, found: Sequence[Candidate], old: Old
) -> list[Judged]:
    """Return every candidate judged, the book stressed with each of them at once."""
    drawdowns = drawdowns_with(
        turn, [_stressed(c) for c in found], instead_of=case.case_id
    )
    debit = _debit(turn, case)
    return [
        judge(c, old, turn.rules.params, drawdown=d, debit_share=debit)
        for c, d in zip(found, drawdowns, strict=True)
    ]


def _candidates(turn: Turn, case: Case, reading: Reading) -> tuple[Candidate, ...]:
    chain = roll_chain(turn, case)
    if chain is None or not case.is_whole():
        return ()
    return propose(
        [chain],
        case.condor,
        spot=reading.spot,
        vix=reading.vix,
        params=turn.rules.params,
    )


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
    params = turn.rules.params
    if "SPX" in turn.state.series and not roll_series(turn, case):
        low, high = params.condor.dte_low, params.condor.dte_high
        is_shift = case.reason is Reason.FOMC_TIME_SHIFT
        where = "the next monthly cycle" if is_shift else f"{low} to {high} days out"
        bound = f"{where}, more than {params.roll.dte_later} after the condor's"
        none = Finding("expiry to roll to", "none listed", bound, False)
        return Choice(None, (none,))
    old = _old(turn, case, reading)
    found = _candidates(turn, case, reading)
    if old is None or not found:
        return Choice()
    judged = [
        j
        for j in _judged(turn, case, found, old)
        if _name(j.candidate) not in case.passed_over
    ]
    best = next(iter(ranked(judged)), None)
    count = Finding(
        "candidates that pass every filter",
        f"{sum(j.is_valid for j in judged)} of {len(judged)}",
        ">= 1",
        best is not None,
    )
    if best is not None:
        drawdown = _drawdown(turn, case, best.candidate)
        roll = _roll(case, reading, best, drawdown)
        return Choice(roll, (count, _named(best), *best.findings))
    debit = params.roll.debit_share
    near = [j for j in judged if _lacks_only(j, CREDIT)]
    paid = [judge_credit(j.economics, old, debit).holds for j in near]
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
    old = _old(turn, case, reading)
    found = _candidates(turn, case, reading)
    same = next((c for c in found if _name(c) == roll.name), None)
    if old is None or same is None:
        return None
    return judge(
        same,
        old,
        turn.rules.params,
        drawdown=_drawdown(turn, case, same),
        margin_change=margin_change,
        debit_share=_debit(turn, case),
    )


def _lacks_only(judged: Judged, what: str) -> bool:
    return all(f.holds or f.what == what for f in judged.findings)


def _debit(turn: Turn, case: Case) -> float:
    """Return the share of the old credit that may be paid: none without a person."""
    allowed = is_allowed(turn, case, Ask.DEBIT)
    return turn.rules.params.roll.debit_share if allowed else 0.0


def _drawdown(turn: Turn, case: Case, candidate: Candidate) -> float | None:
    (found,) = drawdowns_with(turn, [_stressed(candidate)], instead_of=case.case_id)
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


def _old(turn: Turn, case: Case, reading: Reading) -> Old | None:
    """Return what replacing the condor stands on; None where a quote is missing."""
    state, account = turn.state, turn.state.account
    seen = snapshot(turn, case, reading)
    closing = close_cost(case.condor, state.quotes)
    if seen is None or closing is None or account is None:
        return None
    cost = cost_of(turn, largest_delta(turn, seen.net.delta), reading.spot)
    closes = live_closes(turn, "SPX", reading.spot)
    hv = hv20(closes[:-1]) if closes else None
    markets = tuple(
        (p.instrument, quote.bid, quote.ask)
        for p in case.condor.positions()
        if isinstance(p.instrument, Option)
        and (quote := state.quotes.get(p.instrument.con_id)) is not None
        and quote.bid is not None
        and quote.ask is not None
    )
    return Old(
        case=case.condor,
        snapshot=seen,
        tier=tier_of(turn, reading),
        close_cost=closing[0],
        half_spreads=closing[1],
        markets=markets,
        hedge_cost=sum(lot.cost for lot in lots_of(state, case.case_id)),
        wacc=None if cost is None else cost.wacc,
        hv=None if hv is None else hv / 100.0,
        available=account.available_funds,
    )


def roll_drawdown(turn: Turn, case: Case, roll: Roll, reading: Reading) -> float | None:
    """Return the drawdown, a fraction of capital, with the rolled condor as of now.

    It is asked for before every order of a roll: what was chosen minutes or days ago
    may have become too much. None where a quote is missing.
    """
    state, rate = turn.state, turn.rules.params.rate
    legs = legs_of(
        [
            (option, count)
            for side in roll.sides
            for option, count in (
                (side.new.short, -roll.quantity),
                (side.new.long, roll.quantity),
            )
        ],
        state.day or reading.at.date(),
    )
    chain = roll_chain(turn, case)
    if chain is None or math.isnan(atm := chain.atm()):
        return None
    mids = turn.instant.mids(legs.con_ids)
    risk = case_risk(legs, mids, reading.spot, chain.forward, rate)
    if risk is None or risk.guessed:
        return None
    target = StressedCase(legs=legs, sigma=risk.sigma, forward=chain.forward, atm=atm)
    (percent,) = drawdowns_with(turn, [target], instead_of=case.case_id)
    return None if percent is None else percent / 100.0


def _stressed(candidate: Candidate) -> StressedCase:
    return StressedCase(
        legs=candidate.legs,
        sigma=candidate.sigma,
        forward=candidate.forward,
        atm=candidate.atm,
    )


def _roll(
    case: Case, reading: Reading, best: Judged, drawdown: float | None
) -> Roll | None:
    """Return the sides of a roll to the best candidate, the tested one first."""
    old, new = case.condor, best.candidate.case
    if old.put is None or old.call is None or new.put is None or new.call is None:
        return None
    sides = (
        Side(right=Right.PUT, old=old.put, new=new.put),
        Side(right=Right.CALL, old=old.call, new=new.call),
    )
    assert drawdown is not None, "a candidate without a drawdown is not valid"
    is_put = reading.edr.tested is Right.PUT
    return Roll(
        sides=sides if is_put else (sides[1], sides[0]),
        chosen=reading.at,
        quantity=old.quantity,
        drawdown=drawdown / 100.0,
        net=best.economics.net,
    )
