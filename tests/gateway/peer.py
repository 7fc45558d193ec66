"""A client without a socket: it talks to a session in whole messages."""

from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from typing import TypeVar

from msgspec import Struct

from alvh_trader.gateway.api_settings import DEFAULT_SETTINGS, ApiSettings
from alvh_trader.gateway.floor import Floor
from alvh_trader.gateway.handle_unserved import answer_unserved
from alvh_trader.gateway.handlers import HANDLERS
from alvh_trader.gateway.session import Session
from alvh_trader.sim.exchange import Exchange
from alvh_trader.sim.model import Listing
from alvh_trader.sim.scenario import Scenario, scenario, shared_by
from alvh_trader.wire import codec
from alvh_trader.wire.account_reply import Error
from alvh_trader.wire.contract import ContractSpec, OrderLegSpec
from alvh_trader.wire.frame import FrameReader
from alvh_trader.wire.handshake import Hello, write_hello
from alvh_trader.wire.order_reply import OrderStatus
from alvh_trader.wire.order_request import PlaceOrder
from alvh_trader.wire.request import RequestCurrentTime, StartApi

M = TypeVar("M", bound=Struct)


@cache
def market(name: str = "volmageddon-2018") -> Scenario:
    """Return a scenario, read once for all tests."""
    return scenario(name)


class Audit:
    """Where audit lines go in a test."""

    def __init__(self) -> None:
        self.lines: list[bytes] = []

    def __call__(self, line: bytes) -> None:
        self.lines.append(line)


def floor(
    *,
    seed: int = 1,
    audit: Audit | None = None,
    settings: ApiSettings = DEFAULT_SETTINGS,
    accounts: tuple[str, ...] = (),
) -> Floor:
    """Return a floor in lockstep, on the first opening bell of the scenario."""
    of = shared_by(market(), accounts) if accounts else market()
    it = Floor(Exchange(of, seed), audit, settings)
    it.is_lockstep = True
    return it


class Peer:
    """One client."""

    def __init__(
        self,
        on: Floor,
        client_id: int = 1,
        *,
        version: int = 176,
        start: bool = True,
        options: str = "",
    ) -> None:
        self.floor = on
        self.client_id = client_id
        self.version = version
        self.session = Session(on, HANDLERS, answer_unserved)
        self._reader = FrameReader()
        self.payloads: list[bytes] = []
        """Everything that came back as a whole message, as it stood on the wire."""
        self.welcome = self.raw(write_hello(Hello(157, version, options)))
        self.greeting = self.ask(StartApi(client_id)) if start else []

    def raw(self, data: bytes) -> list[bytes]:
        """Send bytes and return the payloads that come back."""
        self.session.receive(data)
        return list(self._reader.feed(self.session.take_output()))

    def ask(self, message: Struct) -> list[Struct]:
        """Send a message and return what comes back."""
        return self.read(self.raw(codec.encode(message, self.version)))

    def read(self, payloads: list[bytes]) -> list[Struct]:
        """Return payloads as messages."""
        self.payloads += payloads
        return [codec.decode_reply(payload, self.version) for payload in payloads]

    def hear(self) -> list[Struct]:
        """Return what the session has queued without being asked."""
        return self.read(list(self._reader.feed(self.session.take_output())))

    def pulse(self) -> list[Struct]:
        """Ask for the time; in lockstep, time moves."""
        return self.ask(RequestCurrentTime())


def only(kind: type[M], messages: list[Struct]) -> list[M]:
    """Return the messages of one kind."""
    return [it for it in messages if isinstance(it, kind)]


def errors(messages: list[Struct]) -> list[tuple[int, int]]:
    """Return request id and code of each error."""
    return [(it.req_id, it.code) for it in only(Error, messages)]


def kinds(messages: list[Struct]) -> list[str]:
    """Return the names of messages, in order."""
    return [type(it).__name__ for it in messages]


def vix_call(exchange: Exchange, strike: float = 15.0) -> Listing:
    """Return a monthly VIX call about three months out."""
    found = exchange.find(
        symbol="VIX", sec_type="OPT", trading_class="VIX", right="C", strike=strike
    )
    return found[2]


def spx_puts(exchange: Exchange) -> tuple[Listing, Listing]:
    """Return two SPXW puts of one expiry, 25 points apart."""
    expiries = exchange.find(
        symbol="SPX", sec_type="OPT", trading_class="SPXW", right="P", strike=2700.0
    )
    upper = expiries[12]
    assert upper.last_trade is not None
    (lower,) = exchange.find(
        symbol="SPX", sec_type="OPT", trading_class="SPXW", right="P", strike=2675.0,
        month_or_day=f"{upper.last_trade:%Y%m%d}",
    )  # fmt: skip
    return upper, lower


def order(
    con_id: int, order_id: int, limit: str | None, *, action: str = "BUY",
    quantity: int = 1, ref: str = "", what_if: bool = False, transmit: bool = True,
    account: str = "",
) -> PlaceOrder:  # fmt: skip
    """Return an order for one contract; no limit makes it a market order."""
    return PlaceOrder(
        order_id=order_id,
        contract=ContractSpec(con_id=con_id, exchange="SMART"),
        action=action,
        quantity=quantity,
        order_type="MKT" if limit is None else "LMT",
        limit=None if limit is None else Decimal(limit),
        tif="DAY",
        account=account,
        order_ref=ref,
        what_if=what_if,
        transmit=transmit,
    )


def combo(
    legs: tuple[tuple[int, str], ...], order_id: int, limit: str | None,
    *, action: str = "BUY", quantity: int = 1, ref: str = "", symbol: str = "SPX",
) -> PlaceOrder:  # fmt: skip
    """Return an order for a combo of one contract each."""
    return PlaceOrder(
        order_id=order_id,
        contract=ContractSpec(symbol=symbol, sec_type="BAG", exchange="SMART"),
        action=action,
        quantity=quantity,
        order_type="MKT" if limit is None else "LMT",
        limit=None if limit is None else Decimal(limit),
        order_ref=ref,
        legs=tuple(
            OrderLegSpec(con_id=con_id, ratio=1, action=side) for con_id, side in legs
        ),
    )


def until_filled(peer: Peer, most: int = 200) -> Iterator[Struct]:
    """Pulse until a filled status comes; yield everything that was heard."""
    for _ in range(most):
        heard = peer.pulse()
        yield from heard
        if any(it.status == "Filled" for it in only(OrderStatus, heard)):
            return
    raise AssertionError("the order did not fill")
