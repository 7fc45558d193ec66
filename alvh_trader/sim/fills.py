"""How honest fills are: what stands between an order and its trade, by profile."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True, kw_only=True)
class FillModel:
    """The numbers of a profile. All of them are assumptions, but for the latency."""

    latency: float
    """Seconds on the way: before it has arrived, an order (or a change) trades not."""

    shown: float
    """Share of the displayed size that is still there when the order comes."""

    refill: float
    """Seconds after which half of what we took from a displayed size is back."""

    fade: int
    """Ticks by which the far side steps away from whoever wants it."""

    queue: float
    """Share of the displayed size that waits before us where we join it."""

    eagerness: float
    """Chance within `matching.PATIENCE` of being met just short of the far side."""

    least_way: float
    """Part of the way from the near to the far side on which nobody comes to meet."""


OPTIMISTIC = FillModel(
    latency=0.0,
    shown=1.0,
    refill=1.0,
    fade=0,
    queue=0.0,
    eagerness=0.9,
    least_way=0.0,
)
REALISTIC = FillModel(
    # A recorded market order was acknowledged after 608 ms [cap].
    latency=0.6,
    shown=1.0,
    refill=15.0,
    fade=0,
    queue=1.0,
    eagerness=0.5,
    least_way=0.25,
)
HARSH = FillModel(
    latency=3.0,
    shown=0.5,
    refill=60.0,
    fade=1,
    queue=2.0,
    eagerness=0.0,
    least_way=0.0,
)

PROFILES: Mapping[str, FillModel] = MappingProxyType(
    {"optimistic": OPTIMISTIC, "realistic": REALISTIC, "harsh": HARSH}
)
