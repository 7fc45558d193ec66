"""Split a byte stream into length-prefixed frames, and join them again.

A frame is a 4-byte big-endian length and that many bytes. Nothing here waits: the
reader is handed bytes, cut anywhere, and answers with the frames now complete.
"""

from collections.abc import Iterator

from alvh_trader.errors import FrameTooLongError

PREFIX_BYTES = 4

FRAME_BYTES_MAX = 16 * 1024 * 1024
"""No message of the real gateway comes near this; a peer that says so is broken."""


def frame(payload: bytes) -> bytes:
    """Return `payload` with its length in front.

    >>> frame(b"71").hex(" ")
    '00 00 00 02 37 31'
    """
    return len(payload).to_bytes(PREFIX_BYTES, "big") + payload


class FrameReader:
    """Reassembles frames from a stream cut at arbitrary places.

    >>> reader = FrameReader()
    >>> list(reader.feed(frame(b"hello")[:6])), list(reader.feed(b"llo"))
    ([], [b'hello'])
    """

    def __init__(self) -> None:
        self._buffer = bytearray()

    @property
    def pending(self) -> int:
        """Bytes of a frame that is not complete yet."""
        return len(self._buffer)

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Add `data` and yield the payload of each frame that it completes.

        Raises:
            FrameTooLongError: A length prefix exceeds `FRAME_BYTES_MAX`.
        """
        self._buffer += data
        start = 0
        try:
            while (end := self._end_of_frame(start)) is not None:
                payload = bytes(self._buffer[start + PREFIX_BYTES : end])
                start = end
                yield payload
        finally:
            # One deletion for all frames taken: many small frames in one chunk cost
            # linear time, and what was yielded is gone even if the caller stops.
            del self._buffer[:start]

    def _end_of_frame(self, start: int) -> int | None:
        body = start + PREFIX_BYTES
        if len(self._buffer) < body:
            return None
        length = int.from_bytes(self._buffer[start:body], "big")
        if length > FRAME_BYTES_MAX:
            raise FrameTooLongError(
                f"frame of {length} bytes, at most {FRAME_BYTES_MAX}"
            )
        end = body + length
        return end if len(self._buffer) >= end else None
