"""Whatever an order says, the gateway answers it, and goes on."""

from decimal import Decimal

from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from msgspec import structs

from alvh_trader.sim.kinds import KINDS, TIMES, UNKNOWN_HERE
from alvh_trader.wire import order_reply as wire
from alvh_trader.wire import request
from alvh_trader.wire.account_reply import Error
from alvh_trader.wire.contract import ContractSpec, OrderLegSpec, TagValue
from alvh_trader.wire.order_request import PlaceOrder
from tests.gateway.peer import Peer, floor, only, order, spx_puts, vix_call

PEGGED = {"PEG BENCH", "PEG BEST", "PEG MID"}
"""Types whose requests have fields of their own."""

FLOOR = floor()
CALL = vix_call(FLOOR.exchange)
UPPER, LOWER = spx_puts(FLOOR.exchange)

prices = st.one_of(
    st.none(),
    st.sampled_from(["0", "0.05", "1.5", "-2", "3.07", "1e-9", "99999999.95"]).map(
        Decimal
    ),
)
dates = st.sampled_from(
    ["", "20180124-20:00:00", "20180124 15:00:00", "99991231 23:59:59 US/Eastern",
     "00010101-00:00:00", "20180101 00:00:00 Asia/Tokyo", "99991231-23:59:59", "never",
     "20180231 10:00:00", "00010101 00:00:00 Asia/Tokyo"]
)  # fmt: skip
single = st.builds(ContractSpec, con_id=st.sampled_from([CALL.con_id, 416904, 5]))
bag = st.just(ContractSpec(symbol="SPX", sec_type="BAG", exchange="SMART"))
legs = st.lists(
    st.builds(
        OrderLegSpec,
        con_id=st.sampled_from([UPPER.con_id, LOWER.con_id, CALL.con_id, 7]),
        ratio=st.integers(-1, 3),
        action=st.sampled_from(["BUY", "SELL", ""]),
    ),
    max_size=3,
).map(tuple)
orders = st.builds(
    PlaceOrder,
    order_id=st.integers(1, 8),
    contract=single | bag,
    action=st.sampled_from(["BUY", "SELL", "SSHORT"]),
    quantity=st.sampled_from(
        [Decimal(q) for q in ("1", "3", "0", "2.5", "1e15", "-1")]
    ),
    order_type=st.sampled_from(
        [*KINDS, *sorted(UNKNOWN_HERE - PEGGED), "FEELINGS", ""]
    ),
    limit=prices,
    aux_price=prices,
    tif=st.sampled_from([*sorted(TIMES), "", "SOON"]),
    oca_group=st.sampled_from(["", "g"]),
    oca_type=st.sampled_from([None, 0, 1, 2, 3, 9]),
    transmit=st.booleans(),
    parent_id=st.integers(0, 9),
    trigger_method=st.sampled_from([0, 1, 2, 3, 4, 5, 7, 8]),
    outside_regular_hours=st.booleans(),
    legs=legs,
    leg_prices=st.lists(prices, max_size=3).map(tuple),
    routing=st.sampled_from([(), (TagValue("NonGuaranteed", "1"),)]),
    good_after=dates,
    good_till=dates,
    trail_stop_price=prices,
    trailing_percent=prices,
    limit_offset=prices,
    what_if=st.booleans(),
)


@settings(max_examples=40, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(st.lists(orders, min_size=1, max_size=5))
def test_every_order_is_answered_and_the_gateway_goes_on(
    made: list[PlaceOrder],
) -> None:
    on = floor()
    peer = Peer(on, 3)
    for asked in made:
        heard = peer.ask(asked)
        if asked.transmit or asked.what_if:
            about = {
                it.req_id if isinstance(it, Error) else it.order_id  # type: ignore[attr-defined]
                for it in heard
            }
            assert about & {asked.order_id, -1}
    for _ in range(3):
        peer.pulse()
    peer.ask(request.RequestOpenOrders())
    peer.ask(request.RequestGlobalCancel())
    assert on.exchange.open_orders() == ()
    plain = structs.replace(order(CALL.con_id, 99, "0.05"))
    (it,) = only(wire.OpenOrder, peer.ask(plain))
    assert it.status == "Submitted"
