"""Every check refuses exactly when it should: one circumstance is flipped at a time."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from alvh_trader.domain.connection import Connection
from alvh_trader.domain.instrument import Future, Option, Right
from alvh_trader.domain.market import Quote
from alvh_trader.domain.order import Leg, Order, Purpose
from alvh_trader.risk.checks import BY_PURPOSE, CONTROLS
from alvh_trader.risk.circumstances import (
    Circumstances,
    CloseProof,
    HedgeProof,
    SaleProof,
)
from alvh_trader.risk.freeze import Freeze, level_of
from alvh_trader.risk.gate import Approved, Refused, fingerprint, judge
from alvh_trader.risk.hedged import moves_a_vertical
from alvh_trader.risk.limits import Limits
from alvh_trader.risk.live import LIVE
from alvh_trader.risk.size import premium
from alvh_trader.strategy.finding import Finding

AT = datetime(2026, 5, 21, 15, 0, tzinfo=UTC)
LIMITS = Limits()


def vix(con_id: int, strike: float, right: Right = Right.CALL) -> Option:
    day = date(2026, 6, 3)
    return Option(con_id, "VIX", "VIXW", day, day - timedelta(days=1), strike, right)


def spx(con_id: int, strike: float, day: date, right: Right = Right.PUT) -> Option:
    return Option(con_id, "SPX", "SPXW", day, day, strike, right)


OLD, NEW = date(2026, 6, 30), date(2026, 7, 17)
CALL, UPPER = vix(1, 22.0), vix(2, 27.0)
SHORT, LONG = spx(11, 6400, OLD), spx(12, 6350, OLD)
NEW_SHORT, NEW_LONG = spx(13, 6125, NEW), spx(14, 6070, NEW)

HEDGE = Order(
    ref="ALVH-c-HEDGE-1",
    case="c",
    purpose=Purpose.HEDGE,
    legs=(Leg(CALL, 1),),
    quantity=7,
    limit=Decimal("1.42"),
)
ROLL = Order(
    ref="ALVH-c-ROLL-2",
    case="c",
    purpose=Purpose.ROLL,
    legs=(Leg(SHORT, 1), Leg(LONG, -1), Leg(NEW_SHORT, -1), Leg(NEW_LONG, 1)),
    quantity=10,
    limit=Decimal("-1.75"),
)
SELL = Order(
    ref="ALVH-c-HEDGE_SELL-3",
    case="c",
    purpose=Purpose.HEDGE_SELL,
    legs=(Leg(CALL, -1),),
    quantity=3,
    limit=Decimal("-1.42"),
)
SALE = SaleProof(booked=7, held=7, kept=4, needed=4)
PROOF = HedgeProof(
    needed=6,
    filled=7,
    held=7,
    exec_ids=("a.01", "b.01"),
    sessions_left=8,
    greeks_in_band=True,
    judged=AT,
    greeks="2.200 0.5468",
)
NOW = Circumstances(
    at=AT,
    today=AT.date(),
    may_trade=True,
    freeze=Freeze.NONE,
    is_naked=False,
    connection=Connection.CONNECTED,
    hours_wrong="",
    is_market_open=True,
    is_data_fresh=True,
    reconciled=AT,
    net_liquidation=900_000.0,
    available_funds=800_000.0,
    cushion=0.89,
    hedge_spent_today=0.0,
    hedge_spent_this_month=0.0,
    risk_notional=50_000.0,
    future_stop=3.0,
    orders_today=0,
    units_today=0,
    fills_lately=0,
    rolls_lately=0,
    held={1: 7, 11: -10, 12: 10},
    quotes={
        1: Quote(AT, 1.41, 1.43, 50, 50),
        2: Quote(AT, 0.30, 0.32, 50, 50),
        11: Quote(AT, 20.0, 20.1, 50, 50),
        12: Quote(AT, 15.0, 15.1, 50, 50),
        13: Quote(AT, 30.0, 30.1, 50, 50),
        14: Quote(AT, 23.2, 23.3, 50, 50),
    },
    hedge=PROOF,
    sale=SALE,
    margin_change=5_000.0,
    margin_asked=AT,
    drawdown=0.056,
)
"""Everything is well: what the gate is asked for, it approves."""


@dataclass(frozen=True)
class Flip:
    """One circumstance or one trait of the order that must be refused, by name."""

    finding: str
    order: Order
    now: dict[str, Any]
    change: dict[str, Any]


def now(finding: str, order: Order | None = None, **changes: Any) -> list[Flip]:
    """Return the flip of circumstances, for all purposes or the one given."""
    orders = (HEDGE, SELL, ROLL) if order is None else (order,)
    return [Flip(finding, o, changes, {}) for o in orders]


def trait(finding: str, order: Order, **changes: Any) -> list[Flip]:
    """Return the flip of a trait of the order."""
    return [Flip(finding, order, {}, changes)]


def proof(**changes: Any) -> HedgeProof:
    return replace(PROOF, **changes)


def quoted(con_id: int, **changes: Any) -> dict[int, Quote]:
    return {**NOW.quotes, con_id: replace(NOW.quotes[con_id], **changes)}


def ago(seconds: float) -> datetime:
    return AT - timedelta(seconds=seconds)


VX = Future(7, "VIX", "VX", date(2026, 6, 17), date(2026, 6, 16), 1000)

CUT_OFF = frozenset(Connection) - {Connection.CONNECTED, Connection.DEGRADED}

FLIPS = [
    # Every order.
    *now("mode", may_trade=False),
    *now("closing of the case", close=CloseProof(owned={}, booked={})),
    *now("kill switch", freeze=Freeze.SAFE),
    *now("kill switch", freeze=Freeze.HALT),
    *now("kill switch", SELL, freeze=Freeze.REDUCE),
    *now("naked short options", is_naked=True),
    *(flip for state in CUT_OFF for flip in now("connection", connection=state)),
    *now("connection", SELL, connection=Connection.DEGRADED),
    *now("connection", ROLL, connection=Connection.DEGRADED),
    *now("the broker's hours", hours_wrong="closed"),
    *now("reconciliation", reconciled=None),
    *now("reconciliation", reconciled=ago(60.001)),
    *now("open discrepancies", discrepancies=("a foreign order",)),
    *now("session", is_market_open=False),
    *now("orders in doubt", doubtful=("ALVH-x-HEDGE-9",)),
    *now("working HEDGE orders", HEDGE, working=(replace(HEDGE, ref="other"),)),
    *now("working ROLL orders", ROLL, working=(replace(ROLL, ref="other"),)),
    *now("orders in the last second", sent=(ago(0.999),)),
    *now("orders in the last minute", sent=tuple(ago(59 - i) for i in range(10))),
    *now("orders in the last hour", sent=tuple(ago(3599 - i) for i in range(60))),
    *now("orders in the last day", sent=tuple(ago(86_399 - i) for i in range(100))),
    *now("the same order within 10 min", twins=("ALVH-c-HEDGE-0",)),
    *(
        flip
        for order in (HEDGE, ROLL)
        for flip in now(
            "equal orders refused for margin or risk today", order, refused=("x",)
        )
    ),
    *now("legs past their last day", today=None),
    *now("legs past their last day", HEDGE, today=date(2026, 6, 3)),
    *now("legs past their last day", ROLL, today=date(2026, 7, 1)),
    *now("orders at work", working=tuple(replace(SELL, case=c, ref=c) for c in "defg")),
    *now("units today", units_today=198),
    *now("HEDGE orders filled in 30 min", HEDGE, fills_lately=3),
    *now("ROLL orders filled in 30 min", ROLL, fills_lately=3),
    *now("contracts of one strike", HEDGE, held={1: 94}),
    *now("contracts of one strike", ROLL, held={11: -10, 12: 10, 13: -91}),
    *now(
        "contracts of one strike",
        HEDGE,
        held={1: 74},
        working=(replace(HEDGE, ref="o", case="d", quantity=20),),
    ),
    *now("contracts of one expiry", HEDGE, gross={("VIXW", CALL.last_trade): 394}),
    *now("contracts of one expiry", ROLL, gross={("SPXW", OLD): 381}),
    *now("HEDGE orders today", HEDGE, orders_today=8),
    *now("ROLL orders today", ROLL, orders_today=6),
    *now("quotes of the legs", HEDGE, quotes={}),
    *now("quotes of the legs", HEDGE, quotes=quoted(1, at=ago(30.001))),
    *now("quotes of the legs", ROLL, quotes=quoted(13, at=ago(30.001))),
    *now("quotes of the legs", ROLL, quotes=quoted(14, ask=None)),
    *now("quotes of the legs", ROLL, quotes=quoted(14, bid=23.4)),
    *trait("limit", HEDGE, limit=Decimal("1.425")),
    *trait("limit", ROLL, limit=Decimal("-1.74")),
    # Hedges.
    *trait("hedge legs", HEDGE, legs=(Leg(CALL, -1),)),
    *trait("hedge legs", HEDGE, legs=(Leg(SHORT, 1),)),
    *trait("hedge legs", HEDGE, legs=(Leg(UPPER, 1), Leg(CALL, -1))),
    *trait("hedge legs", HEDGE, legs=(Leg(CALL, 1), Leg(UPPER, -2))),
    *trait("hedge legs", HEDGE, legs=(Leg(CALL, 1), Leg(UPPER, 1))),
    *trait("hedge legs", HEDGE, legs=(Leg(vix(1, 22.0, Right.PUT), 1),)),
    *trait("hedge legs", HEDGE, legs=(Leg(CALL, 1), Leg(vix(2, 27.0, Right.PUT), -1))),
    *trait("contracts", HEDGE, quantity=21),
    *trait("instruments", HEDGE, legs=(Leg(replace(CALL, multiplier=10), 1),)),
    *trait("instruments", HEDGE, legs=(Leg(replace(CALL, multiplier=1000), 1),)),
    *trait("instruments", HEDGE, legs=(Leg(replace(CALL, con_id=0), 1),)),
    *trait("instruments", HEDGE, legs=(Leg(replace(CALL, trading_class="VIXX"), 1),)),
    *trait("limit", HEDGE, legs=(Leg(replace(CALL, trading_class="VIXX"), 1),)),
    *trait("sign of the limit", HEDGE, limit=Decimal("0.00")),
    *trait("sign of the limit", SELL, limit=Decimal("0.01")),
    *now("hedge of the case", HEDGE, risk_notional=None),
    *now("hedge of the case", HEDGE, risk_notional=33_000.0),
    *now("hedge of the case", HEDGE, hedge_cost=506.01),
    *now("hedge spent today", HEDGE, hedge_spent_today=3_506.01),
    *now("hedge spent today", HEDGE, net_liquidation=198_700.0),
    *now("hedge spent this month", HEDGE, hedge_spent_this_month=12_506.01),
    *now(
        "given up from the middle",
        replace(HEDGE, limit=Decimal("1.66")),
        quotes=quoted(1, bid=1.21, ask=1.65),
    ),
    *trait("limit", HEDGE, limit=Decimal("1.45")),
    *now("margin cushion", HEDGE, cushion=0.0999),
    *now("margin cushion", ROLL, cushion=0.0999),
    # Sales of hedges.
    *now("working HEDGE_SELL orders", SELL, working=(replace(SELL, ref="other"),)),
    *now("HEDGE_SELL orders today", SELL, orders_today=8),
    *now("quotes of the legs", SELL, quotes=quoted(1, at=ago(30.001))),
    *now("hedge in the ledger", SELL, sale=None),
    *now("hedge in the ledger", SELL, sale=replace(SALE, booked=2)),
    *now("hedge in the account", SELL, sale=replace(SALE, held=2)),
    *now("hedge left", SELL, sale=None),
    *now("hedge left", SELL, sale=replace(SALE, kept=3)),
    *trait("sign of the limit", SELL, limit=Decimal("0.00")),
    *trait("sign of the limit", SELL, limit=Decimal("1.42")),
    *trait("limit", SELL, limit=Decimal("-1.39")),
    *trait("limit", SELL, limit=Decimal("-1.425")),
    *trait("contracts", SELL, quantity=21),
    # Rolls.
    *trait("combos", ROLL, quantity=11),
    *trait("limit", ROLL, limit=Decimal("-2.30")),
    *trait("limit", ROLL, limit=Decimal("-1.40")),
    *trait("roll legs", ROLL, legs=ROLL.legs[:3]),
    *trait("roll legs", ROLL, legs=(Leg(SHORT, 1), Leg(NEW_SHORT, -1))),
    *trait("roll legs", ROLL, legs=(*ROLL.legs[:3], Leg(NEW_LONG, 2))),
    *now("hedge filled", ROLL, hedge=None),
    *now("hedge filled", ROLL, hedge=proof(filled=5)),
    *now("hedge filled", ROLL, hedge=proof(held=5)),
    *now("hedge filled", ROLL, hedge=proof(needed=0)),
    *now("sessions until the hedge expires", ROLL, hedge=proof(sessions_left=2)),
    *now("Greeks", ROLL, hedge=proof(judged=None)),
    *now("Greeks", ROLL, hedge=proof(greeks_in_band=False)),
    *now("Greeks", ROLL, hedge=proof(judged=ago(30.001))),
    *now("SPX and VIX", ROLL, is_data_fresh=False),
    *now("rolls in 10 sessions", ROLL, rolls_lately=2),
    *now("what-if margin change", ROLL, margin_change=None),
    *now("what-if margin change", ROLL, margin_change=400_000.01),
    *now("what-if margin change", ROLL, available_funds=9_999.0),
    *now("what-if", ROLL, margin_asked=None),
    *now("what-if", ROLL, margin_asked=ago(60.001)),
    *now("funds after the order", ROLL, margin_change=None),
    *now("funds after the order", ROLL, available_funds=184_999.0),
    *now("funds after the order", ROLL, net_liquidation=0.0),
    *now("units left to close", ROLL, held={11: -9, 12: 10}),
    *now("units left to close", ROLL, held={11: -10, 12: 9}),
    *now("units left to close", ROLL, held={}),
    *now("units left to close", ROLL, working=(replace(ROLL, case="d", ref="o"),)),
    *now("loss at worst of what is opened", ROLL, net_liquidation=900_000.0, held={}),
    *now("loss at worst of what is opened", ROLL, net_liquidation=458_333.0),
    *now("loss at worst, under REDUCE", ROLL, freeze=Freeze.REDUCE),
    *now("two-sigma drawdown", ROLL, drawdown=None),
    *now("two-sigma drawdown", ROLL, drawdown=0.0601),
    *now("put-call parity", ROLL, off_parity=("SPXW 2026-06-30 is dislocated",)),
]


@pytest.mark.parametrize("order", [HEDGE, SELL, ROLL], ids=lambda o: o.purpose)
def test_the_baseline_is_approved(order: Order) -> None:
    assert isinstance(judge(order, NOW, LIMITS), Approved)


@pytest.mark.covers("P01", "P02", "P05", "P06", "P07", "P08", "P10", "P11", "P12")
@pytest.mark.covers("P13", "P14", "P15", "P16", "P18", "P19", "P21", "P22", "P23")
@pytest.mark.covers("P24", "P25", "P26")
@pytest.mark.parametrize("flip", FLIPS, ids=lambda f: f"{f.order.purpose}: {f.finding}")
def test_one_wrong_circumstance_is_refused_by_its_name(flip: Flip) -> None:
    order = replace(flip.order, **flip.change)
    verdict = judge(order, replace(NOW, **flip.now), LIMITS)
    assert isinstance(verdict, Refused)
    assert verdict.order == order
    assert flip.finding in {f.what for f in verdict.findings}
    assert not any(f.holds for f in verdict.findings)
    assert flip.finding in verdict.reasons


BOUNDARIES = [
    (HEDGE, {"reconciled": ago(60)}),
    (ROLL, {"reconciled": ago(60)}),
    (HEDGE, {"sent": (ago(1),)}),
    (HEDGE, {"sent": tuple(ago(60 - i) for i in range(10))}),
    (HEDGE, {"sent": tuple(ago(3600 - i) for i in range(60))}),
    (HEDGE, {"sent": tuple(ago(86_400 - i) for i in range(100))}),
    (HEDGE, {"today": CALL.last_trade}),
    (HEDGE, {"working": tuple(replace(SELL, case=c, ref=c) for c in "def")}),
    (HEDGE, {"units_today": 193}),
    (HEDGE, {"fills_lately": 2}),
    (HEDGE, {"held": {1: 93}}),
    (HEDGE, {"gross": {("VIXW", CALL.last_trade): 393}}),
    (HEDGE, {"hedge_spent_this_month": 12_506.0}),
    (HEDGE, {"freeze": Freeze.REDUCE}),
    (ROLL, {"margin_asked": ago(60)}),
    (ROLL, {"margin_asked": ago(600), "is_at_work": True}),
    (ROLL, {"available_funds": 185_000.0}),
    (ROLL, {"net_liquidation": 458_334.0}),
    (ROLL, {"held": {11: -5, 12: 5}, "filled": 5}),
    (HEDGE, {"orders_today": 7}),
    (ROLL, {"orders_today": 5}),
    (ROLL, {"quotes": quoted(13, at=ago(30))}),
    (HEDGE, {"hedge_spent_today": 3_506.0}),
    (HEDGE, {"hedge_cost": 506.0}),
    (HEDGE, {"cushion": 0.10}),
    (SELL, {"sale": replace(SALE, booked=3, held=3)}),
    (SELL, {"sale": replace(SALE, kept=-3, needed=0)}),
    (SELL, {"cushion": 0.0}),
    (SELL, {"hedge_spent_today": 1e9}),
    (ROLL, {"hedge": proof(filled=6, held=6)}),
    (ROLL, {"hedge": proof(sessions_left=3)}),
    (ROLL, {"hedge": proof(judged=ago(30))}),
    (ROLL, {"rolls_lately": 1}),
    (ROLL, {"margin_change": 400_000.0}),
    (ROLL, {"drawdown": 0.06}),
    (ROLL, {"working": (replace(HEDGE, ref="other"),)}),
    (
        ROLL,
        {
            "working": (replace(ROLL, ref="other", case="d"),),
            "held": {11: -20, 12: 20},
        },
    ),
    (ROLL, {"working": (ROLL,)}),
]


@pytest.mark.parametrize(("order", "changes"), BOUNDARIES)
def test_what_is_just_inside_its_bound_passes(
    order: Order, changes: dict[str, Any]
) -> None:
    assert isinstance(judge(order, replace(NOW, **changes), LIMITS), Approved)


def test_a_worthless_wing_without_a_bid_may_be_sold_in_a_roll() -> None:
    quotes = quoted(12, bid=None, ask=0.05)
    limit = Decimal("13.15")  # 20.05 - 0.025 - 30.05 + 23.25 has moved by 15.
    order = replace(ROLL, limit=limit)
    assert isinstance(judge(order, replace(NOW, quotes=quotes), LIMITS), Approved)


@pytest.mark.parametrize("symbol", ["VIX", "VXM"])
def test_a_mini_future_passes_by_what_it_may_lose(symbol: str) -> None:
    """Three points of stop, USD 100 a point, three contracts: USD 900."""
    mini = Future(7, symbol, "VXM", date(2026, 6, 17), date(2026, 6, 16), 100)
    order = replace(HEDGE, legs=(Leg(mini, 1),), quantity=3, limit=Decimal("21.05"))
    at = replace(NOW, quotes={7: Quote(AT, 21.03, 21.07, 50, 50)})
    assert isinstance(judge(order, at, LIMITS), Approved)
    dear = judge(replace(order, quantity=6), at, LIMITS)
    assert isinstance(dear, Refused)
    assert [f.what for f in dear.findings] == ["hedge of the case"]
    short = replace(order, legs=(Leg(mini, -1),), limit=Decimal("-21.05"))
    assert isinstance(judge(short, at, LIMITS), Refused)


@given(
    slip=st.sampled_from([0.001, 0.01, 10.0, 100.0, 1000.0]),
    where=st.sampled_from(["quantity", "limit", "multiplier"]),
)
def test_a_slip_of_units_does_not_get_past_the_gate(slip: float, where: str) -> None:
    """A hundred times too many, too dear or too large is refused by another number."""
    order = HEDGE
    match where:
        case "quantity":
            order = replace(HEDGE, quantity=max(1, round(7 * slip)))
        case "limit":
            order = replace(HEDGE, limit=round(HEDGE.limit * Decimal(slip), 2))
        case _:
            small = replace(CALL, multiplier=round(100 * slip))
            order = replace(HEDGE, legs=(Leg(small, 1),))
    verdict = judge(order, NOW, LIMITS)
    if isinstance(verdict, Approved):
        # Too small is not dear; it offsets too little, which the bands will find.
        assert slip < 1
        assert where in {"quantity", "limit"}
        assert premium(order) <= premium(HEDGE)


def test_a_hedge_of_the_book_has_no_case_to_be_a_share_of() -> None:
    """What it may cost in a day, and in a month, bounds it all the same."""
    rung = replace(HEDGE, case="")
    poor = replace(NOW, risk_notional=None)
    assert isinstance(judge(rung, poor, LIMITS), Approved)
    assert isinstance(judge(HEDGE, poor, LIMITS), Refused)


def test_a_roll_into_a_future_is_none() -> None:
    odd = replace(ROLL, legs=(*ROLL.legs[:3], Leg(VX, 1)))
    assert not moves_a_vertical(odd, NOW, LIMITS).holds


def test_each_level_of_a_freeze_has_a_word() -> None:
    assert [level_of(w) for w in ("none", "reduce", "safe", "halt")] == list(Freeze)
    with pytest.raises(KeyError):
        level_of("HALT!")


def test_a_spread_of_vix_calls_passes() -> None:
    spread = replace(HEDGE, legs=(Leg(CALL, 1), Leg(UPPER, -1)), limit=Decimal("1.11"))
    assert isinstance(judge(spread, NOW, LIMITS), Approved)


def test_a_purpose_without_checks_of_its_own_cannot_be_sent() -> None:
    assert set(BY_PURPOSE) == set(Purpose)
    order = replace(HEDGE, purpose=cast(Purpose, "GIFT"))
    known = "HEDGE or HEDGE_SELL or ROLL or OPEN or CLOSE"
    unknown = Finding("purpose", "GIFT", known, False, code="P28 PURPOSE")
    assert judge(order, NOW, LIMITS) == Refused(order=order, findings=(unknown,))


def test_every_check_has_been_seen_to_refuse() -> None:
    """A check that no flip above makes refuse is a check nobody has tried."""
    tried = set()
    for flip in FLIPS:
        order, at = replace(flip.order, **flip.change), replace(NOW, **flip.now)
        tried |= {
            control.check
            for control in BY_PURPOSE[order.purpose]
            if not control.check(order, at, LIMITS).holds
        }
    # Those of orders that open or close a condor, and of live, have pages of their own.
    own = ({Purpose.OPEN}, {Purpose.CLOSE})
    assert {c.check for c in CONTROLS if c.of not in own} - {*LIVE} <= tried


def test_all_that_is_wrong_is_told_at_once() -> None:
    wrong = replace(
        NOW, may_trade=False, connection=Connection.BLIND, margin_change=None
    )
    verdict = judge(ROLL, wrong, LIMITS)
    assert isinstance(verdict, Refused)
    assert {f.what for f in verdict.findings} == {
        "mode",
        "connection",
        "what-if margin change",
        "funds after the order",
    }


def test_a_permit_names_what_it_stands_on_and_when_it_ends() -> None:
    verdict = judge(ROLL, NOW, LIMITS)
    assert isinstance(verdict, Approved)
    permit = verdict.permit
    assert permit is not None
    assert (permit.case, permit.order_ref) == ("c", ROLL.ref)
    assert permit.hedge_exec_ids == PROOF.exec_ids
    assert permit.greeks == PROOF.greeks
    assert permit.candidate == fingerprint(ROLL)
    assert (permit.issued, permit.expires) == (AT, AT + timedelta(seconds=60))


def test_a_hedge_needs_no_permit() -> None:
    verdict = judge(HEDGE, NOW, LIMITS)
    assert verdict == Approved(order=HEDGE)


def test_a_roll_without_a_permit_or_with_anothers_cannot_be_built() -> None:
    verdict = judge(ROLL, NOW, LIMITS)
    assert isinstance(verdict, Approved)
    with pytest.raises(AssertionError, match="without a permit"):
        Approved(order=ROLL)
    with pytest.raises(AssertionError, match="another order's permit"):
        Approved(order=replace(ROLL, ref="other"), permit=verdict.permit)


def test_the_fingerprint_is_of_what_is_done_not_of_its_price() -> None:
    assert fingerprint(ROLL) == fingerprint(replace(ROLL, limit=Decimal("-1.70")))
    assert fingerprint(ROLL) != fingerprint(replace(ROLL, quantity=9))
    assert fingerprint(ROLL) != fingerprint(replace(ROLL, legs=ROLL.legs[::-1]))
    # It is in journals: another way to make it would be another fingerprint.
    text = "c|10|1x11,-1x12,-1x13,1x14"
    assert fingerprint(ROLL) == sha256(text.encode()).hexdigest()[:12]


@given(
    order=st.sampled_from([HEDGE, ROLL]),
    flips=st.lists(st.sampled_from(FLIPS), min_size=1, max_size=4),
)
def test_what_is_wrong_does_not_become_right_by_more_that_is(
    order: Order, flips: list[Flip]
) -> None:
    changes: dict[str, Any] = {}
    names = set()
    for flip in flips:
        if flip.order is order and flip.now and not changes.keys() & flip.now.keys():
            changes |= flip.now
            names.add(flip.finding)
    verdict = judge(order, replace(NOW, **changes), LIMITS)
    found = () if isinstance(verdict, Approved) else verdict.findings
    assert names <= {f.what for f in found}


@pytest.mark.covers("P01")
def test_under_reduce_a_roll_to_the_same_wing_passes_and_a_wider_one_does_not() -> None:
    reduced = replace(NOW, freeze=Freeze.REDUCE)
    same = replace(NEW_LONG, strike=NEW_SHORT.strike - 50)
    roll = replace(ROLL, legs=(*ROLL.legs[:3], Leg(same, 1)))
    assert isinstance(judge(roll, reduced, LIMITS), Approved)
    wider = judge(ROLL, reduced, LIMITS)
    assert isinstance(wider, Refused)
    assert [f.code for f in wider.findings] == ["P01 NEW_RISK"]


@pytest.mark.covers("P23")
def test_a_refusal_for_the_pace_alone_is_only_early() -> None:
    fast = replace(NOW, sent=(AT,))
    early = judge(HEDGE, fast, LIMITS)
    assert isinstance(early, Refused)
    assert early.is_early
    worse = judge(HEDGE, replace(fast, may_trade=False), LIMITS)
    assert isinstance(worse, Refused)
    assert not worse.is_early


def test_each_refusal_names_its_control() -> None:
    numbers = {control.number for control in CONTROLS}
    for flip in FLIPS:
        order = replace(flip.order, **flip.change)
        verdict = judge(order, replace(NOW, **flip.now), LIMITS)
        assert isinstance(verdict, Refused)
        for finding in verdict.findings:
            number, _, code = finding.code.partition(" ")
            assert number in numbers
            assert code.isupper()


def test_the_gate_asks_in_the_stated_order() -> None:
    numbers = [int(c.number[1:]) for c in CONTROLS if c.number.startswith("P")]
    assert numbers == sorted(numbers)


@pytest.mark.covers("P26")
def test_a_roll_without_its_own_permit_cannot_even_be_made() -> None:
    verdict = judge(ROLL, NOW, LIMITS)
    assert isinstance(verdict, Approved)
    with pytest.raises(AssertionError, match=r"^a roll without a permit$"):
        Approved(order=ROLL)
    with pytest.raises(AssertionError, match=r"^another order's permit$"):
        Approved(order=replace(ROLL, ref="other"), permit=verdict.permit)
