"""Published figures up to April 2026, as a file of an operator would have them."""

import math
from datetime import date

MONTHS = tuple(date(2020 + m // 12, m % 12 + 1, 1) for m in range(76))

CPI = tuple((d, 260.0 * 1.0025**i) for i, d in enumerate(MONTHS))
"""Three per cent a year, evenly."""

PPI = tuple(
    (d, 130.0 * 1.002**i * (1 + 0.01 * math.sin(i / 5))) for i, d in enumerate(MONTHS)
)
"""A little less, in waves."""

REER = tuple((d, 105.0 * (1 + 0.02 * math.sin(i / 9))) for i, d in enumerate(MONTHS))
"""An exchange rate that moves slowly up and down."""
