"""All faults by name: those that the gateway's specification names, and more."""

from collections.abc import Mapping
from types import MappingProxyType

from alvh_trader.gateway.fault import Fault
from alvh_trader.gateway.fault_answer import ANSWERS
from alvh_trader.gateway.fault_data import DATA
from alvh_trader.gateway.fault_frame import FRAMES
from alvh_trader.gateway.fault_link import LINK
from alvh_trader.gateway.fault_order import ORDERS
from alvh_trader.gateway.fault_report import REPORTS
from alvh_trader.gateway.fault_trade import TRADES

SECTIONS: Mapping[str, Mapping[str, Fault]] = MappingProxyType(
    {
        "The link": LINK,
        "Frames": FRAMES,
        "Answers": ANSWERS,
        "Orders": ORDERS,
        "Trades": TRADES,
        "Reports of orders": REPORTS,
        "Market data": DATA,
    }
)
FAULTS: Mapping[str, Fault] = MappingProxyType(
    {name: fault for rows in SECTIONS.values() for name, fault in rows.items()}
)


def told_length(fault: Fault) -> str:
    """Return how long a fault lasts if nobody says, in words."""
    if fault.once:
        return "once"
    if fault.lasts is None:
        return "until ended"
    if not fault.lasts:
        return "at once"
    clock = " by the wall's clock" if fault.by_wall else ""
    return f"{fault.lasts:g} s{clock}"
