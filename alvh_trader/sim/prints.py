"""What options were last paid for: a print every quarter of an hour at fair value."""

from decimal import Decimal
from typing import NamedTuple

import numpy as np

from alvh_trader.sim import batch
from alvh_trader.sim.batch import Batch
from alvh_trader.sim.cents import cents
from alvh_trader.sim.market import Session
from alvh_trader.sim.parameters import Parameters
from alvh_trader.sim.surface import State

EVERY = 180
"""Nodes between two prints."""


class Figures(NamedTuple):
    """The day's figures of one option. None where it would print at nothing."""

    last: Decimal | None
    open: Decimal | None
    high: Decimal | None
    low: Decimal | None
    close: Decimal | None
    volume: int


class Prints:
    """The prints of a batch in one session; `evening` is the state before it.

    All options of a series are printed together: a second one costs nothing.
    """

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
        self._volume = daily * np.arange(1, len(states) + 1)[:, None] // len(states)
        self._places = {con_id: i for i, con_id in enumerate(options.con_ids.tolist())}
        self._mark = -1
        self._figures: dict[int, Figures] = {}

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
