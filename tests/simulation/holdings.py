"""What the account really holds, trade by trade, and what each trade was for.

Hedges count here when the exchange has traded them, whatever the daemon has heard; and
what is closed or sold must never grow, nor turn round.
"""

from collections import Counter, defaultdict
from collections.abc import Collection

from tests.simulation.world import World

AWAY = frozenset({"CLOSE", "HEDGE_SELL"})
"""Purposes of orders that only take away."""

MEDDLING = frozenset(
    {"human_trade", "other_client", "liquidation", "overfill", "fill_after_cancel"}
)
"""Faults that trade what the daemon has not asked for, while its own order works."""


class Holdings:
    """Follows the exchange's executions."""

    def __init__(self, world: World) -> None:
        self._world = world
        account = world.exchange.account(world.exchange.accounts[0])
        holdings = (it.holding for it in account.holdings)
        self._held = Counter({it.con_id: it.quantity for it in holdings})
        self._seen = len(world.exchange.executions())
        self._hedges: defaultdict[str, Counter[int]] = defaultdict(Counter)
        self._legs: Counter[tuple[int, bool]] = Counter()
        """Of each contract what hedges have bought (True), and what they have sold.

        The short leg of one spread may be the long leg of another: the account nets
        them, and what takes both away may then turn it round.
        """
        self._bought: defaultdict[str, set[str]] = defaultdict(set)

    def follow(self) -> None:
        """Look at what has traded since the last time."""
        rows = self._world.exchange.executions()[self._seen :]
        self._seen += len(rows)
        for it in rows:
            if not it.con_id:
                continue
            change = it.quantity if it.side == "BOT" else -it.quantity
            before = self._held[it.con_id]
            after = self._held[it.con_id] = before + change
            purpose, case = purpose_of(it.order_ref), case_of(it.order_ref)
            if purpose == "CLOSE":
                self._expect_less(it.order_ref, before, after)
            elif purpose == "HEDGE":
                self._legs[it.con_id, change > 0] += abs(change)
            elif purpose == "HEDGE_SELL":
                self._expect_leg(it.order_ref, it.con_id, change)
            if purpose in {"HEDGE", "HEDGE_SELL"}:
                self._hedges[case][it.con_id] += change
            if purpose == "HEDGE":
                self._bought[case].add(base_of(it.exec_id))

    def _expect_less(self, ref: str, before: int, after: int) -> None:
        if self._world.began.keys() & MEDDLING:
            return
        if abs(after) > abs(before) or after * before < 0:
            self._world.violation("V1", f"{ref} made {before} of a contract {after}")

    def _expect_leg(self, ref: str, con_id: int, change: int) -> None:
        leg = con_id, change < 0
        self._legs[leg] -= abs(change)
        if self._legs[leg] < 0 and not self._world.began.keys() & MEDDLING:
            text = f"{ref} traded {change:+d}, {-self._legs[leg]} more than hedges have"
            self._world.violation("V1", text)

    def expect_hedge(self, ref: str, needed: int, exec_ids: Collection[str]) -> None:
        """A roll leaves: its case's hedge has traded, and is there still (V2)."""
        case = case_of(ref)
        held = sum(count for count in self._hedges[case].values() if count > 0)
        if held < needed:
            self._world.violation("V2", f"{ref} left with {held} hedges of {needed}")
        for exec_id in exec_ids:
            if base_of(exec_id) not in self._bought[case]:
                text = f"{ref} left on {exec_id}, which bought no hedge"
                self._world.violation("V2", text)


def case_of(ref: str) -> str:
    """Return what an order's name says of its case."""
    return ref.split("-")[1] if ref.startswith("ALVH-") else ""


def purpose_of(ref: str) -> str:
    """Return what an order's name says that it is for."""
    return ref.split("-")[2] if ref.startswith("ALVH-") else ""


def base_of(exec_id: str) -> str:
    """Return what a trade and its corrections share, as the broker numbers them."""
    return exec_id.rpartition(".")[0]
