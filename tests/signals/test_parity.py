"""The parity guard."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alvh_trader.pricing.forward import Pair
from alvh_trader.signals.parity import (
    Guard,
    ParityParams,
    Residual,
    advance,
    residual_of,
)

AT = datetime(2026, 5, 21, 15, 0, tzinfo=UTC)
PARAMS = ParityParams()
STRIKES = np.array([6830.0, 6840.0, 6850.0, 6860.0, 6870.0, 6880.0, 6890.0])
FORWARD, TAU, RATE = 6861.0, 0.1, 0.0375
PUTS = np.full(7, 60.0)
CALLS = PUTS + np.exp(-RATE * TAU) * (FORWARD - STRIKES)


def _seen(
    calls: np.ndarray = CALLS,
    *,
    anchor: float | None = FORWARD,
    half: float = 0.05,
    least: float = 0.30,
) -> Residual | None:
    gaps = [
        Pair(float(k), float(c - p), half)
        for k, c, p in zip(STRIKES, calls, PUTS, strict=True)
        if not np.isnan(c)
    ]
    return residual_of(
        sorted(gaps, key=lambda pair: abs(pair.gap)),
        TAU,
        RATE,
        anchor=anchor,
        least=least,
        params=PARAMS,
    )


def _known(seen: Residual | None) -> Residual:
    assert seen is not None
    return seen


def test_parity_that_holds_leaves_nothing() -> None:
    seen = _known(_seen())
    assert seen.points == pytest.approx(0, abs=1e-9)
    assert seen.forward == pytest.approx(FORWARD)
    assert not seen.is_off


def test_a_shift_of_all_calls_shows_as_half_of_it() -> None:
    assert _known(_seen(CALLS + 1.0)).points == pytest.approx(0.5, abs=1e-3)
    assert _known(_seen(CALLS + 1.0)).is_off
    assert not _known(_seen(CALLS + 0.5)).is_off


def test_without_an_anchor_only_disagreement_among_strikes_shows() -> None:
    assert not _known(_seen(CALLS + 1.0, anchor=None)).is_off
    torn = CALLS + np.array([-2, 2, -2, 2, -2, 2, 0.0])
    assert _known(_seen(torn, anchor=None)).points == pytest.approx(2.0)


def test_one_bad_strike_moves_nothing() -> None:
    bad = CALLS + np.array([0, 0, 0, 25.0, 0, 0, 0])
    assert _known(_seen(bad)).points == pytest.approx(0, abs=1e-9)


def test_wide_markets_widen_the_bound() -> None:
    # 1.5 times a pair's half-spreads of 0.8 is 1.2 points.
    assert _known(_seen(half=0.8)).bound == pytest.approx(1.2)
    assert _known(_seen(half=0.05)).bound == 0.30
    assert _known(_seen(half=0.05, least=0.10)).bound == 0.10


def test_too_few_strikes_say_nothing() -> None:
    few = CALLS.copy()
    few[:2] = np.nan
    assert _seen(few) is not None
    few[:3] = np.nan
    assert _seen(few) is None


def _run(points: Sequence[float | None], every: float = 10.0) -> list[Guard]:
    guards, guard = [], Guard()
    for i, value in enumerate(points):
        seen = (
            None
            if value is None
            else Residual(points=value, bound=0.30, forward=FORWARD)
        )
        guard = advance(guard, seen, AT + timedelta(seconds=every * i), PARAMS)
        guards.append(guard)
    return guards


def test_three_snapshots_in_a_row_dislocate() -> None:
    guards = _run([0.1, 0.5, 0.5, 0.1, 0.5, 0.5, 0.5])
    assert [g.is_dislocated for g in guards] == [False] * 6 + [True]
    # From the first of them on, the last good quotes stand in.
    assert [g.is_held for g in guards] == [False, True, True, False, True, True, True]


def test_snapshots_that_are_too_close_count_once() -> None:
    assert not _run([0.5] * 9, every=1.0)[-1].is_dislocated
    assert _run([0.5] * 21, every=1.0)[-1].is_dislocated


def test_it_mends_after_three_calm_ones_below_the_clear_share() -> None:
    off = [0.5, 0.5, 0.5]
    assert not _run([*off, 0.1, 0.1, 0.1])[-1].is_held
    assert _run([*off, 0.1, 0.1])[-1].is_dislocated
    assert _run([*off, 0.1, 0.1, 0.29, 0.1, 0.1])[-1].is_dislocated
    assert _run([*off, *[0.29] * 30])[-1].is_dislocated


def test_what_is_not_measured_changes_no_verdict() -> None:
    off = [0.5, 0.5, 0.5]
    guards = _run([*off, None, None])
    assert guards[-1].is_dislocated
    assert guards[-1].residual is None
    assert guards[-1].measured == AT + timedelta(seconds=20)
    assert not _run([None, None, None])[-1].is_held


@given(st.lists(st.none() | st.floats(0, 1), max_size=60), st.floats(1, 60))
def test_a_verdict_always_rests_on_enough_snapshots(
    points: list[float | None], every: float
) -> None:
    before = Guard()
    for guard in _run(points, every):
        if guard.is_dislocated and not before.is_dislocated:
            assert guard.off >= PARAMS.snapshots
            assert guard.residual is not None
            assert guard.residual.is_off
        if before.is_dislocated and not guard.is_dislocated:
            assert before.calm == PARAMS.snapshots - 1
        assert guard.is_held or not guard.off
        before = guard
