"""A TCP relay in front of a gateway, which keeps what both sides say."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from time import monotonic

from alvh_trader.wire.frame import FrameReader


class Relay:
    """Passes bytes on, both ways, between one client after the other and a gateway."""

    def __init__(self, to: int) -> None:
        self._to = to
        self._said: list[bytes] = []
        self.asked: list[tuple[float, bytes]] = []
        """What clients sent, and when (by the monotonic clock)."""

        self._sockets: list[socket.socket] = []
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        self._threads = [threading.Thread(target=self._serve)]
        self._threads[0].start()

    def frames(self) -> list[bytes]:
        """Return the payloads that came from the gateway, the welcome first."""
        return list(FrameReader().feed(b"".join(self._said)))

    def close(self) -> None:
        """Take no more clients, and wait for those that are here to leave."""
        with suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        for thread in self._threads:
            thread.join()
        for it in self._sockets:
            it.close()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            gateway = socket.create_connection(("127.0.0.1", self._to))
            self._sockets += [client, gateway]
            for source, sink, keep in (
                (client, gateway, lambda data: self.asked.append((monotonic(), data))),
                (gateway, client, self._said.append),
            ):
                thread = threading.Thread(target=_pump, args=(source, sink, keep))
                self._threads.append(thread)
                thread.start()


def _pump(
    source: socket.socket, sink: socket.socket, keep: Callable[[bytes], None]
) -> None:
    with suppress(OSError):
        while data := source.recv(1 << 16):
            keep(data)
            sink.sendall(data)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


@contextmanager
def relay(to: int) -> Iterator[Relay]:
    """Run a relay in front of the gateway on port `to`."""
    it = Relay(to)
    try:
        yield it
    finally:
        it.close()
