"""Play faults: begin and end them in time, and let those that are on strike.

The injector stands on the floor (`floor.faults`) only while there is something to do;
otherwise nothing of it is looked at. It keeps no time: the floor tells it when
simulated time has moved, and whoever owns a loop gives it `wall`.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from heapq import heappop, heappush
from itertools import count
from typing import Any

from msgspec import Struct

from alvh_trader.errors import ConfigError
from alvh_trader.gateway.fault import Active, Fault, Late, Planned
from alvh_trader.gateway.fault_table import FAULTS
from alvh_trader.gateway.floor import Floor
from alvh_trader.gateway.roles import Client
from alvh_trader.gateway.session import Session
from alvh_trader.gateway.view import View
from alvh_trader.sim.model import AccountValues, OptionGreeks, OrderLeg, SimOrder, Top

NUMBER_MAX = 1_000_000
"""No parameter and no length in seconds is larger: eleven days."""

Wall = Callable[[float, Callable[[], None]], object]
"""Calls back after so many seconds of the wall's clock."""


class Injector:
    """The faults of one floor: those that are planned, and those that are on."""

    def __init__(self, floor: Floor, wall: Wall | None = None) -> None:
        self.wall = wall
        self.active: list[Active] = []
        self._floor = floor
        self._agenda: list[tuple[datetime, int, Callable[[], None]]] = []
        self._numbers = count()
        self._asked: Struct | None = None

    # ---------------------------------------------------------------- time ---

    def plan(self, planned: Planned, at: datetime) -> None:
        """Let a fault begin at `at`.

        Raises:
            ConfigError: There is no such fault, or its value is not of its kind.
        """
        self._row(planned)
        self._at(at, partial(self.begin, planned, at))

    def begin(self, planned: Planned, at: datetime | None = None) -> None:
        """Let a fault begin now; `at` says when it was to begin, if before now.

        Raises:
            ConfigError: There is no such fault, or its value is not of its kind.
        """
        fault, seconds = self._row(planned), planned.seconds
        began = at or self._floor.exchange.now
        it = Active(
            name=planned.name,
            fault=fault,
            floor=self._floor,
            value=str(planned.value) or fault.value,
            client=planned.client,
            later=self._later,
            is_single=fault.once and seconds is None,
        )
        for then in fault.story:
            due = began + timedelta(seconds=then.after)
            follows = Planned(
                name=then.name, seconds=then.seconds, client=planned.client
            )
            self.plan(follows, due)
        lasts = fault.lasts if seconds is None else seconds
        is_lasting = it.is_single or lasts is None or lasts > 0
        if is_lasting:
            self.active.append(it)
            self._refresh()
        if fault.begins is not None:
            fault.begins(it)
        if is_lasting and lasts and not it.is_single:
            self._end_after(it, began, lasts)

    def end(self, name: str) -> bool:
        """End every fault of that name; False if none was on."""
        found = [it for it in self.active if it.name == name]
        for it in found:
            self._end(it)
        return bool(found)

    def advance(self) -> None:
        """Do what is due by the time on the floor."""
        while self._agenda and self._agenda[0][0] <= self._floor.exchange.now:
            heappop(self._agenda)[2]()
        self._after_strikes()

    @property
    def planned(self) -> int:
        """How many beginnings, ends and late messages are still to come."""
        return len(self._agenda)

    @property
    def is_refusing(self) -> bool:
        """Whether nobody shall listen on the port."""
        return any(it.fault.refuses for it in self.active)

    @staticmethod
    def _row(planned: Planned) -> Fault:
        fault = FAULTS.get(planned.name)
        if fault is None:
            names = ", ".join(sorted(FAULTS))
            raise ConfigError(f"no fault {planned.name!r}; there are {names}")
        if fault.is_number and planned.value != "":
            _check_number(planned.name, planned.value)
        if planned.seconds is not None:
            _check_number(planned.name, planned.seconds)
        if fault.choices and str(planned.value or fault.value) not in fault.choices:
            may = ", ".join(fault.choices)
            words = f"fault {planned.name}: {planned.value!r} is none of {may}"
            raise ConfigError(words)
        return fault

    def _end_after(self, it: Active, began: datetime, lasts: float) -> None:
        end = partial(self._end, it)
        if it.fault.by_wall:
            if self.wall is not None:
                self.wall(lasts, end)
            return
        it.until = began + timedelta(seconds=lasts)
        self._at(it.until, end)

    def _end(self, it: Active) -> None:
        if it not in self.active:
            return
        self.active.remove(it)
        self._refresh()
        if it.fault.ends is not None:
            it.fault.ends(it)

    def _at(self, due: datetime, act: Callable[[], None]) -> None:
        heappush(self._agenda, (due, next(self._numbers), act))
        self._refresh()

    def _later(self, seconds: float, act: Callable[[], None]) -> None:
        self._at(self._floor.exchange.now + timedelta(seconds=seconds), act)

    def _refresh(self) -> None:
        floor = self._floor
        floor.faults = self if self.active or self._agenda else None
        floor.is_silent = any(it.fault.silences for it in self.active)
        floor.tampering.is_halted = any(it.fault.halts for it in self.active)
        floor.cut_off(is_cut=any(it.fault.cuts for it in self.active))

    def _after_strikes(self) -> None:
        """End what was to strike in one request or at one instant, and did."""
        for it in [it for it in self.active if it.is_single and it.has_struck]:
            self._end(it)
        self._refresh()

    # ------------------------------------------------------------- strikes ---

    def handle(
        self, client: Client, request: Struct, handler: Callable[[Any, Any], None]
    ) -> None:
        """Let `handler` answer a request, unless a fault takes it."""
        assert isinstance(client, Session), "only sessions are asked"
        self._asked = request
        try:
            for it in self._concerned(client):
                rule = _rule(it.fault.requests, request)
                if rule is not None and rule(it, client, request):
                    it.has_struck = True
                    return
            handler(client, request)
        finally:
            self._asked = None
            self._after_strikes()

    def replies(self, client: Client, message: Struct) -> list[Struct]:
        """Return what goes out to a client instead of a message, now."""
        assert isinstance(client, Session), "only sessions are answered"
        now: list[Struct] = [message]
        for it in self._concerned(client):
            if it.fault.replies:
                now = [out for one in now for out in self._struck(it, client, one)]
        return now

    def output(self, client: Client, data: bytes) -> bytes:
        """Return what is written to a client's socket instead of `data`."""
        assert isinstance(client, Session), "only sessions have sockets"
        for it in self._concerned(client):
            if it.fault.output is not None:
                data = it.fault.output(it, client, data)
        return data

    def view(self, true: View) -> View:
        """Return the market as faults show it."""
        if any(it.fault.top or it.fault.greeks for it in self.active):
            return _Distorted(true, self.active)
        return true

    def modifies(self, order: SimOrder) -> SimOrder | None:
        """Return the second order that a change becomes, None if it stays a change."""
        for it in self.active:
            if it.fault.twins and it.concerns(order.client_id):
                it.has_struck = True
                return replace(order, perm_id=0)
        return None

    def _concerned(self, client: Session) -> list[Active]:
        return [it for it in self.active if it.concerns(client.client_id)]

    def _struck(self, it: Active, client: Session, message: Struct) -> Iterable[Struct]:
        rule = _rule(it.fault.replies, message)
        if rule is None:
            yield message
            return
        it.asked = self._asked
        answers = list(rule(it, client, message))
        if answers != [message]:
            it.has_struck = True
        for out in answers:
            if isinstance(out, Late):
                self._later(out.seconds, partial(client.queue, out.message))
            else:
                yield out


class _Distorted(View):
    """A view through the faults that strike prices."""

    def __init__(self, true: View, active: Iterable[Active]) -> None:
        self._true = true
        self._active = tuple(active)
        self.now = true.now
        self.moved = true.moved
        self.is_account_due = true.is_account_due

    def top(self, con_id: int) -> Top:
        return self._seen(con_id, self._true.top(con_id))

    def combo_top(self, legs: tuple[OrderLeg, ...]) -> Top:
        return self._seen(0, self._true.combo_top(legs))

    def greeks(self, con_id: int) -> OptionGreeks | None:
        greeks = self._true.greeks(con_id)
        for it in self._active:
            if it.fault.greeks is not None and greeks is not None:
                greeks = it.fault.greeks(it, con_id, greeks)
        return greeks

    def account(self, name: str) -> AccountValues:
        return self._true.account(name)

    def _seen(self, con_id: int, top: Top) -> Top:
        for it in self._active:
            if it.fault.top is not None:
                seen = it.fault.top(it, con_id, top)
                it.has_struck = it.has_struck or seen != top
                top = seen
        return top


def _check_number(name: str, value: str | float) -> None:
    try:
        if not abs(float(value)) <= NUMBER_MAX:
            raise ConfigError(f"fault {name}: {value} is beyond {NUMBER_MAX}")
    except ValueError:
        raise ConfigError(f"fault {name}: {value!r} is no number") from None


def _rule(table: Any, message: Struct) -> Any:
    """Return the rule for a message: its own, or the one for every kind."""
    return table.get(type(message)) or table.get(Struct)
