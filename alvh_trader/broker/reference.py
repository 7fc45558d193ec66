"""Questions about what exists and what it was worth: series, futures, daily bars."""

from datetime import date

import structlog

from alvh_trader.broker.faults import NO_SUCH_INSTRUMENT
from alvh_trader.broker.hours import hours_of
from alvh_trader.broker.inquiry import Inquiries
from alvh_trader.broker.library import Contract, ContractDetails, Wire
from alvh_trader.broker.translate import (
    CURRENCY,
    INDEX_EXCHANGES,
    OPTION_MULTIPLIER,
    SMART,
    bar_of,
    contract_of,
    count,
    day,
    future_of,
    option_of,
    other_of,
)
from alvh_trader.domain.calendar import Hours
from alvh_trader.domain.instrument import Future, Index, Instrument, Option
from alvh_trader.domain.market import Bar
from alvh_trader.errors import BrokerError

REQUIRED_INDEXES = frozenset({"SPX", "VIX"})

_KNOWN_SYMBOLS = frozenset({"SPX", "VIX", "VXM"})
_DURATION_DAYS_MAX = 365
_SESSIONS_PER_YEAR_MIN = 250

_log = structlog.get_logger(__name__)


class Reference:
    """Asks about instruments. What was once resolved is remembered by number."""

    def __init__(self, inquiries: Inquiries) -> None:
        self._inquiries = inquiries
        self._instruments: dict[int, Instrument] = {}
        self._indexes: dict[str, Index] = {}

    async def indexes(self, client: Wire) -> tuple[Index, ...]:
        """Find the indexes; an optional one that the broker lacks is left out.

        Raises:
            BrokerError: SPX or VIX is not there, or no answer came.
        """
        self._indexes = {}
        for symbol, exchange in INDEX_EXCHANGES.items():
            pattern = Contract(
                secType="IND", symbol=symbol, exchange=exchange, currency=CURRENCY
            )
            rows = await self._details(client, pattern)
            found = [
                row.contract
                for row in rows
                if row.contract is not None and row.contract.symbol == symbol
            ]
            if len(found) == 1:
                self._indexes[symbol] = Index(found[0].conId, symbol, exchange)
            elif symbol in REQUIRED_INDEXES:
                raise BrokerError(
                    f"the broker knows {len(found)} indexes {symbol} on {exchange}, "
                    "not one"
                )
            else:
                _log.info("reference.index_missing", symbol=symbol)
        return tuple(self._indexes.values())

    async def bars(
        self, client: Wire, what: Index | Future, sessions: int, today: date
    ) -> tuple[Bar, ...]:
        """Return the last completed daily bars, oldest first, without today's.

        Raises:
            BrokerError: No usable answer.
        """
        contract, name, end = contract_of(what), what.symbol, ""
        if isinstance(what, Future):
            name = f"{what.trading_class} {what.expiry}"
            contract.includeExpired = True
            if what.last_trade < today:
                # Counted back from now, last year's contract would show nothing.
                end = f"{what.last_trade:%Y%m%d}-23:59:59"
        # One more than asked: today's is in the answer once the market has opened.
        duration = (
            f"{sessions + 1} D"
            if sessions < _DURATION_DAYS_MAX
            else f"{-(-sessions // _SESSIONS_PER_YEAR_MIN)} Y"
        )
        rows = await self._inquiries.ask(
            f"daily bars of {name}",
            lambda request_id: client.reqHistoricalData(
                *(request_id, contract, end, duration, "1 day", "TRADES", 1, 1),
                *(False, []),
            ),
        )
        bars = [bar for row in rows if (bar := bar_of(row)) and bar.day < today]
        return tuple(sorted(bars, key=lambda bar: bar.day)[-sessions:])

    async def expiries(self, client: Wire, symbol: str) -> tuple[tuple[str, date], ...]:
        """Return each (trading class, last trading day) of options on an index.

        Raises:
            BrokerError: No such index, or no usable answer.
        """
        index = self.index(symbol)
        rows = await self._inquiries.ask(
            f"option series of {symbol}",
            lambda request_id: client.reqSecDefOptParams(
                request_id, symbol, "", "IND", index.con_id
            ),
        )
        return tuple(
            sorted(
                {
                    (trading_class, last_trade)
                    for exchange, trading_class, multiplier, expirations in rows
                    if exchange in {SMART, index.exchange}
                    and count(multiplier) == OPTION_MULTIPLIER
                    for text in expirations
                    if (last_trade := day(text)) is not None
                }
            )
        )

    async def options(
        self, client: Wire, symbol: str, trading_class: str, last_trade: date
    ) -> tuple[Option, ...]:
        """Return every option of one series, by strike and right.

        Raises:
            BrokerError: No usable answer.
        """
        pattern = Contract(
            secType="OPT",
            symbol=symbol,
            lastTradeDateOrContractMonth=f"{last_trade:%Y%m%d}",
            exchange=SMART,
            currency=CURRENCY,
            tradingClass=trading_class,
        )
        found = {
            option.con_id: option
            for row in await self._details(client, pattern)
            if (option := option_of(row)) is not None
            and option.trading_class == trading_class
            and option.last_trade == last_trade
        }
        self._instruments.update(found)
        return tuple(sorted(found.values(), key=lambda o: (o.strike, o.right)))

    async def futures(
        self, client: Wire, symbol: str, since: date | None = None
    ) -> tuple[Future, ...]:
        """Return the monthly futures on `symbol`, nearest first.

        With `since` also those that have settled since then; the broker keeps them for
        two years. The mini future on VIX has a symbol of its own at the broker.

        Raises:
            BrokerError: No usable answer.
        """
        found: dict[int, Future] = {}
        for name in (symbol, "VXM") if symbol == "VIX" else (symbol,):
            pattern = Contract(
                secType="FUT", symbol=name, exchange="CFE", currency=CURRENCY
            )
            pattern.includeExpired = since is not None
            for row in await self._details(client, pattern):
                future = future_of(row)
                if future is not None and (since is None or future.expiry >= since):
                    found[future.con_id] = future
        self._instruments.update(found)
        return tuple(
            sorted(found.values(), key=lambda f: (f.last_trade, f.trading_class))
        )

    async def hours(self, client: Wire, symbol: str) -> tuple[Hours, ...]:
        """Return when an index is calculated in the days to come, as far as told.

        Raises:
            BrokerError: No such index, or no answer came.
        """
        pattern = contract_of(self.index(symbol))
        rows = await self._details(client, pattern)
        return next((hours_of(r.liquidHours, r.timeZoneId) for r in rows), ())

    async def resolve(self, client: Wire, contract: Contract) -> Instrument:
        """Return the instrument of a position; its settlement day must be asked for.

        What the broker no longer lists, and whatever is not an option or future on
        our underlyings, is `Other`.

        Raises:
            BrokerError: No answer came.
        """
        known = self._instruments.get(contract.conId)
        if known is not None:
            return known
        if (
            contract.secType not in {"OPT", "FUT"}
            or contract.symbol not in _KNOWN_SYMBOLS
        ):
            return other_of(contract)
        # Never of a BAG: the broker does not answer that at all.
        exchange = "CFE" if contract.secType == "FUT" else SMART
        pattern = Contract(conId=contract.conId, exchange=exchange)
        for row in await self._details(client, pattern):
            instrument = option_of(row) or future_of(row)
            if instrument is not None and instrument.con_id == contract.conId:
                self._instruments[contract.conId] = instrument
                return instrument
        return other_of(contract)

    def index(self, symbol: str) -> Index:
        """Return an index that was found.

        Raises:
            BrokerError: The broker has none of that symbol.
        """
        try:
            return self._indexes[symbol]
        except KeyError:
            raise BrokerError(f"the broker has no index {symbol}") from None

    async def _details(self, client: Wire, pattern: Contract) -> list[ContractDetails]:
        what = f"contract details of {pattern.symbol or pattern.conId}"
        return await self._inquiries.ask(
            what,
            lambda request_id: client.reqContractDetails(request_id, pattern),
            means_none=NO_SUCH_INSTRUMENT,
        )
