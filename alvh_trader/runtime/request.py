"""What a person tells the running daemon, and what it answers: one line each."""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from alvh_trader.engine.case import Ask
from alvh_trader.risk.freeze import Freeze


class Verb(StrEnum):
    """What a person may tell the daemon."""

    HALT = "halt"
    CLEAR = "clear"
    CHECKIN = "checkin"
    RELEASE = "release"
    ACK = "ack"
    ROLL = "roll"
    FLATTEN = "flatten"
    ADOPT = "adopt"
    ABANDON = "abandon"
    ARM = "arm"
    DISARM = "disarm"
    APPROVALS = "approvals"
    APPROVE = "approve"
    REJECT = "reject"


class Request(Struct, frozen=True, kw_only=True):
    """One thing told.

    `case` is a case or the beginning of its name, `name` that of a proposal, of a
    discrepancy, or of an order, `account` the one to arm for `hours`, with changes that
    he `accepts`; a freeze is of a `level`, and lifted by a `phrase`; by one a case is
    closed. `by` is who says so.
    """

    verb: Verb
    case: str = ""
    what: Ask | None = None
    level: Freeze = Freeze.HALT
    phrase: str = ""
    name: str = ""
    account: str = ""
    hours: float = 12.0
    accepts: bool = False
    by: str = ""


class Waiting(Struct, frozen=True, kw_only=True):
    """An order that waits for a person, as a list of them shows it."""

    name: str
    case: str
    order: str
    asked: datetime
    expires: datetime
    seconds_left: float


class Answer(Struct, frozen=True, kw_only=True):
    """Whether it was taken, and what came of it in words; or what waits."""

    taken: bool
    text: str = ""
    waiting: tuple[Waiting, ...] = ()
