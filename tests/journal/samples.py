"""Records for the tests of the journal, made by hand and by Hypothesis."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import EnumMeta
from types import UnionType
from typing import Any, Union, get_args, get_origin

import msgspec
from hypothesis import strategies as st

from alvh_trader.domain.instrument import Option, Right
from alvh_trader.domain.market import Quote
from alvh_trader.domain.order import Fill, Leg, Order, OrderReport, Purpose
from alvh_trader.engine.command import PlaceOrder, RaiseAlert, Severity
from alvh_trader.engine.decision import Decision
from alvh_trader.engine.event import (
    DaemonStarted,
    MarketUpdated,
    OrderFilled,
    OrderUpdated,
)
from alvh_trader.journal.codec import KINDS
from alvh_trader.risk.gate import Approved, RollPermit
from alvh_trader.strategy.finding import Finding

START = datetime(2018, 2, 5, 14, 30, tzinfo=UTC)

VIX_CALL = Option(
    con_id=7,
    symbol="VIX",
    trading_class="VIX",
    expiry=date(2018, 2, 21),
    last_trade=date(2018, 2, 20),
    strike=18.0,
    right=Right.CALL,
)


def started(at: datetime = START) -> DaemonStarted:
    return DaemonStarted(at=at, mode="paper", config_hash="c0ffee")


def market(second: int, quotes: int = 2) -> MarketUpdated:
    at = START + timedelta(seconds=second)
    quote = Quote(at=at, bid=1.05, ask=1.1, bid_size=10.0, ask_size=22.0, last=1.1)
    return MarketUpdated(at=at, quotes=dict.fromkeys(range(quotes), quote))


def place(ref: str, case: str) -> PlaceOrder:
    order = Order(
        ref=ref,
        case=case,
        purpose=Purpose.HEDGE,
        legs=(Leg(VIX_CALL, 1),),
        quantity=4,
        limit=Decimal("1.15"),
    )
    return PlaceOrder(approved=Approved(order=order))


def updated(ref: str) -> OrderUpdated:
    report = OrderReport(
        ref=ref,
        perm_id=1,
        order_id=2,
        client_id=3,
        status="Submitted",
        filled=0,
    )
    return OrderUpdated(at=START, report=report)


def filled(ref: str, exec_id: str = "0001.01") -> OrderFilled:
    fill = Fill(
        exec_id=exec_id,
        ref=ref,
        perm_id=1,
        con_id=7,
        quantity=4,
        price=Decimal("1.10"),
        at=START,
    )
    return OrderFilled(at=START, fill=fill)


def decision(case: str, before: str = "MONITOR", after: str = "ARMED") -> Decision:
    return Decision(
        at=START,
        case=case,
        before=before,
        after=after,
        trigger="edr",
        findings=(Finding("edr", "0.8700 %", ">= 0.85 %", holds=True),),
    )


def alert(
    case: str = "C1",
    *,
    code: str = "breach",
    severity: Severity = Severity.WARNING,
    text: str = "EDR 0.95 %",
) -> RaiseAlert:
    return RaiseAlert(code=code, severity=severity, case=case, text=text)


_PLAIN: Mapping[Any, st.SearchStrategy[Any]] = {
    str: st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
    int: st.integers(-(2**53), 2**53),
    float: st.floats(allow_nan=False, allow_infinity=False),
    bool: st.booleans(),
    type(None): st.none(),
    date: st.dates(),
    datetime: st.datetimes(
        min_value=datetime(1990, 1, 1),  # noqa: DTZ001  # Hypothesis adds the zone
        max_value=datetime(2100, 1, 1),  # noqa: DTZ001
        timezones=st.just(UTC),
    ),
    timedelta: st.timedeltas(timedelta(0), timedelta(days=400)),
    Decimal: st.decimals(allow_nan=False, allow_infinity=False),
}


def values(kind: Any) -> st.SearchStrategy[Any]:
    """Return a strategy for any type a record is made of."""
    if kind in _PLAIN:
        return _PLAIN[kind]
    if isinstance(kind, EnumMeta):
        return st.sampled_from(list(kind))
    origin, parts = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return st.one_of([values(part) for part in parts])
    if origin is dict:
        return st.dictionaries(values(parts[0]), values(parts[1]), max_size=3)
    if origin is tuple and parts[-1] is Ellipsis:
        return st.lists(values(parts[0]), max_size=3).map(tuple)
    if origin is tuple:
        return st.tuples(*map(values, parts))
    return _structs(kind)


def _structs(kind: Any) -> st.SearchStrategy[Any]:
    fields = {f.name: values(f.type) for f in msgspec.structs.fields(kind)}
    if kind is Order:
        fields["quantity"] = st.integers(1, 10**6)
        fields["legs"] = st.lists(values(Leg), min_size=1, max_size=4).map(tuple)
    if kind is not Approved:
        return st.builds(kind, **fields)

    def permitted(order: Order, permit: RollPermit | None) -> Approved:
        if order.purpose is not Purpose.ROLL:
            return Approved(order=order)
        assert permit is not None
        fitting = msgspec.structs.replace(permit, order_ref=order.ref)
        return Approved(order=order, permit=fitting)

    return st.builds(permitted, values(Order), values(RollPermit))


def any_record() -> st.SearchStrategy[Any]:
    """Return a strategy for every event, command and decision there is."""
    return st.one_of([values(kind) for kind in KINDS])
