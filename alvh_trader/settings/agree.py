"""What two or more keys must agree on, beyond the bounds of each."""

from collections.abc import Iterator
from functools import reduce
from itertools import pairwise

from alvh_trader.domain.position import PAPER_ACCOUNTS, SIMULATED_ACCOUNTS, masked
from alvh_trader.settings.model import ClockSource, ModeName, Settings

PAPER_PORTS = frozenset({7497, 4002})
LIVE_PORTS = frozenset({7496, 4001})
"""The broker's own choice of ports (TWS, IB Gateway)."""

RISING: tuple[tuple[str, ...], ...] = (
    (
        "strategy.edr.levels.clear",
        "strategy.edr.levels.arm",
        "strategy.edr.levels.breach",
        "strategy.edr.levels.red",
        "strategy.edr.levels.extreme",
    ),
    ("strategy.edr.levels.red_leave", "strategy.edr.levels.red"),
    ("strategy.edr.levels.extreme_leave", "strategy.edr.levels.extreme"),
    ("risk.day_loss_reduce", "risk.day_loss_halt"),
    ("strategy.momentum.macd_fast", "strategy.momentum.macd_slow"),
    ("strategy.momentum.rsi_low", "strategy.momentum.rsi_high"),
)
"""Each of these must lie above the one before."""

NOT_FALLING: tuple[tuple[str, ...], ...] = (
    *(
        (f"strategy.bands.{tier}.offset_low", f"strategy.bands.{tier}.offset_high")
        for tier in ("normal", "red", "call")
    ),
    ("strategy.hedge.share_low", "strategy.hedge.share_high"),
    ("strategy.hedge.drag_low", "strategy.hedge.drag_high"),
    ("strategy.layer2.press_vix_low", "strategy.layer2.press_vix_high"),
    ("strategy.monetise.take_first", "strategy.monetise.take_second"),
    (
        "strategy.hedge.dte_low_wide",
        "strategy.hedge.dte_low",
        "strategy.hedge.dte_high",
        "strategy.hedge.dte_high_wide",
    ),
    ("strategy.hedge.delta_low", "strategy.hedge.delta", "strategy.hedge.delta_high"),
    ("strategy.hedge.spreads_above", "strategy.hedge.spreads_only_from"),
    (
        "strategy.condor.dte_low",
        "strategy.condor.dte_target",
        "strategy.condor.dte_high",
    ),
    ("strategy.stress.warn", "strategy.stress.limit"),
    ("strategy.capital.quick_red", "strategy.capital.quick_green"),
    ("strategy.signals.layer2.rsi", "strategy.signals.layer2.rsi_leave"),
    (
        "strategy.signals.window.leave_low",
        "strategy.signals.window.enter_low",
        "strategy.signals.window.enter_high",
        "strategy.signals.window.leave_high",
    ),
)
"""None of these may lie below the one before."""


def contradictions(settings: Settings) -> Iterator[str]:
    """Yield a sentence for each contradiction, naming the keys and their values."""
    yield from _mode(settings)
    yield from _rungs(settings)
    for chain in RISING:
        for low, high in pairwise(chain):
            if not _value(settings, low) < _value(settings, high):
                yield _sentence(settings, high, "must be above", low)
    for chain in NOT_FALLING:
        for low, high in pairwise(chain):
            if not _value(settings, low) <= _value(settings, high):
                yield _sentence(settings, high, "must not be below", low)


def _rungs(settings: Settings) -> Iterator[str]:
    ladder = settings.params.base_ladder
    if len({len(ladder.tenors), len(ladder.counts), len(ladder.renewed_at)}) > 1:
        yield (
            "strategy.base_ladder: tenors, counts and renewed_at must have as many "
            "entries each"
        )
    elif any(a >= b for a, b in zip(ladder.renewed_at, ladder.tenors, strict=True)):
        yield ("strategy.base_ladder.renewed_at must lie below tenors, rung for rung")


def _mode(settings: Settings) -> Iterator[str]:
    port, account = settings.broker.port, settings.broker.account
    is_paper_account = account.startswith(PAPER_ACCOUNTS)
    if settings.mode.name is ModeName.PAPER:
        if port in LIVE_PORTS:
            yield f"broker.port = {port} is a live port, and mode.name is paper"
        if account and not is_paper_account:
            yield (
                f"broker.account = {masked(account)} is no paper account "
                f"({', '.join(PAPER_ACCOUNTS)}...), and mode.name is paper"
            )
    if settings.mode.name is ModeName.LIVE:
        # A rehearsal with the paper gateway, whose account no broker has.
        is_rehearsal = account.startswith(SIMULATED_ACCOUNTS)
        if port in PAPER_PORTS:
            yield f"broker.port = {port} is a paper port, and mode.name is live"
        elif port not in LIVE_PORTS and not is_rehearsal:
            yield f"broker.port = {port} is no live port (4001, 7496), in mode live"
        if is_paper_account:
            yield f"broker.account = {masked(account)} is a paper account, in mode live"
        if not account:
            yield "broker.account must be given, since mode.name is live"
        if settings.clock.source is not ClockSource.SYSTEM and not is_rehearsal:
            yield "clock.source must be system, since mode.name is live"


def _value(settings: Settings, key: str) -> float:
    number = reduce(getattr, key.split("."), settings)
    assert isinstance(number, int | float), f"{key} is no number"
    return number


def _sentence(settings: Settings, high: str, verb: str, low: str) -> str:
    return (
        f"{high} = {_value(settings, high):g} {verb} {low} = {_value(settings, low):g}"
    )
