"""The board: what is bid, asked and last paid for everything listed, at one node.

Option quotes exist while the series trades. What was computed for a node is kept
until the node changes, so that asking twice costs nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from alvh_trader.domain.calendar import instant
from alvh_trader.pricing import black76
from alvh_trader.sim import batch, listings, surface
from alvh_trader.sim.batch import Batch, Quotes, Values
from alvh_trader.sim.cents import cents, rounded
from alvh_trader.sim.listings import Listings
from alvh_trader.sim.market import Market, Session, morning
from alvh_trader.sim.model import Listing, OptionGreeks, OrderLeg, Top
from alvh_trader.sim.path import ISSUES
from alvh_trader.sim.surface import State

Floats = NDArray[np.float64]

NOTHING = Top(
    bid=None,
    ask=None,
    bid_size=0,
    ask_size=0,
    last=None,
    last_size=None,
    open=None,
    high=None,
    low=None,
    close=None,
    volume=None,
)

_MARK = 180
"""Nodes between two prints of an option: a quarter of an hour."""

_SIZES_LAST = 6
"""Nodes for which displayed sizes stay: half a minute."""

_BATCHES_KEPT = 256


@dataclass(frozen=True, slots=True)
class Figures:
    """Prints of a batch in one session: rows are marks, columns options (cents)."""

    last: NDArray[np.int64]
    high: NDArray[np.int64]
    low: NDArray[np.int64]
    close: NDArray[np.int64]
    volume: NDArray[np.int64]


class Board:
    """Prices at a node that `turn` sets."""

    def __init__(self, market: Market) -> None:
        self._market = market
        self._silent = not market.scenario.window.vix_options_quoted
        self._batches: dict[tuple[int, ...], Batch] = {}
        self._figures: dict[tuple[int, ...], Figures] = {}
        self._values: dict[tuple[int, ...], Values] = {}
        self._quotes: dict[tuple[int, ...], Quotes] = {}
        self._made: dict[int, tuple[tuple[int, ...], Top]] = {}

    def open_session(self, number: int, listed: Listings) -> None:
        """Begin a session: yesterday's series and figures are forgotten."""
        self.session: Session = self._market.session(number)
        self.listed = listed
        self._number = number
        self._batches.clear()
        self._figures.clear()
        self._made.clear()
        self.turn(0, is_open=True)

    def turn(self, node: int, *, is_open: bool) -> None:
        """Move to a node of the session."""
        self.node = node
        self.is_open = is_open
        self.state: State = self.session.state(node)
        self._values.clear()
        self._quotes.clear()

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
            elif listing.sec_type == "IND":
                found[con_id] = self._index_top(listing)
            else:
                found[con_id] = self._future_top(listing)
        if options:
            found.update(zip(options, self._option_tops(tuple(options)), strict=True))
        return [found[con_id] for con_id in con_ids]

    def greeks(self, con_ids: Sequence[int]) -> list[OptionGreeks | None]:
        """Return model greeks; None for what is not a quoted class of option."""
        options = tuple(c for c in con_ids if self._is_option(c))
        if not options:
            return [None] * len(con_ids)
        made = dict(zip(options, self._option_greeks(options), strict=True))
        return [made.get(con_id) for con_id in con_ids]

    def combo(self, legs: Sequence[OrderLeg]) -> Top:
        """Return the market for buying `legs` once."""
        bid = ask = Decimal(0)
        bid_size, ask_size = ISSUES, ISSUES
        tops = self.tops([leg.con_id for leg in legs])
        for leg, top in zip(legs, tops, strict=True):
            if top.bid is None or top.ask is None:
                return NOTHING
            buys = leg.action == "BUY"
            up, down = (top.ask, top.bid) if buys else (-top.bid, -top.ask)
            up_size, down_size = (
                (top.ask_size, top.bid_size) if buys else (top.bid_size, top.ask_size)
            )
            ask, bid = ask + leg.ratio * up, bid + leg.ratio * down
            ask_size = min(ask_size, up_size // leg.ratio)
            bid_size = min(bid_size, down_size // leg.ratio)
        return replace(NOTHING, bid=bid, ask=ask, bid_size=bid_size, ask_size=ask_size)

    def marks(self, held: Sequence[Listing]) -> dict[int, Decimal]:
        """Return the fair price of options and futures by id, open or closed.

        What has settled is worth nothing any more.
        """
        listed = [o for o in held if self.listed.by_id(o.con_id) is not None]
        marks = {o.con_id: Decimal(0) for o in held}
        options = tuple(o.con_id for o in listed if o.sec_type == "OPT")
        if options:
            fair = self._value(options).price.tolist()
            marks.update(zip(options, map(rounded, fair), strict=True))
        for future in listed:
            if future.sec_type == "FUT" and future.expiry is not None:
                marks[future.con_id] = rounded(self._future(future.expiry, self.state))
        return marks

    def fair(self, state: State, options: Sequence[Listing]) -> list[float]:
        """Return the model prices of options in any other state of the market."""
        made = self._batch(tuple(option.con_id for option in options))
        prices: list[float] = batch.value(state, made, self._market.fit).price.tolist()
        return prices

    # ----------------------------------------------------------------- options ---

    def _is_option(self, con_id: int, *, quoted: bool = True) -> bool:
        listing = self.listed.by_id(con_id)
        if listing is None or listing.sec_type != "OPT":
            return False
        return not quoted or self._is_quoted(listing)

    def _is_quoted(self, listing: Listing) -> bool:
        return (
            listing.symbol != "VIX" or self._market.scenario.window.vix_options_quoted
        )

    def _batch(self, con_ids: tuple[int, ...]) -> Batch:
        made = self._batches.get(con_ids)
        if made is None:
            if len(self._batches) >= _BATCHES_KEPT:
                self._batches.clear()
                self._figures.clear()
            options = [o for c in con_ids if (o := self.listed.by_id(c)) is not None]
            made = batch.batch(
                options, [self.expires_at(o) for o in options], self._stops_at(options)
            )
            self._batches[con_ids] = made
        return made

    def expires_at(self, option: Listing) -> float:
        """Return when an option settles: at the open (AM) or at the index close."""
        assert option.expiry is not None, "an option without expiry"
        if option.expiry != option.last_trade:
            return morning(option.expiry)
        close = self.listed.calendar.close_of(option.expiry)
        return instant(option.expiry, close).timestamp()

    def _stops_at(self, options: list[Listing]) -> list[float]:
        """Return when each series trades last; beyond today is all the same."""
        tape = self.session.tape
        stocks_stop = tape.opens_at + 5.0 * tape.index_close
        return [
            stocks_stop if o.expiry == tape.day else float(tape.closes_at)
            for o in options
        ]

    def _value(self, con_ids: tuple[int, ...]) -> Values:
        values = self._values.get(con_ids)
        if values is None:
            fit = self._market.fit
            values = batch.value(self.state, self._batch(con_ids), fit)
            self._values[con_ids] = values
        return values

    def _option_tops(self, con_ids: tuple[int, ...]) -> list[Top]:
        options = self._batch(con_ids)
        figures = self._figures.get(con_ids)
        if figures is None:
            figures = self._figures[con_ids] = self._printed(options)
        quotes = self._quotes.get(con_ids)
        if quotes is None:
            salt = self._number * 1000 + self.node // _SIZES_LAST
            fit = self._market.fit
            values = self._value(con_ids)
            quotes = batch.quotes(self.state, options, values, fit, salt)
            self._quotes[con_ids] = quotes
        trades = self.is_open & (options.stops_at > self.state.at)
        mark = self.node // _MARK
        columns = (
            trades.tolist(),
            options.vix_mask.tolist(),
            *(column.tolist() for column in quotes),
            figures.last[mark].tolist(),
            figures.last[0].tolist(),
            figures.high[mark].tolist(),
            figures.low[mark].tolist(),
            figures.close.tolist(),
            figures.volume[mark].tolist(),
        )
        return [
            self._option_top(con_id, row)
            for con_id, row in zip(con_ids, zip(*columns, strict=True), strict=True)
        ]

    def _option_top(self, con_id: int, row: tuple[int, ...]) -> Top:
        """Return the top made of a row, the last one made if nothing changed."""
        if self._silent and row[1]:
            return NOTHING
        made = self._made.get(con_id)
        if made is not None and made[0] == row:
            return made[1]
        top = _option_top(row)
        self._made[con_id] = row, top
        return top

    def _printed(self, options: Batch) -> Figures:
        """Return the session's prints of a batch: fair value on the tick grid."""
        fit, session = self._market.fit, self.session
        nodes = range(0, session.tape.nodes, _MARK)
        states = [session.state(node) for node in nodes]
        states.append(self._market.closing(self._number - 1))
        prices = np.array([batch.value(s, options, fit).price for s in states])
        tick = np.where(prices < 3.0, options.fine, options.coarse)
        printed = np.rint(np.rint(prices / tick) * tick * 100).astype(np.int64)
        last, close = printed[:-1], printed[-1]
        marks = np.arange(1, len(last) + 1)[:, None]
        daily = 40 + (options.con_ids * 7919) % 4000
        return Figures(
            last,
            np.maximum.accumulate(last),
            np.minimum.accumulate(last),
            close,
            (daily * marks) // len(last),
        )

    def _option_greeks(self, con_ids: tuple[int, ...]) -> list[OptionGreeks]:
        options, values, state = self._batch(con_ids), self._value(con_ids), self.state
        common = (options.strike, values.iv, values.tau, state.rate, options.is_call)
        if not options.vix.size:
            made = black76.spot_greeks(state.spx, values.forward, *common)
        else:
            # The underlying of a VIX option is the future of its expiry.
            made = black76.greeks(values.forward, *common)
        if options.vix.size and options.spx.size:
            made = _with_spot(made, state, options, values)
        underlying = np.where(options.vix_mask, values.forward, state.spx)
        arrays = (
            values.iv,
            made.delta,
            values.price,
            made.gamma,
            made.vega,
            made.theta,
            underlying,
        )
        rows = zip(*(a.tolist() for a in arrays), strict=True)
        return [
            OptionGreeks(
                implied_volatility=iv,
                delta=delta_,
                price=price,
                gamma=gamma_,
                vega=vega,
                theta=theta_,
                underlying=under,
            )
            for iv, delta_, price, gamma_, vega, theta_, under in rows
        ]

    # -------------------------------------------------------- indexes, futures ---

    def _index_top(self, listing: Listing) -> Top:
        node, tape = self.node, self.session.tape
        if listing.con_id == listings.AD_NYSE:
            up, down = int(tape.advances[node]), int(tape.declines[node])
            return replace(
                NOTHING, bid=Decimal(up), ask=Decimal(down), bid_size=ISSUES - up - down
            )
        values = self.session.series[listing.symbol]
        high, low = self.session.extremes[listing.symbol]
        return replace(
            NOTHING,
            last=rounded(values[node]),
            open=rounded(values[0]),
            high=rounded(high[node]),
            low=rounded(low[node]),
            close=rounded(self._close_before(listing.symbol)),
        )

    def _close_before(self, symbol: str) -> float:
        before = self._market.day(self._number - 1)
        if symbol == "SPX":
            return before.spx.close
        if symbol == "VIX":
            return before.vix_close
        return self._market.term_closes(symbol.lower(), self._number - 1)

    def _future(self, expiry: date, state: State) -> float:
        tau = surface.years(state, np.array([morning(expiry)]))
        return float(surface.vix_forward(state, tau, self._market.fit.curve)[0])

    def _future_top(self, listing: Listing) -> Top:
        assert listing.expiry is not None, "a future without expiry"
        fair = self._future(listing.expiry, self.state)
        grid = listings.ticks(listing)
        before = self._future(listing.expiry, self._market.closing(self._number - 1))
        first = self._future(listing.expiry, self.session.state(0))
        last = grid.floor(fair)
        top = replace(
            NOTHING,
            last=last,
            last_size=1,
            open=grid.floor(first),
            close=grid.floor(before),
        )
        if not self.is_open or listing.sec_type != "FUT":
            return top
        bid = grid.floor(fair - float(grid.fine) * 0.5)
        return replace(top, bid=bid, ask=bid + grid.fine, bid_size=60, ask_size=55)


def _with_spot(
    made: black76.Greeks, state: State, options: Batch, values: Values
) -> black76.Greeks:
    """Return greeks to the future, but to the spot index for SPX options."""
    i = options.spx
    spot = black76.spot_greeks(
        state.spx,
        values.forward[i],
        options.strike[i],
        values.iv[i],
        values.tau[i],
        state.rate,
        options.is_call[i],
    )
    for mine, theirs in zip(made, spot, strict=True):
        mine[i] = theirs
    return made


def _option_top(row: tuple[int, ...]) -> Top:
    trades, _, bid, ask, bid_size, ask_size, last, first, high, low, close, volume = row
    return Top(
        bid=cents(bid) if trades else None,
        ask=cents(ask) if trades else None,
        bid_size=bid_size if trades else 0,
        ask_size=ask_size if trades else 0,
        last=cents(last) if last else None,
        last_size=1 if last else None,
        open=cents(first) if first else None,
        high=cents(high) if high else None,
        low=cents(low) if low else None,
        close=cents(close) if close else None,
        volume=volume,
    )
