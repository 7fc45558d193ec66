"""The command line."""

from alvh_trader.cli.commands import Series, app, main

__all__ = ["Series", "app", "main"]
