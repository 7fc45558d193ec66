"""What to buy as a hedge: strike, liquidity, the call spread, and futures.

Source: alvh.md §4.1, §4.4 to §4.6, §4.8. Prices are VIX points, deltas to the
forward of the option's own settlement.
"""

from collections.abc import Collection, Mapping, Sequence

import msgspec
import numpy as np
from msgspec import Struct

from alvh_trader.domain.instrument import Future, Option
from alvh_trader.domain.order import Leg
from alvh_trader.pricing.chain import Chain, PricedChain
from alvh_trader.pricing.vix import beta_vx
from alvh_trader.strategy.finding import Finding
from alvh_trader.strategy.params import HedgeKind, HedgeParams, Params
from alvh_trader.strategy.sizing import Need, Size, Term, explain, size


class Quoted(Struct, frozen=True, kw_only=True):
    """A VIX future and its market: points, and how many are on offer."""

    future: Future
    dte: int
    bid: float
    ask: float
    shown: float


FUTURES = {HedgeKind.VXM_FUT: "VXM", HedgeKind.VX_FUT: "VX"}
"""The trading class of each kind that is a future."""


class HedgePlan(Struct, frozen=True, kw_only=True):
    """What to buy: `size.n` of a call, of a call spread, or of a future.

    `mid` and `ask` are the net debit of one in points, `delta` to the forward and
    `theta` points a calendar day, net; `dte` days to settlement. Of a future
    `size.cost` is what it loses until its stop. `needs_ack`: the one contract is over
    the cap, and a person must allow it.
    """

    kind: HedgeKind
    long: Option | Future
    short: Option | None
    size: Size
    forward: float
    dte: int
    mid: float
    ask: float
    delta: float
    theta: float
    needs_ack: bool = False

    @property
    def legs(self) -> tuple[Leg, ...]:
        """The legs of one unit, as an order has them."""
        if self.short is None:
            return (Leg(self.long, 1),)
        return (Leg(self.long, 1), Leg(self.short, -1))


class Planned(Struct, frozen=True, kw_only=True):
    """The plan, None where none is feasible, and why."""

    plan: HedgePlan | None
    findings: tuple[Finding, ...]


def vega_of_one(delta: float, dte: float, multiplier: float = 100.0) -> float:
    """Return h: USD that one contract gains per point of VIX (§4.4)."""
    return delta * multiplier * float(beta_vx(dte))


def plan_hedge(
    market: PricedChain,
    need: Need,
    vix: float,
    params: Params,
    open_interest: Mapping[int, int] | None = None,
    *,
    without: Collection[HedgeKind] = (),
    futures: Sequence[Quoted] = (),
) -> Planned:
    """Return what to buy of one VIX series for `need`.

    Calls near the target delta; strikes further up where the cap leaves too few;
    then spreads, then `futures` where the operator lists them. With VIX above 25
    spreads come before calls, from 28 on no call is bought. Where nothing offsets
    enough, the plan that offsets most (the bands will then forbid the roll), and last
    a single contract over the cap, for a person to allow. `open_interest` is by
    con_id, where known. Kinds in `without` are passed over: the broker has refused
    them.
    """
    interest = {} if open_interest is None else open_interest
    offers = _Offers(market, need, params, interest, futures)
    kinds = _kinds(vix, params.hedge, without)
    found = [offer for kind in kinds for offer in offers.of(kind)]
    best = next((o for o in found if _is_enough(o.size, need)), None) or max(
        (o for o in found if o.size.n >= 1),
        key=lambda o: o.size.n_high * o.size.h,
        default=None,
    )
    if best is None and HedgeKind.VIX_CALL in kinds:
        best = offers.single()
    which = Finding(
        "instruments by VIX",
        f"{vix:.2f}",
        f"<= {params.hedge.spreads_above:.0f} calls first, >= "
        f"{params.hedge.spreads_only_from:.0f} spreads only",
        holds=True,
    )
    if best is None:
        missing = Finding(
            "feasible hedge", f"none of {len(found)} offers", ">= 1 contract", False
        )
        return Planned(plan=None, findings=(which, *offers.refused[-3:], missing))
    sized = explain(best.size, need, params.hedge)
    return Planned(plan=best, findings=(which, _strike(best, params.hedge), *sized))


def _kinds(
    vix: float, hedge: HedgeParams, without: Collection[HedgeKind]
) -> list[HedgeKind]:
    """Return what may be bought at this level of VIX, the first choice first."""
    kinds = [kind for kind in dict.fromkeys(hedge.instruments) if kind not in without]
    call, spread = HedgeKind.VIX_CALL, HedgeKind.VIX_CALL_SPREAD
    if vix >= hedge.spreads_only_from:
        return [kind for kind in kinds if kind is not call]
    if vix > hedge.spreads_above and spread in kinds and call in kinds:
        # The spread takes the place of whichever came first.
        places = sorted((kinds.index(call), kinds.index(spread)))
        kinds[places[0]], kinds[places[1]] = spread, call
    return kinds


def _strike(plan: HedgePlan, hedge: HedgeParams) -> Finding:
    if isinstance(plan.long, Future):
        name = f"{plan.long.trading_class} {plan.long.expiry} at {plan.mid:.2f}"
        bound = f"stop {hedge.future_stop:.2f} below"
        return Finding("future", name, bound, holds=True)
    wing = "" if plan.short is None else f"/{plan.short.strike:g}"
    return Finding(
        "strike and delta",
        f"{plan.long.expiry} {plan.long.strike:g}{wing}, {plan.delta:.3f}",
        f"{hedge.delta_low:.2f} to {hedge.delta_high:.2f}",
        holds=True,
    )


class _Offers:
    """The calls and spreads of a chain, sized; `refused` says what was illiquid."""

    def __init__(
        self,
        market: PricedChain,
        need: Need,
        params: Params,
        open_interest: Mapping[int, int],
        futures: Sequence[Quoted],
    ) -> None:
        self._futures = futures
        self._market = market
        self._need = need
        self._params = params
        self._interest = open_interest
        self.refused: list[Finding] = []

    def of(self, kind: HedgeKind) -> list[HedgePlan]:
        """Return liquid offers, the target delta first, then up the strikes."""
        if kind in FUTURES:
            return self._of_futures(kind)
        made = []
        for place in self._places():
            wing = self._wing(place) if kind is HedgeKind.VIX_CALL_SPREAD else None
            if kind is HedgeKind.VIX_CALL_SPREAD and wing is None:
                continue
            offer = self._offer(place, wing)
            if offer is not None and self._is_liquid(place, max(offer.size.n, 1)):
                made.append(offer)
        return made

    def single(self) -> HedgePlan | None:
        """Return one call that costs more than the cap, but not too much more."""
        cap = self._params.hedge.share_single * self._need.notional
        for place in self._places():
            offer = self._offer(place, None)
            # A call the cap leaves room for failed for another reason: no exception.
            if offer is None or offer.size.n_high > 0 or not self._is_liquid(place, 1):
                continue
            if offer.size.cost + self._need.spent <= cap:
                one = msgspec.structs.replace(
                    offer.size, n=1, n_min=1, binds=Term.SINGLE
                )
                return msgspec.structs.replace(offer, size=one, needs_ack=True)
        return None

    def _of_futures(self, kind: HedgeKind) -> list[HedgePlan]:
        """Return what futures of one size offer, the nearest month first.

        A future moves with its own forward point for point. It has no premium: its
        cost is what it may lose until the daemon sells it (§4.1).
        """
        hedge, made = self._params.hedge, []
        for quoted in sorted(self._futures, key=lambda q: q.dte):
            future = quoted.future
            if future.trading_class != FUTURES[kind] or quoted.dte < hedge.dte_low:
                continue
            found = size(
                self._need,
                cost=hedge.future_stop * future.multiplier,
                h=vega_of_one(1.0, quoted.dte, future.multiplier),
                hedge=hedge,
                bands=self._params.bands,
            )
            wide = quoted.ask - quoted.bid
            name = f"market of {future.trading_class} {future.expiry}"
            value = f"{quoted.bid:.2f} to {quoted.ask:.2f}, {quoted.shown:.0f} shown"
            least = max(found.n, 1)
            bound = f"width <= {hedge.spread_points:.2f}, {least} shown"
            good = 0 <= wide <= hedge.spread_points + 1e-9 and quoted.shown >= least
            if not good:
                self.refused.append(Finding(name, value, bound, False))
                continue
            made.append(
                HedgePlan(
                    kind=kind,
                    long=future,
                    short=None,
                    size=found,
                    forward=(quoted.bid + quoted.ask) / 2,
                    dte=quoted.dte,
                    mid=(quoted.bid + quoted.ask) / 2,
                    ask=quoted.ask,
                    delta=1.0,
                    theta=0.0,
                )
            )
        return made

    def _places(self) -> list[int]:
        """Return admissible calls: nearest to the target, then upward, then below."""
        chain, hedge = self._market.chain, self._params.hedge
        delta = self._market.greeks.delta
        with np.errstate(invalid="ignore"):
            fits = (
                chain.is_call
                & (delta >= hedge.delta_low)
                & (delta <= hedge.delta_high)
                & (chain.ask > 0)
            )
        places: list[int] = np.flatnonzero(fits).tolist()
        if not places:
            return []
        target = min(places, key=lambda i: (abs(delta[i] - hedge.delta), i))
        above = [i for i in places if i > target]
        below = [i for i in reversed(places) if i < target]
        return [target, *above, *below]

    def _wing(self, place: int) -> int | None:
        """Return the call to sell: the nearest quoted one at least a wing above."""
        chain, hedge = self._market.chain, self._params.hedge
        enough = (chain.strike >= chain.strike[place] + hedge.wing) & chain.is_call
        quoted = enough & (chain.bid > 0) & np.isfinite(self._market.greeks.delta)
        places = np.flatnonzero(quoted)
        return int(places[0]) if places.size else None

    def _offer(self, place: int, wing: int | None) -> HedgePlan | None:
        chain, found = self._market.chain, self._market.greeks

        def net(long: np.ndarray, short: np.ndarray) -> float:
            return float(long[place]) - (float(short[wing]) if wing is not None else 0)

        ask, mid = net(chain.ask, chain.bid), net(chain.mid, chain.mid)
        delta = net(found.delta, found.delta)
        option = chain.options[place]
        h = vega_of_one(delta, chain.dte, option.multiplier)
        if not (ask > 0 and h > 0):
            return None
        return HedgePlan(
            kind=HedgeKind.VIX_CALL if wing is None else HedgeKind.VIX_CALL_SPREAD,
            long=option,
            short=None if wing is None else chain.options[wing],
            size=size(
                self._need,
                cost=ask * option.multiplier,
                h=h,
                hedge=self._params.hedge,
                bands=self._params.bands,
            ),
            forward=self._market.forward,
            dte=chain.dte,
            mid=mid,
            ask=ask,
            delta=delta,
            theta=net(found.theta, found.theta),
        )

    def _is_liquid(self, place: int, count: int) -> bool:
        finding = liquidity(
            self._market.chain,
            place,
            count,
            self._params.hedge,
            self._interest.get(self._market.chain.options[place].con_id),
        )
        if not finding.holds:
            self.refused.append(finding)
        return finding.holds


def liquidity(
    chain: Chain,
    place: int,
    count: int,
    hedge: HedgeParams,
    open_interest: int | None = None,
) -> Finding:
    """Return whether `count` of the option at `place` can be bought fairly (§4.6).

    A bid, a narrow market, and open interest or displayed size enough.
    """
    bid, ask, mid = (float(a[place]) for a in (chain.bid, chain.ask, chain.mid))
    shown = float(chain.ask_size[place])
    widest = max(hedge.spread_points, hedge.spread_share * mid)
    is_deep = shown >= count or (open_interest or 0) >= hedge.open_interest
    return Finding(
        f"market of the {chain.strike[place]:g} call",
        f"{bid:.2f} to {ask:.2f}, {shown:.0f} shown",
        f"bid > 0, width <= {widest:.2f}, {count} shown or {hedge.open_interest} open",
        bool(bid > 0 and ask - bid <= widest + 1e-9 and is_deep),
    )


def _is_enough(found: Size, need: Need) -> bool:
    return found.n >= 1 and (need.floor_only or found.is_enough)
