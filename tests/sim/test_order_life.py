"""What orders wait for, what ends them, and what they do to each other."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alvh_trader.sim.book import AUCTION_DEPTH
from alvh_trader.sim.exchange import Exchange
from alvh_trader.sim.handling import Handling
from alvh_trader.sim.kinds import KINDS, KINDS_OF, TIMES_OF
from alvh_trader.sim.model import (
    Accepted,
    Ended,
    Listing,
    Refusal,
    Report,
    Restated,
    SimOrder,
    Status,
    Top,
    Traded,
)
from alvh_trader.sim.scenario import scenario
from tests.sim.orders import market_order

VOLMAGEDDON = scenario("volmageddon-2018")
STEP = timedelta(seconds=20)
CLOSE = datetime(2018, 1, 22, 21, 15, tzinfo=UTC)


def opened() -> Exchange:
    return Exchange(VOLMAGEDDON, 1)


def vix_call(exchange: Exchange) -> Listing:
    (option,) = exchange.find(
        symbol="VIX", sec_type="OPT", right="C", strike=15.0,
        month_or_day="20180213", trading_class="VIX",
    )  # fmt: skip
    return option


def future(exchange: Exchange) -> Listing:
    (it,) = exchange.find(symbol="VIX", sec_type="FUT", month_or_day="20180214")
    return it


def order(option: Listing, **changes: object) -> SimOrder:
    plain = market_order(
        option,
        order_id=7,
        account=VOLMAGEDDON.accounts[0],
        quantity=2,
        order_ref="life",
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def top(exchange: Exchange, option: Listing) -> Top:
    return exchange.tops([option.con_id])[0]


def ask(exchange: Exchange, option: Listing) -> Decimal:
    price = top(exchange, option).ask
    assert price is not None
    return price


def bid(exchange: Exchange, option: Listing) -> Decimal:
    price = top(exchange, option).bid
    assert price is not None
    return price


def accepted(reports: tuple[Report, ...]) -> SimOrder:
    assert isinstance(reports[0], Accepted)
    return reports[0].order


def run(exchange: Exchange, until: datetime = CLOSE) -> Iterator[Report]:
    while exchange.now < until:
        to = exchange.next_instant(STEP)
        assert to is not None
        yield from exchange.advance(min(to, until))


def statuses(reports: list[Report], perm_id: int) -> list[str]:
    return [it.order.status.value for it in reports if it.order.perm_id == perm_id]


# ----------------------------------------------------------------------- stops ---


def test_a_stop_sleeps_until_the_market_is_there_twice_and_then_trades() -> None:
    exchange = opened()
    call = vix_call(exchange)
    reached = order(call, order_type="STP", handling=Handling(stop=bid(exchange, call)))
    held = accepted(exchange.submit(reached))
    assert (held.status, held.why_held) == (Status.PRE_SUBMITTED, "trigger")
    assert exchange.advance(exchange.now + STEP) == ()
    woken, *after = exchange.advance(exchange.now + STEP)
    assert isinstance(woken, Restated)
    assert (woken.order.status, woken.order.why_held) == (Status.SUBMITTED, "")
    assert [type(it) for it in after] == [Traded]


def test_a_stop_that_is_not_reached_never_trades() -> None:
    exchange = opened()
    call = vix_call(exchange)
    far = Handling(stop=Decimal(90))
    held = accepted(exchange.submit(order(call, order_type="STP", handling=far)))
    reports = list(run(exchange))
    assert statuses(reports, held.perm_id) == ["Cancelled"]


@pytest.mark.parametrize("action", ["BUY", "SELL"])
def test_an_if_touched_order_wakes_where_a_stop_of_the_other_side_would(
    action: str,
) -> None:
    exchange = opened()
    call = vix_call(exchange)
    stop = ask(exchange, call) + 1 if action == "BUY" else Decimal("0.10")
    touched = Handling(stop=stop.quantize(Decimal("0.1")))
    sent = order(call, action=action, order_type="MIT", handling=touched)
    exchange.submit(sent)
    stopped = accepted(exchange.submit(replace(sent, order_type="STP")))
    reports = list(run(exchange, exchange.now + 3 * STEP))
    done = {it.order.order_type for it in reports if isinstance(it, Traded)}
    assert done == {"MIT"}
    assert exchange.is_resting(stopped.perm_id)


def test_the_trigger_method_decides_which_price_counts() -> None:
    exchange = opened()
    vx = future(exchange)
    between = Handling(stop=ask(exchange, vx) + Decimal("0.1"), trigger_method=4)
    exchange.submit(order(vx, order_type="STP", handling=between))
    last = replace(between, trigger_method=2, stop=bid(exchange, vx) - 1)
    exchange.submit(order(vx, order_type="STP", handling=last, order_id=8))
    reports = exchange.advance(exchange.now + timedelta(seconds=5))
    assert {it.order.order_id for it in reports} == {8}


def test_a_trailing_stop_follows_the_market_and_never_goes_back() -> None:
    exchange = opened()
    vx = future(exchange)
    trail = Handling(trail=Decimal("0.30"))
    sent = order(vx, order_type="TRAIL", tif="GTC", handling=trail)
    perm_id = accepted(exchange.submit(sent)).perm_id
    stops, best = [], Decimal(99)
    reports: tuple[Report, ...] = ()
    for _ in range(2000):
        reports = exchange.advance(exchange.now + timedelta(minutes=5))
        (held,) = exchange.open_orders() or (None,)
        if held is None:
            break
        last = top(exchange, vx).last
        assert last is not None
        best = min(best, last)
        assert held.handling.stop == best + Decimal("0.30")
        stops.append(held.handling.stop)
    assert stops == sorted(stops, reverse=True)
    assert len(set(stops)) > 1
    assert statuses(list(reports), perm_id) == ["Submitted", "Filled"]


def test_a_trailing_limit_keeps_its_distance_and_is_on_the_grid_when_it_wakes() -> None:
    exchange = opened()
    vx = future(exchange)
    trail = Handling(trail_percent=Decimal("0.37"), limit_offset=Decimal("0.10"))
    sent = order(vx, action="SELL", order_type="TRAIL LIMIT", handling=trail)
    exchange.submit(sent)
    exchange.advance(exchange.now + STEP)
    (held,) = exchange.open_orders()
    assert held.handling.stop is not None
    assert held.limit == held.handling.stop - Decimal("0.10")
    woken = next(it.order for it in run(exchange) if isinstance(it, Restated))
    assert woken.limit is not None
    assert woken.limit % Decimal("0.05") == 0


# ------------------------------------------------------------------------ time ---


def test_fill_or_kill_takes_all_or_nothing_at_once() -> None:
    exchange = opened()
    call = vix_call(exchange)
    size = top(exchange, call).ask_size
    fits = accepted(exchange.submit(order(call, tif="FOK", quantity=1)))
    big = accepted(exchange.submit(order(call, tif="FOK", quantity=50 * size)))
    reports = list(exchange.advance(exchange.now + timedelta(seconds=5)))
    assert statuses(reports, fits.perm_id) == ["Filled"]
    assert statuses(reports, big.perm_id) == ["PendingCancel", "Cancelled"]


def test_immediate_or_cancel_takes_what_is_there_and_ends() -> None:
    exchange = opened()
    call = vix_call(exchange)
    size = top(exchange, call).ask_size
    sent = accepted(exchange.submit(order(call, tif="IOC", quantity=50 * size)))
    reports = list(exchange.advance(exchange.now + timedelta(seconds=5)))
    assert statuses(reports, sent.perm_id) == [
        "Submitted", "PendingCancel", "Cancelled",
    ]  # fmt: skip
    assert 0 < reports[-1].order.filled < sent.quantity


def test_immediate_or_cancel_finds_no_market_at_night() -> None:
    exchange = opened()
    call = vix_call(exchange)
    exchange.advance(CLOSE)
    reports = exchange.submit(order(call, tif="IOC"))
    assert [type(it) for it in reports] == [Accepted, Restated, Ended]


def test_good_after_and_good_till_bound_the_life_of_an_order() -> None:
    exchange = opened()
    call = vix_call(exchange)
    start, end = exchange.now + 3 * STEP, exchange.now + 6 * STEP
    never = Handling(good_after=start, good_till=end)
    limit = Decimal("0.05")
    sent = order(call, order_type="LMT", limit=limit, tif="GTD", handling=never)
    held = accepted(exchange.submit(sent))
    assert held.status is Status.PRE_SUBMITTED
    seen = []
    while exchange.now < end:
        seen += [(exchange.now, it) for it in exchange.advance(exchange.now + STEP)]
    assert [it.order.status for _, it in seen] == [Status.SUBMITTED, Status.CANCELLED]
    assert not exchange.open_orders()


def test_a_good_till_date_ends_at_the_close_if_it_lies_in_the_night() -> None:
    exchange = opened()
    call = vix_call(exchange)
    till = Handling(good_till=CLOSE)
    limit = Decimal("0.05")
    exchange.submit(
        order(call, order_type="LMT", limit=limit, tif="GTD", handling=till)
    )
    assert isinstance(exchange.advance(CLOSE)[-1], Ended)


def test_what_is_good_till_cancelled_works_again_the_next_day() -> None:
    exchange = opened()
    call = vix_call(exchange)
    exchange.advance(CLOSE)
    limit = Decimal("0.05")
    sent = accepted(
        exchange.submit(order(call, order_type="LMT", limit=limit, tif="GTC"))
    )
    assert sent.status is Status.PRE_SUBMITTED
    reports = list(run(exchange, datetime(2018, 1, 23, 15, 0, tzinfo=UTC)))
    assert statuses(reports, sent.perm_id) == ["Submitted"]


def test_an_order_for_the_close_trades_at_the_close_alone() -> None:
    exchange = opened()
    vx = future(exchange)
    whole = accepted(exchange.submit(order(vx, order_type="MOC", quantity=80)))
    never = order(vx, order_type="LOC", limit=Decimal(5))
    late = accepted(exchange.submit(never))
    before = list(run(exchange, CLOSE - STEP))
    assert before == []
    reports = list(run(exchange))
    assert statuses(reports, whole.perm_id) == ["Filled"]
    assert statuses(reports, late.perm_id) == ["Cancelled"]


def test_an_order_for_the_opening_waits_for_it() -> None:
    exchange = opened()
    call = vix_call(exchange)
    sent = accepted(exchange.submit(order(call, tif="OPG", quantity=3)))
    reports = list(run(exchange, datetime(2018, 1, 23, 14, 30, tzinfo=UTC)))
    assert statuses(reports, sent.perm_id) == ["Filled"]
    (row,) = exchange.executions()
    assert row.at == datetime(2018, 1, 23, 14, 30, tzinfo=UTC)


def test_an_auction_has_a_size_which_those_who_come_share() -> None:
    exchange, other = opened(), opened()
    call, opening = vix_call(exchange), datetime(2018, 1, 23, 14, 30, tzinfo=UTC)
    list(run(other, opening))
    gathered = AUCTION_DEPTH * top(other, call).ask_size
    for quantity in (gathered - 5, 20, 7):
        accepted(exchange.submit(order(call, tif="OPG", quantity=quantity)))
    reports = list(run(exchange, opening))
    trades = [it.order.filled for it in reports if isinstance(it, Traded)]
    ended = [it.order for it in reports if isinstance(it, Ended)]
    assert trades == [gathered - 5, 5]
    assert [(it.quantity, it.filled) for it in ended] == [(20, 5), (7, 0)]


# ------------------------------------------------------------------------ ties ---


def bracket(exchange: Exchange, **parent: object) -> tuple[SimOrder, ...]:
    """Return a parent, its profit taker and its stop, as they were accepted."""
    call = vix_call(exchange)
    first = accepted(exchange.submit(order(call, **parent)))
    tie = Handling(parent=first.perm_id, parent_id=first.order_id)
    profit = order(
        call, action="SELL", order_type="LMT", limit=Decimal("0.05"),
        order_id=8, tif="GTC", handling=tie,
    )  # fmt: skip
    stop = order(
        call, action="SELL", order_type="STP", order_id=9, tif="GTC",
        handling=replace(tie, stop=Decimal("0.01")),
    )  # fmt: skip
    return first, accepted(exchange.submit(profit)), accepted(exchange.submit(stop))


def test_children_wait_for_their_parent_and_the_first_to_trade_ends_the_other() -> None:
    exchange = opened()
    first, profit, stop = bracket(exchange, quantity=2)
    assert (profit.why_held, stop.why_held) == ("child", "child,trigger")
    group = str(first.perm_id)
    assert {profit.handling.oca_group, stop.handling.oca_group} == {group}
    reports = list(run(exchange, exchange.now + 4 * STEP))
    assert statuses(reports, profit.perm_id)[-1] == "Filled"
    assert statuses(reports, stop.perm_id)[-1] == "Cancelled"
    freed = next(it for it in reports if it.order.perm_id == stop.perm_id)
    assert (freed.order.status, freed.order.why_held) == ("PreSubmitted", "trigger")
    assert not exchange.open_orders()


def test_a_child_asks_for_no_funds_of_its_own() -> None:
    exchange = opened()
    (put,) = exchange.find(
        symbol="SPX", sec_type="OPT", right="P", strike=2800.0,
        month_or_day="20180309", trading_class="SPXW",
    )  # fmt: skip
    many = {"symbol": "SPX", "quantity": 60}
    short = order(put, action="SELL", **many)
    (refused,) = exchange.submit(short)
    assert isinstance(refused, Refusal)
    assert refused.code == 201
    first = accepted(exchange.submit(order(put, **many)))
    tied = Handling(parent=first.perm_id, parent_id=first.order_id)
    accepted(exchange.submit(replace(short, order_id=8, handling=tied)))


def test_children_end_with_a_parent_that_never_traded() -> None:
    exchange = opened()
    first, *children = bracket(exchange, order_type="LMT", limit=Decimal("0.05"))
    reports = exchange.cancel(first.perm_id)
    assert [type(it) for it in reports] == [Ended] * 3
    assert {it.order.perm_id for it in reports} == {
        first.perm_id, *(it.perm_id for it in children),
    }  # fmt: skip


def test_children_of_a_parent_that_traded_in_part_protect_that_part() -> None:
    exchange = opened()
    size = top(exchange, vix_call(exchange)).ask_size
    first, profit, stop = bracket(exchange, quantity=50 * size)
    assert profit.quantity == stop.quantity == 2
    exchange.advance(exchange.now + timedelta(seconds=5))
    exchange.cancel(first.perm_id)
    assert {it.perm_id for it in exchange.open_orders()} == {
        profit.perm_id, stop.perm_id,
    }  # fmt: skip
    assert all(not it.why_held.startswith("child") for it in exchange.open_orders())


@pytest.mark.parametrize(("kind", "left"), [(1, None), (2, 7), (3, 7)])
def test_a_group_takes_the_traded_share_off_the_others(
    kind: int, left: int | None
) -> None:
    exchange = opened()
    call = vix_call(exchange)
    size = top(exchange, call).ask_size
    group = Handling(oca_group="either", oca_type=kind)
    exchange.submit(order(call, quantity=50 * size, handling=group))
    limit = Decimal("0.05")
    other = order(call, order_type="LMT", limit=limit, quantity=10, handling=group)
    second = accepted(exchange.submit(other))
    reports = exchange.advance(exchange.now + timedelta(seconds=5))
    traded = next(it for it in reports if isinstance(it, Traded)).order.filled
    now = {it.perm_id: it.quantity for it in exchange.open_orders()}
    if left is None:
        assert second.perm_id not in now
    else:
        assert now[second.perm_id] == 10 - 10 * traded // (50 * size)


# ------------------------------------------------------------------- refusals ---


def test_each_instrument_takes_its_own_types_and_times() -> None:
    exchange = opened()
    call, vx = vix_call(exchange), future(exchange)
    for listing in (call, vx):
        for name in KINDS:
            kind = KINDS[name]
            how = Handling(
                stop=Decimal(10) if kind.has_stop and not kind.trails else None,
                trail=Decimal(1) if kind.trails else None,
                limit_offset=Decimal(1) if kind.trails and kind.has_limit else None,
            )
            limit = Decimal(10) if kind.has_limit else None
            sent = order(listing, order_type=name, limit=limit, handling=how)
            (report,) = exchange.submit(sent)
            is_refused = isinstance(report, Refusal)
            assert is_refused == (name not in KINDS_OF[listing.sec_type]), name
        for tif in ("DAY", "GTC", "IOC", "FOK", "OPG"):
            (report,) = exchange.submit(order(listing, tif=tif))
            assert isinstance(report, Refusal) == (
                tif not in TIMES_OF[listing.sec_type]
            )


def test_only_a_limit_and_a_market_order_may_become_each_other() -> None:
    exchange = opened()
    call = vix_call(exchange)
    sent = order(call, order_type="LMT", limit=Decimal("0.05"))
    held = accepted(exchange.submit(sent))
    stop = replace(
        held, order_type="STP", limit=None, handling=Handling(stop=Decimal(1))
    )
    (report,) = exchange.modify(stop)
    assert isinstance(report, Refusal)
    assert report.code == 329
    (report,) = exchange.modify(replace(held, order_type="MKT", limit=None))
    assert isinstance(report, Accepted)


def test_a_refusal_of_the_server_leaves_the_order_inactive() -> None:
    exchange = opened()
    (report,) = exchange.submit(order(vix_call(exchange), quantity=10**6))
    assert isinstance(report, Refusal)
    assert (report.code, report.order.status) == (201, Status.INACTIVE)


# --------------------------------------------------------------- the automaton ---

actions = st.sampled_from(["BUY", "SELL"])
moves = st.one_of(
    st.tuples(
        st.just("submit"), st.sampled_from(sorted(KINDS)), actions,
        st.sampled_from(["DAY", "GTC", "IOC", "FOK", "OPG"]), st.integers(1, 40),
        st.integers(-8, 8), st.integers(0, 3), st.integers(0, 3),
    ),
    st.tuples(st.just("cancel"), st.integers(0, 9)),
    st.tuples(st.just("modify"), st.integers(0, 9), st.integers(1, 60)),
    st.tuples(st.just("advance"), st.sampled_from([5, 20, 3600, 30_000, 90_000])),
)  # fmt: skip


def submitted(exchange: Exchange, sent: list[int], move: tuple) -> SimOrder:  # type: ignore[type-arg]
    _, name, action, tif, quantity, ticks, parent, group = move
    listing = future(exchange) if KINDS[name].at_close else vix_call(exchange)
    kind = KINDS[name]
    price = Decimal(15 if listing.sec_type == "FUT" else 1) + ticks * Decimal("0.05")
    how = Handling(
        stop=price if kind.has_stop and not kind.trails else None,
        trail=Decimal("0.10") if kind.trails else None,
        limit_offset=Decimal("0.05") if kind.trails and kind.has_limit else None,
        parent=sent[-parent] if 0 < parent <= len(sent) else 0,
        oca_group=f"g{group}" if group else "",
        oca_type=group or 3,
    )
    limit = price if kind.has_limit and not kind.trails else None
    return order(
        listing, order_type=name, action=action, tif=tif, quantity=quantity,
        limit=limit, handling=how, order_id=len(sent) + 1,
    )  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(st.lists(moves, min_size=5, max_size=25))
def test_every_order_ends_in_exactly_one_terminal_state(moves_made: list) -> None:  # type: ignore[type-arg]
    exchange = opened()
    reports: list[Report] = []
    sent: list[int] = []
    for move in moves_made:
        match move:
            case ("submit", *_):
                made = exchange.submit(submitted(exchange, sent, move))
                sent.append(made[0].order.perm_id)
                reports += made
            case ("cancel", which) if which < len(sent):
                reports += exchange.cancel(sent[which])
            case ("modify", which, quantity) if which < len(sent):
                held = {it.perm_id: it for it in exchange.open_orders()}
                if sent[which] in held:
                    changed = replace(held[sent[which]], quantity=quantity)
                    reports += exchange.modify(changed)
            case ("advance", seconds):
                reports += exchange.advance(exchange.now + timedelta(seconds=seconds))
            case _:
                pass
    for left in exchange.open_orders():
        if exchange.is_resting(left.perm_id):
            reports += exchange.cancel(left.perm_id)
    refused = {
        it.order.perm_id
        for it in reports
        if isinstance(it, Refusal) and it.order.status is Status.INACTIVE
    }
    taken = {it.order.perm_id for it in reports if isinstance(it, Accepted)}
    assert not taken & refused
    for perm_id in taken:
        life = [
            it
            for it in reports
            if it.order.perm_id == perm_id and not isinstance(it, Refusal)
        ]
        ends = [
            n
            for n, it in enumerate(life)
            if it.order.status in (Status.FILLED, Status.CANCELLED)
        ]
        assert ends == [len(life) - 1], [(type(it), it.order.status) for it in life]
        filled = [it.order.filled for it in life]
        assert filled == sorted(filled)
        assert filled[-1] <= life[-1].order.quantity
        if life[-1].order.status is Status.FILLED:
            assert filled[-1] == life[-1].order.quantity
