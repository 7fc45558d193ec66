"""What an order that opens a condor must prove: one thing is wrong at a time."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from alvh_trader.capital.liquidity import Light
from alvh_trader.domain.instrument import Option, Right
from alvh_trader.domain.market import Quote
from alvh_trader.domain.order import Leg, Order, Purpose
from alvh_trader.domain.position import Position
from alvh_trader.portfolio.recognise import recognise
from alvh_trader.risk.checks import CONTROLS
from alvh_trader.risk.circumstances import Circumstances, EntryProof
from alvh_trader.risk.gate import Approved, Refused, judge
from alvh_trader.signals.regime import Regime
from tests.risk.test_gate import AT, LIMITS, NOW, ROLL

DAY = date(2026, 6, 30)


def option(con_id: int, strike: float, right: Right, **other: Any) -> Option:
    terms = {"symbol": "SPX", "trading_class": "SPXW", "expiry": DAY, **other}
    return Option(
        con_id=con_id, last_trade=terms["expiry"], strike=strike, right=right, **terms
    )


PUT_WING, PUT = option(1, 6350, Right.PUT), option(2, 6400, Right.PUT)
CALL, CALL_WING = option(3, 7875, Right.CALL), option(4, 7925, Right.CALL)
LEGS = (Leg(PUT, -1), Leg(PUT_WING, 1), Leg(CALL, -1), Leg(CALL_WING, 1))
OPEN = Order(
    ref="ALVH-book-OPEN-1",
    case="",
    purpose=Purpose.OPEN,
    legs=LEGS,
    quantity=10,
    limit=Decimal("-3.10"),
)
ENTRY = EntryProof(
    may_open=True,
    capital=900_000.0,
    cases_held=1,
    regime=Regime.TRANSITION,
    is_extreme=False,
    is_overdrawn=False,
    light=Light.AMBER,
)
SOUND = replace(
    NOW,
    hedge=None,
    held={},
    quotes={
        1: Quote(AT, 19.46, 19.56, 50, 50),
        2: Quote(AT, 21.66, 21.76, 50, 50),
        3: Quote(AT, 2.32, 2.42, 50, 50),
        4: Quote(AT, 1.43, 1.53, 50, 50),
    },
    margin_change=50_000.0,
    drawdown=0.052,
    entry=ENTRY,
)


def changed(change: dict[str, Any]) -> Circumstances:
    """Return sound circumstances with one thing changed, in the entry or around it."""
    inside = {k: v for k, v in change.items() if hasattr(ENTRY, k)}
    around = {k: v for k, v in change.items() if not hasattr(ENTRY, k)}
    return replace(SOUND, entry=replace(ENTRY, **inside), **around)


def reasons(verdict: Approved | Refused) -> list[str]:
    return [] if isinstance(verdict, Approved) else [f.what for f in verdict.findings]


def test_the_condor_of_the_example_passes_and_carries_no_permit() -> None:
    verdict = judge(OPEN, SOUND, LIMITS)
    assert isinstance(verdict, Approved)
    assert verdict.permit is None


CHANGES: list[tuple[dict[str, Any], str]] = [
    ({"may_open": False}, "entries"),
    ({"cases_held": 5}, "cases held"),
    ({"regime": Regime.ELEVATED}, "VIX regime"),
    ({"regime": Regime.CRISIS}, "VIX regime"),
    ({"regime": None}, "VIX regime"),
    ({"is_extreme": True}, "EDR extreme"),
    ({"is_overdrawn": True}, "two-sigma rule"),
    ({"light": Light.RED}, "liquidity of the outside capital"),
    ({"capital": 700_000.0}, "loss at worst"),
    ({"drawdown": 0.0601}, "two-sigma drawdown"),
    ({"drawdown": None}, "two-sigma drawdown"),
    ({"cushion": 0.09}, "margin cushion"),
    ({"is_data_fresh": False}, "SPX and VIX"),
    ({"held": {1: -3}}, "legs held the other way"),
    ({"held": {3: 3}}, "legs held the other way"),
    ({"working": (ROLL,)}, "working ROLL orders"),
    ({"orders_today": 1}, "OPEN orders today"),
    ({"may_trade": False}, "mode"),
    ({"is_naked": True}, "naked short options"),
]


@pytest.mark.parametrize(("change", "reason"), CHANGES)
def test_each_circumstance_refuses_on_its_own(
    change: dict[str, Any], reason: str
) -> None:
    assert reasons(judge(OPEN, changed(change), LIMITS)) == [reason]


def test_margin_must_be_known_and_small_for_one_case() -> None:
    most = replace(SOUND, margin_change=90_000.0)
    assert reasons(judge(OPEN, most, LIMITS)) == []
    more = replace(SOUND, margin_change=90_001.0)
    assert reasons(judge(OPEN, more, LIMITS)) == ["margin of the case"]
    none = replace(SOUND, margin_change=None)
    assert reasons(judge(OPEN, none, LIMITS)) == [
        "what-if margin change",
        "margin of the case",
        "funds after the order",
    ]


def test_strict_asks_for_two_per_cent() -> None:
    strict = replace(LIMITS, strict=True)
    assert reasons(judge(OPEN, SOUND, strict)) == ["loss at worst"]
    # 3 x 100 x (50 - 3.10) = 14 070 USD of 18 000.
    assert reasons(judge(replace(OPEN, quantity=3), SOUND, strict)) == []


def test_a_larger_position_of_the_same_condor_nets_nothing() -> None:
    same = changed({"held": {1: 5, 2: -5, 3: -5, 4: 5}})
    assert reasons(judge(OPEN, same, LIMITS)) == []


OTHER_SHAPES: list[tuple[Leg, ...]] = [
    LEGS[:3],
    LEGS[:2],
    (*LEGS[:2], Leg(CALL, 1), Leg(CALL_WING, -1)),
    (Leg(PUT, 1), Leg(PUT_WING, -1), *LEGS[2:]),
    (Leg(PUT, -2), Leg(PUT_WING, 1), *LEGS[2:]),
    (Leg(PUT, -2), Leg(PUT_WING, 2), *LEGS[2:]),
    (*LEGS[:3], Leg(option(4, 7925, Right.CALL, expiry=date(2026, 7, 17)), 1)),
    (*LEGS[:3], Leg(option(4, 7925, Right.CALL, trading_class="SPX"), 1)),
    (*LEGS[:3], Leg(option(4, 7850, Right.CALL), 1)),
    (
        Leg(option(2, 7900, Right.PUT), -1),
        Leg(option(1, 7850, Right.PUT), 1),
        *LEGS[2:],
    ),
    tuple(
        Leg(option(i, k, r, symbol="XSP", trading_class="XSP"), q)
        for i, k, r, q in (
            (2, 640, Right.PUT, -1),
            (1, 635, Right.PUT, 1),
            (3, 788, Right.CALL, -1),
            (4, 793, Right.CALL, 1),
        )
    ),
]


@pytest.mark.parametrize("legs", OTHER_SHAPES, ids=lambda legs: f"{len(legs)} legs")
def test_nothing_but_a_covered_condor_of_one_series(legs: tuple[Leg, ...]) -> None:
    try:
        verdict = judge(replace(OPEN, legs=legs), SOUND, LIMITS)
    except KeyError:
        # No price grid is known for the class: it does not get that far.
        assert legs[0].instrument.symbol == "XSP"
        return
    assert "legs" in reasons(verdict)


strikes = st.sampled_from([6350.0, 6400.0, 6450.0, 7875.0, 7900.0, 7925.0])
mutations = st.tuples(
    st.one_of(st.none(), strikes),
    st.one_of(st.none(), st.sampled_from(list(Right))),
    st.sampled_from([1, 1, 1, 1, -1, 2]),
)


@given(st.lists(mutations, min_size=3, max_size=5), st.integers(1, 10))
def test_whatever_passes_leaves_no_short_naked_at_any_fill(
    changes: list[tuple[float | None, Right | None, int]], filled: int
) -> None:
    """Condors with some terms exchanged: most are none any more, some still are."""
    legs = []
    for i, (strike, right, factor) in enumerate(changes):
        leg = LEGS[i % 4]
        old = leg.instrument
        assert isinstance(old, Option)
        new = option(i + 1, strike or old.strike, right or old.right)
        legs.append(Leg(new, leg.ratio * factor))
    quotes = {i + 1: Quote(AT, 5.0, 5.1, 50, 50) for i in range(len(legs))}
    mid = sum(5.05 * leg.ratio for leg in legs)
    order = replace(OPEN, legs=tuple(legs), limit=Decimal(round(mid * 20)) / 20)
    verdict = judge(order, replace(changed({"capital": 1e9}), quotes=quotes), LIMITS)
    if isinstance(verdict, Refused):
        return
    held = tuple(Position(leg.instrument, leg.ratio * filled, 100.0) for leg in legs)
    book = recognise("U1", held)
    assert book.naked == ()
    assert [c.quantity for c in book.cases] == [filled]


def test_every_check_of_an_opening_has_been_seen_to_refuse() -> None:
    tried = {
        control.check
        for order, change in (
            *((OPEN, change) for change, _ in CHANGES),
            *((replace(OPEN, legs=legs), {}) for legs in OTHER_SHAPES),
            (OPEN, {"margin_change": None}),
        )
        for control in CONTROLS
        if control.of == {Purpose.OPEN}
        and not control.check(order, changed(change), LIMITS).holds
    }
    assert tried == {c.check for c in CONTROLS if c.of == {Purpose.OPEN}}


def test_without_a_proof_nothing_is_opened() -> None:
    found = reasons(judge(OPEN, replace(SOUND, entry=None), LIMITS))
    assert {"entries", "loss at worst", "VIX regime"} <= set(found)
