"""The life of orders, as a client sees it."""

from decimal import Decimal
from typing import Any

import pytest
from msgspec import structs

from alvh_trader.gateway.floor import Floor
from alvh_trader.gateway.listing_reply import COMBO_CON_ID
from alvh_trader.sim.model import Listing
from alvh_trader.wire import account_reply as account
from alvh_trader.wire import order_reply as wire
from alvh_trader.wire import request
from alvh_trader.wire.contract import ContractSpec
from alvh_trader.wire.order_request import Condition, PlaceOrder, Scale
from tests.gateway.peer import (
    Peer,
    combo,
    errors,
    floor,
    kinds,
    only,
    order,
    spx_puts,
    until_filled,
    vix_call,
)


def statuses(messages: list) -> list[str]:  # type: ignore[type-arg]
    return [it.status for it in only(wire.OrderStatus, messages)]


def setting() -> tuple[Floor, Peer, Listing]:
    on = floor()
    return on, Peer(on), vix_call(on.exchange)


def ask_price(on: Floor, listing: Listing) -> str:
    ask = on.exchange.tops([listing.con_id])[0].ask
    assert ask is not None
    return str(ask)


def test_a_limit_order_is_acknowledged_and_does_not_fill_at_once() -> None:
    _, peer, call = setting()
    heard = peer.ask(order(call.con_id, 1, "0.05", ref="r1"))
    assert kinds(heard) == ["OpenOrder", "OrderStatus"]
    shown, status = heard
    assert isinstance(shown, wire.OpenOrder)
    assert isinstance(status, wire.OrderStatus)
    assert (shown.order_id, shown.order_ref, shown.limit) == (1, "r1", 0.05)
    assert shown.shares_allocation == f"{shown.perm_id}.0/{peer.floor.account_id}/100"
    assert (status.status, status.remaining) == ("Submitted", 1)


def test_a_fill_is_told_in_the_recorded_order() -> None:
    on, peer, call = setting()
    peer.ask(order(call.con_id, 1, ask_price(on, call), quantity=1))
    heard = list(until_filled(peer))
    told = [name for name in kinds(heard) if name != "CurrentTime"]
    start = told.index("ExecutionData")
    assert told[start : start + 6] == [
        "ExecutionData", "OpenOrder", "OrderStatus", "OpenOrder", "OrderStatus",
        "CommissionReport",
    ]  # fmt: skip
    shown = only(wire.OpenOrder, heard)
    assert [it.commission for it in shown] == [None, 1.0]
    (trade,) = only(wire.ExecutionData, heard)
    assert (trade.req_id, trade.side, trade.contract.con_id) == (-1, "BOT", call.con_id)
    assert trade.time.endswith(" US/Central")


@pytest.mark.parametrize(
    ("wanted", "venue"),
    [
        ({"symbol": "SPY", "sec_type": "STK"}, "ARCA"),
        ({"symbol": "SPY", "sec_type": "OPT", "strike": 280.0}, "CBOE"),
        ({"symbol": "XSP", "sec_type": "OPT", "strike": 280.0}, "CBOE"),
        ({"symbol": "SPX", "sec_type": "OPT", "strike": 2800.0}, "CBOE"),
        ({"symbol": "VIX", "sec_type": "OPT", "strike": 15.0}, "CBOE"),
        ({"symbol": "VIX", "sec_type": "FUT"}, "CFE"),
        ({"symbol": "VXM", "sec_type": "FUT"}, "CFE"),
    ],
)
def test_every_kind_of_product_trades_and_becomes_a_position(
    wanted: dict[str, Any], venue: str
) -> None:
    on, peer, _ = setting()
    it = on.exchange.find(**wanted)[-1]
    peer.ask(request.RequestPositions())
    peer.ask(order(it.con_id, 1, None))
    heard = list(until_filled(peer))
    (trade,) = only(wire.ExecutionData, heard)
    assert (trade.contract.con_id, trade.exchange) == (it.con_id, venue)
    (held,) = only(account.Position, heard)
    assert (held.contract.con_id, held.position) == (it.con_id, 1)
    answer = peer.ask(request.RequestAccountUpdates(subscribe=True, account=""))
    rows = only(account.PortfolioValue, answer)
    assert [row.primary_exchange for row in rows if row.con_id == it.con_id] == [venue]


def test_a_partial_fill_leaves_the_order_submitted() -> None:
    on, peer, call = setting()
    top = on.exchange.tops([call.con_id])[0]
    assert top.ask is not None
    quantity = 3 * top.ask_size
    peer.ask(order(call.con_id, 1, str(int(top.ask) + 2), quantity=quantity))
    heard = peer.pulse()
    (status,) = only(wire.OrderStatus, heard)
    assert status.status == "Submitted"
    assert 0 < status.filled < quantity
    assert float(status.filled) + float(status.remaining) == quantity
    assert len(only(wire.CommissionReport, heard)) == 1


def test_a_combo_trades_in_a_summary_and_one_row_for_each_leg() -> None:
    on, peer, _ = setting()
    upper, lower = spx_puts(on.exchange)
    legs = ((upper.con_id, "BUY"), (lower.con_id, "SELL"))
    heard = peer.ask(combo(legs, 1, None, ref="c1"))
    (shown,) = only(wire.OpenOrder, heard)
    assert shown.contract.con_id == COMBO_CON_ID
    assert shown.contract.right == "?"
    assert shown.legs_description == f"{upper.con_id}|1,{lower.con_id}|-1"
    assert [leg.con_id for leg in shown.legs] == [upper.con_id, lower.con_id]
    heard = list(until_filled(peer))
    rows = only(wire.ExecutionData, heard)
    summary = next(row for row in rows if row.contract.sec_type == "BAG")
    parts = {row.contract.con_id: row for row in rows if row is not summary}
    assert set(parts) == {upper.con_id, lower.con_id}
    net = float(parts[upper.con_id].price) - float(parts[lower.con_id].price)
    assert net == pytest.approx(float(summary.price))
    assert parts[lower.con_id].side == "SLD"
    reported = {it.exec_id for it in only(wire.CommissionReport, heard)}
    assert reported == {row.exec_id for row in parts.values()}


def test_a_modification_keeps_the_permanent_id() -> None:
    _, peer, call = setting()
    (first, _) = peer.ask(order(call.con_id, 1, "0.05"))
    heard = peer.ask(order(call.con_id, 1, "0.06", quantity=3))
    (changed,) = only(wire.OpenOrder, heard)
    assert isinstance(first, wire.OpenOrder)
    assert changed.perm_id == first.perm_id
    assert (changed.limit, changed.quantity) == (0.06, 3)
    assert ".1/" in changed.shares_allocation


def test_a_cancel_is_a_status_and_a_202() -> None:
    _, peer, call = setting()
    peer.ask(order(call.con_id, 1, "0.05"))
    heard = peer.ask(request.CancelOrder(1))
    assert kinds(heard) == ["OrderStatus", "Error"]
    assert statuses(heard) == ["Cancelled"]
    assert errors(heard) == [(1, 202)]


def test_what_cannot_be_cancelled_says_why() -> None:
    on, peer, call = setting()
    assert errors(peer.ask(request.CancelOrder(99))) == [(99, 10147)]
    peer.ask(order(call.con_id, 1, ask_price(on, call)))
    list(until_filled(peer))
    assert errors(peer.ask(request.CancelOrder(1))) == [(1, 10148)]


def test_a_filled_order_cannot_be_modified() -> None:
    on, peer, call = setting()
    peer.ask(order(call.con_id, 1, ask_price(on, call)))
    list(until_filled(peer))
    assert errors(peer.ask(order(call.con_id, 1, "0.05"))) == [(1, 104)]


def test_an_order_number_is_used_once() -> None:
    _, peer, call = setting()
    peer.ask(order(call.con_id, 5, "0.05"))
    peer.ask(request.CancelOrder(5))
    assert errors(peer.ask(order(call.con_id, 5, "0.05"))) == [(5, 103)]
    assert errors(peer.ask(order(call.con_id, 4, "0.05"))) == [(4, 103)]
    assert peer.ask(request.RequestIds(1))[0].order_id == 6  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"order_type": "FEELINGS"}, 321),
        ({"order_type": "REL"}, 387),
        ({"order_type": "MOC"}, 387),
        ({"order_type": "STP"}, 403),
        ({"order_type": "STP", "aux_price": Decimal("3.07")}, 110),
        ({"order_type": "TRAIL"}, 158),
        ({"order_type": "TRAIL", "trailing_percent": Decimal(101)}, 159),
        ({"order_type": "STP", "trigger_method": 5, "aux_price": Decimal(1)}, 146),
        ({"tif": "GTD"}, 334),
        ({"tif": "GTD", "good_till": "tomorrow"}, 337),
        ({"tif": "WEEK"}, 10052),
        ({"tif": "AUC"}, 201),
        ({"parent_id": 77}, 135),
        ({"hidden": True}, 152),
        ({"discretionary_amount": "0.05"}, 325),
        ({"trigger_price": "1.5"}, 361),
        ({"conditions": (Condition(kind=3, conjunction="a", is_more="1"),)}, 402),
        ({"scale_price_increment": 0.1, "scale": Scale(*[""] * 7)}, 408),
        ({"algo_strategy": "Adaptive"}, 442),
        ({"hedge_type": "D"}, 10007),
        ({"display_size": "1"}, 10255),
        ({"min_quantity": "1"}, 10256),
        ({"all_or_none": True}, 10257),
        ({"action": "HOLD"}, 321),
        ({"quantity": 0}, 434),
        ({"quantity": 1.5}, 10318),
        ({"limit": None}, 321),
        ({"limit": Decimal("3.07")}, 110),
        ({"contract": ContractSpec(con_id=1)}, 200),
        ({"contract": ContractSpec(symbol="SPX", sec_type="OPT")}, 200),
        ({"contract": ContractSpec(symbol="SPX", sec_type="BAG")}, 321),
        ({"e_trade_only": True}, 10268),
    ],
)
def test_an_order_that_cannot_be_taken_is_refused(
    changes: dict[str, object], code: int
) -> None:
    _, peer, call = setting()
    asked = structs.replace(order(call.con_id, 1, "0.05"), **changes)
    assert errors(peer.ask(asked)) == [(1, code)]
    assert peer.ask(request.RequestOpenOrders()) == [wire.OpenOrderEnd()]


@pytest.mark.parametrize("unset", ["", "0", "0.0", "2147483647"])
def test_attributes_that_a_client_leaves_unset_are_no_attributes(unset: str) -> None:
    _, peer, call = setting()
    asked = structs.replace(
        order(call.con_id, 1, "0.05"), display_size=unset, min_quantity=unset,
        discretionary_amount=unset, trigger_price="1.7976931348623157E308",
    )  # fmt: skip
    assert errors(peer.ask(asked)) == []


def test_an_index_cannot_be_bought() -> None:
    _, peer, _ = setting()
    assert errors(peer.ask(order(416904, 1, "2800"))) == [(1, 200)]


def test_another_contract_under_the_same_number_is_refused() -> None:
    on, peer, call = setting()
    peer.ask(order(call.con_id, 1, "0.05"))
    other = vix_call(on.exchange, 20.0)
    assert errors(peer.ask(order(other.con_id, 1, "0.05"))) == [(1, 105)]


def test_noise_behind_the_last_digit_of_a_price_is_forgiven() -> None:
    _, peer, call = setting()
    asked = order(call.con_id, 1, "0.15000000000000002")
    (shown,) = only(wire.OpenOrder, peer.ask(asked))
    assert shown.limit == 0.15


def test_a_trial_tells_margins_and_leaves_no_trace() -> None:
    on, peer, call = setting()
    heard = peer.ask(order(call.con_id, 1, "2.00", what_if=True))
    (shown,) = only(wire.OpenOrder, heard)
    assert kinds(heard) == ["OpenOrder"]
    assert shown.what_if
    margins = shown.margins
    assert margins.equity_after is not None
    assert margins.equity_before is not None
    assert margins.equity_change == pytest.approx(
        float(margins.equity_after) - float(margins.equity_before)
    )
    assert shown.commission == 1.0
    assert shown.commission_currency == "USD"
    assert on.exchange.open_orders() == ()
    assert peer.ask(request.RequestIds(1))[0].order_id == 1  # type: ignore[attr-defined]


def test_an_order_that_is_not_transmitted_is_nobody_elses_business() -> None:
    on, peer, call = setting()
    assert peer.ask(order(call.con_id, 1, "0.05", transmit=False)) == []
    assert on.exchange.open_orders() == ()
    heard = peer.ask(order(call.con_id, 1, "0.05"))
    assert kinds(heard) == ["OpenOrder", "OrderStatus"]
    peer.ask(order(call.con_id, 2, "0.05", transmit=False))
    assert errors(peer.ask(request.CancelOrder(2))) == [(2, 202)]


def test_open_orders_are_the_clients_own_and_all_are_everybodys() -> None:
    on, peer, call = setting()
    other = Peer(on, 2)
    peer.ask(order(call.con_id, 1, "0.05"))
    assert other.ask(request.RequestOpenOrders()) == [wire.OpenOrderEnd()]
    heard = other.ask(request.RequestAllOpenOrders())
    (shown,) = only(wire.OpenOrder, heard)
    assert (shown.client_id, shown.order_id) == (1, 1)


def test_another_clients_order_can_be_cancelled_once_it_was_shown() -> None:
    on, peer, call = setting()
    other = Peer(on, 2)
    peer.ask(order(call.con_id, 9, "0.05"))
    assert errors(other.ask(request.CancelOrder(9))) == [(9, 10147)]
    other.ask(request.RequestAllOpenOrders())
    heard = other.ask(request.CancelOrder(9))
    (status,) = only(wire.OrderStatus, heard)
    # As recorded: the canceller is told under its own client number.
    assert (status.status, status.client_id) == ("Cancelled", 2)
    (told,) = only(wire.OrderStatus, peer.hear())
    assert (told.status, told.client_id) == ("Cancelled", 1)


def test_a_global_cancel_reaches_every_clients_orders() -> None:
    on, peer, call = setting()
    other = Peer(on, 2)
    peer.ask(order(call.con_id, 1, "0.05"))
    other.ask(order(call.con_id, 1, "0.06"))
    other.ask(request.RequestGlobalCancel())
    assert on.exchange.open_orders() == ()
    assert statuses(peer.hear()) == ["Cancelled"]


def test_an_order_outlives_its_client_and_is_found_on_return() -> None:
    on, peer, call = setting()
    peer.ask(order(call.con_id, 1, "0.05", ref="still here"))
    peer.session.close()
    again = Peer(on, 1)
    (shown,) = only(wire.OpenOrder, again.ask(request.RequestOpenOrders()))
    assert shown.order_ref == "still here"
    assert statuses(again.ask(request.CancelOrder(1))) == ["Cancelled"]


def test_a_fill_while_away_is_found_in_the_executions() -> None:
    on, peer, call = setting()
    peer.ask(order(call.con_id, 1, ask_price(on, call), ref="away"))
    peer.session.close()
    watcher = Peer(on, 2)
    for _ in range(200):
        watcher.pulse()
        if on.exchange.executions():
            break
    again = Peer(on, 1)
    heard = again.ask(request.RequestExecutions(req_id=8))
    assert kinds(heard) == ["ExecutionData", "CommissionReport", "ExecutionDataEnd"]
    (row,) = only(wire.ExecutionData, heard)
    assert (row.req_id, row.order_ref) == (8, "away")


def test_the_filter_of_executions_is_obeyed() -> None:
    on, peer, call = setting()
    peer.ask(order(call.con_id, 1, ask_price(on, call)))
    list(until_filled(peer))

    def found(**parts: object) -> int:
        asked = request.RequestExecutions(req_id=8, **parts)  # type: ignore[arg-type]
        return len(only(wire.ExecutionData, peer.ask(asked)))

    assert found() == found(client_id=1, symbol="VIX", side="BUY", sec_type="OPT") == 1
    assert found(client_id=2) == found(symbol="SPX") == found(side="SELL") == 0
    assert found(time="20180122-14:00:00") == 1
    assert found(time="20180122 16:00:00 US/Eastern") == 0
    heard = peer.ask(request.RequestExecutions(req_id=8, time="yesterday"))
    assert errors(heard) == [(8, 321)]


def test_orders_that_ended_today_are_listed_with_how_they_ended() -> None:
    on, peer, call = setting()
    peer.ask(order(call.con_id, 1, ask_price(on, call), ref="done"))
    list(until_filled(peer))
    peer.ask(order(call.con_id, 2, "0.05"))
    peer.ask(request.CancelOrder(2))
    heard = peer.ask(request.RequestCompletedOrders(api_only=False))
    assert heard[-1] == wire.CompletedOrdersEnd()
    done, ended = only(wire.CompletedOrder, heard)
    assert (done.completed_status, done.filled, done.quantity) == (
        "Filled Size: 1",
        1,
        0,
    )
    assert (ended.completed_status, ended.status) == (
        "Cancelled by Trader",
        "Cancelled",
    )


def test_only_client_0_may_bind_orders() -> None:
    on, peer, _ = setting()
    asked = request.RequestAutoOpenOrders(bind=True)
    assert errors(peer.ask(asked)) == [(-1, 327)]
    assert Peer(on, 0).ask(asked) == []


def test_a_day_order_ends_with_the_day() -> None:
    on, peer, call = setting()
    peer.ask(order(call.con_id, 1, "0.05"))
    day = on.exchange.session_day
    heard: list = []  # type: ignore[type-arg]
    while on.exchange.session_day == day:
        heard += peer.pulse()
    assert (1, 202) in errors(heard)
    assert isinstance(order(call.con_id, 1, None), PlaceOrder)
