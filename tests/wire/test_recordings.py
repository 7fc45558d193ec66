"""Our tables take every real message apart and put it together to the same bytes.

That is stronger than counting: each field's number, order and form (whole number,
decimal, sentinel, word, date, empty) must be that of the recording, in the protocol
version in which it was recorded.
"""

import pytest

from alvh_trader.wire import codec
from alvh_trader.wire.field import join
from tests.wire.recordings import Recording, recordings

NOT_MESSAGES = frozenset({(173, "in")})
"""A welcome, which has no message number."""

BROKEN_IN_ITS_SOURCE = frozenset({("reqAccountSummary", 2)})
"""A request that its recorder wrote down without its fields."""


def usable(row: Recording) -> bool:
    return (
        row.is_for_layout
        and (row.number, "in" if row.is_reply else "out") not in NOT_MESSAGES
        and (row.name, len(row.fields)) not in BROKEN_IN_ITS_SOURCE
    )


def test_every_recorded_message_is_rebuilt_field_by_field() -> None:
    rows = [row for row in recordings() if usable(row)]
    assert len(rows) > 100
    for row in rows:
        decode = codec.decode_reply if row.is_reply else codec.decode_request
        message = decode(join(list(row.fields)), row.version)
        rebuilt = codec.fields_of(message, row.version)
        assert rebuilt == list(row.fields), f"{row.name} at {row.version}"


def test_every_recorded_kind_of_message_is_in_the_tables() -> None:
    rows = [row for row in recordings() if usable(row)]
    served = {header.number for header in codec.REQUESTS.values()}
    replied = {header.number for header in codec.REPLIES.values()}
    assert {row.number for row in rows if row.is_reply} <= replied
    assert {row.number for row in rows if not row.is_reply} <= served


@pytest.mark.parametrize("version", [157, 162, 164, 169, 170, 174, 176, 177, 178])
def test_a_recorded_order_keeps_its_values_in_other_versions(version: int) -> None:
    for row in recordings():
        if not (usable(row) and row.number in (5, 101) and row.is_reply):
            continue
        message = codec.decode_reply(join(list(row.fields)), row.version)
        other = codec.decode_reply(join(codec.fields_of(message, version)), version)
        for name in ("contract", "quantity", "limit", "perm_id", "status"):
            assert getattr(other, name) == getattr(message, name)
