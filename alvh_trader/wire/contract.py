"""How messages spell a contract: what was asked for, and what there is."""

from typing import Annotated

from msgspec import Struct

from alvh_trader.wire.field import Double, Int, MaybeNumber, Number, Text
from alvh_trader.wire.layout import ROWS


class ContractSpec(Struct, frozen=True, kw_only=True):
    """A contract as a client describes it; any part may be empty."""

    con_id: Int = 0
    symbol: Text = ""
    sec_type: Text = ""
    expiry: Text = ""
    strike: MaybeNumber = None
    right: Text = ""
    multiplier: Text = ""
    exchange: Text = ""
    primary_exchange: Text = ""
    currency: Text = ""
    local_symbol: Text = ""
    trading_class: Text = ""


class LegSpec(Struct, frozen=True):
    """A leg of a combo in a data request; `action` is what buying the combo does."""

    con_id: Int
    ratio: Int
    action: Text
    exchange: Text


class OrderedContract(Struct, frozen=True, kw_only=True):
    """A contract inside an order: strike `0`, right `?` where it has none."""

    con_id: Int
    symbol: Text
    sec_type: Text
    expiry: Text = ""
    strike: Number = 0
    right: Text = "?"
    multiplier: Text = ""
    exchange: Text = "SMART"
    currency: Text = "USD"
    local_symbol: Text = ""
    trading_class: Text = ""


class HeldContract(Struct, frozen=True, kw_only=True):
    """A contract traded or held: strike `0.0`, right empty where it has none."""

    con_id: Int
    symbol: Text
    sec_type: Text
    expiry: Text = ""
    strike: Double = 0.0
    right: Text = ""
    multiplier: Text = ""
    exchange: Text = ""
    currency: Text = "USD"
    local_symbol: Text = ""
    trading_class: Text = ""


class OrderLegSpec(Struct, frozen=True, kw_only=True):
    """A leg of a combo order. `exempt_code` is -1 where it does not apply."""

    con_id: Int
    ratio: Int
    action: Text
    exchange: Text = "SMART"
    open_close: Int = 0
    short_sale_slot: Int = 0
    designated_location: Text = ""
    exempt_code: Int = -1


class DeltaNeutral(Struct, frozen=True):
    """The hedge of a delta neutral contract. Nothing here trades one."""

    con_id: Int
    delta: Number
    price: Number


class TagValue(Struct, frozen=True):
    """A named value."""

    tag: Text
    value: Text


Legs = Annotated[tuple[LegSpec, ...], ROWS]
"""The counted legs of a combo in a data request."""
