"""The venue as one order finds it: quotes less what we took, and who trades with it."""

from collections.abc import Iterable

from alvh_trader.sim import combo, rules
from alvh_trader.sim.board import Board
from alvh_trader.sim.fills import FillModel
from alvh_trader.sim.liquidity import Liquidity
from alvh_trader.sim.matching import Matcher, Trade
from alvh_trader.sim.model import Execution, SimOrder, Top
from alvh_trader.sim.waiting import Waiting


class Venue:
    """The board's market under a fill model."""

    def __init__(self, seed: int, board: Board, fills: FillModel) -> None:
        self.latency = fills.latency
        self._board = board
        self._liquidity = Liquidity(fills)
        self._matcher = Matcher(seed, fills)

    def begin_day(self) -> None:
        """Show every size in full again."""
        self._liquidity.begin_day()

    def market(self, order: SimOrder, now: float) -> tuple[list[Top], Top]:
        """Return the legs' tops, with the sizes that are left, and the order's own."""
        con_ids = [leg.con_id for leg in order.legs]
        tops = [
            self._liquidity.left(con_id, top, now)
            for con_id, top in zip(con_ids, self._board.tops(con_ids), strict=True)
        ]
        is_combo = order.sec_type == "BAG"
        return tops, combo.net_top(order.legs, tops) if is_combo else tops[0]

    def match(self, order: SimOrder, market: Top, waiting: Waiting) -> Trade | None:
        """Return the trade of an order at this instant, None if there is none."""
        grid = rules.grid(order, self._board.listed.by_id)
        return self._matcher.match(order, market, grid, waiting)

    def take(self, rows: Iterable[Execution], now: float) -> None:
        """Note what the legs of a trade took from the displayed sizes."""
        for row in rows:
            if row.con_id:
                bought = row.quantity if row.side == "BOT" else -row.quantity
                self._liquidity.take(row.con_id, bought, now)
