"""Bring every stream of a client up to date with the exchange."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Protocol

from msgspec import Struct

from alvh_trader.gateway import account_reply, bar_reply
from alvh_trader.gateway.delayed_line import DelayedLine
from alvh_trader.gateway.floor import Floor
from alvh_trader.gateway.generic_ticks import GenericLine
from alvh_trader.gateway.market_line import MarketLine
from alvh_trader.gateway.moment import Times
from alvh_trader.gateway.streams import Streams, SummaryStream, ValueStream
from alvh_trader.gateway.view import Moved, View
from alvh_trader.sim.model import HoldingValue, Listing, Top
from alvh_trader.wire.account_reply import (
    AccountSummary,
    AccountTime,
    AccountUpdateMulti,
    AccountValue,
    Pnl,
    PnlSingle,
)
from alvh_trader.wire.market_reply import TickByTick


class Subscriber(Protocol):
    """What a session is to its publisher."""

    floor: Floor
    streams: Streams
    times: Times

    @property
    def is_congested(self) -> bool:
        """Whether streams wait."""
        ...

    def send(self, message: Struct) -> None:
        """Queue a message."""
        ...

    def send_frames(self, frames: list[bytes]) -> None:
        """Queue frames that are already encoded."""
        ...


def publish(client: Subscriber, view: View) -> None:
    """Queue what changed. A client that does not read gets no ticks meanwhile.

    Nothing is lost by that: a later tick tells the difference to the last one sent.
    """
    streams = client.streams
    if not client.is_congested:
        for line in streams.lines.values():
            send_line(client, line, view)
        for generic in streams.generics.values():
            send_generics(client, generic, view)
        _send_ticks(client, view)
        _send_bars(client)
    if view.moved:
        _send_positions(client, view.moved)
    if view.is_account_due:
        if streams.account is not None:
            send_account(client, streams.account, view)
        for req_id, stream in streams.account_multi.items():
            send_multi(client, req_id, stream, view)
        for req_id, summary in streams.summaries.items():
            send_summary(client, req_id, summary, view)
    if streams.pnl or streams.pnl_single:
        send_pnl(client, view)


def send_line(client: Subscriber, line: MarketLine | DelayedLine, view: View) -> None:
    """Queue the ticks of one market data line."""
    if line.legs:
        client.send_frames(line.ticks(view.combo_top(line.legs), None, view.now))
    else:
        con_id = line.con_id
        client.send_frames(line.ticks(view.top(con_id), view.greeks(con_id), view.now))


def send_generics(client: Subscriber, line: GenericLine, view: View) -> None:
    """Queue the ticks that a client has asked for by number."""
    for tick in line.ticks(view, client.floor.exchange):
        client.send(tick)


def _send_ticks(client: Subscriber, view: View) -> None:
    for line in client.streams.ticks.values():
        top = view.top(line.con_id)
        if line.is_news(top):
            client.send(_tick(line.req_id, line.kind, int(view.now.timestamp()), top))


def _tick(req_id: int, kind: int, time: int, top: Top) -> TickByTick:
    if kind in (1, 2):
        return TickByTick(
            req_id=req_id, kind=kind, time=time, price=top.last,
            size=top.last_size or 0, exchange="CBOE",
        )  # fmt: skip
    assert top.bid is not None, "a quote without a price is no news"
    assert top.ask is not None, "a quote without a price is no news"
    if kind == 4:
        middle = (top.bid + top.ask) / 2
        return TickByTick(req_id=req_id, kind=kind, time=time, middle=middle)
    return TickByTick(
        req_id=req_id, kind=kind, time=time, bid=top.bid, ask=top.ask,
        bid_size=top.bid_size, ask_size=top.ask_size,
    )  # fmt: skip


def _send_bars(client: Subscriber) -> None:
    exchange = client.floor.exchange
    for req_id, stream in client.streams.bars.items():
        for message in bar_reply.updates(exchange, stream, req_id):
            client.send(message)
    for req_id, stream in client.streams.real_time.items():
        for bar in bar_reply.real_time_bars(exchange, stream, req_id):
            client.send(bar)


def _send_positions(client: Subscriber, moved: Iterable[Moved]) -> None:
    streams = client.streams
    for account, listing, value in moved:
        if streams.positions:
            client.send(account_reply.position(listing, value, account))
        for req_id, of in sorted(streams.positions_multi.items()):
            if of == account:
                client.send(
                    account_reply.position_multi(listing, value, account, req_id)
                )


def send_account(client: Subscriber, stream: ValueStream, view: View) -> None:
    """Queue the account values that changed, the holdings, and the time."""
    account = stream.account
    for key, value, currency in _news(stream, view):
        client.send(AccountValue(key, value, currency, account))
    for listing, holding in holdings(client.floor, view, account):
        client.send(account_reply.portfolio_value(listing, holding, account))
    for of, listing, holding in view.moved:
        if of == account and holding.holding.quantity == 0:
            client.send(account_reply.portfolio_value(listing, holding, account))
    client.send(AccountTime(client.times.clock_text(view.now)))


def holdings(
    floor: Floor, view: View, account: str
) -> Iterator[tuple[Listing, HoldingValue]]:
    """Return what an account holds, with what it is."""
    for value in view.account(account).holdings:
        listing = floor.listing(value.holding.con_id)
        if listing is not None and value.holding.quantity:
            yield listing, value


def send_multi(
    client: Subscriber, req_id: int, stream: ValueStream, view: View
) -> None:
    """Queue the values of one account that changed."""
    for key, value, currency in _news(stream, view):
        client.send(
            AccountUpdateMulti(req_id, stream.account, "", key, value, currency)
        )


def _news(stream: ValueStream, view: View) -> Iterator[tuple[str, str, str]]:
    """Return the values that differ from those last sent, which they then are."""
    for key, value, currency in account_reply.account_rows(
        view.account(stream.account)
    ):
        if stream.sent.get((key, currency)) != value:
            stream.sent[key, currency] = value
            yield key, value, currency


def send_summary(
    client: Subscriber, req_id: int, stream: SummaryStream, view: View
) -> None:
    """Queue the values of an account summary that changed, account by account."""
    tags, sent = stream.tags, stream.sent
    for account in client.floor.accounts:
        for row in account_reply.summary_rows(view.account(account), tags):
            key, value, currency = row
            if sent.get((account, key, currency)) != value:
                sent[account, key, currency] = value
                client.send(AccountSummary(req_id, account, key, value, currency))


def send_pnl(client: Subscriber, view: View) -> None:
    """Queue each profit and loss that changed."""
    streams = client.streams
    for req_id, stream in streams.pnl.items():
        values = view.account(stream.account)
        state = (values.daily, values.unrealized, values.realized)
        if stream.sent != state:
            stream.sent = state
            client.send(Pnl(req_id, *state))
    for req_id, stream in streams.pnl_single.items():
        held = view.account(stream.account).holdings
        of = (it for it in held if it.holding.con_id == stream.con_id)
        single = _pnl_single(req_id, next(of, None))
        fields = (single.position, single.daily, single.value)
        if stream.sent != fields:
            stream.sent = fields
            client.send(single)


def _pnl_single(req_id: int, held: HoldingValue | None) -> PnlSingle:
    if held is None:
        nothing = Decimal(0)
        return PnlSingle(req_id, 0, nothing, nothing, nothing, nothing)
    return PnlSingle(
        req_id,
        held.holding.quantity,
        held.daily,
        held.unrealized,
        held.realized,
        held.value,
    )
