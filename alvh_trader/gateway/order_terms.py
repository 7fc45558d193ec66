"""From the order that a client sends to the order that the exchange takes."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from alvh_trader.gateway import listing_reply, order_attributes
from alvh_trader.gateway.notices import NO_COMBO_LEGS, NOT_FOUND, invalid
from alvh_trader.gateway.order_reply import NON_GUARANTEED
from alvh_trader.gateway.session import Session
from alvh_trader.sim.handling import REDUCE_WITHOUT_BLOCK, Handling
from alvh_trader.sim.kinds import KINDS, UNKNOWN_HERE
from alvh_trader.sim.model import OrderLeg, SimOrder
from alvh_trader.sim.trigger import trailing_offset
from alvh_trader.wire.order_request import PlaceOrder

_LIMIT_DIGITS = 8
_OUTSIDE = frozenset({"LMT", "STP LMT", "LIT", "TRAIL LIMIT"})
"""The order types that may trade outside regular hours; for others, and for combos,
the wish is ignored with a word [iss]."""

_PRICED_LEGS = 2

_NO_ZONE = (
    "Warning: You submitted request with date-time attributes without explicit time "
    "zone. Please switch to use yyyymmdd-hh:mm:ss in UTC or use instrument timezone, "
    "like US/Eastern. Implied time zone functionality will be removed in the next API "
    "release"
)
_BAD_TIME = (
    "The date, time, or time-zone entered is invalid. The correct format is "
    "yyyymmdd hh:mm:ss xxx where yyyymmdd and xxx are optional. E.g.: 20031126 "
    "15:59:00 ESTNote that there is a space between the date and time, and between "
    "the time and time-zone."
)
_IGNORED_HOURS = (
    "Order Event Warning:Attribute 'Outside Regular Trading Hours' is ignored based "
    "on the order type and destination. PlaceOrder is now being processed."
)

Problem = tuple[int, str]


class Terms(NamedTuple):
    """An order as the exchange takes it, and what to tell the client of it."""

    order: SimOrder
    notices: tuple[Problem, ...] = ()


def terms_of(session: Session, asked: PlaceOrder, parent: int) -> Terms | Problem:
    """Return the order that a client means, or what is wrong with its words.

    `parent` is the permanent id of the order that `asked.parent_id` names, or 0.
    """
    legs = _legs(session, asked)
    problem = _words_problem(asked) or _contract_problem(asked, legs)
    if problem is not None:
        return problem
    tif = asked.tif or session.floor.settings.preset_tif or "DAY"
    limit = _price(asked.limit) if KINDS[asked.order_type].has_limit else None
    try:
        handling = _handling(session, asked, parent, tif, limit)
    except ValueError:
        return 337, _BAD_TIME
    order = _order(session, asked, legs, limit, tif, handling)
    return Terms(order, tuple(_notices(session, asked, tif)))


def _handling(
    session: Session, asked: PlaceOrder, parent: int, tif: str, limit: Decimal | None
) -> Handling:
    """Return how the order is to be worked.

    Raises:
        ValueError: A time in it is none.
    """
    kind = KINDS[asked.order_type]
    stop = _price(asked.trail_stop_price if kind.trails else asked.aux_price)
    offset = None
    if kind.trails and kind.has_limit:
        offset = _price(asked.limit_offset)
        if offset is None and stop is not None and limit is not None:
            offset = trailing_offset(asked.action, stop, limit)
    good_till = _time(session, asked.good_till)
    return Handling(
        stop=stop if kind.has_stop else None,
        trail=_some(asked.aux_price) if kind.trails else None,
        trail_percent=_some(asked.trailing_percent) if kind.trails else None,
        limit_offset=offset,
        trigger_method=asked.trigger_method,
        outside_hours=asked.outside_regular_hours and _may_trade_outside(asked),
        good_after=_time(session, asked.good_after),
        good_till=good_till if tif == "GTD" else None,
        parent=parent,
        parent_id=asked.parent_id,
        oca_group=asked.oca_group,
        oca_type=asked.oca_type or REDUCE_WITHOUT_BLOCK,
        is_guaranteed=not _legs_trade_alone(asked),
    )


def _notices(session: Session, asked: PlaceOrder, tif: str) -> Iterator[Problem]:
    """Return what the client is told of an order that is taken."""
    if any(_lacks_zone(text) for text in (asked.good_after, asked.good_till)):
        yield 2174, _NO_ZONE
    if not asked.tif and session.floor.settings.preset_tif:
        yield 10349, f"Order TIF was set to {tif} based on order preset."
    if asked.outside_regular_hours and not _may_trade_outside(asked):
        yield 2109, _IGNORED_HOURS


def _may_trade_outside(asked: PlaceOrder) -> bool:
    return asked.order_type in _OUTSIDE and asked.contract.sec_type != "BAG"


def bare(session: Session, asked: PlaceOrder) -> SimOrder:
    """Return as much of an order as a refusal needs of it."""
    return _order(session, asked, (), None, asked.tif or "DAY", Handling())


def _order(
    session: Session,
    asked: PlaceOrder,
    legs: tuple[OrderLeg, ...],
    limit: Decimal | None,
    tif: str,
    handling: Handling,
) -> SimOrder:
    symbol, sec_type = asked.contract.symbol, asked.contract.sec_type
    if sec_type != "BAG" and legs:
        listing = session.floor.listing(legs[0].con_id)
        if listing is not None:
            symbol, sec_type = listing.symbol, listing.sec_type
    return SimOrder(
        perm_id=0,
        client_id=session.client_id,
        order_id=asked.order_id,
        account=asked.account or session.floor.account_id,
        symbol=symbol,
        sec_type=sec_type,
        action=asked.action,
        quantity=int(asked.quantity),
        order_type=asked.order_type,
        limit=limit,
        tif=tif,
        order_ref=asked.order_ref,
        legs=legs,
        handling=handling,
    )


def _legs(session: Session, asked: PlaceOrder) -> tuple[OrderLeg, ...]:
    """Return the legs of the order; none if it is not known what they are."""
    if asked.contract.sec_type == "BAG":
        legs = listing_reply.legs_of(asked.legs)
        known = all(session.floor.listing(leg.con_id) is not None for leg in legs)
        if len(asked.leg_prices) == len(legs):
            pairs = zip(legs, asked.leg_prices, strict=True)
            legs = tuple(replace(leg, limit=_price(price)) for leg, price in pairs)
        return legs if known else ()
    found = listing_reply.find(session.floor.exchange, asked.contract)
    if len(found) != 1:
        return ()
    return (OrderLeg(con_id=found[0].con_id, ratio=1, action="BUY"),)


def _words_problem(asked: PlaceOrder) -> Problem | None:
    if asked.order_type in UNKNOWN_HERE:
        return 387, "Unsupported order type for this exchange and security type."
    if asked.order_type not in KINDS:
        return invalid("Invalid order type was entered")
    if asked.action not in ("BUY", "SELL"):
        return invalid("Invalid order side was entered")
    if asked.quantity != int(asked.quantity):
        return 10318, "This order doesn't support fractional quantity trading"
    if asked.quantity <= 0:
        return 434, "The order size cannot be zero."
    kind = KINDS[asked.order_type]
    is_priced = asked.limit is not None or any(asked.leg_prices)
    if kind.has_limit and not kind.trails and not is_priced:
        return invalid("Please enter a limit price")
    return None


def _contract_problem(asked: PlaceOrder, legs: tuple[OrderLeg, ...]) -> Problem | None:
    if asked.contract.sec_type == "BAG" and not asked.legs:
        return invalid(NO_COMBO_LEGS)
    if not legs:
        return NOT_FOUND
    return order_attributes.problem(asked) or _routing_problem(asked)


def _routing_problem(asked: PlaceOrder) -> Problem | None:
    alone = _legs_trade_alone(asked)
    prices = [price for price in asked.leg_prices if price is not None]
    if prices and not (alone and len(prices) == len(asked.legs) == _PRICED_LEGS):
        # The broker's words are not known [iss].
        return 10058, "Leg prices need a combo of two legs that is not guaranteed"
    if alone and asked.contract.exchange not in ("", "SMART"):
        return invalid(f"Invalid value of {NON_GUARANTEED}")
    return None


def _legs_trade_alone(asked: PlaceOrder) -> bool:
    return any(it.tag == NON_GUARANTEED and it.value == "1" for it in asked.routing)


def _time(session: Session, text: str) -> datetime | None:
    return session.times.read(text) if text else None


def _lacks_zone(text: str) -> bool:
    """Return whether a time is neither in UTC nor names a zone."""
    return bool(text) and "-" not in text and text[-1:].isdecimal()


def _price(price: Decimal | None) -> Decimal | None:
    """Return a price without the noise that a client's float may carry."""
    if price is None:
        return None
    return Decimal(f"{round(price, _LIMIT_DIGITS).normalize():f}")


def _some(price: Decimal | None) -> Decimal | None:
    """Return a distance; clients send 0 for none."""
    return _price(price) or None
