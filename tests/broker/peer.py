"""A scripted TWS on loopback: it speaks frames, answers as told, and misbehaves.

It shares no code with the product. By default every question gets an honest answer
from the lists below; a test empties or mutes what it is about (`peer.mute("61")`) or
replaces one answer (`peer.on["3"] = ...`).
"""

import asyncio
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

UNSET = "1.7976931348623157E308"
UNSET_INT = "2147483647"
ACCOUNT = "DU1234567"
TIME = 1_517_841_000  # 2018-02-05 14:30:00 UTC

Fields = list[str]
Answer = Callable[[Fields], None]


def frame(*fields: str) -> bytes:
    body = "".join(f"{text}\0" for text in fields).encode()
    return struct.pack(">I", len(body)) + body


@dataclass
class Ticket:
    """A placeOrder message, read by position."""

    order_id: int
    con_id: int
    symbol: str
    sec_type: str
    trading_class: str
    action: str
    quantity: str
    order_type: str
    limit: str
    tif: str
    account: str
    ref: str
    transmit: str
    outside_rth: str
    legs: list[tuple[int, int, str, str]]
    is_what_if: bool


def read_ticket(fields: Fields) -> Ticket:
    legs = []
    shift = 0
    if fields[4] == "BAG":
        count = int(fields[35])
        for i in range(count):
            con_id, ratio, action, exchange = fields[36 + 8 * i : 40 + 8 * i]
            legs.append((int(con_id), int(ratio), action, exchange))
        shift = 3 + 8 * count
    return Ticket(
        order_id=int(fields[1]),
        con_id=int(fields[2]),
        symbol=fields[3],
        sec_type=fields[4],
        trading_class=fields[13],
        action=fields[16],
        quantity=fields[17],
        order_type=fields[18],
        limit=fields[19],
        tif=fields[21],
        account=fields[23],
        ref=fields[26],
        transmit=fields[27],
        outside_rth=fields[33],
        legs=legs,
        is_what_if=fields[85 + shift] == "1",
    )


def details(
    con_id: int,
    symbol: str,
    sec_type: str,
    *,
    last_trade: str = "",
    expiry: str = "",
    strike: str = "0",
    right: str = "",
    multiplier: str = "",
    exchange: str = "SMART",
    trading_class: str = "",
) -> Fields:
    """Return contract details without their message and request ids."""
    return [
        *(symbol, sec_type, last_trade, strike, right, exchange, "USD", symbol),
        *("", trading_class, str(con_id), "0.05", multiplier, "LMT", exchange),
        *("1", "0", symbol, "", "", "", "", "", "US/Eastern", "", "", "", "", "0"),
        *("1", "", "", "1", expiry, "", "1", "1", "1"),
    ]


def option(
    con_id: int,
    strike: float = 2500.0,
    right: str = "P",
    *,
    symbol: str = "SPX",
    trading_class: str = "SPXW",
    last_trade: str = "20180316",
    expiry: str = "",
    multiplier: str = "100",
) -> Fields:
    return details(
        *(con_id, symbol, "OPT"),
        last_trade=last_trade,
        expiry=expiry or last_trade,
        strike=str(strike),
        right=right,
        multiplier=multiplier,
        trading_class=trading_class,
    )


def open_order(
    order_id: int,
    perm_id: int,
    status: str,
    *,
    ref: str = "T1",
    client_id: int = 17,
    action: str = "BUY",
    quantity: str = "2",
    limit: str = "1.5",
    tif: str = "DAY",
    con_id: int = 111,
    sec_type: str = "OPT",
    legs: list[tuple[int, int, str, str]] | None = None,
    what_if: bool = False,
    margins: tuple[str, str] = (UNSET, UNSET),
) -> Fields:
    """Return message 5 at version 176 for a limit order on an option or combo."""
    change, after = margins
    leg_fields = [
        text
        for leg in legs or []
        for text in (*(str(part) for part in leg), "0", "0", "", "-1")
    ]
    return [
        *("5", str(order_id), str(con_id), "VIX", sec_type, "20180214", "20", "C"),
        *("100", "SMART", "USD", "", "VIX", action, quantity, "LMT"),
        *(limit, "0.0", tif, "", ACCOUNT, "", "0", ref, str(client_id)),
        *(str(perm_id), "0", "0", "0", "", f"{perm_id}.0/{ACCOUNT}/100", "", "", ""),
        *("", "", "", "", "0", "", "0", "", "-1", "0", "", "", "", "", ""),
        *(UNSET_INT, "0", "0", "0", "", "3", "0", "0", "", "0", "0", "", "0"),
        *("None", "", "0", "", "", "", "?", "0", "0", ""),
        *("0", "", "", "", "", "", ""),
        *(str(len(legs or [])), *leg_fields, "0", "0"),
        *(UNSET_INT, UNSET_INT, "", "", "0", "", "IB", "0", "0", "", "0"),
        *("1" if what_if else "0", status, UNSET, UNSET, UNSET, change, UNSET),
        *(UNSET, after, UNSET, UNSET, "", "", "", "", "", "0", "0", "0"),
        *("None", UNSET, "2.5", UNSET, UNSET, UNSET, UNSET, "0", "", "", "", "0"),
        *("1", "0", "0", "0", "", UNSET_INT, "0", "", "", "", "", ""),
    ]


def order_status(
    order_id: int,
    perm_id: int,
    status: str,
    *,
    filled: int = 0,
    remaining: int = 2,
    client_id: int = 17,
) -> Fields:
    return [
        *("3", str(order_id), status, str(filled), str(remaining), "0"),
        *(str(perm_id), "0", "0", str(client_id), "", "0"),
    ]


def execution(
    exec_id: str,
    *,
    request_id: int = -1,
    order_id: int = 1,
    perm_id: int = 9001,
    con_id: int = 111,
    sec_type: str = "OPT",
    side: str = "BOT",
    quantity: int = 1,
    price: str = "1.5",
    ref: str = "T1",
    client_id: int = 17,
    account: str = ACCOUNT,
    time: str = "20180205-14:31:07",
) -> Fields:
    return [
        *("11", str(request_id), str(order_id), str(con_id), "VIX", sec_type),
        *("20180214", "20.0", "C", "100", "SMART", "USD", "", "VIX", exec_id, time),
        *(account, "CBOE", side, str(quantity), price, str(perm_id)),
        *(str(client_id), "0", str(quantity), price, ref, "", "", "", "1"),
    ]


def completed_order(perm_id: int, status: str, *, ref: str, filled: str) -> Fields:
    """Return message 101 at version 176."""
    return [
        *("101", "111", "VIX", "OPT", "20180214", "20", "C", "100", "SMART", "USD"),
        *("", "VIX", "BUY", "2", "LMT", "1.5", "0.0", "DAY", "", ACCOUNT, "", "0"),
        *(ref, str(perm_id), "0", "0", "0", "", "", "", "", "", "", "", "", ""),
        *("", "0", "", "-1", "", "", "", "", "", UNSET_INT, "0", "0", "", "3", "0"),
        *("", "0", "None", "", "0", "0", "0", ""),
        *("0", "", "", "", "", "0", "0", "0", UNSET_INT, UNSET_INT, "", ""),
        *("", "IB", "0", "0", "", "0", status, "0", "0", "0"),
        *(UNSET, "", "0", "1", "0", "", filled, "0", "0", "", "0", "0"),
        *("9223372036854775807", "20180205 10:00:00 US/Eastern", status),
        *("", UNSET_INT, "", "", ""),
    ]


def commission(exec_id: str, amount: str = "1.31") -> Fields:
    return ["59", "1", exec_id, amount, "USD", UNSET, "", ""]


def position(con_id: int, quantity: int, *, sec_type: str = "OPT") -> Fields:
    return [
        *("61", "3", ACCOUNT, str(con_id), "SPX", sec_type, "20180316", "2500.0"),
        *("P", "100", "", "USD", "", "SPXW", str(quantity), "812.5"),
    ]


@dataclass
class Peer:
    """The server. `received` holds the fields of every message, in order."""

    version: str = "176"
    accounts: str = ACCOUNT
    next_id: int = 1
    time: int = TIME
    instruments: list[Fields] = field(
        default_factory=lambda: [
            details(416904, "SPX", "IND", exchange="CBOE"),
            details(13455763, "VIX", "IND", exchange="CBOE"),
            details(26718743, "AD-NYSE", "IND", exchange="NYSE"),
        ]
    )
    series: list[Fields] = field(default_factory=list)
    bars: list[Fields] = field(default_factory=list)
    open_orders: list[Fields] = field(default_factory=list)
    completed: list[Fields] = field(default_factory=list)
    executions: list[Fields] = field(default_factory=list)
    commissions: list[Fields] = field(default_factory=list)
    positions: list[Fields] = field(default_factory=list)
    account: dict[str, str] = field(
        default_factory=lambda: {
            "NetLiquidation": "500000.00",
            "AvailableFunds": "400000.00",
            "InitMarginReq": "100000.00",
            "TotalCashValue": "450000.00",
        }
    )
    greets: bool = True
    received: list[Fields] = field(default_factory=list)
    connections: int = 0

    def __post_init__(self) -> None:
        self.on: dict[str, Answer] = {
            "71": self._start_api,
            "49": lambda _: self.send("49", "1", str(self.time)),
            "9": self._details,
            "78": self._series,
            "20": self._bars,
            "16": self._open_orders,
            "99": lambda _: self._all(self.completed, ["102"]),
            "7": self._executions,
            "61": lambda _: self._all(self.positions, ["62", "1"]),
            "62": self._account,
            "1": lambda fields: self.send("58", "1", fields[2], "1"),
            "3": self._place,
        }

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.close()
        self.drop()
        await asyncio.sleep(0.01)

    # ---------------------------------------------------------------- tools ---

    def send(self, *fields: str) -> None:
        """Send one message to the newest connection."""
        self.send_bytes(frame(*fields))

    def send_bytes(self, data: bytes) -> None:
        self._writer.write(data)

    def error(self, request_id: int | str, code: int, text: str = "text") -> None:
        self.send("4", "2", str(request_id), str(code), text, "")

    def drop(self) -> None:
        """Cut the connection."""
        if self.connections:
            self._writer.close()

    def mute(self, *message_ids: str) -> None:
        """Never answer these."""
        for message_id in message_ids:
            self.on.pop(message_id, None)

    def got(self, message_id: str) -> list[Fields]:
        """Return the messages of one kind received so far."""
        return [fields for fields in self.received if fields[0] == message_id]

    def tickets(self) -> list[Ticket]:
        return [read_ticket(fields) for fields in self.got("3")]

    # -------------------------------------------------------------- serving ---

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._writer = writer
        self.connections += 1
        try:
            await reader.readexactly(4)
            await self._frame(reader)
            if self.greets:
                self.send(self.version, "20180205 09:30:00 EST")
            while True:
                fields = (await self._frame(reader)).decode().split("\0")[:-1]
                self.received.append(fields)
                answer = self.on.get(fields[0])
                if answer is not None:
                    answer(fields)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    @staticmethod
    async def _frame(reader: asyncio.StreamReader) -> bytes:
        (length,) = struct.unpack(">I", await reader.readexactly(4))
        return await reader.readexactly(length)

    # -------------------------------------------------------------- answers ---

    def _all(self, rows: list[Fields], end: Fields) -> None:
        for row in rows:
            self.send(*row)
        self.send(*end)

    def _start_api(self, _: Fields) -> None:
        self.send("15", "1", self.accounts)
        self.send("9", "1", str(self.next_id))

    def _details(self, fields: Fields) -> None:
        request_id, con_id, symbol, sec_type, last_trade = fields[2:7]
        trading_class = fields[14]
        rows = [
            row
            for row in self.instruments
            if con_id in {"0", row[10]}
            and symbol in {"", row[0]}
            and sec_type in {"", row[1]}
            and last_trade in {"", row[2]}
            and trading_class in {"", row[9]}
        ]
        if not rows:
            self.error(request_id, 200, "No security definition has been found")
            return
        for row in rows:
            self.send("10", request_id, *row)
        self.send("52", "1", request_id)

    def _series(self, fields: Fields) -> None:
        for row in self.series:
            self.send("75", fields[1], *row)
        self.send("76", fields[1])

    def _bars(self, fields: Fields) -> None:
        rows = [text for bar in self.bars for text in bar]
        self.send("17", fields[1], "", "", str(len(self.bars)), *rows)

    def _open_orders(self, _: Fields) -> None:
        self._all(self.open_orders, ["53", "1"])

    def _executions(self, fields: Fields) -> None:
        for row in self.executions:
            self.send(row[0], fields[2], *row[2:])
        for row in self.commissions:
            self.send(*row)
        self.send("55", "1", fields[2])

    def _account(self, fields: Fields) -> None:
        for tag, value in self.account.items():
            self.send("63", "1", fields[2], self.accounts, tag, value, "USD")
        self.send("64", "1", fields[2])

    def _place(self, fields: Fields) -> None:
        ticket = read_ticket(fields)
        if ticket.is_what_if:
            self.send(
                *open_order(
                    *(ticket.order_id, 0, "PreSubmitted"),
                    what_if=True,
                    margins=("1250.5", "101250.5"),
                )
            )
            return
        perm_id = 9000 + ticket.order_id
        self.send(
            *open_order(
                *(ticket.order_id, perm_id, "Submitted"),
                ref=ticket.ref,
                action=ticket.action,
                quantity=ticket.quantity,
                limit=ticket.limit,
                con_id=ticket.con_id,
                sec_type=ticket.sec_type,
                legs=ticket.legs,
            )
        )
        self.send(*order_status(ticket.order_id, perm_id, "Submitted"))
