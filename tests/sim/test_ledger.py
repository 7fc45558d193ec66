"""The books: cost, realised profit and cash agree with each other."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alvh_trader.domain.calendar import nyse
from alvh_trader.sim.ledger import Ledger
from alvh_trader.sim.listings import Listings, Wanted
from alvh_trader.sim.model import Listing

LISTED = Listings(
    nyse(date(2017, 12, 1), date(2019, 6, 30)), date(2018, 2, 5), 2575.0, 2872.87
)
LEVELS = {"SPX": 2700.0, "VIX": 17.0, "VXM": 17.0}


def spxw(strike: float, right: str, day: str = "20180309") -> Listing:
    (option,) = LISTED.find(
        Wanted(
            sec_type="OPT",
            trading_class="SPXW",
            month_or_day=day,
            strike=strike,
            right=right,
        )
    )
    return option


def vx() -> Listing:
    return LISTED.find(Wanted(symbol="VIX", sec_type="FUT"))[0]


PUT = spxw(2600.0, "P")
trades = st.lists(
    st.tuples(
        st.integers(-9, 9).filter(bool),
        st.integers(5, 4000).map(lambda n: Decimal(n).scaleb(-2)),
    ),
    min_size=1,
    max_size=12,
)


@given(trades)
def test_realised_and_open_profit_are_all_that_changed(
    done: list[tuple[int, Decimal]],
) -> None:
    ledger = Ledger("DU1", Decimal(100_000))
    realized = Decimal(0)
    for quantity, price in done:
        _, profit = ledger.trade(PUT, quantity, price)
        realized += profit or Decimal(0)
    mark = Decimal("7.30")
    account = ledger.values({PUT.con_id: mark}, LEVELS)
    assert account.net_liquidation - 100_000 == pytest.approx(
        realized + account.unrealized, abs=Decimal("0.02")
    )
    (row,) = account.holdings
    assert row.holding.quantity == sum(q for q, _ in done)
    assert row.daily == pytest.approx(
        account.net_liquidation - 100_000, abs=Decimal("0.02")
    )


def test_average_cost_has_the_fee_in_it_and_stays_when_part_is_closed() -> None:
    ledger = Ledger("DU1", Decimal(100_000))
    assert ledger.trade(PUT, -4, Decimal("10.00")) == (Decimal("5.40"), None)
    fee, profit = ledger.trade(PUT, 1, Decimal("8.00"))
    assert fee == Decimal("1.35")
    assert profit == Decimal("197.30"), "2 points less both fees"
    (row,) = ledger.values({PUT.con_id: Decimal("8.00")}, LEVELS).holdings
    assert (row.holding.quantity, row.holding.average_cost) == (-3, Decimal("998.65"))


def test_crossing_through_zero_opens_at_the_new_price() -> None:
    ledger = Ledger("DU1", Decimal(100_000))
    ledger.trade(PUT, 2, Decimal("10.00"))
    _, profit = ledger.trade(PUT, -5, Decimal("12.00"))
    assert profit == 2 * (1200 - Decimal("1.35") - 1000 - Decimal("1.35"))
    (row,) = ledger.values({PUT.con_id: Decimal("12.00")}, LEVELS).holdings
    assert row.holding.quantity == -3
    assert row.holding.average_cost == 1200 - Decimal("1.35")


def test_a_future_costs_margin_and_not_its_price() -> None:
    ledger, future = Ledger("DU1", Decimal(100_000)), vx()
    ledger.trade(future, 2, Decimal("17.00"))
    account = ledger.values({future.con_id: Decimal("18.00")}, LEVELS)
    assert account.cash == 100_000
    assert account.net_liquidation == 100_000 + 2000 - Decimal("4.74")
    assert account.initial_margin == 16_000
    assert account.maintenance_margin == 12_800
    assert account.equity_with_loan == account.net_liquidation
    assert account.futures_profit == 2000 - Decimal("4.74")
    assert account.gross_value == account.option_value == 0
    assert account.available_funds == account.equity_with_loan - 16_000
    assert account.excess_liquidity == account.equity_with_loan - 12_800
    ledger.trade(future, -2, Decimal("18.00"))
    closed = ledger.values({future.con_id: Decimal("18.00")}, LEVELS)
    assert closed.cash == closed.net_liquidation == 102_000 - Decimal("9.48")


def test_options_lend_nothing() -> None:
    ledger = Ledger("DU1", Decimal(100_000))
    ledger.trade(PUT, 2, Decimal("10.00"))
    account = ledger.values({PUT.con_id: Decimal("9.00")}, LEVELS)
    assert account.equity_with_loan == account.cash == Decimal("97997.30")
    assert account.net_liquidation == account.cash + 1800
    assert account.available_funds == account.excess_liquidity == account.cash
    assert account.option_value == account.gross_value == 1800


tradable = (PUT, spxw(2900.0, "C"), vx())


@given(
    st.lists(
        st.tuples(
            st.sampled_from(tradable),
            st.integers(-9, 9).filter(bool),
            st.integers(5, 4000).map(lambda n: Decimal(n).scaleb(-2)),
            st.booleans(),
        ),
        max_size=15,
    )
)
def test_cash_positions_and_fees_always_balance(
    done: list[tuple[Listing, int, Decimal, bool]],
) -> None:
    """Whatever is traded, settled or carried over night: no cent comes or goes."""
    start = Decimal(100_000)
    ledger, fees, paid = Ledger("DU1", start), Decimal(0), Decimal(0)
    held = dict.fromkeys((o.con_id for o in tradable), 0)
    marks = {o.con_id: Decimal("11.35") for o in tradable}
    for listing, traded, price, is_settled in done:
        quantity = -held[listing.con_id] if is_settled else traded
        if is_settled:
            if quantity:
                ledger.book(listing, quantity, price, Decimal(0))
        else:
            fee, _ = ledger.trade(listing, quantity, price)
            fees += fee
        held[listing.con_id] += quantity
        paid += price * quantity * listing.multiplier
        if price > 30:
            ledger.begin_day(marks)
    worth = sum(marks[o.con_id] * held[o.con_id] * o.multiplier for o in tradable)
    account = ledger.values(marks, LEVELS)
    assert account.net_liquidation == pytest.approx(
        start + worth - paid - fees, abs=Decimal("0.02")
    )
    assert ledger.quantities() == {c: q for c, q in held.items() if q}
