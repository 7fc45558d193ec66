"""What is logged of a bad live day: all of it is said, and no account in full."""

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

import pytest
from msgspec import structs

from alvh_trader.runtime import logs
from tests.simulation import stage as stages
from tests.simulation.schedule import Crash, Schedule, Trouble, Word
from tests.simulation.stage import Opening, Result, Stage
from tests.simulation.trunk import apart

ACCOUNT = "U0001000"
LIVE = Opening("volmageddon-2018", date(2018, 2, 6), 2, 1.0, ACCOUNT)

pytestmark = pytest.mark.timeout(300)

TROUBLES = (
    Trouble(name="10349", at=0.0, seconds=600.0),
    Trouble(name="rejected", at=250.0, value="201"),
    Trouble(name="modify_refused", at=0.0, value="105", seconds=600.0),
    Trouble(name="unanswered", at=200.0, value="account", seconds=60.0),
    Trouble(name="drop", at=300.0),
    Trouble(name="cancel_refused", at=300.0, value="10148", seconds=300.0),
    Trouble(name="garbage_frame", at=400.0),
    Trouble(name="1102", at=450.0, value="1", seconds=20.0),
)


@contextmanager
def _heard(stream: io.StringIO) -> Iterator[None]:
    hushed = stages._hushed

    @contextmanager
    def loud() -> Iterator[None]:
        with hushed():
            logging.disable(logging.NOTSET)
            logs.configure(stream)
            yield

    stages._hushed = loud
    try:
        yield
    finally:
        stages._hushed = hushed


@pytest.mark.covers("V15")
def test_no_line_of_a_bad_day_names_the_account() -> None:
    stage = Stage((LIVE,), 0.45)
    stage.exchange(0)
    schedule = Schedule(
        seed=1,
        opening=0,
        troubles=TROUBLES,
        crashes=(Crash(point="committed", count=60, cut=True),),
        words=(Word(verb="flatten", at=500.0), Word(verb="halt", at=600.0)),
    )

    def lived() -> Result:
        stream = io.StringIO()
        with _heard(stream):
            found = stage.play(schedule, replays=False)
        return structs.replace(found, lines=tuple(stream.getvalue().splitlines()))

    try:
        found = apart(lived).result()
    finally:
        stage.close()
        stage.disk.unregister()
    assert found is not None, "its process broke"
    assert found.wrong == ()
    assert len(found.lines) > 15
    assert any("order.sent" in line for line in found.lines)
    assert any("order.error" in line for line in found.lines)
    assert not [line for line in found.lines if ACCOUNT in line]
