"""All faults by name: those that the gateway's specification names, and more."""

from collections.abc import Mapping
from types import MappingProxyType

from alvh_trader.gateway.fault import Fault
from alvh_trader.gateway.fault_link import LINK
from alvh_trader.gateway.fault_report import REPORTS

FAULTS: Mapping[str, Fault] = MappingProxyType({**LINK, **REPORTS})
