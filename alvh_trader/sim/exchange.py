"""The simulated exchange: one market, one account, one tape, and no clock of its own.

A run is a pure function of (scenario, seed, requests). Time stands still until
`advance` moves it; nothing is acknowledged late, but nothing fills inside `submit`:
an acknowledgement always precedes a fill.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal

from alvh_trader.sim.model import (
    AccountValues,
    BarRow,
    Execution,
    Listing,
    MarginPreview,
    OptionClass,
    OptionGreeks,
    OrderLeg,
    Refusal,
    Report,
    SimOrder,
    Top,
)
from alvh_trader.sim.scenario import Scenario


class Exchange:
    """A facade over tape, listings, quotes, book and account."""

    now: datetime
    """UTC; starts at the opening bell (09:30 New York) of the first session."""

    def __init__(self, scenario: Scenario, seed: int) -> None:
        raise NotImplementedError

    # ---------------------------------------------------------------- time ---

    @property
    def ended(self) -> bool:
        """Whether the options close of the last session has passed."""
        raise NotImplementedError

    @property
    def is_open(self) -> bool:
        """Whether index options trade now (09:30-16:15, half days until 13:15)."""
        raise NotImplementedError

    @property
    def session_number(self) -> int:
        """How many sessions have begun, from 1."""
        raise NotImplementedError

    @property
    def sessions(self) -> int:
        """How many sessions the scenario has."""
        raise NotImplementedError

    @property
    def session_day(self) -> date:
        """The trading day that is on, or was the last to be on."""
        raise NotImplementedError

    def next_instant(self, interval: timedelta) -> datetime | None:
        """Return the next tape instant, at most `interval` later within the session.

        The tape has a node every 5 seconds (a shorter interval gives the next
        node). The options close is always an instant of its own; after it comes the
        next session's open, and None after the last close.
        """
        raise NotImplementedError

    def advance(self, to: datetime) -> tuple[Report, ...]:
        """Move time to `to` (UTC, not before `now`) and return what happened.

        In this order: what each open and close on the way brings (settlement, expiry
        of options, DAY orders lapsing at the close), then one round of matching at
        `to` if the market is open. Positions and cash change without a report when
        options settle: compare `account()`.
        """
        raise NotImplementedError

    # ----------------------------------------------------------- reference ---

    def listing(self, con_id: int) -> Listing | None:
        """Return what is listed today under `con_id`, None if nothing is."""
        raise NotImplementedError

    def find(
        self,
        *,
        symbol: str = "",
        sec_type: str = "",
        month_or_day: str = "",
        strike: float = 0.0,
        right: str = "",
        trading_class: str = "",
        multiplier: str = "",
        local_symbol: str = "",
    ) -> tuple[Listing, ...]:
        """Return all listings that match every filter given (empty means any).

        `month_or_day` is `YYYYMM` or `YYYYMMDD` and matches the last trading day, as
        the broker's lastTradeDateOrContractMonth does (a future's month is that of
        its expiry, which is the same).
        """
        raise NotImplementedError

    def option_parameters(self, symbol: str) -> tuple[OptionClass, ...]:
        """Return each exchange and class of options on `symbol`."""
        raise NotImplementedError

    def market_rule(self, rule_id: int) -> tuple[tuple[Decimal, Decimal], ...]:
        """Return the (low edge, increment) rows of a rule; empty if unknown."""
        raise NotImplementedError

    def hours(self, listing: Listing) -> tuple[str, str]:
        """Return trading and liquid hours as contract details give them.

        `20180205:0930-20180205:1615;20180210:CLOSED;...` in New York time (the time
        zone id is `US/Eastern`), for today and six days after.
        """
        raise NotImplementedError

    # --------------------------------------------------------- market data ---

    def tops(self, con_ids: Sequence[int]) -> list[Top]:
        """Return the tops of book, in the order asked; an unknown id has no prices."""
        raise NotImplementedError

    def greeks(self, con_ids: Sequence[int]) -> list[OptionGreeks | None]:
        """Return model greeks, None for what is no option or has no model value."""
        raise NotImplementedError

    def combo_top(self, legs: Sequence[OrderLeg]) -> Top:
        """Return the net bid and ask of buying the combo once; None if a leg lacks."""
        raise NotImplementedError

    def bars(
        self,
        con_id: int,
        size: timedelta,
        *,
        sessions: int,
        end: datetime | None = None,
    ) -> tuple[BarRow, ...]:
        """Return bars of `size` of the last `sessions` sessions up to `end` (now).

        Sizes from 5 seconds to 1 hour are cut from the tape, 1 day and 1 week come
        from history; the session in progress is there up to now. Empty where there
        is no history (options, AD-NYSE).
        """
        raise NotImplementedError

    # -------------------------------------------------------------- orders ---

    def submit(self, order: SimOrder) -> tuple[Report, ...]:
        """Take a new order: Accepted (with its perm id), or Refusal. Never a fill.

        `perm_id` 0 lets the exchange choose; status and filled are ignored.
        """
        raise NotImplementedError

    def modify(self, order: SimOrder) -> tuple[Report, ...]:
        """Change quantity, limit or type of the open order with `order.perm_id`."""
        raise NotImplementedError

    def cancel(self, perm_id: int) -> tuple[Report, ...]:
        """Take an open order off the book: Ended, or Refusal 10147 / 10148."""
        raise NotImplementedError

    def preview(self, order: SimOrder) -> MarginPreview | Refusal:
        """Say what the order, filled whole at its limit, would do to the account."""
        raise NotImplementedError

    def open_orders(self) -> tuple[SimOrder, ...]:
        """Return the orders on the book, oldest first."""
        raise NotImplementedError

    def completed_orders(self) -> tuple[SimOrder, ...]:
        """Return today's filled, cancelled and lapsed orders, oldest first."""
        raise NotImplementedError

    def executions(self) -> tuple[Execution, ...]:
        """Return today's trades, oldest first."""
        raise NotImplementedError

    # ------------------------------------------------------------- account ---

    def account(self) -> AccountValues:
        """Return the account as of now, marked to the middle of the market."""
        raise NotImplementedError
