"""An exchange that goes on where another stopped is that other one."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alvh_trader.errors import ConfigError
from alvh_trader.sim.exchange import Exchange
from alvh_trader.sim.handling import PLAIN, Handling
from alvh_trader.sim.kept import KeptExchange
from alvh_trader.sim.model import (
    Accepted,
    Execution,
    Listing,
    OrderLeg,
    Report,
    SimOrder,
    Traded,
)
from alvh_trader.sim.scenario import Scenario, scenario, shared_by

ACCOUNTS = ("DU1000001", "DU1000002")
SCENARIO = shared_by(scenario("volmageddon-2018"), ACCOUNTS)
LATER = timedelta(seconds=20)
CHEAP = Decimal("0.05")


class Way(NamedTuple):
    """How an order is worked."""

    order_type: str
    tif: str = "GTC"
    handling: Handling = PLAIN


WAYS = {
    "market": Way("MKT"),
    "away": Way("LMT"),
    "today": Way("LMT", "DAY"),
    "at once": Way("LMT", "IOC"),
    "stop": Way("STP", handling=Handling(stop=Decimal("17.50"))),
    "trail": Way("TRAIL", handling=Handling(trail=Decimal("0.50"))),
    "group": Way("LMT", handling=Handling(oca_group="one", oca_type=1)),
    "child": Way("STP", handling=Handling(stop=Decimal("5.00"))),
}


class Desk:
    """A kept exchange, the lines that it has written, and how to stop and restart."""

    def __init__(self, lines: list[bytes] | None = None) -> None:
        self.lines = lines or []
        self.settled: list[int] = []
        self.reports: list[Report] = []
        self.exchange = self._open()
        self.orders = 0

    def _open(self) -> KeptExchange:
        return KeptExchange(
            SCENARIO,
            1,
            lines=tuple(self.lines),
            write=self.lines.append,
            settle=lambda: self.settled.append(len(self.lines)),
        )

    def restart(self) -> None:
        self.exchange = self._open()

    def advance(self, by: timedelta = LATER) -> None:
        to = self.exchange.next_instant(by)
        assert to is not None
        self.reports += self.exchange.advance(to)

    def buy(self, sign: int, at: str, what: str, account: int = 0) -> None:
        """Order what `what` names: bought (1) or sold (-1), in one of the `WAYS`."""
        parent = max((it.perm_id for it in self.exchange.open_orders()), default=0)
        legs = tuple(legs_of(self.exchange, what))
        self.orders += 1
        self.reports += self.exchange.submit(
            SimOrder(
                perm_id=0,
                client_id=1,
                order_id=self.orders,
                account=ACCOUNTS[account],
                symbol="SPX",
                sec_type="BAG" if len(legs) > 1 else "OPT",
                action="BUY" if sign > 0 else "SELL",
                quantity=3,
                order_type=WAYS[at].order_type,
                limit=CHEAP if "LMT" in WAYS[at].order_type else None,
                tif=WAYS[at].tif,
                order_ref=f"ref {self.orders}",
                legs=legs,
                handling=replace(
                    WAYS[at].handling, parent=parent if at == "child" else 0
                ),
            )
        )

    def cancel(self) -> None:
        for order in self.exchange.open_orders()[:1]:
            self.reports += self.exchange.cancel(order.perm_id)

    def pause(self) -> None:
        """Halt trading for a step."""
        self.exchange.tampering.is_halted = True
        self.advance()
        self.exchange.tampering.is_halted = False

    def modify(self) -> None:
        for order in self.exchange.open_orders()[:1]:
            self.reports += self.exchange.modify(replace(order, quantity=5))

    def seen(self) -> tuple[object, ...]:
        """Everything that can be seen of the exchange."""
        it = self.exchange
        return (
            it.now,
            it.is_open,
            it.open_orders(),
            it.completed_orders(),
            it.executions(),
            [it.account(name) for name in ACCOUNTS],
        )


def legs_of(exchange: Exchange, what: str) -> list[OrderLeg]:
    puts = [put(exchange, strike) for strike in (2700.0, 2675.0)]
    if what == "spread":
        return [
            OrderLeg(con_id=put.con_id, ratio=1, action=action)
            for put, action in zip(puts, ("BUY", "SELL"), strict=True)
        ]
    of = {"put": puts[0], "call": vix_call(exchange), "future": future(exchange)}
    return [OrderLeg(con_id=of[what].con_id, ratio=1, action="BUY")]


def put(exchange: Exchange, strike: float) -> Listing:
    (found,) = exchange.find(
        symbol="SPX", sec_type="OPT", trading_class="SPXW", right="P",
        strike=strike, month_or_day="20180309",
    )  # fmt: skip
    return found


def vix_call(exchange: Exchange) -> Listing:
    (found,) = exchange.find(
        symbol="VIX", sec_type="OPT", trading_class="VIX", right="C", strike=15.0,
        month_or_day="20180320",
    )  # fmt: skip
    return found


def future(exchange: Exchange) -> Listing:
    found = exchange.find(symbol="VIX", sec_type="FUT", trading_class="VX")
    return found[2]


Act = Callable[[Desk], None]


def _buys() -> st.SearchStrategy[Act]:
    return st.builds(
        lambda sign, at, what, account: lambda desk: desk.buy(sign, at, what, account),
        st.sampled_from([1, -1]),
        st.sampled_from(["market", "market", *WAYS]),
        st.sampled_from(["put", "call", "future", "spread"]),
        st.sampled_from([0, 1]),
    )


ACTS: st.SearchStrategy[Act] = st.one_of(
    _buys(),
    st.just(Desk.advance),
    st.just(lambda desk: desk.advance(timedelta(hours=7))),
    st.just(Desk.cancel),
    st.just(Desk.pause),
    st.just(Desk.modify),
)
SCRIPTS = st.lists(st.tuples(ACTS, st.booleans()), min_size=3, max_size=25)


@settings(max_examples=30, deadline=None)
@given(SCRIPTS)
def test_a_restart_changes_nothing(script: list[tuple[Act, bool]]) -> None:
    whole, broken = Desk(), Desk()
    for act, stops in script:
        act(whole)
        act(broken)
        if stops:
            broken.restart()
        assert broken.seen() == whole.seen()
    assert broken.lines == whole.lines
    assert broken.reports == whole.reports
    reopened = Desk(broken.lines)
    assert [report for _, report in reopened.exchange.past] == whole.reports


@settings(max_examples=30, deadline=None)
@given(SCRIPTS)
def test_cash_positions_and_fees_balance_and_numbers_are_new(
    script: list[tuple[Act, bool]],
) -> None:
    desk = Desk()
    start = {name: desk.exchange.account(name) for name in ACCOUNTS}
    for act, stops in script:
        act(desk)
        if stops:
            desk.restart()
    traded = [
        row
        for report in desk.reports
        if isinstance(report, Traded)
        for row in report.executions
    ]
    accepted = [
        it.order.perm_id
        for it in desk.reports
        if isinstance(it, Accepted) and not it.modified
    ]
    assert len(set(accepted)) == len(accepted)
    names = [row.exec_id for row in traded]
    assert len(set(names)) == len(names)
    for name in ACCOUNTS:
        rows = [row for row in traded if row.account == name and row.con_id]
        balance(desk.exchange, start[name].cash, rows, name)


def balance(
    exchange: Exchange, cash: Decimal, rows: list[Execution], name: str
) -> None:
    """Hold the books against what was traded; nothing expires in the scripts' days."""
    account = exchange.account(name)
    fees = sum((row.commission or Decimal(0) for row in rows), Decimal(0))
    moved: dict[int, int] = {}
    paid = Decimal(0)
    for row in rows:
        signed = row.quantity if row.side == "BOT" else -row.quantity
        moved[row.con_id] = moved.get(row.con_id, 0) + signed
        paid += signed * row.price * multiplier(exchange, row.con_id)
    worth = Decimal(0)
    for it in account.holdings:
        start = it.holding.quantity - moved.get(it.holding.con_id, 0)
        assert start == 0 or abs(start) == 10, "what was not traded was there before"
        worth += (
            it.price * it.holding.quantity * multiplier(exchange, it.holding.con_id)
        )
    assert account.net_liquidation == pytest.approx(
        cash - paid - fees + worth, abs=Decimal("0.01")
    )


def multiplier(exchange: Exchange, con_id: int) -> int:
    listing = exchange.listing(con_id)
    assert listing is not None
    return listing.multiplier


def traded_desk() -> Desk:
    desk = Desk()
    desk.buy(1, "market", "put")
    while desk.exchange.open_orders():
        desk.advance()
    desk.buy(1, "away", "call", 1)
    return desk


def test_a_call_whose_outcome_was_not_written_is_done_again() -> None:
    desk = traded_desk()
    complete = list(desk.lines)
    assert b'"outcome"' in desk.lines.pop()
    assert b'"submit"' in desk.lines[-1]
    desk.restart()
    assert desk.lines == complete
    assert len(desk.exchange.open_orders()) == 1


def test_a_halt_ends_with_the_process_that_ordered_it() -> None:
    desk = Desk()
    desk.exchange.tampering.is_halted = True
    desk.exchange.tampering.is_halted = True
    desk.restart()
    assert not desk.exchange.tampering.is_halted
    assert [line.count(b'"halt"') for line in desk.lines] == [0, 1, 1]


def test_what_was_forced_and_corrected_stays() -> None:
    desk = Desk()
    desk.buy(1, "away", "call")
    (order,) = desk.exchange.open_orders()
    tampering, now = desk.exchange.tampering, desk.exchange.now
    tampering.cap(order.perm_id, 1)
    (traded,) = tampering.force(order.perm_id, 1, now)
    assert isinstance(traded, Traded)
    exec_id = traded.executions[0].exec_id
    assert tampering.correct(exec_id, Decimal("0.05"))
    seen = desk.seen()
    desk.restart()
    assert desk.seen() == seen
    assert b'"cap"' in desk.lines[-1], "it may fill whole again"


def test_time_is_as_late_as_it_was() -> None:
    desk = Desk()
    for _ in range(30):
        desk.advance()
    now = desk.exchange.now
    desk.restart()
    assert desk.exchange.now == now


@pytest.mark.parametrize(
    ("of", "seed", "words"),
    [
        (scenario("calm-2017"), 1, "not of calm-2017 from 2017-09-01, seed 1"),
        (SCENARIO, 2, "seed 1, .*, of DU1000001, DU1000002, not of .*seed 2"),
        (shared_by(SCENARIO, ACCOUNTS[:1]), 1, "not of .*of DU1000001$"),
    ],
)
def test_the_state_of_another_run_is_refused(
    of: Scenario, seed: int, words: str
) -> None:
    desk = Desk()
    with pytest.raises(ConfigError, match=words):
        KeptExchange(
            of, seed, lines=desk.lines, write=desk.lines.append, settle=lambda: None
        )


def test_all_but_the_time_is_settled_before_anybody_hears_of_it() -> None:
    desk = Desk()
    desk.buy(1, "away", "call")
    desk.advance()
    desk.cancel()
    desk.pause()
    kinds = [json.loads(line)["type"] for line in desk.lines]
    assert {"submit", "outcome", "halt", "advance"} <= set(kinds)
    assert desk.settled == [
        number
        for number, kind in enumerate(kinds, 1)
        if kind not in ("begin", "advance")
    ]


def test_what_does_not_come_about_again_is_refused() -> None:
    lines = traded_desk().lines
    price = next(i for i, line in enumerate(lines) if b'"executions"' in line)
    other = [*lines]
    other[price] = other[price].replace(b'"BOT"', b'"SLD"')
    for changed in (other, [*lines[:price], *lines[price + 1 :]]):
        with pytest.raises(ConfigError, match="cannot be continued"):
            Desk(changed)


def test_what_is_no_call_is_refused() -> None:
    lines = Desk().lines
    for wrong in (b"", b"{}", b'{"type":"submit"}', b"\xff", b'{"type":"begin"}'):
        with pytest.raises(ConfigError, match="the state cannot be read"):
            Desk([*lines, wrong])
