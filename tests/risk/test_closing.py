"""What closes only takes away: the gate proves it from three books, or refuses."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from alvh_trader.domain.instrument import Right
from alvh_trader.domain.market import Quote
from alvh_trader.domain.order import Leg, Order, Purpose
from alvh_trader.risk.checks import CONTROLS
from alvh_trader.risk.circumstances import CloseProof
from alvh_trader.risk.freeze import Freeze
from alvh_trader.risk.gate import Approved, Refused, judge
from tests.risk.test_gate import (
    AT,
    HEDGE,
    LIMITS,
    LONG,
    NEW_LONG,
    NOW,
    OLD,
    ROLL,
    SELL,
    SHORT,
    spx,
)

PUT, PUT_WING = SHORT, LONG
CALL, CALL_WING = spx(21, 7875, OLD, Right.CALL), spx(22, 7925, OLD, Right.CALL)
LEGS = (Leg(PUT, 1), Leg(PUT_WING, -1), Leg(CALL, 1), Leg(CALL_WING, -1))
HELD = {11: -10, 12: 10, 21: -10, 22: 10}
CLOSE = Order(
    ref="ALVH-c-CLOSE-9",
    case="c",
    purpose=Purpose.CLOSE,
    legs=LEGS,
    quantity=10,
    limit=Decimal("6.00"),
)
QUOTES = {
    **NOW.quotes,
    21: Quote(AT, 3.0, 3.1, 50, 50),
    22: Quote(AT, 2.0, 2.1, 50, 50),
}
SOUND = replace(
    NOW,
    held=HELD,
    quotes=QUOTES,
    close=CloseProof(owned=HELD, booked=HELD),
)


def proof(**changes: Mapping[int, int]) -> CloseProof:
    return replace(CloseProof(owned=HELD, booked=HELD), **changes)


def reasons(verdict: Approved | Refused) -> set[str]:
    assert isinstance(verdict, Refused)
    return {f.what for f in verdict.findings}


def test_the_baseline_is_approved() -> None:
    assert isinstance(judge(CLOSE, SOUND, LIMITS), Approved)
    put = replace(CLOSE, legs=LEGS[:2], limit=Decimal("5.00"))
    assert isinstance(judge(put, SOUND, LIMITS), Approved)


FEWER, TURNED, GONE = {**HELD, 11: -9}, {**HELD, 12: -10}, {11: -10, 12: 10, 21: -10}

CHANGES: list[tuple[dict[str, Any], str]] = [
    ({"close": None}, "closing of the case"),
    ({"close": None}, "units left to close"),
    *(
        (change, "units left to close")
        for wrong in (FEWER, TURNED, GONE, {})
        for change in (
            {"held": wrong},
            {"close": proof(owned=wrong)},
            {"close": proof(booked=wrong)},
        )
    ),
    (
        {"working": (replace(CLOSE, ref="o", case="d", quantity=1),)},
        "units left to close",
    ),
    ({"freeze": Freeze.SAFE}, "kill switch"),
    ({"freeze": Freeze.HALT}, "kill switch"),
    ({"doubtful": ("ALVH-x",)}, "orders in doubt"),
    ({"reconciled": None}, "reconciliation"),
    ({"is_market_open": False}, "session"),
    ({"discrepancies": ("POSITION:11",)}, "open discrepancies"),
    ({"quotes": NOW.quotes}, "quotes of the legs"),
]


@pytest.mark.covers("P01", "P09", "T13")
@pytest.mark.parametrize(("change", "finding"), CHANGES)
def test_one_wrong_circumstance_is_refused_by_its_name(
    change: dict[str, Any], finding: str
) -> None:
    assert finding in reasons(judge(CLOSE, replace(SOUND, **change), LIMITS))


@pytest.mark.parametrize(
    "change",
    [
        {"freeze": Freeze.REDUCE},
        {"is_naked": True},
        {"cushion": 0.0, "available_funds": 0.0, "margin_change": None},
        {"is_data_fresh": False},
        {"filled": 4, "held": {k: v * 6 // 10 for k, v in HELD.items()}},
        {"working": (CLOSE,)},
    ],
)
def test_what_takes_risk_away_needs_neither_margin_nor_a_look(
    change: dict[str, Any],
) -> None:
    own = {"close": proof(owned=change["held"])} if "held" in change else {}
    assert isinstance(judge(CLOSE, replace(SOUND, **change, **own), LIMITS), Approved)


OTHER_SHAPES: dict[str, tuple[Leg, ...]] = {
    "a short alone": LEGS[:1],
    "a wing alone": LEGS[1:2],
    "a short and another's wing": (LEGS[0], LEGS[3]),
    "three legs": LEGS[:3],
    "the wrong way": tuple(Leg(leg.instrument, -leg.ratio) for leg in LEGS),
    "two for one": (Leg(PUT, 2), Leg(PUT_WING, -2)),
    "a wing inside": (Leg(PUT_WING, 1), Leg(PUT, -1)),
    "a wing that ends later": (Leg(PUT, 1), Leg(NEW_LONG, -1)),
    "a hedge": SELL.legs,
    "a roll": ROLL.legs,
}


@pytest.mark.covers("P14", "T13")
@pytest.mark.parametrize("name", OTHER_SHAPES)
def test_only_whole_verticals_are_closed(name: str) -> None:
    order = replace(CLOSE, legs=OTHER_SHAPES[name])
    every = {leg.instrument.con_id: -10 * leg.ratio for leg in order.legs}
    now = replace(SOUND, held=every, close=CloseProof(owned=every, booked=every))
    assert "closing legs" in reasons(judge(order, now, LIMITS))


@pytest.mark.covers("P13", "P14")
@pytest.mark.parametrize("limit", ["6.35", "5.65", "0", "-6.00"])
def test_a_closing_price_is_paid_and_near_the_middle(limit: str) -> None:
    most = judge(replace(CLOSE, limit=Decimal("6.30")), SOUND, LIMITS)
    assert isinstance(most, Approved)
    found = judge(replace(CLOSE, limit=Decimal(limit)), SOUND, LIMITS)
    assert isinstance(found, Refused)


@pytest.mark.covers("T13")
@pytest.mark.parametrize("order", [HEDGE, SELL, ROLL], ids=lambda o: o.purpose)
def test_nothing_else_is_sent_for_a_case_that_is_closed(order: Order) -> None:
    assert isinstance(judge(order, NOW, LIMITS), Approved)
    found = judge(order, replace(NOW, close=SOUND.close), LIMITS)
    assert reasons(found) == {"closing of the case"}
    assert "T13 CLOSING" in found.reasons if isinstance(found, Refused) else False


COUNTS = st.integers(-12, 12)
BOOK = st.fixed_dictionaries({11: COUNTS, 12: COUNTS, 21: COUNTS, 22: COUNTS})


@pytest.mark.covers("P09", "T13")
@given(
    held=BOOK,
    owned=BOOK,
    booked=BOOK,
    quantity=st.integers(1, 10),
    sides=st.sampled_from([LEGS, LEGS[:2], LEGS[2:]]),
    is_sound=st.booleans(),
)
def test_what_passes_never_adds_to_a_position_and_never_turns_it_round(
    *,
    held: dict[int, int],
    owned: dict[int, int],
    booked: dict[int, int],
    quantity: int,
    sides: tuple[Leg, ...],
    is_sound: bool,
) -> None:
    books = (HELD, HELD, HELD) if is_sound else (held, owned, booked)
    mid = sum((QUOTES[x.instrument.con_id].mid or 0.0) * x.ratio for x in sides)
    limit = Decimal(round(mid * 20)) / 20
    order = replace(CLOSE, legs=sides, quantity=quantity, limit=limit)
    close = CloseProof(owned=books[1], booked=books[2])
    now = replace(SOUND, held=books[0], close=close)
    if isinstance(judge(order, now, LIMITS), Refused):
        assert not is_sound
        return
    for book in books:
        for leg in sides:
            before = book[leg.instrument.con_id]
            for filled in range(1, quantity + 1):
                after = before + leg.ratio * filled
                assert after * before >= 0
                assert abs(after) < abs(before)


def test_every_check_of_closing_has_been_seen_to_refuse() -> None:
    tried = {
        control.check
        for order, change in (
            *((CLOSE, change) for change, _ in CHANGES),
            *((replace(CLOSE, legs=legs), {}) for legs in OTHER_SHAPES.values()),
        )
        for control in CONTROLS
        if control.of == {Purpose.CLOSE}
        and not control.check(order, replace(SOUND, **change), LIMITS).holds
    }
    assert tried == {c.check for c in CONTROLS if c.of == {Purpose.CLOSE}}
