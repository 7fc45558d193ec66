"""Faults of trades themselves: withheld, cut short, one too many, corrected, forced.

These happen on the exchange: positions, cash and the audit know of them.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from types import MappingProxyType

from msgspec import Struct, structs

from alvh_trader.gateway.fault import Active, Fault
from alvh_trader.gateway.fault_order import closing
from alvh_trader.gateway.session import Session
from alvh_trader.wire.account_reply import Error
from alvh_trader.wire.order_reply import ExecutionData, OpenOrder, OrderStatus
from alvh_trader.wire.order_request import PlaceOrder

CORRECTED_AFTER = 10.0
"""Seconds between a trade and its correction (an assumption)."""

LOCATING = "Order held while securities are located."

Answer = list[Struct]


def _capped(*, only_combos: bool) -> Callable[[Active, Session, OpenOrder], Answer]:
    """Return a rule that lets new orders fill so many units and no more."""

    def rule(it: Active, _session: Session, message: OpenOrder) -> Answer:
        is_combo = message.contract.sec_type == "BAG"
        if isinstance(it.asked, PlaceOrder) and (is_combo or not only_combos):
            it.floor.tampering.cap(message.perm_id, int(it.number))
            it.memory[message.perm_id] = True
        return [message]

    return rule


def _let_go(it: Active) -> None:
    for perm_id in it.memory:
        assert isinstance(perm_id, int), "orders are remembered by permanent id"
        it.floor.tampering.cap(perm_id, None)


def _held(it: Active, _session: Session, message: OrderStatus) -> Answer:
    if message.perm_id not in it.memory:
        return [message]
    held = structs.replace(message, status="PreSubmitted", why_held="locate")
    if not isinstance(it.asked, PlaceOrder):
        return [held]
    return [held, Error(message.order_id, 404, LOCATING)]


def _inactive(it: Active, _session: Session, message: OrderStatus) -> Answer:
    if message.perm_id not in it.memory:
        return [message]
    return [structs.replace(message, status="Inactive")]


def _forced(status: str) -> Callable[[Active, Session, OrderStatus], Answer]:
    """Return a rule that lets an order trade once more after it said `status`."""

    def rule(it: Active, _session: Session, message: OrderStatus) -> Answer:
        if message.status == status and message.perm_id not in it.memory:
            it.memory[message.perm_id] = True
            it.has_struck = True
            it.later(0.0, lambda: _force(it, message.perm_id))
        return [message]

    return rule


def _force(it: Active, perm_id: int) -> None:
    floor = it.floor
    units = max(int(it.number), 1)
    floor.route(floor.tampering.force(perm_id, units, floor.exchange.now))


def _corrected(it: Active, _session: Session, message: ExecutionData) -> Answer:
    return _changed(it, message, Decimal(it.value))


def _busted(it: Active, _session: Session, message: ExecutionData) -> Answer:
    return _changed(it, message, None)


def _changed(it: Active, message: ExecutionData, change: Decimal | None) -> Answer:
    """Correct the first leg's row of a live trade a while later."""
    _, _, number, version = message.exec_id.split(".")
    if message.req_id == -1 and (number, version) == ("01", "01"):
        it.has_struck = True
        it.later(CORRECTED_AFTER, lambda: _correct(it, message.exec_id, change))
    return [message]


def _correct(it: Active, exec_id: str, change: Decimal | None) -> None:
    it.floor.route(it.floor.tampering.correct(exec_id, change))


def _liquidate(it: Active) -> None:
    it.memory["perm_ids"] = {order.perm_id for order in closing(it, 0, 0)}


def _liquidation(it: Active, _session: Session, message: ExecutionData) -> Answer:
    if message.perm_id not in it.memory["perm_ids"]:
        return [message]
    return [structs.replace(message, liquidation=1)]


TRADES: Mapping[str, Fault] = MappingProxyType(
    {
        "held": Fault(
            says="New orders are held (404, whyHeld locate) and do not trade until it "
            "is over",
            source="[doc] 404", lasts=300.0, value="0", ends=_let_go,
            replies={OpenOrder: _capped(only_combos=False), OrderStatus: _held},
        ),
        "inactive": Fault(
            says="New orders are Inactive until it is over; then they can still trade",
            source="ib_insync #363 #559", lasts=300.0, value="0", ends=_let_go,
            replies={OpenOrder: _capped(only_combos=False), OrderStatus: _inactive},
        ),
        "partial_fill": Fault(
            says="New orders fill `value` units and no more until it is over",
            source="reliability.md F83", lasts=300.0, value="1", ends=_let_go,
            replies={OpenOrder: _capped(only_combos=False)},
        ),
        "partial_combo": Fault(
            says="New combo orders fill `value` units, whole in ratio, and no more "
            "until it is over",
            source="IB KB 1323; reliability.md F75", lasts=300.0, value="1",
            ends=_let_go, replies={OpenOrder: _capped(only_combos=True)},
        ),
        "overfill": Fault(
            says="The next order that is filled trades `value` units more than it "
            "asked for",
            source="reliability.md F68", once=True, value="1",
            replies={OrderStatus: _forced("Filled")},
        ),
        "fill_after_cancel": Fault(
            says="The next order that is cancelled has traded `value` units all the "
            "same, at its limit",
            source="reliability.md F67", once=True, value="1",
            replies={OrderStatus: _forced("Cancelled")},
        ),
        "exec_correction": Fault(
            says="The next trade's price (a combo's first leg) is corrected by `value` "
            f"after {CORRECTED_AFTER:g} s: the execution's id ends with .02",
            source="[doc]; ib_insync #364", once=True, value="0.05",
            replies={ExecutionData: _corrected},
        ),
        "exec_bust": Fault(
            says="The next trade (a combo's first leg) is taken back after "
            f"{CORRECTED_AFTER:g} s: its id ends with .02, its quantity is 0",
            source="reliability.md F54; that it looks so is an assumption", once=True,
            replies={ExecutionData: _busted},
        ),
        "liquidation": Fault(
            says="The broker closes `value` contracts of the first holding; executions "
            "say so",
            source="reliability.md F71", lasts=None, value="1", begins=_liquidate,
            replies={ExecutionData: _liquidation},
        ),
    }
)  # fmt: skip
