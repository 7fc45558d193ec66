"""The append-only record of every event and command, in SQLite."""
