"""What the gateway says has, field by field, the form of what real gateways say.

`tests/wire/test_recordings.py` proves the layout; this proves the content: every
field of a message that this gateway sends is empty, a whole number, a decimal, a
sentinel, a date, a time or a word where the recordings have one. Where it must
differ, the reason stands in `KNOWN`.
"""

from collections import defaultdict

import pytest
from msgspec import Struct

from alvh_trader.wire import market_request, request
from alvh_trader.wire.contract import ContractSpec
from tests.gateway.peer import (
    Peer,
    combo,
    floor,
    order,
    spx_puts,
    until_filled,
    vix_call,
)
from tests.gateway.recorded_forms import KNOWN, UNRECORDED, forms, recorded_forms

VERSION = 176


def conversation(peer: Peer) -> list[Struct]:
    """Return what the gateway says in a conversation that touches everything."""
    on = peer.floor
    call, (upper, lower) = vix_call(on.exchange), spx_puts(on.exchange)
    spx = ContractSpec(con_id=416904)
    option = ContractSpec(con_id=call.con_id, exchange="SMART")
    future = ContractSpec(
        symbol="VIX", sec_type="FUT", expiry="201802", trading_class="VX"
    )
    chain = request.RequestOptionParameters(3, "SPX", "", "IND", 416904)
    history = market_request.RequestHistoricalData
    legs = ((upper.con_id, "BUY"), (lower.con_id, "SELL"))
    said = list(peer.greeting)
    for asked in (
        request.RequestContractDetails(req_id=1, contract=spx),
        request.RequestContractDetails(req_id=2, contract=option),
        request.RequestContractDetails(
            req_id=2, contract=ContractSpec(symbol="VIX", sec_type="FUT")
        ),
        chain,
        request.RequestMatchingSymbols(4, "VIX"),
        market_request.RequestMarketData(req_id=5, contract=spx),
        market_request.RequestMarketData(req_id=6, contract=option),
        market_request.RequestMarketData(req_id=7, contract=option, snapshot=True),
        market_request.RequestTickByTick(req_id=8, contract=future, kind="BidAsk"),
        market_request.RequestTickByTick(req_id=9, contract=future, kind="MidPoint"),
        market_request.RequestRealTimeBars(req_id=10, contract=spx),
        history(req_id=11, contract=spx, duration="5 D"),
        history(req_id=12, contract=spx, duration="5 D", bar_size="1 hour"),
        history(req_id=13, contract=spx, duration="5 D", what="SCHEDULE"),
        market_request.RequestHeadTimestamp(req_id=14, contract=spx),
        market_request.RequestHistoricalTicks(
            req_id=20, contract=spx, end="20180119-20:00:00", count=10
        ),
        market_request.RequestMarketData(
            req_id=21, contract=option, generic_ticks="100,101,106,233"
        ),
        market_request.RequestOptionPrice(
            req_id=22, contract=option, volatility=0.3, underlying_price=11.0
        ),
        request.RequestAccountUpdates(subscribe=True, account=""),
        request.RequestAccountUpdatesMulti(15, "", "", ledger_only=False),
        request.RequestAccountSummary(16, "All", "NetLiquidation,BuyingPower"),
        request.RequestPositions(),
        request.RequestPnl(17, "", ""),
        request.RequestSoftDollarTiers(18),
        order(call.con_id, 1, "0.05", quantity=2),
        order(call.con_id, 1, "20", quantity=2),
        order(call.con_id, 2, "0.05"),
        request.CancelOrder(2),
        combo(legs, 3, None),
    ):
        said += peer.ask(asked)
    said += until_filled(peer)
    said += peer.ask(request.RequestAllOpenOrders())
    said += peer.ask(request.RequestCompletedOrders(api_only=False))
    said += peer.ask(request.RequestExecutions(req_id=19))
    return said


@pytest.fixture(scope="module")
def spoken() -> dict[type[Struct], dict[str, set[str]]]:
    found: dict[type[Struct], dict[str, set[str]]] = defaultdict(
        lambda: defaultdict(set)
    )
    for message in conversation(Peer(floor())):
        for name, seen in forms(message, VERSION).items():
            found[type(message)][name] |= seen
    return found


def test_the_conversation_holds_every_message_that_was_recorded(
    spoken: dict[type[Struct], dict[str, set[str]]],
) -> None:
    never_sent = {
        "ScannerData", "DepthLevel", "HistoricalNews", "NewsProviders", "PastTicks",
        "PastQuotes",
    }  # fmt: skip
    missing = {kind.__name__ for kind in recorded_forms()} - {
        kind.__name__ for kind in spoken
    }
    ends = {kind.__name__ for kind in recorded_forms() if not kind.__struct_fields__}
    assert missing - never_sent - ends == set()


def test_every_field_has_a_recorded_form(
    spoken: dict[type[Struct], dict[str, set[str]]],
) -> None:
    strange = {
        f"{kind.__name__}.{name}": (sorted(seen - real[name]), sorted(real[name]))
        for kind, real in recorded_forms().items()
        for name, seen in spoken.get(kind, {}).items()
        if not UNRECORDED & {*name.split(".")} and seen - real[name]
    }
    assert set(strange) == set(KNOWN), strange
