"""An exchange whose calls are kept, so that another can go on where it stopped.

A run is a pure function of scenario, seed and calls (see `exchange`), so the calls are
the whole state: an exchange that is called the same again is the same exchange,
whatever its parts remember of orders, queues and books. What the calls led to is kept
with them and must come about again; where it does not, the lines belong to another
history or another version of this program.

A line is one JSON object. A call's line is written before the call is obeyed, so that
nobody has heard of anything that is not there.
"""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any, TypeAlias

import msgspec

from alvh_trader.errors import ConfigError
from alvh_trader.sim.exchange import Exchange
from alvh_trader.sim.fills import PROFILES
from alvh_trader.sim.model import Report, SimOrder
from alvh_trader.sim.scenario import Scenario
from alvh_trader.sim.tampering import Tampering


class Begin(msgspec.Struct, frozen=True, tag="begin"):
    """The first line: whose calls these are."""

    scenario: str
    first: date
    seed: int
    accounts: tuple[str, ...]
    fills: str

    def __str__(self) -> str:
        """Name the run for a person."""
        accounts = ", ".join(self.accounts)
        return (
            f"{self.scenario} from {self.first}, seed {self.seed}, {self.fills} fills, "
            f"of {accounts}"
        )


class Advance(msgspec.Struct, frozen=True, tag="advance"):
    """Time was moved."""

    to: datetime


class Submit(msgspec.Struct, frozen=True, tag="submit"):
    """A new order was sent."""

    order: SimOrder


class Modify(msgspec.Struct, frozen=True, tag="modify"):
    """An order was changed."""

    order: SimOrder


class Cancel(msgspec.Struct, frozen=True, tag="cancel"):
    """An order was cancelled."""

    perm_id: int


class Halt(msgspec.Struct, frozen=True, tag="halt"):
    """Trading was halted, or went on."""

    is_halted: bool


class Cap(msgspec.Struct, frozen=True, tag="cap"):
    """An order was let fill so much and no more."""

    perm_id: int
    most: int | None


class Force(msgspec.Struct, frozen=True, tag="force"):
    """An order was let trade that no market traded with."""

    perm_id: int
    quantity: int
    at: datetime


class Correct(msgspec.Struct, frozen=True, tag="correct"):
    """A trade's price was changed, or the trade taken back."""

    exec_id: str
    change: Decimal | None


class Outcome(msgspec.Struct, frozen=True, tag="outcome"):
    """What the call before led to, and what each account was worth then (USD).

    Only a call that was answered has one, or that opened or closed a session.
    """

    reports: tuple[Any, ...]
    worth: dict[str, Decimal]


Tampered: TypeAlias = Halt | Cap | Force | Correct
Call: TypeAlias = Advance | Submit | Modify | Cancel | Tampered
Line: TypeAlias = Begin | Call | Outcome

_decoder: msgspec.json.Decoder[Line] = msgspec.json.Decoder(Line)
_encode = msgspec.json.Encoder().encode


class KeptTampering(Tampering):
    """What `Tampering` does, with each call kept."""

    def __init__(self, keep: Callable[[Tampered], tuple[Report, ...]]) -> None:
        self._keep = keep
        self._is_halted = False

    @property
    def is_halted(self) -> bool:
        """Whether nothing trades."""
        return self._is_halted

    @is_halted.setter
    def is_halted(self, is_halted: bool) -> None:
        if is_halted != self._is_halted:
            self._is_halted = is_halted
            self._keep(Halt(is_halted))

    def cap(self, perm_id: int, most: int | None) -> None:
        """Let an order fill `most` units in all and no more, any number if None."""
        self._keep(Cap(perm_id, most))

    def force(self, perm_id: int, quantity: int, at: datetime) -> tuple[Report, ...]:
        """Let an order trade that no market traded with."""
        return self._keep(Force(perm_id, quantity, at))

    def correct(self, exec_id: str, change: Decimal | None) -> tuple[Report, ...]:
        """Change the price of a trade by so much, or take the trade back (None)."""
        return self._keep(Correct(exec_id, change))


class KeptExchange(Exchange):
    """An exchange that hands each call to `write`, as a line without its line feed.

    `settle` shall see to it that what was written stays: it is called before a call
    that is not time alone is obeyed, and before anybody hears what a call led to.

    It begins by doing again what `lines` say; `past` is what was reported then.
    """

    def __init__(
        self,
        scenario: Scenario,
        seed: int,
        fills: str = "realistic",
        *,
        lines: Sequence[bytes],
        write: Callable[[bytes], None],
        settle: Callable[[], None],
    ) -> None:
        """Open the exchange and bring it to where `lines` end.

        Raises:
            ConfigError: They cannot be read, or are those of another run.
        """
        super().__init__(scenario, seed, PROFILES[fills])
        self.tampering = KeptTampering(self._keep)
        self._caps: set[int] = set()
        self._write, self._settle = write, settle
        begin = Begin(scenario.name, scenario.first, seed, scenario.accounts, fills)
        if not lines:
            write(_encode(begin))
        elif lines[0] != _encode(begin):
            raise ConfigError(f"the state is that of {_read(lines[0])}, not of {begin}")
        else:
            self._repeat(lines)

    def advance(self, to: datetime) -> tuple[Report, ...]:
        """Move time, as `Exchange.advance` does."""
        return self._keep(Advance(to))

    def submit(self, order: SimOrder) -> tuple[Report, ...]:
        """Take a new order, as `Exchange.submit` does."""
        return self._keep(Submit(order))

    def modify(self, order: SimOrder) -> tuple[Report, ...]:
        """Change an order, as `Exchange.modify` does."""
        return self._keep(Modify(order))

    def cancel(self, perm_id: int) -> tuple[Report, ...]:
        """Cancel an order, as `Exchange.cancel` does."""
        return self._keep(Cancel(perm_id))

    def _keep(self, call: Call) -> tuple[Report, ...]:
        self._write(_encode(call))
        if not isinstance(call, Advance):
            self._settle()
        reports, outcome = self._obey(call)
        if outcome is not None:
            self._write(outcome)
            self._settle()
        return reports

    def _obey(self, call: Call) -> tuple[tuple[Report, ...], bytes | None]:
        """Carry out a call; return its reports, and its outcome if it has one."""
        stage = self.session_number, self.is_open
        reports = self._do(call)
        if not reports and stage == (self.session_number, self.is_open):
            return reports, None
        worth = {name: self.account(name).net_liquidation for name in self.accounts}
        return reports, _encode(Outcome(reports, worth))

    def _do(self, call: Call) -> tuple[Report, ...]:
        match call:
            case Advance(to=to):
                return super().advance(to)
            case Submit(order=order):
                return super().submit(order)
            case Modify(order=order):
                return super().modify(order)
            case Cancel(perm_id=perm_id):
                return super().cancel(perm_id)
            case _:
                return self._tamper(call)

    def _tamper(self, call: Tampered) -> tuple[Report, ...]:
        true = self._book.tampering
        match call:
            case Halt(is_halted=is_halted):
                true.is_halted = is_halted
                return ()
            case Cap(perm_id=perm_id, most=most):
                change = self._caps.discard if most is None else self._caps.add
                change(perm_id)
                true.cap(perm_id, most)
                return ()
            case Force(perm_id=perm_id, quantity=quantity, at=at):
                return true.force(perm_id, quantity, at)
            case Correct(exec_id=exec_id, change=change):
                return true.correct(exec_id, change)

    def _repeat(self, lines: Sequence[bytes]) -> None:
        past: list[tuple[datetime, Report]] = []
        rows = [(line, _read(line)) for line in lines[1:]]
        for (_, call), (line, after) in pairwise([*rows, (b"", None)]):
            if isinstance(call, Outcome | Begin | None):
                continue
            if (
                isinstance(call, Advance)
                and isinstance(after, Advance)
                and not self.open_orders()
            ):
                # While nothing rests, time alone leaves no trace.
                continue
            reports, outcome = self._obey(call)
            past += [(self.now, report) for report in reports]
            if after is None and outcome is not None:
                # Whoever wrote the call was stopped before this.
                self._write(outcome)
            elif outcome != (line if isinstance(after, Outcome) else None):
                raise ConfigError(
                    "the state cannot be continued: the same calls do not lead to the "
                    f"same as before at {self.now}; it belongs to another history, or "
                    "to another version of this program"
                )
        self.past = tuple(past)
        # Whoever tampered with it is gone.
        if self._book.tampering.is_halted:
            self._keep(Halt(is_halted=False))
        for perm_id in sorted(self._caps):
            self._keep(Cap(perm_id, None))
        self._caps.clear()


def _read(line: bytes) -> Line:
    try:
        return _decoder.decode(line)
    except msgspec.DecodeError as error:
        raise ConfigError(f"the state cannot be read: {error}") from None
