"""Faults of market data: no prices, old ones, wrong ones, and no leave to see them."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from types import MappingProxyType

from msgspec import structs
from msgspec.structs import replace

from alvh_trader.gateway.fault import Active, Fault, OnTop
from alvh_trader.gateway.session import Session
from alvh_trader.sim.model import OptionGreeks, Top
from alvh_trader.wire.market_reply import MarketDataType, TickGeneric
from alvh_trader.wire.market_request import RequestMarketData, RequestTickByTick

COMPETING = "No market data during competing live session"
ENTITLEMENTS: Mapping[str, str] = MappingProxyType(
    {
        "354": "Requested market data is not subscribed.",
        "10089": "Requested market data requires additional subscription for API. "
        "See link in 'Market Data Connections' dialog for more details.",
        "10090": "Part of requested market data is not subscribed. "
        "Subscription-independent ticks are still active.",
        "10091": "Part of requested market data requires additional subscription for "
        "API. See link in 'Market Data Connections' dialog for more details.",
        "10167": "Requested market data is not subscribed. "
        "Displaying delayed market data.",
        "10168": "Requested market data is not subscribed. "
        "Delayed market data is not enabled.",
        "10186": "Requested market data is not subscribed. "
        "Delayed market data is not enabled.",
    }
)
_GOES_ON = frozenset({"10090", "10091", "10167"})
"""These come beside a stream, not in its place."""

BAD_PRICES: Mapping[str, Decimal | None] = MappingProxyType(
    {
        "-1": None,
        "0": Decimal(0),
        "nan": Decimal("NaN"),
        "inf": Decimal("Infinity"),
        "unset": Decimal("1.7976931348623157E308"),
    }
)
_HALTED = 49


def _bad(it: Active, _con_id: int, top: Top) -> Top:
    price = BAD_PRICES[it.value]
    last = Decimal(-1) if price is None else price
    return replace(
        top,
        bid=price,
        ask=price,
        bid_size=0 if price is None else top.bid_size,
        ask_size=0 if price is None else top.ask_size,
        last=None if top.last is None else last,
    )


def _between(
    change: Callable[[Decimal, Decimal, Decimal], tuple[Decimal, Decimal]],
) -> OnTop:
    """Return a rule for quotes that have two sides: bid, ask, parameter."""

    def rule(it: Active, _con_id: int, top: Top) -> Top:
        if top.bid is None or top.ask is None:
            return top
        bid, ask = change(top.bid, top.ask, Decimal(it.value or 0))
        return replace(top, bid=bid, ask=ask)

    return rule


def _crossed(bid: Decimal, ask: Decimal, by: Decimal) -> tuple[Decimal, Decimal]:
    return ask + by, bid


def _locked(bid: Decimal, _ask: Decimal, _by: Decimal) -> tuple[Decimal, Decimal]:
    return bid, bid


def _wide(bid: Decimal, ask: Decimal, by: Decimal) -> tuple[Decimal, Decimal]:
    return max(bid - by, Decimal("0.05")), ask + by


def _symbol(it: Active, con_id: int) -> str:
    listing = it.floor.listing(con_id)
    return "" if listing is None or listing.sec_type != "IND" else listing.symbol


def _stuck(it: Active, con_id: int, top: Top) -> Top:
    if _symbol(it, con_id) != it.value:
        return top
    held: Top = it.memory.setdefault(con_id, top)
    return held


def _frozen(it: Active, con_id: int, top: Top) -> Top:
    # A combo has no id of its own; its quote is worked out anew.
    held: Top = it.memory.setdefault(con_id, top) if con_id else top
    return held


def _bad_print(it: Active, con_id: int, top: Top) -> Top:
    if _symbol(it, con_id) != it.value or top.last is None:
        return top
    return replace(top, last=top.last * 2)


def _no_quote(_it: Active, _con_id: int, top: Top) -> Top:
    return replace(top, bid=None, ask=None, bid_size=0, ask_size=0)


def _tell_halted(value: float) -> Callable[[Active], None]:
    def act(it: Active) -> None:
        for session in it.sessions():
            for req_id in session.streams.lines:
                session.send(TickGeneric(req_id, _HALTED, value))

    return act


def _no_greeks(_it: Active, _con_id: int, _greeks: OptionGreeks) -> None:
    return None


def _absurd(_it: Active, _con_id: int, greeks: OptionGreeks) -> OptionGreeks:
    return replace(greeks, delta=5.0, implied_volatility=9.0, gamma=-1.0)


def _compete(it: Active) -> None:
    for session in it.sessions():
        for req_id in (*session.streams.lines, *session.streams.ticks):
            session.error(req_id, 10197, COMPETING)


def _competing(
    _it: Active, session: Session, asked: RequestMarketData | RequestTickByTick
) -> bool:
    session.error(asked.req_id, 10197, COMPETING)
    return True


def _not_entitled(it: Active, session: Session, asked: RequestMarketData) -> bool:
    session.error(asked.req_id, int(it.value), ENTITLEMENTS[it.value])
    return it.value not in _GOES_ON


def _too_many(
    _it: Active, session: Session, asked: RequestMarketData | RequestTickByTick
) -> bool:
    session.error(asked.req_id, 101, "Max number of tickers has been reached")
    return True


def _retype(it: Active) -> None:
    for session in it.sessions():
        for req_id in session.streams.lines:
            session.queue(MarketDataType(req_id, int(it.number)))


def _type_again(it: Active) -> None:
    for session in it.sessions():
        for req_id in session.streams.lines:
            session.send(MarketDataType(req_id, 1))


def _other_type(
    it: Active, _session: Session, message: MarketDataType
) -> list[MarketDataType]:
    return [structs.replace(message, kind=int(it.number))]


def _bars_lost(it: Active) -> None:
    text = "Failed to request live updates (disconnected)."
    for session in it.sessions():
        for req_id in session.streams.bars:
            session.error(req_id, 10182, text)
        session.streams.bars.clear()


DATA: Mapping[str, Fault] = MappingProxyType(
    {
        "10197": Fault(
            says="Another session of the user has the market data: 10197 for each "
            "stream, none for new ones, and no price until it is over",
            source="LEAN #140 #212 #219; that streams go on by themselves is an "
            "assumption", lasts=300.0, begins=_compete, silences=True,
            requests={RequestMarketData: _competing, RequestTickByTick: _competing},
        ),
        "not_entitled": Fault(
            says="Requests for market data meet an error of entitlement; "
            f"{', '.join(sorted(_GOES_ON))} come beside the data",
            source="ib_insync #198; ib_async #77 #91", lasts=None, value="354",
            choices=tuple(ENTITLEMENTS), requests={RequestMarketData: _not_entitled},
        ),
        "101": Fault(
            says="There is no market data line left",
            source="[doc]", lasts=300.0,
            requests={RequestMarketData: _too_many, RequestTickByTick: _too_many},
        ),
        "10182": Fault(
            says="Bars that are kept up to date end with 10182",
            source="reliability.md F95", begins=_bars_lost,
        ),
        "data_type": Fault(
            says="Every stream says that its data are frozen (2), delayed (3) or both "
            "(4)",
            source="[doc]", lasts=300.0, value="3", begins=_retype, ends=_type_again,
            replies={MarketDataType: _other_type},
        ),
        "price_minus1": Fault(
            says="Every price is -1, with size 0: there is no quote",
            source="[doc]", lasts=300.0, value="-1", choices=("-1",), top=_bad,
        ),
        "bad_price": Fault(
            says="Every price is `value`",
            source="reliability.md F91", lasts=300.0, value="nan",
            choices=tuple(BAD_PRICES), top=_bad,
        ),
        "crossed": Fault(
            says="Bid and ask change places, and move `value` further apart",
            source="reliability.md F92", lasts=300.0, value="0.05",
            top=_between(_crossed),
        ),
        "locked": Fault(
            says="The ask is the bid",
            source="reliability.md F92", lasts=300.0, top=_between(_locked),
        ),
        "wide": Fault(
            says="Each side of every quote moves `value` away",
            source="reliability.md F92", lasts=300.0, value="5", top=_between(_wide),
        ),
        "stuck": Fault(
            says="The index `value` stands still; all else goes on",
            source="LEAN #80", lasts=300.0, value="SPX", top=_stuck,
        ),
        "quotes_frozen": Fault(
            says="No price changes any more, and streams stay open",
            source="reliability.md F90", lasts=300.0, top=_frozen,
        ),
        "bad_print": Fault(
            says="One print of the index `value` is twice what it should be",
            source="reliability.md F87", once=True, value="VIX", top=_bad_print,
        ),
        "halted": Fault(
            says="Trading halts: tick 49 says so, there are no quotes, nothing trades",
            source="[doc] tick 49; reliability.md F89", lasts=300.0,
            begins=_tell_halted(1.0), ends=_tell_halted(0.0), top=_no_quote,
            halts=True,
        ),
        "greeks_absent": Fault(
            says="No option has Greeks",
            source="[doc] may be missing for minutes", lasts=300.0, greeks=_no_greeks,
        ),
        "greeks_absurd": Fault(
            says="Greeks are impossible: a delta of 5, a volatility of 900 %",
            source="reliability.md F97", lasts=300.0, greeks=_absurd,
        ),
    }
)  # fmt: skip
