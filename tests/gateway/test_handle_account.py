"""Account values, positions, and profit and loss."""

import pytest

from alvh_trader.gateway.floor import ACCOUNT_EVERY
from alvh_trader.wire import account_reply as wire
from alvh_trader.wire import request
from tests.gateway.peer import (
    Peer,
    errors,
    floor,
    kinds,
    only,
    order,
    until_filled,
    vix_call,
)


def bought(peer: Peer) -> int:
    """Buy a VIX call at the market and return its id; streams were opened before."""
    call = vix_call(peer.floor.exchange)
    peer.ask(order(call.con_id, 1, None))
    return call.con_id


def test_account_values_come_once_with_the_portfolio_and_an_end() -> None:
    peer = Peer(floor())
    asked = request.RequestAccountUpdates(subscribe=True, account="")
    heard = peer.ask(asked)
    values = {it.key: it.value for it in only(wire.AccountValue, heard)}
    account = peer.floor.exchange.account()
    assert values["NetLiquidation"] == f"{account.net_liquidation:.2f}"
    assert values["AccountCode"] == peer.floor.account_id
    assert len(only(wire.PortfolioValue, heard)) == len(account.holdings) == 4
    assert kinds(heard)[-2:] == ["AccountTime", "AccountDownloadEnd"]
    assert only(wire.AccountTime, heard)[0].time == "09:30"


def test_account_values_are_refreshed_when_due_and_only_what_changed() -> None:
    peer = Peer(floor())
    peer.ask(request.RequestAccountUpdates(subscribe=True, account=""))
    start = peer.floor.exchange.now
    while not (fresh := only(wire.AccountValue, peer.pulse())):
        assert peer.floor.exchange.now - start <= ACCOUNT_EVERY
    assert "AccountCode" not in {it.key for it in fresh}
    assert "NetLiquidation" in {it.key for it in fresh}


def test_account_values_stop_when_unsubscribed() -> None:
    peer = Peer(floor())
    peer.ask(request.RequestAccountUpdates(subscribe=True, account=""))
    peer.ask(request.RequestAccountUpdates(subscribe=False, account=""))
    heard = [it for _ in range(15) for it in peer.pulse()]
    assert set(kinds(heard)) == {"CurrentTime"}


def test_a_strangers_account_is_refused() -> None:
    peer = Peer(floor())
    multi = request.RequestAccountUpdatesMulti(3, "DU1", "", ledger_only=False)
    assert errors(peer.ask(multi)) == [(3, 321)]
    assert errors(peer.ask(request.RequestPnl(4, "DU1", ""))) == [(4, 321)]
    assert errors(peer.ask(request.RequestPositionsMulti(5, "DU1", ""))) == [(5, 321)]
    stream = request.RequestAccountUpdates(subscribe=True, account="DU1")
    assert errors(peer.ask(stream)) == [(-1, 321)]


def test_a_summary_has_the_tags_asked_for() -> None:
    peer = Peer(floor())
    tags = "NetLiquidation,Cushion,Nonsense"
    heard = peer.ask(request.RequestAccountSummary(9, "All", tags))
    assert {it.tag for it in only(wire.AccountSummary, heard)} == {
        "NetLiquidation", "Cushion",
    }  # fmt: skip
    assert heard[-1] == wire.AccountSummaryEnd(9)
    peer.ask(request.CancelAccountSummary(9))
    later = [it for _ in range(15) for it in peer.pulse()]
    assert only(wire.AccountSummary, later) == []


@pytest.mark.parametrize(
    ("tag", "currencies"),
    [("$LEDGER", {"BASE"}), ("$LEDGER:USD", {"USD"}), ("$LEDGER:ALL", {"BASE", "USD"})],
)
def test_a_summary_has_balances_by_currency(tag: str, currencies: set[str]) -> None:
    peer = Peer(floor())
    heard = peer.ask(request.RequestAccountSummary(9, "All", tag))
    rows = only(wire.AccountSummary, heard)
    assert {it.currency for it in rows} == currencies
    account = peer.floor.exchange.account()
    for currency in currencies:
        told = {it.tag: it.value for it in rows if it.currency == currency}
        assert told["Currency"] == currency
        assert told["NetLiquidationByCurrency"] == f"{account.net_liquidation:.2f}"
        assert told["CashBalance"] == f"{account.cash:.2f}"
        assert told["ExchangeRate"] == "1.00"
    assert peer.ask(request.RequestAccountSummary(9, "All", "$LEDGER:EUR")) == [
        wire.AccountSummaryEnd(9)
    ]


def test_a_client_has_two_summaries_at_a_time() -> None:
    on = floor()
    peer, other = Peer(on, 1), Peer(on, 2)
    for req_id in (1, 2, 2):
        assert not errors(peer.ask(request.RequestAccountSummary(req_id, "All", "SMA")))
    third = request.RequestAccountSummary(3, "All", "NetLiquidation")
    (told,) = only(wire.Error, peer.ask(third))
    assert (told.req_id, told.code) == (3, 322)
    assert "Maximum number of account summary requests exceeded" in told.text
    assert not errors(other.ask(third))
    peer.ask(request.CancelAccountSummary(1))
    assert not errors(peer.ask(third))


def test_positions_come_once_and_then_as_they_change() -> None:
    peer = Peer(floor())
    heard = peer.ask(request.RequestPositions())
    rows = only(wire.Position, heard)
    assert heard[-1] == wire.PositionEnd()
    assert sorted(row.position for row in rows) == [-10, -10, 10, 10]
    assert only(wire.Position, peer.pulse()) == []
    con_id = bought(peer)
    (row,) = only(wire.Position, list(until_filled(peer)))
    assert (row.contract.con_id, row.position) == (con_id, 1)
    assert row.contract.expiry == "20180417"


def test_a_closed_position_is_told_once_as_nothing() -> None:
    peer = Peer(floor())
    multi = request.RequestPositionsMulti(7, "", "")
    assert kinds(peer.ask(multi))[-1] == "PositionMultiEnd"
    con_id = bought(peer)
    list(until_filled(peer))
    peer.ask(order(con_id, 2, None, action="SELL"))
    (row,) = only(wire.PositionMulti, list(until_filled(peer)))
    assert (row.req_id, row.contract.con_id, row.position) == (7, con_id, 0)


def test_a_fill_brings_account_values_at_once() -> None:
    peer = Peer(floor())
    peer.ask(request.RequestAccountUpdatesMulti(3, "", "", ledger_only=False))
    bought(peer)
    heard = list(until_filled(peer))
    assert "CashBalance" in {it.key for it in only(wire.AccountUpdateMulti, heard)}


def test_profit_and_loss_are_streamed_as_they_change() -> None:
    peer = Peer(floor())
    (first,) = peer.ask(request.RequestPnl(5, "", ""))
    assert isinstance(first, wire.Pnl)
    con_id = peer.floor.exchange.account().holdings[0].holding.con_id
    (single,) = only(
        wire.PnlSingle, peer.ask(request.RequestPnlSingle(6, "", "", con_id))
    )
    assert abs(float(single.position)) == 10
    heard = [it for _ in range(5) for it in peer.pulse()]
    assert only(wire.Pnl, heard)
    assert only(wire.PnlSingle, heard)
    peer.ask(request.CancelPnl(5))
    peer.ask(request.CancelPnlSingle(6))
    assert kinds(peer.pulse()) == ["CurrentTime"]


def test_a_contract_that_is_not_held_has_no_profit() -> None:
    peer = Peer(floor())
    (row,) = peer.ask(request.RequestPnlSingle(6, "", "", 416904))
    assert row == wire.PnlSingle(6, 0.0, 0.0, 0.0, 0.0, 0.0)


def test_two_clients_each_get_their_own_stream() -> None:
    on = floor()
    first, second = Peer(on, 1), Peer(on, 2)
    first.ask(request.RequestPositions())
    second.ask(request.RequestPositions())
    bought(first)
    list(until_filled(first))
    assert len(only(wire.Position, second.hear())) == 1
    assert second.ask(request.CancelPositions()) == []
