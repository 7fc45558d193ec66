"""What must hold of a run, read from the gateway's audit and the daemon's journal."""

from collections import Counter
from collections.abc import Sequence

from alvh_trader.domain.order import exec_base
from alvh_trader.engine.event import BrokerReported, OrderFilled
from alvh_trader.journal.read import Reader
from alvh_trader.runtime.audit import tally
from tests.e2e.world import Row, World, of_symbol, traded


def hedged_before_rolled(audit: Sequence[Row]) -> None:
    """Check that VIX calls were bought and filled before the first SPX order."""
    orders = of_symbol(audit, "SPX", "order")
    if not audit:
        return
    first = audit[0]
    assert (first["event"], first["action"]) == ("order", "BUY"), first
    assert first["legs"][0]["symbol"] == "VIX", first
    assert {leg["right"] for leg in first["legs"]} == {"C"}, first
    if not orders:
        return
    fills = of_symbol(audit, "VIX", "fill")
    assert fills, "a roll without any hedge"
    assert fills[0]["action"] == "BUY", fills[0]
    assert audit.index(fills[0]) < audit.index(orders[0]), orders[0]


def nothing_twice(audit: Sequence[Row]) -> None:
    """Check that every order was sent once, and filled no more than it was for."""
    sent = Counter(row["order_ref"] for row in audit if row["event"] == "order")
    assert set(sent.values()) <= {1}, sent
    quantity, filled = dict[str, int](), Counter[str]()
    for row in audit:
        if row["event"] == "order":
            quantity[row["order_ref"]] = row["quantity"]
        if row["event"] == "fill":
            filled[row["order_ref"]] += row["quantity"]
    assert all(filled[ref] <= quantity[ref] for ref in filled), filled


def both_sides_agree(it: World) -> None:
    """Check the daemon's books against the audit and the gateway's last report."""
    audit, placed, state = it.audit, it.placed, it.state
    asked = Counter(place.approved.order.ref for place in placed)
    assert set(asked.values()) <= {1}, asked
    sent = {row["order_ref"] for row in audit if row["event"] == "order"}
    assert sent <= asked.keys(), sent - asked.keys()
    held = {p.instrument.con_id: p.quantity for p in state.positions.values()}
    booked = {con_id: n for con_id, n in state.ledger.items() if n}
    assert held == booked
    calls = [n for name, n in traded(audit).items() if name.startswith("VIX")]
    # A spread is a call bought and another one sold; its units are those bought.
    bought = sum(n for n in calls if n > 0)
    assert bought >= sum(lot.units for lot in state.lots.values())
    assert not state.is_halted


def no_roll_without_a_hedge(it: World) -> None:
    """Check that calls on VIX were held whenever a roll arrived, and nothing closed."""
    found = tally(it.folder / "audit.jsonl")
    assert found.unhedged_rolls == 0
    assert found.close_orders == 0


def nothing_lost(it: World) -> None:
    """Check that the journal holds each trade of the audit, leg by leg, no other."""
    fills = {}
    with Reader.open(it.folder / "journal.db") as reader:
        reader.verify()
        for _, event in reader.events_after(0):
            if isinstance(event, OrderFilled):
                fills[exec_base(event.fill.exec_id)] = event.fill
            elif isinstance(event, BrokerReported):
                fills |= {exec_base(f.exec_id): f for f in event.fills}
    booked = Counter[tuple[str, int]]()
    for fill in fills.values():
        booked[fill.ref, fill.con_id] += fill.quantity
    traded_units = Counter[str]()
    for row in it.audit:
        if row["event"] == "fill":
            traded_units[row["order_ref"]] += row["quantity"]
    orders = {place.approved.order.ref: place.approved.order for place in it.placed}
    expected = Counter[tuple[str, int]]()
    for ref, units in traded_units.items():
        for leg in orders[ref].legs:
            expected[ref, leg.instrument.con_id] += units * leg.ratio
    assert booked == expected, (booked, expected)
