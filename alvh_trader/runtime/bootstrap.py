"""Build every object and wire it up; the only place that knows them all."""

import asyncio
import os
import socket
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

import structlog

from alvh_trader.alerts.channels import Channel, channels_of
from alvh_trader.alerts.outbox import Outbox
from alvh_trader.broker.guard import Rate, Stops
from alvh_trader.domain.calendar import nyse
from alvh_trader.engine.event import DaemonStarted, Event
from alvh_trader.engine.session import first_order_id
from alvh_trader.engine.state import Rules, State
from alvh_trader.errors import ConfigError
from alvh_trader.inputs.tables import read_breadth_seed
from alvh_trader.inputs.watch import FolderWatch
from alvh_trader.journal.store import Journal
from alvh_trader.journal.transaction import Care
from alvh_trader.ports import Clock, Observer, Put, Trader
from alvh_trader.risk.limits import Limits
from alvh_trader.runtime.build import build_hash
from alvh_trader.runtime.clock import SystemClock
from alvh_trader.runtime.control import Control, socket_of
from alvh_trader.runtime.daemon import INBOX_MAX, Daemon, Job, Pulse
from alvh_trader.runtime.dispatch import Dispatcher
from alvh_trader.runtime.kill_file import KillFile, KillWatch
from alvh_trader.runtime.lag import LagWatch
from alvh_trader.runtime.loop import Loop, decode_rules, encode_rules
from alvh_trader.runtime.recovery import doubts_about, recover
from alvh_trader.runtime.storage import StorageWatch
from alvh_trader.runtime.systemd import Systemd
from alvh_trader.runtime.unheard import DeliveryWatch
from alvh_trader.runtime.zones import zone_release
from alvh_trader.settings.load import load
from alvh_trader.settings.model import ENV_PREFIX, ClockSource, ModeName, Settings
from alvh_trader.settings.show import config_hash

log = structlog.get_logger()

CALENDAR_FROM = date(2010, 1, 1)
CALENDAR_AHEAD = timedelta(days=500)
"""Sessions are known from here to so far ahead; the exchange publishes no further."""

ALERT_SECONDS = 5.0
"""How long the last alerts may take when the daemon stops; the rest goes next time."""

SAY_LIVE_TWICE = (
    'live must be said twice: [mode] name = "live" in the configuration, and --mode '
    "live on the command line"
)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def run_daemon(
    configs: tuple[Path, ...], mode: str | None = None, *, waits: bool = True
) -> None:
    """Run the daemon in a loop of its own; see `daemon`."""
    asyncio.run(daemon(configs, mode, waits=waits))


async def daemon(
    configs: tuple[Path, ...], mode: str | None = None, *, waits: bool = True
) -> None:
    """Read the configuration and be the daemon until it is told to stop.

    A `mode` of the command line takes the place of the one that is configured; but
    live trades only where both say so. Unless it `waits`, no gateway at the start is
    an error.

    Raises:
        AlvhError: With the exit code and the words for the operator.
    """
    is_live = mode == ModeName.LIVE
    settings = load(configs, _environment(None if is_live else mode))
    if is_live != (settings.mode.name is ModeName.LIVE):
        raise ConfigError(SAY_LIVE_TWICE)
    told = f"{settings.mode.name}, build {build_hash()}, time zones {zone_release()}"
    Systemd().notify(f"STATUS={told}")
    seed = settings.inputs.breadth_seed
    breadth = read_breadth_seed(seed) if seed else None
    rules = rules_of(settings, SystemClock().now().date())
    channels = channels_of(
        [url.get_secret_value() for url in settings.alerts.urls],
        timeout=settings.alerts.attempt_timeout,
    )
    with Journal.open(
        settings.journal.path,
        channels=tuple(channel.name for channel in channels),
        run={
            "mode": settings.mode.name,
            "build": build_hash(),
            "config": config_hash(settings),
        },
        care=_care(settings),
    ) as journal:
        await _run(settings, rules, journal, channels, breadth, waits=waits)


def _care(settings: Settings) -> Care:
    """Return how the journal is kept; an accelerated second is no second of a disk."""
    given = settings.journal
    is_simulated = settings.clock.source is ClockSource.BROKER
    return Care(
        deadline=None if is_simulated else given.commit_deadline,
        reserve=given.reserve * 2**20,
    )


def _environment(mode: str | None) -> dict[str, str]:
    """Return the variables, with `mode` instead of whatever they say of it."""
    if mode is None:
        return dict(os.environ)
    names = {f"{ENV_PREFIX}MODE", f"{ENV_PREFIX}MODE__NAME"}
    others = {k: v for k, v in os.environ.items() if k.upper() not in names}
    return {**others, f"{ENV_PREFIX}MODE__NAME": mode}


def rules_of(settings: Settings, today: date) -> Rules:
    """Return what the engine goes by."""
    return Rules(
        params=settings.params,
        limits=settings.limits,
        calendar=nyse(CALENDAR_FROM, today + CALENDAR_AHEAD),
        may_trade=settings.mode.name is not ModeName.WATCH,
        adopts=settings.mode.adopts,
        reconcile_every=timedelta(seconds=settings.broker.reconcile_interval),
    )


async def _run(
    settings: Settings,
    rules: Rules,
    journal: Journal,
    channels: tuple[Channel, ...],
    breadth: tuple[int, ...] | None,
    *,
    waits: bool,
) -> None:
    state, rules, begins = _recovered(settings, rules, journal)
    is_brokers = settings.clock.source is ClockSource.BROKER
    # ib_insync takes the running event loop when it is imported, so it is done here.
    from alvh_trader.broker.clock import BrokerClock  # noqa: PLC0415

    clock: Clock = BrokerClock(state.at or EPOCH) if is_brokers else SystemClock()
    inbox: asyncio.Queue[Event] = asyncio.Queue(INBOX_MAX)
    kill_file = KillFile(settings.journal.path)
    observer, trader = _broker(settings, inbox.put_nowait, clock, state, journal)
    window = timedelta(seconds=settings.alerts.repeat_window)
    outbox = Outbox(journal.deliveries, channels, clock.now, window=window)
    dispatcher = Dispatcher(observer, trader, outbox, clock.now)
    loop = Loop(journal, dispatcher.dispatch, state, rules)
    inbox.put_nowait(begins(at=clock.now()))
    kill_watch = KillWatch(kill_file, inbox.put_nowait, clock.now)
    kill_watch.look()
    given = settings.inputs
    watch = FolderWatch(given.folder, inbox.put_nowait, clock.now, seed=breadth)
    # A simulated time does not wait for us to read: the folder is read once, before it
    # begins (docs/decisions/0023).
    watch.start(state.at if is_brokers else clock.now())
    control = _control(settings, rules, inbox, clock, loop, kill_file)
    jobs: list[Job] = [outbox.run, control.run, kill_watch.run]
    if not is_brokers:
        jobs.append(partial(watch.run, given.look_every))
        jobs += _watches(settings, journal, inbox.put_nowait, clock)

    async def farewell() -> None:
        await outbox.drain(ALERT_SECONDS)

    running = Daemon(
        observer,
        dispatcher,
        loop,
        inbox,
        clock.now,
        Pulse(is_brokers=is_brokers, waits=waits),
        background=tuple(jobs),
        farewell=farewell,
    )
    await running.run()


def _watches(
    settings: Settings, journal: Journal, put: Put, clock: Clock
) -> Iterator[Job]:
    """Yield what looks after the process itself, by the wall's time."""
    tidy = partial(journal.archive.move, settings.journal.size * 2**20)
    yield StorageWatch(tidy, journal.strain, put, clock.now).run
    yield LagWatch(put, clock.now).run
    if settings.mode.name is ModeName.LIVE:
        yield DeliveryWatch(journal.deliveries.unheard_since, put, clock.now).run


def _recovered(
    settings: Settings, rules: Rules, journal: Journal
) -> tuple[State, Rules, Callable[..., DaemonStarted]]:
    """Return where the last process stood, the rules, and the event without its time.

    The rules are as they read back: what a replay will go by, to the last order of a
    dictionary.
    """
    state = recover(journal, rules)
    _refuse_other_money(state, settings)
    noted = encode_rules(rules)
    begins = partial(
        DaemonStarted,
        mode=settings.mode.name,
        config_hash=config_hash(settings),
        host=socket.gethostname(),
        build=build_hash(),
        rules=journal.keep_rules(noted),
        doubts=(*journal.doubts, *doubts_about(journal, rules, state)),
    )
    return state, decode_rules(noted), begins


def _refuse_other_money(state: State, settings: Settings) -> None:
    """Let no journal hold orders of paper and of live.

    Raises:
        ConfigError: It was written in the other of the two modes.
    """
    name = settings.mode.name
    other = {ModeName.PAPER: ModeName.LIVE, ModeName.LIVE: ModeName.PAPER}.get(name)
    if other is not None and state.mode == other:
        raise ConfigError(
            f"{settings.journal.path} was written in mode {other}, and mode.name is "
            f"{name}: journal.path must be another"
        )


def _control(
    settings: Settings,
    rules: Rules,
    inbox: "asyncio.Queue[Event]",
    clock: Clock,
    loop: Loop,
    kill_file: KillFile,
) -> Control:
    """Return where a person can reach the daemon from now on."""
    control = Control(
        socket_of(settings.journal.path),
        inbox.put_nowait,
        clock.now,
        lambda: loop.state,
        inbox.join,
        kill_file,
        rules,
        settings.broker.account,
    )
    control.bind()
    return control


def _broker(
    settings: Settings, put: Put, clock: Clock, state: State, journal: Journal
) -> tuple[Observer, Trader | None]:
    """Return the broker session; in watch mode it is one that cannot send."""
    from alvh_trader.broker.observer import Observer as WatchingBroker  # noqa: PLC0415
    from alvh_trader.broker.options import BrokerOptions  # noqa: PLC0415
    from alvh_trader.broker.trader import Trader as TradingBroker  # noqa: PLC0415

    given = settings.broker
    is_simulated = settings.clock.source is ClockSource.BROKER
    options = BrokerOptions(
        host=given.host,
        port=given.port,
        client_id=given.client_id,
        account=given.account,
        mode=settings.mode.name.value,
        connect_timeout=given.connect_timeout,
        request_timeout=given.request_timeout,
        # An accelerated gateway's second is not ours: there is nothing to pace.
        # After a restart of the gateway its numbers may begin below ours (F30).
        next_order_id=first_order_id(state),
        request_rate=None if is_simulated else BrokerOptions().request_rate,
        order_rates=_rates(settings.limits),
    )
    if settings.mode.name is ModeName.WATCH:
        return WatchingBroker(options, put, clock), None
    killed = KillFile(settings.journal.path).is_set
    trading = TradingBroker(options, put, clock, Stops(killed, journal.holds_order))
    return trading, trading


def _rates(limits: Limits) -> tuple[Rate, ...]:
    """Return how many orders may leave in which time."""
    return (
        Rate(limits.orders_per_second_max, timedelta(seconds=1)),
        Rate(limits.orders_per_minute_max, timedelta(minutes=1)),
        Rate(limits.orders_per_hour_max, timedelta(hours=1)),
        Rate(limits.orders_per_day_max, timedelta(days=1)),
    )
