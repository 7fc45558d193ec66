"""One order at work: fills count once, in whole units, and rungs are climbed."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from alvh_trader.domain.instrument import Option, Right
from alvh_trader.domain.order import (
    Fill,
    Leg,
    Order,
    OrderStatus,
    Purpose,
    exec_base,
)
from alvh_trader.execution.lifecycle import Evidence
from alvh_trader.execution.ticket import Ticket, open_ticket
from alvh_trader.risk.gate import Approved

AT = datetime(2026, 5, 21, 15, 0, tzinfo=UTC)
RUNGS = (Decimal("1.42"), Decimal("1.46"), Decimal("1.49"))
PAUSE, LASTS = timedelta(seconds=20), timedelta(seconds=180)


def call(con_id: int, strike: float) -> Option:
    day = date(2026, 6, 3)
    return Option(con_id, "VIX", "VIXW", day, day, strike, Right.CALL)


def ticket(*ratios: int, quantity: int = 7) -> Ticket:
    legs = tuple(Leg(call(i, 20.0 + i), ratio) for i, ratio in enumerate(ratios, 1))
    order = Order(
        ref="r",
        case="c",
        purpose=Purpose.HEDGE,
        legs=legs,
        quantity=quantity,
        limit=RUNGS[0],
    )
    return open_ticket(Approved(order=order), RUNGS, AT, PAUSE, LASTS)


def fill(quantity: int, exec_id: str = "e.a.1.01", con_id: int = 1) -> Fill:
    return Fill(
        exec_id=exec_id,
        ref="r",
        perm_id=9,
        con_id=con_id,
        quantity=quantity,
        price=Decimal("1.42"),
        at=AT,
    )


def filled(start: Ticket, *fills: Fill) -> Ticket:
    for each in fills:
        start = start.fill(each, AT)
    return start


# ------------------------------------------------------------- fills -----


@pytest.mark.covers("F52", "T01")
def test_the_same_execution_twice_is_one() -> None:
    once = filled(ticket(1), fill(3))
    assert filled(once, fill(3)).fills == once.fills
    assert once.filled == 3
    assert once.remaining == 4


@pytest.mark.covers("F53", "T01")
def test_a_correction_replaces_what_it_corrects() -> None:
    after = filled(ticket(1), fill(3, "e.a.1.01"), fill(2, "e.a.1.02"))
    assert after.filled == 2
    assert [f.exec_id for f in after.fills] == ["e.a.1.02"]


@pytest.mark.covers("F53")
def test_a_correction_that_arrives_first_is_not_undone_by_the_original() -> None:
    after = filled(ticket(1), fill(2, "e.a.1.02"), fill(3, "e.a.1.01"))
    assert after.filled == 2


def test_a_bust_takes_the_fill_back() -> None:
    after = filled(ticket(1), fill(7, "e.a.1.01"), fill(0, "e.a.1.02"))
    assert after.filled == 0
    # A terminal status is final: whoever wants the seven again sends a new order.
    assert after.status is OrderStatus.FILLED


def test_an_order_is_filled_when_its_last_unit_is() -> None:
    almost = filled(ticket(1), fill(6, "e.a.1.01"))
    assert almost.status is OrderStatus.WORKING
    assert filled(almost, fill(1, "e.a.2.01")).status is OrderStatus.FILLED


@pytest.mark.covers("F67")
def test_a_fill_after_the_cancel_counts() -> None:
    cancelled = ticket(1).hear(Evidence.CANCELLED, AT)
    assert cancelled.status is OrderStatus.CANCELLED
    partly = filled(cancelled, fill(5))
    assert (partly.filled, partly.status) == (5, OrderStatus.CANCELLED)
    assert filled(partly, fill(2, "e.b.1.01")).status is OrderStatus.FILLED


@pytest.mark.covers("F75")
def test_a_combo_is_filled_as_far_as_its_least_filled_leg() -> None:
    combo = ticket(1, -2, quantity=5)
    one = filled(combo, fill(5, "e.a.1.01", 1))
    assert one.filled == 0
    two = filled(one, fill(-7, "e.a.2.01", 2))
    assert two.filled == 3
    assert two.status is OrderStatus.WORKING
    assert filled(two, fill(-3, "e.a.3.01", 2)).status is OrderStatus.FILLED


def test_a_fill_of_something_else_fills_nothing() -> None:
    assert filled(ticket(1), fill(7, con_id=99)).filled == 0


@pytest.mark.covers("F52", "T01", "V3")
@given(data=st.data(), parts=st.lists(st.integers(1, 4), min_size=1, max_size=5))
def test_neither_order_nor_repetition_of_fills_matters(
    data: st.DataObject, parts: list[int]
) -> None:
    fills = [fill(n, f"e.a.{i}.01") for i, n in enumerate(parts)]
    told = data.draw(st.permutations([*fills, *fills]))
    after = filled(ticket(1, quantity=20), *told)
    assert after.filled == sum(parts)
    assert (after.status is OrderStatus.FILLED) == (sum(parts) >= 20)


@pytest.mark.parametrize(
    ("exec_id", "base"),
    [
        ("0000e0d5.6544f4c8.01.01", "0000e0d5.6544f4c8.01"),
        ("0000e0d5.6544f4c8.01.02", "0000e0d5.6544f4c8.01"),
        ("0000e0d5.6544f4c8.01", "0000e0d5.6544f4c8.01"),
        ("plain", "plain"),
        ("with.word", "with.word"),
        (".01", ".01"),
    ],
)
def test_an_execution_and_its_corrections_share_all_but_the_fourth_part(
    exec_id: str, base: str
) -> None:
    assert exec_base(exec_id) == base


# ---------------------------------------------------------- evidence -----


def test_perm_ids_are_kept_once_each() -> None:
    heard = ticket(1).hear(Evidence.SEEN, AT, 5).hear(Evidence.SEEN, AT, 5)
    assert heard.hear(Evidence.SEEN, AT, 6).hear(Evidence.SEEN, AT, 0).perm_ids == (
        5,
        6,
    )


def test_doubt_is_live_and_says_so() -> None:
    doubted = ticket(1).hear(Evidence.SILENT, AT)
    assert doubted.is_in_doubt
    assert doubted.is_live


# ------------------------------------------------------------- rungs -----


def later(seconds: float) -> datetime:
    return AT + timedelta(seconds=seconds)


def test_the_next_rung_is_due_after_the_pause_and_only_while_working() -> None:
    working = ticket(1).hear(Evidence.SEEN, AT)
    assert not working.is_due(later(19.9))
    assert working.is_due(later(20))
    for evidence in (Evidence.SILENT, Evidence.CANCEL_SENT, Evidence.CANCELLED):
        assert not working.hear(evidence, AT).is_due(later(60))


def test_climbing_ends_on_the_last_rung() -> None:
    at = ticket(1).hear(Evidence.SEEN, AT)
    for n, limit in enumerate(RUNGS[1:], 1):
        at = at.climb(Approved(order=at.next_order()), later(20 * n))
        assert (at.order.limit, at.rung) == (limit, n)
        assert not at.is_due(later(20 * n + 10))
    assert at.at_worst
    assert not at.is_due(later(600))


def test_only_what_the_gate_approved_is_climbed_to() -> None:
    start = ticket(1)
    other = replace(start.next_order(), quantity=8)
    with pytest.raises(AssertionError, match="another order was approved"):
        start.climb(Approved(order=other), AT)


def test_a_ticket_opens_at_the_limit_that_was_approved() -> None:
    order = replace(ticket(1).order, limit=Decimal("1.41"))
    with pytest.raises(AssertionError, match="first rung"):
        open_ticket(Approved(order=order), RUNGS, AT, PAUSE, LASTS)


def test_a_ticket_lives_until_its_deadline() -> None:
    opened = ticket(1)
    assert opened.deadline == AT + LASTS
    assert (opened.status, opened.is_live) == (OrderStatus.INTENT, True)
