"""Hold what a gateway said against what was recorded of real ones, type by type."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from msgspec import Struct

from alvh_trader.wire import codec
from alvh_trader.wire.field import join
from tests.gateway.recorded_forms import KNOWN, UNRECORDED, forms, recorded

Forms = dict[str, set[str]]

EXPLAINED = {
    "AccountSummary.currency": "only values with a currency were recorded",
    "CompletedOrder.good_till": "no recorded order has such a date",
    "CompletedOrder.oca_group": "no recorded order is in a group",
    "CompletedOrder.order_ref": "no recorded order has a reference",
    "ContractData.sec_ids": "only stocks have such numbers",
    "ContractData.size_multiplier": "only before 164; nothing so old was recorded",
    "ExecutionData.order_ref": "no recorded order has a reference",
    "HistoricalData.rows.date": "seconds since 1970 were asked for; never recorded",
    "NewsProviders.rows": "this gateway has no news",
    "OpenOrder.conditions": "only a recorded order has conditions",
    "OpenOrder.conditions_cancel_order": "only a recorded order has conditions",
    "OpenOrder.conditions_ignore_hours": "only a recorded order has conditions",
    "OpenOrder.good_till": "no recorded order has such a date",
    "OpenOrder.margins": "no trial (what-if) was recorded",
    "OpenOrder.oca_group": "no recorded order is in a group",
    "OrderStatus.why_held": "no recorded order was held",
    "TickByTick": "of four kinds, two were recorded",
    **KNOWN,
}
"""What differs from the recordings, and why. A name stands for all that is below it."""


@dataclass(frozen=True)
class Row:
    """One type of message: how often it came and was recorded, and what differs.

    `fields` are those that both have, of those that either has, in the version
    spoken; `forms` those of the common ones that take recorded forms only, of all
    common ones. `strange` names the others of each.
    """

    number: int
    name: str
    emitted: int
    captured: int
    fields: tuple[int, int]
    forms: tuple[int, int]
    strange: frozenset[str]

    @property
    def unexplained(self) -> frozenset[str]:
        """The differences for which there is no reason."""
        if not self.captured:
            return frozenset()
        return frozenset(it for it in self.strange if not _reason(self.name, it))


def _reason(message: str, field: str) -> str:
    parts = field.split(".")
    if UNRECORDED & {*parts}:
        return "only options and combos have it"
    names = (".".join((message, *parts[:n])) for n in range(len(parts) + 1))
    return next((EXPLAINED[name] for name in names if name in EXPLAINED), "")


def tabulate(payloads: Iterable[bytes], version: int) -> list[Row]:
    """Return a row for each type of message among `payloads`, by number."""
    spoken = [codec.decode_reply(payload, version) for payload in payloads]
    captured = [
        (codec.decode_reply(join(list(row.fields)), row.version), row.version)
        for row in recorded()
    ]
    ours = _by_kind((it, version) for it in spoken)
    real = _by_kind(captured)
    # Which fields there are depends on the version, and recordings are of many.
    carried = _by_kind((it, version) for it, _ in captured)
    emitted = Counter(type(it) for it in spoken)
    recorded_times = Counter(type(it) for it, _ in captured)
    rows = []
    for kind, seen in ours.items():
        common = seen.keys() & carried[kind].keys() & real[kind].keys()
        either = seen.keys() | carried[kind].keys()
        alike = {name for name in common if seen[name] <= real[kind][name]}
        row = Row(
            number=codec.REPLIES[kind].number,
            name=kind.__name__,
            emitted=emitted[kind],
            captured=recorded_times[kind],
            fields=(len(common), len(either)),
            forms=(len(alike), len(common)),
            strange=frozenset(either - alike),
        )
        rows.append(row)
    return sorted(rows, key=lambda row: row.number)


def _by_kind(messages: Iterable[tuple[Struct, int]]) -> dict[type[Struct], Forms]:
    found: dict[type[Struct], Forms] = defaultdict(lambda: defaultdict(set))
    for message, version in messages:
        mine = found[type(message)]
        for name, seen in forms(message, version).items():
            mine[name] |= seen
    return found
