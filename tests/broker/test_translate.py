"""Numbers, times and executions, as properties and by example."""

import math
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from alvh_trader.broker.library import BarData, Contract, ContractDetails, Order
from alvh_trader.broker.translate import (
    bar_of,
    broker_order,
    future_of,
    instant,
    limit_of,
    newest,
    number,
    option_of,
    order_contract,
)
from alvh_trader.domain.order import Fill, revision
from alvh_trader.domain.order import Order as OurOrder
from tests.broker.rig import NOW, hedge, roll, sale

cents = st.integers(-5000, 5000).map(lambda n: Decimal(n) / 100)


@pytest.mark.covers("F91")
@given(st.one_of(st.text(max_size=8), st.floats(), st.none()))
def test_a_number_is_finite_or_none(value: object) -> None:
    parsed = number(value)
    assert parsed is None or (math.isfinite(parsed) and abs(parsed) < 1e300)


@pytest.mark.parametrize(
    "value", ["1.7976931348623157E308", "1.7976931348623157e+308", "", "?", None]
)
def test_the_brokers_ways_to_say_nothing_are_none(value: object) -> None:
    assert number(value) is None


@pytest.mark.covers("F99")
@given(st.text(max_size=30) | st.text("0123456789", min_size=9, max_size=30))
@example("9" * 12)
@example("9" * 17)
@example("9" * 30)
def test_no_text_breaks_the_reading_of_time(text: str) -> None:
    at = instant(text)
    assert at is None or at.tzinfo is UTC


@given(st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)))  # noqa: DTZ001
def test_the_form_with_a_dash_is_utc(naive: datetime) -> None:
    whole = naive.replace(microsecond=0)
    assert instant(f"{whole:%Y%m%d-%H:%M:%S}") == whole.replace(tzinfo=UTC)


@pytest.mark.covers("F81", "P14")
@pytest.mark.parametrize("make", [hedge, sale, roll])
@given(limit=cents)
def test_a_limit_survives_the_way_out_and_back(
    make: Callable[[str, str], OurOrder], limit: Decimal
) -> None:
    order = make("X", str(limit))
    out = broker_order(order, order_id=1, client_id=2, account="DU1")
    assert limit_of(out) == limit


@pytest.mark.covers("F81", "P14")
@given(ratios=st.lists(st.sampled_from([-2, -1, 1, 2]), min_size=2, max_size=4))
def test_buying_the_combo_does_what_the_ratios_say(ratios: list[int]) -> None:
    from alvh_trader.domain.order import Leg
    from tests.broker.rig import SPX_PUT

    base = roll()
    order = OurOrder(
        ref="X",
        case="C",
        purpose=base.purpose,
        legs=tuple(Leg(SPX_PUT, ratio) for ratio in ratios),
        quantity=1,
        limit=Decimal(0),
    )
    contract = order_contract(order)
    bought = [
        leg.ratio if leg.action == "BUY" else -leg.ratio for leg in contract.comboLegs
    ]
    assert bought == ratios
    out = broker_order(order, order_id=1, client_id=2, account="DU1")
    assert out.action == "BUY"


def test_an_order_without_a_limit_has_none() -> None:
    market = Order(action="BUY", totalQuantity=1, orderType="MKT", lmtPrice=0.0)
    assert limit_of(market) is None


def fill(exec_id: str) -> Fill:
    return Fill(
        exec_id=exec_id,
        ref="T1",
        perm_id=1,
        con_id=1,
        quantity=1,
        price=Decimal(1),
        at=NOW,
    )


@given(
    st.lists(
        st.tuples(st.integers(1, 4), st.integers(1, 9)).map(
            lambda pair: f"0000e0d5.5e2b1b2c.{pair[0]:02}.{pair[1]:02}"
        )
    )
)
def test_each_execution_is_kept_once_and_newest(exec_ids: list[str]) -> None:
    kept = [f.exec_id for f in newest([fill(exec_id) for exec_id in exec_ids])]
    best: dict[str, int] = {}
    for exec_id in exec_ids:
        base, number_ = revision(exec_id)
        best[base] = max(best.get(base, 0), number_)
    assert {revision(exec_id) for exec_id in kept} == set(best.items())
    assert len(kept) == len(best)


def test_plain_counters_are_not_taken_for_corrections() -> None:
    assert len(newest([fill("sim.1"), fill("sim.2"), fill("3")])) == 3


def test_a_bar_without_a_price_is_none() -> None:
    whole = BarData(open=1.0, high=2.0, low=0.5, close=1.5)
    whole.date = "20180205"  # type: ignore[assignment] # as it comes off the wire
    assert bar_of(whole) is not None
    whole.close = 0.0
    assert bar_of(whole) is None


@pytest.mark.covers("F82", "P05")
@pytest.mark.parametrize(
    "change",
    [
        {"right": "?"},
        {"multiplier": "10"},
        {"lastTradeDateOrContractMonth": ""},
        {"secType": "FOP"},
    ],
)
def test_options_of_another_kind_are_not_understood(change: dict[str, str]) -> None:
    fields: dict[str, object] = {
        "secType": "OPT",
        "conId": 1,
        "symbol": "SPX",
        "lastTradeDateOrContractMonth": "20180316",
        "strike": 2500.0,
        "right": "P",
        "multiplier": "100",
        "tradingClass": "SPXW",
    }
    good = ContractDetails(contract=Contract(**fields))  # type: ignore[arg-type]
    bad = ContractDetails(contract=Contract(**{**fields, **change}))  # type: ignore[arg-type]
    assert option_of(good) is not None
    assert option_of(bad) is None
    assert future_of(good) is None
