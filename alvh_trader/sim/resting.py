"""One order on the book, and whether it has begun to work."""

from dataclasses import dataclass, field, replace

from alvh_trader.sim import rules, times, trigger
from alvh_trader.sim.legging import Progress
from alvh_trader.sim.model import SimOrder, Status, Top
from alvh_trader.sim.trigger import Watch
from alvh_trader.sim.waiting import Waiting


@dataclass(slots=True)
class Resting:
    """An order on the book, and how it has waited there.

    `watch` looks after its stop, `progress` after legs that trade each for itself.
    """

    order: SimOrder
    waiting: Waiting
    watch: Watch = field(default_factory=Watch)
    progress: Progress | None = None

    @property
    def begun(self) -> int:
        """How many units have traded, those included of which a leg still lacks."""
        return self.order.filled if self.progress is None else self.progress.begun

    def wakes(self, market: Top, now: float, find: rules.Find) -> bool:
        """Let the order go to work if there is nothing more that it waits for."""
        order = self.order
        if times.waits(order, now):
            return False
        if trigger.sleeps(order):
            order = self.order = trigger.trailed(order, market)
            if not self.watch.wakes(order, market):
                return False
            order = trigger.priced(order, rules.grid(order, find))
        self.order = replace(order, status=Status.SUBMITTED, why_held="")
        return True
