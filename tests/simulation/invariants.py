"""What must hold of a bad day, read from the wire, the audit and the journal.

Nothing here asks the daemon what it thinks of itself: orders are what left the socket
and what the exchange took, intents are what lies safely on the disk.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, cast

import apsw

from alvh_trader.broker.options import BrokerOptions
from alvh_trader.engine.state import State
from alvh_trader.errors import AlvhError
from alvh_trader.journal.read import Reader
from alvh_trader.runtime.loop import decode_state
from alvh_trader.strategy.phase import Phase
from alvh_trader.wire import codec
from alvh_trader.wire.order_request import PlaceOrder
from tests.simulation.disk import BASE
from tests.simulation.following import follow
from tests.simulation.holdings import AWAY, Holdings, base_of, purpose_of
from tests.simulation.truth import Truth, aim
from tests.simulation.world import World

CLIENT = BrokerOptions().client_id

PER_MINUTE, PER_HOUR = 12, 65
"""New and changed orders: the limits of reliability.md P23, and some slack."""

UNSEEN = frozenset({Phase.CLOSED, Phase.CLOSING, Phase.MANUAL})
"""Where a case may stand without being looked at."""

SEEN_MAX = timedelta(seconds=180)
"""All other cases were looked at no longer ago than this, when all is well."""

_LAST_LINES = {"I11": "V13", "I14": "V1", "P09": "V1", "P23": "V14"}
"""Controls that only a mistake of the program can trip, and what it breaks."""


class Watch:
    """Looks at everything that happens in a world."""

    def __init__(self, world: World, disk: Any) -> None:
        self._world = world
        self._unsafe = disk.unsafe
        self._ids: defaultdict[str, set[tuple[int, int]]] = defaultdict(set)
        self._owners: dict[int, str] = {}
        self._sent: list[datetime] = []
        self._frames: Counter[str] = Counter()
        self._live: dict[int, dict[str, Any]] = {}
        self._filled: Counter[int] = Counter()
        self._words: dict[str, str] = {}
        self._truth = Truth(world)
        self._holdings = Holdings(world)
        self._flattened: datetime | None = None
        self._halted: datetime | None = None
        world.on_frame = self.on_frame
        world.on_audit = self.on_audit
        world.on_answer = self.on_answer

    # ----------------------------------------------------------- the wire ---

    def on_frame(self, data: bytes) -> None:
        """Look at what the daemon writes, in the act."""
        session = self._world.gateway.floor.clients.get(CLIENT)
        while len(data) >= 4:
            size = int.from_bytes(data[:4], "big")
            payload, data = data[4 : 4 + size], data[4 + size :]
            self._truth.asked(payload)
            if payload.startswith(b"3\0") and session is not None:
                order = codec.decode_request(payload, session.version)
                assert isinstance(order, PlaceOrder)
                if not order.what_if:
                    self._order(order)

    def _order(self, order: PlaceOrder) -> None:
        world, ref = self._world, order.order_ref
        world.tell(f"wire order {order.order_id} {ref} {order.quantity} {order.limit}")
        self._frames[ref] += 1
        self._sent.append(world.now)
        world.ordered()
        self._expect_intent(order)
        session = world.lives, order.order_id
        self._ids[ref].add(session)
        numbers = {number for _, number in self._ids[ref]}
        owner = self._owners.setdefault(order.order_id, ref)
        if owner != ref:
            world.violation("V1", f"number {order.order_id} of {owner} names {ref}")
        if len(numbers) > 1:
            world.violation("V1", f"{ref} was sent under {sorted(numbers)}")
        if self._halted is not None:
            world.violation("V8", f"{ref} left after a halt at {self._halted}")
        self._truth.left(order)
        for seconds, most in ((60, PER_MINUTE), (3600, PER_HOUR)):
            since = world.now - timedelta(seconds=seconds)
            if sum(at > since for at in self._sent) > most:
                world.violation("V14", f"more than {most} orders in {seconds} s")

    def _expect_intent(self, order: PlaceOrder) -> None:
        """The intent is in the journal, and the journal is on the disk."""
        world, ref = self._world, order.order_ref
        commands = list(self._commands(ref))
        if len(commands) < self._frames[ref]:
            text = f"{ref} left {self._frames[ref]} times, {len(commands)} written down"
            world.violation("V6", text)
            return
        if self._unsafe.get("journal.db-wal"):
            world.violation("V6", f"{ref} left before its intent was safe")
        approved = commands[-1]["approved"]
        wanted = approved["order"]
        if wanted["quantity"] < order.quantity:
            world.violation("V1", f"{ref}: {order.quantity} on the wire")
        # A combo is bought at a signed price; a single leg is sold at a positive one.
        sign = -1 if order.action == "SELL" else 1
        if order.limit is None or float(wanted["limit"]) != sign * float(order.limit):
            world.violation("V1", f"{ref}: limit {order.limit} on the wire")
        if world.person is not None:
            self._expect_consent(ref, approved)
        if wanted["purpose"] == "ROLL":
            self._expect_permit(ref, [it["approved"].get("permit") for it in commands])
        if self._flattened is not None and wanted["purpose"] not in AWAY:
            world.violation("V1", f"{ref} left, and all is being closed")

    def _expect_permit(self, ref: str, permits: list[dict[str, Any] | None]) -> None:
        world, newest = self._world, permits[-1]
        if newest is None:
            world.violation("V2", f"{ref} left without a permit")
            return
        if newest in permits[:-1]:
            world.violation("V2", f"{ref} left with a permit that was used before")
        fills = newest["hedge_exec_ids"]
        if not fills:
            world.violation("V2", f"{ref}: its permit names no hedge fill")
        self._holdings.expect_hedge(ref, self._needed(newest["case"]), fills)
        expires = datetime.fromisoformat(newest["expires"])
        if not world.now - timedelta(seconds=1) <= expires:
            world.violation("V2", f"{ref} left on a permit that expired at {expires}")

    def _needed(self, case: str) -> int:
        """Return how many hedges the case was last said to need, at least one."""
        rows = self._query(
            "SELECT body FROM records WHERE type = 'Decision' AND case_id = ?"
            " AND instr(body, 'HEDGE_COMPLETE') + instr(body, 'HEDGE_SUFFICIENT')"
            " ORDER BY seq DESC LIMIT 1",
            case,
        )
        for (body,) in rows:
            for name, _, bound, *_ in json.loads(body)["findings"]:
                if name == "hedge held":
                    return int(bound.removeprefix(">= "))
        return 1

    def _expect_consent(self, ref: str, approved: dict[str, Any]) -> None:
        """A person allowed this order, in time, and no other by the same word (V9)."""
        world, consent = self._world, approved.get("consent")
        assert world.person is not None, "only where somebody can allow"
        if consent is None:
            world.violation("V9", f"{ref} left without consent")
            return
        proposal, digest = consent["proposal"], consent["digest"]
        if not any(digest.startswith(name) for name in world.person.allowed):
            world.violation("V9", f"{ref} left by a word that nobody said")
        if self._words.setdefault(digest, ref) != ref:
            world.violation("V9", f"{ref} left by the word for {self._words[digest]}")
        if _terms(proposal["order"]) != _terms(approved["order"]):
            world.violation("V9", f"{ref} is not what was allowed")
        if approved["order"]["limit"] not in proposal["limits"]:
            world.violation("V9", f"{ref} left at a limit that was not shown")
        if consent["given"] > proposal["expires"]:
            world.violation("V9", f"{ref} was allowed too late")

    def _commands(self, ref: str) -> Iterator[dict[str, Any]]:
        """Yield what is committed of orders of that name, oldest first."""
        named = f'"{ref}"'
        yield from self._records("PlaceOrder", "RepriceOrder", having=named)

    def _records(self, *types: str, having: str = "") -> list[dict[str, Any]]:
        """Return what is committed of these types, oldest first."""
        marks = ", ".join("?" * len(types))
        rows = self._query(
            f"SELECT body FROM records WHERE type IN ({marks})"  # noqa: S608
            " AND instr(body, ?) ORDER BY seq",
            *types,
            having,
        )
        return [json.loads(cast(bytes, body)) for (body,) in rows]

    def _query(self, words: str, *values: str) -> list[tuple[Any, ...]]:
        """Return what is committed."""
        reader = apsw.Connection(
            str(self._world.folder / "journal.db"),
            flags=apsw.SQLITE_OPEN_READONLY,
            vfs=BASE,
        )
        try:
            return reader.execute(words, values).fetchall()
        finally:
            reader.close()

    # ---------------------------------------------------------- the audit ---

    def on_audit(self, row: dict[str, Any]) -> None:
        """Look at what the exchange took, filled or ended."""
        perm_id, event = row["perm_id"], row["event"]
        if event == "fill":
            self._holdings.follow()
        if not row["order_ref"].startswith("ALVH-"):
            return
        if event == "order":
            self._truth.taken(row)
            self._taken(row)
            self._live[perm_id] = row
        elif event == "fill":
            self._fill(row)
        if event in {"cancel", "reject"}:
            self._live.pop(perm_id, None)
            self._truth.over(row)

    def _taken(self, row: dict[str, Any]) -> None:
        world, ref = self._world, row["order_ref"]
        for other in self._live.values():
            if other["order_ref"] == ref:
                if "duplicate_after_modify" not in world.began:
                    world.violation("V1", f"{ref} is there twice")
            elif aim(other["order_ref"]) == aim(ref):
                world.violation("V1", f"{ref} while {other['order_ref']} lives")
        if purpose_of(ref) == "ROLL":
            self._holdings.expect_hedge(ref, 1, ())

    def _fill(self, row: dict[str, Any]) -> None:
        order = self._live.get(row["perm_id"])
        self._filled[row["perm_id"]] += row["quantity"]
        if order is not None and self._filled[row["perm_id"]] >= order["quantity"]:
            del self._live[row["perm_id"]]
            self._truth.over(row)

    def on_answer(self, verb: str, *, taken: bool) -> None:
        """Note what the daemon answered a person."""
        if verb == "halt" and taken:
            self._halted = self._world.now
        if verb == "clear" and taken:
            self._halted = None
        if verb == "flatten" and taken:
            self._flattened = self._world.now
        if verb in {"halt", "release"} and taken:
            self._flattened = None

    # ------------------------------------------------------------ the end ---

    def finish(self, *, replays: bool) -> None:
        """Look at what is left when all is quiet."""
        world = self._world
        try:
            with Reader.open(world.folder / "journal.db") as reader:
                reader.verify()
                last = reader.last_state()
        except AlvhError as error:
            world.violation("V11", f"the journal cannot be read: {error}")
            return
        if last is None:
            world.violation("V13", "no state was left")
            return
        state = decode_state(last[1])
        alerts = self._records("RaiseAlert")
        self._guarded()
        self._hushed()
        self._believed()
        self._books(state)
        self._told(state, alerts)
        self._liveness(state, alerts)
        if replays:
            follow(world)

    def _guarded(self) -> None:
        """No last line before the socket had to stop what should never come to it."""
        for tripped in self._records("ControlTripped"):
            row = (
                "V6"
                if "durable intent" in tripped["text"]
                else _LAST_LINES.get(tripped["control"])
            )
            if row is not None:
                self._world.violation(row, f"{tripped['control']}: {tripped['text']}")

    def _hushed(self) -> None:
        """No account is named in full, in no record (V15)."""
        account = self._world.exchange.accounts[0]
        found = self._query("SELECT type FROM records WHERE instr(body, ?)", account)
        for (kind,) in found[:1]:
            self._world.violation("V15", f"a {kind} names the account")

    def _believed(self) -> None:
        """No order was taken for over while it could trade (V7)."""
        for said in self._records("OrderUpdated", having="Cancelled"):
            report, at = said["report"], datetime.fromisoformat(said["at"])
            ref, status = report["ref"], report["status"]
            is_over = status in {"Cancelled", "ApiCancelled"}
            if is_over and self._truth.worked(ref, report["perm_id"], at):
                self._world.violation("V7", f"{ref} was {status} while it worked")

    def _books(self, state: State) -> None:
        """Ledger and executions are those of the broker (V3, V4)."""
        world, exchange = self._world, self._world.exchange
        account = exchange.account(exchange.accounts[0])
        held = Counter(
            {it.holding.con_id: it.holding.quantity for it in account.holdings}
        )
        booked = Counter(state.ledger)
        named = {n for it in state.discrepancies.values() for n in it.con_ids}
        differ = [
            (con_id, held[con_id], booked[con_id])
            for con_id in sorted(held.keys() | booked.keys())
            if held[con_id] != booked[con_id] and con_id not in named
        ]
        if differ and state.break_since is None:
            world.violation("V4", f"(contract, held, booked): {differ}")
        traded: dict[str, Any] = {
            base_of(it.exec_id): it
            for it in exchange.executions()
            if it.con_id and it.order_ref.startswith("ALVH-")
        }
        if lost := sorted(traded.keys() - state.fills.keys()):
            world.violation("V3", f"executions that are not booked: {lost}")
        for base, it in traded.items():
            fill = state.fills.get(base)
            count = it.quantity if it.side == "BOT" else -it.quantity
            if fill is not None and (fill.quantity, fill.price) != (count, it.price):
                text = f"{base} booked as {fill.quantity} at {fill.price}"
                world.violation("V3", f"{text}, not {count} at {it.price}")

    def _told(self, state: State, alerts: list[dict[str, Any]]) -> None:
        """A person knows of what is severe (V10)."""
        codes = {it["code"] for it in alerts}
        if state.freeze and not codes & {"halted", "reduced"}:
            self._world.violation("V10", "it is frozen, and nobody was told")
        for it in state.discrepancies.values():
            if it.name.lower() not in codes:
                self._world.violation("V10", f"{it.key}, and nobody was told")
        for ref in self._truth.lost():
            if not any(ref in it["text"] for it in alerts):
                text = f"{ref} never reached the exchange, and nobody was told"
                self._world.violation("V10", text)

    def _liveness(self, state: State, alerts: list[dict[str, Any]]) -> None:
        """It is able to go on, or waits for something that has a name (V12)."""
        world = self._world
        is_broken = state.break_since is not None or bool(state.discrepancies)
        if not state.is_connected or not state.is_link_up:
            world.violation("V12", "not connected when all was well")
        elif state.reconciled is None and not is_broken:
            world.violation("V12", "not reconciled when all was well")
        for ref, ticket in state.tickets.items():
            # In live a person must give it up, and has been told; or it is itself
            # what a person must set right, as a spread of which one leg was busted.
            told = any(ref in it["text"] for it in alerts)
            is_named = any(ref == it.about for it in state.discrepancies.values())
            if ticket.is_in_doubt and not (told and (world.account or is_named)):
                world.violation("V12", f"{ref} is still in doubt")
            if ref in self._truth.living and not ticket.is_live:
                world.violation("V7", f"{ref} is {ticket.status}, and works")
        for case in state.cases.values():
            if case.phase not in UNSEEN and (
                case.evaluated is None or world.now - case.evaluated > SEEN_MAX
            ):
                text = f"{case.case_id}, {case.phase}, last seen {case.evaluated}"
                world.violation("V12", text)


def _terms(order: dict[str, Any]) -> dict[str, Any]:
    """Return an order without its price."""
    return {name: value for name, value in order.items() if name != "limit"}
