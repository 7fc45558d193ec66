"""What redeployment is judged by: TTCP, the discount, and the prices noted for it.

The rules are in `strategy.redeploy`; here the state is read for them (alvh.md §7.7).
"""

import math
from datetime import date

import msgspec

from alvh_trader.domain.instrument import Right
from alvh_trader.engine.evaluation import Reading, series_chain, vix_of
from alvh_trader.engine.instant import QUOTE_AGE_MAX
from alvh_trader.engine.targets import layer2_series
from alvh_trader.engine.turn import Turn
from alvh_trader.pricing.chain import PricedChain
from alvh_trader.strategy.finding import Finding
from alvh_trader.strategy.redeploy import (
    IV_SESSIONS,
    Curve,
    TimeValue,
    VolOfVol,
    bleed_ratio,
    cash_press,
    discount,
    extrinsic,
)


def note_price(turn: Turn, today: date) -> None:
    """Once a session, note the volatility of the call that layer 2 would buy."""
    known = turn.state.longer
    if known.sigmas and known.sigmas[-1][0] == today:
        return
    for series in layer2_series(turn)[:1]:
        sigma = _sigma(turn, series_chain(turn, *series, spot=None))
        if sigma is not None:
            kept = (*known.sigmas, (today, sigma))[-IV_SESSIONS - 1 :]
            turn.put(longer=msgspec.structs.replace(known, sigmas=kept))


def _sigma(turn: Turn, chain: PricedChain | None) -> float | None:
    """Return the volatility of the call nearest to the wanted delta."""
    place = _place(turn, chain)
    return None if chain is None or place is None else float(chain.sigma[place])


def _place(turn: Turn, chain: PricedChain | None) -> int | None:
    if chain is None:
        return None
    wanted, delta = turn.rules.params.hedge.delta, chain.greeks.delta
    known = [
        i
        for i in range(len(delta))
        if chain.chain.is_call[i] and math.isfinite(delta[i])
    ]
    return min(known, key=lambda i: abs(delta[i] - wanted), default=None)


def redeploying(
    turn: Turn, reading: Reading, chain: PricedChain
) -> tuple[Finding, ...]:
    """Return the tests of TTCP and of the discount for what was set aside."""
    state, params = turn.state, turn.rules.params.layer2
    fund = Finding("set aside", f"{state.l2_fund:.2f} USD", "> 0", state.l2_fund > 0)
    signals = state.signals
    curve = Curve(vix=vix_of(state), mean=signals.vix_mean, contango=signals.contango)
    today = state.day
    cost = VolOfVol(
        vvix=state.index_level("VVIX", turn.at, QUOTE_AGE_MAX),
        vvix_median=signals.vvix_median,
        sigma=_sigma(turn, chain),
        recorded=tuple(x for x in state.longer.sigmas if x[0] != today),
    )
    bleed = _bleed(turn, reading, chain)
    return (fund, *cash_press(bleed, curve, params), *discount(cost))


def _bleed(turn: Turn, reading: Reading, chain: PricedChain) -> float | None:
    """Return how much faster the tested short option bleeds than the longer call."""
    place, tested = _place(turn, chain), reading.edr.tested is Right.CALL
    legs, found = reading.legs, reading.risk.greeks
    shorts = [
        i
        for i in range(len(legs.con_ids))
        if legs.quantity[i] < 0 and bool(legs.is_call[i]) == tested
    ]
    if place is None or not shorts:
        return None
    rate, i = turn.rules.params.rate, shorts[0]
    short = TimeValue(
        theta=float(found.theta[i]),
        extrinsic=extrinsic(
            float(found.price[i]),
            float(reading.forwards[i]),
            float(legs.strike[i]),
            float(legs.dte[i]),
            rate,
            is_call=tested,
        ),
        dte=float(legs.dte[i]),
    )
    long = TimeValue(
        theta=float(chain.greeks.theta[place]),
        extrinsic=extrinsic(
            float(chain.greeks.price[place]),
            chain.forward,
            float(chain.chain.strike[place]),
            chain.chain.dte,
            rate,
            is_call=True,
        ),
        dte=chain.chain.dte,
    )
    return bleed_ratio(short, long)
