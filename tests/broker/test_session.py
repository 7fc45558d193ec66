"""Opening, living and losing a session, against a peer that misbehaves."""

import asyncio
import re
import socket
from datetime import timedelta

import pytest

from alvh_trader.engine.command import ListExpiries
from alvh_trader.engine.event import (
    BrokerConnected,
    BrokerDisconnected,
    LinkChanged,
    MarketUpdated,
    OrderNotSent,
    ReportFailed,
    RequestFailed,
)
from alvh_trader.errors import BrokerError, NotConnectedError, WrongAccountError
from tests.broker.peer import TIME, Fields, Peer, frame
from tests.broker.rig import NOW, REPORT, hedge, place, rig, unconnected, until


async def refusal(peer: Peer, **changes: object) -> str:
    async with unconnected(peer, **changes) as r:
        with pytest.raises(BrokerError) as caught:
            await r.trader.connect()
        assert r.inbox.events == [], "a session that never was is not announced"
    return str(caught.value)


def test_a_session_is_announced_with_account_version_and_indexes() -> None:
    async def story() -> None:
        async with rig() as r:
            connected = r.inbox.last(BrokerConnected)
            assert connected.at == NOW
            assert connected.account_id == "***567"
            assert connected.server_version == 176
            assert [i.symbol for i in connected.indexes] == ["SPX", "VIX", "AD-NYSE"]
            assert connected.indexes[0].con_id == 416904

    asyncio.run(story())


@pytest.mark.covers("F20")
def test_nobody_listening_is_one_clear_line() -> None:
    async def story() -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        text = await refusal(Peer(), port=port)
        assert f"127.0.0.1:{port}: cannot connect" in text

    asyncio.run(story())


@pytest.mark.covers("F34")
def test_a_client_id_in_use_is_told_at_once_and_by_name() -> None:
    peer = Peer()

    def refuse(_: Fields) -> None:
        peer.error(-1, 326, "Unable to connect as the client id is already in use")
        peer.drop()

    peer.on["71"] = refuse

    async def story() -> None:
        began = asyncio.get_running_loop().time()
        text = await refusal(peer, connect_timeout=5.0)
        assert "326" in text
        assert "already in use" in text
        assert asyncio.get_running_loop().time() - began < 1.0

    asyncio.run(story())


def test_a_port_reset_during_the_handshake_is_told() -> None:
    peer = Peer()
    peer.on["71"] = lambda _: peer.error(-1, 1300, "TWS socket port has been reset")
    assert "1300" in asyncio.run(refusal(peer))


def test_a_gateway_that_hangs_up_without_a_word_is_told() -> None:
    peer = Peer()
    peer.on["71"] = lambda _: peer.drop()
    text = asyncio.run(refusal(peer, connect_timeout=5.0))
    assert "clientId 17 already in use" in text


@pytest.mark.covers("F37")
@pytest.mark.parametrize("how", ["no greeting", "no account", "no order id"])
def test_a_gateway_that_stops_talking_times_out(how: str) -> None:
    peer = Peer(greets=how != "no greeting")
    if how == "no account":
        peer.on["71"] = lambda _: peer.send("9", "1", "1")
    if how == "no order id":
        peer.on["71"] = lambda _: peer.send("15", "1", "DU1234567")
    assert "no TWS handshake" in asyncio.run(refusal(peer, connect_timeout=0.2))


@pytest.mark.covers("F42")
@pytest.mark.parametrize(
    ("version", "words"),
    [("999", "speaks version 999"), ("156", "version must be"), ("38", "must be")],
)
def test_a_gateway_of_an_unknown_version_is_refused(version: str, words: str) -> None:
    assert words in asyncio.run(refusal(Peer(version=version)))


@pytest.mark.covers("F43", "P04")
@pytest.mark.parametrize(
    ("accounts", "changes", "part"),
    [
        ("DU10001,DU10002", {}, "manages ***001, ***002"),
        ("DU10001", {"account": "DU10002"}, "expected ***002"),
        ("U10001", {}, "account ***001 is not one for mode 'paper'"),
        ("DU10001", {"mode": "live"}, "not one for mode 'live'"),
        ("U10001", {"mode": "live", "account": "U10002"}, "expected ***002"),
        ("U10001,U10002", {"mode": "live", "account": "U10001"}, "manages ***001, "),
    ],
)
@pytest.mark.covers("P03", "P04", "F43", "F124", "V15")
def test_an_unexpected_account_is_refused_and_not_named_in_full(
    accounts: str, changes: dict[str, object], part: str
) -> None:
    async def story() -> None:
        async with unconnected(Peer(accounts=accounts), **changes) as r:
            with pytest.raises(WrongAccountError, match=re.escape(part)) as refused:
                await r.trader.connect()
            assert not any(a in str(refused.value) for a in accounts.split(","))
            assert r.inbox.events == []
            with pytest.raises(NotConnectedError):
                await r.trader.pulse()
            assert r.peer.got("3") == []

    asyncio.run(story())


def test_order_ids_that_would_meet_request_ids_are_refused() -> None:
    text = asyncio.run(refusal(Peer(next_id=1_600_000_000)))
    assert "reset its order ids" in text


def test_watching_takes_any_single_account() -> None:
    async def story() -> None:
        async with unconnected(Peer(accounts="U1"), mode="watch") as r:
            await r.trader.connect()
            assert r.inbox.last(BrokerConnected).account_id == "U1"

    asyncio.run(story())


def test_a_broker_without_vix_is_refused() -> None:
    peer = Peer()
    peer.instruments = [row for row in peer.instruments if row[0] != "VIX"]
    assert "0 indexes VIX on CBOE" in asyncio.run(refusal(peer))


@pytest.mark.covers("F34")
def test_every_connection_uses_the_same_client_id() -> None:
    async def story() -> None:
        async with rig() as r:
            r.peer.drop()
            await r.inbox.wait(BrokerDisconnected)
            await r.trader.connect()
            assert [fields[2] for fields in r.peer.got("71")] == ["17", "17"]

    asyncio.run(story())


@pytest.mark.covers("F21")
def test_a_lost_socket_is_announced_once_and_ends_everything() -> None:
    async def story() -> None:
        async with rig() as r:
            r.peer.drop()
            await r.inbox.wait(BrokerDisconnected)
            with pytest.raises(NotConnectedError):
                await r.trader.pulse()
            r.trader.place(place(hedge()))
            assert r.inbox.last(OrderNotSent).reason == "not connected"
            await r.trader.ask(REPORT)
            assert r.inbox.last(ReportFailed).reason == "not connected"
            await r.trader.close()
            assert len(r.inbox.of(BrokerDisconnected)) == 1

    asyncio.run(story())


def test_closing_announces_the_end_and_lets_a_new_session_begin() -> None:
    async def story() -> None:
        async with rig() as r:
            await r.trader.close()
            assert r.inbox.last(BrokerDisconnected).reason == "closed by us"
            await r.ready()
            await r.trader.pulse()

    asyncio.run(story())


def test_a_question_open_when_the_socket_is_lost_fails() -> None:
    async def story() -> None:
        async with rig() as r:
            r.peer.on["78"] = lambda _: r.peer.drop()
            await r.trader.ask(ListExpiries(symbol="SPX"))
            assert r.inbox.last(RequestFailed).request == "ListExpiries"

    asyncio.run(story())


def test_a_pulse_brings_the_brokers_time() -> None:
    async def story() -> None:
        async with rig() as r:
            r.peer.time = TIME + 5
            await r.trader.pulse()
            assert r.clock.now() == NOW + timedelta(seconds=5)
            assert r.inbox.events[-1] == MarketUpdated(at=NOW + timedelta(seconds=5))

    asyncio.run(story())


def test_a_silent_gateway_is_noticed_by_the_pulse() -> None:
    async def story() -> None:
        async with rig(pulse_timeout=0.1) as r:
            r.peer.mute("49")
            with pytest.raises(BrokerError, match="no answer within"):
                await r.trader.pulse()

    asyncio.run(story())


def test_a_clock_that_runs_back_ends_the_session_with_the_reason() -> None:
    async def story() -> None:
        async with rig() as r:
            r.peer.time = TIME - 3600
            with pytest.raises(BrokerError, match="went back"):
                await r.trader.pulse()
            assert "went back" in r.inbox.last(BrokerDisconnected).reason
            with pytest.raises(BrokerError, match="went back"):
                await r.trader.pulse()

    asyncio.run(story())


@pytest.mark.covers("F24", "F25", "F27")
def test_the_brokers_own_link_is_followed_and_storms_are_one_event() -> None:
    async def story() -> None:
        async with rig() as r:
            for _ in range(5):
                r.peer.error(-1, 1100)
            await r.trader.pulse()
            assert [e.is_up for e in r.inbox.of(LinkChanged)] == [False]
            r.trader.place(place(hedge()))
            assert "link is down" in r.inbox.last(OrderNotSent).reason
            r.peer.error(-1, 1102)
            await r.trader.pulse()
            last = r.inbox.last(LinkChanged)
            assert (last.is_up, last.data_lost) == (True, False)
            r.trader.place(place(hedge()))
            assert "not reconciled" in r.inbox.last(OrderNotSent).reason
            assert r.peer.got("3") == []

    asyncio.run(story())


def test_a_gateway_without_its_own_link_says_so_from_the_start() -> None:
    peer = Peer()
    honest = peer.on["71"]

    def start(fields: Fields) -> None:
        peer.error(-1, 1100)
        honest(fields)

    peer.on["71"] = start

    async def story() -> None:
        async with unconnected(peer) as r:
            await r.trader.connect()
            connected, link = r.inbox.events
            assert isinstance(connected, BrokerConnected)
            assert isinstance(link, LinkChanged)
            assert not link.is_up

    asyncio.run(story())


@pytest.mark.covers("F26")
def test_lost_data_are_told_even_if_the_loss_of_the_link_was_not() -> None:
    async def story() -> None:
        async with rig() as r:
            r.peer.error(-1, 1101)
            await r.trader.pulse()
            last = r.inbox.last(LinkChanged)
            assert (last.is_up, last.data_lost) == (True, True)

    asyncio.run(story())


@pytest.mark.covers("F40")
def test_a_corrupt_length_drops_the_connection() -> None:
    async def story() -> None:
        async with rig() as r:
            r.peer.send_bytes(b"\x7f\xff\xff\xff" + b"x" * (2 << 20))
            ended = await r.inbox.wait(BrokerDisconnected)
            assert "bytes" in ended.reason

    asyncio.run(story())


@pytest.mark.covers("F41")
def test_an_unreadable_order_message_makes_us_doubt_the_picture() -> None:
    async def story() -> None:
        async with rig() as r:
            r.peer.send("5", "1", "not an order")
            failed = await r.inbox.wait(ReportFailed)
            assert failed.reason.startswith("message 5 could not be read")
            r.trader.place(place(hedge()))
            assert "not reconciled" in r.inbox.last(OrderNotSent).reason

    asyncio.run(story())


@pytest.mark.covers("F97")
@pytest.mark.covers("F41")
def test_unknown_messages_are_passed_over() -> None:
    async def story() -> None:
        async with rig() as r:
            before = len(r.inbox.events)
            r.peer.send("999", "what", "ever")
            r.peer.send("21", "1", "13")
            await r.trader.pulse()
            assert len(r.inbox.events) == before + 1

    asyncio.run(story())


def test_messages_cut_anywhere_are_read_whole() -> None:
    async def story() -> None:
        async with rig() as r:
            whole = frame("4", "2", "-1", "1100", "lost", "") + frame(
                *("4", "2", "-1", "1102", "back", "")
            )
            for byte in whole:
                r.peer.send_bytes(bytes([byte]))
                await asyncio.sleep(0)
            await r.inbox.wait(LinkChanged, 2)
            assert [e.is_up for e in r.inbox.of(LinkChanged)] == [False, True]

    asyncio.run(story())


def test_nothing_is_asked_that_the_library_would_ask_by_itself() -> None:
    async def story() -> None:
        async with unconnected() as r:
            await r.trader.connect()
            await until(lambda: bool(r.peer.got("9")))
            asked = {fields[0] for fields in r.peer.received}
            assert asked == {"71", "49", "9"}

    asyncio.run(story())
