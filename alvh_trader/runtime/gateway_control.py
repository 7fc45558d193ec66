"""The control socket of a gateway: its end beside the gateway, and the operator's."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from alvh_trader.errors import ConfigError, ControlError
from alvh_trader.gateway.control import Answer, Command, Verb, obey
from alvh_trader.gateway.server import Gateway
from alvh_trader.runtime import line_socket


@asynccontextmanager
async def controlled(gateway: Gateway, path: Path) -> AsyncIterator[None]:
    """Obey whoever speaks at `path` while the block runs.

    Raises:
        ConfigError: Another gateway listens there, or the place cannot be had.
    """
    try:
        _refuse_a_live_one(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        listening = line_socket.bound(path)
    except OSError as error:
        words = f"cannot listen at {path}: {error.strerror or error}"
        raise ConfigError(words) from None

    async def answer(line: bytes) -> bytes:
        return msgspec.json.encode(obey(gateway, line))

    async with line_socket.answered(listening, path, answer):
        yield


def _refuse_a_live_one(path: Path) -> None:
    try:
        caller = line_socket.Caller(path)
    except OSError:
        return
    with caller:
        raise ConfigError(f"another gateway is told what to do at {path}")


def tell(path: Path, verb: str, words: str = "", client: int | None = None) -> str:
    """Tell the gateway that listens at `path` something; return what came of it.

    Raises:
        ControlError: No gateway listens, it did not answer, or it could not do it.
    """
    command = Command(verb=Verb(verb), words=words, client=client)
    try:
        with line_socket.Caller(path) as caller:
            reply = caller.ask(msgspec.json.encode(command))
        answer = msgspec.json.decode(reply, type=Answer)
    except (OSError, msgspec.MsgspecError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ControlError(f"no gateway answers at {path} ({reason})") from None
    if not answer.taken:
        raise ControlError(answer.text)
    return answer.text
