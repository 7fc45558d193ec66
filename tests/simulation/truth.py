"""What the exchange and the gateway know of our orders, held against what was sent.

The daemon can be wrong about an order; the exchange is not. Here is when each order
left the socket, when it reached the exchange and until when it could trade there, what
was asked in this session, and since when no price can have been fresh.
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from alvh_trader.wire.order_request import PlaceOrder
from tests.simulation.world import World

BLIND_MAX = timedelta(seconds=90)
"""With a price at the beginning of such a fault, an order can still be sent for so
long: options count as fresh for a minute, and a quote is given out again once."""

SPOT_BLIND_MAX = timedelta(seconds=60)
"""The same of SPX, which moves all the time and counts as fresh for 15 seconds."""

BLINDING = {
    ("silence", ""): BLIND_MAX,
    ("quotes_frozen", ""): BLIND_MAX,
    ("10197", ""): BLIND_MAX,
    ("halted", ""): BLIND_MAX,
    ("price_minus1", "-1"): BLIND_MAX,
    ("stuck", "SPX"): SPOT_BLIND_MAX,
    ("bad_price", "nan"): BLIND_MAX,
    ("bad_price", "inf"): BLIND_MAX,
    ("bad_price", "unset"): BLIND_MAX,
    ("data_type", "2"): BLIND_MAX,
    ("data_type", "3"): BLIND_MAX,
}
"""Faults under which no price, or no price of the index, can be fresh for longer."""

KNOWN_AFTER = timedelta(seconds=15)
"""An order of which nothing was heard for so long is in doubt, and nothing else may
leave: ten seconds, and a look."""

STREAMS_MAX = timedelta(seconds=600)
"""So long after the newest fault, and the beginning of the session, nothing is asked
for anew any more: the legs of whatever leaves are streamed."""

START, OPEN, EXECUTIONS, POSITIONS, COMPLETED = b"71", b"16", b"7", b"61", b"99"
QUESTIONS = {
    OPEN: "orders",
    EXECUTIONS: "executions",
    POSITIONS: "positions",
    COMPLETED: "completed",
}
"""The questions of a reconciliation, by the number of their message."""

_ASKED = frozenset({START, *QUESTIONS})


class Truth:
    """Follows every order of ours from the socket to its end."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._left: dict[str, datetime] = {}
        self._arrived: dict[str, datetime] = {}
        self._live: dict[int, str] = {}
        self._lives: defaultdict[str, list[list[Any]]] = defaultdict(list)
        self._asked: set[bytes] = set()
        self._since = world.now

    # ----------------------------------------------------------- the wire ---

    def asked(self, payload: bytes) -> None:
        """Note a question of the daemon; a new session has asked nothing yet."""
        name = payload[:2].rstrip(b"\0")
        if self._world.cut_since is not None:
            # What is asked meanwhile is answered from before.
            self._asked.clear()
            self._since = self._world.now
        elif name in _ASKED:
            if name == START:
                self._asked.clear()
                self._since = self._world.now
            self._asked.add(name)

    def left(self, order: PlaceOrder) -> None:
        """Look at an order, new or changed, in the act of leaving."""
        world, ref = self._world, order.order_ref
        for number, what in QUESTIONS.items():
            if number not in self._asked:
                text = f"{ref} left before {what} were asked for in this session"
                world.violation("V5", text)
        for name, value, since in self._on():
            is_open = name in {"unanswered", "endless"} and since <= self._since
            if is_open and value in QUESTIONS.values():
                world.violation("V5", f"{ref} left, and no report has {value}")
        self._expect_sight(order)
        if ref not in self._left:
            self._left[ref] = world.now
            self._expect_alone(ref)

    def _expect_alone(self, ref: str) -> None:
        """No other order for the same can still trade."""
        others = {name for name in self._live.values() if aim(name) == aim(ref)}
        if "duplicate_after_modify" not in self._world.began:
            for other in others - {ref}:
                self._world.violation("V1", f"{ref} left while {other} lives")

    def _expect_sight(self, order: PlaceOrder) -> None:
        world, ref = self._world, order.order_ref
        if (
            world.gateway.floor.is_cut_off
            and world.cut_since
            and world.now - world.cut_since > timedelta(seconds=2)
        ):
            world.violation("V5", f"{ref} left while the broker's link was down")
        for name, value, since in self._on():
            longest = BLINDING.get((name, value))
            if longest is not None and world.now - since > longest:
                world.violation("V5", f"{ref} left {name} {value} since {since}")
        self._expect_streams(order)

    def _expect_streams(self, order: PlaceOrder) -> None:
        world = self._world
        begun = [at for _, _, at in world.beginnings] or [self._since]
        if world.now - max(self._since, *begun) < STREAMS_MAX:
            return
        clients = world.gateway.floor.clients.values()
        streamed = {con_id for client in clients for con_id in client.wanted()}
        legs = [it.con_id for it in order.legs] or [order.contract.con_id]
        for con_id in legs:
            if con_id not in streamed:
                text = f"{order.order_ref} left, and {con_id} is not streamed"
                world.violation("V5", text)

    def _on(self) -> Iterator[tuple[str, str, datetime]]:
        """Yield (name, value, since when) of each fault that is on."""
        for it in self._world.gateway.injector.active:
            begun = [at for name, _, at in self._world.beginnings if name == it.name]
            if begun:
                since = begun[-1]
                # A table's own value is no choice of the schedule.
                yield it.name, it.value if it.fault.value else "", since

    # ------------------------------------------------------- the exchange ---

    def taken(self, row: dict[str, Any]) -> None:
        """An order has reached the exchange."""
        world, ref, perm_id = self._world, row["order_ref"], row["perm_id"]
        self._live[perm_id] = ref
        self._lives[ref].append([perm_id, world.now, None])
        if ref in self._arrived or ref not in self._left:
            return
        self._arrived[ref] = world.now
        for other, at in self._left.items():
            if other == ref or at <= self._left[ref]:
                continue
            if aim(other) == aim(ref):
                text = f"{ref} reached the exchange after {other} had left instead"
                world.violation("V1", text)
            elif at - self._left[ref] > KNOWN_AFTER:
                world.violation("V5", f"{other} left while {ref} was on its way")

    def over(self, row: dict[str, Any]) -> None:
        """An order cannot trade any more."""
        perm_id = row["perm_id"]
        ref = self._live.pop(perm_id, None)
        if ref is not None:
            for life in self._lives[ref]:
                if life[0] == perm_id and life[2] is None:
                    life[2] = self._world.now

    def worked(self, ref: str, perm_id: int, at: datetime) -> bool:
        """Return whether an order could trade, a second before `at` and after it."""
        slack = timedelta(seconds=1)
        return any(
            begin <= at - slack and (end is None or end >= at + slack)
            for number, begin, end in self._lives.get(ref, ())
            if perm_id in {0, number}
        )

    @property
    def living(self) -> frozenset[str]:
        """The names of all orders that can still trade."""
        return frozenset(self._live.values())

    def lost(self) -> Iterator[str]:
        """Yield the names of orders that left and never reached the exchange."""
        return (ref for ref in self._left if ref not in self._arrived)


def aim(ref: str) -> str:
    """Return what an order is for: its case and its purpose."""
    return ref.rpartition("-")[0]
