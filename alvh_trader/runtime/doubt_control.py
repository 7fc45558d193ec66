"""Ending a doubt by a person's word over the control socket: adopt, and abandon."""

from datetime import datetime

from alvh_trader.engine.answers import hindrance_to_abandon
from alvh_trader.engine.discrepancies import opened
from alvh_trader.engine.event import Event, OperatorAbandoned, OperatorAdopted
from alvh_trader.engine.state import State
from alvh_trader.runtime.request import Answer, Request, Verb

VERBS = frozenset({Verb.ADOPT, Verb.ABANDON})
"""What is answered here."""

ALL = "all"
"""What `adopt` takes instead of a name."""


def event_of(request: Request, state: State, at: datetime) -> Event | str:
    """Return what the engine is told, or why it cannot be."""
    name = request.name
    if request.verb is Verb.ABANDON:
        why_not = hindrance_to_abandon(state, state.tickets.get(name), at)
        return why_not or OperatorAbandoned(at=at, ref=name)
    known = [it.key for it in opened(state)]
    if name in known or (name == ALL and known):
        return OperatorAdopted(at=at, key="" if name == ALL else name)
    return f"{name} is not open; open are: {', '.join(known) or 'none'}"


def outcome(said: OperatorAdopted | OperatorAbandoned, state: State) -> Answer:
    """Return what the state shows of it afterwards."""
    if isinstance(said, OperatorAbandoned):
        text = f"{said.ref} is given up; it is ended if it ever shows up"
        return Answer(taken=not state.tickets[said.ref].is_live, text=text)
    left = [it.key for it in opened(state) if said.key in {"", it.key}]
    text = f"adopted {said.key or 'all'}; the broker's picture is ours now"
    return Answer(taken=not left, text=text)
