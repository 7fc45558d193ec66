"""What market data the login has subscribed to, and what is said where it has none.

The words are quoted by users of the API [iss] or recorded [cap].
"""

from enum import StrEnum

from alvh_trader.gateway.notices import Notice, history_error
from alvh_trader.sim.model import Listing

LIVE, FROZEN, DELAYED, DELAYED_FROZEN = 1, 2, 3, 4
"""Types of market data that a client can ask for."""


class Entitlement(StrEnum):
    """What the login may see of every market."""

    LIVE = "live"
    DELAYED = "delayed"
    """Nothing is subscribed, and there is delayed data for who asks for it."""
    NONE = "none"


_NOT_SUBSCRIBED = "Requested market data is not subscribed."
SHOWN_DELAYED = Notice(10167, f"{_NOT_SUBSCRIBED} Displaying delayed market data.")
_NO_DELAYED = Notice(354, f"{_NOT_SUBSCRIBED} Delayed market data is not available.")
_FOR_API = (
    "Requested market data requires additional subscription for API. See link in "
    "'Market Data Connections' dialog for more details."
)


def stream_refusal(
    entitlement: Entitlement, asked: int, listing: Listing | None
) -> Notice | None:
    """Return why a stream of type `asked` is refused, None where it is not."""
    match entitlement:
        case Entitlement.LIVE:
            return None
        case Entitlement.NONE:
            return _NO_DELAYED
        case Entitlement.DELAYED:
            if asked in (DELAYED, DELAYED_FROZEN):
                return None
            name = f"{listing.symbol} {listing.exchange}" if listing else "BAG"
            words = f"Delayed market data is available.{name}/TOP/ALL"
            return Notice(10089, f"{_FOR_API}{words}")


def bars_refusal(entitlement: Entitlement) -> Notice | None:
    """Return why bars as they form are refused, None where they are not [cap]."""
    return None if entitlement is Entitlement.LIVE else Notice(10089, _FOR_API)


def single_ticks_refusal(entitlement: Entitlement, listing: Listing) -> Notice | None:
    """Return why single ticks are refused, None where they are not."""
    if entitlement is Entitlement.LIVE:
        return None
    text = f"Failed to request tick-by-tick data.{_no_permissions(listing)}."
    return Notice(10189, text)


def history_refusal(entitlement: Entitlement, listing: Listing) -> Notice | None:
    """Return why bars of the past are refused: delayed data has them."""
    if entitlement is not Entitlement.NONE:
        return None
    return history_error(_no_permissions(listing))


def past_ticks_refusal(entitlement: Entitlement, listing: Listing) -> Notice | None:
    """Return why single ticks of the past are refused."""
    if entitlement is Entitlement.LIVE:
        return None
    return Notice(
        10187, f"Failed to request historical ticks:{_no_permissions(listing)}"
    )


def _no_permissions(listing: Listing) -> str:
    return f"No market data permissions for {listing.exchange} {listing.sec_type}"
