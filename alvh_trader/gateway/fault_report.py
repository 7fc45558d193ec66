"""Faults of what is reported of orders: too little, too much, too late, reordered."""

from collections.abc import Mapping
from types import MappingProxyType

from msgspec import Struct, structs

from alvh_trader.gateway.fault import Active, Fault, Late, OnReply
from alvh_trader.gateway.session import Session
from alvh_trader.wire.order_reply import (
    CommissionReport,
    ExecutionData,
    OpenOrder,
    OrderStatus,
)
from alvh_trader.wire.order_request import PlaceOrder
from alvh_trader.wire.request import RequestAllOpenOrders, RequestOpenOrders

LISTS = (RequestOpenOrders, RequestAllOpenOrders)

Answer = list[Struct | Late]


def _live(rule: OnReply) -> OnReply:
    """Limit a rule to executions that come unasked."""

    def limited(it: Active, session: Session, message: ExecutionData) -> Answer:
        if message.req_id != -1:
            return [message]
        return list(rule(it, session, message))

    return limited


def _none(_it: Active, _session: Session, _message: Struct) -> Answer:
    return []


def _again(it: Active, _session: Session, message: Struct) -> Answer:
    return [message] * max(int(it.number), 1)


def _late(it: Active, _session: Session, message: Struct) -> Answer:
    return [Late(it.number, message)]


def _unless_asked(it: Active, _session: Session, message: Struct) -> Answer:
    """Drop what acknowledges an order, or comes by itself; not what was asked for."""
    return [message] if isinstance(it.asked, LISTS) else []


def _unacknowledged(it: Active, _session: Session, message: Struct) -> Answer:
    return [] if isinstance(it.asked, PlaceOrder) else [message]


def _stall(it: Active, session: Session, message: OrderStatus) -> Answer:
    if isinstance(it.asked, PlaceOrder):
        session.queue(message)
        session.fall_silent()
        return []
    return [message]


def _working_again(it: Active, _session: Session, message: OrderStatus) -> Answer:
    if isinstance(it.asked, LISTS) or message.status != "Filled":
        return [message]
    before = structs.replace(
        message, status="Submitted", filled=0, average_price=0, last_price=0,
        remaining=message.filled,
    )  # fmt: skip
    return [message, before]


def _hold_until_trade(it: Active, _session: Session, message: Struct) -> Answer:
    """Keep what acknowledges an order until its first execution has gone out."""
    assert isinstance(message, OpenOrder | OrderStatus), "the table says so"
    if not isinstance(it.asked, PlaceOrder):
        return [message]
    it.memory.setdefault(message.order_id, []).append(message)
    return []


def _trade_first(it: Active, _session: Session, message: ExecutionData) -> Answer:
    return [message, *it.memory.pop(message.order_id, [])]


def _commission_first(it: Active, _session: Session, message: Struct) -> Answer:
    """Let the commission overtake: executions wait for the report behind them."""
    if isinstance(message, ExecutionData):
        it.memory[message.exec_id] = message
        # The summary row of a combo has no report to wait for.
        is_summary = message.contract.sec_type == "BAG"
        return [it.memory.pop(message.exec_id)] if is_summary else []
    assert isinstance(message, CommissionReport), "the table says so"
    execution = it.memory.pop(message.exec_id, None)
    return [message] if execution is None else [message, execution]


def _other_order(_it: Active, _session: Session, message: ExecutionData) -> Answer:
    return [structs.replace(message, order_id=0)]


def _last_leg(rule: OnReply) -> OnReply:
    """Limit a rule to the second leg's row of a combo's trade."""

    def limited(it: Active, session: Session, message: ExecutionData) -> Answer:
        if message.req_id == -1 and message.exec_id.split(".")[-2] == "02":
            return list(rule(it, session, message))
        return [message]

    return limited


def _awkward_time(it: Active, _session: Session, message: ExecutionData) -> Answer:
    day_and_time = " ".join(message.time.split()[:2])
    return [structs.replace(message, time=f"{day_and_time} {it.value}".strip())]


def _pending_cancel(_it: Active, _session: Session, message: OrderStatus) -> Answer:
    if message.status != "Cancelled":
        return [message]
    return [structs.replace(message, status="PendingCancel")]


REPORTS: Mapping[str, Fault] = MappingProxyType(
    {
        "ack_lost": Fault(
            says="The next order is live, and its acknowledgement is lost",
            source="reliability.md F03", once=True,
            replies={OpenOrder: _unacknowledged, OrderStatus: _unacknowledged},
        ),
        "stall_after_ack": Fault(
            says="The next order is acknowledged, and then nothing is heard on the "
            "connection any more",
            source="deepentropy/ibx #113", once=True, replies={OrderStatus: _stall},
        ),
        "missing_orderStatus": Fault(
            says="No orderStatus comes unasked; openOrder and executions do",
            source="[doc] order_submission", lasts=300.0,
            replies={OrderStatus: _unless_asked},
        ),
        "dup_status": Fault(
            says="Every orderStatus comes `value` times",
            source="[doc] order_submission", lasts=300.0, value="3",
            replies={OrderStatus: _again},
        ),
        "late_status": Fault(
            says="A Submitted comes after the Filled of an order",
            source="reliability.md F49", once=True,
            replies={OrderStatus: _working_again},
        ),
        "exec_before_order": Fault(
            says="An order's acknowledgement comes only after its first execution",
            source="reliability.md F51", lasts=300.0,
            replies={
                OpenOrder: _hold_until_trade, OrderStatus: _hold_until_trade,
                ExecutionData: _live(_trade_first),
            },
        ),
        "dup_exec": Fault(
            says="Every live execution comes `value` times",
            source="reliability.md F52", lasts=300.0, value="2",
            replies={ExecutionData: _live(_again)},
        ),
        "missing_exec": Fault(
            says="No execution comes unasked; asked for, they do",
            source="LEAN #249", lasts=300.0, replies={ExecutionData: _live(_none)},
        ),
        "late_exec": Fault(
            says="Live executions come `value` seconds late",
            source="[doc] delayed during resets", lasts=300.0, value="30",
            replies={ExecutionData: _live(_late)},
        ),
        "exec_order_id": Fault(
            says="Live executions name no order number (0); permId and orderRef are "
            "right",
            source="nautilus #4970", lasts=300.0,
            replies={ExecutionData: _live(_other_order)},
        ),
        "missing_leg": Fault(
            says="The second leg's execution of the next combo trade does not come; "
            "asked for, it does",
            source="reliability.md F76", once=True,
            replies={ExecutionData: _last_leg(_none)},
        ),
        "late_leg": Fault(
            says="The second leg's execution of the next combo trade comes `value` "
            "seconds late",
            source="LEAN PR #54 (waits 30 s)", once=True, value="20",
            replies={ExecutionData: _last_leg(_late)},
        ),
        "time_zone": Fault(
            says="Executions carry the time zone `value`",
            source="[cap] seen in handshakes of other logins", lasts=None,
            value="\u4e2d\u56fd\u6807\u51c6\u65f6\u95f4",
            replies={ExecutionData: _awkward_time},
        ),
        "late_commission": Fault(
            says="Commission reports come `value` seconds late",
            source="LEAN #249 (10 s)", lasts=300.0, value="10",
            replies={CommissionReport: _late},
        ),
        "missing_commission": Fault(
            says="No commission report comes",
            source="reliability.md F55", lasts=300.0,
            replies={CommissionReport: _none},
        ),
        "commission_first": Fault(
            says="Commission reports overtake their executions",
            source="reliability.md F55", lasts=300.0,
            replies={
                ExecutionData: _live(_commission_first),
                CommissionReport: _commission_first,
            },
        ),
        "cancel_pending": Fault(
            says="A cancelled order says PendingCancel beside its 202, and nothing "
            "more",
            source="radon PR #277", lasts=300.0, replies={OrderStatus: _pending_cancel},
        ),
    }
)  # fmt: skip
