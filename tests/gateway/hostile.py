"""A client that means harm: random requests, mangled ones, and bytes that are none.

Everything is drawn from one seed, so that what was found can be told by a number.
"""

from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from itertools import pairwise
from random import Random  # noqa: TID251 - this is where it is seeded
from typing import get_type_hints

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from alvh_trader.gateway.floor import Floor
from alvh_trader.sim.exchange import Exchange
from alvh_trader.wire import codec, market_request, request
from alvh_trader.wire.account_reply import ManagedAccounts
from alvh_trader.wire.contract import ContractSpec
from alvh_trader.wire.frame import FRAME_BYTES_MAX, frame
from alvh_trader.wire.handshake import VERSION_MAX, VERSION_MIN
from alvh_trader.wire.order_request import PlaceOrder
from tests.gateway.peer import Peer, combo, market, order, spx_puts, vix_call

WITNESS = 99
"""The client id of the one that must notice nothing; no hostile client has it."""

TEXTS = (
    "", "0", "1", "-1", "2", "3", "7", "99", "416904", "13455763", "2147483647",
    "2147483648", "-2147483648", "9223372036854775807", "99999999999999999999999",
    "1.7976931348623157E308", "1.7976931348623157e+308", "1E400", "-1E400", "nan",
    "NaN", "inf", "-inf", "Infinity", "Infinite", "0.0", "-0.05", "0.05", "12.5",
    "1e-300", "1.0E5", "0x10", "1_000", "١٢", "²", "true", "None", "?", "SPX", "VIX",
    "SPY", "BAG", "OPT", "FUT", "STK", "CONTFUT", "SMART", "CBOE", "CFE", "USD", "C",
    "P", "BUY", "SELL", "SSHORT", "LMT", "MKT", "STP", "STP LMT", "TRAIL", "MOC",
    "LOC", "MIT", "DAY", "GTC", "GTD", "IOC", "OPG", "FOK", "AUC", "All",
    "20180205", "20180205 10:00:00", "20180205-15:00:00", "20180230 25:61:00",
    "20180205 10:00:00 US/Eastern", "20180205 10:00:00 Mars/Base", "00000000",
    "99999999", "201802", "1 D", "1 Y", "300 S", "999999 Y", "-1 D", "1 min", "1 day",
    "5 secs", "TRADES", "BID", "BID_ASK", "SCHEDULE", "MIDPOINT", "DU1000001",
    "$LEDGER", "$LEDGER:ALL",
    "NetLiquidation,BuyingPower", "100,101,106,233", "\x01", "\U0001f4c9", "a" * 5000,
)  # fmt: skip
"""What stands in the place of a field: words of the protocol, limits, and nonsense."""

_BLANKS = {int: 1, float: 1.0, bool: True}


RARE = frozenset({"49", "87", "99"})
"""Requests that cost as much as a hundred others. One in ten of them stays."""

READ_SHARE = 0.2
"""So many volleys' answers are decoded to the last field."""


def blank(kind: type[Struct]) -> Struct:
    """Return a message of `kind` in which whatever has no default says little."""
    hints = get_type_hints(kind)
    values = {
        it.name: ContractSpec(con_id=416904)
        if hints[it.name] is ContractSpec
        else _BLANKS.get(hints[it.name], "")
        for it in msgspec.structs.fields(kind)
        if it.required
    }
    return kind(**values)


@cache
def _sane_requests() -> tuple[Struct, ...]:
    return tuple(sane_requests(Exchange(market(), 1)))


@cache
def _templates(version: int) -> tuple[list[str], ...]:
    return tuple(codec.fields_of(it, version) for it in _sane_requests())


class Hostility:
    """The frames of a seed: sane requests, most of them mangled, and noise."""

    def __init__(self, seed: int | str) -> None:
        self.random = Random(seed)
        self._order_id = 0

    def payload(self, version: int) -> bytes:
        """Return what stands in one frame."""
        draw = self.random
        if draw.random() < 0.02:
            return draw.randbytes(draw.choice((0, 1, 7, 300)))
        texts = list(draw.choice(_templates(version)))
        if texts[0] in RARE and draw.random() < 0.9:
            texts = list(draw.choice(_templates(version)))
        if texts[0] == "3" and draw.random() < 0.8:
            # Most orders must be new, or they would all be turned down as known.
            self._order_id += 1
            texts[1] = str(self._order_id)
        if draw.random() < 0.05:
            texts[0] = str(draw.randrange(-2, 300))
        for _ in range(draw.choice((0, 0, 1, 1, 2, 5))):
            self._mangle(texts)
        data = "\0".join((*texts, "")).encode("utf-8", "surrogatepass")
        if data and draw.random() < 0.02:
            at = draw.randrange(len(data))
            data = data[:at] + draw.randbytes(1) + data[at + 1 :]
        return data

    def _mangle(self, texts: list[str]) -> None:
        draw = self.random
        at = draw.randrange(1, len(texts)) if len(texts) > 1 else 0
        kind = draw.randrange(12)
        if kind == 0:
            del texts[at:]
        elif kind == 1:
            del texts[at : at + 1]
        elif kind == 2:
            texts.insert(at, draw.choice(TEXTS))
        elif at:
            texts[at] = draw.choice(TEXTS)

    def stream(self, version: int, count: int) -> bytes:
        """Return so many frames as they follow each other on a socket."""
        return b"".join(frame(self.payload(version)) for _ in range(count))

    def cut(self, data: bytes) -> Iterator[bytes]:
        """Return the pieces in which a network might deliver `data`."""
        pieces = self.random.choice((0, 0, 1, 3))
        cuts = sorted(self.random.randrange(len(data) + 1) for _ in range(pieces))
        return (data[a:b] for a, b in pairwise((0, *cuts, len(data))))

    def broken_end(self) -> bytes:
        """Return bytes after which nobody knows where the next frame begins."""
        return self.random.randrange(FRAME_BYTES_MAX + 1, 1 << 32).to_bytes(4, "big")


def sane_requests(exchange: Exchange) -> Iterator[Struct]:
    """Yield one request of each kind, and what makes sense of the common ones."""
    for kind in codec.REQUESTS:
        if kind is not PlaceOrder:
            yield blank(kind)
    call, (upper, lower) = vix_call(exchange), spx_puts(exchange)
    option = ContractSpec(con_id=call.con_id, exchange="SMART")
    legs = ((upper.con_id, "BUY"), (lower.con_id, "SELL"))
    for number, limit in enumerate((None, "0.05", "1.20", "20", "-3.3"), start=1):
        yield order(call.con_id, number, limit, action="BUY")
        yield order(upper.con_id, number + 10, limit, action="SELL")
        yield order(call.con_id, number, limit, what_if=True)
        yield order(call.con_id, number, limit, transmit=False)
        yield combo(legs, number + 20, limit)
    plain = order(call.con_id, 40, "9.00", action="SELL")
    for more in (
        {"order_type": "STP", "aux_price": Decimal("0.05")},
        {"order_type": "STP LMT", "aux_price": Decimal("0.10")},
        {"order_type": "TRAIL", "trail_stop_price": Decimal(1)},
        {"order_type": "TRAIL", "trailing_percent": Decimal(5)},
        {"order_type": "MOC"},
        {"tif": "GTD", "good_till": "20180126 16:00:00 US/Eastern"},
        {"tif": "IOC"},
        {"oca_group": "one", "oca_type": 1},
        {"parent_id": 1},
    ):
        yield replace(plain, **more)
    for req_id in range(1, 5):
        yield request.CancelOrder(req_id)
        yield market_request.RequestMarketData(req_id=req_id, contract=option)
        yield market_request.CancelMarketData(req_id)
        yield market_request.RequestTickByTick(
            req_id=req_id, contract=option, kind="BidAsk"
        )
        yield market_request.RequestHistoricalData(
            req_id=req_id, contract=ContractSpec(con_id=416904), duration="2 D"
        )
    quotes = {"contract": option, "duration": "600 S", "bar_size": "1 min"}
    yield market_request.RequestHistoricalData(req_id=1, what="BID", **quotes)  # type: ignore[arg-type]
    yield market_request.RequestHistoricalTicks(
        req_id=2, contract=option, end="20180119-20:00:00", count=9, what="BID_ASK"
    )
    yield request.RequestContractDetails(req_id=5, contract=option)
    yield request.RequestContractDetails(
        req_id=6, contract=ContractSpec(symbol="VIX", sec_type="FUT")
    )
    yield request.RequestOptionParameters(7, "SPX", "", "IND", 416904)
    yield request.RequestMatchingSymbols(8, "VIX")
    yield request.RequestAccountSummary(9, "All", "NetLiquidation,$LEDGER")
    yield request.RequestAccountUpdates(subscribe=True, account="")


class World:
    """One gateway with a witness; `attack` fires frames at it and looks after him.

    A failure is an exception or an AssertionError.
    """

    def __init__(self, hostility: Hostility) -> None:
        self._hostility = hostility
        self.floor = Floor(Exchange(market(), 1))
        self.floor.is_lockstep = True
        self.witness = Peer(self.floor, WITNESS)
        self._peers: dict[int, Peer] = {}
        self.frames = 0

    def attack(self, count: int) -> None:
        """Let two hostile clients send `count` frames each; some break, some leave."""
        draw = self._hostility.random
        for client_id in (0, 1):
            peer = self._peers.pop(client_id, None) or self._hostile_peer(client_id)
            data = self._hostility.stream(peer.version, count)
            is_read = draw.random() < READ_SHARE
            for piece in self._hostility.cut(data):
                said = peer.raw(piece)
                if is_read:
                    # Whatever comes back is a message of the version spoken.
                    peer.read(said)
            self.frames += count
            fate = draw.random()
            if fate < 0.05:
                peer.raw(self._hostility.broken_end())
                assert peer.session.is_closing
            elif fate < 0.1:
                peer.session.close()
            if not peer.session.is_closing:
                self._peers[client_id] = peer
            assert (client_id in self.floor.clients) is (client_id in self._peers)
        self._look_after_witness()

    def _hostile_peer(self, client_id: int) -> Peer:
        version = self._hostility.random.randrange(VERSION_MIN, VERSION_MAX + 1)
        return Peer(self.floor, client_id, version=version)

    def _look_after_witness(self) -> None:
        if self.floor.is_over:
            return
        heard = self.witness.ask(request.RequestManagedAccounts())
        assert isinstance(heard[-1], ManagedAccounts), heard
        assert not self.witness.session.is_closing
