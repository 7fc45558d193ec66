"""What goes wrong on one day: told in words, made smaller. `draw` draws it."""

from collections.abc import Iterator

from msgspec import Struct, structs

HOURS = 2.0
"""How long a day is watched, in market hours."""

QUIET_END = 900.0
"""Seconds at the end in which nothing goes wrong any more."""


BRANCHES = {0.0: 0.1, 25.0: 0.4, 240.0: 0.25, 540.0: 0.15, 1500.0: 0.1}
"""Seconds after the beginning at which days may begin to differ: how many do.

What is lived through before then is the same for all days of an opening, and is lived
through once for all of them. At the second the daemon has come to terms with its broker
and has not sent an order yet; at the third most openings have a hedge, or ask for it.
"""


class Trouble(Struct, frozen=True, kw_only=True):
    """A fault of the gateway, for so many `seconds`.

    It is due `at` seconds after the day became one of its own; with `after`, so long
    after the so-many-th order, new or changed, that left since then. Without `seconds`
    it is as long as its row in the gateway's table says.
    """

    name: str
    at: float
    value: str = ""
    seconds: float | None = None
    after: int = 0


class Crash(Struct, frozen=True, kw_only=True):
    """The end of the process: at the `count`-th time that it comes to `point`.

    `point` is `turn` (it gets the loop's attention), `append`, `commit`, `committed`
    (steps of the journal), `send` or `sent` (of the socket). `cut` takes the power.
    """

    point: str
    count: int
    pause: float = 5.0
    cut: bool = False


DEATHS = frozenset({"kill", "cut"})
"""What a person does to a process without a word to it."""


class Word(Struct, frozen=True, kw_only=True):
    """What a person does: `verb` is a line for the daemon, `sigterm` or a death."""

    verb: str
    at: float
    after: int = 0
    """Counts from an order, as of a fault."""


class Schedule(Struct, frozen=True, kw_only=True):
    """All that goes wrong in one seed, from `since` on, which is one of `BRANCHES`."""

    seed: int
    opening: int
    since: float = 0.0
    troubles: tuple[Trouble, ...] = ()
    crashes: tuple[Crash, ...] = ()
    words: tuple[Word, ...] = ()

    def lines(self) -> Iterator[str]:
        """Yield it in words."""
        yield f"begins @+{self.since:g}"
        for it in self.troubles:
            value = f"={it.value}" if it.value else ""
            lasts = "" if it.seconds is None else f"+{it.seconds:g}"
            yield f"fault {it.name}{value}@{_when(it)}{lasts}"
        for crash in self.crashes:
            how = "power cut" if crash.cut else "kill"
            yield f"{how} at {crash.point} {crash.count}, {crash.pause:g} s down"
        for word in self.words:
            yield f"person {word.verb}@{_when(word)}"


def _when(it: Trouble | Word) -> str:
    """Return when something is due, in words."""
    return f"order {it.after}+{it.at:g}" if it.after else f"+{it.at:g}"


def branches(span: float) -> tuple[float, ...]:
    """Return those of `BRANCHES` after which something may go wrong in such a day."""
    return tuple(since for since in BRANCHES if since < span - QUIET_END)


def smaller(of: Schedule) -> Iterator[Schedule]:
    """Yield schedules with one thing less, those that leave most out first."""
    for field in ("troubles", "crashes", "words"):
        rows = getattr(of, field)
        if len(rows) > 1:
            yield structs.replace(of, **{field: ()})
    for field in ("troubles", "crashes", "words"):
        rows = getattr(of, field)
        for at in range(len(rows)):
            yield structs.replace(of, **{field: (*rows[:at], *rows[at + 1 :])})
