"""Lets exchange-calendars be built under pandas 3.1, which warns of its own future."""

import pytest


def pytest_configure(config: pytest.Config) -> None:
    # exchange-calendars 4.13 reads Series.values of time zone aware columns.
    config.addinivalue_line(
        "filterwarnings", "ignore:Series.values returning an ndarray:DeprecationWarning"
    )
