"""The whole configuration as one tree of frozen values."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    StringConstraints,
)
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from alvh_trader.risk.limits import Limits
from alvh_trader.settings.catalogue import RISK, STRATEGY
from alvh_trader.settings.section import Real, Section, Whole, section_of, struct_of
from alvh_trader.strategy.params import Params

ENV_PREFIX = "ALVH_"

Text = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]


class ModeName(StrEnum):
    """What the daemon is allowed to do."""

    PAPER = "paper"
    WATCH = "watch"
    LIVE = "live"


class ClockSource(StrEnum):
    """Whose time it is."""

    SYSTEM = "system"
    BROKER = "broker"


def _path(value: object) -> object:
    """Turn "" into None, and ~ into the home folder."""
    if isinstance(value, str):
        if any(ord(letter) < 32 for letter in value):
            raise ValueError("a path has no control characters")
        return Path(value).expanduser() if value else None
    return value


def _urls(value: object) -> object:
    """Let one text hold several URLs, as an environment variable must."""
    return tuple(value.split()) if isinstance(value, str) else value


def _each_once(urls: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
    return tuple(dict.fromkeys(urls))


AnyPath = Annotated[Path, BeforeValidator(_path)]
OptionalPath = Annotated[Path | None, BeforeValidator(_path)]
Urls = Annotated[
    tuple[SecretStr, ...], BeforeValidator(_urls), AfterValidator(_each_once)
]


class Mode(Section):
    """What the daemon is allowed to do."""

    name: ModeName = Field(
        default=ModeName.PAPER,
        description="paper and live send orders; watch has no way to send one.",
    )
    adopts: bool = Field(
        default=True,
        description="Defend condors that were opened by hand, too.",
    )


class Broker(Section):
    """Where the gateway is, and how patient we are with it."""

    host: Text = Field(
        default="127.0.0.1",
        min_length=1,
        description="Address of TWS, IB Gateway or the paper gateway.",
    )
    port: Whole = Field(
        default=4002,
        ge=1,
        le=65535,
        description="Its port: 7497 or 4002 in paper, 7496 or 4001 in live.",
    )
    client_id: Whole = Field(
        default=17,
        ge=1,
        le=9999,
        description="Our number there; fixed, so that a second copy is noticed.",
    )
    account: Annotated[
        str, StringConstraints(pattern=r"^([A-Z]{1,3}[0-9]{3,12})?$")
    ] = Field(
        default="",
        description="The one account; empty takes the only one there is.",
        json_schema_extra={"allowed": 'an account such as "DU1234567", or ""'},
    )
    connect_timeout: Real = Field(
        default=10.0, ge=0.5, le=120, description="Seconds to wait for a session."
    )
    request_timeout: Real = Field(
        default=20.0, ge=0.5, le=120, description="Seconds to wait for an answer."
    )
    reconcile_interval: Real = Field(
        default=60.0, ge=5, le=600, description="Seconds between reconciliations."
    )


class JournalSection(Section):
    """Where everything is written down."""

    path: AnyPath = Field(
        default=Path("var/journal.db"),
        description="The journal; made if it is not there. Never delete it.",
    )
    commit_deadline: Real = Field(
        default=2.0,
        ge=0.05,
        le=10,
        description="Seconds a commit may take; beyond that nothing is sent any more.",
    )
    size: Whole = Field(
        default=512,
        ge=16,
        le=65536,
        description="MiB kept in the file; older records go to archives beside it.",
    )
    reserve: Whole = Field(
        default=64,
        ge=0,
        le=4096,
        description="MiB set aside for halting and cancelling on a full disk.",
    )


class ClockSection(Section):
    """Whose time it is."""

    source: ClockSource = Field(
        default=ClockSource.SYSTEM,
        description="broker takes the gateway's time, for accelerated gateways.",
    )


class Alerts(Section):
    """Who is told, and how often."""

    urls: Urls = Field(
        default=(),
        max_length=20,
        description="Apprise URLs. They hold passwords: prefer urls_file.",
        json_schema_extra={"allowed": "a list of at most 20 URLs"},
    )
    urls_file: OptionalPath = Field(
        default=None,
        description="A file with one such URL on a line, readable by you alone.",
    )
    repeat_window: Real = Field(
        default=300.0,
        ge=0,
        le=86_400,
        description="Seconds in which the same alert is sent once, then counted.",
    )
    attempt_timeout: Real = Field(
        default=20.0,
        ge=0.1,
        le=300,
        description="Seconds after which an attempt to deliver has failed.",
    )


def _endpoint(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or "{series}" not in url:
        raise ValueError("an http or https URL with {series} in it")
    return url


Endpoint = Annotated[Text, AfterValidator(_endpoint)]


class Refresh(Section):
    """Where `alvh-trader inputs refresh` fetches series; the daemon fetches nothing."""

    url: Endpoint = Field(
        default="https://fred.stlouisfed.org/graph/fredgraph.csv?id={series}",
        description="Address of a series, as FRED's CSV or JSON; {key} is the key.",
        json_schema_extra={"allowed": "an http or https URL with {series} in it"},
    )
    key: SecretStr = Field(
        default=SecretStr(""),
        max_length=200,
        description="Key for the server, if it wants one. Prefer key_file.",
        json_schema_extra={"allowed": "a key"},
    )
    key_file: OptionalPath = Field(
        default=None,
        description="A file with that key, readable by you alone.",
    )
    timeout: Real = Field(
        default=20.0,
        ge=0.1,
        le=300,
        description="Seconds after which a request has failed, answer and all.",
    )
    attempts: Whole = Field(
        default=4,
        ge=1,
        le=10,
        description="Requests for a series before it is given up.",
    )


class Inputs(Section):
    """Files the operator provides."""

    folder: OptionalPath = Field(
        default=Path("config/inputs"),
        description="Folder of the files in docs/inputs.md; each may be missing.",
    )
    look_every: Real = Field(
        default=60.0,
        ge=1,
        le=3600,
        description="Seconds between two looks at whether a file changed.",
    )
    breadth_seed: OptionalPath = Field(
        default=None,
        description="CSV of past sessions' net advances, instead of the folder's.",
    )
    refresh: Refresh = Refresh()


class Rates(Section):
    """Interest and dividends, continuous, a year."""

    risk_free: Real = Field(
        default=Params().rate, ge=-0.05, le=0.25, description="Risk-free rate."
    )
    dividend_yield: Real = Field(
        default=Params().dividend,
        ge=0,
        le=0.15,
        description="Dividend yield of SPX where option parity gives no forward.",
    )


_RATES = frozenset({"rate", "dividend"})

if TYPE_CHECKING:

    class StrategySection(Section):
        """The numbers of the method; the fields are those of `Params`."""

    class RiskSection(Section):
        """The limits; the fields are those of `Limits`."""

else:
    StrategySection = section_of(Params(), STRATEGY, without=_RATES)
    RiskSection = section_of(Limits(), RISK)


class Settings(BaseSettings):
    """The whole configuration. `settings.load` makes it; nothing changes it."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="forbid",
        hide_input_in_errors=True,
        env_prefix=ENV_PREFIX,
        env_nested_delimiter="__",
    )

    mode: Mode = Mode()
    broker: Broker = Broker()
    journal: JournalSection = JournalSection()
    clock: ClockSection = ClockSection()
    alerts: Alerts = Alerts()
    inputs: Inputs = Inputs()
    rates: Rates = Rates()
    strategy: StrategySection = StrategySection()
    risk: RiskSection = RiskSection()

    @property
    def params(self) -> Params:
        """The numbers of the method, with the rates of `[rates]`."""
        rates = Params(rate=self.rates.risk_free, dividend=self.rates.dividend_yield)
        return struct_of(rates, self.strategy)

    @property
    def limits(self) -> Limits:
        """The limits of `[risk]`."""
        return struct_of(Limits(), self.risk)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take only what `settings.load` hands over: it remembers where from."""
        del settings_cls, env_settings, dotenv_settings, file_secret_settings
        return (init_settings,)
