"""What a fault is: a row of the table, and one that is on.

A row says where it strikes: at its beginning and its end, on requests, on replies, on
prices, on the bytes of a connection. It has no clock and no dice: what it does follows
from what clients send and from the time on the floor. `injector` plays the rows.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from msgspec import Struct

from alvh_trader.gateway.floor import Floor
from alvh_trader.gateway.session import Session
from alvh_trader.sim.model import OptionGreeks, Top


class Late(NamedTuple):
    """A reply that goes out so many simulated seconds later."""

    seconds: float
    message: Struct


class Then(NamedTuple):
    """A fault that follows, so many simulated seconds after the story's beginning."""

    after: float
    name: str
    seconds: float | None = None


class Planned(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A fault to come, as an operator asks for it.

    `at` is `HH:MM[:SS]` of the first such hour, `YYYY-MM-DDTHH:MM[:SS]`, both New York
    time, or `+SECONDS` after the scenario's beginning; empty for at once. `value` and
    `seconds` take the place of the table's; `client` is the only client it strikes.
    """

    name: str
    at: str = ""
    value: str | float = ""
    seconds: float | None = None
    client: int | None = None


Act = Callable[["Active"], None]

OnRequest = Callable[["Active", Session, Any], bool]
"""Takes a request; True means that it is dealt with, and no handler sees it."""

OnReply = Callable[["Active", Session, Any], Iterable[Struct | Late]]
"""Says what goes out instead of a reply: nothing, itself, others, now or later."""

OnTop = Callable[["Active", int, Top], Top]
OnGreeks = Callable[["Active", int, OptionGreeks], OptionGreeks | None]
OnBytes = Callable[["Active", Session, bytes], bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One row of the table.

    `says` is a sentence for the operator and `source` where the behaviour is known
    from. With `once` it lasts until it has struck in one request or at one instant;
    else `lasts` seconds (0: only its beginning matters, None: until it is ended).
    They are simulated seconds, or the wall's where the fault keeps clients away, who
    alone move simulated time in lockstep. `value` is its parameter if none is given;
    `choices` are all that it may be, where they can be told.
    """

    says: str
    source: str
    lasts: float | None = 0.0
    once: bool = False
    by_wall: bool = False
    value: str = ""
    choices: tuple[str, ...] = ()
    story: tuple[Then, ...] = ()
    begins: Act | None = None
    ends: Act | None = None
    requests: Mapping[type[Struct], OnRequest] = field(default_factory=dict)
    replies: Mapping[type[Struct], OnReply] = field(default_factory=dict)
    top: OnTop | None = None
    greeks: OnGreeks | None = None
    output: OnBytes | None = None
    cuts: bool = False
    """The exchange cannot be reached: see `LastKnown`."""

    silences: bool = False
    """No stream of prices says anything."""

    halts: bool = False
    """Nothing trades."""

    twins: bool = False
    """A change becomes a second order, and the first one stays."""

    refuses: bool = False
    """Nobody listens on the port."""

    @property
    def is_number(self) -> bool:
        """Whether the parameter has to be a number: the table's own is one."""
        return self.value.replace(".", "", 1).lstrip("-").isdecimal()


@dataclass(slots=True, kw_only=True)
class Active:
    """A fault that is on. `client` limits it to one client id."""

    name: str
    fault: Fault
    floor: Floor
    value: str
    client: int | None = None
    until: datetime | None = None
    is_single: bool = False
    has_struck: bool = False
    asked: Struct | None = None
    """The request that is being answered, None for what comes unasked."""

    later: Callable[[float, Callable[[], None]], None]
    """Does something so many simulated seconds later."""

    memory: dict[object, Any] = field(default_factory=dict)
    """What the rule must remember from one strike to the next."""

    @property
    def number(self) -> float:
        """The parameter of a fault whose parameter is a number."""
        return float(self.value)

    def concerns(self, client_id: int) -> bool:
        """Return whether the client is one of those it strikes."""
        return self.client is None or self.client == client_id

    def sessions(self) -> list[Session]:
        """Return the connected clients that it strikes."""
        return [
            it
            for it in self.floor.clients.values()
            if isinstance(it, Session) and self.concerns(it.client_id)
        ]

    def tell(self, code: int, text: str, req_id: int = -1) -> None:
        """Send every client that it strikes a notice."""
        for session in self.sessions():
            session.error(req_id, code, text)
