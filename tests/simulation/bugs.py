"""Mistakes that this program does not make, to see whether the simulation finds them.

Each is a few words of the source, exchanged in a copy of it. Words that are not there
exactly once are an error: then the source has changed, and the mistake must follow.
"""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

PACKAGE = "alvh_trader"


@dataclass(frozen=True)
class Edit:
    """In one file of the package, `old` becomes `new`."""

    file: str
    old: str
    new: str


@dataclass(frozen=True)
class Bug:
    """A mistake in words, the invariants that it breaks, and how it is made."""

    says: str
    breaks: frozenset[str]
    edits: tuple[Edit, ...]


BUGS: Mapping[str, Bug] = MappingProxyType(
    {
        "act-then-record": Bug(
            "A command is carried out before it is on the disk.",
            frozenset({"V6"}),
            (
                Edit(
                    "runtime/loop.py",
                    "        acts = isinstance(event, SAID)",
                    "        for command in outcome.commands:\n"
                    "            self._dispatch(command)\n"
                    "        acts = isinstance(event, SAID)",
                ),
                Edit(
                    "runtime/loop.py",
                    "            self._commit()\n"
                    "        for command in outcome.commands:\n"
                    "            self._dispatch(command)\n",
                    "            self._commit()\n",
                ),
            ),
        ),
        "no-quarantine": Bug(
            "An order that one report does not show was never received.",
            frozenset({"V1", "V7"}),
            (
                Edit(
                    "engine/answers.py",
                    "QUARANTINE = timedelta(seconds=60)",
                    "QUARANTINE = timedelta(0)",
                ),
            ),
        ),
        "order-id-is-identity": Bug(
            "The number that the gateway gives is trusted, and names the order.",
            frozenset({"V1"}),
            (
                Edit(
                    "broker/orders.py",
                    "self._next_id = max(self._next_id, order_id)",
                    "self._next_id = order_id",
                ),
                Edit(
                    "broker/orders.py",
                    "order_id = max(self._next_id, tracker.highest_order_id + 1)",
                    "order_id = self._next_id",
                ),
            ),
        ),
        "synchronous-normal": Bug(
            "What was committed may be lost with the power.",
            frozenset({"V6"}),
            (
                Edit(
                    "journal/connection.py",
                    '("synchronous", "FULL", 2)',
                    '("synchronous", "NORMAL", 1)',
                ),
            ),
        ),
        "any-error-ends-an-order": Bug(
            "An error about an order means that it is cancelled, as in the library.",
            frozenset({"V1", "V3", "V4", "V7"}),
            (
                Edit(
                    "broker/orders.py",
                    "            self._doubt(handle.ref, code, text)\n"
                    "        return True",
                    "            handle.status = 'Cancelled'\n"
                    "            report = handle.report()\n"
                    "            now = self._clock.now()\n"
                    "            self._put(OrderUpdated(at=now, report=report))\n"
                    "        return True",
                ),
            ),
        ),
        "no-pull-of-executions": Bug(
            "Executions are believed where they are pushed, and not asked for.",
            frozenset({"V2", "V3", "V4"}),
            (
                Edit(
                    "engine/session.py",
                    "        for fill in event.fills:\n            book(turn, fill)\n",
                    "        pass\n",
                ),
            ),
        ),
        "no-freshness": Bug(
            "A price is a price, however old.",
            frozenset({"V5"}),
            (
                Edit(
                    "engine/connection.py",
                    "BLIND_AFTER = timedelta(seconds=60)",
                    "BLIND_AFTER = timedelta(days=1)",
                ),
                Edit(
                    "engine/instant.py",
                    "QUOTE_AGE_MAX = timedelta(seconds=60)",
                    "QUOTE_AGE_MAX = timedelta(days=1)",
                ),
                Edit(
                    "engine/proof.py",
                    "SPOT_AGE_MAX = timedelta(seconds=15)",
                    "SPOT_AGE_MAX = timedelta(days=1)",
                ),
                Edit(
                    "engine/proof.py",
                    "VIX_AGE_MAX = timedelta(seconds=60)",
                    "VIX_AGE_MAX = timedelta(days=1)",
                ),
                Edit(
                    "risk/limits.py",
                    "quote_age_max: timedelta = timedelta(seconds=30)",
                    "quote_age_max: timedelta = timedelta(days=1)",
                ),
            ),
        ),
        "hedge-forgotten-at-start": Bug(
            "A new process forgets the orders of the one before, and hedges again.",
            frozenset({"V1"}),
            (
                Edit(
                    "engine/session.py",
                    "        report_asked=None,\n        margins={},\n",
                    "        report_asked=None,\n        margins={},\n"
                    "        tickets={},\n",
                ),
            ),
        ),
        "halt-in-memory-only": Bug(
            "A halt ends with the process.",
            frozenset({"V8"}),
            (
                Edit(
                    "engine/session.py",
                    "        report_asked=None,\n        margins={},\n",
                    "        report_asked=None,\n        margins={},\n"
                    "        freeze=Freeze.NONE,\n",
                ),
            ),
        ),
        "sign-of-a-combo": Bug(
            "A combo that brings money is sent at the price turned round.",
            frozenset({"V1"}),
            (
                Edit(
                    "broker/translate.py",
                    "lmtPrice=float(-order.limit if is_sale else order.limit)",
                    "lmtPrice=float(abs(order.limit))",
                ),
            ),
        ),
        "permit-used-twice": Bug(
            "A roll climbs its ladder on the permit that it was sent with.",
            frozenset({"V2"}),
            (
                Edit("broker/orders.py", "if permit in self._used:", "if False:"),
                Edit(
                    "engine/orders.py",
                    "    if isinstance(verdict, Approved):\n"
                    "        reprice(turn, ticket.climb(verdict, turn.at), verdict)",
                    "    if isinstance(verdict, Approved):\n"
                    "        verdict = msgspec.structs.replace(\n"
                    "            verdict, permit=ticket.permit\n"
                    "        )\n"
                    "        reprice(turn, ticket.climb(verdict, turn.at), verdict)",
                ),
            ),
        ),
        "approval-used-twice": Bug(
            "What a person allowed once is allowed from then on.",
            frozenset({"V9"}),
            (
                Edit(
                    "engine/orders.py",
                    "    if turn.state.mode == LIVE:\n"
                    "        proposals.propose(turn, verdict, ladder)\n"
                    "        return None\n",
                    "    words = [t.consent for t in turn.state.tickets.values()]\n"
                    "    given = [word for word in words if word is not None]\n"
                    "    if turn.state.mode == LIVE and not given:\n"
                    "        proposals.propose(turn, verdict, ladder)\n"
                    "        return None\n"
                    "    if given:\n"
                    "        verdict = msgspec.structs.replace(\n"
                    "            verdict, consent=given[-1]\n"
                    "        )\n",
                ),
            ),
        ),
    }
)


def planted(name: str, root: Path, copy: Path) -> None:
    """Make a copy of the package with a bug at `copy`.

    Raises:
        ValueError: The words of an edit are not in the source exactly once.
    """
    shutil.copytree(root / PACKAGE, copy / PACKAGE)
    for edit in BUGS[name].edits:
        path = copy / PACKAGE / edit.file
        source = path.read_text(encoding="utf-8")
        if source.count(edit.old) != 1:
            times = source.count(edit.old)
            raise ValueError(f"bug {name}: {edit.file} has its words {times} times")
        path.write_text(source.replace(edit.old, edit.new), encoding="utf-8")
