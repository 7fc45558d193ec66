"""The ticks of one line bring a client from any state to any other."""

from datetime import UTC, datetime
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import replace

from alvh_trader.gateway.market_line import (
    SIDE_GREEKS_EVERY,
    MarketLine,
    TickByTickLine,
)
from alvh_trader.sim.model import OptionGreeks, Top
from alvh_trader.wire import codec
from alvh_trader.wire.frame import FrameReader
from alvh_trader.wire.market_reply import TickOptionComputation, TickPrice, TickSize

NOW = datetime(2018, 2, 5, 15, 0, tzinfo=UTC)
GREEKS = OptionGreeks(
    implied_volatility=0.95, delta=0.4, price=1.5, gamma=0.05, vega=0.03,
    theta=-0.02, underlying=17.3,
)  # fmt: skip
TOP = Top(
    bid=Decimal("1.45"), ask=Decimal("1.55"), bid_size=10, ask_size=20,
    last=Decimal("1.50"), last_size=1, open=Decimal(1), high=Decimal(2),
    low=Decimal(1), close=Decimal("1.2"), volume=7,
)  # fmt: skip

price = st.none() | st.decimals("-5", "50", places=2)
size = st.integers(0, 500)
tops = st.builds(
    Top, bid=price, ask=price, bid_size=size, ask_size=size, last=price,
    last_size=st.none() | size, open=price, high=price, low=price, close=price,
    volume=st.none() | size,
)  # fmt: skip


class Screen:
    """What a client knows from the ticks alone."""

    def __init__(self) -> None:
        self.prices: dict[int, float] = {}
        self.sizes: dict[int, float] = {}
        self.count = 0

    def take(self, frames: list[bytes]) -> None:
        for payload in FrameReader().feed(b"".join(frames)):
            self._apply(codec.decode_reply(payload, 176))

    def _apply(self, tick: Struct) -> None:
        self.count += 1
        match tick:
            case TickPrice(kind=kind, price=at, size=count):
                self.prices[kind] = float(at)
                if kind in (1, 2, 4) and count is not None:
                    self.sizes[{1: 0, 2: 3, 4: 5}[kind]] = float(count)
            case TickSize(kind=kind, size=count):
                self.sizes[kind] = float(count)
            case _:
                pass


@given(st.lists(tops, min_size=1, max_size=8))
def test_a_client_ends_up_with_the_newest_top_of_book(states: list[Top]) -> None:
    line, screen = MarketLine(1, 2), Screen()
    for top in states:
        screen.take(line.ticks(top, None, NOW))
    final = states[-1]
    for kind, at, count in (
        (1, final.bid, final.bid_size),
        (2, final.ask, final.ask_size),
    ):
        assert screen.prices[kind] == (-1 if at is None else float(at))
        if at is not None:
            assert screen.sizes[{1: 0, 2: 3}[kind]] == count
    for kind, name in (
        (4, "last"),
        (6, "high"),
        (7, "low"),
        (9, "close"),
        (14, "open"),
    ):
        at = getattr(final, name)
        if at is not None:
            assert screen.prices[kind] == float(at)


@given(tops)
def test_what_did_not_change_is_not_sent(top: Top) -> None:
    line = MarketLine(1, 2)
    line.ticks(top, GREEKS, NOW)
    assert line.ticks(top, GREEKS, NOW) == []


@given(st.lists(tops, min_size=1, max_size=5))
def test_an_index_never_shows_a_book(states: list[Top]) -> None:
    line, screen = MarketLine(1, 2, has_book=False), Screen()
    for top in states:
        screen.take(line.ticks(top, None, NOW))
    assert not {1, 2} & set(screen.prices)
    assert not {0, 3} & set(screen.sizes)


def test_a_price_carries_its_size_and_a_size_alone_goes_alone() -> None:
    line = MarketLine(1, 2)
    line.ticks(TOP, None, NOW)
    both = line.ticks(replace(TOP, bid=Decimal("1.40"), bid_size=3), None, NOW)
    alone = line.ticks(replace(TOP, bid=Decimal("1.40"), bid_size=4), None, NOW)
    assert len(both) == len(alone) == 1
    screen = Screen()
    screen.take(both)
    assert (screen.prices[1], screen.sizes[0]) == (1.4, 3)
    screen.take(alone)
    assert screen.sizes[0] == 4


def kinds(frames: list[bytes]) -> list[int]:
    ticks = [codec.decode_reply(it[4:], 176) for it in frames]
    return [it.kind for it in ticks if isinstance(it, TickOptionComputation)]


def test_side_greeks_follow_the_model_at_a_distance() -> None:
    line = MarketLine(1, 2)
    assert kinds(line.ticks(TOP, GREEKS, NOW)) == [10, 11, 12, 13]
    moved = replace(GREEKS, delta=0.41)
    assert kinds(line.ticks(TOP, moved, NOW)) == [13]
    later = NOW + SIDE_GREEKS_EVERY
    assert kinds(line.ticks(TOP, GREEKS, later)) == [10, 11, 12, 13]


def test_the_volatility_of_a_side_lies_on_its_side_of_the_models() -> None:
    frames = MarketLine(1, 2).ticks(TOP, GREEKS, NOW)
    ticks = [codec.decode_reply(it[4:], 176) for it in frames]
    by_kind = {it.kind: it for it in ticks if isinstance(it, TickOptionComputation)}
    bid, ask, model = (by_kind[kind].implied_volatility for kind in (10, 11, 13))
    assert bid is not None
    assert ask is not None
    assert model is not None
    assert bid < model < ask


def test_a_price_that_no_volatility_explains_has_unknown_greeks() -> None:
    absurd = replace(TOP, bid=Decimal(40), ask=Decimal(41))
    frames = MarketLine(1, 2).ticks(absurd, GREEKS, NOW)
    ticks = [codec.decode_reply(it[4:], 176) for it in frames]
    bid = next(
        it for it in ticks if isinstance(it, TickOptionComputation) and it.kind == 10
    )
    assert (bid.implied_volatility, bid.delta, bid.gamma) == (-1, -2, -2)


def test_a_single_tick_is_news_once() -> None:
    line = TickByTickLine(1, 2, 3)
    assert line.is_news(TOP)
    assert not line.is_news(TOP)
    assert line.is_news(replace(TOP, ask_size=21))
    assert not line.is_news(replace(TOP, ask=None))
