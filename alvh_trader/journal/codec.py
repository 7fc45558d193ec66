"""Records to JSON and back, and what the journal notes of a record beside its body.

A record is an event, a command or a decision. Its body is JSON with the name of its
type under `type`; the shapes belong to `migrate.SCHEMA_VERSION`, and whoever changes
one so that old bodies cannot be read any more writes a migration.
"""

from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any, get_args

import msgspec

from alvh_trader.engine.command import (
    Command,
    PlaceOrder,
    PreviewMargin,
    RaiseAlert,
    RepriceOrder,
)
from alvh_trader.engine.decision import Decision
from alvh_trader.engine.event import (
    Event,
    OperatorAcknowledged,
    OperatorAskedRoll,
    OperatorFlattened,
    OperatorReleased,
)
from alvh_trader.errors import InvariantError

Body = Event | Command | Decision

KINDS: dict[type, str] = {
    **dict.fromkeys(get_args(Event), "event"),
    **dict.fromkeys(get_args(Command), "command"),
    Decision: "decision",
}

CHAIN_BYTES = 16
"""A digest against accidents, not against a forger, who owns the file anyway."""

CHAIN_START = bytes(CHAIN_BYTES)

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(Body)


def encode(body: Body) -> bytes:
    """Return `body` as JSON that is known to read back as the same value.

    Raises:
        InvariantError: It would not (NaN, a lone surrogate, ...): such a record would
            make the journal useless to a recovery, so nobody may act on it.
    """
    try:
        data = _encoder.encode(body)
        is_faithful = _decoder.decode(data) == body
    except (msgspec.MsgspecError, ValueError, TypeError, OverflowError) as error:
        raise InvariantError(
            f"a {type(body).__name__} cannot be journaled: {error}"
        ) from error
    if not is_faithful:
        raise InvariantError(f"a {type(body).__name__} does not survive the journal")
    return data


def decode(data: bytes, *, seq: int) -> Body:
    """Return what `encode` was given.

    Raises:
        ValueError: The bytes are not such a record.
    """
    try:
        body: Body = _decoder.decode(data)
    except (msgspec.MsgspecError, ValueError, AssertionError) as error:
        raise ValueError(f"record {seq} cannot be read: {error}") from error
    return body


def case_of(body: Body) -> str | None:
    """Return the case that `body` names itself, or None."""
    match body:
        case PlaceOrder(approved=approved) | RepriceOrder(approved=approved):
            case = approved.order.case
        case PreviewMargin(order=order):
            case = order.case
        case (
            RaiseAlert(case=named)
            | Decision(case=named)
            | OperatorReleased(case=named)
            | OperatorAcknowledged(case=named)
            | OperatorAskedRoll(case=named)
            | OperatorFlattened(case=named)
        ):
            case = named
        case _:
            case = ""
    return case or None


def ref_of(body: Body) -> str | None:
    """Return the reference of the one order that `body` is about, or None."""
    match body:
        case PlaceOrder(approved=part) | RepriceOrder(approved=part):
            return part.order.ref
        case PreviewMargin(order=part):
            return part.ref
        case _:
            for holder in (body, *(getattr(body, n, None) for n in ("report", "fill"))):
                ref = getattr(holder, "ref", None)
                if isinstance(ref, str):
                    return ref or None
            return None


def stamp(at: datetime) -> str:
    """Return `at` as sortable text in UTC, always with microseconds.

    >>> stamp(datetime(2018, 2, 5, 14, 30, tzinfo=UTC))
    '2018-02-05T14:30:00.000000+00:00'
    """
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def digest_of(text: str) -> str:
    """Return what the rules of a run are known by."""
    return blake2b(text.encode(), digest_size=CHAIN_BYTES).hexdigest()


def link(
    before: bytes, seq: int, row: tuple[str, str, str, str | None], body: bytes
) -> bytes:
    """Return the chain of a record after the one whose chain is `before`.

    `row` is its time, its kind, its type and its case, as they are stored.
    """
    at, kind, name, case = row
    digest = blake2b(before, digest_size=CHAIN_BYTES)
    digest.update(f"{seq}\0{at}\0{kind}\0{name}\0{case or ''}\0".encode())
    digest.update(body)
    return digest.digest()
