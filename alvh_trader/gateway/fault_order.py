"""Faults of orders: lost, late, refused, held, doubled, or changed by somebody else."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from functools import partial
from types import MappingProxyType

from msgspec import Struct, structs

from alvh_trader.gateway.fault import Active, Fault
from alvh_trader.gateway.handle_order import place_order
from alvh_trader.gateway.session import Session
from alvh_trader.sim.model import OrderLeg, SimOrder
from alvh_trader.wire.account_reply import Error
from alvh_trader.wire.order_reply import Margins, OpenOrder, OrderStatus
from alvh_trader.wire.order_request import PlaceOrder
from alvh_trader.wire.request import CancelOrder

REFUSALS: Mapping[str, str] = MappingProxyType(
    {
        "103": "Duplicate order id",
        "110": "The price does not conform to the minimum price variation for this "
        "contract.",
        "201": "Order rejected - reason:The order was rejected by the exchange",
        "203": "The security is not available or allowed for this account.",
        "460": "No trading permissions.",
    }
)
MODIFY_REFUSALS: Mapping[str, str] = MappingProxyType(
    {
        "104": "Cannot modify a filled order.",
        "105": "Order being modified does not match original order",
        "110": REFUSALS["110"],
        "321": "Error validating request. cause - The order cannot be changed",
        "329": "Order modify failed. Cannot change to the new order type.",
        "2102": "Unable to modify this order as it is still being processed.",
    }
)
CANCEL_REFUSALS: Mapping[str, str] = MappingProxyType(
    {
        "10147": "OrderId {} that needs to be cancelled is not found.",
        "10148": "OrderId {} that needs to be cancelled cannot be cancelled, "
        "state: PendingCancel.",
        "161": "Cancel attempted when order is not in a cancellable state.",
    }
)
NOTICES: Mapping[str, str] = MappingProxyType(
    {
        "10349": "Order TIF was set to DAY based on order preset.",
        "10311": "This order will be directly routed. Direct routed orders may result "
        "in higher trade fees.",
        "399": "Order Message:\nWarning: your order will not be placed at the exchange "
        "until the market opens",
        "2109": "Order Event Warning: Attribute 'Outside Regular Trading Hours' is "
        "ignored based on the order type and destination. PlaceOrder is now being "
        "processed.",
    }
)
TRIALS = ("error", "silent", "unset", "warning")

_TRADER = 0
_OTHER_CLIENT = 77


def _lost(_it: Active, _session: Session, asked: PlaceOrder) -> bool:
    return not asked.what_if


def _late(it: Active, session: Session, asked: PlaceOrder) -> bool:
    if asked.what_if:
        return False
    it.later(it.number, partial(place_order, session, asked))
    return True


def _refused(it: Active, session: Session, asked: PlaceOrder) -> bool:
    if asked.what_if:
        return False
    session.error(asked.order_id, int(it.value), REFUSALS[it.value])
    return True


def _own_open(session: Session, order_id: int) -> SimOrder | None:
    key = (session.client_id, order_id)
    orders = session.floor.exchange.open_orders()
    return next((o for o in orders if (o.client_id, o.order_id) == key), None)


def _unchanged(it: Active, session: Session, asked: PlaceOrder) -> bool:
    if asked.what_if or _own_open(session, asked.order_id) is None:
        return False
    session.error(asked.order_id, int(it.value), MODIFY_REFUSALS[it.value])
    return True


def _not_cancelled(it: Active, session: Session, asked: CancelOrder) -> bool:
    text = CANCEL_REFUSALS[it.value].format(asked.order_id)
    session.error(asked.order_id, int(it.value), text)
    return True


def _cancel_lost(_it: Active, _session: Session, _asked: CancelOrder) -> bool:
    return True


def _trial(it: Active, session: Session, asked: PlaceOrder) -> bool:
    if not asked.what_if or it.value == "unset":
        return False
    if it.value == "error":
        session.error(asked.order_id, 201, REFUSALS["201"])
    if it.value == "warning":
        session.error(asked.order_id, 399, NOTICES["399"])
    return True


def _unset(it: Active, _session: Session, message: OpenOrder) -> list[Struct]:
    if not message.what_if or it.value != "unset":
        return [message]
    return [structs.replace(message, margins=Margins(), commission=None)]


def _noticed(it: Active, session: Session, message: OrderStatus) -> list[Struct]:
    if not isinstance(it.asked, PlaceOrder):
        return [message]
    del session
    return [message, Error(message.order_id, int(it.name), NOTICES[it.name])]


def _other_price(it: Active, _session: Session, message: OpenOrder) -> list[Struct]:
    return [structs.replace(message, limit=float(message.limit) + it.number)]


def _other_quantity(it: Active, _session: Session, message: OpenOrder) -> list[Struct]:
    return [structs.replace(message, quantity=message.quantity + int(it.number))]


def _other_tif(it: Active, _session: Session, message: OpenOrder) -> list[Struct]:
    return [structs.replace(message, tif=it.value)]


def closing(it: Active, client_id: int, order_id: int) -> list[SimOrder]:
    """Close contracts of the first holding by an order of somebody else."""
    floor = it.floor
    account = floor.accounts[0]
    held = [row.holding for row in floor.exchange.account(account).holdings]
    holding = next((h for h in held if h.quantity), None)
    listing = None if holding is None else floor.listing(holding.con_id)
    if holding is None or listing is None:
        return []
    before = {order.perm_id for order in floor.exchange.open_orders()}
    floor.submit(
        SimOrder(
            perm_id=0,
            client_id=client_id,
            order_id=order_id,
            account=account,
            symbol=listing.symbol,
            sec_type=listing.sec_type,
            action="SELL" if holding.quantity > 0 else "BUY",
            quantity=max(min(abs(holding.quantity), int(it.number)), 1),
            order_type="MKT",
            limit=None,
            tif="DAY",
            order_ref="",
            legs=(OrderLeg(con_id=listing.con_id, ratio=1, action="BUY"),),
        )
    )
    orders = floor.exchange.open_orders()
    return [order for order in orders if order.perm_id not in before]


def _human_trade(it: Active) -> None:
    closing(it, _TRADER, 0)


def _other_trade(it: Active) -> None:
    closing(it, _OTHER_CLIENT, 1)


def _working(it: Active) -> list[SimOrder]:
    return [o for o in it.floor.exchange.open_orders() if it.concerns(o.client_id)]


def _cancel_all(it: Active) -> None:
    for order in _working(it):
        it.floor.cancel(order.perm_id)


def _edit_all(it: Active) -> None:
    for order in _working(it):
        if order.limit is not None:
            limit = order.limit + Decimal(it.value)
            it.floor.modify(replace(order, limit=limit))


def _notice(code: str, source: str) -> Fault:
    return Fault(
        says=f"Every new order is taken, and told of with {code}",
        source=source, lasts=300.0, replies={OrderStatus: _noticed},
    )  # fmt: skip


ORDERS: Mapping[str, Fault] = MappingProxyType(
    {
        "lost_order": Fault(
            says="The next order is taken from the socket and never reaches the "
            "exchange",
            source="LEAN #242", once=True, requests={PlaceOrder: _lost},
        ),
        "late_order": Fault(
            says="Orders reach the exchange `value` seconds late, their "
            "acknowledgement too",
            source="deepentropy/ibx #116; reliability.md F03", lasts=300.0, value="8",
            requests={PlaceOrder: _late},
        ),
        "rejected": Fault(
            says="The next order is refused with error `value`",
            source="[doc]; ib_insync #313", once=True, value="201",
            choices=tuple(REFUSALS), requests={PlaceOrder: _refused},
        ),
        "103": Fault(
            says="The next order is refused: its number is in use",
            source="[doc]", once=True, value="103", choices=("103",),
            requests={PlaceOrder: _refused},
        ),
        "10349": _notice("10349", "ib_async #191 #217"),
        "10311": _notice("10311", "reliability.md F62"),
        "399": _notice("399", "[doc]"),
        "2109": _notice("2109", "ib_insync #225"),
        "modify_refused": Fault(
            says="Changes of an order are refused with error `value`; it works on as "
            "it was",
            source="ib_insync #502", lasts=300.0, value="105",
            choices=tuple(MODIFY_REFUSALS), requests={PlaceOrder: _unchanged},
        ),
        "duplicate_after_modify": Fault(
            says="The next change of an order becomes a second live order with a "
            "permanent id of its own; the first one stays",
            source="nautilus #4564", once=True, twins=True,
        ),
        "cancel_refused": Fault(
            says="Cancellations are refused with error `value`; the order works on",
            source="ib_insync #656 #690", lasts=300.0, value="10147",
            choices=tuple(CANCEL_REFUSALS), requests={CancelOrder: _not_cancelled},
        ),
        "cancel_unanswered": Fault(
            says="Cancellations are lost, and nothing is said of it",
            source="LEAN #256", lasts=300.0, requests={CancelOrder: _cancel_lost},
        ),
        "echo_price": Fault(
            says="openOrder shows a limit that is `value` higher than what was sent",
            source="reliability.md F63", lasts=300.0, value="0.05",
            replies={OpenOrder: _other_price},
        ),
        "echo_quantity": Fault(
            says="openOrder shows a quantity that is `value` more than what was sent",
            source="reliability.md F63", lasts=300.0, value="1",
            replies={OpenOrder: _other_quantity},
        ),
        "echo_tif": Fault(
            says="openOrder shows the time in force `value`",
            source="reliability.md F63", lasts=300.0, value="GTC",
            choices=("DAY", "GTC", "IOC", "GTD"), replies={OpenOrder: _other_tif},
        ),
        "whatif": Fault(
            says="Trials meet an error, silence, unset margins or a mere warning",
            source="ib_insync #380; reliability.md F70", lasts=300.0, value="unset",
            choices=TRIALS, requests={PlaceOrder: _trial},
            replies={OpenOrder: _unset},
        ),
        "human_trade": Fault(
            says="A person closes `value` contracts of the first holding on the "
            "trader's own screen",
            source="LEAN #66 #117; order number 0: ib_insync #11", value="1",
            begins=_human_trade,
        ),
        "other_client": Fault(
            says=f"Client {_OTHER_CLIENT} closes `value` contracts of the first "
            "holding",
            source="reliability.md F74", value="1", begins=_other_trade,
        ),
        "human_cancel": Fault(
            says="A person cancels every working order",
            source="reliability.md F73", begins=_cancel_all,
        ),
        "human_edit": Fault(
            says="A person raises the limit of every working order by `value`",
            source="reliability.md F73", value="0.05", begins=_edit_all,
        ),
    }
)  # fmt: skip
