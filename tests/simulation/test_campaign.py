"""A few bad days, whole: every promise holds, and the same seed is the same day."""

from collections.abc import Iterator
from datetime import date, datetime

import pytest

from tests.simulation.schedule import Crash, Schedule, Trouble, Word
from tests.simulation.stage import Opening, Result, Stage
from tests.simulation.trunk import Trunks, apart, growing

HOURS = 0.4
OPENING = Opening("volmageddon-2018", date(2018, 2, 6), 2, 1.0)
"""A hedge is bought within the first minutes."""

LIVE = Opening("volmageddon-2018", date(2018, 2, 6), 2, 1.0, "U0001000")

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    made = Stage((OPENING, LIVE), HOURS)
    yield made
    made.close()
    made.disk.unregister()


@pytest.fixture(scope="module")
def trunks(stage: Stage) -> Iterator[Trunks]:
    with growing(stage) as made:
        yield made


def lived(
    stage: Stage, *, replays: bool = True, opening: int = 0, **wrong: object
) -> Result:
    schedule = Schedule(seed=1, opening=opening, **wrong)  # type: ignore[arg-type]
    found = apart(lambda: stage.play(schedule, replays=replays)).result()
    assert found is not None, "its process broke"
    return found


def words(found: Result, part: str) -> list[str]:
    return [line for line in found.lines if part in line]


@pytest.mark.covers("V1", "V3", "V4", "V6", "V7", "V11", "V12", "V13", "V14")
def test_a_day_on_which_nothing_goes_wrong(stage: Stage) -> None:
    found = lived(stage)
    assert found.wrong == ()
    assert found.orders >= 1
    assert found.fills >= 1
    assert found.lives == 1


def test_the_same_seed_is_the_same_day_to_the_last_byte(stage: Stage) -> None:
    schedule = stage.schedule(3)
    first, second = (
        apart(lambda: stage.play(schedule, replays=False)).result() for _ in range(2)
    )
    assert first is not None
    assert second is not None
    assert (first.digest, first.lines) == (second.digest, second.lines)
    other = apart(lambda: stage.play(stage.schedule(4), replays=False)).result()
    assert other is not None
    assert other.digest != first.digest


@pytest.mark.parametrize("since", [0.0, 240.0])
def test_a_day_that_grows_from_a_trunk_is_the_same_day(
    stage: Stage, trunks: Trunks, since: float
) -> None:
    """Killed before its fork and after: what was open is of its own."""
    schedule = Schedule(
        seed=1,
        opening=0,
        since=since,
        troubles=(Trouble(name="drop", at=30.0),),
        crashes=(
            Crash(point="committed", count=10, cut=True),
            Crash(point="turn", count=100),
        ),
        words=(Word(verb="sigterm", at=200.0),),
    )
    whole = apart(lambda: stage.play(schedule, replays=True)).result()
    grown = [trunks.begin(schedule, replays=True) for _ in range(2)]
    assert whole is not None
    for it in (running.result() for running in grown):
        assert it is not None
        assert (it.digest, it.lines) == (whole.digest, whole.lines)
    assert whole.wrong == ()
    assert (whole.kills, whole.lives) == (2, 4)


@pytest.mark.covers("F02", "F03", "F10", "I01", "V6")
@pytest.mark.parametrize(
    ("point", "cut"), [("commit", False), ("committed", True), ("send", True)]
)
def test_it_dies_while_it_sends_its_first_order(
    stage: Stage, point: str, *, cut: bool
) -> None:
    whole = lived(stage, replays=False)
    ordered = words(whole, "wire order")[0].partition(" ")[0]
    # Which commit makes the first order's intent safe is for the daemon to know.
    dying = (
        lived(stage, crashes=(Crash(point=point, count=count, cut=cut),))
        for count in range(1, 30)
    )
    found = next(it for it in dying if words(it, f"at {point}")[0].startswith(ordered))
    assert found.wrong == ()
    assert (found.kills, found.lives) == (1, 2)


@pytest.mark.covers("F19")
def test_an_order_that_was_taken_unheard_is_not_sent_again(stage: Stage) -> None:
    trouble = Trouble(name="drop_after_place", at=1.0)
    found = lived(stage, troubles=(trouble,))
    assert found.wrong == ()
    assert words(found, "exchange order")


def when(found: Result, part: str) -> float:
    """Return how many seconds into the day a line was first said."""
    began, said = (
        datetime.fromisoformat(f"{OPENING.day}T{line.split()[0]}")
        for line in (found.lines[0], words(found, part)[0])
    )
    return (said - began).total_seconds()


@pytest.mark.covers("F31")
def test_an_order_in_the_second_of_a_restart_is_doubted_and_given_up_first(
    stage: Stage,
) -> None:
    """The gateway takes it from the socket, restarts, and its numbers roll back."""
    sent = when(lived(stage, replays=False), "wire order")
    found = lived(
        stage,
        troubles=(
            Trouble(name="lost_order", at=1.0),
            Trouble(name="restart", at=sent + 0.5, seconds=60.0),
        ),
    )
    assert found.wrong == ()
    first, *others = words(found, "wire order")
    lost = first.split()[4]
    assert not words(found, f"exchange order {lost}")
    (second,) = [line for line in others if lost not in line][:1]
    assert not [line for line in others if lost in line], "it is not sent again"
    # The gateway is back, and has had its minute to show it.
    assert when(found, second.split()[4]) - sent >= 60
    assert words(found, f"exchange order {second.split()[4]}")


@pytest.mark.covers("V8", "F128")
def test_after_a_halt_nothing_leaves_in_this_life_or_the_next(stage: Stage) -> None:
    halted = Word(verb="halt", at=60.0)
    crash = Crash(point="turn", count=600)
    found = lived(stage, words=(halted,), crashes=(crash,))
    assert found.wrong == ()
    assert words(found, '"taken":true')
    assert found.lives == 2
    after = found.lines[found.lines.index(words(found, "person halt")[0]) :]
    assert not [line for line in after if "wire order" in line]


@pytest.mark.covers("F08")
def test_it_stops_when_told_and_starts_again(stage: Stage) -> None:
    found = lived(stage, words=(Word(verb="sigterm", at=200.0),))
    assert found.wrong == ()
    assert found.lives == 2


@pytest.mark.covers("P27", "V9")
def test_in_live_what_leaves_was_allowed_before(stage: Stage) -> None:
    found = lived(stage, opening=1)
    assert found.wrong == ()
    told = [line.partition(" ")[2] for line in found.lines]
    sent = next(n for n, line in enumerate(told) if line.startswith("wire order"))
    armed = next(n for n, line in enumerate(told) if line.startswith("person arms"))
    assert armed < sent
    assert words(found, "person approve")
    assert words(found, "exchange fill")
