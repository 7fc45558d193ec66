"""Watch mode's broker sees everything and can send nothing."""

import asyncio
from inspect import getmembers

import pytest

from alvh_trader import ports
from alvh_trader.broker.clock import BrokerClock
from alvh_trader.broker.library import Contract, Order
from alvh_trader.broker.observer import Observer
from alvh_trader.broker.options import BrokerOptions
from alvh_trader.domain.instrument import Index
from alvh_trader.engine.command import ListExpiries, Watch
from alvh_trader.engine.event import BrokerReported, ExpiriesListed, OrderFilled
from alvh_trader.errors import InvariantError
from tests.broker.peer import Peer, execution
from tests.broker.rig import REPORT, Inbox

OFFERED = {"connect", "pulse", "watch", "ask", "reconnect", "close"}


def observer(peer: Peer, inbox: Inbox) -> Observer:
    options = BrokerOptions(port=peer.port, mode="watch", request_rate=None)
    return Observer(options, inbox.put, BrokerClock())


def test_it_offers_exactly_what_the_port_names() -> None:
    offered = {name for name, _ in getmembers(Observer) if not name.startswith("_")}
    assert offered == OFFERED


def test_it_sees_reports_series_and_fills() -> None:
    async def story() -> None:
        inbox = Inbox()
        async with Peer() as peer:
            seen: ports.Observer = observer(peer, inbox)
            await seen.connect()
            await seen.ask(REPORT)
            await seen.ask(ListExpiries(symbol="SPX"))
            seen.watch(Watch(instruments=(Index(1, "SPX"),)))
            peer.send(*execution("a.b.1.01"))
            await seen.pulse()
            await seen.close()
            assert inbox.of(BrokerReported)
            assert inbox.of(ExpiriesListed)
            assert inbox.of(OrderFilled)

    asyncio.run(story())


@pytest.mark.covers("T14")
def test_even_the_client_underneath_writes_no_order_message() -> None:
    async def story() -> None:
        inbox = Inbox()
        async with Peer() as peer:
            seen = observer(peer, inbox)
            await seen.connect()
            session = seen._session
            assert session.desk is None
            assert session._line is not None
            client = session._line.client
            order = Order(action="BUY", totalQuantity=1, orderType="LMT", lmtPrice=1.0)
            for attempt in (
                lambda: client.placeOrder(1, Contract(conId=1), order),
                lambda: client.cancelOrder(1),
                client.reqGlobalCancel,  # type: ignore[attr-defined]
            ):
                with pytest.raises(InvariantError):
                    attempt()
            await seen.pulse()
            await seen.close()
            assert not {"3", "4", "21", "58"} & {f[0] for f in peer.received}

    asyncio.run(story())
