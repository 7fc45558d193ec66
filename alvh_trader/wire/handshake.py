"""Agree on a protocol version, and turn a client's byte stream into messages.

A client opens with `API` and a NUL, then a frame such as `v157..176`, optionally
with connect options behind a space. The server answers with the version both can
speak and its time of day; from then on every frame is a message.
"""

import re
from collections.abc import Iterator

from msgspec import Struct

from alvh_trader.errors import ProtocolError
from alvh_trader.wire.frame import FrameReader, frame

PREAMBLE = b"API\0"

VERSION_MIN = 157
"""The oldest protocol served: what ib_insync and ibapi 9.81 ask for at least."""

VERSION_MAX = 178
"""The newest protocol served, as Gateway 10.30 speaks it: all text, no protobuf."""

_RANGE = re.compile(rb"v(\d{1,4})\.\.(\d{1,4})(?: (.*))?", re.DOTALL)


class Hello(Struct, frozen=True):
    """The first frame of a client: the versions that it speaks."""

    lowest: int
    highest: int
    options: str = ""


def read_hello(payload: bytes) -> Hello:
    """Read the first frame of a client.

    Raises:
        ProtocolError: It is not a version range.

    >>> read_hello(b"v157..176 +PACEAPI")
    Hello(lowest=157, highest=176, options='+PACEAPI')
    """
    match = _RANGE.fullmatch(payload.rstrip(b"\0"))
    if match is None:
        raise ProtocolError(f"not a version range: {payload[:40]!r}")
    options = (match[3] or b"").decode("utf-8", "backslashreplace")
    return Hello(int(match[1]), int(match[2]), options)


def write_hello(hello: Hello) -> bytes:
    """Return the bytes with which a client opens (the tests' clients use this)."""
    options = f" {hello.options}" if hello.options else ""
    version_range = f"v{hello.lowest}..{hello.highest}{options}"
    return PREAMBLE + frame(version_range.encode())


def agree(hello: Hello) -> int:
    """Return the protocol version to speak with the client: the real server's `min`.

    Raises:
        ProtocolError: The client knows no version that is served here.

    >>> agree(Hello(157, 176)), agree(Hello(100, 225))
    (176, 178)
    """
    if hello.highest < VERSION_MIN or hello.lowest > VERSION_MAX:
        raise ProtocolError(
            f"the client speaks {hello.lowest}..{hello.highest}, "
            f"served are {VERSION_MIN}..{VERSION_MAX}"
        )
    return min(hello.highest, VERSION_MAX)


def write_welcome(version: int, time_of_day: str) -> bytes:
    """Return the server's first frame, which has no message number."""
    return frame(f"{version}\0{time_of_day}\0".encode())


class ClientStream:
    """The bytes of one client: the preamble, then frames."""

    def __init__(self) -> None:
        self._preamble = b""
        self._frames = FrameReader()

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Add `data` and yield the payload of each frame that it completes.

        Raises:
            ProtocolError: The stream does not open with the preamble.
            FrameTooLongError: A length prefix is longer than any message.
        """
        if len(self._preamble) < len(PREAMBLE):
            missing = len(PREAMBLE) - len(self._preamble)
            self._preamble += data[:missing]
            data = data[missing:]
            if not PREAMBLE.startswith(self._preamble):
                raise ProtocolError(f"a client opened with {self._preamble!r}")
        yield from self._frames.feed(data)
