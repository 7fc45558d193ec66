"""One step under way: the state so far, and what has been asked for and decided.

A `Turn` is how a long pure function is written without handing five values through
every call. It is made by `engine.step` and never outlives it.
"""

from datetime import datetime
from typing import Any

import msgspec

from alvh_trader.engine.case import Case
from alvh_trader.engine.command import Command, RaiseAlert, Severity
from alvh_trader.engine.decision import Decision
from alvh_trader.engine.instant import Instant
from alvh_trader.engine.state import Rules, State
from alvh_trader.strategy.finding import Finding
from alvh_trader.strategy.phase import Fact, Phase, Trigger, advance


class Turn:
    """The state after what was done so far in this step, and its outcome."""

    def __init__(self, state: State, rules: Rules, at: datetime) -> None:
        self.state = state
        self.rules = rules
        self.at = at
        self.commands: list[Command] = []
        self.decisions: list[Decision] = []
        self._instant: Instant | None = None

    @property
    def instant(self) -> Instant:
        """What the quotes of now say; each thing is computed once in a step."""
        if self._instant is None or not self._instant.is_of(self.state):
            self._instant = Instant(self.state, self.rules.params)
        return self._instant

    def put(self, **changes: Any) -> None:
        """Replace fields of the state."""
        self.state = msgspec.structs.replace(self.state, **changes)

    def ask(self, command: Command) -> None:
        """Ask something of the outside world."""
        self.commands.append(command)

    def alert(self, code: str, severity: Severity, case: str, text: str) -> None:
        """Tell the operator."""
        self.ask(RaiseAlert(code=code, severity=severity, case=case, text=text))

    def decide(
        self,
        case_id: str,
        before: str,
        after: str,
        trigger: str,
        findings: tuple[Finding, ...],
    ) -> None:
        """Write down a decision: see `Decision`."""
        self.decisions.append(
            Decision(
                at=self.at,
                case=case_id,
                before=before,
                after=after,
                trigger=trigger,
                findings=findings,
            )
        )

    def note(self, case_id: str, trigger: str, findings: tuple[Finding, ...]) -> None:
        """Write down what was decided; the case, if any, stands where it stood."""
        case = self.state.cases.get(case_id)
        where = "" if case is None else case.phase
        self.decide(case_id, where, where, trigger, findings)

    def save(self, case: Case) -> Case:
        """Put a case into the state."""
        self.put(cases={**self.state.cases, case.case_id: case})
        return case

    def change(self, case: Case, **changes: Any) -> Case:
        """Put a case with changed fields into the state."""
        return self.save(msgspec.structs.replace(case, **changes))

    def move(
        self,
        case: Case,
        trigger: Trigger,
        findings: tuple[Finding, ...] = (),
        facts: frozenset[Fact] = frozenset(),
        **changes: Any,
    ) -> Case:
        """Take one row of the table, and write down why.

        Raises:
            IllegalTransitionError: See `strategy.phase.advance`.
        """
        after = advance(case.phase, trigger, facts)
        self.decide(case.case_id, case.phase, after, trigger, findings)
        return self.change(
            case, **{"phase": after, "since": self.at, "standing": "", **changes}
        )

    def stand(
        self, case: Case, why: str, findings: tuple[Finding, ...] = (), **changes: Any
    ) -> Case:
        """Stay where the case is, and write down why whenever the reason is new."""
        if case.standing != why:
            self.decide(case.case_id, case.phase, case.phase, why, findings)
        elif not changes:
            return case
        return self.change(case, **{"standing": why, **changes})

    def phase_of(self, case_id: str) -> Phase:
        """Return where a case stands now."""
        return self.state.cases[case_id].phase
