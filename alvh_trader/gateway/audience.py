"""Who hears of what happens to an order.

Its own client; whoever caused it; the master client, if one is set; and for orders of
the trader's own screen client 0, once it takes them as its own (binds them).
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from alvh_trader.gateway.roles import Client
from alvh_trader.sim.model import Refusal, Report, SimOrder
from alvh_trader.wire.order_reply import OrderBound


class Audience:
    """The clients, by number, and what each may know of an order."""

    def __init__(
        self,
        clients: Mapping[int, Client],
        find_master: Callable[[], Client | None],
    ) -> None:
        self._clients = clients
        self._find_master = find_master
        self._bound: dict[int, int] = {}

    def of(
        self, report: Report, asked_by: Client | None
    ) -> Iterator[tuple[Client, Report]]:
        """Return who is told, and the report with the numbers that it shows them.

        A refusal concerns nobody but the order's client and who asked.
        """
        order = report.order
        owner = self.owner(order)
        if owner is not None:
            yield owner, replace(report, order=self.own(order, owner))
        if asked_by is not None and asked_by is not owner:
            # A recording shows the canceller's own number in these.
            seen = replace(order, client_id=asked_by.client_id)
            yield asked_by, replace(report, order=seen)
        master = self._find_master()
        if master is None or master is owner or master is asked_by:
            return
        if not isinstance(report, Refusal):
            yield master, report

    def own(self, order: SimOrder, client: Client) -> SimOrder:
        """Return an order of `client` under the number by which that knows it.

        An order of the trader's own screen gets one by this (it is bound): a negative
        one [doc], counted down here (an assumption).
        """
        if not is_manual(order):
            return order
        return replace(order, order_id=self._bind(order.perm_id, client))

    def _bind(self, perm_id: int, client: Client) -> int:
        number = self._bound.get(perm_id)
        if number is None:
            number = self._bound[perm_id] = -1 - len(self._bound)
            client.send(OrderBound(perm_id, client.client_id, number))
        client.foreign[number] = perm_id
        return number

    def owner(self, order: SimOrder) -> Client | None:
        """Return the client whose order it is, if it is there and knows the order."""
        client = self._clients.get(order.client_id)
        if client is None or not is_manual(order):
            return client
        return client if client.binds or order.perm_id in self._bound else None


def is_manual(order: SimOrder) -> bool:
    """Return whether an order comes from the trader's own screen, not from a client."""
    return order.client_id == order.order_id == 0
