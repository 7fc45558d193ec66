"""Several accounts, and a gateway that stops and goes on, as a library sees them."""

from typing import Any

from alvh_trader.sim.kept import KeptExchange
from alvh_trader.sim.scenario import shared_by
from tests.contract.client import Bench, ib, play, until
from tests.contract.test_trading import vix_call
from tests.gateway.peer import market

FIRST, SECOND = "DU1000001", "DU1000002"
SCENARIO = shared_by(market(), [FIRST, SECOND])


def kept(lines: list[bytes]) -> KeptExchange:
    return KeptExchange(
        SCENARIO, 1, lines=tuple(lines), write=lines.append, settle=lambda: None
    )


async def bought(client: Any, account: str) -> Any:
    """Buy a VIX call at the market for an account."""
    order = ib.MarketOrder("BUY", 2, account=account, orderRef="hedge")
    trade = client.placeOrder(await vix_call(client), order)
    await until(client, lambda: trade.orderStatus.status == "Filled")
    return trade


def test_every_account_is_synchronised_and_traded() -> None:
    async def scene(it: Bench) -> None:
        client = await it.connect()
        assert client.managedAccounts() == [FIRST, SECOND]
        exchange = it.gateway.floor.exchange
        for account in (FIRST, SECOND):
            (cash,) = [
                row.value
                for row in client.accountValues(account)
                if (row.tag, row.currency) == ("TotalCashValue", "USD")
            ]
            assert cash == f"{exchange.account(account).cash:.2f}"
        summary = await client.accountSummaryAsync()
        assert {row.account for row in summary} == {FIRST, SECOND}
        trade = await bought(client, SECOND)
        held = {row.contract.conId: row for row in client.positions(SECOND)}
        assert held[trade.contract.conId].position == 2
        assert len(client.positions(FIRST)) == 4

    assert play(scene, exchange=kept([])) == []


def test_an_order_without_an_account_is_asked_for_one() -> None:
    async def scene(it: Bench) -> None:
        client = await it.connect()
        told: list[tuple[int, str]] = []
        client.errorEvent += lambda _req, code, text, *_: told.append((code, text))
        client.placeOrder(await vix_call(client), ib.MarketOrder("BUY", 2))
        await until(client, lambda: bool(told))
        ((code, text),) = told
        assert code == 321
        assert text.endswith("You must specify an account.")

    play(scene, exchange=kept([]))


def test_what_was_done_is_there_after_a_restart() -> None:
    lines: list[bytes] = []
    before: list[Any] = []

    async def trading(it: Bench) -> None:
        client = await it.connect()
        trade = await bought(client, SECOND)
        before.extend(fill.execution for fill in trade.fills)
        resting = ib.LimitOrder("BUY", 1, 0.05, account=SECOND, tif="GTC")
        placed = client.placeOrder(trade.contract, resting)
        await until(client, lambda: placed.orderStatus.status == "Submitted")
        before.append(client.client.getReqId())

    async def after(it: Bench) -> None:
        client = await it.connect()
        *executions, number = before
        assert [fill.execution for fill in client.fills()] == executions
        assert all(fill.commissionReport.execId for fill in client.fills())
        (trade,) = client.openTrades()
        assert trade.order.account == SECOND
        assert trade.orderStatus.status == "Submitted"
        assert client.client.getReqId() >= number - 1
        ended = await client.reqCompletedOrdersAsync(apiOnly=False)
        assert [it.orderStatus.status for it in ended] == ["Filled"]
        (held,) = client.positions(SECOND)
        assert held.position == 2

    assert play(trading, exchange=kept(lines)) == []
    assert play(after, exchange=kept(lines)) == []
