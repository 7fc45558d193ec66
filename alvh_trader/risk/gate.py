"""The order gateway: the last thing an order passes before it becomes a command.

`Approved` is what the broker adapter works from and `RollPermit` is what a roll
must carry; this is the only module that makes either (tests/repo proves it). An
order that skipped the gate does not type-check, and a roll without a filled hedge
and Greeks in band cannot be built.
"""

from datetime import datetime
from hashlib import sha256

from msgspec import Struct
from msgspec.structs import replace

from alvh_trader.domain.order import Order, Purpose
from alvh_trader.risk.checks import BY_PURPOSE, PACE
from alvh_trader.risk.circumstances import Circumstances
from alvh_trader.risk.limits import Limits
from alvh_trader.risk.proposal import Consent
from alvh_trader.strategy.finding import Finding


class RollPermit(Struct, frozen=True, kw_only=True):
    """Proof that one roll order may leave now (alvh.md §3.3). Good for one send.

    `hedge_exec_ids` are the executions that filled the hedge, `greeks` and
    `candidate` fingerprints of what was true at issue; `expires` ends it.
    """

    case: str
    order_ref: str
    hedge_exec_ids: tuple[str, ...]
    greeks: str
    candidate: str
    issued: datetime
    expires: datetime


class Approved(Struct, frozen=True, kw_only=True):
    """An order that passed every check. A roll carries its permit.

    In live each carries the consent of a person, unless it is only to be proposed.
    """

    order: Order
    permit: RollPermit | None = None
    consent: Consent | None = None

    def __post_init__(self) -> None:
        if self.order.purpose is Purpose.ROLL:
            assert self.permit is not None, "a roll without a permit"
            assert self.permit.order_ref == self.order.ref, "another order's permit"


class Refused(Struct, frozen=True, kw_only=True):
    """An order that did not pass, and every finding against it."""

    order: Order
    findings: tuple[Finding, ...]

    @property
    def reasons(self) -> str:
        """All findings in one line for the operator, each with its reason code."""
        return "; ".join(
            f"{f.code}: {f.what} {f.value}, asked {f.bound}" for f in self.findings
        )

    @property
    def is_early(self) -> bool:
        """Whether nothing is wrong but that orders were sent a moment ago."""
        return all(f.code.startswith(PACE) for f in self.findings)


Verdict = Approved | Refused


def judge(order: Order, now: Circumstances, limits: Limits) -> Verdict:
    """Return the verdict of all checks that apply to the order's purpose together."""
    controls = BY_PURPOSE.get(order.purpose)
    if controls is None:
        known = " or ".join(BY_PURPOSE)
        unknown = Finding("purpose", order.purpose, known, False, code="P28 PURPOSE")
        return Refused(order=order, findings=(unknown,))
    against = tuple(
        replace(found, code=f"{control.number} {control.code}")
        for control in controls
        if not (found := control.check(order, now, limits)).holds
    )
    if against:
        return Refused(order=order, findings=against)
    permit = _permit(order, now, limits) if order.purpose is Purpose.ROLL else None
    consent = now.live.consent if now.live is not None else None
    return Approved(order=order, permit=permit, consent=consent)


def _permit(order: Order, now: Circumstances, limits: Limits) -> RollPermit:
    assert now.hedge is not None, "the checks have seen the hedge"
    return RollPermit(
        case=order.case,
        order_ref=order.ref,
        hedge_exec_ids=now.hedge.exec_ids,
        greeks=now.hedge.greeks,
        candidate=fingerprint(order),
        issued=now.at,
        expires=now.at + limits.permit_ttl,
    )


def fingerprint(order: Order) -> str:
    """Return a short hash of what an order would do (not of its price)."""
    legs = ",".join(f"{leg.ratio}x{leg.instrument.con_id}" for leg in order.legs)
    return sha256(f"{order.case}|{order.quantity}|{legs}".encode()).hexdigest()[:12]
