"""One line in, one line out, on a Unix socket that only its user may open."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Self

import structlog

log = structlog.get_logger()

LINE_MAX = 4096
CALLERS = 4
"""Callers that may wait. Where no file can be opened any more each is an error a second
in the log, and a crowd must not keep the loop from the market."""

PATIENCE = 10.0
"""Seconds that either end waits for the other."""

Answering = Callable[[bytes], Awaitable[bytes]]


def bound(path: Path) -> socket.socket:
    """Take the place `path`; what lies there is removed.

    Raises:
        OSError: It cannot be had.
    """
    path.unlink(missing_ok=True)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        listening.bind(os.fspath(path))
        listening.listen()
    except OSError:
        listening.close()
        raise
    finally:
        os.umask(before)
    listening.setblocking(False)
    return listening


@asynccontextmanager
async def answered(
    listening: socket.socket, path: Path, answer: Answering
) -> AsyncIterator[asyncio.Server]:
    """Answer one line of each caller while the block runs; then give the place up."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                writer.write(await answer(await reader.readline()) + b"\n")
                await writer.drain()
        except (TimeoutError, OSError, ValueError) as error:
            log.warning("control.broken", reason=repr(error))
        finally:
            writer.close()

    server = await asyncio.start_unix_server(
        serve, sock=listening, limit=LINE_MAX, backlog=CALLERS
    )
    try:
        async with server:
            yield server
    finally:
        path.unlink(missing_ok=True)  # noqa: ASYNC240 - one call, at the end


class Caller:
    """The other end: a context that connects, and asks one line.

    Raises:
        OSError: Nobody listens, or nobody answers.
    """

    def __init__(self, path: Path) -> None:
        self._line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._line.settimeout(PATIENCE)
        try:
            self._line.connect(os.fspath(path))
        except OSError:
            self._line.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._line.close()

    def ask(self, line: bytes) -> bytes:
        """Send a line and return the one that comes back."""
        self._line.sendall(line + b"\n")
        with self._line.makefile("rb") as file:
            return file.readline()
