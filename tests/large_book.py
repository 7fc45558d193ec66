"""A large book in the market of the worked example, as the engine would hold it.

Condors over five SPXW expiries and VIX calls over four, all quoted, so that a test or
a bench can ask what one step of the engine costs and says.
"""

import math
from collections.abc import Sequence
from datetime import date, time, timedelta

import numpy as np

from alvh_trader.domain.calendar import Hours, instant
from alvh_trader.domain.connection import Connection
from alvh_trader.domain.instrument import Option, Right
from alvh_trader.domain.market import Quote
from alvh_trader.domain.order import Leg
from alvh_trader.domain.position import Account, Position
from alvh_trader.engine.case import Case, HedgeLot, legs_of_shape
from alvh_trader.engine.event import MarketUpdated
from alvh_trader.engine.link import Link
from alvh_trader.engine.state import State, series_key
from alvh_trader.portfolio.case import Case as Condor
from alvh_trader.pricing.black76 import price
from alvh_trader.strategy.phase import Phase
from tests.playbook import START
from tests.strategy.worked import NEW_EXPIRY, RATE, T2, condor, option, spx_mids
from tests.worked_market import INDEXES, STRESSED_LINE, Market, bars, quotes

MARKET = Market()
SPX_DAYS = tuple(T2 + timedelta(days=d) for d in (26, 33, 40, 43, 47))
VIX_DAYS = tuple(T2 + timedelta(days=d) for d in (13, 27, 41, 62))
NEAR = 5
ACCOUNT = Account(
    account_id="DU1",
    net_liquidation=9_000_000.0,
    available_funds=8_000_000.0,
    initial_margin=500_000.0,
    cash=9_000_000.0,
)


def _condors(count: int) -> list[Condor]:
    """Return condors of different strikes, five expiries in turn."""
    found = []
    for number in range(count):
        step = 5.0 * (number // len(SPX_DAYS))
        put, call = 6400.0 - 6 * step, 7600.0 + 6 * step
        strikes = (put - 50, put, call, call + 50)
        day = SPX_DAYS[number % len(SPX_DAYS)]
        found.append(condor(10, strikes, day, costs=(5.0, 6.0, 2.4, 1.5)))
    return found


def _calls(count: int) -> list[Option]:
    days, each = len(VIX_DAYS), -(-count // len(VIX_DAYS))
    return [
        option("VIX", VIX_DAYS[i % days], 18.0 + 0.5 * (i // days), Right.CALL)
        for i in range(min(count, days * each))
    ]


def _near(symbol: str, day: date, centre: float, step: float) -> list[Option]:
    middle = step * round(centre / step)
    return [
        option(symbol, day, middle + step * i, right)
        for i in range(-(NEAR // 2), NEAR // 2 + 1)
        for right in (Right.PUT, Right.CALL)
    ]


def _mids(options: Sequence[Option], market: Market) -> list[float]:
    dte = np.array([float(o.dte(T2)) for o in options])
    strikes = np.array([o.strike for o in options])
    is_call = np.array([o.is_call for o in options])
    if options[0].symbol == "SPX":
        parts = [
            spx_mids(market.spot, market.vix, d, strikes[dte == d], is_call[dte == d])
            for d in np.unique(dte)
        ]
        mids = np.empty(len(options))
        for d, part in zip(np.unique(dte), parts, strict=True):
            mids[dte == d] = part
        return list(mids.tolist())
    levels = market.vix_forward + 0.02 * dte
    sigma = market.vix_sigma / np.sqrt(np.maximum(dte, 13.0) / 13.0)
    return list(price(levels, strikes, sigma, dte / 365, RATE, is_call).tolist())


def large_book(condors: int = 50, calls: int = 100) -> State:
    """Return the state with so many condors (four legs each) and VIX positions."""
    shapes = _condors(condors)
    cases = {
        shape.id: Case(
            case_id=shape.id,
            condor=shape,
            legs=legs_of_shape(shape),
            opened=START,
            since=START,
            phase=Phase.MONITOR,
        )
        for shape in shapes
    }
    assert len(cases) == condors, "two condors of the same strikes"
    names = list(cases)
    held = _calls(calls)
    lots = {
        f"ALVH-{i}": HedgeLot(
            ref=f"ALVH-{i}",
            case=names[i % len(names)],
            legs=(Leg(call, 1),),
            units=2,
            cost=200.0,
            exec_ids=(f"e{i}.01",),
            bought=START,
        )
        for i, call in enumerate(held)
    }
    near = [o for day in SPX_DAYS for o in _near("SPX", day, 6880.0, 25.0)]
    near += [o for day in VIX_DAYS for o in _near("VIX", day, 22.0, 1.0)]
    near += [o for o in _target() if abs(o.strike - 6880) <= 100 or not o.strike % 25]
    legs = [leg.option for case in cases.values() for leg in case.legs]
    watched = {o.con_id: o for o in (*legs, *held, *near)}
    positions = [
        Position(h.option, h.quantity, 100.0) for c in cases.values() for h in c.legs
    ]
    positions += [Position(call, 2, 100.0) for call in held]
    return State(
        at=START,
        mode="paper",
        is_connected=True,
        is_link_up=True,
        link=Link(
            name=Connection.CONNECTED,
            hours=(Hours(T2, instant(T2, time(9, 30)), instant(T2, time(16))),),
        ),
        account_id="DU1",
        indexes={i.symbol: i for i in INDEXES},
        account=ACCOUNT,
        positions={p.instrument.con_id: p for p in positions},
        ledger={p.instrument.con_id: p.quantity for p in positions},
        reconciled=START,
        report_asked=START,
        net_advances=STRESSED_LINE,
        day=T2,
        bars={symbol: bars(symbol, T2) for symbol in ("SPX", "VIX")},
        series={"SPX": (("SPXW", NEW_EXPIRY),), "VIX": ()},
        options={series_key("SPXW", NEW_EXPIRY): tuple(_target())},
        wants_reviewed=START,
        watched=(*INDEXES, *watched.values()),
        lots=lots,
        cases=cases,
        last_number=len(lots),
    )


def _target() -> list[Option]:
    strikes = (*range(5900, 6300, 5), *range(6800, 7000, 25), *range(7400, 7800, 5))
    return [
        option("SPX", NEW_EXPIRY, float(k), right)
        for k in strikes
        for right in (Right.PUT, Right.CALL)
    ]


def fresh_quotes(
    state: State, seconds: float = 10.0, market: Market = MARKET
) -> MarketUpdated:
    """Return an event with a new quote of everything that the state watches."""
    at = START + timedelta(seconds=seconds)
    found = quotes(market, INDEXES, at)
    for symbol in ("SPX", "VIX"):
        seen = [
            o for o in state.watched if isinstance(o, Option) and o.symbol == symbol
        ]
        if not seen:
            continue
        half = market.spx_half if symbol == "SPX" else market.vix_half
        for each, mid in zip(seen, _mids(seen, market), strict=True):
            width = min(half, 0.5 * mid)
            found[each.con_id] = Quote(at, mid - width, mid + width, 200.0, 200.0)
    assert all(math.isfinite(q.ask) for q in found.values() if q.ask is not None)
    return MarketUpdated(at=at, quotes=found)
