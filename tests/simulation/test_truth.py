"""The judges can convict: each is shown a day that breaks its promise, and one not."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, cast

import pytest

from alvh_trader.sim.model import Execution
from alvh_trader.wire.contract import ContractSpec
from alvh_trader.wire.order_request import PlaceOrder
from tests.simulation.holdings import Holdings
from tests.simulation.truth import QUESTIONS, START, Truth
from tests.simulation.world import World

BEGIN = datetime(2018, 2, 5, 15, tzinfo=UTC)
FIRST, SECOND, ROLL = "ALVH-c1-HEDGE-1", "ALVH-c1-HEDGE-2", "ALVH-c1-ROLL-3"


class Day:
    """As much of a world as a judge looks at."""

    def __init__(self, held: int = 0) -> None:
        self.now = BEGIN
        self.wrong: list[str] = []
        self.began: dict[str, datetime] = {}
        self.beginnings: list[tuple[str, str, datetime]] = []
        self.cut_since: datetime | None = None
        self.trades: list[Execution] = []
        holding = SimpleNamespace(con_id=1, quantity=held)
        account = SimpleNamespace(holdings=[SimpleNamespace(holding=holding)])
        self.exchange = SimpleNamespace(
            accounts=("DU1",),
            account=lambda _: account,
            executions=lambda: tuple(self.trades),
        )
        client = SimpleNamespace(wanted=lambda: (1,))
        self.gateway = SimpleNamespace(
            floor=SimpleNamespace(is_cut_off=False, clients={17: client}),
            injector=SimpleNamespace(active=[]),
        )

    def violation(self, row: str, text: str) -> None:
        self.wrong.append(f"{row} {text}")

    def later(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def fault(self, name: str, value: str = "") -> None:
        self.beginnings.append((name, value, self.now))
        fault = SimpleNamespace(value=value)
        active = SimpleNamespace(name=name, value=value, fault=fault)
        self.gateway.injector.active.append(active)

    def trade(self, ref: str, side: str, quantity: int, exec_id: str = "a.01") -> None:
        self.trades.append(
            Execution(
                exec_id=exec_id,
                perm_id=1,
                client_id=17,
                order_id=1,
                order_ref=ref,
                at=self.now,
                account="DU1",
                con_id=1,
                side=side,
                quantity=quantity,
                price=Decimal(1),
                cumulative=quantity,
                average_price=Decimal(1),
            )
        )

    @property
    def rows(self) -> list[str]:
        return [words.partition(" ")[0] for words in self.wrong]


def order(ref: str) -> PlaceOrder:
    return PlaceOrder(order_id=1, contract=ContractSpec(con_id=1), order_ref=ref)


def row(ref: str, perm_id: int = 1) -> dict[str, Any]:
    return {"order_ref": ref, "perm_id": perm_id}


def truth(day: Day, *, has_asked: bool = True) -> Truth:
    judge = Truth(cast(World, day))
    for number in (START, *QUESTIONS) if has_asked else (START,):
        judge.asked(number + b"\0rest")
    return judge


def test_one_order_after_the_other_is_right() -> None:
    day = Day()
    judge = truth(day)
    judge.left(order(FIRST))
    judge.taken(row(FIRST))
    day.later(60)
    judge.over(row(FIRST))
    judge.left(order(SECOND))
    judge.taken(row(SECOND, 2))
    assert day.wrong == []


@pytest.mark.covers("V1")
def test_an_order_beside_one_that_lives_is_one_too_many() -> None:
    day = Day()
    judge = truth(day)
    judge.left(order(FIRST))
    judge.taken(row(FIRST))
    judge.left(order(SECOND))
    assert day.rows == ["V1"]


@pytest.mark.covers("V1")
def test_an_order_that_arrives_after_its_successor_had_left_was_given_up_early() -> (
    None
):
    day = Day()
    judge = truth(day)
    judge.left(order(FIRST))
    day.later(20)
    judge.left(order(SECOND))
    day.later(10)
    judge.taken(row(FIRST))
    assert day.rows == ["V1"]


@pytest.mark.covers("V5")
def test_nothing_leaves_while_another_order_is_on_its_way() -> None:
    day = Day()
    judge = truth(day)
    judge.left(order(FIRST))
    day.later(20)
    judge.left(order(ROLL))
    judge.taken(row(FIRST))
    assert day.rows == ["V5"]


@pytest.mark.covers("V5")
def test_nothing_leaves_before_its_session_has_asked_for_everything() -> None:
    day = Day()
    truth(day, has_asked=False).left(order(FIRST))
    assert day.rows == ["V5"] * len(QUESTIONS)


@pytest.mark.covers("V5")
@pytest.mark.parametrize(
    ("name", "value", "seconds", "is_wrong"),
    [
        ("quotes_frozen", "", 60, False),
        ("quotes_frozen", "", 120, True),
        ("stuck", "SPX", 70, True),
        ("stuck", "VIX", 300, False),
        ("price_minus1", "-1", 100, True),
    ],
)
def test_no_order_leaves_without_sight(
    name: str, value: str, seconds: float, *, is_wrong: bool
) -> None:
    day = Day()
    judge = truth(day)
    day.fault(name, value)
    day.later(seconds)
    judge.left(order(FIRST))
    assert day.rows == ["V5"] * is_wrong


@pytest.mark.covers("V5")
def test_no_order_leaves_whose_legs_are_not_streamed() -> None:
    day = Day()
    judge = truth(day)
    day.later(700)
    judge.left(PlaceOrder(order_id=1, contract=ContractSpec(con_id=2), order_ref=FIRST))
    assert day.rows == ["V5"]


@pytest.mark.covers("V7")
def test_it_is_known_when_an_order_could_trade() -> None:
    day = Day()
    judge = truth(day)
    judge.left(order(FIRST))
    judge.taken(row(FIRST))
    day.later(30)
    assert judge.worked(FIRST, 1, day.now)
    judge.over(row(FIRST))
    assert not judge.worked(FIRST, 1, day.now + timedelta(seconds=30))
    assert not judge.worked(FIRST, 2, day.now - timedelta(seconds=15))


@pytest.mark.covers("V2")
@pytest.mark.parametrize(
    ("bought", "sold", "exec_id", "wrongs"),
    [
        (8, 0, "a.01", 0),
        (7, 0, "a.01", 1),
        (12, 5, "a.01", 1),
        (0, 0, "a.01", 2),
        (8, 0, "b.01", 1),
    ],
)
def test_a_roll_leaves_on_a_hedge_that_has_traded_and_is_there(
    bought: int, sold: int, exec_id: str, wrongs: int
) -> None:
    day = Day()
    judge = Holdings(cast(World, day))
    if bought:
        day.trade(FIRST, "BOT", bought)
    if sold:
        day.trade("ALVH-c1-HEDGE_SELL-2", "SLD", sold, "c.01")
    judge.follow()
    judge.expect_hedge(ROLL, 8, (exec_id,))
    assert day.rows == ["V2"] * wrongs


@pytest.mark.covers("V1")
@pytest.mark.parametrize(
    ("held", "side", "is_wrong"),
    [(-10, "BOT", False), (-5, "BOT", True), (-10, "SLD", True), (10, "SLD", False)],
)
def test_a_closing_order_makes_no_position_larger_and_turns_none_round(
    held: int, side: str, *, is_wrong: bool
) -> None:
    day = Day(held)
    judge = Holdings(cast(World, day))
    day.trade("ALVH-c1-CLOSE-4", side, 10)
    judge.follow()
    assert day.rows == ["V1"] * is_wrong


@pytest.mark.covers("V1")
@pytest.mark.parametrize(("sold", "is_wrong"), [(8, False), (9, True)])
def test_a_sale_takes_no_more_than_hedges_have_of_each_leg(
    sold: int, *, is_wrong: bool
) -> None:
    """The long leg of one spread is the short leg of another: the account nets them."""
    day = Day()
    judge = Holdings(cast(World, day))
    day.trade(FIRST, "BOT", 8, "a.01")
    day.trade("ALVH-c1-HEDGE-2", "SLD", 9, "b.01")
    day.trade("ALVH-c1-HEDGE_SELL-3", "BOT", 9, "c.01")
    day.trade("ALVH-c1-HEDGE_SELL-3", "SLD", sold, "d.01")
    judge.follow()
    assert day.rows == ["V1"] * is_wrong
