"""Write logs to standard error as JSON lines; standard output is for answers."""

import logging
import sys
from typing import TextIO

import structlog

LIBRARIES = {
    # What it logs as it fails to connect, it also raises; `broker` says it better.
    "ib_insync.client": logging.CRITICAL,
    "ib_async.client": logging.CRITICAL,
    # Warnings of these name whole orders with the account they are for.
    "ib_insync": logging.ERROR,
    "ib_async": logging.ERROR,
}
"""From which level on a library is heard."""


def configure(stream: TextIO | None = None) -> None:
    """Send every log line, also of the libraries, to `stream` (standard error).

    One JSON object a line: `at` (UTC, of this computer's clock), `level`, `event`,
    `logger` where a library speaks, and the values that belong to the event.
    """
    stream = sys.stderr if stream is None else stream
    common: list[structlog.types.Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        # Without the locals: they may hold a secret, and cost more than the rest.
        structlog.processors.ExceptionRenderer(
            structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
        ),
    ]
    to_json = structlog.processors.JSONRenderer(default=str)
    structlog.configure(
        processors=[*common, to_json],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(stream),
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *common],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                to_json,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    for name, level in LIBRARIES.items():
        logging.getLogger(name).setLevel(level)
