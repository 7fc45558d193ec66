"""Which VIX calls to buy: expiry, forward, strike, liquidity, and the call spread.

Source: alvh.md §4.1, §4.4 to §4.6, §4.8. Prices are VIX points, deltas to the
forward of the option's own settlement.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from enum import StrEnum

import msgspec
import numpy as np
from msgspec import Struct

from alvh_trader.domain.calendar import Calendar
from alvh_trader.domain.instrument import Option
from alvh_trader.domain.order import Leg
from alvh_trader.pricing.chain import Chain, PricedChain
from alvh_trader.pricing.forward import interpolated_forward
from alvh_trader.pricing.vix import beta_vx
from alvh_trader.strategy.finding import Finding
from alvh_trader.strategy.params import HedgeParams, Params
from alvh_trader.strategy.sizing import Need, Size, Term, explain, size

MONTHLY = "VIX"


class Series(Struct, frozen=True, kw_only=True):
    """One VIX option series; `expiry` is the settlement date."""

    trading_class: str
    expiry: date
    last_trade: date
    open_interest: int | None = None


class Forward(Struct, frozen=True, array_like=True):
    """A VIX forward in points, and what it was read from."""

    value: float
    source: str


class HedgeKind(StrEnum):
    """What is bought."""

    VIX_CALL = "VIX_CALL"
    VIX_CALL_SPREAD = "VIX_CALL_SPREAD"


class HedgePlan(Struct, frozen=True, kw_only=True):
    """What to buy: `size.n` of a call, or of a call spread.

    `mid` and `ask` are the net debit of one in points, `delta` to the forward and
    `theta` points a calendar day, net; `dte` days to settlement. `needs_ack`: the one
    contract is over the cap, and a person must allow it.
    """

    kind: HedgeKind
    long: Option
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


def series_of(listed: Sequence[tuple[str, date]], calendar: Calendar) -> list[Series]:
    """Return series of (class, last trading day) pairs.

    A VIX option settles on the trading day after its last one; contract details
    confirm it before anything is sent (§13.1).
    """
    return [
        Series(
            trading_class=trading_class,
            expiry=calendar.next_session(last_trade),
            last_trade=last_trade,
        )
        for trading_class, last_trade in listed
    ]


def choose_series(
    series: Sequence[Series], today: date, calendar: Calendar, params: HedgeParams
) -> tuple[Series, ...]:
    """Return the series that may be bought, best first; empty where there is none.

    Those settling in 7 to 14 days (else 5 to 18) whose last trade is four trading
    days away; the monthly first, then by open interest, then the longest.
    """
    tradable = [
        s
        for s in series
        if calendar.sessions_until(today, s.last_trade) >= params.sessions_left
    ]
    for low, high in (
        (params.dte_low, params.dte_high),
        (params.dte_low_wide, params.dte_high_wide),
    ):
        window = [s for s in tradable if low <= (s.expiry - today).days <= high]
        if window:
            return tuple(sorted(window, key=_preference, reverse=True))
    return ()


def choose_forward(
    expiry: date,
    futures: Sequence[tuple[date, float]],
    chain: Chain | None,
    today: date,
) -> Forward | None:
    """Return the VIX forward of a settlement date; None forbids to trade.

    The future of the same settlement, else put-call parity of `chain`, else linear
    in time between futures (settlement, mid). Never spot VIX.
    """
    for settles, mid in futures:
        if settles == expiry and math.isfinite(mid):
            return Forward(mid, "future")
    if chain is not None:
        parity = chain.forward()
        if math.isfinite(parity):
            return Forward(parity, "parity")
    known = [
        (float((settles - today).days), mid)
        for settles, mid in futures
        if math.isfinite(mid)
    ]
    between = interpolated_forward(float((expiry - today).days), known)
    return None if between is None else Forward(between, "neighbouring futures")


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
) -> Planned:
    """Return what to buy of one VIX series for `need`.

    Calls near the target delta; strikes further up where the cap leaves too few;
    then spreads. With VIX above 25 spreads come first, from 28 on they are all
    there is. Where nothing offsets enough, the plan that offsets most (the bands will
    then forbid the roll), and last a single contract over the cap, for a person to
    allow. `open_interest` is by con_id, where known. Kinds in `without` are passed
    over: the broker has refused them.
    """
    interest = {} if open_interest is None else open_interest
    offers = _Offers(market, need, params, interest)
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
    kinds = [HedgeKind.VIX_CALL, HedgeKind.VIX_CALL_SPREAD]
    if vix > hedge.spreads_above:
        kinds.reverse()
    if vix >= hedge.spreads_only_from:
        kinds.remove(HedgeKind.VIX_CALL)
    return [kind for kind in kinds if kind not in without]


def _strike(plan: HedgePlan, hedge: HedgeParams) -> Finding:
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
    ) -> None:
        self._market = market
        self._need = need
        self._params = params
        self._interest = open_interest
        self.refused: list[Finding] = []

    def of(self, kind: HedgeKind) -> list[HedgePlan]:
        """Return liquid offers, the target delta first, then up the strikes."""
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
        cap = self._params.hedge.share_single * self._need.risk_notional
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


def _preference(series: Series) -> tuple[bool, int, date]:
    return (
        series.trading_class == MONTHLY,
        series.open_interest or 0,
        series.expiry,
    )
