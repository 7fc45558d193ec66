"""Faults that belong together: what draws of single ones would seldom bring together.

Each tangle is a story that has cost somebody money: an order is under way, and just
then the prices stop, the acknowledgement is late, the process dies. Its faults begin
soon after the daemon, when its first order is due, or count from an order that left.
"""

from collections.abc import Callable
from typing import NamedTuple, TypeVar

import numpy as np

from tests.simulation.schedule import Crash, Trouble, Word

Draw = np.random.Generator
T = TypeVar("T")

SOON = 120.0
"""Seconds within which most days have their first order."""

ORDERS = 6
"""Faults count from one of so many orders, new or changed."""


class Tangle(NamedTuple):
    """What goes wrong together."""

    troubles: tuple[Trouble, ...] = ()
    crashes: tuple[Crash, ...] = ()
    words: tuple[Word, ...] = ()


def tangled(rng: Draw) -> Tangle:
    """Draw one tangle."""
    return TANGLES[int(rng.integers(len(TANGLES)))](rng)


# ------------------------------------------------------------------ stories ---


def _blind(rng: Draw) -> Tangle:
    """Prices stop while an order works, or shortly before it is due."""
    name, value = _one(
        rng,
        ("quotes_frozen", ""),
        ("quotes_frozen", ""),
        ("silence", ""),
        ("stuck", "SPX"),
        ("10197", ""),
        ("halted", ""),
        ("price_minus1", ""),
    )
    return Tangle((_fault(rng, name, value, _long(rng)),))


def _late(rng: Draw) -> Tangle:
    """Orders reach the exchange when they are no longer expected."""
    value = _one(rng, "8", "30", "45", "45")
    return _with_a_break(rng, _early(rng, "late_order", value))


def _refused(rng: Draw) -> Tangle:
    """Every change, or every cancellation, meets an error; the orders live on."""
    name, value = _one(
        rng,
        *(("modify_refused", code) for code in ("104", "105", "110", "321", "329")),
        *(("cancel_refused", code) for code in ("10147", "10148", "161")),
        ("cancel_unanswered", ""),
    )
    at = _within(rng, SOON)
    return _with_a_break(
        rng, Trouble(name=name, value=value, at=at, seconds=_long(rng))
    )


def _unheard(rng: Draw) -> Tangle:
    """What was filled is not told, or too late."""
    name, value = _one(
        rng,
        *(("missing_exec", ""),) * 5,
        ("late_exec", "30"),
        ("missing_orderStatus", ""),
        ("missing_leg", ""),
        ("ack_lost", ""),
        ("stall_after_ack", ""),
    )
    return _with_a_break(rng, _early(rng, name, value))


def _lost(rng: Draw) -> Tangle:
    """An order is lost on its way, or its answer is, and then the way itself."""
    name = _one(
        rng, "lost_order", "drop_before_place", "drop_after_place", "deaf", "mute"
    )
    return _with_a_break(rng, _fault(rng, name))


def _counted_back(rng: Draw) -> Tangle:
    """Order numbers roll back between two orders."""
    name, value = _one(
        rng, ("nextid_rollback", "5"), ("nextid_reset", ""), ("restart", "5")
    )
    seconds = 60.0 if name == "restart" else None
    return _with_a_break(rng, _fault(rng, name, value, seconds))


def _handled(rng: Draw) -> Tangle:
    """Somebody has his hands in the account, and later says what is to become of it."""
    name, value = _one(
        rng,
        ("human_trade", "1"),
        ("other_client", "1"),
        ("human_cancel", ""),
        ("human_edit", "0.05"),
        ("overfill", "1"),
        ("fill_after_cancel", "1"),
        ("exec_bust", ""),
        ("duplicate_after_modify", ""),
    )
    after = _order(rng)
    words = [
        Word(verb=verb, at=_within(rng, 300.0) + at, after=after)
        for verb, at in (("adopt", 0.0), ("clear", 300.0), ("release", 300.0))
        if rng.random() < 0.7
    ]
    trouble = Trouble(name=name, value=value, at=_within(rng, 60.0), after=after)
    return Tangle((trouble,), words=tuple(words))


def _halted(rng: Draw) -> Tangle:
    """A person halts it, it dies, and he gives the cases back: the halt stays."""
    after = int(rng.integers(3))
    at = _within(rng, 60.0)
    died = at + 1.0 + _within(rng, 30.0)
    words = [
        Word(verb="halt", at=at, after=after),
        Word(verb=_one(rng, "kill", "cut", "sigterm"), at=died, after=after),
    ]
    if rng.random() < 0.2:
        words.append(Word(verb="clear", at=died + 60.0, after=after))
    if rng.random() < 0.8:
        at = died + 30.0 + _within(rng, 60.0)
        words.append(Word(verb="release", at=at, after=after))
    return Tangle(words=tuple(words))


def _closed(rng: Draw) -> Tangle:
    """A person wants all of it closed while something works, and something breaks."""
    after = _order(rng)
    words = [Word(verb="flatten", at=_within(rng, 30.0), after=after)]
    if rng.random() < 0.3:
        words.append(Word(verb="release", at=30.0 + _within(rng, 120.0), after=after))
    trouble = Trouble(
        name=_one(rng, "late_order", "missing_exec", "partial_fill", "cancel_pending"),
        at=0.0,
        after=after,
        seconds=_long(rng),
    )
    broken = _with_a_break(rng, trouble)
    return broken._replace(words=(*words, *broken.words))


def _parked(rng: Draw) -> Tangle:
    """An order is in doubt, and a person gives it up, perhaps too early."""
    words = [
        Word(verb="abandon", at=at + _within(rng, 60.0), after=1)
        for at in (20.0, 120.0)
    ]
    name, value = _one(rng, ("lost_order", ""), ("late_order", "45"), ("ack_lost", ""))
    trouble = Trouble(name=name, value=value, at=_within(rng, 60.0))
    return Tangle((trouble,), words=tuple(words))


TANGLES: tuple[Callable[[Draw], Tangle], ...] = (
    _blind, _late, _refused, _unheard, _lost, _counted_back, _handled, _halted,
    _closed, _parked,
    # What takes an order at just the right time is drawn more often.
    _blind, _late, _unheard,
)  # fmt: skip


# ------------------------------------------------------------------- pieces ---


def _with_a_break(rng: Draw, trouble: Trouble) -> Tangle:
    """Let the connection, or the process, break soon after an order, or neither."""
    after, mood = _order(rng), rng.random()
    at = _within(rng, 40.0)
    if mood < 0.3:
        name = _one(rng, "drop", "restart", "1102", "half_open")
        return Tangle((trouble, Trouble(name=name, at=at, after=after)))
    if mood < 0.5:
        return Tangle((trouble,), words=(Word(verb="kill", at=at, after=after),))
    if mood < 0.6:
        point = _one(rng, "send", "sent", "commit", "committed")
        most = 4 if point in {"send", "sent"} else 60
        count = int(rng.integers(1, most))
        return Tangle((trouble,), (Crash(point=point, count=count, cut=True),))
    return Tangle((trouble,))


def _fault(
    rng: Draw, name: str, value: str = "", seconds: float | None = None
) -> Trouble:
    """Draw when: early in the day, or soon after an order."""
    after = 0 if rng.random() < 0.5 else _order(rng)
    at = _within(rng, 40.0 if after else SOON)
    return Trouble(name=name, value=value, at=at, seconds=seconds, after=after)


def _early(rng: Draw, name: str, value: str) -> Trouble:
    """Draw one that is on when the next order leaves, or the one after that."""
    after = 0 if rng.random() < 0.6 else int(rng.integers(1, 4))
    at = _within(rng, 30.0)
    return Trouble(name=name, value=value, at=at, seconds=_long(rng), after=after)


def _order(rng: Draw) -> int:
    return int(rng.integers(1, ORDERS + 1))


def _long(rng: Draw) -> float:
    return float(rng.choice((180.0, 300.0, 600.0)))


def _within(rng: Draw, seconds: float) -> float:
    return round(float(rng.uniform(0.0, seconds)), 1)


def _one(rng: Draw, *choices: T) -> T:
    return choices[int(rng.integers(len(choices)))]
