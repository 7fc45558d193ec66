"""Frames as they would leave: the one that is meant passes, none other does."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from alvh_trader.broker.guard import FrameGuard, FrameRefusedError, Intent, Rate
from alvh_trader.domain.order import Order
from alvh_trader.engine.command import PlaceOrder as PlaceCommand
from alvh_trader.engine.event import ControlTripped, OrderNotSent
from alvh_trader.risk.gate import Approved
from alvh_trader.wire.codec import fields_of
from alvh_trader.wire.contract import ContractSpec, OrderLegSpec
from alvh_trader.wire.order_request import PlaceOrder
from tests.broker.rig import hedge, rig

VERSION = 178
RATES = (Rate(1, timedelta(seconds=1)), Rate(3, timedelta(minutes=1)))
ORDER = hedge("T1", limit="1.50", quantity=2)
INTENT = Intent(ORDER, 7, "DU1")
FRAME = PlaceOrder(
    order_id=7,
    contract=ContractSpec(con_id=ORDER.legs[0].instrument.con_id, sec_type="OPT"),
    action="BUY",
    quantity=2,
    order_type="LMT",
    limit=Decimal("1.5"),
    tif="DAY",
    account="DU1",
    order_ref="T1",
)


class Wire:
    """A guard, its clock, and what it was told of the journal."""

    def __init__(self) -> None:
        self.now = datetime(2026, 5, 21, 15, 0, tzinfo=UTC)
        self.written = {"T1"}
        self.guard = FrameGuard(lambda: self.now, self.written.__contains__, RATES)

    def send(self, frame: PlaceOrder = FRAME, intent: Intent | None = INTENT) -> None:
        if intent is not None:
            self.guard.expect(intent)
        self.guard.check("\0".join((*fields_of(frame, VERSION), "")), VERSION)


def refused(send: Callable[[], None]) -> FrameRefusedError:
    with pytest.raises(FrameRefusedError) as caught:
        send()
    return caught.value


@pytest.mark.covers("I14", "P28")
def test_the_order_that_is_meant_leaves_and_what_is_no_order_too() -> None:
    wire = Wire()
    wire.send()
    wire.guard.check("4\x001\x007\x00", VERSION)
    wire.guard.check("49\x001\x00", VERSION)


CHANGES: list[tuple[str, Any, str]] = [
    ("quantity", 3, "P09"),
    ("order_id", 8, "P09"),
    ("order_type", "MKT", "I14"),
    ("tif", "GTC", "I14"),
    ("transmit", False, "I14"),
    ("account", "DU2", "I14"),
    ("account", "", "I14"),
    ("action", "SELL", "I14"),
    ("limit", Decimal("1.51"), "I14"),
    ("limit", None, "I14"),
    ("outside_regular_hours", True, "I14"),
    ("override_percentage_constraints", True, "I14"),
    ("parent_id", 6, "I14"),
    ("oca_group", "x", "I14"),
    ("algo_strategy", "Adaptive", "I14"),
    ("hidden", True, "I14"),
    ("contract", ContractSpec(con_id=99, sec_type="OPT"), "I14"),
]


@pytest.mark.covers("P04", "P09", "P13", "P28", "I14")
@pytest.mark.parametrize(("field", "value", "control"), CHANGES)
def test_any_other_frame_stays(field: str, value: object, control: str) -> None:
    wire = Wire()
    error = refused(lambda: wire.send(replace(FRAME, **{field: value})))
    assert error.control == control
    assert "T1 on the wire" in str(error)


@pytest.mark.covers("I01", "I14")
def test_a_frame_without_a_durable_intent_stays() -> None:
    wire = Wire()
    assert refused(lambda: wire.send(intent=None)).control == "I14"
    wire.written.clear()
    assert refused(wire.send).control == "I14"


@pytest.mark.covers("I14")
def test_an_intent_is_good_for_one_frame() -> None:
    wire = Wire()
    wire.send()
    wire.now += timedelta(seconds=5)
    assert refused(lambda: wire.send(intent=None)).control == "I14"


@pytest.mark.covers("P09", "F45")
def test_the_same_order_never_leaves_under_a_second_number() -> None:
    """A new limit keeps the number; a second number would be a second order."""
    wire = Wire()
    wire.send()
    wire.now += timedelta(seconds=5)
    dearer = replace(ORDER, limit=Decimal("1.60"))
    wire.send(replace(FRAME, limit=Decimal("1.6")), Intent(dearer, 7, "DU1"))
    wire.now += timedelta(seconds=5)
    again = replace(FRAME, order_id=8)
    assert refused(lambda: wire.send(again, Intent(ORDER, 8, "DU1"))).control == "P09"
    wire.guard.begin()
    wire.send(again, Intent(ORDER, 8, "DU1"))


@pytest.mark.covers("P14", "F80", "F81")
def test_legs_and_signs_are_those_of_the_bytes() -> None:
    wire = Wire()
    legs = (ORDER.legs[0], replace(ORDER.legs[0], ratio=-1))
    credit: Order = replace(ORDER, legs=legs, limit=Decimal("-1.75"))
    con_id = legs[0].instrument.con_id
    told = (
        OrderLegSpec(con_id=con_id, ratio=1, action="BUY"),
        OrderLegSpec(con_id=con_id, ratio=1, action="SELL"),
    )
    bag = replace(
        FRAME,
        contract=ContractSpec(sec_type="BAG"),
        limit=Decimal("-1.75"),
        legs=told,
    )
    intent = Intent(credit, 7, "DU1")
    wire.send(bag, intent)
    wire.now += timedelta(seconds=5)
    for wrong in (
        replace(bag, limit=Decimal("1.75")),
        replace(bag, legs=told[:1]),
        replace(bag, legs=()),
        replace(bag, legs=(told[0], replace(told[1], action="BUY"))),
        replace(bag, action="SELL"),
    ):
        assert refused(lambda it=wrong: wire.send(it, intent)).control == "I14"  # type: ignore[misc]


def test_a_sale_of_one_leg_is_a_sale_at_a_price() -> None:
    wire = Wire()
    legs = (replace(ORDER.legs[0], ratio=-1),)
    sale = Intent(replace(ORDER, legs=legs, limit=Decimal("-1.50")), 7, "DU1")
    wire.send(replace(FRAME, action="SELL"), sale)


def test_what_is_only_tried_is_no_order() -> None:
    wire = Wire()
    wire.send(replace(FRAME, what_if=True, order_ref="X"), intent=None)


@pytest.mark.covers("I14")
def test_what_cannot_be_read_stays() -> None:
    error = refused(lambda: Wire().guard.check("3\x00x\x00", VERSION))
    assert error.control == "I14"


def paced(wire: Wire, seconds: float) -> str:
    """Send one more after so long; return what the refusal freezes, or that none."""
    wire.now += timedelta(seconds=seconds)
    try:
        wire.send()
    except FrameRefusedError as error:
        return error.control or "refused"
    return "sent"


@pytest.mark.covers("P23", "V14", "F36")
def test_one_more_than_the_gate_lets_out_and_then_none() -> None:
    wire = Wire()
    assert [paced(wire, 0.2) for _ in range(3)] == ["sent", "sent", "refused"]
    wire = Wire()
    assert [paced(wire, 5) for _ in range(5)] == ["sent"] * 4 + ["refused"]


@pytest.mark.covers("P23")
def test_the_second_breach_within_ten_minutes_freezes() -> None:
    wire = Wire()
    assert [paced(wire, 0) for _ in range(3)] == ["sent", "sent", "refused"]
    assert paced(wire, 0) == "P23"
    wire = Wire()
    assert [paced(wire, 0) for _ in range(3)] == ["sent", "sent", "refused"]
    assert [paced(wire, 601)] + [paced(wire, 0) for _ in range(2)] == [
        "sent",
        "sent",
        "refused",
    ]


@pytest.mark.covers("I14")
def test_a_frame_that_the_library_spoils_does_not_leave_and_freezes() -> None:
    asyncio.run(_spoiled())


async def _spoiled() -> None:
    async with rig() as it:
        session = it.trader._session  # type: ignore[attr-defined]
        client = session._line.client
        send, sent = client.sendMsg, []

        def spoil(message: str) -> None:
            sent.append(message)
            send(message.replace("T1", "T9"))

        client.sendMsg = spoil
        it.trader.place(PlaceCommand(approved=Approved(order=ORDER)))
        assert sent
        last = it.inbox.events[-2:]
        assert isinstance(last[0], OrderNotSent)
        assert isinstance(last[1], ControlTripped)
        assert last[1].control == "I14"
