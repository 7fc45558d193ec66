"""Faults of frames: bytes that are cut, broken, or far too many."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from alvh_trader.gateway.fault import Act, Active, Fault
from alvh_trader.gateway.session import Session
from alvh_trader.wire.frame import PREFIX_BYTES, frame

_LIES = 0x7FFFFFFF
_MEBIBYTE = 1024 * 1024
_MEBIBYTES_MAX = 64


def _sends(write: Callable[[Active], bytes]) -> Act:
    def act(it: Active) -> None:
        for session in it.sessions():
            session.send_frames([write(it)])

    return act


def _short(_it: Active) -> bytes:
    # An orderStatus that ends after its third field.
    return frame(b"3\x0017\0Submitted\0")


def _garbage(_it: Active) -> bytes:
    return frame(b"3\0seventeen\0\xff\xfe\0many\0" + b"\0" * 8)


def _unknown(_it: Active) -> bytes:
    return frame(b"999\x001\0what is this\0")


def _nothing(_it: Active) -> bytes:
    return frame(b"")


def _oversized(_it: Active) -> bytes:
    return _LIES.to_bytes(PREFIX_BYTES, "big") + b"4\x002\0-1\0"


def _huge(it: Active) -> bytes:
    size = min(int(it.number), _MEBIBYTES_MAX) * _MEBIBYTE
    return frame(b"4\x002\0-1\x002104\0" + b"x" * size + b"\0\0")


def _pieces(it: Active, session: Session, data: bytes) -> bytes:
    size = max(int(it.number), 1)
    if len(data) > size:
        session.put_back(data[size:])
    return data[:size]


FRAMES: Mapping[str, Fault] = MappingProxyType(
    {
        "malformed_frame": Fault(
            says="Every client is sent an orderStatus that lacks most of its fields",
            source="TWS 10.10, ib_insync #393", begins=_sends(_short),
        ),
        "garbage_frame": Fault(
            says="Every client is sent an orderStatus whose fields are no numbers and "
            "no text",
            source="reliability.md F41", begins=_sends(_garbage),
        ),
        "unknown_message": Fault(
            says="Every client is sent a message of number 999",
            source="reliability.md F41", begins=_sends(_unknown),
        ),
        "empty_frame": Fault(
            says="Every client is sent a frame of no bytes",
            source="reliability.md F41", begins=_sends(_nothing),
        ),
        "oversized_frame": Fault(
            says="Every client is sent a length of 2 GiB, so that all that follows "
            "seems to be of one frame",
            source="reliability.md F40", begins=_sends(_oversized),
        ),
        "huge_frame": Fault(
            says="Every client is sent a notice of `value` MiB",
            source="reliability.md F40", value="16", begins=_sends(_huge),
        ),
        "chunk_split": Fault(
            says="Bytes leave in pieces of `value`, cut anywhere",
            source="TCP", lasts=300.0, value="7", output=_pieces,
        ),
    }
)  # fmt: skip
