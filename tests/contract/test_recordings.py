"""The client library reads our bytes as it reads the real gateway's."""

import logging
from datetime import UTC
from typing import Any

import pytest

from alvh_trader.wire import codec
from alvh_trader.wire.field import join
from tests.contract.client import VERSION_MAX, ib
from tests.wire.recordings import Recording, recordings


class Heard:
    """A wrapper that writes down what the decoder calls."""

    def __init__(self) -> None:
        self.ib = ib.IB()
        self.defaultTimezone = UTC  # What ib_async's decoder asks of its wrapper.
        self.calls: list[tuple[str, str]] = []

    def __getattr__(self, name: str) -> Any:
        return lambda *args: self.calls.append((name, repr(args)))


def heard(fields: list[str], version: int) -> list[tuple[str, str]]:
    """Return what the library makes of a message at a version."""
    wrapper = Heard()
    decoder = ib.decoder.Decoder(wrapper, version)
    decoder.interpret(list(fields))
    return wrapper.calls


def usable() -> list[Recording]:
    return [
        row
        for row in recordings()
        if row.is_for_layout and row.is_reply and row.version <= VERSION_MAX
        and row.number not in (17, 173)
    ]  # fmt: skip


def test_a_recording_written_by_us_reads_as_the_recording() -> None:
    rows = usable()
    assert len(rows) > 40
    for row in rows:
        message = codec.decode_reply(join(list(row.fields)), row.version)
        ours = codec.fields_of(message, row.version)
        assert heard(ours, row.version) == heard(list(row.fields), row.version)


@pytest.mark.parametrize("version", range(164, VERSION_MAX + 1))
def test_a_recording_carried_to_another_version_is_read_without_loss(
    version: int, caplog: pytest.LogCaptureFixture
) -> None:
    for row in usable():
        message = codec.decode_reply(join(list(row.fields)), row.version)
        calls = heard(codec.fields_of(message, version), version)
        names = [name for name, _ in calls]
        assert names == [name for name, _ in heard(list(row.fields), row.version)]
        if row.number in (3, 11, 59, 61):
            assert calls == heard(list(row.fields), row.version)
    assert [it for it in caplog.records if it.levelno >= logging.ERROR] == []
