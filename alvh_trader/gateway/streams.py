"""What one client has subscribed to, and what it was told last."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from alvh_trader.gateway.delayed_line import DelayedLine
from alvh_trader.gateway.generic_ticks import GenericLine
from alvh_trader.gateway.market_line import MarketLine, TickByTickLine
from alvh_trader.gateway.moment import Times
from alvh_trader.sim.model import Shown


@dataclass(slots=True, kw_only=True)
class BarStream:
    """Bars of one contract that are kept up to date; `last` is the newest one sent."""

    con_id: int
    size: timedelta
    shown: Shown
    date_format: int = 1
    times: Times
    last: tuple[object, ...] | None = None
    last_start: datetime | None = None


@dataclass(slots=True)
class ValueStream:
    """The values of one account, and what was last sent of them."""

    account: str
    sent: dict[tuple[str, str], str] = field(default_factory=dict)


@dataclass(slots=True)
class SummaryStream:
    """The values of these tags of every account, and what was last sent of them."""

    tags: tuple[str, ...]
    sent: dict[tuple[str, str, str], str] = field(default_factory=dict)


@dataclass(slots=True)
class PnlStream:
    """Profit and loss of an account, or of one of its contracts (`con_id`)."""

    account: str
    con_id: int = 0
    sent: tuple[object, ...] = ()


@dataclass(slots=True)
class Streams:
    """Subscriptions by request id."""

    lines: dict[int, MarketLine | DelayedLine] = field(default_factory=dict)
    generics: dict[int, GenericLine] = field(default_factory=dict)
    """Ticks by number, beside a line of the same id or (prices off) without one."""
    ticks: dict[int, TickByTickLine] = field(default_factory=dict)
    bars: dict[int, BarStream] = field(default_factory=dict)
    real_time: dict[int, BarStream] = field(default_factory=dict)
    market_data_type: int = 1
    positions: bool = False
    positions_multi: dict[int, str] = field(default_factory=dict)
    account: ValueStream | None = None
    account_multi: dict[int, ValueStream] = field(default_factory=dict)
    summaries: dict[int, SummaryStream] = field(default_factory=dict)
    pnl: dict[int, PnlStream] = field(default_factory=dict)
    pnl_single: dict[int, PnlStream] = field(default_factory=dict)

    def con_ids(self) -> Iterator[int]:
        """Return the contracts whose prices are streamed."""
        for line in self.lines.values():
            if not line.legs:
                yield line.con_id
        for generic in self.generics.values():
            yield generic.con_id
        for tick in self.ticks.values():
            yield tick.con_id

    def line_count(self) -> int:
        """Return how many market data lines are in use."""
        return len({*self.lines, *self.generics}) + len(self.ticks)

    def is_used(self, req_id: int) -> bool:
        """Return whether a market data line has this id."""
        return req_id in self.lines or req_id in self.generics or req_id in self.ticks
