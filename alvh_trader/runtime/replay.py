"""Step through recorded events again, each under the rules that were in force then.

Recovery does it to know where the last process stood; `alvh-trader replay verify` to
prove that every command and decision in a journal follows from its events alone
(reliability.md F15, V11).
"""

from collections import deque
from collections.abc import Callable, Iterable

import msgspec
import structlog
from msgspec import Struct

from alvh_trader.engine.event import DaemonStarted, Event
from alvh_trader.engine.state import Rules, State
from alvh_trader.engine.step import Step
from alvh_trader.errors import InvariantError
from alvh_trader.journal.codec import decode, encode
from alvh_trader.journal.records import Line, Snapshot
from alvh_trader.risk.freeze import Freeze
from alvh_trader.runtime.loop import decide, decode_rules, decode_state

log = structlog.get_logger()

RulesOf = Callable[[str], str | None]
"""From a digest to the rules that were noted under it."""


class Replay:
    """The state after some recorded events, and the rules that the next one meets."""

    def __init__(self, state: State, rules: Rules, rules_of: RulesOf) -> None:
        self.state = state
        self._rules = rules
        self._rules_of = rules_of

    def take(self, seq: int, event: Event) -> Step:
        """Return what follows from `event`, and stand behind it.

        An event on which the engine stumbles is passed over and leaves it halted, as
        it did when the process after the stumble began.
        """
        if isinstance(event, DaemonStarted) and event.rules:
            self.go_by(event.rules)
        try:
            outcome = decide(self.state, event, self._rules)
        except InvariantError as error:
            log.error("replay.halted", seq=seq, reason=str(error))  # noqa: TRY400
            why = f"an event on which the engine stumbled: {error}"
            level = max(self.state.freeze, Freeze.HALT)
            outcome = Step(
                msgspec.structs.replace(self.state, freeze=level, frozen_by=why)
            )
        self.state = outcome.state
        return outcome

    def go_by(self, digest: str) -> None:
        """Take the rules of that digest; those of another version are passed over."""
        text = self._rules_of(digest)
        try:
            if text is not None:
                self._rules = decode_rules(text)
        except msgspec.DecodeError as error:
            log.warning("replay.rules_unreadable", digest=digest, reason=str(error))


class Verdict(Struct, frozen=True, kw_only=True):
    """What a replay found. `why_not` is "" if everything was reproduced."""

    events: int
    commands: int
    decisions: int
    snapshots: int
    builds: tuple[str, ...]
    why_not: str = ""
    seq: int = 0
    """Where it went another way."""
    found: str = ""
    expected: str = ""


class Check:
    """Hold a journal against what its events lead to, one record after the other."""

    def __init__(self, replay: Replay, kept: Iterable[Snapshot]) -> None:
        self._replay = replay
        self._kept = {snapshot.seq: snapshot for snapshot in kept}
        self._owed: deque[bytes] = deque()
        self._counts = dict.fromkeys(("event", "command", "decision"), 0)
        self._compared = 0
        self._builds: dict[str, None] = {}
        self._event_seq = 0

    def run(self, lines: Iterable[Line]) -> Verdict:
        """Return what came of all `lines`; the first difference ends it."""
        for line in lines:
            self._counts[line.kind] += 1
            if why_not := self._follow(line):
                return why_not
        return self._left_out(self._event_seq) or self._verdict()

    def _follow(self, line: Line) -> Verdict | None:
        if line.kind == "event":
            if missing := self._left_out(line.seq):
                return missing
            self._take(line)
        else:
            expected = self._owed.popleft() if self._owed else b""
            if expected != line.body:
                return self._differs(line.seq, line.body, expected)
        return None if self._owed else self._compare(line.seq)

    def _take(self, line: Line) -> None:
        event = decode(line.body, seq=line.seq)
        assert not isinstance(event, tuple)
        if isinstance(event, DaemonStarted) and event.build:
            self._builds[event.build] = None
        outcome = self._replay.take(line.seq, event)  # type: ignore[arg-type]
        self._owed.extend(map(encode, (*outcome.decisions, *outcome.commands)))
        self._event_seq = line.seq

    def _left_out(self, seq: int) -> Verdict | None:
        return self._differs(seq, b"", self._owed[0]) if self._owed else None

    def _compare(self, seq: int) -> Verdict | None:
        """Hold the state against the one that was kept here, if one was."""
        kept = self._kept.get(seq)
        if kept is None:
            return None
        try:
            state = decode_state(kept.body)
        except msgspec.DecodeError:
            return None  # Of another version; recovery passes it over as well.
        if state != self._replay.state:
            return self._verdict(why_not="the state that was kept differs", seq=seq)
        self._compared += 1
        return None

    def _differs(self, seq: int, found: bytes, expected: bytes) -> Verdict:
        return self._verdict(
            why_not="the journal has another record than its events lead to",
            seq=seq,
            found=found.decode(),
            expected=expected.decode(),
        )

    def _verdict(
        self, *, why_not: str = "", seq: int = 0, found: str = "", expected: str = ""
    ) -> Verdict:
        return Verdict(
            events=self._counts["event"],
            commands=self._counts["command"],
            decisions=self._counts["decision"],
            snapshots=self._compared,
            builds=tuple(self._builds),
            why_not=why_not,
            seq=seq,
            found=found,
            expected=expected,
        )
