"""Orders for tests of the exchange."""

from dataclasses import replace

from alvh_trader.sim.model import Listing, OrderLeg, SimOrder


def market_order(it: Listing, **changes: object) -> SimOrder:
    """Return an order to buy one of a listing at the market, with `changes`."""
    plain = SimOrder(
        perm_id=0,
        client_id=1,
        order_id=1,
        account="DU1005000",
        symbol=it.symbol,
        sec_type=it.sec_type,
        action="BUY",
        quantity=1,
        order_type="MKT",
        limit=None,
        tif="DAY",
        order_ref="",
        legs=(OrderLeg(con_id=it.con_id, ratio=1, action="BUY"),),
    )
    return replace(plain, **changes)  # type: ignore[arg-type]
