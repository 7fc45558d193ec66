"""Between the broker's contracts, orders and numbers and our own words.

Nothing that means "not known" at the broker gets through: -1, NaN, 1.797e308 and ''
become None here.
"""

import math
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from alvh_trader.broker.library import (
    BarData,
    ComboLeg,
    Contract,
    ContractDetails,
    Execution,
    Order,
)
from alvh_trader.domain.instrument import (
    Future,
    Index,
    Instrument,
    Option,
    Other,
    Right,
)
from alvh_trader.domain.market import Bar
from alvh_trader.domain.order import Fill, Terms, revision
from alvh_trader.domain.order import Order as OurOrder

SMART = "SMART"
CURRENCY = "USD"

INDEX_EXCHANGES = {
    "SPX": "CBOE",
    "VIX": "CBOE",
    "VIX9D": "CBOE",
    "VIX3M": "CBOE",
    "VVIX": "CBOE",
    "AD-NYSE": "NYSE",
}
"""The indexes watched, and where each is disseminated."""

OPTION_MULTIPLIER = 100
FUTURE_MULTIPLIERS = {"VX": 1000, "VXM": 100}
"""The monthly VIX futures. Weeklies have classes of their own and are left out."""

EXTRAS = (
    *("outsideRth", "hidden", "allOrNone", "minQty", "auxPrice", "goodAfterTime"),
    *("goodTillDate", "ocaGroup", "parentId", "overridePercentageConstraints"),
    *("discretionaryAmt", "sweepToFill", "blockOrder", "algoStrategy", "notHeld"),
    *("cashQty", "percentOffset", "hedgeType"),
)
"""Attributes that change what an order does. Ours have none of them; a preset of the
gateway, or a person, may have set one."""

_UNSET_INT = 2147483647

_UNSET = 1e300
"""The broker's unset double is 1.797e308; no price or margin comes near this."""


def number(value: object) -> float | None:
    """Return a finite number, or None for whatever the broker means by nothing.

    >>> number("12.5"), number("1.7976931348623157E308"), number("nan"), number("")
    (12.5, None, None, None)
    """
    try:
        parsed = float(value)  # type: ignore[arg-type] # str, float, Decimal or ''
    except (TypeError, ValueError):
        return None
    return parsed if math.isfinite(parsed) and abs(parsed) < _UNSET else None


def decimal(value: object) -> Decimal | None:
    """Return an exact price, None where the broker has none."""
    parsed = number(value)
    return None if parsed is None else Decimal(str(parsed))


def count(value: object) -> int:
    """Return a quantity as a whole number, 0 where it is unset."""
    return round(number(value) or 0.0)


@lru_cache(maxsize=1024)
def day(text: str) -> date | None:
    """Return the date at the front of `20180214`, `20180214 08:30:00 US/Central`.

    >>> day("20240402-17:10:00"), day("")
    (datetime.date(2024, 4, 2), None)
    """
    try:
        return datetime.strptime(text[:8], "%Y%m%d").replace(tzinfo=UTC).date()
    except ValueError:
        return None


def instant(text: str) -> datetime | None:
    """Return the UTC instant of an execution's time, None where no zone is known.

    The form with a dash is UTC, as the broker defines it; the one with a name is in
    that zone; one without either is in the zone of whoever logged in, which we do
    not know and must not guess.

    >>> instant("20231116-12:15:35").isoformat()
    '2023-11-16T12:15:35+00:00'
    >>> instant("20231115 09:20:44 US/Eastern").isoformat()
    '2023-11-15T14:20:44+00:00'
    >>> instant("20231115  09:20:44"), instant("20231115 09:20:44 中国标准时间")
    (None, None)
    >>> instant("1700136935").isoformat(), instant("300000000000")
    ('2023-11-16T12:15:35+00:00', None)
    """
    stamp, _, zone = text.strip().partition(" ")
    try:
        if text.isdigit() and len(text) > 8:
            return datetime.fromtimestamp(int(text), UTC)
        if "-" in stamp:
            return _stamp(stamp.replace("-", ""), ZoneInfo("UTC"))
        clock, _, zone = zone.partition(" ")
        return _stamp(stamp + clock, ZoneInfo(zone)) if zone and clock else None
    except (ValueError, OverflowError, OSError, KeyError):
        return None


def _stamp(digits: str, zone: ZoneInfo) -> datetime:
    local = datetime.strptime(digits, "%Y%m%d%H:%M:%S").replace(tzinfo=zone)
    return local.astimezone(UTC)


# ------------------------------------------------------------- instruments ---


def contract_of(instrument: Instrument) -> Contract:
    """Return the contract by which the broker knows `instrument`.

    The number alone would do; the rest lets the broker refuse if we mean another
    series than the number says.
    """
    match instrument:
        case Index():
            return Contract(
                secType="IND",
                conId=instrument.con_id,
                symbol=instrument.symbol,
                exchange=instrument.exchange,
                currency=CURRENCY,
            )
        case Option():
            return Contract(
                secType="OPT",
                conId=instrument.con_id,
                symbol=instrument.symbol,
                lastTradeDateOrContractMonth=f"{instrument.last_trade:%Y%m%d}",
                strike=instrument.strike,
                right=instrument.right.value,
                multiplier=str(instrument.multiplier),
                exchange=SMART,
                currency=CURRENCY,
                tradingClass=instrument.trading_class,
            )
        case Future():
            return Contract(
                secType="FUT",
                conId=instrument.con_id,
                symbol=instrument.symbol,
                lastTradeDateOrContractMonth=f"{instrument.last_trade:%Y%m%d}",
                multiplier=str(instrument.multiplier),
                exchange="CFE",
                currency=CURRENCY,
                tradingClass=instrument.trading_class,
            )
        case Other():
            return Contract(conId=instrument.con_id, exchange=SMART)


def option_of(details: ContractDetails) -> Option | None:
    """Return the option that `details` describe, None if it is not one we know.

    `expiry` is the settlement day and `last_trade` the last trading day: they differ
    for series settled in the morning (VIX, and SPX monthlies).
    """
    contract = details.contract
    if contract is None or contract.secType != "OPT":
        return None
    last_trade = day(contract.lastTradeDateOrContractMonth)
    right = contract.right[:1]
    if (
        last_trade is None
        or right not in {"C", "P"}
        or count(contract.multiplier) != OPTION_MULTIPLIER
    ):
        return None
    return Option(
        con_id=contract.conId,
        symbol=contract.symbol,
        trading_class=contract.tradingClass,
        expiry=day(details.realExpirationDate) or last_trade,
        last_trade=last_trade,
        strike=float(contract.strike),
        right=Right(right),
    )


def future_of(details: ContractDetails) -> Future | None:
    """Return the monthly VIX future that `details` describe, else None."""
    contract = details.contract
    if contract is None or contract.secType != "FUT":
        return None
    last_trade = day(contract.lastTradeDateOrContractMonth)
    multiplier = count(contract.multiplier)
    if (
        last_trade is None
        or FUTURE_MULTIPLIERS.get(contract.tradingClass) != multiplier
    ):
        return None
    return Future(
        con_id=contract.conId,
        symbol=contract.symbol,
        trading_class=contract.tradingClass,
        expiry=day(details.realExpirationDate) or last_trade,
        last_trade=last_trade,
        multiplier=multiplier,
    )


def other_of(contract: Contract) -> Other:
    """Return what is held but not understood."""
    return Other(
        con_id=contract.conId, symbol=contract.symbol, sec_type=contract.secType
    )


def bar_of(bar: BarData) -> Bar | None:
    """Return a daily bar, None where a price is missing."""
    session = day(str(bar.date).replace("-", ""))
    prices = [number(price) for price in (bar.open, bar.high, bar.low, bar.close)]
    if session is None or any(price is None or price <= 0 for price in prices):
        return None
    opened, high, low, close = (price or 0.0 for price in prices)
    return Bar(session, opened, high, low, close)


# ------------------------------------------------------------------ orders ---


def order_contract(order: OurOrder) -> Contract:
    """Return what `order` trades: the option or future, or a combo of its legs."""
    if len(order.legs) == 1:
        return contract_of(order.legs[0].instrument)
    symbols = {leg.instrument.symbol for leg in order.legs}
    assert len(symbols) == 1, "a combo on two underlyings"
    return Contract(
        secType="BAG",
        symbol=symbols.pop(),
        exchange=SMART,
        currency=CURRENCY,
        comboLegs=[
            ComboLeg(
                conId=leg.instrument.con_id,
                ratio=abs(leg.ratio),
                action="BUY" if leg.ratio > 0 else "SELL",
                exchange=SMART,
            )
            for leg in order.legs
        ],
    )


def broker_order(
    order: OurOrder, *, order_id: int, client_id: int, account: str
) -> Order:
    """Return `order` as the broker takes it: a limit day order, nothing optional.

    A combo is always bought at its signed net price; a single leg of ratio -1 is
    sold at the price received (see `domain.money`).
    """
    is_sale = is_single_sale(order)
    assert len(order.legs) > 1 or abs(order.legs[0].ratio) == 1, "a ratio of one leg"
    return Order(
        orderId=order_id,
        clientId=client_id,
        action="SELL" if is_sale else "BUY",
        totalQuantity=order.quantity,
        orderType="LMT",
        lmtPrice=float(-order.limit if is_sale else order.limit),
        tif="DAY",
        account=account,
        orderRef=order.ref,
        transmit=True,
        outsideRth=False,
        eTradeOnly=False,
        firmQuoteOnly=False,
    )


def terms(contract: Contract, order: Order, account: str) -> Terms:
    """Return what the broker shows of an order, in our words.

    An order to sell is one to buy the opposite of each leg.
    """
    sign = -1 if order.action == "SELL" else 1
    legs = [
        (leg.conId, sign * leg.ratio * (1 if leg.action == "BUY" else -1))
        for leg in contract.comboLegs or []
    ]
    return Terms(
        legs=tuple(sorted(legs)) or ((contract.conId, sign),),
        quantity=count(order.totalQuantity),
        limit=limit_of(order),
        kind=order.orderType,
        tif=order.tif,
        extras=tuple(
            f"{name}={value}"
            for name in EXTRAS
            if (value := _set(getattr(order, name))) is not None
        )
        + (("account=another",) if order.account != account else ()),
    )


def _set(value: object) -> object:
    """Return the value of an attribute, None where the broker means by it nothing."""
    if isinstance(value, str):
        return value or None
    given = number(value)
    return value if given and given != _UNSET_INT else None


def is_single_sale(order: OurOrder) -> bool:
    """Return whether `order` goes out as a sale."""
    return len(order.legs) == 1 and order.legs[0].ratio < 0


def limit_of(order: Order) -> Decimal | None:
    """Return the signed net debit of one unit, None for an order without a limit."""
    price = decimal(order.lmtPrice) if order.orderType == "LMT" else None
    if price is None:
        return None
    return -price if order.action == "SELL" else price


def fill_of(contract: Contract, execution: Execution, ref: str) -> Fill:
    """Return one leg's execution, its quantity signed."""
    sign = 1 if execution.side == "BOT" else -1
    return Fill(
        exec_id=execution.execId,
        ref=ref,
        perm_id=execution.permId,
        con_id=contract.conId,
        quantity=sign * count(execution.shares),
        price=decimal(execution.price) or Decimal(0),
        at=execution.time,
        client_id=execution.clientId,
        is_forced=bool(execution.liquidation),
    )


def newest(fills: list[Fill]) -> tuple[Fill, ...]:
    """Return each execution once, in its newest revision, in order of arrival."""
    kept: dict[str, Fill] = {}
    for fill in fills:
        base, number_ = revision(fill.exec_id)
        before = kept.get(base)
        if before is None or revision(before.exec_id)[1] < number_:
            kept[base] = fill
    return tuple(kept.values())
