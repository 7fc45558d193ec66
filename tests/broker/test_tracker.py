"""The broker's words on orders, without any socket."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alvh_trader.broker.clock import BrokerClock
from alvh_trader.broker.library import Contract, Execution, Order, OrderState
from alvh_trader.broker.tracker import Tracker
from alvh_trader.domain.order import revision
from alvh_trader.engine.event import OrderFilled, OrderUpdated
from tests.broker.rig import NOW, Inbox

STATUSES = ["PreSubmitted", "Submitted", "Filled", "Cancelled", "Inactive"]

words = st.lists(st.tuples(st.sampled_from(STATUSES), st.integers(0, 5)), max_size=12)


def tracker(inbox: Inbox) -> Tracker:
    made = Tracker(inbox.put, BrokerClock(NOW), client_id=17)
    made.account = "DU1"
    return made


def shown(order_id: int, ref: str, client_id: int = 17) -> Order:
    return Order(
        orderId=order_id,
        clientId=client_id,
        permId=order_id + 9000,
        orderRef=ref,
        action="BUY",
        totalQuantity=5,
        orderType="LMT",
        lmtPrice=1.5,
    )


def hear(t: Tracker, order_id: int, status: str, filled: int) -> None:
    t.on_order_status(
        *(order_id, status, float(filled), 0.0, 0.0, order_id + 9000, 0, 0.0, 17, "", 0)
    )


@given(words)
def test_an_order_that_ended_never_counts_as_live_again(
    said: list[tuple[str, int]],
) -> None:
    inbox = Inbox()
    t = tracker(inbox)
    t.on_open_order(Contract(conId=1), shown(1, "T1"), OrderState(status="Submitted"))
    ended = False
    for status, filled in said:
        hear(t, 1, status, filled)
        ended = ended or status in {"Filled", "Cancelled"}
        assert bool(t.live("T1")) is not ended
    reports = [event.report for event in inbox.of(OrderUpdated)]
    assert all(a != b for a, b in pairwise(reports))
    if said:
        assert (reports[-1].status, reports[-1].filled) == said[-1]


def test_a_status_of_another_order_under_the_same_number_is_not_taken() -> None:
    inbox = Inbox()
    t = tracker(inbox)
    t.on_open_order(Contract(conId=1), shown(1, "T1"), OrderState(status="Submitted"))
    t.on_order_status(1, "Cancelled", 0.0, 0.0, 0.0, 5555, 0, 0.0, 17, "", 0)
    assert inbox.last(OrderUpdated).report.status == "Submitted"


def test_orders_of_others_are_known_but_not_told() -> None:
    inbox = Inbox()
    t = tracker(inbox)
    handle = t.on_open_order(
        Contract(conId=1), shown(1, "T1", client_id=3), OrderState(status="Submitted")
    )
    report = handle.report()
    assert report.client_id == 3
    assert inbox.events == []
    assert t.live("T1") == []
    assert t.highest_order_id == 0


@given(st.lists(st.tuples(st.integers(1, 3), st.integers(1, 4)), max_size=20))
def test_each_execution_is_told_in_rising_revisions(
    rows: list[tuple[int, int]],
) -> None:
    inbox = Inbox()
    t = tracker(inbox)
    for leg, number in rows:
        row = Execution(
            execId=f"0000.5e2b.{leg:02}.{number:02}",
            acctNumber="DU1",
            side="BOT",
            shares=1.0,
            price=1.5,
            time=NOW,
        )
        t.on_execution(Contract(conId=leg, secType="OPT"), row, None)
    seen: dict[str, int] = {}
    for event in inbox.of(OrderFilled):
        base, number = revision(event.fill.exec_id)
        assert number > seen.get(base, 0)
        seen[base] = number
    best: dict[str, int] = {}
    for leg, number in rows:
        base = f"0000.5e2b.{leg:02}"
        best[base] = max(best.get(base, 0), number)
    assert seen == best


@pytest.mark.covers("F136", "V15")
def test_the_brokers_words_are_told_without_the_account() -> None:
    t = tracker(Inbox())
    assert t.hide_account("for DU1") == "for DU1", "too short to be masked"
    t.account = "DU7654321"
    assert t.shown_account == "***321"
    assert t.hide_account("no trading for DU7654321") == "no trading for ***321"
    t.account = ""
    assert t.hide_account("before the handshake") == "before the handshake"
