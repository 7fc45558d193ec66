"""In every version spoken, each field of each message is where that version has it."""

import pytest

from alvh_trader.wire import codec
from alvh_trader.wire.field import split
from tests.gateway.peer import Peer, errors, floor
from tests.gateway.test_recorded_forms import conversation

GATED = (157, 159, 162, 164, 166, 170, 174, 177, 178)
"""The first of the versions, and those from which on the server's messages differ."""


@pytest.mark.parametrize("version", GATED)
def test_a_whole_conversation_has_the_fields_of_its_version(version: int) -> None:
    peer = Peer(floor(), version=version)
    said = conversation(peer)
    assert len(peer.payloads) == len(said)
    assert {code for _, code in errors(said)} == {202, 2104, 2106, 2158}
    for payload, message in zip(peer.payloads, said, strict=True):
        assert codec.fields_of(message, version) == split(payload), message
