"""The order gateway: the last thing an order passes before it becomes a command.

Placeholder while the engine is being built; see `Approved`.
"""

from datetime import datetime

from msgspec import Struct

from alvh_trader.domain.order import Order, Purpose


class RollPermit(Struct, frozen=True, kw_only=True):
    """Proof that one roll order may leave now (alvh.md §3.3). Good for one send.

    `hedge_exec_ids` are the executions that filled the hedge, `greeks` and
    `candidate` fingerprints of what was true at issue; `expires` ends it.
    """

    case: str
    order_ref: str
    hedge_exec_ids: tuple[str, ...]
    greeks: str
    candidate: str
    issued: datetime
    expires: datetime


class Approved(Struct, frozen=True, kw_only=True):
    """An order that passed every check. A roll carries its permit."""

    order: Order
    permit: RollPermit | None = None

    def __post_init__(self) -> None:
        if self.order.purpose is Purpose.ROLL:
            assert self.permit is not None, "a roll without a permit"
            assert self.permit.order_ref == self.order.ref, "another order's permit"
