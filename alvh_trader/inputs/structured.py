"""YAML files: facilities, the committee's calendar, index fundamentals, tags.

The models say what is allowed; `domain/inputs.py` says what it means.
"""

from collections.abc import Hashable
from typing import Annotated, Any, TypeVar

import msgspec
import yaml
from msgspec import Struct
from pydantic import (
    AfterValidator,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from alvh_trader.domain.inputs import (
    Facilities,
    FacilityType,
    FomcCalendar,
    IndexFundamentals,
    Tags,
)
from alvh_trader.errors import ConfigError
from alvh_trader.inputs.text import (
    Day,
    Moment,
    Number,
    Text,
    Whole,
    mistakes_of,
    refuse,
)
from alvh_trader.settings.section import Section
from alvh_trader.settings.show import printable

STABLECOINS = frozenset(
    {"USDC", "USDT", "DAI", "USDS", "PYUSD", "FRAX", "LUSD", "GUSD", "TUSD", "USDP"}
)
HAIRCUT_STABLECOIN, HAIRCUT_OTHER = 0.02, 0.50
"""Shares of collateral that do not count, where the file gives none (alvh.md §7.2)."""

LTV_DISTANCE = 0.10
"""A facility that is nearer to its liquidation is refused (alvh.md §7.2)."""

RATE_LEAST = 0.25
"""A rate below it is a fraction that was meant as per cent: nobody lends so cheaply."""

LETTERS_MAX = 100_000
"""A person has not written more; reading YAML is slow."""

DEPTH_MAX = 10

_S = TypeVar("_S", bound=Struct)


def _per_cent(value: float) -> float:
    if 0 < value < RATE_LEAST:
        raise ValueError("should be per cent a year, such as 5.25; is it a fraction?")
    return value


def _percentile(value: float) -> float:
    if 0 < value < 1:
        raise ValueError("should be from 0 to 100; is it a fraction?")
    return value


Word = Annotated[
    str, StringConstraints(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f\x7f]*$")
]
Usd = Annotated[Number, Field(ge=0, le=1e10)]
Fraction = Annotated[Number, Field(ge=0, le=1)]
Rate = Annotated[Number, Field(ge=0, le=30), AfterValidator(_per_cent)]
BasisPoints = Annotated[Number, Field(ge=-300, le=300)]


class CollateralEntry(Section):
    """What secures a facility."""

    asset: Word
    usd: Usd
    haircut: Fraction

    @model_validator(mode="before")
    @classmethod
    def _default(cls, given: Any) -> Any:
        if not isinstance(given, dict) or "haircut" in given:
            return given
        is_stable = str(given.get("asset")).upper() in STABLECOINS
        haircut = HAIRCUT_STABLECOIN if is_stable else HAIRCUT_OTHER
        return {**given, "haircut": haircut}


class MultiSigEntry(Section):
    """Who must sign."""

    m: Annotated[Whole, Field(ge=1, le=100)]
    n: Annotated[Whole, Field(ge=1, le=100)]
    signers: Annotated[Whole, Field(ge=0, le=100)]

    @model_validator(mode="after")
    def _agrees(self) -> "MultiSigEntry":
        if self.m > self.n:
            raise ValueError(f"m = {self.m} should not be above n = {self.n}")
        if self.signers > self.n:
            raise ValueError(f"signers = {self.signers}: there are only n = {self.n}")
        return self


class FacilityEntry(Section):
    """One facility; the keys are those of alvh.md §7.2."""

    id: Word
    type: FacilityType
    limit: Usd = Field(alias="limit_usd")
    drawn: Usd = Field(alias="drawn_usd")
    credited: Usd = Field(0.0, alias="credited_usd")
    apr: Rate | None = None
    apr_type: Annotated[str, StringConstraints(pattern="^(fixed|variable)$")] = (
        "variable"
    )
    mev_gas: Annotated[Number, Field(ge=0, le=30)] = Field(0.0, alias="mev_gas_addon")
    tax: Fraction = 0.0
    collateral: tuple[CollateralEntry, ...] = ()
    ltv_now: Fraction | None = None
    ltv_liquidation: Fraction | None = None
    recourse: bool = True
    callable_days: Annotated[Whole, Field(ge=0, le=3650)] | None = None
    maturity: Day | None = None
    peg: Annotated[Number, Field(ge=0, le=1.1)] = 1.0
    multisig: MultiSigEntry | None = None
    as_of: Moment
    signature: Annotated[str, StringConstraints(max_length=500)] = ""

    @model_validator(mode="after")
    def _is_drawn(self) -> "FacilityEntry":
        if self.credited > self.drawn:
            raise ValueError(
                f"credited_usd = {self.credited:g} should not be above "
                f"drawn_usd = {self.drawn:g}"
            )
        return self

    @model_validator(mode="after")
    def _is_far_from_liquidation(self) -> "FacilityEntry":
        now, end = self.ltv_now, self.ltv_liquidation
        if (now is None) != (end is None):
            raise ValueError("ltv_now and ltv_liquidation belong together")
        if now is None or end is None:
            return self
        # 0.7 and 0.8 are a tenth apart for people, if not for floats.
        if round(end - now, 9) <= LTV_DISTANCE:
            raise ValueError(
                f"ltv_now = {now:g} should be more than {LTV_DISTANCE:g} below "
                f"ltv_liquidation = {end:g}"
            )
        return self


class TreasuryEntry(Section):
    """What is liquid outside the account."""

    cash: Usd = Field(0.0, alias="cash_usd")
    bills: Usd = Field(0.0, alias="bills_usd")
    stablecoins: Usd = Field(0.0, alias="stablecoins_usd")
    as_of: Moment


class FacilitiesFile(Section):
    """facilities.yaml."""

    facilities: tuple[FacilityEntry, ...] = ()
    treasury: TreasuryEntry | None = None
    margin_debit_rate: Rate | None = None
    sweep_share: Fraction = 1.0
    own: Usd = Field(0.0, alias="own_usd")
    swept: Usd = Field(0.0, alias="swept_usd")

    @model_validator(mode="after")
    def _ids_differ(self) -> "FacilitiesFile":
        ids = [facility.id for facility in self.facilities]
        twice = sorted({printable(name) for name in ids if ids.count(name) > 1})
        if twice:
            raise ValueError(f"two facilities have the id {', '.join(twice)}")
        return self


class MeetingEntry(Section):
    """One meeting of the committee."""

    released: Moment
    minutes: Day | None = None
    score: Annotated[Whole, Field(ge=-2, le=2)] | None = None
    divergence: bool = False
    two_year_move: BasisPoints | None = None
    dot_gap: BasisPoints | None = None

    @model_validator(mode="after")
    def _minutes_follow(self) -> "MeetingEntry":
        if self.minutes is not None and self.minutes <= self.released.date():
            raise ValueError(f"minutes = {self.minutes} should be after the release")
        return self


class FomcFile(Section):
    """fomc.yaml."""

    as_of: Day
    meetings: tuple[MeetingEntry, ...]
    releases: tuple[Moment, ...] = ()

    @model_validator(mode="after")
    def _follow_each_other(self) -> "FomcFile":
        days = [meeting.released for meeting in self.meetings]
        if days != sorted(set(days)):
            raise ValueError("meetings should be in order, and each once")
        return self


class IndexFile(Section):
    """index.yaml."""

    as_of: Day
    top_ten_weight: Annotated[Number, Field(ge=0.05, le=0.9)]
    pe_percentile: Annotated[Number, Field(ge=0, le=100), AfterValidator(_percentile)]
    dividends: Annotated[Number, Field(ge=5, le=1000)]
    growth: Annotated[Number, Field(ge=-30, le=30)]


class TagsFile(Section):
    """tags.yaml."""

    as_of: Day
    rate_differential: Annotated[Number, Field(ge=-30, le=30)] | None = None
    gdp_growth: Annotated[Number, Field(ge=-50, le=50)] | None = None


def facilities_of(text: Text) -> Facilities:
    """Return what facilities.yaml says.

    Raises:
        ConfigError: With a line for each mistake; so do all functions here.
    """
    return _struct_of(text, FacilitiesFile, Facilities)


def fomc_of(text: Text) -> FomcCalendar:
    """Return what fomc.yaml says."""
    return _struct_of(text, FomcFile, FomcCalendar)


def index_of(text: Text) -> IndexFundamentals:
    """Return what index.yaml says."""
    return _struct_of(text, IndexFile, IndexFundamentals)


def tags_of(text: Text) -> Tags:
    """Return what tags.yaml says."""
    return _struct_of(text, TagsFile, Tags)


def _struct_of(text: Text, model: type[Section], struct: type[_S]) -> _S:
    try:
        found = model.model_validate(_tree_of(text))
    except ValidationError as error:
        refuse(text.name, mistakes_of(error))
        raise
    return msgspec.convert(found.model_dump(by_alias=False), struct)


def _tree_of(text: Text) -> dict[Any, Any]:
    if len(text.body) > LETTERS_MAX:
        raise ConfigError(f"{text.name}: is longer than {LETTERS_MAX} letters")
    try:
        _check_events(text)
        tree = yaml.load(text.body, _Loader)  # noqa: S506 - it is a SafeLoader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f", line {mark.line + 1}" if mark else ""
        words = printable(error.problem or error.context or "is no YAML")
        raise ConfigError(f"{text.name}{place}: {words}") from None
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        words = printable(str(error))
        raise ConfigError(f"{text.name}: cannot be used: {words}") from None
    if not isinstance(tree, dict):
        raise ConfigError(f"{text.name}: should be keys with values, such as as_of")
    return {str(key): value for key, value in tree.items()}


def _check_events(text: Text) -> None:
    """Refuse aliases, which can grow without end, own types, and deep nesting."""
    depth = 0
    for event in yaml.parse(text.body, yaml.SafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        words = ""
        if isinstance(event, yaml.AliasEvent):
            words = "aliases (*) are not allowed"
        elif getattr(event, "tag", None) is not None:
            words = "tags (!) are not allowed"
        elif depth > DEPTH_MAX:
            words = "is nested too deeply"
        if words:
            line = event.start_mark.line + 1 if event.start_mark else 1
            raise ConfigError(f"{text.name}, line {line}: {words}")


class _Loader(yaml.SafeLoader):
    """A key that is there twice is a mistake, not the second value."""

    def construct_mapping(
        self,
        node: yaml.MappingNode,
        deep: bool = False,  # noqa: FBT001, FBT002
    ) -> dict[Hashable, Any]:
        seen = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                continue
            if key.value in seen:
                words = f"the key {key.value} is there twice"
                raise yaml.MarkedYAMLError(problem=words, problem_mark=key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)
