"""One line for each thing that happened to an order, as the exchange saw it.

The gateway knows nothing of hedges or rolls: whoever reads these lines can prove what
the trader did, and when, without trusting the trader.
"""

import json
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

from alvh_trader.gateway.listing_reply import FindListing
from alvh_trader.sim.model import (
    Accepted,
    Corrected,
    Ended,
    Listing,
    OrderLeg,
    Report,
    Traded,
)

WriteLine = Callable[[bytes], None]
"""Where audit lines go; what was handed over must be durable on return."""


def audit_line(report: Report, at: datetime, listing_of: FindListing) -> bytes:
    """Return the line of one report, a JSON object and a line feed.

    `quantity` and `price` are those of the order, for a fill those of the trade (its
    units and its net price); the price is null for a market order.
    """
    order = report.order
    quantity, price = order.quantity, order.limit
    match report:
        case Accepted(modified=modified):
            event = "modify" if modified else "order"
        case Traded():
            event = "fill"
            quantity, price = _trade(report)
        case Corrected():
            event = "correct"
            quantity, price = _trade(report)
        case Ended():
            event = "cancel"
        case _:
            event = "reject"
    record = {
        "t": at.isoformat(),
        "event": event,
        "perm_id": order.perm_id,
        "order_ref": order.order_ref,
        "action": order.action,
        "quantity": quantity,
        "price": None if price is None else float(price),
        "legs": [_leg(leg, listing_of(leg.con_id)) for leg in order.legs],
    }
    return json.dumps(record, separators=(",", ":")).encode() + b"\n"


def _trade(report: Traded | Corrected) -> tuple[int, Decimal]:
    """Return units and net price: the combo's summary row, or the only row."""
    rows = report.executions
    row = next((it for it in rows if it.con_id == 0), rows[0])
    return row.quantity, row.price


def _leg(leg: OrderLeg, listing: Listing | None) -> dict[str, object]:
    known: dict[str, object] = (
        {}
        if listing is None
        else {
            "symbol": listing.symbol,
            "sec_type": listing.sec_type,
            "trading_class": listing.trading_class,
            "expiry": listing.expiry.isoformat() if listing.expiry else None,
            "strike": listing.strike,
            "right": listing.right,
        }
    )
    return {**known, "ratio": leg.ratio, "action": leg.action}
