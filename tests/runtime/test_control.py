"""What a person tells the running daemon, over the socket as it is."""

import asyncio
import socket
import stat
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from alvh_trader.domain.order import OrderStatus, Purpose
from alvh_trader.engine.case import Ask
from alvh_trader.engine.command import PlaceOrder, RequestReport
from alvh_trader.engine.event import OperatorFlattened, OperatorHalted
from alvh_trader.engine.proposals import pending
from alvh_trader.errors import ControlError
from alvh_trader.risk.freeze import Freeze
from alvh_trader.runtime.control import (
    PHRASE,
    Control,
    halt,
    socket_of,
    tell,
    waiting,
)
from alvh_trader.runtime.flatten_control import PHRASE as CLOSE_PHRASE
from alvh_trader.runtime.kill_file import KillFile
from alvh_trader.runtime.request import Answer, Request, Verb
from alvh_trader.strategy.phase import Phase
from tests.engine.test_operator import unsure
from tests.engine.test_proposals import live
from tests.engine.test_proposals import waiting as waiting_world
from tests.playbook import RULES, World
from tests.worked_market import CALM

Told = Callable[[Request], Awaitable[Answer]]


def conversation(
    world: World, journal: Path, say: Callable[[Told], Awaitable[None]]
) -> None:
    """Let `say` talk to the control of a world's daemon."""

    async def told(request: Request) -> Answer:
        return await asyncio.to_thread(tell, journal, request)

    async def main() -> None:
        control = Control(
            socket_of(journal),
            lambda event: (world.tell(event), None)[1],
            lambda: world.now,
            lambda: world.state,
            lambda: asyncio.sleep(0),
            KillFile(journal),
            world.rules,
            "DU1",
        )
        control.bind()
        async with asyncio.TaskGroup() as tasks:
            job = tasks.create_task(control.run())
            await say(told)
            job.cancel()

    asyncio.run(main())


@pytest.mark.covers("F72", "T02")
def test_a_discrepancy_is_adopted_by_its_name(tmp_path: Path) -> None:
    world = World(CALM).start()
    world.run(60, every=20)
    short = next(leg.option for leg in world.case.legs if leg.quantity < 0)
    world.broker.hold(short, 2)
    world.run(100)
    name = f"POSITION:{short.con_id}"

    async def say(told: Told) -> None:
        answer = await told(Request(verb=Verb.ADOPT, name="POSITION:1"))
        assert not answer.taken
        assert f"open are: {name}" in answer.text
        assert (await told(Request(verb=Verb.ADOPT, name=name))).taken
        assert world.discrepancies == []
        answer = await told(Request(verb=Verb.ADOPT, name="all"))
        assert "open are: none" in answer.text

    conversation(world, tmp_path / "j.db", say)


@pytest.mark.covers("F02", "I02")
def test_an_order_in_doubt_is_abandoned_after_its_quarantine_and_never_before(
    tmp_path: Path,
) -> None:
    world = waiting_world()
    ref = world.proposal.order.ref
    world.withheld.add(PlaceOrder)
    world.tell(world.consent(world.proposal))

    async def abandoned(told: Told) -> str:
        answer = await told(Request(verb=Verb.ABANDON, name=ref))
        return "" if answer.taken else answer.text

    async def say(told: Told) -> None:
        assert "not in doubt" in await abandoned(told)
        world.run(30)
        assert "the broker has until" in await abandoned(told)
        world.withheld.add(RequestReport)
        world.run(120)
        assert "no complete report" in await abandoned(told)
        world.withheld.discard(RequestReport)
        world.answer(RequestReport)
        assert world.state.tickets[ref].is_in_doubt, "in live silence proves nothing"
        assert await abandoned(told) == ""
        assert world.state.tickets[ref].status is OrderStatus.NOT_SEEN
        answer = await told(Request(verb=Verb.ABANDON, name="ALVH-x-HEDGE-9"))
        assert "no order of this name" in answer.text

    conversation(world, tmp_path / "j.db", say)


def test_a_halt_and_a_release_reach_the_engine(tmp_path: Path) -> None:
    world = World().start()
    world.run(20)

    async def say(told: Told) -> None:
        answer = await told(Request(verb=Verb.HALT))
        assert answer.taken
        assert world.state.is_halted
        assert world.is_at(Phase.MANUAL)
        answer = await told(Request(verb=Verb.RELEASE, case="all"))
        assert answer.taken
        assert world.is_at(Phase.RECONCILE)
        assert world.state.is_halted
        assert "HALT is still in force" in answer.text

    conversation(world, tmp_path / "j.db", say)


@pytest.mark.covers("T13")
def test_a_case_is_closed_by_its_phrase_and_nothing_else(tmp_path: Path) -> None:
    world = World(CALM).start()
    world.run(20)
    name = world.case.case_id

    async def said(told: Told, case: str = name, phrase: str = CLOSE_PHRASE) -> Answer:
        return await told(
            Request(verb=Verb.FLATTEN, case=case, phrase=phrase, by="ann")
        )

    async def say(told: Told) -> None:
        for phrase in ("", "yes", PHRASE, CLOSE_PHRASE.lower()):
            answer = await said(told, phrase=phrase)
            assert not answer.taken
            assert CLOSE_PHRASE in answer.text
        assert "no case cother" in (await said(told, "cother")).text
        assert not (await said(told, "")).taken
        assert not world.is_at(Phase.CLOSING)
        answer = await said(told, name[:4])
        assert answer.taken
        assert f"closing {name}: condors first" in answer.text
        assert world.is_at(Phase.CLOSING)
        assert world.events[-1] == OperatorFlattened(at=world.now, case=name, by="ann")
        assert "being closed already" in (await said(told, "all")).text
        await told(Request(verb=Verb.HALT))
        answer = await said(told, "all")
        assert answer.taken
        assert "HALT lets no order go before" in answer.text

    conversation(world, tmp_path / "j.db", say)


def test_who_only_watches_and_who_is_reduced_say_what_will_not_go(
    tmp_path: Path,
) -> None:
    watching = World(CALM, rules=replace(RULES, may_trade=False)).start()
    watching.run(20)
    reduced = World(CALM).start()
    reduced.run(20)
    asked = Request(verb=Verb.FLATTEN, case="all", phrase=CLOSE_PHRASE)

    async def refused(told: Told) -> None:
        assert "only watches" in (await told(asked)).text

    async def kept(told: Told) -> None:
        await told(Request(verb=Verb.HALT, level=Freeze.REDUCE))
        reduced.now = reduced.now.replace(hour=23)
        answer = await told(asked)
        assert answer.taken
        assert "REDUCE keeps the hedges until" in answer.text
        assert "the market is closed" in answer.text

    conversation(watching, tmp_path / "w.db", refused)
    conversation(reduced, tmp_path / "r.db", kept)


@pytest.mark.covers("P01", "F129")
def test_a_freeze_is_lifted_by_its_phrase_and_nothing_else(tmp_path: Path) -> None:
    world = World().start()
    world.run(20)
    file = KillFile(tmp_path / "j.db")

    async def say(told: Told) -> None:
        await told(Request(verb=Verb.HALT))
        file.set("by hand")
        for phrase in ("", "yes", PHRASE.lower()):
            answer = await told(Request(verb=Verb.CLEAR, phrase=phrase))
            assert not answer.taken
            assert PHRASE in answer.text
            assert world.state.freeze is Freeze.HALT
            assert file.is_set()
        answer = await told(Request(verb=Verb.CLEAR, phrase=PHRASE, by="me"))
        assert answer.taken
        assert world.state.freeze is Freeze.NONE
        assert not file.is_set()

    conversation(world, tmp_path / "j.db", say)
    assert "(me)" in world.alerts("cleared")[0].text


@pytest.mark.covers("P01", "P06")
def test_without_a_clean_reconciliation_file_and_freeze_stay(tmp_path: Path) -> None:
    world = World().start()
    world.run(20)
    world.tell(OperatorHalted(at=world.now))
    world.disconnect()
    file = KillFile(tmp_path / "j.db")
    file.set("by hand")

    async def say(told: Told) -> None:
        answer = await told(Request(verb=Verb.CLEAR, phrase=PHRASE))
        assert not answer.taken
        assert "clean reconciliation" in answer.text

    conversation(world, tmp_path / "j.db", say)
    assert world.state.freeze is Freeze.HALT
    assert file.is_set()
    assert "reconciliation none" in world.alerts("not_cleared")[0].text


def test_each_level_of_a_freeze_can_be_asked_for(tmp_path: Path) -> None:
    world = World().start()
    world.run(20)

    async def say(told: Told) -> None:
        for level in (Freeze.REDUCE, Freeze.SAFE):
            assert (await told(Request(verb=Verb.HALT, level=level))).taken
            assert world.state.freeze is level
            assert not world.is_at(Phase.MANUAL)

    conversation(world, tmp_path / "j.db", say)


@pytest.mark.covers("P01")
def test_a_halt_without_a_daemon_leaves_the_file(tmp_path: Path) -> None:
    said = halt(tmp_path / "j.db", Freeze.HALT)
    assert "no daemon listens" in said
    assert KillFile(tmp_path / "j.db").is_set()
    with pytest.raises(ControlError, match="no daemon listens"):
        halt(tmp_path / "j.db", Freeze.REDUCE)


def test_an_acknowledgement_needs_the_question_that_is_open(tmp_path: Path) -> None:
    world = unsure()
    name = world.case.case_id

    async def say(told: Told) -> None:
        for what in (None, Ask.DEBIT):
            answer = await told(Request(verb=Verb.ACK, case=name, what=what))
            assert not answer.taken
            assert "asks BREADTH" in answer.text
        assert world.case.allowed == {}
        asked = Request(verb=Verb.ACK, case=name[:4], what=Ask.BREADTH)
        assert (await told(asked)).taken
        assert world.case.allowed == {Ask.BREADTH: world.now}
        again = await told(asked)
        assert not again.taken
        assert "asks nothing" in again.text

    conversation(world, tmp_path / "j.db", say)
    world.until(Phase.COOLDOWN)


def test_a_roll_that_a_person_asks_for_is_hedged_first(tmp_path: Path) -> None:
    world = World().start()
    world.run(20)

    async def say(told: Told) -> None:
        assert (await told(Request(verb=Verb.ROLL, case=world.case.case_id))).taken

    conversation(world, tmp_path / "j.db", say)
    world.until(Phase.COOLDOWN)
    assert world.broker.received[0].purpose is Purpose.HEDGE


@pytest.mark.parametrize("name", ["", "cother"])
def test_a_case_that_is_not_there_is_said_so(tmp_path: Path, name: str) -> None:
    world = World().start()

    async def say(told: Told) -> None:
        answer = await told(Request(verb=Verb.RELEASE, case=name))
        assert answer == Answer(taken=False, text=f"no case {name}")

    conversation(world, tmp_path / "j.db", say)
    assert not any("Operator" in type(e).__name__ for e in world.events)


@pytest.mark.parametrize("line", [b"\n", b"halt\n", b'{"verb": "sell"}\n', b"{" * 9000])
def test_what_is_not_understood_changes_nothing(tmp_path: Path, line: bytes) -> None:
    world = World().start()
    journal = tmp_path / "j.db"

    def send() -> bytes:
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(socket_of(journal)))
            client.sendall(line)
            return client.recv(4096)

    async def say(told: Told) -> None:
        heard = await asyncio.to_thread(send)
        if heard:
            assert not msgspec.json.decode(heard, type=Answer).taken
        assert (await told(Request(verb=Verb.HALT))).taken

    before = len(world.events)
    conversation(world, journal, say)
    assert len(world.events) == before + 1


@pytest.mark.covers("F145", "T14")
def test_nobody_else_may_open_the_socket(tmp_path: Path) -> None:
    async def say(told: Told) -> None:
        mode = stat.S_IMODE(socket_of(tmp_path / "j.db").stat().st_mode)
        assert mode == 0o600
        assert (await told(Request(verb=Verb.HALT))).taken

    conversation(World().start(), tmp_path / "j.db", say)


def test_a_stopped_daemon_is_said_to_be_one(tmp_path: Path) -> None:
    with pytest.raises(ControlError, match="no daemon listens"):
        tell(tmp_path / "j.db", Request(verb=Verb.HALT))


def test_the_socket_of_a_dead_process_is_in_nobodys_way(tmp_path: Path) -> None:
    journal = tmp_path / "j.db"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(socket_of(journal)))
    with pytest.raises(ControlError, match="no daemon listens"):
        tell(journal, Request(verb=Verb.HALT))
    world = World().start()

    async def say(told: Told) -> None:
        assert (await told(Request(verb=Verb.HALT))).taken

    # The control binds anew; the file that lies there is not waited for.
    socket_of(journal).unlink()
    conversation(world, journal, say)
    assert not socket_of(journal).exists()


def test_a_daemon_that_hangs_up_leaves_it_open_whether_it_heard(tmp_path: Path) -> None:
    journal = tmp_path / "j.db"
    with socket.socket(socket.AF_UNIX) as mute:
        mute.bind(str(socket_of(journal)))
        mute.listen()

        async def main() -> None:
            asked = asyncio.to_thread(tell, journal, Request(verb=Verb.HALT))
            task = asyncio.ensure_future(asked)
            line, _ = await asyncio.to_thread(mute.accept)
            line.close()
            with pytest.raises(ControlError, match="the journal knows"):
                await task

        asyncio.run(main())


def test_a_path_too_long_for_a_socket_stops_no_daemon(tmp_path: Path) -> None:
    world = World().start()
    control = Control(
        tmp_path / ("x" * 120),
        lambda event: (world.tell(event), None)[1],
        lambda: world.now,
        lambda: world.state,
        lambda: asyncio.sleep(0),
        KillFile(tmp_path / "j.db"),
        world.rules,
    )
    control.bind()
    asyncio.run(control.run())


@pytest.mark.covers("P02")
def test_live_is_armed_by_the_account_in_full_and_disarmed(tmp_path: Path) -> None:
    world = World(mode="live").start()

    async def say(told: Told) -> None:
        for account in ("", "DU", "U1"):
            answer = await told(Request(verb=Verb.ARM, account=account, by="ann"))
            assert not answer.taken
            assert world.state.arm is None
        answer = await told(Request(verb=Verb.ARM, account="DU1", hours=0.5, by="ann"))
        assert answer.taken
        arm = world.state.arm
        assert arm is not None
        assert (arm.expires - arm.at).total_seconds() == 1800
        assert "armed until" in answer.text
        answer = await told(Request(verb=Verb.DISARM, by="ann"))
        assert answer.taken

    conversation(world, tmp_path / "j.db", say)
    assert world.state.arm is None


@pytest.mark.covers("P02")
def test_paper_and_a_daemon_without_a_session_cannot_be_armed(tmp_path: Path) -> None:
    for world in (World().start(), World(mode="live").start()):
        world.disconnect()

        async def say(told: Told) -> None:
            answer = await told(Request(verb=Verb.ARM, account="DU1", by="ann"))
            assert not answer.taken

        conversation(world, tmp_path / "j.db", say)
        assert world.state.arm is None


@pytest.mark.covers("P27", "F126")
def test_what_waits_is_listed_and_allowed_by_its_name_once(tmp_path: Path) -> None:
    world = waiting_world()
    name = world.proposal.name

    async def say(told: Told) -> None:
        (row,) = await asyncio.to_thread(waiting, tmp_path / "j.db")
        assert row.name == name
        assert 0 < row.seconds_left <= 120
        assert row.order.startswith("HEDGE 7 x (+1 VIXW")
        for wrong in ("", name[:4], "00000000"):
            answer = await told(Request(verb=Verb.APPROVE, name=wrong, by="ann"))
            assert not answer.taken
            assert "no order waits" in answer.text
        answer = await told(Request(verb=Verb.APPROVE, name=name, by="ann"))
        assert answer.taken
        assert "on its way" in answer.text
        for verb in (Verb.APPROVE, Verb.REJECT):
            answer = await told(Request(verb=verb, name=name, by="bob"))
            assert not answer.taken
        assert await asyncio.to_thread(waiting, tmp_path / "j.db") == ()

    conversation(world, tmp_path / "j.db", say)
    assert len(world.placed(Purpose.HEDGE)) == 1


@pytest.mark.covers("P27")
def test_a_rejected_order_is_not_sent_and_a_void_yes_says_why(tmp_path: Path) -> None:
    world = waiting_world()

    async def say(told: Told) -> None:
        name = world.proposal.name
        answer = await told(Request(verb=Verb.REJECT, name=name, by="ann"))
        assert answer.taken
        assert "is not sent" in answer.text

    conversation(world, tmp_path / "j.db", say)
    world = waiting_world()
    world.now += timedelta(seconds=100)

    async def late(told: Told) -> None:
        name = world.proposal.name
        answer = await told(Request(verb=Verb.APPROVE, name=name, by="ann"))
        assert not answer.taken
        assert "quotes of the legs" in answer.text

    conversation(world, tmp_path / "j.db", late)
    assert world.placed(Purpose.HEDGE) == []


@pytest.mark.covers("T13")
def test_the_procedure_of_an_incident_from_the_kill_to_the_next_order(
    tmp_path: Path,
) -> None:
    """docs/operations.md, "An incident", step by step, while a hedge works in live."""
    world = live(fills=False)
    while not pending(world.state):
        world.tick()
    world.tell(world.consent(world.proposal))
    world.answer()
    (ref,) = world.broker.working

    async def drill(told: Told) -> None:
        # 1. Kill: what works is cancelled, and nothing leaves any more.
        assert (await told(Request(verb=Verb.HALT))).taken
        world.answer()
        assert world.broker.working == {}
        world.run(600)
        assert [o.ref for o in world.broker.received] == [ref]
        # 2. By hand: everything is closed on the broker's own screen.
        for position in tuple(world.broker.positions.values()):
            world.broker.hold(position.instrument, -position.quantity)
        world.run(180)
        assert world.discrepancies
        # 3. Nothing is lifted before the books are those of the broker.
        cleared = Request(verb=Verb.CLEAR, phrase=PHRASE, by="ann")
        assert not (await told(cleared)).taken
        assert "open discrepancies" in world.alerts("not_cleared")[-1].text
        assert (await told(Request(verb=Verb.ADOPT, name="all"))).taken
        world.answer()
        world.run(60)
        # 4. Re-arm.
        assert (await told(cleared)).taken
        assert world.state.freeze is Freeze.NONE
        armed = Request(verb=Verb.ARM, account="DU1", by="ann")
        assert (await told(armed)).taken
        assert world.state.arm is not None

    conversation(world, tmp_path / "j.db", drill)
    assert [o.ref for o in world.broker.received] == [ref]


@pytest.mark.covers("F122", "P02")
def test_numbers_that_changed_under_a_case_are_accepted_by_name(tmp_path: Path) -> None:
    world = live()
    world.run(20)
    looser = replace(world.rules.limits, combos_per_order_max=50)
    world.rules = replace(world.rules, limits=looser)
    world.config = "other"
    world.restart()

    async def say(told: Told) -> None:
        asked = Request(verb=Verb.ARM, account="DU1", by="ann")
        answer = await told(asked)
        assert not answer.taken
        assert "limits.combos_per_order_max went from 10 to 50" in answer.text
        assert "--accept" in answer.text
        assert world.state.arm is None
        answer = await told(replace(asked, accepts=True))
        assert answer.taken
        # What was accepted once need not be accepted again.
        await told(Request(verb=Verb.DISARM, by="ann"))
        assert (await told(asked)).taken

    conversation(world, tmp_path / "j.db", say)
