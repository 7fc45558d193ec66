"""What a gateway is at one instant, for whoever asks over its control socket."""

from typing import TYPE_CHECKING

from alvh_trader.sim.model import SimOrder

if TYPE_CHECKING:
    from alvh_trader.gateway.server import Gateway


def snapshot(gateway: "Gateway") -> dict[str, object]:
    """Return time, clients, orders, holdings and faults as JSON has them."""
    floor = gateway.floor
    exchange, account = floor.exchange, floor.exchange.account()
    return {
        "time": exchange.now.isoformat(),
        "is_open": exchange.is_open,
        "speed": gateway.speed or "max",
        "clients": {
            str(client_id): {
                "version": client.version,
                "streams": len(set(client.wanted())),
            }
            for client_id, client in sorted(floor.clients.items())
        },
        "orders": [_order(it) for it in exchange.open_orders()],
        "completed": len(exchange.completed_orders()),
        "executions": len(exchange.executions()),
        "account": account.account,
        "net_liquidation": str(account.net_liquidation),
        "positions": [
            {
                "con_id": it.holding.con_id,
                "local_symbol": listing.local_symbol if listing else "",
                "quantity": it.holding.quantity,
            }
            for it in account.holdings
            if it.holding.quantity
            for listing in (floor.listing(it.holding.con_id),)
        ],
        "faults": [
            {
                "name": it.name,
                "value": it.value,
                "until": None if it.until is None else it.until.isoformat(),
                "client": it.client,
            }
            for it in gateway.injector.active
        ],
        "planned": gateway.injector.planned,
    }


def _order(order: SimOrder) -> dict[str, object]:
    return {
        "client": order.client_id,
        "order": order.order_id,
        "perm_id": order.perm_id,
        "status": order.status.value,
        "action": order.action,
        "quantity": order.quantity,
        "filled": order.filled,
        "limit": None if order.limit is None else str(order.limit),
    }
