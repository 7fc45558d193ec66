"""Take what a person tells the running daemon, on a socket beside the journal.

One line in, one line out (`runtime.request`). What is taken becomes an event like any
other, durable before the answer leaves. A daemon that is not running listens to nobody,
so nothing is left lying for the next one but the kill file. Only the user who runs the
daemon may open the socket.
"""

import getpass
import socket
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path

import msgspec
import structlog

from alvh_trader.engine.case import Ask, Case
from alvh_trader.engine.event import (
    Event,
    OperatorAbandoned,
    OperatorAcknowledged,
    OperatorAdopted,
    OperatorAskedRoll,
    OperatorCheckedIn,
    OperatorCleared,
    OperatorFlattened,
    OperatorHalted,
    OperatorReleased,
)
from alvh_trader.engine.state import Rules, State
from alvh_trader.errors import ConfigError, ControlError
from alvh_trader.ports import Put
from alvh_trader.risk.freeze import Freeze
from alvh_trader.runtime import (
    doubt_control,
    flatten_control,
    freeze_control,
    line_socket,
    live_control,
)
from alvh_trader.runtime.kill_file import KillFile
from alvh_trader.runtime.request import Answer, Request, Verb, Waiting
from alvh_trader.strategy.phase import Phase

log = structlog.get_logger()

PHRASE = "I have looked and it may trade"
"""What a person types to lift a freeze: nobody does it by mistake."""

ALL = "all"
"""What `release` takes instead of a case."""


def socket_of(journal: Path) -> Path:
    """Return where the daemon that writes a journal listens."""
    return journal.with_name(journal.name + ".sock")


class Control:
    """The daemon's end of the socket.

    `settled` returns when every event that was put is decided and journaled; `account`
    is what must be typed to arm live.
    """

    def __init__(
        self,
        path: Path,
        put: Put,
        now: Callable[[], datetime],
        state: Callable[[], State],
        settled: Callable[[], Awaitable[None]],
        kill_file: KillFile,
        rules: Rules,
        account: str = "",
    ) -> None:
        self._rules = rules
        self._kill_file = kill_file
        self._account = account
        self._path = path
        self._put = put
        self._now = now
        self._state = state
        self._settled = settled
        self._listening: socket.socket | None = None

    def bind(self) -> None:
        """Take the place beside the journal; one that cannot be had is told of.

        Defending without this channel is better than not defending at all: SIGTERM and
        the broker's own screen remain.
        """
        try:
            # We hold the journal's lock: a socket that lies there is a dead process's.
            self._listening = line_socket.bound(self._path)
        except OSError as error:
            log.warning("control.unavailable", path=str(self._path), reason=str(error))

    async def run(self) -> None:
        """Answer until cancelled; at once over where there is no place."""
        if self._listening is None:
            return
        async with line_socket.answered(
            self._listening, self._path, self._line
        ) as server:
            await server.serve_forever()

    async def _line(self, line: bytes) -> bytes:
        return msgspec.json.encode(await self._answer(line))

    async def _answer(self, line: bytes) -> Answer:
        try:
            request = msgspec.json.decode(line, type=Request)
        except msgspec.MsgspecError as error:
            return Answer(taken=False, text=f"not understood: {error}")
        if request.verb is Verb.APPROVALS:
            found = live_control.waiting(self._state(), self._now())
            return Answer(taken=True, waiting=found)
        said = self._event(request)
        if isinstance(said, str):
            return Answer(taken=False, text=said)
        log.info("control.taken", verb=request.verb, case=request.case)
        if isinstance(said, OperatorCleared):
            return await self._clear(said)
        self._put(said)
        await self._settled()
        return self._outcome(said)

    async def _clear(self, said: OperatorCleared) -> Answer:
        """Lift a freeze; the kill file goes first, and comes back if it was not."""
        had_file = self._kill_file.is_set()
        try:
            self._kill_file.remove()
        except ControlError as error:
            return Answer(taken=False, text=str(error))
        self._put(said)
        await self._settled()
        answer = self._outcome(said)
        if had_file and not answer.taken:
            self._kill_file.set("not cleared")
        return answer

    def _event(self, request: Request) -> Event | str:
        """Return what the engine is told, or why it cannot be."""
        at = self._now()
        if request.verb in live_control.VERBS:
            return live_control.event_of(
                request, self._state(), at, account=self._account, rules=self._rules
            )
        if request.verb in doubt_control.VERBS:
            return doubt_control.event_of(request, self._state(), at)
        if request.verb is Verb.FLATTEN:
            return flatten_control.event_of(request, self._state(), at, self._rules)
        match request.verb:
            case Verb.HALT:
                return OperatorHalted(at=at, level=request.level)
            case Verb.CLEAR:
                wrong = f"a freeze is lifted by the phrase: {PHRASE}"
                lifted = OperatorCleared(at=at, by=request.by)
                return lifted if request.phrase == PHRASE else wrong
            case Verb.CHECKIN:
                return OperatorCheckedIn(at=at)
            case Verb.RELEASE if request.case == ALL:
                return OperatorReleased(at=at, case="")
        case = self._case(request.case)
        return case if isinstance(case, str) else _of_case(request, case, at)

    def _case(self, name: str) -> Case | str:
        found = [
            case
            for case in self._state().cases.values()
            if name and case.case_id.startswith(name) and case.phase is not Phase.CLOSED
        ]
        if len(found) == 1:
            return found[0]
        names = ", ".join(case.case_id for case in found)
        return f"{name} is more than one case: {names}" if found else f"no case {name}"

    def _outcome(self, said: Event) -> Answer:
        """Return what the state shows of it afterwards."""
        state = self._state()
        match said:
            case OperatorHalted() | OperatorCleared() | OperatorCheckedIn():
                return freeze_control.outcome(said, state)
            case OperatorReleased(case=name):
                text = f"released {name or 'every case'}; reconciling first"
                if state.freeze:
                    text += f"; {state.freeze.name} is still in force"
                return Answer(taken=True, text=text)
            case OperatorAdopted() | OperatorAbandoned():
                return doubt_control.outcome(said, state)
            case OperatorFlattened():
                return flatten_control.outcome(said, state, self._rules)
            case OperatorAcknowledged(case=name, what=what):
                text = f"{name} may go on once: {what}"
                return Answer(taken=what in state.cases[name].allowed, text=text)
            case OperatorAskedRoll(case=name):
                text = f"{name} is to be rolled today; hedge and bands come first"
                return Answer(taken=state.cases[name].requested == said.at, text=text)
            case _:
                return live_control.outcome(said, state)


def _of_case(request: Request, case: Case, at: datetime) -> Event | str:
    """Return what is said of one case, or why it cannot be."""
    if request.verb is Verb.RELEASE:
        return OperatorReleased(at=at, case=case.case_id)
    if request.verb is Verb.ROLL:
        return OperatorAskedRoll(at=at, case=case.case_id)
    if request.what is None or case.asks is not request.what:
        return f"{case.case_id} asks {case.asks or 'nothing'}; nothing was allowed"
    return OperatorAcknowledged(at=at, case=case.case_id, what=request.what)


def halt(journal: Path, level: Freeze) -> str:
    """Freeze trading, with or without a daemon; return what came of it.

    For a halt the kill file is made first: it holds whatever becomes of the daemon.

    Raises:
        ControlError: There is no daemon, and no file was made.
    """
    file = KillFile(journal)
    has_file = level is Freeze.HALT
    if has_file:
        file.set(f"{level.name}, asked for on the command line")
    try:
        return say(journal, Request(verb=Verb.HALT, level=level))
    except ControlError as error:
        if not has_file:
            raise
        return f"{file.path} is there: no daemon here sends an order ({error})"


def clear(journal: Path, phrase: str) -> str:
    """Lift a freeze of the running daemon; return what came of it.

    Raises:
        ControlError: It was not lifted (see `tell`).
    """
    by = getpass.getuser()
    return say(journal, Request(verb=Verb.CLEAR, phrase=phrase, by=by))


def flatten(journal: Path, case: str, phrase: str) -> str:
    """Have a case closed by the running daemon; return what came of it.

    Raises:
        ControlError: It is not closed (see `tell`).
    """
    by = getpass.getuser()
    return say(journal, Request(verb=Verb.FLATTEN, case=case, phrase=phrase, by=by))


def waiting(journal: Path) -> tuple[Waiting, ...]:
    """Return what waits for a person, as the daemon has it now.

    Raises:
        ControlError: See `tell`.
    """
    return tell(journal, Request(verb=Verb.APPROVALS)).waiting


def ask_of(question: str) -> Ask:
    """Return the question that a case may ask, by its word on the command line.

    Raises:
        ConfigError: No case ever asks it.
    """
    if question not in list(Ask):
        known = ", ".join(Ask)
        raise ConfigError(f"no case asks {question!r}; questions are {known}")
    return Ask(question)


def say(journal: Path, request: Request) -> str:
    """Tell the daemon something; return what came of it.

    Raises:
        ControlError: It was not taken (see `tell`).
    """
    answer = tell(journal, request)
    if not answer.taken:
        raise ControlError(f"not taken: {answer.text}")
    return answer.text


def tell(journal: Path, request: Request) -> Answer:
    """Tell the daemon that writes `journal`, and return its answer.

    Raises:
        ControlError: No daemon listens (nothing was asked), or it did not answer (then
            only the journal knows whether it was taken).
    """
    path = socket_of(journal)
    try:
        caller = line_socket.Caller(path)
    except OSError as error:
        raise ControlError(
            f"no daemon listens at {path} ({error.strerror or error}): nothing was "
            "asked"
        ) from None
    with caller:
        try:
            answer = caller.ask(msgspec.json.encode(request))
            return msgspec.json.decode(answer, type=Answer)
        except (OSError, msgspec.MsgspecError) as error:
            raise ControlError(
                f"the daemon did not answer ({error}): whether it was taken, the "
                "journal knows (alvh-trader status)"
            ) from None
