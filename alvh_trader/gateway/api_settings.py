"""What a person has set in the gateway itself, and what an order must heed of it.

On a real gateway these are pages of its configuration: read-only API, presets and
precautionary settings [doc: TWS API, initial setup; presets]. The limits are the
product's choice (assumption); so is that they are off unless somebody asks for them,
as if "bypass order precautions for API orders" were ticked.
"""

from decimal import Decimal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec import Struct

from alvh_trader.domain.money import TickGrid
from alvh_trader.gateway.entitlement import Entitlement
from alvh_trader.gateway.moment import ZONE_NAME, TimesIn
from alvh_trader.sim.kinds import KINDS
from alvh_trader.sim.model import SimOrder, Top

PRESETS = ("DAY", "GTC", "IOC", "OPG")
"""The times in force that a preset may have."""

Problem = tuple[int, str]


class Precautions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Limits of one order: how many, how dear, how far through the market.

    `percent` and `ticks` are how far behind the far side of the market a limit may
    lie; they are not asked of combos, whose net price may be about nothing.
    """

    size: int = 500
    value: Decimal = Decimal(250_000)
    percent: Decimal = Decimal(3)
    ticks: int = 100


class ApiSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The configuration of the gateway.

    `preset_tif` is the time in force of an order that names none; the client is told
    (10349). Empty, the order is good for the day and nothing is said, as older
    gateways do. `forbidden` are the symbols the account may not trade (203).

    `master_client_id` hears of the orders and trades of all clients [doc]. The limits
    of messages and of lines are those of a login that pays for its data [doc]: the
    one holds for each client (not in lockstep), the others for all together; five
    streams of single ticks were measured at a hundred lines [iss].

    `times_in` says in which zone an instrument's times are told [doc]; `login_zone`
    is an IANA name, and the handshake shows it as `login_zone_shown_as` if that is set.
    """

    is_read_only: bool = False
    preset_tif: str = ""
    precautions: Precautions | None = None
    forbidden: frozenset[str] = frozenset()
    master_client_id: int | None = None
    messages_per_second: int = 50
    market_data_lines: int = 100
    single_tick_streams: int = 5
    market_data: Entitlement = Entitlement.LIVE
    times_in: TimesIn = TimesIn.INSTRUMENT
    login_zone: str = ZONE_NAME
    login_zone_shown_as: str = ""

    def __post_init__(self) -> None:
        """Refuse a zone that nobody knows.

        Raises:
            ValueError: There is no such zone.
        """
        try:
            ZoneInfo(self.login_zone)
        except (ZoneInfoNotFoundError, OSError):
            raise ValueError(f"not a time zone: {self.login_zone!r}") from None


DEFAULT_SETTINGS = ApiSettings()


def violation(
    order: SimOrder, top: Top, grid: TickGrid, value: Decimal, limits: Precautions
) -> Problem | None:
    """Return which precaution an order of `value` USD violates.

    The code of the price per cent is 163, of its ticks 382, of the size 383, of the
    value 451 [doc]; the words are those of gateways in the field [iss].
    """
    if order.quantity > limits.size:
        return 383, _words(order, f"size exceeds the Size Limit of {limits.size}.")
    if abs(value) > limits.value:
        estimate = f"value estimate of {abs(value):,.2f} USD exceeds \n"
        bound = f"the Total Value Limit of {limits.value:,f} USD."
        return 451, _words(order, estimate + bound)
    if order.sec_type == "BAG" or not KINDS[order.order_type].has_limit:
        return None
    buys = order.action == "BUY"
    far = top.ask if buys else top.bid
    if far is None or order.limit is None:
        return 164, "There is no market data to check price percent violations."
    through = order.limit - far if buys else far - order.limit
    if through > far * limits.percent / 100:
        bound = f"the Percentage constraint of {limits.percent:f}%."
        return 163, _words(order, f"price exceeds \n{bound}")
    if through > limits.ticks * grid.tick_at(far):
        bound = f"the Number of ticks constraint of {limits.ticks}."
        return 382, _words(order, f"price exceeds \n{bound}")
    return None


def _words(order: SimOrder, what: str) -> str:
    return (
        f'The following order "ID:{order.order_id}" {what}\nRestriction is specified '
        "in Precautionary Settings of Global Configuration/Presets."
    )
