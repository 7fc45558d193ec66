"""Fills of a whole exchange, under each profile, against the quotes everybody sees."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import numpy as np
import pytest

from alvh_trader.cli.options import Fills
from alvh_trader.sim.exchange import Exchange
from alvh_trader.sim.fills import OPTIMISTIC, PROFILES, REALISTIC
from alvh_trader.sim.model import Accepted, OrderLeg, Top, Traded
from tests.sim.test_exchange import VOLMAGEDDON, condor, leg, order, vix_call

STEP = timedelta(seconds=10)
NICKEL = Decimal("0.05")


def place(exchange: Exchange, dice: np.random.Generator) -> None:
    """Send an order on an option, a future or a vertical, near the market."""
    low, high = condor(exchange)[:2]
    (future, *_) = exchange.find(symbol="VIX", sec_type="FUT", trading_class="VX")
    kind = ("OPT", "FUT", "BAG")[dice.integers(3)]
    legs: tuple[OrderLeg, ...] = (leg(high), leg(low, "SELL"))
    if kind == "BAG":
        top = exchange.combo_top(legs)
    else:
        legs = (leg(vix_call(exchange) if kind == "OPT" else future),)
        (top,) = exchange.tops([legs[0].con_id])
    assert top.bid is not None
    assert top.ask is not None
    wish = top.bid + (top.ask - top.bid) * int(dice.integers(-2, 7)) / 4
    sent = order(
        *legs,
        action=("BUY", "SELL")[dice.integers(2)],
        quantity=int(dice.integers(1, 61)),
        symbol="SPX" if kind == "BAG" else "VIX",
        sec_type=kind,
        limit=max(wish // NICKEL * NICKEL, NICKEL),
    )
    if dice.random() < 0.3:
        sent = replace(sent, order_type="MKT", limit=None)
    exchange.submit(sent)


def market(exchange: Exchange, traded: Traded) -> Top:
    sent = traded.order
    if sent.sec_type == "BAG":
        return exchange.combo_top(sent.legs)
    return exchange.tops([sent.legs[0].con_id])[0]


@pytest.mark.parametrize("profile", PROFILES)
def test_no_fill_is_through_the_market_and_every_cent_is_accounted_for(
    profile: str,
) -> None:
    exchange = Exchange(VOLMAGEDDON, 4, PROFILES[profile])
    dice = np.random.default_rng(5)
    start = exchange.account()
    paid = fees = Decimal(0)
    fills = 0
    for _ in range(150):
        if len(exchange.open_orders()) < 6:
            place(exchange, dice)
        for report in exchange.advance(exchange.now + STEP):
            if not isinstance(report, Traded):
                continue
            fills += 1
            sent, rows = report.order, report.executions
            price, top = rows[0].price, market(exchange, report)
            assert top.bid is not None
            assert top.ask is not None
            if sent.action == "BUY":
                assert price >= top.bid
                assert sent.limit is None or price <= sent.limit
                assert price >= top.ask or price == sent.limit
            else:
                assert price <= top.ask
                assert sent.limit is None or price >= sent.limit
                assert price <= top.bid or price == sent.limit
            for row in rows:
                listing = exchange.listing(row.con_id)
                if listing is not None:
                    assert row.commission is not None
                    fees += row.commission
                    signed = row.quantity if row.side == "BOT" else -row.quantity
                    paid += row.price * signed * listing.multiplier
        account = exchange.account()
        worth = sum(
            (
                h.price * h.holding.quantity * multiplier(exchange, h.holding.con_id)
                for h in account.holdings
            ),
            Decimal(0),
        )
        before = sum((h.value for h in start.holdings), Decimal(0))
        assert account.net_liquidation == pytest.approx(
            start.net_liquidation - before - paid - fees + worth, abs=Decimal("0.02")
        )
        assert account.excess_liquidity == (
            account.equity_with_loan - account.maintenance_margin
        )
    assert fills > 20


def test_the_command_line_has_every_profile() -> None:
    assert {it.value for it in Fills} == set(PROFILES)


def multiplier(exchange: Exchange, con_id: int) -> int:
    listing = exchange.listing(con_id)
    assert listing is not None
    return listing.multiplier


def waited(exchange: Exchange, step: timedelta) -> float:
    """Buy one call at the market and return the seconds until it fills."""
    call = vix_call(exchange)
    began = exchange.now
    (report,) = exchange.submit(
        order(leg(call), symbol="VIX", order_type="MKT", limit=None)
    )
    assert isinstance(report, Accepted)
    while not exchange.executions():
        exchange.advance(exchange.now + step)
    return (exchange.now - began).total_seconds()


def test_an_order_needs_its_time_on_the_way() -> None:
    blink = timedelta(milliseconds=50)
    assert waited(Exchange(VOLMAGEDDON, 1, OPTIMISTIC), blink) == 0.05
    slow = waited(Exchange(VOLMAGEDDON, 1, REALISTIC), blink)
    assert REALISTIC.latency < slow <= REALISTIC.latency + 0.1


def test_what_one_order_took_the_next_does_not_find() -> None:
    exchange = Exchange(VOLMAGEDDON, 1)
    call = vix_call(exchange)
    for _ in range(2):
        exchange.submit(
            order(leg(call), symbol="VIX", order_type="MKT", limit=None, quantity=5000)
        )
    reports = exchange.advance(exchange.now + STEP)
    (top,) = exchange.tops([call.con_id])
    assert sum(r.executions[0].quantity for r in reports if isinstance(r, Traded)) == (
        top.ask_size
    )
