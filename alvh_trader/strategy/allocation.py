"""How much outside capital to hold: the gates of an increase, and the advice.

Nothing here moves money: the advice goes to a person. An increase needs every gate;
a reduction is proposed where VIX or the liquidity of the pool asks for it. Source:
alvh.md §7.2 (INV-6), §7.5 to §7.7, §10.
"""

from enum import StrEnum

from msgspec import Struct

from alvh_trader.capital.facilities import Funding
from alvh_trader.capital.liquidity import Light, Liquidity, light, quick_ratio
from alvh_trader.signals.regime import Regime
from alvh_trader.strategy.finding import Finding
from alvh_trader.strategy.params import Params
from alvh_trader.strategy.regimes import allowance


class Advice(StrEnum):
    """What to do with the outside capital."""

    HOLD = "HOLD"
    INCREASE = "INCREASE"
    REDUCE = "REDUCE"


class Situation(Struct, frozen=True, kw_only=True):
    """Everything the advice stands on; amounts are USD, None is unknown.

    `over_wacc` are the points by which what is held is expected to return more than
    capital costs, `loss` what the worst 2-sigma shock takes from condors and hedges.
    `macro` is M and `scale` s of §9; `factor` is f_beta. `shift_from` was drawn when
    the committee's newest divergence came out, None without one; `calm_drawn` when
    VIX last was below 25. `busy` are the cases that are not at rest.
    """

    funding: Funding
    net_liquidation: float
    initial_margin: float
    regime: Regime | None
    vix: float | None
    is_near_18: bool
    liquidity: Liquidity | None
    over_wacc: float | None
    loss: float | None
    busy: tuple[str, ...] = ()
    macro: float | None = None
    scale: float = 1.0
    factor: float = 1.0
    shift_from: float | None = None
    calm_drawn: float | None = None

    @property
    def quick(self) -> float | None:
        """The quick ratio; None where what is liquid is not known."""
        return None if self.liquidity is None else quick_ratio(self.liquidity)


class Allocation(Struct, frozen=True, kw_only=True):
    """The advice: have `target` USD drawn instead of `drawn`, and why.

    `wanted` is what the method would hold if every gate stood open. After an increase
    new condors may tie up at most `margin_room` USD of initial margin (INV-6).
    `reasons` are why to reduce, `gates` the conditions of an increase.
    """

    advice: Advice
    drawn: float
    target: float
    wanted: float
    margin_room: float
    light: Light
    gates: tuple[Finding, ...]
    reasons: tuple[Finding, ...]


def shifted(amount: float, factor: float, step: float = 0.10) -> float:
    """Return A * (1 + 0.10 * f_beta), the allocation after a time-shift (§7.5).

    >>> [round(shifted(100_000, f)) for f in (3.4 / 3, 0.5, 1.5)]
    [111333, 105000, 115000]
    """
    return amount * (1.0 + step * factor)


def margin_room(initial_margin: float, net_liquidation: float, more: float) -> float:
    """Return the initial margin that `more` USD in the account may carry (INV-6).

    Initial margin over net liquidation is then what it was before.
    """
    if net_liquidation <= 0 or more <= 0:
        return 0.0
    return initial_margin / net_liquidation * more


def allocate(now: Situation, params: Params) -> Allocation:
    """Return the advice of this moment."""
    colour = _light(now, params)
    wanted, more = _increase(now, params)
    gates = _gates(now, more, params)
    reasons = _reasons(now, params)
    drawn, target = now.funding.drawn, _reduced(now, params)
    if target < drawn - 1.0:
        advice = Advice.REDUCE
    elif more >= 1.0 and all(gate.holds for gate in gates):
        advice, target = Advice.INCREASE, drawn + more
    else:
        advice, target = Advice.HOLD, drawn
    room = margin_room(now.initial_margin, now.net_liquidation, target - drawn)
    return Allocation(
        advice=advice,
        drawn=drawn,
        target=target,
        wanted=wanted,
        margin_room=room,
        light=colour,
        gates=gates,
        reasons=reasons,
    )


def _light(now: Situation, params: Params) -> Light:
    capital = params.capital
    # Nobody can be liquid out of nothing: without equity every debt is too much.
    if now.funding.equity <= 0:
        return Light.RED
    return light(now.quick, green=capital.quick_green, red=capital.quick_red)


def _increase(now: Situation, params: Params) -> tuple[float, float]:
    """Return what the method would have drawn, and how much of it is room for now."""
    capital, funding = params.capital, now.funding
    own = max(funding.outside - funding.drawn, 0.0)
    wanted = max(capital.allocation * funding.equity * now.scale - own, 0.0)
    if now.shift_from is not None:
        after = shifted(now.shift_from, now.factor, capital.shift_step)
        wanted = max(wanted, after)
    lever = capital.leverage * funding.equity - funding.deployed
    return wanted, max(min(wanted - funding.drawn, funding.available, lever), 0.0)


def _reduced(now: Situation, params: Params) -> float:
    """Return the most that may stay drawn."""
    drawn, target = now.funding.drawn, now.funding.drawn
    if now.regime is not None:
        base = drawn if now.calm_drawn is None else now.calm_drawn
        target = min(target, allowance(now.regime).drawn * base)
    if now.liquidity is not None and _light(now, params) is Light.RED:
        # Paid from outside the pool: paying out of a pool that is short makes it worse.
        most = now.liquidity.liquid / params.capital.quick_green
        target = min(target, drawn - (now.liquidity.obligations - most))
    return min(max(target, 0.0), drawn)


def _reasons(now: Situation, params: Params) -> tuple[Finding, ...]:
    share = 1.0 if now.regime is None else allowance(now.regime).drawn
    colour = _light(now, params)
    return (
        Finding(
            "VIX regime",
            "unknown" if now.regime is None else now.regime.name,
            "below STRESS to keep all that is drawn"
            if share == 1.0
            else f"at most {share:.0%} stays drawn",
            share == 1.0,
        ),
        Finding("liquidity of the pool", colour, "not red", colour is not Light.RED),
    )


def _gates(now: Situation, more: float, params: Params) -> tuple[Finding, ...]:
    """Return the conditions of drawing `more` (§7.7), each with value and bound."""
    capital, funding, window = params.capital, now.funding, params.signals.window
    after = funding.deployed + more
    quick, over, least = now.quick, now.over_wacc, params.roll.irr_over_wacc
    return (
        Finding(
            "VIX about 18",
            "unknown" if now.vix is None else f"{now.vix:.2f}",
            f"{window.enter_low:g} to {window.enter_high:g}, "
            f"left outside {window.leave_low:g} to {window.leave_high:g}",
            now.is_near_18 and now.vix is not None and allowance(now.regime).may_borrow,
        ),
        Finding(
            "quick ratio",
            "unknown" if quick is None else f"{quick:.3f}",
            f">= {capital.quick_green:.2f}",
            quick is not None and quick >= capital.quick_green,
        ),
        Finding(
            "expected return over cost of capital",
            "unknown" if over is None else f"{over:+.2f} pp",
            f">= {least:.1f} pp",
            over is not None and over >= least,
        ),
        _drawdown(now, more, params),
        Finding(
            "cases not at rest",
            ", ".join(now.busy) or "none",
            "none",
            not now.busy,
        ),
        Finding(
            "facilities",
            "fresh" if funding.is_fresh else "stale or missing",
            "fresh",
            funding.is_fresh,
        ),
        Finding(
            "macro composite M",
            "unknown" if now.macro is None else f"{now.macro:+.2f}",
            ">= 0",
            now.macro is not None and now.macro >= 0,
        ),
        _leverage(after, funding.equity, capital.leverage),
        _margin(now, more),
        Finding("room to draw", f"{more:,.0f} USD", "> 0 USD", more >= 1.0),
    )


def _drawdown(now: Situation, more: float, params: Params) -> Finding:
    """Return the 2-sigma drawdown if condors grew with the capital (§8.1)."""
    funding, limit = now.funding, params.stress.limit
    bound = f"<= {limit:.1f} %"
    if now.loss is None or funding.deployed <= 0:
        return Finding("2-sigma drawdown after it", "unknown", bound, False)
    after = funding.deployed + more
    grown = max(now.loss, 0.0) * after / funding.deployed
    haircut = funding.shock + params.capital.stablecoin_haircut * more
    share = 100.0 * (grown + haircut) / after
    return Finding("2-sigma drawdown after it", f"{share:.3f} %", bound, share <= limit)


def _leverage(after: float, equity: float, most: float) -> Finding:
    known = equity > 0
    return Finding(
        "capital of both engines over equity",
        f"{after / equity:.3f}" if known else "no equity",
        f"<= {most:.2f}",
        known and after <= most * equity * (1.0 + 1e-12),
    )


def _margin(now: Situation, more: float) -> Finding:
    """Return that initial margin over net liquidation need not rise (INV-6)."""
    known = now.net_liquidation > 0
    room = margin_room(now.initial_margin, now.net_liquidation, more)
    before = now.initial_margin / now.net_liquidation if known else 0.0
    after = (now.initial_margin + room) / (now.net_liquidation + more) if known else 1.0
    return Finding(
        "initial margin over net liquidation after it",
        f"{after:.2%} with {room:,.0f} USD more margin" if known else "unknown",
        f"<= {before:.2%}, the money in the account first",
        known and after <= before + 1e-12,
    )
