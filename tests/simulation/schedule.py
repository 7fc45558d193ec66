"""What goes wrong on one day: told in words, made smaller. `draw` draws it."""

from collections.abc import Iterator

from msgspec import Struct, structs

HOURS = 2.0
"""How long a day is watched, in market hours."""

QUIET_END = 900.0
"""Seconds at the end in which nothing goes wrong any more."""


class Trouble(Struct, frozen=True, kw_only=True):
    """A fault of the gateway: `at` seconds after the beginning, for so many `seconds`.

    With `after` those seconds count from the so-many-th order, new or changed, that
    leaves. Without `seconds` it is as long as its row in the gateway's table says.
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
    """All that goes wrong in one seed."""

    seed: int
    opening: int
    troubles: tuple[Trouble, ...] = ()
    crashes: tuple[Crash, ...] = ()
    words: tuple[Word, ...] = ()

    def lines(self) -> Iterator[str]:
        """Yield it in words."""
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
