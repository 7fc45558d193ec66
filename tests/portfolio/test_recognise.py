"""What raw positions are recognised as, and that nothing gets lost."""

from collections import Counter
from collections.abc import Iterable
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from alvh_trader.domain.instrument import Future, Instrument, Option, Other, Right
from alvh_trader.domain.position import Position
from alvh_trader.portfolio.case import Kind, hindrance
from alvh_trader.portfolio.pairing import option_of
from alvh_trader.portfolio.recognise import Book, recognise

JUNE = date(2026, 6, 30)
JULY = date(2026, 7, 17)


def _option(
    strike: float,
    right: Right,
    *,
    symbol: str = "SPX",
    trading_class: str = "SPXW",
    expiry: date = JUNE,
) -> Option:
    key = f"{symbol}{trading_class}{expiry}{strike}{right}"
    return Option(
        con_id=int.from_bytes(key.encode()) % 10**12,
        symbol=symbol,
        trading_class=trading_class,
        expiry=expiry,
        last_trade=expiry,
        strike=strike,
        right=right,
    )


def _put(strike: float, count: int, cost: float = 100.0) -> Position:
    return Position(_option(strike, Right.PUT), count, cost)


def _call(strike: float, count: int, cost: float = 100.0) -> Position:
    return Position(_option(strike, Right.CALL), count, cost)


def _vix(strike: float, count: int, right: Right = Right.CALL) -> Position:
    option = _option(strike, right, symbol="VIX", trading_class="VIXW")
    return Position(option, count, 140.0)


def _future(count: int) -> Position:
    return Position(Future(7, "VIX", "VX", JULY, JULY, 1000), count, 21_000.0)


CONDOR = (
    _put(6350, 10, 1951.27),
    _put(6400, -10, 2171.07),
    _call(7875, -10, 237.14),
    _call(7925, 10, 147.65),
)


def _counts(positions: tuple[Position, ...]) -> Counter[int]:
    total: Counter[int] = Counter()
    for position in positions:
        total[position.instrument.con_id] += position.quantity
    return Counter({k: v for k, v in total.items() if v})


def test_a_condor_is_recognised_with_its_credit() -> None:
    book = recognise("U1", CONDOR)
    (case,) = book.cases
    assert case.kind is Kind.IRON_CONDOR
    assert case.quantity == 10
    assert case.width == 50
    assert case.credit == pytest.approx(3.0929)
    assert case.risk_notional == 50_000
    assert case.max_loss == pytest.approx(46_907.1)
    assert case.break_even(Right.PUT) == pytest.approx(6396.907, abs=1e-3)
    assert book == Book(cases=(case,))


def test_the_name_of_a_case_outlives_its_size_and_the_order_of_its_legs() -> None:
    (case,) = recognise("U1", CONDOR).cases
    half = tuple(
        Position(p.instrument, p.quantity // 2, p.average_cost)
        for p in reversed(CONDOR)
    )
    assert recognise("U1", half).cases[0].id == case.id
    assert recognise("U2", CONDOR).cases[0].id != case.id


def test_one_side_alone_is_a_vertical() -> None:
    (case,) = recognise("U1", CONDOR[:2]).cases
    assert case.kind is Kind.VERTICAL
    assert case.call is None
    assert case.break_even(Right.CALL) is None


def test_shorts_at_one_strike_are_an_iron_fly() -> None:
    book = recognise(
        "U1", (_put(6950, 5), _put(7000, -5), _call(7000, -5), _call(7050, 5))
    )
    assert [c.kind for c in book.cases] == [Kind.IRON_FLY]


def test_crossed_shorts_are_inverted() -> None:
    book = recognise(
        "U1", (_put(6990, 5), _put(7040, -5), _call(7000, -5), _call(7060, 5))
    )
    assert [c.kind for c in book.cases] == [Kind.INVERTED]


def test_two_condors_are_paired_by_quantity() -> None:
    book = recognise(
        "U1",
        (
            _put(6350, 10),
            _put(6400, -10),
            _call(7875, -10),
            _call(7925, 10),
            _put(6200, 3),
            _put(6300, -3),
            _call(8000, -3),
            _call(8100, 3),
        ),
    )
    shapes = {
        (c.quantity, c.width, c.put is not None and c.put.short.strike)
        for c in book.cases
    }
    assert shapes == {(10, 50, 6400), (3, 100, 6300)}


def test_what_does_not_pair_stays_a_vertical() -> None:
    book = recognise("U1", (*CONDOR, _put(6350, 2), _put(6400, -2)))
    assert [(c.kind, c.quantity) for c in book.cases] == [
        (Kind.IRON_CONDOR, 10),
        (Kind.VERTICAL, 2),
    ]


def test_a_short_without_a_wing_is_naked() -> None:
    book = recognise("U1", (_put(6400, -10), _put(6350, 7), _call(7875, -1)))
    assert [(p.quantity) for p in book.naked] == [-3, -1]
    assert book.cases[0].quantity == 7


def test_a_long_option_nearer_the_money_covers_but_makes_no_case() -> None:
    book = recognise("U1", (_put(6400, -1), _put(6450, 1), _call(7000, 2)))
    (spread,) = book.debits
    assert (spread.short.strike, spread.long.strike) == (6400, 6450)
    assert (book.naked, book.cases) == ((), ())
    assert sum(p.quantity for p in book.residues) == 2


def test_a_butterfly_of_one_right_is_a_vertical_and_a_debit_spread() -> None:
    book = recognise("U1", (_put(6450, 1), _put(6400, -2), _put(6350, 1)))
    assert [(c.kind, c.quantity) for c in book.cases] == [(Kind.VERTICAL, 1)]
    assert [s.quantity for s in book.debits] == [1]
    assert book.naked == ()


def test_broken_wings_are_a_condor_as_wide_as_the_wider_one() -> None:
    book = recognise(
        "U1", (_put(6300, 2), _put(6400, -2), _call(7875, -2), _call(7900, 2))
    )
    (case,) = book.cases
    assert (case.kind, case.width, case.risk_notional) == (
        Kind.IRON_CONDOR,
        100,
        20_000,
    )


def test_two_condors_that_share_a_strike_are_not_a_synthetic_forward() -> None:
    """The call sold by one and the put bought by the other are both at 7050."""
    book = recognise(
        "U1",
        (
            _put(6900, 5),
            _put(6950, -5),
            _call(7050, -5),
            _call(7100, 5),
            _put(7050, 5),
            _put(7100, -5),
            _call(7200, -5),
            _call(7250, 5),
        ),
    )
    assert (book.parity, book.naked) == ((), ())
    assert [c.kind for c in book.cases] == [Kind.IRON_CONDOR] * 2
    shorts = {
        (c.put.short.strike, c.call.short.strike)
        for c in book.cases
        if c.put is not None and c.call is not None
    }
    assert shorts == {(6950, 7050), (7100, 7200)}


def test_a_wing_that_another_condor_sold_is_netted_into_a_wider_vertical() -> None:
    """6350 is bought by one condor and sold by the other: the account has neither."""
    book = recognise(
        "U1", (_put(6400, -5), _put(6300, 5), _call(7875, -10), _call(7925, 10))
    )
    assert [(c.kind, c.quantity, c.width) for c in book.cases] == [
        (Kind.IRON_CONDOR, 5, 100),
        (Kind.VERTICAL, 5, 50),
    ]


def test_a_condor_closed_in_part_keeps_its_rest() -> None:
    book = recognise(
        "U1", (_put(6350, 10), _put(6400, -10), _call(7875, -4), _call(7925, 4))
    )
    assert [(c.kind, c.quantity) for c in book.cases] == [
        (Kind.IRON_CONDOR, 4),
        (Kind.VERTICAL, 6),
    ]


def test_xsp_is_a_book_of_its_own() -> None:
    small = tuple(
        Position(_option(strike, right, symbol="XSP", trading_class="XSP"), count, 20.0)
        for strike, right, count in (
            (635.0, Right.PUT, 10),
            (640.0, Right.PUT, -10),
            (788.0, Right.CALL, -10),
            (793.0, Right.CALL, 10),
        )
    )
    book = recognise("U1", (*CONDOR, *small))
    assert [c.verticals[0].short.symbol for c in book.cases] == ["SPX", "XSP"]
    assert hindrance(book.cases[0]) == ""
    assert "XSP" in hindrance(book.cases[1])


def test_what_only_a_person_may_trade_says_why() -> None:
    fly = (_put(6950, 5), _put(7000, -5), _call(7000, -5), _call(7050, 5))
    crossed = (_put(6990, 5), _put(7040, -5), _call(7000, -5), _call(7060, 5))
    odd = tuple(
        Position(replace(option_of(p), multiplier=50), p.quantity, p.average_cost)
        for p in CONDOR
    )
    words = [hindrance(recognise("U1", b).cases[0]) for b in (fly, crossed, odd)]
    assert ["butterfly" in words[0], "crossed" in words[1], "50" in words[2]] == [
        True
    ] * 3


@pytest.mark.covers("F112")
def test_am_and_pm_series_of_one_day_never_mix() -> None:
    short = Position(_option(6400, Right.PUT, trading_class="SPX"), -1, 100.0)
    book = recognise("U1", (short, _put(6350, 1)))
    assert book.naked == (short,)
    assert len(book.residues) == 1


def test_a_synthetic_forward_is_taken_out() -> None:
    share = Position(Other(99, "SPY", "STK"), 1000, 700.0)
    stock = Position(Other(98, "AAPL", "STK"), 10, 200.0)
    book = recognise("U1", (*CONDOR, _call(7000, -2), _put(7000, 2), share, stock))
    (package,) = book.parity
    assert package.is_conversion
    assert book.parity_legs == (share,)
    assert book.others == (stock,)
    assert len(book.cases) == 1
    alone = recognise("U1", (share,))
    assert alone.others == (share,)


def test_long_vix_is_a_hedge_and_short_vix_is_naked() -> None:
    book = recognise("U1", (_vix(22, 7), _vix(20, 1, Right.PUT), _future(1)))
    assert sum(p.quantity for p in book.hedges) == 8
    assert len(book.residues) == 1
    assert recognise("U1", (_future(-1),)).naked == (_future(-1),)
    assert recognise("U1", (_vix(22, -7),)).naked == (_vix(22, -7),)


def test_a_vix_call_sold_above_a_held_one_is_a_spread() -> None:
    book = recognise("U1", (_vix(22, 7), _vix(27, -10)))
    assert [p.quantity for p in book.hedges] == [7, -7]
    assert [p.quantity for p in book.naked] == [-3]
    below = recognise("U1", (_vix(22, -7), _vix(27, 7)))
    assert [p.quantity for p in below.naked] == [-7]


def test_two_reports_of_one_contract_are_one_position() -> None:
    book = recognise("U1", (*CONDOR[:1], *CONDOR))
    assert book.cases[0].quantity == 10
    assert [p.quantity for p in book.residues] == [10]


strikes = [6900.0, 6950.0, 7000.0, 7050.0, 7100.0]
instruments: st.SearchStrategy[Instrument] = st.one_of(
    st.builds(
        _option,
        st.sampled_from(strikes),
        st.sampled_from(list(Right)),
        symbol=st.sampled_from(["SPX", "XSP"]),
        trading_class=st.sampled_from(["SPX", "SPXW"]),
        expiry=st.sampled_from([JUNE, JULY]),
    ),
    st.builds(_option, st.sampled_from(strikes), st.sampled_from(list(Right))),
    st.builds(
        _option,
        st.sampled_from([20.0, 22.0, 25.0]),
        st.sampled_from(list(Right)),
        symbol=st.just("VIX"),
        trading_class=st.just("VIXW"),
    ),
    st.just(Future(7, "VIX", "VX", JULY, JULY, 1000)),
    st.just(Other(99, "SPY", "STK")),
    st.just(Other(98, "AAPL", "STK")),
)
books = st.dictionaries(instruments, st.integers(-12, 12), max_size=16).map(
    lambda held: tuple(Position(i, n, 100.0) for i, n in held.items())
)


@st.composite
def condor_books(draw: st.DrawFn) -> tuple[Position, ...]:
    """Return several condors of one series as an account nets them."""
    held: Counter[Option] = Counter()
    for _ in range(draw(st.integers(1, 4))):
        low = draw(st.integers(0, 8))
        gaps = [draw(st.integers(1, 4)) for _ in range(3)]
        places = [low, low + gaps[0], low + sum(gaps[:2]), low + sum(gaps)]
        count = draw(st.integers(1, 10))
        rights = (Right.PUT, Right.PUT, Right.CALL, Right.CALL)
        signs = (1, -1, -1, 1)
        for place, right, sign in zip(places, rights, signs, strict=True):
            held[_option(6800.0 + 25 * place, right)] += sign * count
    return tuple(Position(o, n, 100.0) for o, n in held.items() if n)


any_book = st.one_of(books, condor_books())


def parts(book: Book) -> dict[str, Counter[int]]:
    """Return what each part of a book holds, whatever the order."""
    return {
        "cases": _counts(tuple(p for c in book.cases for p in c.positions())),
        "naked": _counts(book.naked),
        "debits": _counts(tuple(p for s in book.debits for p in s.positions())),
        "residues": _counts(book.residues),
        "hedges": _counts(book.hedges),
        "parity": _counts(tuple(p for x in book.parity for p in (x.call, x.put))),
        "parity_legs": _counts(book.parity_legs),
        "others": _counts(book.others),
    }


@given(any_book)
def test_every_contract_ends_up_in_exactly_one_part(
    positions: tuple[Position, ...],
) -> None:
    book = recognise("U1", positions)
    assert _counts(book.positions()) == _counts(positions)
    whole: Counter[int] = Counter()
    for held in parts(book).values():
        for con_id, count in held.items():
            whole[con_id] += count
    assert Counter({k: v for k, v in whole.items() if v}) == _counts(positions)


@given(any_book, st.randoms(use_true_random=False))
def test_the_order_of_the_positions_does_not_matter(
    positions: tuple[Position, ...], shuffle: object
) -> None:
    mixed = list(positions)
    getattr(shuffle, "shuffle")(mixed)  # noqa: B009 - its type is not exported
    one, other = recognise("U1", positions), recognise("U1", tuple(mixed))
    assert one.cases == other.cases
    assert parts(one) == parts(other)


@given(any_book)
def test_what_was_recognised_is_recognised_again(
    positions: tuple[Position, ...],
) -> None:
    book = recognise("U1", positions)
    again = recognise("U1", book.positions())
    assert again.cases == book.cases
    assert parts(again) == parts(book)


@given(any_book)
def test_cases_have_their_wings_outside_and_names_of_their_own(
    positions: tuple[Position, ...],
) -> None:
    cases = recognise("U1", positions).cases
    assert len({c.id for c in cases}) == len(cases)
    for case in cases:
        for side in case.verticals:
            sign = 1 if side.right is Right.CALL else -1
            assert sign * (side.long.strike - side.short.strike) > 0
            assert side.long.expiry == side.short.expiry
            assert side.quantity > 0


def _bare(positions: Iterable[Position]) -> int:
    """Return how many shorts no long of their series and right can cover."""
    net: dict[object, list[int]] = {}
    for p in positions:
        o = p.instrument
        if isinstance(o, Option) and o.symbol != "VIX":
            key = (o.symbol, o.trading_class, o.expiry, o.right)
            sold, bought = net.get(key, [0, 0])
            net[key] = [sold + max(-p.quantity, 0), bought + max(p.quantity, 0)]
    return sum(max(sold - bought, 0) for sold, bought in net.values())


@given(any_book)
def test_no_covered_short_is_naked_and_no_naked_one_covered(
    positions: tuple[Position, ...],
) -> None:
    book = recognise("U1", positions)
    naked = sum(-p.quantity for p in book.naked if p.instrument.symbol != "VIX")
    synthetic = _counts(tuple(p for x in book.parity for p in (x.call, x.put)))
    rest = [
        Position(p.instrument, left, 0.0)
        for p in positions
        if (left := p.quantity - synthetic[p.instrument.con_id])
    ]
    assert naked == _bare(rest)
    # Calling something a synthetic forward never bares a short.
    assert naked <= _bare(positions)


@given(condor_books())
def test_condors_are_never_naked_however_they_share_strikes(
    positions: tuple[Position, ...],
) -> None:
    assert recognise("U1", positions).naked == ()
