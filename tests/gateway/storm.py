"""Hostile clients on real sockets, against a gateway that is a process of its own."""

import os
import socket
import struct
from contextlib import suppress
from pathlib import Path

from alvh_trader.wire import codec
from alvh_trader.wire.account_reply import ManagedAccounts
from alvh_trader.wire.frame import FrameReader
from alvh_trader.wire.handshake import VERSION_MAX, VERSION_MIN, Hello, write_hello
from alvh_trader.wire.request import RequestManagedAccounts, StartApi
from tests.gateway.hostile import WITNESS, Hostility
from tests.programs import gateway

SECONDS = 20.0
SCENE = ("--scenario", "volmageddon-2018", "--speed", "max")
FRAMES_AT_ONCE = 50

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Witness:
    """A client that only ever asks which accounts there are."""

    def __init__(self, port: int) -> None:
        self._socket = connect(port, WITNESS, VERSION_MAX)
        self._reader = FrameReader()

    def ask(self) -> None:
        """Ask, and wait for the answer.

        Raises:
            TimeoutError: There is none.
            ConnectionError: The gateway has left.
        """
        self._socket.sendall(codec.encode(RequestManagedAccounts(), VERSION_MAX))
        while data := self._socket.recv(1 << 16):
            for payload in self._reader.feed(data):
                # The welcome has no message number, only a version.
                if payload.startswith(b"15\0"):
                    reply = codec.decode_reply(payload, VERSION_MAX)
                    assert isinstance(reply, ManagedAccounts)
                    return
        raise ConnectionError("the gateway hung up on the witness")

    def close(self) -> None:
        """Leave."""
        self._socket.close()


def connect(port: int, client_id: int, version: int) -> socket.socket:
    """Return the socket of a client that has introduced itself."""
    it = socket.create_connection(("127.0.0.1", port), SECONDS)
    it.sendall(write_hello(Hello(VERSION_MIN, version)))
    it.sendall(codec.encode(StartApi(client_id), version))
    return it


def attack(hostility: Hostility, port: int) -> None:
    """Send some frames as one client: it may never read, hang up, or break."""
    draw = hostility.random
    version = draw.randrange(VERSION_MIN, VERSION_MAX + 1)
    with connect(port, draw.randrange(5), version) as it, suppress(OSError):
        for piece in hostility.cut(hostility.stream(version, FRAMES_AT_ONCE)):
            it.sendall(piece)
        fate = draw.random()
        if fate < 0.1:
            it.sendall(hostility.broken_end())
        elif fate < 0.3:
            # Gone in the middle of an answer, as a client that was killed.
            it.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        elif fate < 0.7:
            it.shutdown(socket.SHUT_WR)
            while it.recv(1 << 16):
                pass


def storm(name: str, frames: int, folder: Path) -> tuple[int, float]:
    """Play one gateway's life; return how many frames it took, and its memory in MB.

    Raises:
        AssertionError: The gateway complained, or did not stop cleanly.
        OSError: The witness was not answered.
    """
    hostility, fired = Hostility(name), 0
    with gateway(*SCENE, cwd=folder) as (running, port):
        witness = Witness(port)
        while fired < frames:
            attack(hostility, port)
            fired += FRAMES_AT_ONCE
            witness.ask()
        pages = Path(f"/proc/{running.process.pid}/statm").read_text().split()[1]
        witness.close()
        assert running.stop() == 0
        assert running.log.read_text() == ""
    return fired, int(pages) * os.sysconf("SC_PAGE_SIZE") / 1e6
