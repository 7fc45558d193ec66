"""What an option would be worth if its underlying and its volatility were others.

The underlying of an SPX option is the index, of which the market's carry makes the
forward; that of a VIX option is the future of its expiry, which is a forward already.
"""

import math
from typing import NamedTuple

from alvh_trader.pricing import black76
from alvh_trader.sim.model import Listing, OptionGreeks
from alvh_trader.sim.surface import SECONDS_A_YEAR, State


class Theory(NamedTuple):
    """An option in a state of the market; `expires_at` is in POSIX seconds."""

    state: State
    option: Listing
    expires_at: float

    def at(self, volatility: float, underlying: float) -> OptionGreeks:
        """Return price and greeks at a volatility (a decimal a year)."""
        option, forward = self.option, self._forward(underlying)
        terms = (option.strike, volatility, self._tau, self.state.rate, self._is_call)
        made = (
            black76.greeks(forward, *terms)
            if option.symbol == "VIX"
            else black76.spot_greeks(underlying, forward, *terms)
        )
        price, delta, gamma, vega, theta = (float(value) for value in made)
        return OptionGreeks(
            implied_volatility=volatility,
            delta=delta,
            price=price,
            gamma=gamma,
            vega=vega,
            theta=theta,
            underlying=underlying,
        )

    def implied(self, price: float, underlying: float) -> float | None:
        """Return the volatility that explains a price; None where none does."""
        found = black76.implied_volatility(
            price,
            self._forward(underlying),
            self.option.strike,
            self._tau,
            self.state.rate,
            self._is_call,
        )
        return float(found) if math.isfinite(found) else None

    @property
    def _tau(self) -> float:
        return max((self.expires_at - self.state.at) / SECONDS_A_YEAR, 1e-9)

    @property
    def _is_call(self) -> bool:
        return self.option.right == "C"

    def _forward(self, underlying: float) -> float:
        if self.option.symbol == "VIX":
            return underlying
        return underlying * math.exp(self.state.carry * self._tau)
