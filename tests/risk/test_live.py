"""What live asks of an order: armed for this, small at first, allowed by a person."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from alvh_trader.domain.order import Order
from alvh_trader.risk.arm import Arm, Identity
from alvh_trader.risk.checks import Check
from alvh_trader.risk.circumstances import LiveProof
from alvh_trader.risk.gate import Approved, Refused, judge
from alvh_trader.risk.live import (
    has_consent,
    is_armed,
    is_not_declined,
    is_small_at_first,
)
from alvh_trader.risk.proposal import NAME_LETTERS, Consent, Proposal
from alvh_trader.strategy.finding import Finding
from tests.risk.test_gate import AT, HEDGE, LIMITS, NOW, ROLL, SELL

HERE = Identity(mode="live", account="U1", host="lab", config="c", build="b")
ARM = Arm(identity=HERE, by="ann", at=AT, expires=AT + timedelta(hours=1))


def proposal(order: Order = HEDGE) -> Proposal:
    return Proposal(
        order=order,
        limits=(order.limit, order.limit + Decimal("0.01")),
        pause=timedelta(seconds=20),
        lasts=timedelta(seconds=180),
        quoted=AT,
        config="c",
        build="b",
        asked=AT - timedelta(seconds=60),
        expires=AT + timedelta(seconds=60),
    )


def allowed(asked: Proposal) -> Consent:
    return Consent(proposal=asked, digest=asked.digest, by="ann", given=AT)


def live(order: Order = HEDGE) -> LiveProof:
    return LiveProof(
        identity=HERE, arm=ARM, is_proven=True, consent=allowed(proposal(order))
    )


def refusals(order: Order, proof: LiveProof) -> list[str]:
    verdict = judge(order, replace(NOW, live=proof), LIMITS)
    return [f.what for f in verdict.findings] if isinstance(verdict, Refused) else []


@pytest.mark.parametrize("order", [HEDGE, SELL, ROLL], ids=lambda o: o.purpose)
def test_what_is_armed_proven_and_allowed_passes(order: Order) -> None:
    verdict = judge(order, replace(NOW, live=live(order)), LIMITS)
    assert isinstance(verdict, Approved)
    assert verdict.consent == allowed(proposal(order))


@pytest.mark.covers("P02")
@pytest.mark.parametrize("part", ["mode", "account", "host", "config", "build"])
def test_an_arming_for_anything_else_is_none(part: str) -> None:
    other = replace(ARM, identity=replace(HERE, **{part: "other"}))
    assert refusals(HEDGE, replace(live(), arm=other)) == ["armed"]


@pytest.mark.covers("P02")
@pytest.mark.parametrize("arm", [None, replace(ARM, expires=AT)])
def test_no_arming_or_one_that_is_over_refuses(arm: Arm | None) -> None:
    assert refusals(HEDGE, replace(live(), arm=arm)) == ["armed"]


@pytest.mark.covers("T08")
def test_an_unproven_build_may_send_one_unit() -> None:
    proof = replace(live(), is_proven=False)
    assert refusals(HEDGE, proof) == ["first order of a build"]
    one = replace(HEDGE, quantity=1)
    assert refusals(one, replace(proof, consent=allowed(proposal(one)))) == []


@pytest.mark.parametrize(("minutes", "refused"), [(0, True), (29, True), (30, False)])
def test_what_was_declined_waits(minutes: int, refused: bool) -> None:
    proof = replace(live(), declined=AT - timedelta(minutes=minutes))
    assert bool(refusals(HEDGE, proof)) is refused


def test_a_pause_of_hours_is_told_in_minutes() -> None:
    proof = replace(live(), declined=AT - timedelta(hours=6))
    patient = replace(LIMITS, decline_pause=timedelta(hours=8))
    assert is_not_declined(HEDGE, replace(NOW, live=proof), patient) == Finding(
        "HEDGE declined", "360 min ago", "not within 480 min", False
    )


@pytest.mark.covers("P27", "V9")
def test_without_a_consent_nothing_is_sent_but_it_may_be_proposed() -> None:
    proof = replace(live(), consent=None)
    assert refusals(HEDGE, proof) == ["consent"]
    assert refusals(HEDGE, replace(proof, is_proposal=True)) == []


CHANGED = [
    replace(HEDGE, quantity=6),
    replace(HEDGE, ref="other"),
    replace(HEDGE, limit=HEDGE.limit + Decimal("0.02")),
    replace(HEDGE, case="d"),
    replace(HEDGE, legs=SELL.legs),
]


@pytest.mark.covers("P27", "V9")
@pytest.mark.parametrize("order", CHANGED)
def test_a_consent_is_to_one_order_within_its_limits(order: Order) -> None:
    consent = allowed(proposal())
    assert consent.covers(HEDGE)
    assert consent.covers(replace(HEDGE, limit=HEDGE.limit + Decimal("0.01")))
    assert not consent.covers(order)
    assert "consent" in refusals(order, live())


@pytest.mark.covers("P27")
def test_a_consent_to_what_was_changed_later_is_none() -> None:
    asked = proposal()
    forged = Consent(
        proposal=replace(asked, order=replace(HEDGE, quantity=8)),
        digest=asked.digest,
        by="ann",
        given=AT,
    )
    assert not forged.covers(forged.proposal.order)


@pytest.mark.covers("P27")
@given(seconds=st.integers(-300, 300))
def test_a_consent_is_given_while_it_was_asked_for(seconds: int) -> None:
    consent = replace(allowed(proposal()), given=AT + timedelta(seconds=seconds))
    assert consent.covers(HEDGE) is (-60 <= seconds <= 60)


def test_a_proposal_is_called_by_the_beginning_of_its_digest() -> None:
    asked = proposal()
    assert len(asked.name) == NAME_LETTERS
    assert asked.digest.startswith(asked.name)


ELSEWHERE = replace(ARM, identity=replace(HERE, host="other", build="other"))
ANOTHER = allowed(proposal(replace(HEDGE, quantity=8)))

SAID = [
    (is_armed, None, Finding("armed", "paper", "in live", True)),
    (
        is_armed,
        replace(live(), arm=None),
        Finding("armed", "no", "yes", False, "alvh-trader arm ACCOUNT"),
    ),
    (
        is_armed,
        replace(live(), arm=ELSEWHERE),
        Finding("armed", "for another host, build", "for this one", False),
    ),
    (
        is_armed,
        live(),
        Finding("armed", "until 2026-05-21T16:00:00+00:00", "not over", True),
    ),
    (is_small_at_first, None, Finding("build", "paper", "proven", True)),
    (is_small_at_first, live(), Finding("build", "proven", "proven", True)),
    (
        is_small_at_first,
        replace(live(), is_proven=False),
        Finding("first order of a build", "7 units", "<= 1", False),
    ),
    (
        is_not_declined,
        None,
        Finding("HEDGE declined", "no", "not within 30 min", True),
    ),
    (
        is_not_declined,
        replace(live(), declined=AT - timedelta(minutes=29)),
        Finding("HEDGE declined", "29 min ago", "not within 30 min", False),
    ),
    (has_consent, None, Finding("consent", "paper", "in live", True)),
    (
        has_consent,
        replace(live(), is_proposal=True, consent=None),
        Finding("consent", "to be asked for", "before it is sent", True),
    ),
    (
        has_consent,
        replace(live(), consent=None),
        Finding("consent", "none", "given, for this order", False),
    ),
    (has_consent, live(), Finding("consent", "given", "given, for this order", True)),
    (
        has_consent,
        replace(live(), consent=ANOTHER),
        Finding("consent", "for another", "given, for this order", False),
    ),
]


@pytest.mark.parametrize(("check", "proof", "said"), SAID)
def test_each_check_says_what_it_saw_and_what_it_asked(
    check: Check, proof: LiveProof | None, said: Finding
) -> None:
    """A person in live goes by these words."""
    assert check(HEDGE, replace(NOW, live=proof), LIMITS) == said
