"""A journal lived through again: to the same state, and by legal steps only."""

from typing import Any

from alvh_trader.domain.order import OrderStatus
from alvh_trader.engine.state import Rules, State
from alvh_trader.engine.step import Step
from alvh_trader.journal.read import Reader
from alvh_trader.runtime.replay import Check, Replay
from alvh_trader.runtime.show import rules_of
from tests.simulation.world import World

_S = OrderStatus
_OPEN = {_S.INTENT, _S.UNKNOWN, _S.WORKING, _S.CANCELLING}
_OVER = {_S.CANCELLED, _S.CANCELLED_BY_OTHER, _S.REJECTED, _S.FILLED}
MAY_FOLLOW = {
    _S.PROPOSED: {_S.INTENT, _S.CANCELLED, _S.DECLINED, _S.LAPSED},
    _S.DECLINED: {_S.FILLED},
    _S.LAPSED: {_S.FILLED},
    _S.INTENT: {*_OPEN, *_OVER},
    # At one step it may be seen again and its cancellation be asked for.
    _S.UNKNOWN: {_S.WORKING, _S.CANCELLING, _S.NOT_SEEN, *_OVER},
    _S.WORKING: {_S.CANCELLING, _S.UNKNOWN, *_OVER},
    _S.CANCELLING: {_S.UNKNOWN, *_OVER},
    _S.CANCELLED: {_S.FILLED},
    _S.CANCELLED_BY_OTHER: {_S.FILLED},
    _S.REJECTED: {_S.FILLED},
    _S.NOT_SEEN: {_S.FILLED, _S.CANCELLED, _S.WORKING},
    _S.FILLED: {_S.WORKING, _S.CANCELLED, _S.CANCELLING, _S.UNKNOWN},
}
"""The monotone table, written a second time. FILLED is left where a trade is busted."""


def follow(world: World) -> None:
    """The journal leads to the same again (V11), by legal steps only (V7)."""
    with Reader.open(world.folder / "journal.db") as reader:
        replay = _Follow(world, rules_of(reader), reader.rules)
        found = Check(replay, reader.snapshots()).run(reader.lines_after())
    if found.why_not:
        world.violation("V11", f"{found.why_not} at {found.seq}")


class _Follow(Replay):
    """A replay that watches how the status of orders changes."""

    def __init__(self, world: World, rules: Rules, rules_of: Any) -> None:
        super().__init__(State(), rules, rules_of)
        self._world = world

    def take(self, seq: int, event: Any) -> Step:
        before = self.state.tickets
        outcome = super().take(seq, event)
        after = outcome.state.tickets
        if after is not before:
            for ref, ticket in after.items():
                was = before[ref].status if ref in before else ticket.status
                if was is not ticket.status and ticket.status not in MAY_FOLLOW[was]:
                    self._world.violation("V7", f"{ref} {was} -> {ticket.status}")
            for ref in before.keys() - after.keys():
                if before[ref].is_live:
                    self._world.violation("V7", f"{ref} was forgotten alive")
        return outcome
