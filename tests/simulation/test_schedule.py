"""What goes wrong follows from the seed, can be told, and can be made smaller."""

from alvh_trader.gateway.fault_table import FAULTS
from tests.simulation.draw import LASTING, STRIKING, drawn
from tests.simulation.person import requests
from tests.simulation.schedule import (
    DEATHS,
    QUIET_END,
    Crash,
    Schedule,
    Trouble,
    Word,
    smaller,
)

OPENINGS = 5
SPAN = 7200.0


def test_a_seed_is_one_schedule_and_seeds_differ() -> None:
    schedules = [drawn(seed, OPENINGS, SPAN) for seed in range(50)]
    assert schedules == [drawn(seed, OPENINGS, SPAN) for seed in range(50)]
    assert len({tuple(it.lines()) for it in schedules}) > 40


def test_every_fault_that_can_be_drawn_is_one_of_the_gateway() -> None:
    names = {name for name, _ in (*LASTING, *STRIKING)}
    assert names <= FAULTS.keys()
    assert len(names) >= 85
    for name, values in (*LASTING, *STRIKING):
        choices = FAULTS[name].choices
        assert not choices or all(value in (*choices, "") for value in values), name


def test_at_the_end_nothing_goes_wrong_any_more() -> None:
    for seed in range(300):
        schedule = drawn(seed, OPENINGS, SPAN)
        for it in schedule.troubles:
            assert schedule.since + it.at <= SPAN - QUIET_END


def test_every_fault_and_word_of_a_tangle_is_one_that_there_is() -> None:
    schedules = [drawn(seed, OPENINGS, SPAN) for seed in range(600)]
    for it in (it for schedule in schedules for it in schedule.troubles):
        fault = FAULTS[it.name]
        assert not fault.choices or it.value in {*fault.choices, ""}
    words = {it.verb for schedule in schedules for it in schedule.words}
    assert words >= {"flatten", "ack", "adopt", "abandon", "roll", *DEATHS}
    for verb in words - DEATHS - {"sigterm"}:
        assert list(requests(verb, ["ALVH-1-HEDGE-1"]))


def test_some_faults_count_from_an_order() -> None:
    schedules = [drawn(seed, OPENINGS, SPAN) for seed in range(100)]
    told = [line for schedule in schedules for line in schedule.lines()]
    assert any("@order 1+" in line for line in told)
    assert any(line.startswith("person ") and "@order" in line for line in told)


def test_a_smaller_schedule_lacks_something() -> None:
    whole = Schedule(
        seed=1,
        opening=0,
        troubles=(Trouble(name="drop", at=1.0), Trouble(name="mute", at=2.0)),
        crashes=(Crash(point="turn", count=7, cut=True),),
        words=(Word(verb="halt", at=3.0),),
    )
    found = list(smaller(whole))
    parts = len(list(whole.lines()))
    assert found
    assert all(len(list(it.lines())) < parts for it in found)
    assert list(whole.lines())[3] == "power cut at turn 7, 5 s down"
