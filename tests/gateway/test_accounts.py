"""Several accounts on one gateway: each has books of its own."""

from alvh_trader.gateway.floor import Floor
from alvh_trader.wire import account_reply as wire
from alvh_trader.wire import request
from alvh_trader.wire.order_reply import ExecutionData, OpenOrder
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

FIRST, SECOND = "DU1000001", "DU1000002"


def shared() -> Floor:
    return floor(accounts=(FIRST, SECOND))


def bought(peer: Peer, account: str) -> int:
    """Buy a VIX call for the account at the market; return its id."""
    call = vix_call(peer.floor.exchange)
    peer.ask(order(call.con_id, peer.floor.next_id(peer.client_id), None,
                   account=account))  # fmt: skip
    return call.con_id


def test_a_client_is_told_of_all_accounts() -> None:
    peer = Peer(shared())
    both = f"{FIRST},{SECOND}"
    assert peer.greeting[0] == wire.ManagedAccounts(both)
    assert peer.ask(request.RequestManagedAccounts()) == [wire.ManagedAccounts(both)]
    (families,) = peer.ask(request.RequestFamilyCodes())
    assert isinstance(families, wire.FamilyCodes)
    assert [row.account for row in families.rows] == [FIRST, SECOND]


def test_the_first_account_has_the_position_and_all_have_the_cash() -> None:
    exchange = shared().exchange
    first, second = exchange.account(FIRST), exchange.account(SECOND)
    assert len(first.holdings) == 4
    assert second.holdings == ()
    assert second.cash == second.net_liquidation == 1_000_000
    assert second.initial_margin == 0


def test_who_names_no_account_is_asked_for_one() -> None:
    peer = Peer(shared())
    call = vix_call(peer.floor.exchange).con_id
    assert errors(peer.ask(order(call, 1, "1.00"))) == [(1, 321)]
    assert errors(peer.ask(order(call, 1, "1.00", what_if=True))) == [(1, 321)]
    assert errors(peer.ask(order(call, 1, "1.00", account="DU7"))) == [(1, 321)]
    assert errors(peer.ask(request.RequestPnl(2, "", ""))) == [(2, 321)]
    assert errors(peer.ask(request.RequestPositionsMulti(3, "", ""))) == [(3, 321)]
    updates = request.RequestAccountUpdates(subscribe=True, account="")
    assert errors(peer.ask(updates)) == [(-1, 321)]
    assert only(OpenOrder, peer.ask(request.RequestAllOpenOrders())) == []
    accepted = peer.ask(order(call, 1, "1.00", account=SECOND))
    assert only(OpenOrder, accepted)[0].account == SECOND, "the number is still free"


def test_a_trade_moves_the_books_of_its_own_account_only() -> None:
    peer = Peer(shared())
    exchange = peer.floor.exchange
    held = exchange.account(FIRST).holdings
    peer.ask(request.RequestPositions())
    con_id = bought(peer, SECOND)
    heard = list(until_filled(peer))
    assert [row.account for row in only(ExecutionData, heard)] == [SECOND]
    (row,) = only(wire.Position, heard)
    assert (row.account, row.contract.con_id, row.position) == (SECOND, con_id, 1)
    assert exchange.account(SECOND).cash < 1_000_000
    assert [it.holding for it in exchange.account(FIRST).holdings] == [
        it.holding for it in held
    ]


def test_both_accounts_can_hold_the_same_contract() -> None:
    peer = Peer(shared())
    for account in (FIRST, SECOND):
        bought(peer, account)
        list(until_filled(peer))
    rows = only(wire.Position, peer.ask(request.RequestPositions()))
    of = {row.account for row in rows if row.contract.symbol == "VIX"}
    assert of == {FIRST, SECOND}
    asked = request.RequestPositionsMulti(4, SECOND, "")
    (row,) = only(wire.PositionMulti, peer.ask(asked))
    assert row.contract.symbol == "VIX"


def test_a_summary_lists_every_account() -> None:
    peer = Peer(shared())
    asked = request.RequestAccountSummary(9, "All", "NetLiquidation,InitMarginReq")
    rows = only(wire.AccountSummary, peer.ask(asked))
    assert {(row.account, row.tag) for row in rows} == {
        (account, tag)
        for account in (FIRST, SECOND)
        for tag in ("NetLiquidation", "InitMarginReq")
    }
    of = {(row.account, row.tag): row.value for row in rows}
    assert of[SECOND, "NetLiquidation"] == "1000000.00"
    assert of[SECOND, "InitMarginReq"] == "0.00"
    assert of[FIRST, "InitMarginReq"] != "0.00"


def test_a_second_subscription_takes_the_place_of_the_first() -> None:
    peer = Peer(shared())
    for account in (FIRST, SECOND):
        asked = request.RequestAccountUpdates(subscribe=True, account=account)
        assert peer.ask(asked)[-1] == wire.AccountDownloadEnd(account)
    bought(peer, SECOND)
    heard = list(until_filled(peer))
    assert {it.account for it in only(wire.AccountValue, heard)} == {SECOND}
    assert {it.account for it in only(wire.PortfolioValue, heard)} == {SECOND}


def test_multi_streams_and_profits_follow_their_own_account() -> None:
    peer = Peer(shared())
    multi = request.RequestAccountUpdatesMulti(3, FIRST, "", ledger_only=False)
    heard = peer.ask(multi)
    assert {it.account for it in only(wire.AccountUpdateMulti, heard)} == {FIRST}
    assert len(only(wire.Pnl, peer.ask(request.RequestPnl(5, SECOND, "")))) == 1
    con_id = vix_call(peer.floor.exchange).con_id
    single = request.RequestPnlSingle(6, SECOND, "", con_id)
    assert only(wire.PnlSingle, peer.ask(single))[0].position == 0
    assert "Pnl" not in kinds(peer.pulse()), "nothing is held, nothing moves"
    bought(peer, SECOND)
    heard = list(until_filled(peer))
    assert only(wire.Pnl, heard)
    assert only(wire.PnlSingle, heard)[-1].position == 1


def test_executions_are_filtered_by_account() -> None:
    peer = Peer(shared())
    for account in (FIRST, SECOND, SECOND):
        bought(peer, account)
        list(until_filled(peer))
    counts = [
        len(
            only(
                ExecutionData, peer.ask(request.RequestExecutions(req_id=1, account=by))
            )
        )
        for by in (FIRST, SECOND, "")
    ]
    assert counts == [1, 2, 3]


def test_margin_is_asked_of_the_account_that_orders() -> None:
    on = shared()
    peer = Peer(on)
    con_id = vix_call(on.exchange).con_id
    for account in (FIRST, SECOND):
        asked = order(con_id, 1, "1.00", account=account, what_if=True)
        (trial,) = only(OpenOrder, peer.ask(asked))
        assert trial.account == account
        before = on.exchange.account(account).initial_margin
        assert trial.margins.init_before == float(before)
