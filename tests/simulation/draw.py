"""What goes wrong on one day, drawn from a seed: faults by themselves, and tangles."""

from collections.abc import Iterator

import numpy as np

from tests.simulation.schedule import (
    BRANCHES,
    HOURS,
    QUIET_END,
    Crash,
    Schedule,
    Trouble,
    Word,
    branches,
)
from tests.simulation.tangle import tangled

LASTING = (
    # (name, values): faults that last for as long as the schedule says.
    ("1102", ("1",)), ("1101", ("1",)), ("2110", ("",)), ("flood_1100", ("50",)),
    ("farm_flap", ("",)), ("silence", ("",)), ("slow", ("5", "30")),
    ("slow_end", ("5", "30")), ("chunk_split", ("7", "61")),
    ("unanswered", ("orders", "completed", "executions", "positions", "account",
                    "contracts", "chains", "time")),
    ("endless", ("orders", "executions", "positions", "account")),
    ("200", ("",)), ("ambiguous", ("",)), ("late_order", ("2", "8", "30")),
    ("10349", ("",)), ("10311", ("",)), ("399", ("",)), ("2109", ("",)),
    ("modify_refused", ("104", "105", "110", "321", "329", "2102")),
    ("cancel_refused", ("10147", "10148", "161")), ("cancel_unanswered", ("",)),
    ("echo_price", ("0.05",)), ("echo_quantity", ("1",)), ("echo_tif", ("GTC",)),
    ("whatif", ("error", "silent", "unset", "warning")), ("held", ("0",)),
    ("inactive", ("0",)), ("partial_fill", ("1", "3")), ("partial_combo", ("1", "2")),
    ("missing_orderStatus", ("",)), ("dup_status", ("3",)),
    ("exec_before_order", ("",)), ("dup_exec", ("2",)), ("missing_exec", ("",)),
    ("late_exec", ("10", "30")), ("exec_order_id", ("",)),
    ("late_commission", ("10",)), ("missing_commission", ("",)),
    ("commission_first", ("",)), ("cancel_pending", ("",)), ("10197", ("",)),
    ("not_entitled", ("354", "10167")), ("101", ("",)), ("data_type", ("2", "3")),
    ("price_minus1", ("",)), ("bad_price", ("nan", "0", "inf", "unset")),
    ("crossed", ("0.05",)), ("locked", ("",)), ("wide", ("1", "5")),
    ("stuck", ("SPX", "VIX")), ("quotes_frozen", ("",)), ("halted", ("",)),
    ("greeks_absent", ("",)), ("greeks_absurd", ("",)), ("restart", ("5",)),
    ("refuse", ("",)), ("326_after_reconnect", ("",)), ("no_nextValidId", ("",)),
    ("no_managedAccounts", ("",)), ("read_only", ("",)), ("clock_skew", ("1", "30")),
    ("time_zone", ("US/Eastern",)),
)  # fmt: skip

STRIKING = (
    # Faults that strike once, or at once.
    ("farm_idle", ("",)), ("lines_lost", ("",)), ("half_open", ("",)), ("mute", ("",)),
    ("deaf", ("",)), ("drop", ("",)), ("drop_before_place", ("",)),
    ("drop_after_place", ("",)), ("100", ("",)), ("nextid_rollback", ("1", "5")),
    ("nextid_reset", ("",)), ("malformed_frame", ("",)), ("garbage_frame", ("",)),
    ("unknown_message", ("",)), ("empty_frame", ("",)), ("oversized_frame", ("",)),
    ("lost_order", ("",)), ("rejected", ("103", "201", "203")), ("103", ("",)),
    ("duplicate_after_modify", ("",)), ("human_trade", ("1",)),
    ("other_client", ("1",)), ("human_cancel", ("",)), ("human_edit", ("0.05",)),
    ("overfill", ("1",)), ("fill_after_cancel", ("1",)), ("exec_correction", ("0.05",)),
    ("exec_bust", ("",)), ("ack_lost", ("",)), ("stall_after_ack", ("",)),
    ("late_status", ("",)), ("missing_leg", ("",)), ("late_leg", ("20",)),
    ("bad_print", ("SPX", "VIX")), ("liquidation", ("1",)),
)  # fmt: skip

TANGLES = 0.45
"""How often it is faults that belong together, and few others."""

SAID = "flatten", "roll", "ack", "adopt", "abandon", "kill", "cut"
"""What a person says or does once, beside a halt and what follows from it."""

LENGTHS = 5.0, 20.0, 60.0, 180.0, 300.0
POINTS = ("turn", "append", "commit", "committed", "send", "sent")
TIMES_OF = {"turn": 6_000, "append": 500, "commit": 250, "committed": 250}
"""How often a process comes to a point in such a day, about."""


def drawn(seed: int, openings: int, span: float = HOURS * 3600) -> Schedule:
    """Return the schedule of a seed."""
    rng = np.random.default_rng([7, seed])
    opening = int(rng.integers(openings))
    odds = np.array([BRANCHES[since] for since in branches(span)])
    since = float(rng.choice(branches(span), p=odds / odds.sum()))
    last = span - QUIET_END - since
    if rng.random() < TANGLES:
        knot = tangled(rng)
        more = [_trouble(rng, last) for _ in range(int(rng.integers(0, 3)))]
        crash = [_crash(rng)] if rng.random() < 0.2 else []
        return Schedule(
            seed=seed,
            opening=opening,
            since=since,
            troubles=(*knot.troubles, *more),
            crashes=(*knot.crashes, *crash),
            words=knot.words,
        )
    troubles = [_trouble(rng, last) for _ in range(int(rng.integers(0, 7)))]
    crashes = [_crash(rng) for _ in range(int(rng.choice(4, p=(0.3, 0.4, 0.2, 0.1))))]
    words = list(_words(rng, last)) if rng.random() < 0.2 else []
    return Schedule(
        seed=seed,
        opening=opening,
        since=since,
        troubles=tuple(sorted(troubles, key=lambda it: it.at)),
        crashes=tuple(crashes),
        words=tuple(words),
    )


def _moment(rng: np.random.Generator, last: float) -> float:
    """Most of what matters happens early: so does most of what goes wrong."""
    within = last if rng.random() < 0.3 else min(1800.0, last)
    return round(float(rng.uniform(0.0, within)), 1)


def _trouble(rng: np.random.Generator, last: float) -> Trouble:
    at = _moment(rng, last)
    if rng.random() < 0.55:
        name, values = LASTING[int(rng.integers(len(LASTING)))]
        seconds = min(float(rng.choice(LENGTHS)), max(last - at, 1.0))
        return Trouble(name=name, at=at, value=_one(rng, values), seconds=seconds)
    name, values = STRIKING[int(rng.integers(len(STRIKING)))]
    return Trouble(name=name, at=at, value=_one(rng, values))


def _one(rng: np.random.Generator, values: tuple[str, ...]) -> str:
    return values[int(rng.integers(len(values)))]


def _crash(rng: np.random.Generator) -> Crash:
    point = POINTS[int(rng.integers(len(POINTS)))]
    most = TIMES_OF.get(point, 8)
    # Early counts are where orders begin: an even draw would miss them.
    count = int(most ** rng.random())
    pause = float(rng.choice((0.5, 5.0, 30.0)))
    return Crash(point=point, count=max(count, 1), pause=pause, cut=rng.random() < 0.4)


def _words(rng: np.random.Generator, last: float) -> Iterator[Word]:
    at = _moment(rng, last)
    mood = rng.random()
    if mood < 0.3:
        yield Word(verb="sigterm", at=at)
        return
    if mood < 0.7:
        yield Word(verb=_one(rng, SAID), at=at)
        return
    yield Word(verb="halt", at=at)
    after = at + float(rng.uniform(5.0, 300.0))
    after_that = rng.random()
    if after_that < 1 / 3:
        yield Word(verb="clear", at=after)
        yield Word(verb="release", at=after + 30.0)
    elif after_that < 5 / 6:
        # He gives the cases back to the next process, and does not lift the halt.
        yield Word(verb=_one(rng, ("sigterm", "kill", "cut")), at=after)
        yield Word(verb="release", at=after + 60.0)
