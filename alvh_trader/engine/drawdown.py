"""The 2-sigma test of the whole book: every five minutes, and with a condor to come.

All cases and all hedges are shocked together, from current marks, against the capital
of both engines (alvh.md §8.1). A breach in force stops new condors, tells a person
once, and says what closing how much would mend; nothing is ever closed by itself.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from alvh_trader.engine.command import Severity
from alvh_trader.engine.evaluation import (
    atm_of,
    evaluate,
    spot_of,
    vix_of,
)
from alvh_trader.engine.funding import funding_of
from alvh_trader.engine.instant import holdings_of
from alvh_trader.engine.turn import Turn
from alvh_trader.risk.shocks import Conditions, StressedCase, StressedHedge, shocked
from alvh_trader.risk.stress import (
    BookTest,
    Level,
    Stress,
    drawdowns,
    level_of,
    reductions,
    summary,
)
from alvh_trader.strategy.finding import Finding
from alvh_trader.strategy.phase import Phase

EVERY = timedelta(minutes=5)
AGAIN = timedelta(seconds=30)
"""How often the book is tested, and how soon again where a quote was missing."""


class _Book(Struct, frozen=True, kw_only=True, eq=False):
    """Everything held, ready to be shocked; the tuples are in the same order."""

    names: tuple[str, ...]
    units: tuple[int, ...]
    cases: tuple[StressedCase, ...]
    hedge: StressedHedge | None
    now: Conditions


def look(turn: Turn) -> None:
    """Test the book where it is time to, and tell a person what is new."""
    before, params = turn.state.book_test, turn.rules.params.stress
    if before is None:
        before = BookTest(at=datetime.min.replace(tzinfo=UTC))
    if turn.at - before.at < (AGAIN if before.stress is None else EVERY):
        return
    book = _book(turn)
    if isinstance(book, str):
        unknown = replace(before, at=turn.at, stress=None, missing=book)
        turn.put(book_test=unknown)
        return
    found = shocked(book.cases, book.hedge, book.now, params)
    result = summary(found, book.now)
    level = level_of(result, params, before.level)
    # An episode lasts until the book is calm again: what flickers is told once.
    told = level if level is Level.CALM else max(level, before.told)
    test = BookTest(at=turn.at, stress=result, level=level, told=told)
    if result.drawdown > params.limit:
        asked, left = reductions(book.names, book.units, found, book.now, params)
        test = replace(test, reductions=asked, left=left)
    turn.put(book_test=test)
    if level is not before.level:
        _decide(turn, test, before.level, result.finding(params))
    if level > before.told:
        _tell(turn, test, result)


def drawdowns_with(
    turn: Turn, targets: Sequence[StressedCase], *, instead_of: str = ""
) -> list[float | None]:
    """Return the drawdown of the book with each of `targets`, per cent of capital.

    It is asked for before an entry, and before a roll: then `instead_of` is the case
    that the target takes the place of. None where something else that is held cannot
    be valued: an unknown risk is no risk anybody may take.
    """
    book = _book(turn, without=instead_of)
    if isinstance(book, str) or not targets:
        return [None] * len(targets)
    found = drawdowns(
        targets, book.cases, book.hedge, book.now, turn.rules.params.stress
    )
    return list(found.tolist())


def _book(turn: Turn, *, without: str = "") -> _Book | str:
    """Return everything held but one case, or what of it cannot be valued."""
    state, capital = turn.state, funding_of(turn)
    spot, vix = spot_of(state), vix_of(state)
    if spot is None or vix is None or capital is None or state.day is None:
        return "SPX, VIX or the account is stale or missing"
    held = [
        case
        for case in state.cases.values()
        if case.phase is not Phase.CLOSED and case.legs and case.case_id != without
    ]
    cases = []
    for case in held:
        seen, atm = evaluate(turn, case), atm_of(turn, case)
        if isinstance(seen, str) or atm is None:
            return f"{case.case_id}: {seen if isinstance(seen, str) else 'no ATM'}"
        cases.append(
            StressedCase(
                legs=seen.legs, sigma=seen.risk.sigma, forward=seen.forwards, atm=atm
            )
        )
    lots = [
        lot
        for lot in state.lots.values()
        if lot.last_trade >= state.day and lot.units > 0
    ]
    hedge = turn.instant.hedge(holdings_of(lots), spot=spot, vix=vix)
    if lots and hedge is None:
        return "a hedge is not quoted"
    return _Book(
        names=tuple(case.case_id for case in held),
        units=tuple(case.condor.quantity for case in held),
        cases=tuple(cases),
        hedge=None
        if hedge is None
        else StressedHedge(
            legs=hedge.legs, sigma=hedge.risk.sigma, forward=hedge.forwards
        ),
        now=Conditions(
            spot=spot,
            vix=vix,
            rate=turn.rules.params.rate,
            capital=capital.deployed,
            haircut=capital.shock,
            beta_spot=turn.instant.beta_spot,
        ),
    )


def _decide(turn: Turn, test: BookTest, before: Level, found: Finding) -> None:
    closing = tuple(
        Finding(f"close of {r.case}", f"{r.units} of {r.held}", "proposed", True)
        for r in test.reductions
    )
    findings = (found, *closing)
    turn.decide("", before.name, test.level.name, "DRAWDOWN", findings)


def _tell(turn: Turn, test: BookTest, result: Stress) -> None:
    worst = result.worst
    params = turn.rules.params.stress
    text = (
        f"a {params.sigmas:g}-sigma move ({worst.horizon}, SPX {worst.spot:.0f}) "
        f"would cost {result.drawdown:.2f} % of the capital"
    )
    if test.level is Level.WARN:
        text = f"{text}; {params.limit:g} % is the limit"
        turn.alert("drawdown_near", Severity.WARNING, "", text)
        return
    ways = ", ".join(f"{r.units} of {r.held} of {r.case}" for r in test.reductions)
    text = (
        f"{text}, {params.limit:g} % is the limit: nothing new is opened. "
        f"Closing {ways or 'nothing'} would leave {test.left:.2f} %"
    )
    turn.alert("drawdown", Severity.CRITICAL, "", text)
