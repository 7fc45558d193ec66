"""What the broker adapter must be told."""

from typing import Literal

from msgspec import Struct


class BrokerOptions(Struct, frozen=True, kw_only=True):
    """Where the gateway is, who we are there, and how patient we are.

    `account` is the one account expected ("" accepts whichever single account the
    gateway manages). Times are seconds of real time, except `refresh`, which is of
    market time: unchanged quotes of a live stream are given out again after it, so
    it must be well below the oldest option quote the engine accepts (60 s).
    `request_rate` limits queries and subscriptions to so many a second, orders never;
    the real gateway drops clients above 50. None lifts the limit, for simulated
    gateways. `next_order_id` is the floor that the journal remembers.
    """

    host: str = "127.0.0.1"
    port: int = 4002
    client_id: int = 17
    account: str = ""
    mode: Literal["paper", "watch", "live"] = "paper"
    connect_timeout: float = 10.0
    request_timeout: float = 20.0
    pulse_timeout: float = 10.0
    preview_timeout: float = 5.0
    request_rate: float | None = 30.0
    refresh: float = 20.0
    allow_delayed: bool = False
    next_order_id: int = 1

    def __post_init__(self) -> None:
        assert self.client_id > 0, "client 0 binds the orders of people at the screen"
        assert self.request_rate is None or self.request_rate > 0
