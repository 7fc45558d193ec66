"""The alert outbox: which alert has still to reach which channel.

Rows are made in the same transaction as the alert's record, so that an alert which
was raised and a delivery which is owed survive or vanish together.
"""

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from alvh_trader.engine.command import RaiseAlert
from alvh_trader.journal.codec import decode

Write = Callable[[str, Sequence[object]], None]
Read = Callable[[str, Sequence[object]], list[Any]]


class Deliveries:
    """What `alerts.outbox` needs of the journal. Part of the one writer."""

    def __init__(self, write: Write, read: Read, commit: Callable[[], None]) -> None:
        self._write = write
        self._read = read
        self._commit = commit

    def owe(self, seq: int, channels: Sequence[str]) -> None:
        """Note, in the running transaction, that alert `seq` is owed to `channels`."""
        for channel in channels:
            self._write(
                "INSERT INTO deliveries (seq, channel) VALUES (?, ?)", (seq, channel)
            )

    def adopt(self, channels: Sequence[str]) -> None:
        """Owe what removed channels were still owed to the ones there are now.

        A channel that an alert already reached does not get it twice. Without any
        channel everything stays as it is, until there is one.
        """
        if not channels:
            return
        left: list[tuple[int, str]] = [
            (seq, channel)
            for seq, channel in self._read(
                "SELECT seq, channel FROM deliveries WHERE state = 'pending'", ()
            )
            if channel not in channels
        ]
        for seq, gone in left:
            for channel in channels:
                self._write(
                    "INSERT INTO deliveries (seq, channel) VALUES (?, ?) "
                    "ON CONFLICT DO NOTHING",
                    (seq, channel),
                )
            self._mark("retired", (seq,), gone)
        if left:
            self._commit()

    def owed(self, after: int = 0) -> list[tuple[int, datetime, RaiseAlert, list[str]]]:
        """Return number, time, alert and owed channels of each alert behind `after`."""
        rows = self._read(
            "SELECT d.seq, r.at, r.body, json_group_array(d.channel) "
            "FROM deliveries d JOIN records r USING (seq) "
            "WHERE d.state = 'pending' AND d.seq > ? GROUP BY d.seq ORDER BY d.seq",
            (after,),
        )
        return [
            (seq, datetime.fromisoformat(at), _alert(seq, body), _names(channels))
            for seq, at, body, channels in rows
        ]

    def unheard_since(self) -> datetime | None:
        """Return of when the oldest alert is that no channel has taken yet, or None."""
        rows = self._read(
            "SELECT r.at FROM deliveries d JOIN records r USING (seq) GROUP BY d.seq "
            "HAVING max(d.state = 'pending') "
            "AND NOT max(d.state IN ('delivered', 'merged')) ORDER BY d.seq LIMIT 1",
            (),
        )
        return datetime.fromisoformat(rows[0][0]) if rows else None

    def delivered(self, seqs: Sequence[int], channel: str) -> None:
        """Note durably that `channel` took a message which stands for all `seqs`.

        The message was that of the last; the others were merged into it.
        """
        self._mark("merged", seqs[:-1], channel)
        self._mark("delivered", seqs[-1:], channel)
        self._commit()

    def failed(self, seqs: Sequence[int], channel: str, error: str) -> None:
        """Note an attempt that failed, and why; durable with the next commit."""
        for seq in seqs:
            self._write(
                "UPDATE deliveries SET attempts = attempts + 1, error = ? "
                "WHERE seq = ? AND channel = ? AND state = 'pending'",
                (error, seq, channel),
            )

    def _mark(self, state: str, seqs: Sequence[int], channel: str) -> None:
        tried = int(state == "delivered")
        for seq in seqs:
            self._write(
                "UPDATE deliveries SET state = ?, attempts = attempts + ? "
                "WHERE seq = ? AND channel = ? AND state = 'pending'",
                (state, tried, seq, channel),
            )


def _alert(seq: int, body: bytes) -> RaiseAlert:
    alert = decode(body, seq=seq)
    if not isinstance(alert, RaiseAlert):
        # The file's fault, not a caller's: a ValueError, as for every damaged row.
        raise ValueError(f"record {seq} is owed to a channel and is no alert")  # noqa: TRY004  # see above
    return alert


def _names(array: str) -> list[str]:
    names: list[str] = json.loads(array)
    return names
