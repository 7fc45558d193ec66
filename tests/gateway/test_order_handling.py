"""Stops, dates, families, and what a person set in the gateway, as a client sees it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from msgspec import structs

from alvh_trader.gateway.api_settings import ApiSettings, Precautions
from alvh_trader.gateway.floor import Floor
from alvh_trader.sim.exchange import Exchange
from alvh_trader.sim.model import Listing
from alvh_trader.wire import order_reply as wire
from alvh_trader.wire import request
from alvh_trader.wire.account_reply import Error
from alvh_trader.wire.contract import ContractSpec, TagValue
from alvh_trader.wire.order_request import PlaceOrder
from tests.gateway.peer import (
    Peer,
    combo,
    errors,
    floor,
    kinds,
    market,
    only,
    order,
    spx_puts,
    until_filled,
    vix_call,
)

NIGHT = datetime(2018, 1, 22, 21, 15, tzinfo=UTC)


def setting() -> tuple[Floor, Peer, Listing]:
    on = floor()
    return on, Peer(on), vix_call(on.exchange)


def under(**settings: object) -> tuple[Peer, Listing]:
    """Return a client of a gateway that somebody configured."""
    on = Floor(Exchange(market(), 1), settings=ApiSettings(**settings))  # type: ignore[arg-type]
    on.is_lockstep = True
    return Peer(on), vix_call(on.exchange)


def asked(call: Listing, order_id: int, **changes: object) -> PlaceOrder:
    return structs.replace(order(call.con_id, order_id, None), **changes)


def shown(messages: list) -> list[tuple[int, str, str]]:  # type: ignore[type-arg]
    return [
        (it.order_id, it.status, it.why_held) for it in only(wire.OrderStatus, messages)
    ]


# ----------------------------------------------------------------------- forms ---


def test_a_stop_is_shown_as_a_gateway_shows_it() -> None:
    _, peer, call = setting()
    stop = asked(call, 1, order_type="STP", aux_price=Decimal("1.5"), action="SELL")
    heard = peer.ask(stop)
    (it,) = only(wire.OpenOrder, heard)
    assert (it.order_type, it.limit, it.aux_price) == ("STP", 0, 1.5)
    assert it.trail_stop == 1.5
    assert shown(heard) == [(1, "PreSubmitted", "trigger")]


def test_a_trailing_limit_is_shown_as_a_gateway_shows_it() -> None:
    _, peer, call = setting()
    trail = asked(
        call, 1, order_type="TRAIL LIMIT", action="SELL", aux_price=Decimal("0.10"),
        trail_stop_price=Decimal("0.30"), limit_offset=Decimal("0.05"),
    )  # fmt: skip
    (it,) = only(wire.OpenOrder, peer.ask(trail))
    assert (it.aux_price, it.trail_stop, it.limit_offset) == (0.1, 0.3, 0.05)


def test_a_trailing_limit_may_name_its_limit_in_place_of_an_offset() -> None:
    _, peer, call = setting()
    trail = asked(
        call, 1, order_type="TRAIL LIMIT", action="BUY", trailing_percent=Decimal(2),
        trail_stop_price=Decimal("9.00"), limit=Decimal("9.20"),
    )  # fmt: skip
    (it,) = only(wire.OpenOrder, peer.ask(trail))
    assert (it.trailing_percent, it.limit_offset, it.limit) == ("2", 0.2, 9.2)


def test_dates_come_back_in_the_zone_of_the_instrument() -> None:
    _, peer, call = setting()
    dated = asked(
        call, 1, tif="GTD", good_till="20180124-20:00:00",
        good_after="20180122 10:00:00 US/Eastern",
    )  # fmt: skip
    heard = peer.ask(dated)
    (it,) = only(wire.OpenOrder, heard)
    assert it.good_till == "20180124 14:00:00 US/Central"
    assert it.good_after == "20180122 09:00:00 US/Central"
    assert errors(heard) == []


def test_a_date_without_a_zone_is_taken_with_a_warning() -> None:
    _, peer, call = setting()
    dated = asked(call, 1, tif="GTD", good_till="20180124 15:00:00")
    heard = peer.ask(dated)
    assert errors(heard) == [(1, 2174)]
    assert only(wire.OpenOrder, heard)[0].good_till == "20180124 14:00:00 US/Central"


def test_outside_regular_hours_is_ignored_where_it_means_nothing() -> None:
    on, peer, call = setting()
    heard = peer.ask(asked(call, 1, outside_regular_hours=True))
    assert errors(heard) == [(1, 2109)]
    assert not only(wire.OpenOrder, heard)[0].outside_regular_hours
    limit = structs.replace(order(call.con_id, 2, "0.05"), outside_regular_hours=True)
    heard = peer.ask(limit)
    assert errors(heard) == []
    assert only(wire.OpenOrder, heard)[0].outside_regular_hours
    upper, lower = spx_puts(on.exchange)
    bag = combo(((upper.con_id, "BUY"), (lower.con_id, "SELL")), 3, "0.05")
    bag = structs.replace(bag, outside_regular_hours=True)
    assert errors(peer.ask(bag)) == [(3, 2109)]


def test_at_night_an_order_is_acknowledged_warned_of_and_acknowledged_again() -> None:
    on, peer, call = setting()
    on.advance(NIGHT)
    heard = peer.ask(order(call.con_id, 1, "0.05"))
    assert kinds(heard) == [
        "OpenOrder", "OrderStatus", "Error", "OpenOrder", "OrderStatus",
    ]  # fmt: skip
    (warning,) = only(Error, heard)
    assert warning.code == 399
    assert warning.text == (
        "Order Message:\nBUY 1 VIX   180418C00015000\nWarning: Your order will not be "
        "placed at the exchange until 2018-01-23 09:30:00 US/Eastern."
    )
    assert shown(heard) == [(1, "PreSubmitted", "")] * 2


def test_a_refusal_of_the_server_shows_the_order_as_inactive() -> None:
    _, peer, call = setting()
    heard = peer.ask(order(call.con_id, 1, "900.00", quantity=500))
    assert kinds(heard) == ["OpenOrder", "OrderStatus", "Error"]
    assert shown(heard) == [(1, "Inactive", "")]
    assert errors(heard) == [(1, 201)]


# -------------------------------------------------------------------- families ---


def bracket(call: Listing, **last: object) -> Iterator[PlaceOrder]:
    """Yield a parent and two children; only the last is transmitted."""
    yield asked(call, 1, transmit=False)
    yield asked(
        call, 2, action="SELL", order_type="LMT", limit=Decimal("0.05"), parent_id=1,
        transmit=False,
    )  # fmt: skip
    stop = asked(
        call, 3, action="SELL", order_type="STP", aux_price=Decimal("0.01"), parent_id=1
    )
    yield structs.replace(stop, **last)


def test_a_bracket_goes_out_with_its_last_order_and_lives_as_recorded() -> None:
    _, peer, call = setting()
    parent, profit, stop = bracket(call)
    assert peer.ask(parent) == peer.ask(profit) == []
    heard = peer.ask(stop)
    assert shown(heard) == [
        (1, "Submitted", ""),
        (2, "PreSubmitted", "child"),
        (3, "PreSubmitted", "child,trigger"),
    ]
    first, second, third = only(wire.OpenOrder, heard)
    assert second.oca_group == third.oca_group == str(first.perm_id)
    assert (second.oca_type, second.parent_id) == (3, 1)
    after = [it for _ in range(6) for it in peer.pulse()]
    assert (2, "Filled", "") in shown(after)
    assert shown(after)[-1] == (3, "Cancelled", "")
    assert (3, 202) in errors(after)
    done = {it.order_type: it for it in only(
        wire.CompletedOrder, peer.ask(request.RequestCompletedOrders(api_only=True))
    )}  # fmt: skip
    assert done["STP"].parent_perm_id == first.perm_id


def test_a_trailing_stop_cannot_be_attached_to_a_market_order() -> None:
    _, peer, call = setting()
    parent, profit, trail = bracket(call, order_type="TRAIL", aux_price=Decimal("0.10"))
    peer.ask(parent)
    peer.ask(profit)
    assert errors(peer.ask(trail)) == [(3, 328)]
    heard = peer.ask(request.RequestGlobalCancel())
    assert shown(heard) == [(1, "Cancelled", ""), (2, "Cancelled", "")]
    (why, _) = only(Error, heard)
    assert why.text == "Order Canceled - reason:Order was discarded."


def test_a_parent_that_is_refused_takes_its_children_with_it() -> None:
    on, peer, call = setting()
    parent, *children = bracket(call)
    parent = structs.replace(parent, order_type="LMT", limit=Decimal("3.07"))
    heard = [it for asked in (parent, *children) for it in peer.ask(asked)]
    assert errors(heard) == [(1, 110), (2, 135), (3, 135)]
    assert on.exchange.open_orders() == ()


def test_a_child_can_be_attached_to_an_order_that_works() -> None:
    _, peer, call = setting()
    peer.ask(order(call.con_id, 1, "0.05"))
    child = asked(call, 2, action="SELL", parent_id=1)
    assert shown(peer.ask(child)) == [(2, "PreSubmitted", "child")]
    heard = peer.ask(request.CancelOrder(1))
    assert shown(heard) == [(1, "Cancelled", ""), (2, "Cancelled", "")]
    late = asked(call, 3, action="SELL", parent_id=1)
    assert errors(peer.ask(late)) == [(3, 135)]


def test_a_staged_order_may_be_changed_before_it_is_sent() -> None:
    on, peer, call = setting()
    peer.ask(asked(call, 1, transmit=False, quantity=9))
    peer.ask(asked(call, 1, quantity=2))
    (it,) = on.exchange.open_orders()
    assert it.quantity == 2


def test_orders_of_a_group_are_shown_with_it_and_end_each_other() -> None:
    _, peer, call = setting()
    group = {"oca_group": "one of us", "oca_type": 1}
    peer.ask(structs.replace(order(call.con_id, 1, "0.05"), **group))
    heard = peer.ask(asked(call, 2, **group))
    (it,) = only(wire.OpenOrder, heard)
    assert (it.oca_group, it.oca_type) == ("one of us", 1)
    after = list(until_filled(peer))
    assert (1, "Cancelled", "") in shown(after)


# --------------------------------------------------------- modify and cancel ---


def test_a_limit_order_may_become_a_market_order_and_nothing_else() -> None:
    _, peer, call = setting()
    peer.ask(order(call.con_id, 1, "0.05"))
    stop = asked(call, 1, order_type="STP", aux_price=Decimal(9))
    assert errors(peer.ask(stop)) == [(1, 329)]
    heard = peer.ask(asked(call, 1))
    assert [it.order_type for it in only(wire.OpenOrder, heard)] == ["MKT"]


def test_a_modification_of_a_stop_moves_it() -> None:
    _, peer, call = setting()
    peer.ask(asked(call, 1, order_type="STP", aux_price=Decimal(9)))
    heard = peer.ask(asked(call, 1, order_type="STP", aux_price=Decimal(8)))
    assert only(wire.OpenOrder, heard)[0].aux_price == 8
    assert shown(heard) == [(1, "PreSubmitted", "trigger")]


def test_another_clients_order_that_has_ended_cannot_be_cancelled() -> None:
    on, peer, call = setting()
    other = Peer(on, 2)
    peer.ask(order(call.con_id, 9, "0.05"))
    other.ask(request.RequestAllOpenOrders())
    peer.ask(request.CancelOrder(9))
    heard = other.ask(request.CancelOrder(9))
    assert [code for _, code in errors(heard)] == [161]


def test_a_combo_that_is_not_guaranteed_says_so() -> None:
    on, peer, _ = setting()
    upper, lower = spx_puts(on.exchange)
    bag = combo(((upper.con_id, "BUY"), (lower.con_id, "SELL")), 1, "0.05")
    bag = structs.replace(bag, routing=(TagValue("NonGuaranteed", "1"),))
    (it,) = only(wire.OpenOrder, peer.ask(bag))
    assert it.routing == (TagValue("NonGuaranteed", "1"),)
    elsewhere = ContractSpec(symbol="SPX", sec_type="BAG", exchange="CBOE")
    directed = structs.replace(bag, order_id=2, contract=elsewhere)
    assert errors(peer.ask(directed)) == [(2, 321)]


def test_legs_may_have_prices_if_there_are_two_and_none_is_guaranteed() -> None:
    on, peer, _ = setting()
    upper, lower = spx_puts(on.exchange)
    bag = combo(((upper.con_id, "BUY"), (lower.con_id, "SELL")), 1, None)
    priced = structs.replace(
        bag, order_type="LMT", leg_prices=(Decimal("0.10"), Decimal("90.00")),
    )  # fmt: skip
    assert errors(peer.ask(priced)) == [(1, 10058)]
    alone = structs.replace(priced, routing=(TagValue("NonGuaranteed", "1"),))
    (it,) = only(wire.OpenOrder, peer.ask(alone))
    assert (it.leg_prices, it.limit, it.trail_stop) == ((0.1, 90.0), 0, None)
    off = structs.replace(
        alone, order_id=2, leg_prices=(Decimal("0.07"), Decimal("90.00"))
    )
    assert errors(peer.ask(off)) == [(2, 110)]


# -------------------------------------------------------------------- settings ---


def test_a_read_only_gateway_takes_no_order_and_shows_none() -> None:
    peer, call = under(is_read_only=True)
    assert errors(peer.ask(order(call.con_id, 1, "0.05"))) == [(1, 321)]
    assert errors(peer.ask(order(call.con_id, 1, "0.05", what_if=True))) == [(1, 321)]
    assert errors(peer.ask(request.CancelOrder(1))) == [(1, 321)]
    for question in (
        request.RequestGlobalCancel(),
        request.RequestOpenOrders(),
        request.RequestCompletedOrders(api_only=False),
    ):
        assert errors(peer.ask(question)) == [(-1, 321)]


def test_a_preset_fills_in_the_time_in_force_and_says_so() -> None:
    peer, call = under(preset_tif="GTC")
    heard = peer.ask(asked(call, 1, tif=""))
    assert only(Error, heard)[0].text == (
        "Order TIF was set to GTC based on order preset."
    )
    assert errors(heard) == [(1, 10349)]
    assert only(wire.OpenOrder, heard)[0].tif == "GTC"
    assert errors(peer.ask(asked(call, 2))) == []


def test_what_the_account_may_not_trade_is_refused() -> None:
    peer, call = under(forbidden=frozenset({"VIX"}))
    assert errors(peer.ask(asked(call, 1))) == [(1, 203)]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"quantity": 21}, 383),
        ({"quantity": 20, "limit": Decimal("0.60")}, 451),
        ({"limit": Decimal("9.00")}, 163),
        ({"limit": Decimal("0.05")}, None),
    ],
)
def test_precautions_hold_back_what_looks_like_a_slip(
    changes: dict[str, object], code: int | None
) -> None:
    limits = Precautions(size=20, value=Decimal(1000), percent=Decimal(10))
    peer, call = under(precautions=limits)
    sent = structs.replace(order(call.con_id, 1, "0.10"), **changes)
    heard = errors(peer.ask(sent))
    assert heard == ([] if code is None else [(1, code)])


def test_ticks_through_the_market_are_counted() -> None:
    limits = Precautions(percent=Decimal(1000), ticks=3)
    peer, call = under(precautions=limits)
    ask = peer.floor.exchange.tops([call.con_id])[0].ask
    assert ask is not None
    near, far = str(ask + Decimal("0.03")), str(ask + Decimal("0.04"))
    fits = structs.replace(order(call.con_id, 1, near), tif="GTC")
    assert errors(peer.ask(fits)) == []
    assert errors(peer.ask(order(call.con_id, 2, far))) == [(2, 382)]
    peer.floor.advance(peer.floor.exchange.now + timedelta(hours=12))
    assert errors(peer.ask(order(call.con_id, 3, "0.10"))) == [(3, 164)]
