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
from alvh_trader.gateway.streams import Streams
from alvh_trader.gateway.view import View
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
        if streams.account:
            send_account(client, view, view.moved)
        _send_multi(client, view)
        for req_id in streams.summaries:
            send_summary(client, req_id, view)
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


def _send_positions(
    client: Subscriber, moved: Iterable[tuple[Listing, HoldingValue]]
) -> None:
    account = client.floor.account_id
    for listing, value in moved:
        if client.streams.positions:
            client.send(account_reply.position(listing, value, account))
        for req_id in sorted(client.streams.positions_multi):
            client.send(account_reply.position_multi(listing, value, account, req_id))


def send_account(
    client: Subscriber, view: View, moved: tuple[tuple[Listing, HoldingValue], ...] = ()
) -> None:
    """Queue the account values that changed, the holdings, and the time."""
    account = client.floor.account_id
    sent = client.streams.account_sent
    for key, value, currency in account_reply.account_rows(view.account):
        if sent.get((key, currency)) != value:
            sent[key, currency] = value
            client.send(AccountValue(key, value, currency, account))
    gone = [pair for pair in moved if pair[1].holding.quantity == 0]
    for listing, holding in (*holdings(client.floor, view), *gone):
        client.send(account_reply.portfolio_value(listing, holding, account))
    client.send(AccountTime(client.times.clock_text(view.now)))


def holdings(floor: Floor, view: View) -> Iterator[tuple[Listing, HoldingValue]]:
    """Return what is held, with what it is."""
    for value in view.account.holdings:
        listing = floor.listing(value.holding.con_id)
        if listing is not None and value.holding.quantity:
            yield listing, value


def _send_multi(client: Subscriber, view: View) -> None:
    for req_id, sent in client.streams.account_multi.items():
        for key, value, currency in account_reply.account_rows(view.account):
            if sent.get((key, currency)) != value:
                sent[key, currency] = value
                account = client.floor.account_id
                client.send(
                    AccountUpdateMulti(req_id, account, "", key, value, currency)
                )


def send_summary(client: Subscriber, req_id: int, view: View) -> None:
    """Queue the values of an account summary that changed."""
    tags = client.streams.summaries[req_id]
    sent = client.streams.summaries_sent.setdefault(req_id, {})
    for key, value, currency in account_reply.account_rows(view.account):
        if (key in tags or "All" in tags) and sent.get(key) != value:
            sent[key] = value
            account = client.floor.account_id
            client.send(AccountSummary(req_id, account, key, value, currency))


def send_pnl(client: Subscriber, view: View) -> None:
    """Queue each profit and loss that changed."""
    streams, values = client.streams, view.account
    state = (values.daily, values.unrealized, values.realized)
    for req_id, sent in streams.pnl.items():
        if sent != state:
            streams.pnl[req_id] = state
            client.send(Pnl(req_id, *state))
    held = {it.holding.con_id: it for it in values.holdings}
    for req_id, con_id in streams.pnl_single.items():
        single = _pnl_single(req_id, held.get(con_id))
        fields = (single.position, single.daily, single.value)
        if streams.pnl_single_sent.get(req_id) != fields:
            streams.pnl_single_sent[req_id] = fields
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
