"""The tables are complete, and every version gate from 157 to 178 is honoured."""

import pytest

from alvh_trader.errors import ProtocolError
from alvh_trader.wire import codec, contract_reply, order_reply, request
from alvh_trader.wire.account_reply import Error
from alvh_trader.wire.contract import ContractSpec, HeldContract, OrderedContract
from alvh_trader.wire.field import join
from alvh_trader.wire.handshake import VERSION_MAX, VERSION_MIN
from alvh_trader.wire.order_request import PlaceOrder

R_ROWS = (
    1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 17, 20, 25, 49, 58, 59, 61, 64, 62, 63, 71,
    76, 77, 78, 91, 92, 93, 94, 95, 97, 98, 99,
)  # fmt: skip

PLAIN = PlaceOrder(order_id=1, contract=ContractSpec(), order_type="LMT")
BEST = PlaceOrder(
    order_id=1, contract=ContractSpec(exchange="IBKRATS"), order_type="PEG BEST"
)
OPEN = order_reply.OpenOrder(
    order_id=1,
    contract=OrderedContract(con_id=1, symbol="SPX", sec_type="OPT"),
    action="BUY", quantity=1, order_type="LMT", account="DU1", client_id=1, perm_id=2,
    shares_allocation="", status="Submitted",
)  # fmt: skip
COMPLETED = order_reply.CompletedOrder(
    contract=OPEN.contract, action="BUY", quantity=1, order_type="LMT", account="DU1",
    perm_id=2, status="Filled", filled=1, completed_time="", completed_status="",
)  # fmt: skip
TRADE = order_reply.ExecutionData(
    req_id=-1, order_id=1,
    contract=HeldContract(con_id=1, symbol="SPX", sec_type="OPT"),
    exec_id="", time="", account="", exchange="", side="BOT", quantity=1, price=1,
    perm_id=1, client_id=1, cumulative=1, average_price=1,
)  # fmt: skip
DETAILS = contract_reply.ContractData(
    req_id=1, symbol="SPX", sec_type="IND", exchange="CBOE", local_symbol="SPX",
    market_name="SPX", trading_class="SPX", con_id=1, min_tick=0.01, order_types="",
    valid_exchanges="CBOE", long_name="",
)  # fmt: skip
ASKED = request.RequestContractDetails(req_id=1, contract=ContractSpec())
SAMPLES = contract_reply.SymbolSamples(
    1,
    (
        contract_reply.SymbolSample(
            con_id=1, symbol="SPX", sec_type="IND", primary_exchange="CBOE",
            currency="USD",
        ),
    ),
)  # fmt: skip


def test_every_request_needed_in_normal_use_is_in_the_table() -> None:
    numbers = {header.number for header in codec.REQUESTS.values()}
    assert set(R_ROWS) <= numbers


@pytest.mark.parametrize("table", [codec.REQUESTS, codec.REPLIES])
def test_no_number_stands_for_two_messages(
    table: dict[type, codec.Header],
) -> None:
    numbers = [header.number for header in table.values()]
    assert len(numbers) == len(set(numbers))


@pytest.mark.parametrize(
    ("message", "gates"),
    [
        (PLAIN, {158: 1, 160: 1, 162: 1, 166: 1, 169: 1, 177: -1}),
        (BEST, {158: 1, 160: 1, 162: 1, 166: 1, 169: 1, 170: 3, 177: -1}),
        (request.CancelOrder(1), {169: 1}),
        (ASKED, {176: 1}),
        (OPEN, {159: 1, 160: 1, 162: 1, 170: 5, 177: -1}),
        (COMPLETED, {170: 5, 177: -1}),
        (TRADE, {178: 1}),
        # 163 brings a suggested size; 164 takes version and multiplier, adds two sizes.
        (DETAILS, {163: 1, 164: 0}),
        (Error(1, 202, ""), {166: 1}),
        (SAMPLES, {176: 2}),
    ],
)
def test_fields_come_and_go_with_their_versions(
    message: object, gates: dict[int, int]
) -> None:
    counts = {
        version: len(codec.fields_of(message, version))  # type: ignore[arg-type]
        for version in range(VERSION_MIN, VERSION_MAX + 1)
    }
    steps = {
        version: counts[version] - counts[version - 1]
        for version in range(VERSION_MIN + 1, VERSION_MAX + 1)
        if counts[version] != counts[version - 1]
    }
    assert steps == {version: step for version, step in gates.items() if step}


def test_the_field_counts_are_those_of_the_protocol() -> None:
    counts = {
        176: (OPEN, 136), 169: (OPEN, 131), 178: (TRADE, 32), 177: (TRADE, 31),
        164: (DETAILS, 40), 165: (Error(1, 2, ""), 5), 166: (Error(1, 2, ""), 6),
    }  # fmt: skip
    for version, (message, count) in counts.items():
        assert len(codec.fields_of(message, version)) == count
    assert len(codec.fields_of(COMPLETED, 169)) == 96
    assert len(codec.fields_of(COMPLETED, 170)) == 101


@pytest.mark.parametrize("version", range(VERSION_MIN, VERSION_MAX + 1))
@pytest.mark.parametrize("message", [PLAIN, BEST, ASKED, request.CancelOrder(7)])
def test_a_request_is_read_as_it_was_written(message: object, version: int) -> None:
    payload = join(codec.fields_of(message, version))  # type: ignore[arg-type]
    read = codec.decode_request(payload, version)
    again = codec.fields_of(read, version)
    assert again == codec.fields_of(message, version)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", "no message number"),
        (b"x\0", "no message number"),
        (b"-1\0", "no message number"),
        (b"999\0", "unknown message number"),
        (b"8\x001\0", "count: the message ends too early"),
        (b"8\x001\0many\0", "count: not a number"),
    ],
)
def test_a_malformed_request_is_refused_with_its_reason(
    payload: bytes, reason: str
) -> None:
    with pytest.raises(ProtocolError, match=reason):
        codec.decode_request(payload, 176)


def test_a_row_count_that_cannot_be_true_is_refused() -> None:
    fields = codec.fields_of(PLAIN, 176)
    fields[4] = "BAG"
    fields.insert(35, "999999999")
    with pytest.raises(ProtocolError, match="legs: not a number of rows"):
        codec.decode_request(join(fields), 176)


def test_fields_behind_the_known_ones_are_ignored() -> None:
    fields = [*codec.fields_of(request.RequestIds(3), 176), "later", "versions"]
    assert codec.decode_request(join(fields), 176) == request.RequestIds(3)
