"""Measure what the paper gateway serves, beside what a client library can decode.

Two thousand options are streamed in lockstep by a gateway that is a process of its own:
first to ib_insync on the other core, which then decodes the same bytes once more by
itself, and after that to a reader that decodes nothing, for the rest of the day. Rates
are by processor time, so that other work on the machine does not count.
"""

import asyncio
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, Self

import ib_insync

from alvh_trader.wire import codec
from alvh_trader.wire.contract import ContractSpec
from alvh_trader.wire.frame import FrameReader
from alvh_trader.wire.handshake import VERSION_MIN, Hello, write_hello
from alvh_trader.wire.market_request import RequestMarketData
from alvh_trader.wire.request import RequestCurrentTime, StartApi
from tests.programs import gateway

LINES = 2_000
STEPS = 60
"""Steps of the clock, of twenty seconds each, that are served to the library."""

DAY_STEPS = 1_150
"""So many more are left of the regular session after those, less a few."""

SCENE = ("--scenario", "volmageddon-2018", "--since", "2018-02-06", "--speed", "max")
EXPIRIES = 8
VERSION = 176
SECONDS = 60.0

Seconds = Callable[[], float]


class Cost(NamedTuple):
    """Messages, and the processor seconds that the gateway and the client spent."""

    messages: int
    gateway: float
    client: float
    wall: float


class Report(NamedTuple):
    """All that is measured.

    `decoding` is what the library alone spends on what `library` was served.
    `memory_mb` is the gateway's: at first, with all lines, after the day, at most.
    """

    library: Cost
    decoding: float
    reader: Cost
    memory_mb: tuple[float, float, float, float]


def measure(folder: Path, cpu_seconds: Callable[[int], float]) -> Report:
    """Serve and decode; `cpu_seconds` tells what a process has spent so far."""
    settings = folder / "api.toml"
    settings.write_text(f"market_data_lines = {LINES}\n")
    with gateway(*SCENE, "--api-settings", settings, cwd=folder) as (it, port):
        pid = it.process.pid
        first, _ = _memory_mb(pid)
        con_ids, library, decoding = asyncio.run(
            _to_library(port, lambda: cpu_seconds(pid))
        )
        with Reader(port) as reader:
            reader.subscribe(con_ids)
            reader.step()
            lined, _ = _memory_mb(pid)
            cost = _day(reader, lambda: cpu_seconds(pid))
        last, most = _memory_mb(pid)
    return Report(library, decoding, cost, (first, lined, last, most))


def _memory_mb(pid: int) -> tuple[float, float]:
    """Return what a process has in memory, and the most that it ever had."""
    rows = Path(f"/proc/{pid}/status").read_text().splitlines()
    found = dict(row.split(":", 1) for row in rows)
    now, most = (int(found[name].split()[0]) / 1e3 for name in ("VmRSS", "VmHWM"))
    return now, most


# ------------------------------------------------------------------- ib_insync ---


async def _to_library(port: int, gateway_s: Seconds) -> tuple[list[int], Cost, float]:
    """Stream to ib_insync; return the contracts, the cost, and decoding by itself."""
    ib = ib_insync.IB()
    # In lockstep nobody has to be slow.
    ib.client.MaxRequests = 0
    await ib.connectAsync("127.0.0.1", port, clientId=1)
    contracts = await _options(ib)
    for contract in contracts:
        ib.reqMktData(contract)
    await ib.reqCurrentTimeAsync()
    chunks: list[bytes] = []
    arrival = ib.client.conn.hasData
    arrival += chunks.append
    began = gateway_s(), time.process_time(), time.perf_counter()
    before = ib.client.connectionStats().numMsgRecv
    for _ in range(STEPS):
        await ib.reqCurrentTimeAsync()
    messages = ib.client.connectionStats().numMsgRecv - before
    ended = gateway_s(), time.process_time(), time.perf_counter()
    arrival.disconnect(chunks.append)
    cost = Cost(messages, *(e - b for b, e in zip(began, ended, strict=True)))
    again = time.process_time()
    for chunk in tuple(chunks):
        arrival.emit(chunk)
    decoding = time.process_time() - again
    ib.disconnect()
    return [contract.conId for contract in contracts], cost, decoding


async def _options(ib: ib_insync.IB) -> list[ib_insync.Contract]:
    """Return the options nearest to the money of the next expiries."""
    spx = ib_insync.Index("SPX", "CBOE", "USD")
    await ib.qualifyContractsAsync(spx)
    chains = await ib.reqSecDefOptParamsAsync("SPX", "", "IND", spx.conId)
    weekly = ("SPXW", "SMART")
    chain = next(it for it in chains if (it.tradingClass, it.exchange) == weekly)
    (ticker,) = await ib.reqTickersAsync(spx)
    level = ticker.marketPrice()
    found: list[ib_insync.Contract] = []
    for expiry in sorted(chain.expirations)[1 : EXPIRIES + 1]:
        series = ib_insync.Option("SPX", expiry, exchange="SMART", tradingClass="SPXW")
        details = await ib.reqContractDetailsAsync(series)
        found += [it.contract for it in details if it.contract is not None]
    found.sort(key=lambda it: abs(it.strike - level))
    assert len(found) >= LINES, f"only {len(found)} options"
    return found[:LINES]


# ---------------------------------------------------------------- a bare reader ---


class Reader:
    """A client that only counts the messages it gets."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), SECONDS)
        self._frames = FrameReader()
        self.messages = 0
        self._socket.sendall(write_hello(Hello(VERSION_MIN, VERSION)))
        self._socket.sendall(codec.encode(StartApi(2), VERSION))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def subscribe(self, con_ids: list[int]) -> None:
        """Ask for a stream of each contract."""
        for number, con_id in enumerate(con_ids):
            spec = ContractSpec(con_id=con_id, exchange="SMART")
            asked = RequestMarketData(req_id=number, contract=spec)
            self._socket.sendall(codec.encode(asked, VERSION))

    def step(self) -> None:
        """Let the gateway's clock make a step, and read all that it leads to."""
        self._socket.sendall(codec.encode(RequestCurrentTime(), VERSION))
        while True:
            data = self._socket.recv(1 << 20)
            assert data, "the gateway has hung up"
            for payload in self._frames.feed(data):
                self.messages += 1
                if payload.startswith(b"49\0"):
                    return


def _day(reader: Reader, gateway_s: Seconds) -> Cost:
    before = reader.messages
    began = gateway_s(), time.process_time(), time.perf_counter()
    for _ in range(DAY_STEPS):
        reader.step()
    ended = gateway_s(), time.process_time(), time.perf_counter()
    spent = (e - b for b, e in zip(began, ended, strict=True))
    return Cost(reader.messages - before, *spent)
