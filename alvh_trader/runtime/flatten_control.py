"""Closing cases by a person's word over the control socket, and what came of it."""

from collections.abc import Iterator
from datetime import datetime

from alvh_trader.domain.order import Purpose
from alvh_trader.engine.case import Case
from alvh_trader.engine.closing import hindrance
from alvh_trader.engine.event import Event, OperatorFlattened
from alvh_trader.engine.proof import lots_of
from alvh_trader.engine.state import Rules, State
from alvh_trader.risk.freeze import SENDABLE
from alvh_trader.runtime.request import Answer, Request
from alvh_trader.strategy.phase import Phase

PHRASE = "I have looked and it may be closed"
"""What a person types to close a case: nobody does it by mistake."""

ALL = "all"
"""What is taken instead of a case."""


def event_of(request: Request, state: State, at: datetime, rules: Rules) -> Event | str:
    """Return what the engine is told, or why it cannot be."""
    if request.phrase != PHRASE:
        return f"a case is closed by the phrase: {PHRASE}"
    named, is_all = list(_named(request.case, state)), request.case == ALL
    if not named:
        return f"no case {request.case} holds anything"
    if len(named) > 1 and not is_all:
        names = ", ".join(case.case_id for case in named)
        return f"{request.case} is more than one case: {names}"
    against = [why for case in named if (why := hindrance(state, rules, case))]
    if len(against) == len(named):
        return "; ".join(dict.fromkeys(against))
    case_id = "" if is_all else named[0].case_id
    return OperatorFlattened(at=at, case=case_id, by=request.by)


def _named(name: str, state: State) -> Iterator[Case]:
    for case in state.cases.values():
        is_held = case.phase is not Phase.CLOSED or lots_of(state, case.case_id)
        if name and is_held and (name == ALL or case.case_id.startswith(name)):
            yield case


def outcome(said: OperatorFlattened, state: State, rules: Rules) -> Answer:
    """Return what the state shows of it afterwards, and what it waits for."""
    names = [c.case_id for c in state.cases.values() if c.flatten == said.at]
    text = f"closing {', '.join(names)}: condors first, hedges when they are gone"
    allowed, frozen = SENDABLE[state.freeze], state.freeze.name
    if Purpose.CLOSE not in allowed:
        text += f"; {frozen} lets no order go before alvh-trader clear"
    elif Purpose.HEDGE_SELL not in allowed:
        text += f"; {frozen} keeps the hedges until alvh-trader clear"
    if not rules.calendar.is_open(said.at):
        text += "; the market is closed"
    return Answer(taken=bool(names), text=text)
