"""Black-76 prices, Greeks and implied volatilities of many European options at once.

Every argument is a float or an array; they broadcast against each other. The model
stands on the forward of the option's own expiry: for VIX options the VIX future of
that expiry, for SPX options the put-call-parity forward (alvh.md §5.4, decision 10).
Where volatility or time is nothing, values are those of the discounted intrinsic.
"""

import math
from typing import Any, NamedTuple, overload

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

Floats = NDArray[np.float64]
Numbers = float | Floats
Bools = bool | NDArray[np.bool_]

DAYS_A_YEAR = 365.0
_ROOT_2 = math.sqrt(2)
_ROOT_2_PI = math.sqrt(2 * math.pi)
_LEAST = 1e-12
_FEW = 12
_NEWTON_PASSES = 8
_BISECTIONS = 80


LAST_DAY = 0.25
"""What is left of the day on which an option expires, in days: 09:30 to 16:00."""


@overload
def years(dte: float) -> float: ...
@overload
def years(dte: Floats) -> Floats: ...
def years(dte: Numbers) -> Numbers:
    """Return the years that calendar days to settlement are; what is past has none.

    >>> years(73.0), years(0) > 0, years(-1)
    (0.2, True, 0.0)
    """
    if isinstance(dte, float | int):
        return 0.0 if dte < 0 else max(dte, LAST_DAY) / DAYS_A_YEAR
    return _floats(np.where(dte < 0, 0.0, np.maximum(dte, LAST_DAY)) / DAYS_A_YEAR)


class Greeks(NamedTuple):
    """Sensitivities of one unit of each option, in index points.

    `delta` and `gamma` are to the forward (or, from `spot_greeks`, to the spot) and
    discounted; `vega` is per 1 vol point; `theta` per calendar day.
    """

    price: Floats
    delta: Floats
    gamma: Floats
    vega: Floats
    theta: Floats


def price(
    forward: Numbers,
    strike: Numbers,
    sigma: Numbers,
    tau: Numbers,
    rate: Numbers,
    is_call: Bools,
) -> Floats:
    """Return the value of each option in points (Black 1976).

    `sigma` is a decimal a year, `tau` years (DTE / 365), `rate` continuous.
    """
    total = np.maximum(sigma * np.sqrt(tau), _LEAST)
    d1 = np.log(np.divide(forward, strike)) / total + 0.5 * total
    w = _sign(is_call)
    undiscounted = w * (forward * ndtr(w * d1) - strike * ndtr(w * (d1 - total)))
    return _floats(undiscounted * np.exp(np.multiply(-1.0, rate) * tau))


def greeks(
    forward: Numbers,
    strike: Numbers,
    sigma: Numbers,
    tau: Numbers,
    rate: Numbers,
    is_call: Bools,
) -> Greeks:
    """Return price and sensitivities of each option to its forward."""
    root = np.maximum(np.sqrt(tau), _LEAST)
    total = np.maximum(sigma * root, _LEAST)
    d1 = np.log(np.divide(forward, strike)) / total + 0.5 * total
    w = _sign(is_call)
    discount = np.exp(np.multiply(-1.0, rate) * tau)
    delta = w * discount * ndtr(w * d1)
    value = delta * forward - w * discount * strike * ndtr(w * (d1 - total))
    density = discount * np.exp(-0.5 * d1 * d1) / _ROOT_2_PI
    vega = forward * density * root
    decay = rate * value - 0.5 * vega * sigma / (root * root)
    return Greeks(
        price=_floats(value),
        delta=_floats(delta),
        gamma=_floats(density / (forward * total)),
        vega=_floats(vega / 100.0),
        theta=_floats(decay / DAYS_A_YEAR),
    )


def spot_greeks(
    spot: Numbers,
    forward: Numbers,
    strike: Numbers,
    sigma: Numbers,
    tau: Numbers,
    rate: Numbers,
    is_call: Bools,
) -> Greeks:
    """Return price and sensitivities of each option to the spot index.

    The carry r - q is what `forward` / `spot` says of it, so that delta is
    e^{-qT} N(d1) and theta that of Black-Scholes-Merton (alvh.md §5.4, §12).
    """
    of_forward = greeks(forward, strike, sigma, tau, rate, is_call)
    ratio = np.divide(forward, spot)
    carry = np.log(ratio) / np.maximum(tau, _LEAST)
    roll_down = carry * forward * of_forward.delta / DAYS_A_YEAR
    return Greeks(
        price=of_forward.price,
        delta=_floats(of_forward.delta * ratio),
        gamma=_floats(of_forward.gamma * ratio * ratio),
        vega=of_forward.vega,
        theta=_floats(of_forward.theta - roll_down),
    )


def implied_volatility(
    price: Numbers,
    forward: Numbers,
    strike: Numbers,
    tau: Numbers,
    rate: Numbers,
    is_call: Bools,
) -> Floats:
    """Return the volatility each price implies; NaN where there is none.

    There is none where the price is not above intrinsic value, not below the
    forward (call) or strike (put), or an input is NaN or not positive.

    Each option is made out of the money by parity and normalised (value over the
    geometric mean of forward and strike). Newton then starts at the inflection of
    value in total volatility; below it, it works on (-ln value)^(-1/2), which is
    almost a straight line there (the idea of Jäckel, "Let's be rational", 2015).
    What Newton leaves unsolved, bisection solves.
    """
    shape = np.shape(price)
    if len(shape) == 1 and shape[0] <= _FEW:
        # Numpy's fixed cost a call outweighs a handful of numbers.
        given = (price, forward, strike, tau, rate, is_call)
        columns = [_column(each, shape[0]) for each in given]
        return np.array([_implied(*row) for row in zip(*columns, strict=True)])
    with np.errstate(all="ignore"):
        w = _sign(is_call)
        undiscounted = price * np.exp(np.multiply(rate, tau))
        x = -np.abs(np.log(np.divide(forward, strike)))
        intrinsic = np.maximum(w * np.subtract(forward, strike), 0.0)
        mean = np.sqrt(np.multiply(forward, strike))
        target = (undiscounted - intrinsic) / mean
        ceiling = np.exp(0.5 * x)
        solvable = (target > 1e-14) & (target < ceiling) & np.greater(tau, 0.0)
        x, target = np.where(solvable, x, -0.1), np.where(solvable, target, 0.01)
        total = _total_volatility(target, x)
        return _floats(np.where(solvable, total / np.sqrt(tau), np.nan))


def _column(values: Any, count: int) -> list[Any]:
    """Return `values` as a list of `count` plain numbers."""
    many = values.tolist() if isinstance(values, np.ndarray) else values
    return many if isinstance(many, list) else [many] * count


def _implied(  # one row of what `implied_volatility` takes
    price: float,
    forward: float,
    strike: float,
    tau: float,
    rate: float,
    is_call: bool,  # noqa: FBT001
) -> float:
    """Return what `implied_volatility` does, for one option."""
    if not (forward > 0.0 and strike > 0.0 and tau > 0.0):
        return math.nan
    x = -abs(math.log(forward / strike))
    intrinsic = max(forward - strike if is_call else strike - forward, 0.0)
    target = (price * math.exp(rate * tau) - intrinsic) / math.sqrt(forward * strike)
    if not 1e-14 < target < math.exp(0.5 * x):
        return math.nan
    total = _one_total_volatility(target, x)
    if math.isnan(total):
        total = float(_settled(np.array(total), np.array(target), np.array(x)))
    return total / math.sqrt(tau)


def _one_total_volatility(target: float, x: float) -> float:
    """Return what `_total_volatility` does, for one number; NaN to bisect."""
    up, down = math.exp(0.5 * x), math.exp(-0.5 * x)
    inflection = max(math.sqrt(-2.0 * x), _LEAST)
    level = _normal(x / inflection + 0.5 * inflection) * up
    level = max(level - _normal(x / inflection - 0.5 * inflection) * down, 1e-300)
    is_low = target < level
    log_target = -math.log(target)
    if is_low:
        total = inflection * math.sqrt(-math.log(level) / log_target)
    else:
        total = max(inflection, target * 2.5)
    for _ in range(_NEWTON_PASSES):
        h, t = x / total, 0.5 * total
        value = max(_normal(h + t) * up - _normal(h - t) * down, 1e-300)
        slope = math.exp(-0.5 * (h * h + t * t)) / _ROOT_2_PI
        if slope <= 0.0:
            return math.nan
        if is_low:
            log_value = max(-math.log(value), 0.0)
            step = 2.0 * log_value * (math.sqrt(log_value / log_target) - 1.0) * value
        else:
            step = target - value
        step /= slope
        total = max(total + step, 0.2 * total)
        if abs(step) <= 1e-9 * total:
            return total
    return math.nan


def _normal(z: float) -> float:
    return 0.5 * math.erfc(-z / _ROOT_2)


def _total_volatility(target: Floats, x: Floats) -> Floats:
    """Return the sigma * sqrt(T) at which the normalised value is `target`."""
    up, down = np.exp(0.5 * x), np.exp(-0.5 * x)
    # At the money the inflection is at 0; the value is then target * sqrt(2 pi).
    inflection = np.maximum(np.sqrt(-2.0 * x), _LEAST)
    h = x / inflection
    level = ndtr(h + 0.5 * inflection) * up - ndtr(h - 0.5 * inflection) * down
    is_low = target < level
    log_target = -np.log(target)
    guess = np.sqrt(-np.log(np.maximum(level, 1e-300)) / log_target)
    total = np.where(is_low, inflection * guess, np.maximum(inflection, target * 2.5))
    done = False
    for _ in range(_NEWTON_PASSES):
        h, t = x / total, 0.5 * total
        value = np.maximum(ndtr(h + t) * up - ndtr(h - t) * down, 1e-300)
        slope = np.exp(-0.5 * (h * h + t * t)) / _ROOT_2_PI
        log_value = -np.log(value)
        low_step = 2.0 * log_value * (np.sqrt(log_value / log_target) - 1.0) * value
        step = np.where(is_low, low_step, target - value) / slope
        total = np.maximum(total + step, 0.2 * total)
        done = bool((np.abs(step) <= 1e-9 * total).all())
        if done:
            break
    return total if done else _settled(total, target, x)


def _settled(total: Floats, target: Floats, x: Floats) -> Floats:
    """Return `total` where it solves, and a bisected answer where it does not."""
    up, down = np.exp(0.5 * x), np.exp(-0.5 * x)

    def value(s: Floats) -> Any:
        return ndtr(x / s + 0.5 * s) * up - ndtr(x / s - 0.5 * s) * down

    # A NaN in `total` is never within the bound.
    solved = np.abs(value(total) - target) <= 1e-12 + 1e-9 * target
    low, high = np.full_like(total, 1e-9), np.full_like(total, 50.0)
    for _ in range(_BISECTIONS):
        middle = 0.5 * (low + high)
        is_over = value(middle) > target
        low, high = np.where(is_over, low, middle), np.where(is_over, middle, high)
    return _floats(np.where(solved, total, 0.5 * (low + high)))


def _sign(is_call: Bools) -> Any:
    return np.where(is_call, 1.0, -1.0)


def _floats(values: Any) -> Floats:
    return np.asarray(values, dtype=np.float64)
