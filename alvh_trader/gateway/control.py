"""What an operator tells a running gateway: faults, the clock, the speed, its end."""

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct, structs

from alvh_trader.errors import ConfigError
from alvh_trader.gateway.fault_schedule import moment, read_words
from alvh_trader.gateway.moment import ZONE
from alvh_trader.gateway.pace import read_speed
from alvh_trader.gateway.snapshot import snapshot

if TYPE_CHECKING:
    from alvh_trader.gateway.server import Gateway


class Verb(StrEnum):
    """What can be told."""

    FAULT = "fault"
    END = "end"
    CLOCK = "clock"
    SPEED = "speed"
    SNAPSHOT = "snapshot"
    QUIT = "quit"


class Command(Struct, frozen=True, kw_only=True):
    """One thing told: `words` as on the command line, `client` limits a fault."""

    verb: Verb
    words: str = ""
    client: int | None = None


class Answer(Struct, frozen=True, kw_only=True):
    """Whether it was done, and what came of it in words (a snapshot: in JSON)."""

    taken: bool
    text: str


def obey(gateway: "Gateway", line: bytes) -> Answer:
    """Do what one line says, a `Command` in JSON."""
    try:
        command = msgspec.json.decode(line, type=Command)
        text = _obeyed(gateway, command)
    except (msgspec.MsgspecError, ConfigError) as error:
        return Answer(taken=False, text=str(error))
    gateway.after_input()
    return Answer(taken=True, text=text)


def _obeyed(gateway: "Gateway", command: Command) -> str:
    words = command.words.strip()
    match command.verb:
        case Verb.FAULT:
            return _begin(gateway, words, command.client)
        case Verb.END:
            if not gateway.injector.end(words):
                raise ConfigError(f"no fault {words!r} is on")
            return f"{words} is over"
        case Verb.CLOCK:
            if words:
                _move(gateway, words)
            return _clock(gateway.floor.exchange.now)
        case Verb.SPEED:
            gateway.set_speed(read_speed(words))
            return f"speed {words}"
        case Verb.SNAPSHOT:
            return msgspec.json.encode(snapshot(gateway)).decode()
        case Verb.QUIT:
            gateway.stop()
            return "the gateway ends"


def _begin(gateway: "Gateway", words: str, client: int | None) -> str:
    planned = structs.replace(read_words(words), client=client)
    if not planned.at:
        gateway.injector.begin(planned)
        return f"{planned.name} has begun"
    at = moment(planned, gateway.floor.exchange.now)
    gateway.injector.plan(planned, at)
    return f"{planned.name} will begin at {_clock(at)}"


def _move(gateway: "Gateway", words: str) -> None:
    """Let simulated time run to a time of day, an instant, or so many seconds on."""
    floor = gateway.floor
    to = moment(read_words(f"clock@{words}"), floor.exchange.now)
    while True:
        instant = floor.next_instant()
        if instant is None or instant > to:
            break
        floor.advance(instant)
    floor.publish()
    gateway.set_speed(gateway.speed)


def _clock(at: datetime) -> str:
    return f"{at.astimezone(ZONE):%Y-%m-%d %H:%M:%S %Z}"
