"""In live the last lines before the socket ask for a person's consent themselves."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from decimal import Decimal

import pytest

from alvh_trader.domain.order import Order
from alvh_trader.engine.command import PlaceOrder, RepriceOrder
from alvh_trader.engine.event import OrderNotSent, OrderUpdated
from alvh_trader.risk.gate import Approved
from alvh_trader.risk.proposal import Consent, Proposal
from tests.broker.peer import TIME, Peer
from tests.broker.rig import NOW, Rig, hedge, place, rig, until


def consented(order: Order, seconds: float = 60.0) -> Consent:
    proposal = Proposal(
        order=order,
        limits=(order.limit, Decimal("1.6")),
        pause=timedelta(seconds=20),
        lasts=timedelta(seconds=180),
        quoted=NOW,
        config="c",
        build="b",
        asked=NOW,
        expires=NOW + timedelta(seconds=seconds),
    )
    return Consent(proposal=proposal, digest=proposal.digest, by="ann", given=NOW)


@asynccontextmanager
async def live_rig() -> AsyncIterator[Rig]:
    """Give a trader in live, on a gateway with a real account."""
    peer = Peer(accounts="U1234567")
    async with rig(peer, mode="live", account="U1234567") as made:
        yield made


@pytest.mark.covers("P27", "V9")
def test_in_live_nothing_leaves_without_the_consent_to_it() -> None:
    async def story() -> None:
        async with live_rig() as r:
            r.trader.place(place(hedge()))
            assert "nobody consented" in r.inbox.last(OrderNotSent).reason
            other = Approved(order=hedge(), consent=consented(hedge(quantity=3)))
            r.trader.place(PlaceOrder(approved=other))
            assert "something else" in r.inbox.last(OrderNotSent).reason
            await r.trader.pulse()
            assert r.peer.got("3") == []

    asyncio.run(story())


@pytest.mark.covers("P27", "V9", "F126")
def test_in_live_a_consent_lets_out_one_order_and_its_new_limits() -> None:
    async def story() -> None:
        async with live_rig() as r:
            consent = consented(hedge())
            sent = PlaceOrder(approved=Approved(order=hedge(), consent=consent))
            r.trader.place(sent)
            await r.inbox.wait(OrderUpdated)
            higher = Approved(order=hedge(limit="1.6"), consent=consent)
            r.trader.reprice(RepriceOrder(approved=higher))
            await until(lambda: len(r.peer.got("3")) == 2)
            too_high = Approved(order=hedge(limit="1.7"), consent=consent)
            r.trader.reprice(RepriceOrder(approved=too_high))
            assert "something else" in r.inbox.last(OrderNotSent).reason
            r.trader.place(sent)
            assert "used before" in r.inbox.last(OrderNotSent).reason
            await r.trader.pulse()
            assert len(r.peer.got("3")) == 2

    asyncio.run(story())


@pytest.mark.covers("P27")
def test_in_live_a_consent_that_is_over_puts_nothing_on_the_book() -> None:
    async def story() -> None:
        async with live_rig() as r:
            approved = Approved(order=hedge(), consent=consented(hedge(), seconds=5))
            r.peer.time = TIME + 6
            await r.trader.pulse()
            r.trader.place(PlaceOrder(approved=approved))
            assert "consent expired" in r.inbox.last(OrderNotSent).reason

    asyncio.run(story())
