"""Who hears of an order: its client, the master, and client 0 of the trader's own."""

from dataclasses import replace
from decimal import Decimal

from alvh_trader.gateway.api_settings import ApiSettings
from alvh_trader.gateway.floor import Floor
from alvh_trader.sim.model import OrderLeg, SimOrder
from alvh_trader.wire import order_reply as wire
from alvh_trader.wire import request
from tests.gateway.peer import Peer, errors, floor, kinds, only, order, vix_call

WITH_MASTER = ApiSettings(master_client_id=9)


def manual(on: Floor) -> SimOrder:
    """Return an order as a person enters it on the trader's own screen."""
    leg = OrderLeg(con_id=vix_call(on.exchange).con_id, ratio=1, action="BUY")
    return SimOrder(
        perm_id=0, client_id=0, order_id=0, account=on.account_id, symbol="VIX",
        sec_type="OPT", action="BUY", quantity=2, order_type="LMT",
        limit=Decimal("0.05"), tif="DAY", order_ref="", legs=(leg,),
    )  # fmt: skip


def test_the_master_hears_of_every_order_under_its_own_numbers() -> None:
    on = floor(settings=WITH_MASTER)
    trader, master, other = Peer(on, 1), Peer(on, 9), Peer(on, 2)
    call = vix_call(on.exchange)
    placed = trader.ask(order(call.con_id, 1, "0.05"))
    assert master.hear() == placed
    assert other.hear() == []
    cancelled = trader.ask(request.CancelOrder(1))
    assert master.hear() == cancelled
    assert errors(cancelled) == [(1, 202)]


def test_the_master_hears_of_its_own_order_once() -> None:
    on = floor(settings=WITH_MASTER)
    master = Peer(on, 9)
    heard = master.ask(order(vix_call(on.exchange).con_id, 1, "0.05"))
    assert kinds(heard) == ["OpenOrder", "OrderStatus"]


def test_the_master_does_not_hear_of_refusals() -> None:
    on = floor(settings=WITH_MASTER)
    trader, master = Peer(on, 1), Peer(on, 9)
    refused = trader.ask(order(vix_call(on.exchange).con_id, 1, "0.05", quantity=0))
    assert errors(refused) == [(1, 434)]
    assert master.hear() == []


def test_a_client_that_cancels_anothers_order_is_told_under_its_own_number() -> None:
    on = floor()
    trader, canceller = Peer(on, 1), Peer(on, 2)
    trader.ask(order(vix_call(on.exchange).con_id, 7, "0.05"))
    canceller.ask(request.RequestAllOpenOrders())
    told = canceller.ask(request.CancelOrder(7))
    assert [it.client_id for it in only(wire.OrderStatus, told)] == [2]
    assert [it.client_id for it in only(wire.OrderStatus, trader.hear())] == [1]


def test_orders_of_the_screen_are_nobodys_until_client_0_binds_them() -> None:
    on = floor()
    zero, other = Peer(on, 0), Peer(on, 1)
    on.submit(manual(on))
    assert zero.hear() == other.hear() == []
    (shown,) = only(wire.OpenOrder, other.ask(request.RequestAllOpenOrders()))
    assert (shown.order_id, shown.client_id) == (0, 0)
    assert other.ask(request.RequestOpenOrders()) == [wire.OpenOrderEnd()]
    assert errors(other.ask(request.RequestAutoOpenOrders(bind=True))) == [(-1, 327)]


def test_asking_for_its_orders_binds_them_to_client_0_which_can_cancel_them() -> None:
    on = floor()
    zero = Peer(on, 0)
    on.submit(manual(on))
    heard = zero.ask(request.RequestOpenOrders())
    perm_id = on.exchange.open_orders()[0].perm_id
    assert heard[0] == wire.OrderBound(perm_id, 0, -1)
    assert [it.order_id for it in only(wire.OpenOrder, heard)] == [-1]
    assert kinds(zero.ask(request.RequestOpenOrders())) == [
        "OpenOrder", "OrderStatus", "OpenOrderEnd",
    ]  # fmt: skip
    told = zero.ask(request.CancelOrder(-1))
    assert errors(told) == [(-1, 202)]
    assert on.exchange.open_orders() == ()


def test_new_orders_of_the_screen_come_to_client_0_that_asked_for_them() -> None:
    on = floor()
    zero = Peer(on, 0)
    assert zero.ask(request.RequestAutoOpenOrders(bind=True)) == []
    on.submit(manual(on))
    on.submit(replace(manual(on), quantity=3))
    heard = zero.hear()
    assert kinds(heard) == ["OrderBound", "OpenOrder", "OrderStatus"] * 2
    assert [it.order_id for it in only(wire.OpenOrder, heard)] == [-1, -2]
    zero.ask(request.RequestAutoOpenOrders(bind=False))
    on.submit(manual(on))
    assert zero.hear() == []
