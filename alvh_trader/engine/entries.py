"""Open a condor where the operator lets us: one attempt a day, behind every gate.

Off by default. What hinders is looked for first, so that nothing is watched or asked
for a condor that may not be opened. Then the condor nearest to the defaults that
passes every filter is sized, tried (what-if) and sent as one guaranteed combo; the
fills make the case (`engine.opened`). Source: alvh.md §5.1, §8.1, §8.2, §10.
"""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

from msgspec.structs import replace

from alvh_trader.domain.calendar import new_york_date
from alvh_trader.domain.instrument import Option
from alvh_trader.domain.money import SPX_COMBO_TICKS
from alvh_trader.domain.order import Leg, Order, Purpose
from alvh_trader.engine.case import Case
from alvh_trader.engine.command import PreviewMargin, Severity
from alvh_trader.engine.evaluation import regime_of
from alvh_trader.engine.funding import light_of
from alvh_trader.engine.openings import Chosen, best_opening
from alvh_trader.engine.orders import ask_report, cancel, new_ref, submit
from alvh_trader.engine.state import Entry
from alvh_trader.engine.turn import Turn
from alvh_trader.engine.windows import hours
from alvh_trader.execution.ticket import Ticket
from alvh_trader.execution.walk import ROLL_RUNG, roll_ladder
from alvh_trader.portfolio.case import Case as Condor
from alvh_trader.risk.gate import Refused
from alvh_trader.risk.opening import calm, liquid, opens_in, room, sound
from alvh_trader.risk.stress import Level
from alvh_trader.signals.levels import Level as EdrLevel
from alvh_trader.strategy.blackout import blackout
from alvh_trader.strategy.finding import Finding
from alvh_trader.strategy.phase import Phase

NAME = "entries"
"""What decisions about no case yet are filed under: `explain entries --history`."""

LOOK_EVERY = timedelta(seconds=20)
LASTS = timedelta(seconds=180)
"""How often an entry is looked at, and how long its order may live."""

CONCESSION = Decimal("0.30")
"""How far from the middle the price may walk: the collar (alvh.md §8.2)."""

MARGIN_AGE_MAX = timedelta(seconds=60)
"""A what-if answer is asked for again after so long (alvh.md §13.3)."""


_SEEKS_HEDGE = {Phase.HEDGE_PLAN, Phase.HEDGE_WORKING, Phase.HOLD_UNHEDGED}


def look(turn: Turn) -> None:
    """Look for a condor to open, send it, or watch over the order that does."""
    entry, params = turn.state.entry, turn.rules.params.entries
    ticket = turn.state.tickets.get(entry.ref)
    if not params.enabled and ticket is None:
        return
    if entry.looked is not None and turn.at - entry.looked < LOOK_EVERY:
        return
    turn.put(entry=replace(entry, looked=turn.at))
    against = [f for f in _hindrances(turn, ticket) if not f.holds]
    if ticket is not None and ticket.is_live:
        _watch(turn, ticket, against)
    elif ticket is not None:
        _finish(turn, ticket)
    elif against:
        # Without its value, which may change with every look.
        why = f"no entry: {against[0].what}"
        _stand(turn, why, tuple(against), Entry(looked=turn.at))
    else:
        turn.put(entry=replace(turn.state.entry, seeks=True))
        _seek(turn)


def _hindrances(turn: Turn, ticket: Ticket | None) -> tuple[Finding, ...]:
    """Return what speaks for or against any entry now; `ticket` is at work on one."""
    state, rules = turn.state, turn.rules
    ref = "" if ticket is None else ticket.order.ref
    held = [c for c in state.cases.values() if c.phase is not Phase.CLOSED]
    return (
        Finding(
            "mode",
            "trading" if rules.may_trade else "watching",
            "trading",
            rules.may_trade,
        ),
        Finding("freeze", state.freeze.name, "NONE", not state.freeze),
        _attempts(turn, ref),
        *hours(turn),
        blackout(
            state.inputs,
            turn.at,
            rules.calendar,
            rules.params.entries.blackout_sessions,
        ),
        opens_in(regime_of(state)),
        room(sum(c.opened_by != ref or not ref for c in held), rules.limits),
        calm(is_extreme=any(c.tracker.level is EdrLevel.EXTREME for c in held)),
        _defended(held),
        sound(
            is_overdrawn=state.book_test is not None
            and state.book_test.level is Level.BREACH
        ),
        liquid(light_of(state)),
        Finding(
            "naked short options",
            "yes" if state.is_naked else "no",
            "no",
            not state.is_naked,
        ),
    )


def _attempts(turn: Turn, ref: str) -> Finding:
    most = turn.rules.limits.entries_per_day_max
    seen = sum(
        t.order.purpose is Purpose.OPEN
        and t.order.ref != ref
        and new_york_date(t.opened) == turn.state.day
        for t in turn.state.tickets.values()
    )
    return Finding("OPEN orders today", f"{seen}", f"< {most}", seen < most)


def _defended(held: Sequence[Case]) -> Finding:
    """No case waits for its hedge: nothing new while one does (reliability.md F86)."""
    bare = [c.case_id for c in held if c.phase in _SEEKS_HEDGE]
    value = ", ".join(bare) or "none"
    return Finding("cases that want a hedge", value, "none", not bare)


def _stand(turn: Turn, why: str, findings: tuple[Finding, ...], entry: Entry) -> None:
    """Keep the entry, and write down why it stands so whenever the reason is new."""
    if turn.state.entry.standing != why:
        turn.decide(NAME, "ENTRY", "ENTRY", why, findings)
    turn.put(entry=replace(entry, standing=why))


def _seek(turn: Turn) -> None:
    """Choose a condor; try what was chosen before; send what was tried."""
    chosen = best_opening(turn)
    entry = turn.state.entry
    if isinstance(chosen, str):
        _stand(turn, chosen, (), replace(entry, condor=None, drawdown=None))
        return
    if chosen.condor is None:
        why = "no condor passes every filter"
        _stand(turn, why, chosen.findings, replace(entry, condor=None, drawdown=None))
        return
    answer = turn.state.margins.get(entry.ref)
    is_same = entry.condor is not None and _legs(entry.condor) == _legs(chosen.condor)
    is_recent = entry.asked is not None and turn.at - entry.asked <= MARGIN_AGE_MAX
    if not is_same or not is_recent:
        _try(turn, chosen)
    elif answer is None:
        _stand(turn, "waiting for the what-if margin", (), entry)
    else:
        turn.put(entry=replace(entry, condor=chosen.condor, drawdown=chosen.drawdown))
        _send(turn, chosen)


def _legs(condor: Condor) -> tuple[tuple[int, int], ...]:
    return tuple((p.instrument.con_id, p.quantity) for p in condor.positions())


def _try(turn: Turn, chosen: Chosen) -> None:
    """Ask what the condor would do to the margin, and for a fresh report."""
    assert chosen.condor is not None, "nothing is chosen"
    ref = new_ref(turn, "book", Purpose.OPEN)
    entry = replace(
        turn.state.entry,
        condor=chosen.condor,
        drawdown=chosen.drawdown,
        ref=ref,
        asked=turn.at,
    )
    strikes = "/".join(f"{o.strike:g}" for o in _options(chosen.condor))
    why = f"to be opened: {chosen.condor.quantity} x {strikes}"
    _stand(turn, why, chosen.findings, entry)
    turn.ask(PreviewMargin(order=_order(chosen, ref)[0]))
    ask_report(turn, "a condor is about to be opened")


def _options(condor: Condor) -> tuple[Option, ...]:
    return tuple(
        p.instrument for p in condor.positions() if isinstance(p.instrument, Option)
    )


def _order(chosen: Chosen, ref: str) -> tuple[Order, tuple[Decimal, ...]]:
    """Return the order with its limits: from mid toward natural, within the collar.

    No limit brings less than a condor must.
    """
    condor = chosen.condor
    assert condor is not None, "nothing is chosen"
    worst = SPX_COMBO_TICKS.ceiling(chosen.half_spreads)
    ladder = roll_ladder(-condor.credit, SPX_COMBO_TICKS, min(CONCESSION, worst))
    rungs = tuple(r for r in ladder if float(-r) >= chosen.least) or ladder[:1]
    order = Order(
        ref=ref,
        case="",
        purpose=Purpose.OPEN,
        legs=tuple(
            Leg(p.instrument, 1 if p.quantity > 0 else -1)
            for p in condor.positions()
            if isinstance(p.instrument, Option)
        ),
        quantity=condor.quantity,
        limit=rungs[0],
    )
    return order, rungs


def _send(turn: Turn, chosen: Chosen) -> None:
    entry = turn.state.entry
    order, rungs = _order(chosen, entry.ref)
    refused = submit(turn, order, (rungs, ROLL_RUNG, LASTS))
    if isinstance(refused, Refused):
        _stand(turn, "the gate refuses the condor", refused.findings, entry)
    else:
        why = f"the order to open works: {order.ref}"
        _stand(turn, why, chosen.findings, replace(entry, seeks=False))


def _watch(turn: Turn, ticket: Ticket, against: list[Finding]) -> None:
    """Let the order work, or cancel it where it would not be sent any more."""
    if against and not ticket.cancel_asked:
        cancel(turn, ticket.order.ref)
        why = f"the entry is cancelled: {against[0].what}"
        _stand(turn, why, tuple(against), turn.state.entry)


def _finish(turn: Turn, ticket: Ticket) -> None:
    """Say what came of the order; whatever has filled is a case by now."""
    order = ticket.order
    value = f"{ticket.filled} of {order.quantity}"
    found = Finding("condors opened", value, "all", ticket.remaining <= 0)
    word = "opened" if ticket.filled else "given up for today"
    _stand(turn, f"the entry is {word}", (found,), Entry(looked=turn.at))
    if not ticket.filled:
        text = f"{order.ref} did not fill; no other condor is tried today"
        turn.alert("not_opened", Severity.INFO, "", text)
