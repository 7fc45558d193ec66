"""Gather what a new condor is judged by, take the best, and size it."""

import math

from msgspec import Struct
from msgspec.structs import replace

from alvh_trader.engine.drawdown import drawdowns_with
from alvh_trader.engine.evaluation import regime_of, spot_of, vix_of
from alvh_trader.engine.funding import cost_of, funding_of
from alvh_trader.engine.identity import order_max
from alvh_trader.engine.proof import held_against
from alvh_trader.engine.targets import open_chain, open_series
from alvh_trader.engine.threat import live_closes
from alvh_trader.engine.turn import Turn
from alvh_trader.portfolio.case import Case as Condor
from alvh_trader.portfolio.greeks import legs_of_case
from alvh_trader.risk.opening import loss_share
from alvh_trader.risk.shocks import StressedCase
from alvh_trader.risk.stress import largest_quantity
from alvh_trader.signals.volatility import hv20
from alvh_trader.strategy.condor import Candidate, surface_of
from alvh_trader.strategy.entry import Opening, construct, judge_entry, least_credit
from alvh_trader.strategy.finding import Finding
from alvh_trader.strategy.regimes import allowance


class Chosen(Struct, frozen=True, kw_only=True):
    """The condor to open, sized; None where none may be, and then why.

    `drawdown` is that of the book with it, a fraction of capital. `least` is what one
    must bring, `half_spreads` what crossing half of its legs' markets costs: points.
    """

    condor: Condor | None
    findings: tuple[Finding, ...]
    drawdown: float | None = None
    least: float = 0.0
    half_spreads: float = 0.0


def best_opening(turn: Turn) -> Chosen | str:
    """Return the condor nearest to the defaults that passes everything.

    Without one, the findings of the one that lacked least; a word where the quotes
    are not there yet.
    """
    state, params = turn.state, turn.rules.params
    if "SPX" not in state.series:
        return "the list of series is not there yet"
    if open_series(turn) is None:
        low, high = params.condor.dte_low, params.condor.dte_high
        bound = f"{low} to {high} days out"
        none = Finding("expiry to open in", "none listed", bound, False)
        return Chosen(condor=None, findings=(none,))
    spot, vix, chain = spot_of(state), vix_of(state), open_chain(turn)
    if spot is None or vix is None or chain is None:
        return "quotes of the series are not there yet"
    surface = surface_of(chain, spot, vix, params)
    least_sds = allowance(regime_of(state)).sds
    found = [_judged(turn, c, spot) for c in construct(surface, least_sds)]
    if not found:
        return "quotes of the condors are not there yet"
    best = next((o for o in found if o.is_valid), None)
    if best is None:
        nearest = min(found, key=lambda o: sum(not f.holds for f in o.findings))
        return Chosen(condor=None, findings=(_name(nearest), *nearest.findings))
    return _sized(turn, best)


def _judged(turn: Turn, candidate: Candidate, spot: float) -> Opening:
    """Return a condor judged; it costs what a full-sized one would."""
    full = turn.rules.params.entries.quantity
    cost = cost_of(turn, candidate.exposure.delta * full, spot)
    closes = live_closes(turn, "SPX", spot)
    hv = hv20(closes[:-1]) if closes else None
    judged = judge_entry(
        candidate,
        hv=None if hv is None else hv / 100.0,
        wacc=None if cost is None else cost.wacc,
        params=turn.rules.params,
    )
    against = held_against(turn.state, candidate.case)
    value = f"{len(against)}" if against else "none"
    free = Finding("legs held the other way", value, "none", not against)
    return replace(judged, findings=(*judged.findings, free))


def _name(opening: Opening) -> Finding:
    new, candidate = opening.candidate.case, opening.candidate
    strikes = "/".join(f"{k:g}" for k in candidate.strikes)
    distance = f"{candidate.dte} days, {candidate.sds:g} deviations"
    return Finding("condor", f"{new.expiry} {strikes}", distance, opening.is_valid)


def _sized(turn: Turn, best: Opening) -> Chosen:
    """Return as many as every limit and the two-sigma test of the whole book allow."""
    most, bounds = _bounds(turn, best.candidate)
    counts = list(range(most, 0, -1))
    shapes = [_times(best.candidate.case, n) for n in counts]
    assert turn.state.day is not None, "nothing is opened before a session"
    today = turn.state.day
    tested = drawdowns_with(
        turn,
        [
            StressedCase(
                legs=legs_of_case(shape, today),
                sigma=best.candidate.sigma,
                forward=best.candidate.forward,
                atm=best.candidate.atm,
            )
            for shape in shapes
        ],
    )
    limit = min(turn.rules.params.stress.limit, 100.0 * turn.rules.limits.drawdown_max)
    fits = [
        (shape, percent / 100.0)
        for shape, percent in zip(shapes, tested, strict=True)
        if percent is not None and percent <= limit
    ]
    smallest = tested[-1] if tested else None
    word = "unknown" if smallest is None else f"{smallest:.3f} %"
    value = f"{fits[0][1]:.3%}" if fits else f"{word} with one"
    size = fits[0][0].quantity if fits else 0
    findings = (
        _name(best),
        *best.findings,
        *bounds,
        Finding("two-sigma drawdown", value, f"<= {limit:.1f} %", bool(fits)),
        Finding("condors", f"{size}", ">= 1", size > 0),
    )
    if not fits:
        return Chosen(condor=None, findings=findings)
    return Chosen(
        condor=fits[0][0],
        findings=findings,
        drawdown=fits[0][1],
        least=least_credit(best.candidate, turn.rules.params),
        half_spreads=best.candidate.half_spreads,
    )


def _bounds(turn: Turn, one: Candidate) -> tuple[int, tuple[Finding, ...]]:
    """Return the most condors that everything but the stress allows, and by what.

    The premium that the rules may spend on a hedge is kept free (§8.1's N_max).
    """
    account, funding = turn.state.account, funding_of(turn)
    params, limits = turn.rules.params, turn.rules.limits
    if account is None or funding is None:
        return 0, ()
    unit, case = one.case.multiplier, one.case
    loss = (case.width - case.credit + limits.combo_collar) * unit
    margin = case.width * unit
    by = {
        "the operator": float(params.entries.quantity),
        "one order": float(order_max(turn, limits.combos_per_order_max)),
        "the loss of one case": loss_share(limits) * funding.deployed / loss,
        "the margin of one case": limits.case_margin_max
        * account.net_liquidation
        / margin,
        "the funds": limits.margin_use_max * account.available_funds / margin,
        "N_max": largest_quantity(
            capital=funding.deployed,
            haircut=funding.shock,
            premium=0.0,
            width=case.width * (1.0 + params.hedge.share_high),
            credit=case.credit,
            multiplier=float(unit),
            params=params.stress,
        ),
    }
    size = allowance(regime_of(turn.state)).size
    most = math.floor(size * max(min(by.values()), 0.0) + 1e-9)
    tightest = min(by, key=lambda name: by[name])
    share = "" if size == 1.0 else f", {size:g} of it in this regime"
    value = f"{most} by {tightest} ({by[tightest]:.2f}{share})"
    return most, (Finding("largest size", value, ">= 1", most >= 1),)


def _times(one: Condor, count: int) -> Condor:
    """Return so many of a condor of one."""
    put, call = (
        None if side is None else replace(side, quantity=count)
        for side in (one.put, one.call)
    )
    return replace(one, put=put, call=call)
