"""What the broker adapter must be told."""

from datetime import timedelta
from typing import Literal

from msgspec import Struct

from alvh_trader.broker.guard import Rate
from alvh_trader.broker.pace import QUERIES_PER_SECOND
from alvh_trader.domain.position import PAPER_ACCOUNTS, masked
from alvh_trader.errors import WrongAccountError

LIVE = "live"
"""The mode that trades with real money."""


class BrokerOptions(Struct, frozen=True, kw_only=True):
    """Where the gateway is, who we are there, and how patient we are.

    `account` is the one account expected ("" accepts whichever single account the
    gateway manages). Times are seconds of real time, except `refresh`, which is of
    market time: unchanged quotes of a live stream are given out again after it, so
    it must be well below the oldest option quote the engine accepts (60 s).
    `request_rate` limits queries and subscriptions to so many a second (orders have
    tokens of their own); the real gateway drops clients above 50. None lifts the limit,
    for simulated gateways. `next_order_id` is the floor that the journal remembers,
    `order_rates` are the gate's bounds on orders and new limits.
    """

    host: str = "127.0.0.1"
    port: int = 4002
    client_id: int = 17
    account: str = ""
    mode: Literal["paper", "watch", "live"] = "paper"
    connect_timeout: float = 10.0
    request_timeout: float = 20.0
    pulse_timeout: float = 5.0
    preview_timeout: float = 5.0
    request_rate: float | None = QUERIES_PER_SECOND
    refresh: float = 20.0
    allow_delayed: bool = False
    next_order_id: int = 1
    order_rates: tuple[Rate, ...] = (
        Rate(1, timedelta(seconds=1)),
        Rate(10, timedelta(minutes=1)),
        Rate(60, timedelta(hours=1)),
        Rate(100, timedelta(days=1)),
    )

    def __post_init__(self) -> None:
        assert self.client_id > 0, "client 0 binds the orders of people at the screen"
        assert self.request_rate is None or self.request_rate > 0


def the_account(options: BrokerOptions, managed: tuple[str, ...]) -> str:
    """Return the one account the gateway manages, if it is the one expected.

    Raises:
        WrongAccountError: There is not exactly one, it is not the one configured, or it
            is a real account in paper mode or a paper account in live mode.
    """
    gateway = f"{options.host}:{options.port}"
    if len(managed) != 1 or (options.account and managed[0] != options.account):
        expected = masked(options.account) if options.account else "exactly one account"
        found = ", ".join(map(masked, managed)) or "no account"
        raise WrongAccountError(
            f"{gateway}: manages {found}, expected {expected} (broker.account)"
        )
    is_paper = managed[0].startswith(PAPER_ACCOUNTS)
    if (options.mode == "paper" and not is_paper) or (
        options.mode == LIVE and is_paper
    ):
        raise WrongAccountError(
            f"{gateway}: account {masked(managed[0])} is not one for mode "
            f"{options.mode!r}; paper accounts begin with {' or '.join(PAPER_ACCOUNTS)}"
        )
    return managed[0]
