"""What sessions share: lockstep time, routing, and the audit."""

import json
from datetime import datetime, timedelta

from alvh_trader.gateway.floor import (
    ALERT_FOR,
    ALERT_INTERVAL,
    BUSY_FOR,
    BUSY_INTERVAL,
    QUIET_INTERVAL,
)
from alvh_trader.wire import account_reply, request
from tests.gateway.peer import (
    Audit,
    Peer,
    combo,
    floor,
    kinds,
    only,
    order,
    spx_puts,
    until_filled,
    vix_call,
)


def times(messages: list) -> list[int]:  # type: ignore[type-arg]
    return [it.seconds for it in only(account_reply.CurrentTime, messages)]


def test_time_stands_still_until_somebody_asks_for_it() -> None:
    on = floor()
    peer = Peer(on)
    start = on.exchange.now
    peer.ask(request.RequestPositions())
    peer.ask(request.RequestIds(1))
    assert on.exchange.now == start
    assert times(peer.pulse()) == [int((start + ALERT_INTERVAL).timestamp())]
    assert on.exchange.now == start + ALERT_INTERVAL


def test_who_wants_nothing_of_the_market_gets_a_minute_at_a_time() -> None:
    on = floor()
    peer = Peer(on)
    asked = on.exchange.now
    while on.exchange.now < asked + ALERT_FOR:
        peer.pulse()
    before = on.exchange.now
    peer.pulse()
    assert on.exchange.now - before == QUIET_INTERVAL
    peer.ask(request.RequestPositions())
    peer.pulse()
    assert on.exchange.now - before == 2 * QUIET_INTERVAL
    peer.ask(request.RequestMarketRule(26))
    peer.pulse()
    assert on.exchange.now - before == 2 * QUIET_INTERVAL + ALERT_INTERVAL


def test_without_lockstep_the_question_for_the_time_moves_nothing() -> None:
    on = floor()
    on.is_lockstep = False
    peer = Peer(on)
    start = on.exchange.now
    assert times(peer.pulse()) == [int(start.timestamp())]
    assert on.exchange.now == start


def test_time_goes_in_small_steps_while_an_order_rests() -> None:
    on = floor()
    peer = Peer(on)
    peer.ask(order(vix_call(on.exchange).con_id, 1, "0.05"))
    for _ in range(100):
        before = on.exchange.now
        peer.pulse()
        assert on.exchange.now - before == BUSY_INTERVAL


def test_small_steps_go_on_for_a_while_after_the_last_event() -> None:
    on = floor()
    peer = Peer(on)
    peer.ask(order(vix_call(on.exchange).con_id, 1, "0.05"))
    peer.ask(request.CancelOrder(1))
    cancelled = on.exchange.now
    while on.exchange.now <= cancelled + BUSY_FOR:
        assert on.interval() == BUSY_INTERVAL
        peer.pulse()
    assert on.interval() == QUIET_INTERVAL


def test_the_last_question_gets_the_last_time_and_then_it_is_over() -> None:
    on = floor()
    on.exchange.advance(end_of(on.exchange.next_instant(timedelta(days=1))))
    peer = Peer(on)
    while on.next_instant() is not None:
        peer.pulse()
        assert not on.is_over
    last = on.exchange.now
    assert times(peer.pulse()) == [int(last.timestamp())]
    assert on.is_over
    assert on.exchange.ended


def end_of(instant: datetime | None) -> datetime:
    """Return the afternoon of the scenario's last session."""
    assert instant is not None
    return instant.replace(month=3, day=29, hour=20, minute=0)


def test_options_that_settle_leave_the_positions_without_a_trade() -> None:
    on = floor()
    peer = Peer(on)
    peer.ask(request.RequestPositions())
    held = {it.holding.con_id for it in on.exchange.account().holdings}
    gone: set[int] = set()
    while not gone and on.next_instant() is not None:
        to = on.exchange.next_instant(timedelta(hours=2))
        assert to is not None
        on.advance(to)
        on.publish()
        rows = only(account_reply.Position, peer.hear())
        gone |= {row.contract.con_id for row in rows if row.position == 0}
    assert gone == held
    assert on.exchange.executions() == ()


def script(audit: Audit, seed: int) -> list[bytes]:
    """Trade a little, and return everything the client read."""
    on = floor(seed=seed, audit=audit)
    peer = Peer(on)
    call, (upper, lower) = vix_call(on.exchange), spx_puts(on.exchange)
    legs = ((upper.con_id, "BUY"), (lower.con_id, "SELL"))
    output: list[bytes] = []
    peer.ask(request.RequestPositions())
    peer.ask(order(call.con_id, 1, "0.05", quantity=5, ref="hedge"))
    peer.ask(order(call.con_id, 1, "20", quantity=5, ref="hedge"))
    output += [repr(it).encode() for it in until_filled(peer)]
    peer.ask(combo(legs, 2, "0.05", ref="roll"))
    peer.ask(request.CancelOrder(2))
    peer.ask(order(call.con_id, 3, "3.07", ref="off the grid"))
    peer.ask(order(call.con_id, 4, "1.00", ref="trial", what_if=True))
    return output


def test_the_audit_says_what_the_exchange_saw_and_nothing_else() -> None:
    audit = Audit()
    script(audit, 1)
    rows = [json.loads(line) for line in audit.lines]
    events = [(row["event"], row["order_ref"]) for row in rows]
    fills = events.count(("fill", "hedge"))
    assert fills >= 1
    assert events == [
        ("order", "hedge"),
        ("modify", "hedge"),
        *[("fill", "hedge")] * fills,
        ("order", "roll"),
        ("cancel", "roll"),
        ("reject", "off the grid"),
    ]


def test_an_audit_line_has_the_agreed_keys_and_forms() -> None:
    audit = Audit()
    script(audit, 1)
    rows = [json.loads(line) for line in audit.lines]
    for row in rows:
        assert list(row) == [
            "t", "event", "perm_id", "order_ref", "action", "quantity", "price", "legs",
        ]  # fmt: skip
        assert datetime.fromisoformat(row["t"]).utcoffset() == timedelta(0)
        assert isinstance(row["price"], float)
    (leg,) = rows[0]["legs"]
    assert leg == {
        "symbol": "VIX", "sec_type": "OPT", "trading_class": "VIX",
        "expiry": "2018-04-18", "strike": 15.0, "right": "C", "ratio": 1,
        "action": "BUY",
    }  # fmt: skip
    combo_row = next(row for row in rows if row["order_ref"] == "roll")
    assert [leg["action"] for leg in combo_row["legs"]] == ["BUY", "SELL"]
    assert {leg["symbol"] for leg in combo_row["legs"]} == {"SPX"}


def test_a_fill_is_audited_at_its_own_price_and_size() -> None:
    audit = Audit()
    script(audit, 1)
    fills = [
        row for line in audit.lines if (row := json.loads(line))["event"] == "fill"
    ]
    assert sum(row["quantity"] for row in fills) == 5
    assert all(row["price"] < 20 for row in fills)


def test_the_same_requests_give_the_same_bytes() -> None:
    first, second, other = Audit(), Audit(), Audit()
    assert script(first, 1) == script(second, 1)
    assert first.lines == second.lines
    script(other, 2)
    assert other.lines != first.lines


def test_a_report_reaches_only_the_client_whose_order_it_is() -> None:
    on = floor()
    trader, watcher = Peer(on, 1), Peer(on, 2)
    trader.ask(order(vix_call(on.exchange).con_id, 1, None))
    list(until_filled(trader))
    assert set(kinds(watcher.hear())) <= set()
