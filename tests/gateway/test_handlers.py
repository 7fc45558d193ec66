"""Every request that can be read is answered."""

from alvh_trader.gateway.handlers import HANDLERS
from alvh_trader.wire.codec import REQUESTS


def test_every_request_of_the_codec_has_its_handler() -> None:
    assert set(HANDLERS) == set(REQUESTS)
