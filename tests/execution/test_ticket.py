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
from alvh_trader.execution.ticket import Ticket, open_ticket, propose_ticket
from alvh_trader.risk.gate import Approved, RollPermit
from alvh_trader.risk.proposal import Consent, Proposal

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


def test_when_it_was_heard_of_last_is_kept_and_of_what_is_over_when_it_ended() -> None:
    assert ticket(1).heard is None
    seen = ticket(1).hear(Evidence.SEEN, later(1))
    assert seen.heard == later(1)
    again = seen.hear(Evidence.SEEN, later(2))
    assert again.heard == later(2), "what is live is heard of, whatever is said"
    over = again.hear(Evidence.CANCELLED, later(3), 9)
    assert over.heard == later(3)
    assert over.hear(Evidence.CANCELLED, later(4), 9).heard == later(3)
    late = over.fill(fill(7), later(5))
    assert (late.status, late.heard, late.perm_ids) == (
        OrderStatus.FILLED,
        later(5),
        (9,),
    )


def test_an_execution_tells_a_permanent_id_too() -> None:
    assert ticket(1).fill(fill(3), AT).perm_ids == (9,)


def test_a_ticket_stands_on_its_ladder() -> None:
    assert replace(ticket(1), rung=2).at_worst
    for rung in (-1, 3):
        with pytest.raises(AssertionError, match=r"^off the ladder$"):
            replace(ticket(1), rung=rung)


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
    with pytest.raises(AssertionError, match=r"^another order was approved$"):
        start.climb(Approved(order=other), AT)


def test_a_ticket_opens_at_the_limit_that_was_approved() -> None:
    order = replace(ticket(1).order, limit=Decimal("1.41"))
    with pytest.raises(AssertionError, match=r"^the approved limit is the first rung$"):
        open_ticket(Approved(order=order), RUNGS, AT, PAUSE, LASTS)


def test_a_ticket_lives_until_its_deadline() -> None:
    opened = ticket(1)
    assert opened.deadline == AT + LASTS
    assert (opened.status, opened.is_live) == (OrderStatus.INTENT, True)


# ------------------------------------------------- more than one at the broker -----


@pytest.mark.covers("F56")
def test_a_ticket_is_over_when_each_of_its_orders_is() -> None:
    twins = ticket(1).hear(Evidence.SEEN, AT, 5).hear(Evidence.SEEN, AT, 6)
    assert twins.is_twin
    one = twins.hear(Evidence.CANCELLED, AT, 5)
    assert (one.status, one.ended, one.is_twin) == (OrderStatus.WORKING, (5,), False)
    doubted = twins.hear(Evidence.SILENT, AT).hear(Evidence.CANCELLED, AT, 5)
    assert doubted.status is OrderStatus.WORKING, "the end of one shows the other"
    late = one.hear(Evidence.SEEN, later(1), 5)
    assert late == one, "a late word of what is over says nothing"
    both = one.hear(Evidence.CANCELLED, AT, 6)
    assert (both.status, both.ended) == (OrderStatus.CANCELLED, (5, 6))


@pytest.mark.covers("F56")
def test_an_end_that_names_neither_of_two_orders_is_a_doubt() -> None:
    twins = ticket(1).hear(Evidence.SEEN, AT, 5).hear(Evidence.SEEN, AT, 6)
    assert twins.hear(Evidence.CANCELLED, AT).is_in_doubt
    single = ticket(1).hear(Evidence.SEEN, AT, 5)
    assert single.hear(Evidence.CANCELLED, AT).status is OrderStatus.CANCELLED


@pytest.mark.covers("F59")
def test_a_refusal_is_remembered_until_the_order_is_seen_to_work() -> None:
    refused = ticket(1).hear(Evidence.REFUSED, AT)
    assert (refused.is_in_doubt, refused.refused) == (True, True)
    assert refused.hear(Evidence.SILENT, AT).refused
    assert not refused.hear(Evidence.SEEN, AT).refused
    assert refused.hear(Evidence.REJECTED, AT).status is OrderStatus.REJECTED


# ---------------------------------------------------- what the broker shows of it -----


@pytest.mark.covers("F62", "F63")
def test_any_limit_of_the_ladder_is_ours_and_nothing_else_is() -> None:
    mine = ticket(1)
    for limit in RUNGS:
        assert mine.unlike(replace(mine.order.terms, limit=limit)) == ()
    other = replace(mine.order.terms, limit=None, legs=(), extras=("hidden=True",))
    assert mine.unlike(other) == (
        "legs 1, 1, shown none",
        "limit 1.42, shown none",
        "extras none, shown hidden=True",
    )


@pytest.mark.covers("F69")
def test_a_ticket_goes_back_to_the_limit_that_is_shown() -> None:
    start = ticket(1).hear(Evidence.SEEN, AT)
    up = start.climb(Approved(order=start.next_order()), later(20))
    back = up.stand_at(RUNGS[0])
    assert (back.rung, back.order.limit) == (0, RUNGS[0])
    assert back.is_due(later(40))


# -------------------------------------------------------------------- uneven legs -----


@pytest.mark.covers("F76", "I09")
def test_legs_out_of_ratio_are_known_with_the_moment_they_became_so() -> None:
    combo = ticket(1, -2, quantity=5)
    one = combo.fill(fill(5, "e.a.1.01", 1), AT)
    assert (one.residual, one.uneven_since) == ({1: 5}, AT)
    two = one.fill(fill(-7, "e.a.2.01", 2), later(3))
    assert (two.residual, two.uneven_since) == ({1: 2, 2: -1}, AT)
    even = two.fill(fill(-3, "e.a.3.01", 2), later(4))
    assert (even.residual, even.uneven_since) == ({}, None)


@pytest.mark.covers("F68")
def test_an_overfill_is_counted_and_a_trade_the_wrong_way_fills_nothing() -> None:
    over = filled(ticket(1), fill(7, "e.a.1.01"), fill(2, "e.a.2.01"))
    assert (over.filled, over.remaining, over.most) == (9, -2, 9)
    assert filled(ticket(1), fill(-1)).filled == 0


def test_what_was_once_filled_is_remembered_after_a_bust() -> None:
    busted = filled(ticket(1), fill(3, "e.a.1.01"), fill(0, "e.a.1.02"))
    assert (busted.filled, busted.most) == (0, 3)


# ------------------------------------------------------------------ a person first ----


def proposal_of(order: Order) -> Proposal:
    return Proposal(
        order=order,
        limits=RUNGS,
        pause=PAUSE,
        lasts=LASTS,
        quoted=AT,
        asked=AT,
        expires=AT + LASTS,
        config="c",
        build="b",
    )


def test_an_order_that_waits_for_a_person_was_never_sent() -> None:
    proposal = proposal_of(ticket(1).order)
    waits = propose_ticket(Approved(order=proposal.order), proposal)
    assert (waits.is_proposed, waits.was_sent) == (True, False)
    assert waits.deadline == proposal.expires
    allowed = waits.hear(Evidence.ALLOWED, AT)
    assert (allowed.is_proposed, allowed.was_sent) == (False, True)
    sent = waits.leave(Approved(order=waits.order), later(30))
    assert (sent.status, sent.proposal) == (OrderStatus.INTENT, proposal)
    assert (sent.opened, sent.deadline) == (later(30), later(30) + LASTS)
    other = replace(waits.order, quantity=8)
    with pytest.raises(AssertionError, match=r"^another order was approved$"):
        waits.leave(Approved(order=other), AT)
    with pytest.raises(AssertionError, match=r"^nobody was asked$"):
        ticket(1).leave(Approved(order=ticket(1).order), AT)
    assert (waits.rung_pause, waits.tried) == (PAUSE, AT)
    assert sent.rung_pause == PAUSE
    lapsed = waits.hear(Evidence.WITHDRAWN, later(20))
    late = lapsed.leave(Approved(order=waits.order), later(30))
    assert late.status is OrderStatus.LAPSED, "a yes after the end sends nothing"


def test_consent_and_permit_are_those_that_the_gate_gave_last() -> None:
    first = ticket(1).order
    consent = Consent(
        proposal=proposal_of(first),
        digest="d",
        by="ann",
        given=AT,
    )
    opened = open_ticket(
        Approved(order=first, permit=permit("one"), consent=consent),
        RUNGS,
        AT,
        PAUSE,
        LASTS,
    )
    assert (opened.permit, opened.consent) == (permit("one"), consent)
    up = opened.climb(
        Approved(order=opened.next_order(), permit=permit("two")), later(20)
    )
    assert (up.permit, up.consent, up.rung_since) == (
        permit("two"),
        consent,
        later(20),
    )


def permit(greeks: str) -> RollPermit:
    return RollPermit(
        case="c",
        order_ref="r",
        hedge_exec_ids=("e",),
        greeks=greeks,
        candidate="x",
        issued=AT,
        expires=AT + PAUSE,
    )
