"""What options were last paid for: a print every quarter of an hour at fair value."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import NamedTuple

import numpy as np

from alvh_trader.sim import batch
from alvh_trader.sim.batch import Batch
from alvh_trader.sim.cents import cents
from alvh_trader.sim.listings import Listings, Wanted
from alvh_trader.sim.market import Session
from alvh_trader.sim.model import Listing
from alvh_trader.sim.parameters import Parameters
from alvh_trader.sim.surface import State

EVERY = 180
"""Nodes between two prints."""


# The share of a day's volume that is done by then (SPY, 2007-2021, by the hour).
_DAY = (0.0, 0.08, 0.23, 0.38, 0.54, 0.69, 0.85, 1.0)
_TRADED = (0.0, 0.13, 0.31, 0.44, 0.53, 0.63, 0.75, 1.0)


class Figures(NamedTuple):
    """The day's figures of one option. None where it would print at nothing."""

    last: Decimal | None
    open: Decimal | None
    high: Decimal | None
    low: Decimal | None
    close: Decimal | None
    volume: int


class Printed:
    """What the options of a session printed, a whole series at once.

    Whoever asks for one option soon asks for others of its series. `evening` is the
    state of the market before the session, `batch_of` prepares listed options.
    """

    def __init__(
        self,
        session: Session,
        evening: State,
        listed: Listings,
        fit: Parameters,
        batch_of: Callable[[tuple[int, ...]], Batch],
    ) -> None:
        self._session = session
        self._evening = evening
        self._listed = listed
        self._fit = fit
        self._batch_of = batch_of
        self._series: dict[tuple[str, date | None], Prints] = {}
        self._alone: dict[int, Prints] = {}

    def at(self, con_id: int, node: int) -> Figures:
        """Return the figures of a listed option at a node."""
        option = self._listed.by_id(con_id)
        assert option is not None, "an option of today"
        series = self._series_of(option)
        if con_id not in series:
            # Its strike was listed on an earlier day, and somebody may hold it.
            if con_id not in self._alone:
                self._alone[con_id] = self._prints((con_id,))
            series = self._alone[con_id]
        return series.at(con_id, node)

    def _series_of(self, option: Listing) -> "Prints":
        key = option.trading_class, option.last_trade
        if key not in self._series:
            wanted = Wanted(
                sec_type="OPT",
                trading_class=option.trading_class,
                month_or_day=f"{option.last_trade:%Y%m%d}",
            )
            found = tuple(o.con_id for o in self._listed.find(wanted))
            self._series[key] = self._prints(found)
        return self._series[key]

    def _prints(self, con_ids: tuple[int, ...]) -> "Prints":
        options = self._batch_of(con_ids)
        return Prints(self._session, self._evening, options, self._fit)


class Prints:
    """The prints of a batch in one session; `evening` is the state before it."""

    def __init__(
        self, session: Session, evening: State, options: Batch, fit: Parameters
    ) -> None:
        nodes = range(0, session.tape.nodes, EVERY)
        states = [session.state(node) for node in nodes]
        prices = np.array(
            [batch.value(state, options, fit).price for state in (*states, evening)]
        )
        tick = np.where(prices < 3.0, options.fine, options.coarse)
        printed = np.rint(np.rint(prices / tick) * tick * 100).astype(np.int64)
        self._last, self._close = printed[:-1], printed[-1]
        self._high = np.maximum.accumulate(self._last)
        self._low = np.minimum.accumulate(self._last)
        daily = 40 + (options.con_ids * 7919) % 4000
        passed = np.arange(1, len(states) + 1) / len(states)
        traded = np.interp(passed, _DAY, _TRADED)
        self._volume = (daily * traded[:, None]).astype(np.int64)
        self._nodes = nodes
        self._places = {con_id: i for i, con_id in enumerate(options.con_ids.tolist())}
        self._mark = -1
        self._figures: dict[int, Figures] = {}

    def of(self, con_id: int, until: int) -> list[tuple[int, float, int]]:
        """Return node, price and volume of an option's prints up to a node.

        What prints at nothing is left out.
        """
        i = self._places[con_id]
        volumes = np.diff(self._volume[:, i], prepend=0).tolist()
        prices = (self._last[:, i] / 100).tolist()
        return [
            row
            for row in zip(self._nodes, prices, volumes, strict=True)
            if row[0] <= until and row[1] > 0
        ]

    def __contains__(self, con_id: int) -> bool:
        return con_id in self._places

    def at(self, con_id: int, node: int) -> Figures:
        """Return an option's figures at a node."""
        mark = min(node // EVERY, len(self._last) - 1)
        if mark != self._mark:
            self._mark = mark
            self._figures.clear()
        made = self._figures.get(con_id)
        if made is None:
            i = self._places[con_id]
            made = self._figures[con_id] = Figures(
                last=_price(self._last[mark, i]),
                open=_price(self._last[0, i]),
                high=_price(self._high[mark, i]),
                low=_price(self._low[mark, i]),
                close=_price(self._close[i]),
                volume=int(self._volume[mark, i]),
            )
        return made


def _price(amount: np.int64) -> Decimal | None:
    return cents(int(amount)) if amount else None
