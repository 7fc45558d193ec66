"""Errors in the broker's codes and words, where more than one handler needs them.

Sources: `[cap]` a recording, `[doc]` the broker's published table of message codes,
`[iss]` texts that users of the API have quoted.
"""

from collections.abc import Container
from typing import NamedTuple


class Notice(NamedTuple):
    """A code and its text, as an error message carries them."""

    code: int
    text: str


_MARK = "bF"
"""The class of the real gateway that found the mistake, in its build of 2026 [cap].
It is another one in every build; clients must not read it."""

NOT_FOUND = Notice(200, "No security definition has been found for the request")
NO_COMBO_LEGS = "Security type 'BAG' requires combo leg details"


def invalid(cause: str) -> Notice:
    """Return what is said of a request that is well formed and makes no sense [cap]."""
    return Notice(321, f"Error validating request.-'{_MARK}' : cause - {cause}")


def impossible(cause: str) -> Notice:
    """Return what is said of a request that failed while it was carried out [iss]."""
    return Notice(322, f"Error processing request.-'{_MARK}' : cause - {cause}")


DUPLICATE_TICKER = impossible("Duplicate ticker id")
"""The published table has 102 for it; gateways in the field say this [iss]."""

DUPLICATE_QUERY = impossible("Duplicate ticker ID for API historical data query")
TOO_MANY_SUMMARIES = impossible("Maximum number of account summary requests exceeded")

NO_ACCOUNT = invalid("You must specify an account.")
"""Said where there are several [iss]."""


def account_problem(name: str, accounts: Container[str]) -> Notice | None:
    """Return what is wrong with the name of an account, None if nothing is [iss]."""
    if not name:
        return NO_ACCOUNT
    return None if name in accounts else invalid(f"Invalid account code '{name}'")


def unknown_ticker(req_id: int) -> Notice:
    """Return what is said of the cancellation of a stream that does not run [iss]."""
    return Notice(300, f"Can't find EId with tickerId:{req_id}")


def history_error(reason: str) -> Notice:
    """Return what the service of historical data answers when it has no data [cap]."""
    return Notice(162, f"Historical Market Data Service error message:{reason}")


PACING = history_error("Historical data request pacing violation")  # [iss]


def live_bars_error(reason: str) -> Notice:
    """Return what is said of five-second bars that cannot be had [iss]."""
    return Notice(420, f"Invalid Real-time Query:{reason}")


def history_query(reason: str) -> Notice:
    """Return what the same service remarks on a query that it has run [iss]."""
    return Notice(165, f"Historical Market Data Service query message:{reason}")
