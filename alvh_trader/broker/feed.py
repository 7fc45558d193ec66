"""Market data streams: subscribe the difference, conflate, and keep quotes honest.

Freshness. A stream sends changes only, so silence means "as before" exactly as long
as the pipe it comes through is alive. A quote carries the time of the pulse in which
it last changed; when it did not change for `refresh` seconds of market time it is
given out again with a new time, provided that

* it is not SPX, or SPX changed with the pulse before: the index is recalculated
  every second, so one pulse without a change is chance and two are news (nor is the
  price that it begins with, asked for anew, one if it is the price of before),
* data are live (type 1), the stream was not refused, the instrument is not halted,
* no market data farm is reported down and the broker's own link is up,
* and another stream of the same kind (index, or option and future) did change within
  the last `ALIVE`: the proof that the pipe works.

If the proof fails quotes keep their old time and grow stale, which is what they are.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from alvh_trader.broker.faults import (
    NO_LINES,
    NO_SUCH_INSTRUMENT,
    OTHER_SESSION,
    Fault,
)
from alvh_trader.broker.library import Wire
from alvh_trader.broker.pace import Pace
from alvh_trader.broker.stream import LAST, Stream
from alvh_trader.broker.translate import contract_of
from alvh_trader.domain.connection import Trouble
from alvh_trader.domain.instrument import Instrument, Other
from alvh_trader.domain.market import Breadth, Quote
from alvh_trader.engine.command import Watch

LINES_MAX = 95
"""The broker allows 100, and those of its own screens count too."""

ALIVE = timedelta(seconds=30)

PULSE_MAX = timedelta(seconds=60)
"""The longest way between two pulses: seconds by our clock, a step of a replay's."""

_log = structlog.get_logger(__name__)


class Feed:
    """The streams wanted, over all sessions, and those that run in this one."""

    def __init__(
        self,
        pace: Pace,
        take_id: Callable[[], int],
        *,
        refresh: float,
        delayed: bool,
        on_unknown: Callable[[Instrument, str], None],
    ) -> None:
        self._pace = pace
        self._take_id = take_id
        self._refresh = timedelta(seconds=refresh)
        self._delayed = delayed
        self._on_unknown = on_unknown
        self._unknown: set[int] = set()
        self._wanted: dict[int, Instrument] = {}
        self._streams: dict[int, Stream] = {}
        self._by_request: dict[str, Stream] = {}
        self._changed: list[Stream] = []
        self._client: Wire | None = None
        self._farms_down: set[str] = set()
        self._link_is_up = True
        self._proof: dict[bool, datetime] = {}
        self._refreshed: datetime | None = None
        self._last_pulse: datetime | None = None
        self.troubles: tuple[Trouble, ...] = ()
        """What all streams suffered from when it was last looked at."""

    # -------------------------------------------------------- subscriptions ---

    def watch(self, command: Watch) -> None:
        """Stream exactly these; those over the line budget are left out and logged.

        Asked to do so anew, make every subscription again (`restart`).
        """
        known = [i for i in command.instruments if not isinstance(i, Other)]
        if len(known) > LINES_MAX:
            _log.warning("feed.too_many_lines", asked=len(known), max=LINES_MAX)
        self._wanted = {i.con_id: i for i in known[:LINES_MAX]}
        if self._client is not None and command.anew:
            self.restart()
        elif self._client is not None:
            for con_id in [c for c in self._streams if c not in self._wanted]:
                self._unsubscribe(con_id)
            for con_id in [c for c in self._wanted if c not in self._streams]:
                self._subscribe(self._wanted[con_id])

    def start(self, client: Wire) -> None:
        """A session began: stream what is wanted.

        What it said of farms before this was said of this session, and stands.
        """
        self._client = client
        for instrument in self._wanted.values():
            self._subscribe(instrument)

    def stop(self) -> None:
        """The session is gone, and every stream with it."""
        self._client = None
        self._streams.clear()
        self._by_request.clear()
        self._changed.clear()
        self._farms_down.clear()
        self._unknown.clear()
        self._link_is_up = True
        self.troubles = ()
        self._distrust()

    def restart(self) -> None:
        """Make every subscription again: the broker lost them, or may have."""
        before = self._streams.copy()
        for con_id in before:
            self._unsubscribe(con_id)
        self._distrust()
        for con_id, instrument in self._wanted.items():
            after = self._subscribe(instrument)
            if after.is_restless and con_id in before:
                said = before[con_id]
                after.before = said.before or said.values[LAST]

    def _subscribe(self, instrument: Instrument) -> Stream:
        request_id = self._take_id()
        stream = Stream(instrument, request_id)
        self._streams[instrument.con_id] = stream
        self._by_request[str(request_id)] = stream
        contract = contract_of(instrument)
        self._send(
            lambda client: client.reqMktData(request_id, contract, "", False, False, [])
        )
        return stream

    def _unsubscribe(self, con_id: int) -> None:
        request_id = self._streams.pop(con_id).request_id
        del self._by_request[str(request_id)]
        self._send(lambda client: client.cancelMktData(request_id))

    def _send(self, request: Callable[[Wire], None]) -> None:
        client = self._client
        assert client is not None
        loop = asyncio.get_running_loop()
        delay = self._pace.reserve(loop.time())
        if delay == 0:
            request(client)
        else:
            loop.call_later(delay, self._send_later, client, request)

    def _send_later(self, client: Wire, request: Callable[[Wire], None]) -> None:
        if client is self._client:
            request(client)

    # -------------------------------------------------------------- hearing ---

    def on_price(self, fields: list[str]) -> None:
        """Take message 1: `1 version id type price size attributes`."""
        stream = self._by_request.get(fields[2])
        if stream is not None and not stream.is_repeated(fields[3], fields[4]):
            if not stream.is_changed:
                stream.is_changed = True
                self._changed.append(stream)
            stream.take_price(fields[3], fields[4], fields[5])

    def on_size(self, fields: list[str]) -> None:
        """Take message 2: `2 version id type size`."""
        stream = self._by_request.get(fields[2])
        if stream is not None:
            if not stream.is_changed:
                stream.is_changed = True
                self._changed.append(stream)
            stream.take_size(fields[3], fields[4])

    def on_generic(self, fields: list[str]) -> None:
        """Take message 45: `45 version id type value`; only a halt matters."""
        stream = self._by_request.get(fields[2])
        if stream is not None and fields[3] == "49":
            stream.is_halted = float(fields[4]) > 0
            self._mark(stream)

    def on_data_type(self, request_id: int, data_type: int) -> None:
        """Live (1), frozen (2), delayed (3) or both (4)."""
        stream = self._by_request.get(str(request_id))
        if stream is not None:
            stream.is_live = data_type == 1 or self._delayed
            self._mark(stream)

    def on_error(self, request_id: int, fault: Fault, code: int, text: str) -> bool:
        """Take an error that names a request; return whether it was a stream's."""
        stream = self._by_request.get(str(request_id))
        if stream is None:
            return False
        if fault is not Fault.NOTICE:
            _log.warning(
                "feed.refused", con_id=stream.instrument.con_id, code=code, text=text
            )
            stream.refuse(code)
            self._mark(stream)
            self._tell_unknown(stream.instrument, code, text)
        return True

    def _tell_unknown(self, instrument: Instrument, code: int, text: str) -> None:
        """Tell once a session of a contract that the broker does not know (F98)."""
        if code == NO_SUCH_INSTRUMENT and instrument.con_id not in self._unknown:
            self._unknown.add(instrument.con_id)
            self._on_unknown(instrument, text)

    def on_farm(self, text: str, *, is_up: bool) -> None:
        """A data farm went (`Market data farm connection is broken:usopt`) or came."""
        farm = text.rpartition(":")[2].strip()
        if not is_up:
            self._farms_down.add(farm)
            self._distrust()
        elif farm in self._farms_down:
            # A stream that does not resume by itself would be silent for ever.
            self._farms_down.discard(farm)
            if not self._farms_down and self._client is not None:
                self.restart()

    def on_link(self, *, is_up: bool) -> None:
        """The broker's own link was lost or is back: nothing is proven any more."""
        self._link_is_up = is_up
        self._distrust()

    # -------------------------------------------------------------- telling ---

    def collect(self, at: datetime) -> tuple[dict[int, Quote], Breadth | None]:
        """Return what changed since the last call, and what must be said again."""
        quotes: dict[int, Quote] = {}
        breadth: Breadth | None = None
        for stream in self._changed:
            stream.is_changed = False
            if stream.has_ticked:
                stream.has_ticked = False
                stream.heard = at
                self._proof[stream.is_index] = at
            stream.told = at
            if stream.is_breadth:
                breadth = stream.breadth(at)
            else:
                quotes[stream.instrument.con_id] = stream.quote(at)
        self._changed.clear()
        if self._refreshed is None or at - self._refreshed >= self._refresh / 4:
            self._refreshed = at
            self._note_troubles()
            self._ask_again(at)
            breadth = self._say_again(at, quotes) or breadth
        self._last_pulse = at
        return quotes, breadth

    def _note_troubles(self) -> None:
        streams = self._streams.values()
        refusals = {stream.refusal for stream in streams}
        # One contract may be halted for a reason of its own; most of them may not.
        halted = sum(stream.is_halted for stream in streams)
        found = {
            Trouble.FARM_DOWN: bool(self._farms_down),
            Trouble.OTHER_SESSION: OTHER_SESSION in refusals,
            Trouble.NO_LINES: NO_LINES in refusals,
            Trouble.HALTED: 2 * halted > len(self._streams),
        }
        self.troubles = tuple(trouble for trouble, is_so in found.items() if is_so)

    def _ask_again(self, at: datetime) -> None:
        """Ask again for streams that were refused: the reason may have gone."""
        due = [con_id for con_id, it in self._streams.items() if it.is_due(at)]
        if self._client is None:
            return
        for con_id in due:
            before = self._streams[con_id]
            self._unsubscribe(con_id)
            after = self._subscribe(before.instrument)
            # Until it says something it is as it was.
            after.refusal, after.pause = before.refusal, before.pause
            after.ask_again = before.ask_again

    def _say_again(self, at: datetime, quotes: dict[int, Quote]) -> Breadth | None:
        breadth: Breadth | None = None
        if self._farms_down or not self._link_is_up:
            return None
        alive = {kind for kind, seen in self._proof.items() if at - seen <= ALIVE}
        for stream in self._streams.values():
            if (
                stream.told is not None
                and at - stream.told >= self._refresh
                and stream.is_index in alive
                and stream.is_usable
                and (not stream.is_restless or self._was_heard_just_now(stream, at))
            ):
                stream.told = at
                if stream.is_breadth:
                    breadth = stream.breadth(at)
                else:
                    quotes[stream.instrument.con_id] = stream.quote(at)
        return breadth

    def _was_heard_just_now(self, stream: Stream, at: datetime) -> bool:
        return stream.heard == self._last_pulse and (
            stream.heard is not None and at - stream.heard <= PULSE_MAX
        )

    def _mark(self, stream: Stream) -> None:
        if not stream.is_changed:
            stream.is_changed = True
            self._changed.append(stream)

    def _distrust(self) -> None:
        self._proof.clear()
        self._refreshed = None
