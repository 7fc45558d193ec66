"""The board: what is bid, asked and last paid for everything listed, at one node.

Option quotes exist while the series trades. What was computed for a node is kept
until the node changes, so that asking twice costs nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from alvh_trader.sim import batch, hours, minis, products, spot
from alvh_trader.sim.batch import Batch, Quotes, Values
from alvh_trader.sim.cents import cents, rounded
from alvh_trader.sim.combo import net_top
from alvh_trader.sim.evening import WIDER, Evening
from alvh_trader.sim.listings import Listings
from alvh_trader.sim.market import Market, Session, future_price, settles_at
from alvh_trader.sim.model import Listing, OptionGreeks, OrderLeg, Top
from alvh_trader.sim.prints import Figures, Printed
from alvh_trader.sim.spot import NOTHING
from alvh_trader.sim.surface import State
from alvh_trader.sim.theory import Theory

Floats = NDArray[np.float64]

_BATCHES_KEPT = 256
_NO_QUOTE = (0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Sheet:
    """What options are worth at one node, by the sets in which they were asked for."""

    node: int
    is_open: bool = True
    wider: float = 1.0
    tops: dict[tuple[int, ...], list[Top]] = field(default_factory=dict)
    values: dict[tuple[int, ...], Values] = field(default_factory=dict)
    quotes: dict[tuple[int, ...], Quotes] = field(default_factory=dict)
    greeks: dict[tuple[int, ...], list[OptionGreeks]] = field(default_factory=dict)


class Board:
    """Prices at a node that `turn` sets."""

    def __init__(self, market: Market) -> None:
        self._market = market
        self._silent = not market.scenario.window.vix_options_quoted
        self._batches: dict[tuple[int, ...], Batch] = {}
        self._sheet = Sheet(-1)
        self._ahead = Sheet(-1)
        self._made: dict[int, tuple[tuple[object, ...], Top]] = {}

    def open_session(self, number: int, listed: Listings) -> None:
        """Begin a session: yesterday's series and figures are forgotten."""
        self.session: Session = self._market.session(number)
        self.listed = listed
        self.after: Evening | None = self._market.evening(number)
        self._number = number
        self._evening = self._market.closing(number - 1)
        self._closes: dict[str, Decimal] = {}
        self._printed = Printed(
            self.session, self._evening, listed, self._market.fit, self._batch
        )
        self._batches.clear()
        self._made.clear()
        self._sheet = self._ahead = Sheet(-1)
        self.turn(0, is_open=True)

    def turn(self, node: int, *, is_open: bool) -> None:
        """Move to a node of the session."""
        self.node = node
        self.is_open = is_open
        self.state: State = self.session.state(node)
        if (self._sheet.node, self._sheet.is_open) != (node, is_open):
            is_ready = (self._ahead.node, self._ahead.is_open) == (node, is_open)
            self._sheet = self._ahead if is_ready else Sheet(node, is_open)

    def turn_evening(self, at: float) -> None:
        """Move to an instant after the close, in or between the stretches of trade.

        Indexes, stock and the day's figures stay at the close.
        """
        evening = self.after
        assert evening is not None, "nothing follows this close"
        node = evening.node(at)
        self.node = self.session.tape.nodes - 1
        self.is_open = evening.is_on(at)
        self.state = self.session.state(self.node) if node < 0 else evening.states[node]
        key = self.node + 1 + node
        if (self._sheet.node, self._sheet.is_open) != (key, self.is_open):
            self._sheet = Sheet(key, self.is_open, WIDER)

    def foresee(
        self, node: int, con_ids: Sequence[int]
    ) -> tuple[dict[int, Top], dict[int, OptionGreeks | None]]:
        """Return tops and greeks by id as they will be at `node`, of an open session.

        Whoever turns to `node` next and asks for the same gets the same, at once.
        """
        kept = self.node, self.is_open, self.state, self._sheet
        self.turn(node, is_open=True)
        tops, greeks = self.tops(con_ids), self.greeks(con_ids)
        self._ahead = self._sheet
        self.node, self.is_open, self.state, self._sheet = kept
        return (
            dict(zip(con_ids, tops, strict=True)),
            dict(zip(con_ids, greeks, strict=True)),
        )

    # ------------------------------------------------------------------- asked ---

    def tops(self, con_ids: Sequence[int]) -> list[Top]:
        """Return the tops of book in the order asked."""
        found: dict[int, Top] = {}
        options = []
        for con_id in con_ids:
            listing = self.listed.by_id(con_id)
            if listing is None:
                found[con_id] = NOTHING
            elif listing.sec_type == "OPT":
                options.append(con_id)
            elif listing.sec_type in ("IND", "STK"):
                found[con_id] = self._index_top(listing)
            else:
                found[con_id] = self._future_top(listing)
        if options:
            tops = self._tops_at(self._sheet, self.state, tuple(options))
            found.update(zip(options, tops, strict=True))
        return [found[con_id] for con_id in con_ids]

    def greeks(self, con_ids: Sequence[int]) -> list[OptionGreeks | None]:
        """Return model greeks; None for what is not a quoted class of option."""
        options = tuple(c for c in con_ids if self._is_option(c))
        if not options:
            return [None] * len(con_ids)
        greeks = self._greeks_at(self._sheet, self.state, options)
        made = dict(zip(options, greeks, strict=True))
        return [made.get(con_id) for con_id in con_ids]

    def combo(self, legs: Sequence[OrderLeg]) -> Top:
        """Return the market for buying `legs` once."""
        return net_top(legs, self.tops([leg.con_id for leg in legs]))

    def marks(self, held: Sequence[Listing]) -> dict[int, Decimal]:
        """Return the fair price of all that can be held by id, open or closed.

        What has settled is worth nothing any more.
        """
        listed = [o for o in held if self.listed.by_id(o.con_id) is not None]
        marks = {o.con_id: Decimal(0) for o in held}
        options = tuple(o.con_id for o in listed if o.sec_type == "OPT")
        if options:
            fair = self._value_at(self._sheet, self.state, options).price.tolist()
            marks.update(zip(options, map(rounded, fair), strict=True))
        for it in listed:
            if it.sec_type == "FUT" and it.expiry is not None:
                marks[it.con_id] = rounded(
                    future_price(self.state, it.expiry, self._market.fit)
                )
            elif it.sec_type == "STK":
                marks[it.con_id] = rounded(self.session.series[it.symbol][self.node])
        return marks

    def levels(self, node: int | None = None) -> dict[str, float]:
        """Return what each underlying is worth at a node (now), by symbol.

        A future's margin and settlement stand on the index, whatever its symbol.
        """
        series = self.session.series
        at = self.node if node is None else node
        levels = {name: float(series[name][at]) for name in ("SPX", "XSP", "SPY")}
        levels["VIX"] = levels["VXM"] = float(series["VIX"][at])
        return levels

    def vix_settlement(self) -> float:
        """Return what VIX options and futures settle at on this session's morning."""
        return self._market.vix_settlement(self._number)

    def fair(self, state: State, options: Sequence[Listing]) -> list[float]:
        """Return the model prices of options in any other state of the market."""
        made = self._batch(tuple(option.con_id for option in options))
        prices: list[float] = batch.value(state, made, self._market.fit).price.tolist()
        return prices

    def theory(self, option: Listing) -> Theory:
        """Return what an option would be worth if the market were another."""
        return Theory(self.state, option, settles_at(option, self.listed.calendar))

    # ----------------------------------------------------------------- options ---

    def _is_option(self, con_id: int, *, quoted: bool = True) -> bool:
        listing = self.listed.by_id(con_id)
        if listing is None or listing.sec_type != "OPT":
            return False
        return not (quoted and self._silent and listing.symbol == "VIX")

    def _batch(self, con_ids: tuple[int, ...]) -> Batch:
        made = self._batches.get(con_ids)
        if made is None:
            if len(self._batches) >= _BATCHES_KEPT:
                self._batches.clear()
            options = [o for c in con_ids if (o := self.listed.by_id(c)) is not None]
            dividends = self._market.scenario.window.dividends
            made = batch.batch(
                options,
                [settles_at(o, self.listed.calendar) for o in options],
                self._stops_at(options),
                minis.scaled(options, self.session.tape.day, dividends),
            )
            self._batches[con_ids] = made
        return made

    def _stops_at(self, options: list[Listing]) -> list[float]:
        """Return when each series trades last; beyond today is all the same."""
        tape = self.session.tape
        stocks_stop = tape.opens_at + 5.0 * tape.index_close

        def stop(option: Listing) -> float:
            if option.expiry == tape.day:
                return stocks_stop
            if self.after is None or not hours.has_nights(option, tape.day):
                return float(tape.closes_at)
            if option.last_trade == tape.day:
                return float(self.after.curb_ends or tape.closes_at)
            return float(self.after.ends_at)

        return [stop(option) for option in options]

    def _value_at(self, sheet: Sheet, state: State, con_ids: tuple[int, ...]) -> Values:
        values = sheet.values.get(con_ids)
        if values is None:
            values = batch.value(state, self._batch(con_ids), self._market.fit)
            sheet.values[con_ids] = values
        return values

    def _quotes_at(
        self, sheet: Sheet, state: State, con_ids: tuple[int, ...]
    ) -> Quotes:
        quotes = sheet.quotes.get(con_ids)
        if quotes is None:
            values = self._value_at(sheet, state, con_ids)
            options, fit = self._batch(con_ids), self._market.fit
            salt = batch.half_minute(self._number, sheet.node)
            quotes = batch.quotes(state, options, values, fit, salt, sheet.wider)
            sheet.quotes[con_ids] = quotes
        return quotes

    def _greeks_at(
        self, sheet: Sheet, state: State, con_ids: tuple[int, ...]
    ) -> list[OptionGreeks]:
        greeks = sheet.greeks.get(con_ids)
        if greeks is None:
            values = self._value_at(sheet, state, con_ids)
            greeks = batch.model_greeks(self._batch(con_ids), values, state)
            sheet.greeks[con_ids] = greeks
        return greeks

    def _tops_at(
        self, sheet: Sheet, state: State, con_ids: tuple[int, ...]
    ) -> list[Top]:
        tops = sheet.tops.get(con_ids)
        if tops is None:
            tops = sheet.tops[con_ids] = self._make_tops(sheet, state, con_ids)
        return tops

    def _make_tops(
        self, sheet: Sheet, state: State, con_ids: tuple[int, ...]
    ) -> list[Top]:
        options = self._batch(con_ids)
        figures = [self._printed.at(c, sheet.node) for c in con_ids]
        quotes = self._quotes_at(sheet, state, con_ids)
        trades = (sheet.is_open & (options.stops_at > state.at)).tolist()
        columns = zip(*(column.tolist() for column in quotes), strict=True)
        rows = zip(con_ids, trades, columns, figures, strict=True)
        silent = options.vix_mask.tolist() if self._silent else None
        tops = [self._option_top(*row) for row in rows]
        if silent is not None:
            pairs = zip(tops, silent, strict=True)
            tops = [NOTHING if is_vix else top for top, is_vix in pairs]
        return tops

    def _option_top(
        self, con_id: int, trades: object, quote: tuple[int, ...], figures: Figures
    ) -> Top:
        """Return the top of one option, the last one made if nothing changed."""
        bid, ask, bid_size, ask_size = quote if trades else _NO_QUOTE
        key = (bid, ask, bid_size, ask_size, figures)
        made = self._made.get(con_id)
        if made is not None and made[0] == key:
            return made[1]
        top = Top(
            bid=cents(bid) if trades else None,
            ask=cents(ask) if trades else None,
            bid_size=bid_size,
            ask_size=ask_size,
            last=figures.last,
            last_size=1 if figures.last else None,
            open=figures.open,
            high=figures.high,
            low=figures.low,
            close=figures.close,
            volume=figures.volume,
        )
        self._made[con_id] = key, top
        return top

    # ------------------------------------------------------------- all the rest ---

    def _index_top(self, listing: Listing) -> Top:
        session, node = self.session, self.node
        if listing.con_id == products.AD_NYSE:
            return spot.breadth_top(session.tape, node)
        close = self._close_of(listing.symbol)
        if listing.sec_type != "STK":
            return spot.index_top(session, node, listing.symbol, close)
        is_quoted = self.is_open and self.state.at <= session.tape.closes_at
        return spot.stock_top(session, node, listing, close, is_quoted=is_quoted)

    def _close_of(self, symbol: str) -> Decimal:
        close = self._closes.get(symbol)
        if close is None:
            close = self._closes[symbol] = rounded(self._close_before(symbol))
        return close

    def _close_before(self, symbol: str) -> float:
        before = self._market.day(self._number - 1)
        if symbol == "SPX":
            return before.spx.close
        if symbol == "VIX":
            return before.vix_close
        if symbol in ("XSP", "SPY"):
            return self._market.over_spx(symbol, self._number - 1) * before.spx.close
        return self._market.term_closes(symbol.lower(), self._number - 1)

    def _future_top(self, listing: Listing) -> Top:
        assert listing.expiry is not None, "a future without expiry"
        states = (self._evening, self.session.state(0), self.state)
        before, first, fair = (
            future_price(it, listing.expiry, self._market.fit) for it in states
        )
        is_quoted = self.is_open and listing.sec_type == "FUT"
        return spot.future_top(listing, (before, first, fair), is_quoted=is_quoted)
