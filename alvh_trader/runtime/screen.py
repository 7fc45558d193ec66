"""The output of a demo: a transcript as it happens, and a summary at its end.

Answers go to standard output, as text or as JSON lines; progress goes to standard
error, as one moving line on a terminal and as a line now and then elsewhere.
"""

import shlex
import sys
from collections.abc import Iterable

from alvh_trader.domain.calendar import NEW_YORK
from alvh_trader.engine.event import BrokerReported
from alvh_trader.journal.records import Record
from alvh_trader.runtime import transcript
from alvh_trader.runtime.demo import Demo, Summary
from alvh_trader.runtime.fold import Fold
from alvh_trader.runtime.show import emit, row_of

PROGRESS_EVERY = 10
"""Sessions between two lines of progress where there is no terminal."""

LEGEND = """\
A paper gateway replays the market of {scenario} (seed {seed}) over a TCP socket; the
daemon watches the account there and trades it by itself. Below is its journal.

  2018-02-05 09:35:00  fact          what happened, New York time, at the margin
                       yes/no        a test: what was found, and what was asked for
                     order           what the daemon asked of the gateway, indented
"""


class Screen:
    """Shows the journal of a demo record by record."""

    def __init__(self, demo: Demo, *, as_json: bool) -> None:
        self._demo = demo
        self._as_json = as_json
        self._fold = Fold()
        self._names = transcript.Names()
        self._is_legend_shown = self._is_account_shown = False
        self._day = ""
        self._sessions = 0
        self._is_terminal = sys.stderr.isatty()

    def show(self, record: Record) -> None:
        """Show one record, if it is worth a line."""
        self._progress(record)
        lines = list(transcript.lines(record.at, record.body, self._names))
        if self._as_json:
            if lines:
                emit(row_of(record))
            return
        if not self._is_legend_shown:
            self._is_legend_shown = True
            words = LEGEND.format(scenario=self._demo.scenario, seed=self._demo.seed)
            _write(words.splitlines())
        if isinstance(record.body, BrokerReported) and not self._is_account_shown:
            self._is_account_shown = True
            lines = list(transcript.account(record.at, record.body))
        _write(self._fold.feed(record, lines))

    def close_with(self, summary: Summary) -> None:
        """Show what came of it."""
        if self._is_terminal:
            sys.stderr.write("\r\033[K")
        if self._as_json:
            emit(summary.row())
        else:
            _write(self._fold.close())
            _write(_closing_words(self._demo, summary))
        sys.stdout.flush()

    def _progress(self, record: Record) -> None:
        if transcript.is_before_time(record.at):
            return
        day = f"{record.at.astimezone(NEW_YORK):%Y-%m-%d}"
        if day == self._day:
            return
        self._day, self._sessions = day, self._sessions + 1
        if self._is_terminal:
            sys.stderr.write(f"\r\033[Ksimulating {day}")
        elif self._sessions % PROGRESS_EVERY == 0:
            sys.stderr.write(f"{self._sessions} sessions, {day}\n")
        sys.stderr.flush()


def _write(lines: Iterable[str]) -> None:
    text = "".join(f"{line}\n" for line in lines)
    if text:
        sys.stdout.write(text)
        sys.stdout.flush()


def _closing_words(demo: Demo, summary: Summary) -> list[str]:
    rate = 60 * summary.sessions / max(summary.seconds, 0.001)
    tally = summary.tally
    time = f"{summary.sessions} sessions in {summary.seconds:.1f} s"
    words = [
        "",
        f"{demo.scenario}, seed {demo.seed}: {time} ({rate:.0f} sessions a minute)",
        f"  hedge orders {tally.hedge_orders}, fills {tally.hedge_fills}",
        *(
            [f"  opening orders {tally.open_orders}, fills {tally.open_fills}"]
            if tally.open_orders
            else []
        ),
        f"  roll orders {tally.roll_orders}, fills {tally.roll_fills}",
        f"  unhedged rolls {tally.unhedged_rolls}, alerts {summary.alerts}",
    ]
    for case in summary.cases:
        edr = case["edr"]
        reading = "" if edr is None else f", EDR {edr:.4f} %"
        words.append(f"  case {case['case']}: {case['state']}{reading}")
    if not summary.is_good:
        words.append(f"  NOT GOOD: {summary.why_not}")
    journal = shlex.quote(str(demo.journal))
    words.append(f"  journal {journal}, what reached the gateway {demo.audit}")
    words += [
        f"  its reasons: alvh-trader explain {c['case']} --history --journal {journal}"
        for c in summary.cases
    ]
    return words
