"""In live every order waits for a person, and nothing leaves that he did not allow."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from alvh_trader.domain.order import OrderStatus, Purpose
from alvh_trader.engine.command import (
    CancelOrder,
    PlaceOrder,
    PreviewMargin,
    RaiseAlert,
    RepriceOrder,
    RequestReport,
    Severity,
)
from alvh_trader.engine.event import (
    OperatorApproved,
    OperatorHalted,
    OperatorRejected,
)
from alvh_trader.engine.proposals import pending
from alvh_trader.strategy.phase import Phase
from tests.playbook import World
from tests.worked_market import Market


def live(*, fills: bool = True, proven: bool = True) -> World:
    """Return an armed world in live whose case has breached and wants a hedge."""
    world = World(mode="live", fills=fills).start().arm()
    if proven:
        world.state = replace(world.state, proven=world.build)
    return world


def waiting() -> World:
    """Return such a world in which the hedge is proposed."""
    world = live()
    while not pending(world.state):
        world.tick()
    return world


def approve(world: World) -> None:
    world.tell(world.consent(world.proposal))


def status(world: World, ref: str) -> OrderStatus:
    return world.state.tickets[ref].status


@pytest.mark.covers("P27")
def test_an_order_waits_until_a_person_allows_it() -> None:
    world = waiting()
    ref = world.proposal.order.ref
    world.run(60)
    assert world.placed(Purpose.HEDGE) == []
    assert world.broker.received == []
    approve(world)
    (order,) = world.placed(Purpose.HEDGE)
    assert order.ref == ref
    assert status(world, ref) is OrderStatus.INTENT


@pytest.mark.covers("P27")
def test_the_alert_names_order_limits_and_how_to_answer() -> None:
    world = waiting()
    proposal = world.proposal
    (alert,) = world.alerts("approval_wanted")
    assert alert.severity is Severity.CRITICAL
    assert f"approve {proposal.name}" in alert.text
    assert f"HEDGE {proposal.order.quantity} x (+1 VIXW" in alert.text
    assert f"at {proposal.limits[0]}:" in alert.text
    assert proposal.digest.startswith(proposal.name)


@pytest.mark.covers("P27", "V9")
def test_what_is_sent_carries_the_consent_to_exactly_it() -> None:
    world = waiting()
    proposal = world.proposal
    approve(world)
    (sent,) = [c for c in world.commands if isinstance(c, PlaceOrder)]
    consent = sent.approved.consent
    assert consent is not None
    assert consent.proposal == proposal
    assert consent.digest == proposal.digest
    assert consent.by == "ann"
    assert consent.covers(sent.approved.order)


@pytest.mark.covers("P27")
def test_the_digest_changes_with_every_part_of_a_proposal() -> None:
    proposal = waiting().proposal
    others = (
        replace(proposal, order=replace(proposal.order, quantity=1)),
        replace(proposal, limits=(*proposal.limits, proposal.limits[-1] + 1)),
        replace(proposal, quoted=None),
        replace(proposal, config="other"),
        replace(proposal, build="other"),
        replace(proposal, expires=proposal.expires + timedelta(seconds=1)),
    )
    assert len({proposal.digest, *(o.digest for o in others)}) == 1 + len(others)


@pytest.mark.covers("F126", "P27", "V9")
def test_a_second_yes_sends_nothing() -> None:
    world = waiting()
    said = world.consent(world.proposal)
    world.tell(said)
    world.tell(said)
    assert len(world.placed(Purpose.HEDGE)) == 1
    assert len(world.alerts("approval_unasked")) == 1


@pytest.mark.covers("F126", "P27")
def test_a_yes_after_a_no_sends_nothing() -> None:
    world = waiting()
    said = world.consent(world.proposal)
    world.tell(OperatorRejected(at=world.now, digest=said.digest, by="bob"))
    world.tell(said)
    assert world.placed(Purpose.HEDGE) == []


@pytest.mark.covers("F127", "P27")
def test_a_hedge_that_nobody_answers_lapses_and_is_told_as_critical() -> None:
    world = waiting()
    said, ref = world.consent(world.proposal), world.proposal.order.ref
    world.run(120)
    assert status(world, ref) is OrderStatus.LAPSED
    (alert,) = world.alerts("approval_lapsed")
    assert alert.severity is Severity.CRITICAL
    world.tell(replace(said, at=world.now))
    assert world.placed(Purpose.HEDGE) == []


@pytest.mark.covers("F127")
def test_nobody_there_for_hours_means_nothing_is_traded_and_it_is_asked_anew() -> None:
    world = live()
    world.run(3600)
    assert world.broker.received == []
    names = {a.text for a in world.alerts("approval_wanted")}
    assert len(names) > 5
    assert "unhedged_breach" in world.criticals()
    # Nothing that was never sent counts as an attempt of the day.
    world.consents = True
    world.until(Phase.COOLDOWN, within=3600)


@pytest.mark.covers("F127")
def test_a_yes_just_too_late_is_no_yes() -> None:
    world = waiting()
    late = world.proposal.expires + timedelta(seconds=1)
    ref = world.proposal.order.ref
    world.tell(replace(world.consent(world.proposal), at=late))
    assert world.placed(Purpose.HEDGE) == []
    assert status(world, ref) is OrderStatus.LAPSED


@pytest.mark.covers("F125", "P27")
def test_quotes_that_moved_since_make_the_yes_void() -> None:
    world = waiting()
    ref = world.proposal.order.ref
    option = world.proposal.order.legs[0].instrument
    quote = world.state.quotes[option.con_id]
    assert quote.bid is not None
    assert quote.ask is not None
    half = replace(quote, bid=quote.bid / 2, ask=quote.ask / 2)
    world.tell(replace(world.look(), quotes={option.con_id: half}))
    approve(world)
    assert world.placed(Purpose.HEDGE) == []
    assert status(world, ref) is OrderStatus.LAPSED
    assert "limit" in world.state.tickets[ref].why
    assert "approval_void" in world.criticals()


@pytest.mark.covers("P27", "P16")
def test_stale_quotes_make_the_yes_void() -> None:
    world = waiting()
    proposal = world.proposal
    world.mute.add(proposal.order.legs[0].instrument.con_id)
    world.run(60)
    approve(world)
    assert world.placed(Purpose.HEDGE) == []
    assert "quotes" in world.state.tickets[proposal.order.ref].why


def test_what_a_person_declined_is_left_alone_for_half_an_hour() -> None:
    world = waiting()
    proposal = world.proposal
    world.tell(OperatorRejected(at=world.now, digest=proposal.digest, by="bob"))
    assert status(world, proposal.order.ref) is OrderStatus.DECLINED
    assert world.state.tickets[proposal.order.ref].why == "declined by bob"
    world.run(1700)
    assert pending(world.state) == ()
    assert len(world.alerts("approval_wanted")) == 1
    world.run(900)
    assert len(world.alerts("approval_wanted")) > 1


@pytest.mark.covers("P27")
def test_a_new_limit_on_the_way_is_within_what_was_allowed() -> None:
    world = live()
    world.consents = True
    while not any(isinstance(c, RepriceOrder) for c in world.commands):
        world.fills = not world.placed(Purpose.HEDGE)
        world.tick()
    first = [c for c in world.commands if isinstance(c, PlaceOrder)][-1]
    (alert,) = [a for a in world.alerts("approval_wanted") if "ROLL" in a.text]
    assert " to " in alert.text
    again = next(c for c in world.commands if isinstance(c, RepriceOrder))
    assert again.approved.consent == first.approved.consent
    assert again.approved.consent is not None
    assert again.approved.order.limit in again.approved.consent.proposal.limits
    assert again.approved.order.limit > first.approved.order.limit


@pytest.mark.covers("F06", "P27")
def test_a_restart_ends_what_waited_and_the_next_is_made_of_fresh_quotes() -> None:
    world = waiting()
    old = world.proposal
    world.restart()
    assert status(world, old.order.ref) is OrderStatus.LAPSED
    assert world.state.arm is not None
    world.tell(replace(world.consent(old), at=world.now))
    assert world.placed(Purpose.HEDGE) == []
    while not pending(world.state):
        world.tick()
    assert world.proposal.order.ref != old.order.ref
    assert world.proposal.quoted is not None
    assert world.proposal.quoted > old.asked


@pytest.mark.covers("F06")
def test_a_restart_between_hedge_and_roll_asks_for_the_roll_anew() -> None:
    world = live()
    while not any(t.order.purpose is Purpose.ROLL for t in pending(world.state)):
        world.consents = not world.placed(Purpose.HEDGE)
        world.tick()
    old = world.proposal
    held = len(world.placed(Purpose.HEDGE))
    world.restart()
    while not any(t.order.purpose is Purpose.ROLL for t in pending(world.state)):
        world.tick()
    new = world.proposal
    assert new.digest != old.digest
    assert new.asked > old.expires
    assert new.quoted is not None
    assert new.quoted > old.asked
    assert world.placed(Purpose.ROLL) == []
    assert len(world.placed(Purpose.HEDGE)) == held
    world.consents = True
    approve(world)
    world.until(Phase.COOLDOWN, within=1200)


def test_a_lost_link_ends_what_waited() -> None:
    world = waiting()
    ref = world.proposal.order.ref
    world.disconnect()
    assert status(world, ref) is OrderStatus.LAPSED


def test_a_person_who_allows_everything_sees_the_roll_through() -> None:
    world = live()
    world.consents = True
    world.until(Phase.COOLDOWN, within=2400)
    sent = [c for c in world.commands if isinstance(c, PlaceOrder)]
    assert {c.approved.order.purpose for c in sent} == {Purpose.HEDGE, Purpose.ROLL}
    given = [c.approved.consent for c in sent]
    assert all(consent is not None for consent in given)
    assert len({c.digest for c in given if c is not None}) == len(sent)


@pytest.mark.covers("P27", "P19")
def test_the_margin_of_a_roll_is_asked_for_again_while_it_waits() -> None:
    world = live()
    while not any(t.order.purpose is Purpose.ROLL for t in pending(world.state)):
        world.consents = not world.placed(Purpose.HEDGE)
        world.tick()
    ref = world.proposal.order.ref
    world.commands.clear()
    world.run(30, every=5)
    asked = [
        c for c in world.commands if isinstance(c, PreviewMargin) and c.order.ref == ref
    ]
    assert len(asked) >= 5
    assert world.now - world.state.margins[ref].at <= timedelta(seconds=5)


@pytest.mark.covers("T08")
def test_the_first_order_of_a_build_is_of_one_contract_until_it_has_filled() -> None:
    world = live(proven=False)
    world.consents = True
    world.until(Phase.COOLDOWN, within=2400)
    first, *others = world.placed(Purpose.HEDGE)
    assert first.quantity == 1
    assert others[0].quantity > 1
    assert world.state.proven == world.build
    # One contract is not taken for the whole of the hedge.
    assert sum(lot.units for lot in world.state.lots.values()) >= world.case.needed > 1


@pytest.mark.covers("T08")
def test_an_upgrade_begins_with_one_contract_again() -> None:
    world = live()
    world.build = "b2"
    world.restart()
    world.arm()
    while not pending(world.state):
        world.tick()
    assert world.proposal.order.quantity == 1


def test_a_no_to_what_was_never_asked_is_told() -> None:
    world = live()
    world.tell(OperatorRejected(at=world.now, digest="00", by="ann"))
    world.tell(OperatorApproved(at=world.now, digest="00", by="ann"))
    assert len(world.alerts("approval_unasked")) == 2
    assert not any(isinstance(c, RaiseAlert) and c.case for c in world.commands)


def test_paper_asks_nobody() -> None:
    world = World(Market()).start()
    world.until(Phase.COOLDOWN, within=2400)
    assert world.alerts("approval_wanted") == []
    assert all(t.consent is None for t in world.state.tickets.values())


@pytest.mark.covers("F128", "P01")
def test_a_halt_withdraws_what_waits_and_a_yes_after_it_sends_nothing() -> None:
    world = waiting()
    said = world.consent(world.proposal)
    world.tell(OperatorHalted(at=world.now))
    assert pending(world.state) == ()
    world.tell(said)
    assert world.placed(Purpose.HEDGE) == []
    assert not any(isinstance(c, CancelOrder) for c in world.commands)


@pytest.mark.covers("P06", "P27")
def test_a_yes_while_positions_are_not_reconciled_sends_nothing() -> None:
    world = waiting()
    world.withheld.add(RequestReport)
    reconciled = world.state.reconciled
    assert reconciled is not None
    while world.now - reconciled <= timedelta(seconds=60):
        world.tick()
        reconciled = world.state.reconciled or reconciled
    ref = world.proposal.order.ref
    approve(world)
    assert world.placed(Purpose.HEDGE) == []
    assert "reconciliation" in world.state.tickets[ref].why


@pytest.mark.covers("F02", "V10", "V12")
def test_an_order_that_no_report_shows_is_told_of_once_and_waits() -> None:
    # Found by seeds 29 and 34 of scripts/simulate: it was in doubt, and nobody knew.
    world = live()
    world.consents = True
    world.withheld.add(PlaceOrder)
    while not world.placed(Purpose.HEDGE):
        world.tick()
    (order,) = world.placed(Purpose.HEDGE)
    world.restart()
    world.run(600)
    ticket = world.state.tickets[order.ref]
    assert ticket.is_in_doubt
    (told,) = world.alerts("order_parked")
    assert f"alvh-trader abandon {order.ref}" in told.text
