"""Trading hours as contract details and schedules give them."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from alvh_trader.gateway.moment import day_text
from alvh_trader.sim.exchange import Exchange
from alvh_trader.sim.hours import Kind, Span, zone
from alvh_trader.sim.model import Listing
from alvh_trader.wire import market_reply

DAYS = 7
"""How many days contract details tell of, today included (recorded: six)."""

Hours = tuple[datetime, datetime]


def hours_texts(exchange: Exchange, listing: Listing) -> tuple[str, str]:
    """Return trading and liquid hours: `20180205:0930-20180205:1615;20180210:CLOSED`.

    Sessions that touch are one, as recorded for a stock; a day on which none begins
    or ends is closed. Times are in the zone of the product.
    """
    today, name = exchange.session_day, zone(listing)
    days = [today + timedelta(days=ahead) for ahead in range(DAYS)]
    # A session of the day after may begin on the evening of the last.
    tomorrows = [*days, today + timedelta(days=DAYS)]
    spans = [span for day in tomorrows for span in exchange.hours(listing, day)]
    return _texts(tuple(s for s in spans if s.opens.date() <= days[-1]), name, today)


@lru_cache(maxsize=64)
def _texts(spans: tuple[Span, ...], name: str, today: date) -> tuple[str, str]:
    """Return both texts; hundreds of options of a class have the same."""
    days = [today + timedelta(days=ahead) for ahead in range(DAYS)]
    regular = [span for span in spans if span.kind is Kind.REGULAR]
    return _text(joined(spans, name), days), _text(joined(regular, name), days)


def schedule_rows(
    exchange: Exchange, listing: Listing, days: Iterable[date], *, regular: bool
) -> tuple[market_reply.Session, ...]:
    """Return one row for each of `days`, from its first opening to its last close."""
    rows = []
    for day in days:
        kinds = (Kind.REGULAR,) if regular else tuple(Kind)
        spans = [it for it in exchange.hours(listing, day) if it.kind in kinds]
        if spans:
            opens, _ = joined(spans[:1], zone(listing))[0]
            _, closes = joined(spans[-1:], zone(listing))[0]
            first, last = (f"{at:%Y%m%d-%H:%M:%S}" for at in (opens, closes))
            rows.append(market_reply.Session(first, last, day_text(day)))
    return tuple(rows)


def joined(spans: Iterable[Span], zone_name: str) -> list[Hours]:
    """Return spans in a zone's time, those that touch made one."""
    place, made = ZoneInfo(zone_name), list[Hours]()
    for span in spans:
        opens, closes = span.opens.astimezone(place), span.closes.astimezone(place)
        if made and made[-1][1] == opens:
            made[-1] = made[-1][0], closes
        else:
            made.append((opens, closes))
    return made


def _text(hours: list[Hours], days: list[date]) -> str:
    busy = {at.date() for pair in hours for at in pair}
    closed = [f"{day:%Y%m%d}:CLOSED" for day in days if day not in busy]
    parts = [f"{a:%Y%m%d:%H%M}-{b:%Y%m%d:%H%M}" for a, b in hours]
    return ";".join(sorted([*closed, *parts]))
