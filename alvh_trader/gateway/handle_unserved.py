"""What this gateway cannot do, answered as the broker answers a login that cannot.

Depth of market, advisors, exercises, scanners, fundamentals, news, histograms, display
groups and the Wall Street Horizon calendar. The login of a paper account without
subscriptions gets an error, an empty answer or silence from the real one; so here.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from msgspec import Struct

from alvh_trader.gateway.notices import (
    Notice,
    history_error,
    history_query,
    impossible,
    invalid,
)
from alvh_trader.gateway.session import Session
from alvh_trader.wire import account_reply, contract_reply
from alvh_trader.wire.codec import number_of

Answer = Notice | Callable[[int], Notice] | Callable[[int], Struct]

_NO_DEPTH = "Deep market data is not supported for this combination of security type"
_NO_ADVISOR = invalid("FA data operations ignored for non FA customers.")
_NO_INTENT = invalid(
    "Intent to authenticate needs to be expressed during initial connect request."
)
_NO_GROUP = invalid("Invalid display group")
_NO_CALENDAR = Notice(10276, "News feed is not allowed.")

_SCANNER_XML = (
    '<?xml version="1.0" encoding="UTF-8"?><ScanParameterResponse>'
    '<InstrumentList varName="instrumentList"></InstrumentList>'
    '<LocationTree varName="locationTree"></LocationTree>'
    '<ScanTypeList varName="scanTypeList"></ScanTypeList>'
    '<FilterList varName="filterList"></FilterList></ScanParameterResponse>'
)
"""Scanner parameters without a scanner; the elements are those of the real answer."""


class Row(NamedTuple):
    """Where the id of a request stands among its fields, and what is answered."""

    position: int | None
    answer: Answer | None = None


ROWS: Mapping[int, Row] = MappingProxyType(
    {
        10: Row(2, Notice(10092, f"{_NO_DEPTH}/exchange")),  # [doc]
        11: Row(
            2,
            lambda of: Notice(
                310, f"Can't find the subscribed market depth with tickerId:{of}"
            ),
        ),  # [doc]
        18: Row(None, _NO_ADVISOR),  # [iss]
        19: Row(4, _NO_ADVISOR),
        21: Row(2, impossible("No unlapsed position exists in this option")),  # [iss]
        22: Row(1, history_query("no items retrieved")),  # [iss]
        23: Row(
            2,
            lambda of: Notice(365, f"No scanner subscription found for ticker id:{of}"),
        ),  # [doc]
        24: Row(None, lambda _: contract_reply.ScannerParameters(_SCANNER_XML)),
        52: Row(2, Notice(10358, "Fundamentals data is not allowed")),  # [doc]
        53: Row(2),
        65: Row(None, _NO_INTENT),  # An assumption, like all of 65 to 73.
        66: Row(None, _NO_INTENT),
        67: Row(2, account_reply.DisplayGroups),
        68: Row(2, _NO_GROUP),
        69: Row(2, _NO_GROUP),
        70: Row(2),
        72: Row(None, _NO_INTENT),
        73: Row(None, _NO_INTENT),
        84: Row(
            1, Notice(10172, "Failed to request news article:Not allowed")
        ),  # [doc]
        86: Row(1, lambda of: account_reply.HistoricalNewsEnd(of, has_more=False)),
        88: Row(1, history_error("HMDS query returned no data")),
        89: Row(1),
        100: Row(1, _NO_CALENDAR),  # [doc]
        101: Row(1),
        102: Row(1, _NO_CALENDAR),
        103: Row(1),
    }
)
"""By the number of the request. Cancellations without an answer want none."""


def answer_unserved(session: Session, texts: list[str]) -> bool:
    """Answer a request that is known and not served; False if it is none of these."""
    row = ROWS.get(number_of(texts))
    if row is None:
        return False
    if row.answer is None:
        return True
    req_id = _id_at(row.position, texts)
    answer = row.answer if isinstance(row.answer, Notice) else row.answer(req_id)
    if isinstance(answer, Notice):
        session.error(req_id, *answer)
    else:
        session.send(answer)
    return True


def _id_at(position: int | None, texts: list[str]) -> int:
    if position is None or position >= len(texts):
        return -1
    text = texts[position]
    return int(text) if text.isascii() and text.isdecimal() else -1
