"""A web server on loopback that answers as it is told to, faults included."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CPI = b"observation_date,CPIAUCSL\n2026-08-01,324.1\n2026-09-01,.\n2026-10-01,325.2\n"

Answer = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    """Gives the next of the server's answers; the last one again and again."""

    server: "Server"

    def do_GET(self) -> None:
        """Answer; a client that has gone is none of our business."""
        answers = self.server.answers
        self.server.asked.append(self.path)
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        with suppress(OSError):
            answer(self)

    def log_message(self, *words: object) -> None:
        """Say nothing."""


class Server(ThreadingHTTPServer):
    """Keeps what it was asked, in order."""

    daemon_threads = True

    def __init__(self, answers: tuple[Answer, ...]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers = list(answers)
        self.asked: list[str] = []
        self.over = threading.Event()

    @property
    def url(self) -> str:
        """Return the address under which series are served."""
        return f"http://127.0.0.1:{self.server_port}/csv?id={{series}}"

    def handle_error(self, *args: object) -> None:
        """Say nothing: broken connections are what is tested."""


@contextmanager
def serving(*answers: Answer) -> Iterator[Server]:
    """Serve on a free port until the test is over."""
    with Server(answers) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.over.set()
            server.shutdown()
            thread.join()


def good(body: bytes = CPI, **headers: str) -> Answer:
    """Answer 200 with a body and its length."""

    def answer(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def status(code: int, **headers: str) -> Answer:
    """Answer with a status and no body."""

    def answer(handler: Handler) -> None:
        handler.send_response_only(code)
        handler.send_header("Content-Length", "0")
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()

    return answer


def silent(handler: Handler) -> None:
    """Say nothing at all until the test is over."""
    handler.server.over.wait(10)


def dripping(handler: Handler) -> None:
    """Begin well, and then send a byte now and then, for ever."""
    handler.send_response(200)
    handler.end_headers()
    while not handler.server.over.wait(0.02):
        handler.wfile.write(b"x")


def stalling(handler: Handler) -> None:
    """Begin well, and then say no more."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(CPI)
    handler.server.over.wait(10)


def truncated(handler: Handler) -> None:
    """Announce more than comes."""
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(CPI) + 500))
    handler.end_headers()
    handler.wfile.write(CPI)


def cut(handler: Handler) -> None:
    """Announce nothing, and stop within a number."""
    handler.send_response(200)
    handler.end_headers()
    handler.wfile.write(CPI[:-3])


def unannounced(handler: Handler) -> None:
    """Announce nothing, and send it all."""
    handler.send_response(200)
    handler.end_headers()
    handler.wfile.write(CPI)


def chunked(*, is_whole: bool) -> Answer:
    """Answer in chunks; the last one that says it is the last may be missing."""

    def answer(handler: Handler) -> None:
        handler.protocol_version = "HTTP/1.1"
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        for part in (CPI[:20], CPI[20:]):
            handler.wfile.write(f"{len(part):x}\r\n".encode() + part + b"\r\n")
        if is_whole:
            handler.wfile.write(b"0\r\n\r\n")
        handler.close_connection = True

    return answer


def endless(handler: Handler) -> None:
    """Send more than anybody wants."""
    handler.send_response(200)
    handler.end_headers()
    while not handler.server.over.is_set():
        handler.wfile.write(b"2026-10-01,1\n" * 5000)


def looping(handler: Handler) -> None:
    """Redirect to ourselves."""
    handler.send_response(302)
    handler.send_header("Location", handler.path)
    handler.send_header("Content-Length", "0")
    handler.end_headers()


def resetting(handler: Handler) -> None:
    """Break the connection before a word is said."""
    handler.connection.setsockopt(
        socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00"
    )
    handler.connection.close()


def babbling(handler: Handler) -> None:
    """Speak another protocol."""
    handler.wfile.write(b"SSH-2.0-OpenSSH_9.9\r\n")


def since() -> Callable[[], float]:
    """Return a function that tells the seconds since now."""
    began = time.monotonic()
    return lambda: time.monotonic() - began
