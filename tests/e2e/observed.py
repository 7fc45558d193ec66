"""The real daemon, except that it says how it is: its tasks, and whom it connects to.

usage: python -m tests.e2e.observed run --config FILE

On standard output, a line of JSON each: `tasks` once a second, with their number, and
`connect` with each address that a socket of the process connects to.
"""

import asyncio
import json
import os
import sys

from alvh_trader.runtime.daemon import Daemon


def say(kind: str, **values: object) -> None:
    os.write(sys.stdout.fileno(), json.dumps({"kind": kind, **values}).encode() + b"\n")


def hear(event: str, arguments: tuple[object, ...]) -> None:
    """Tell of connections; the interpreter calls this for everything it audits."""
    if event == "socket.connect":
        say("connect", to=str(arguments[1]))


async def count_tasks() -> None:
    while True:
        say("tasks", number=len(asyncio.all_tasks()))
        await asyncio.sleep(1)


def watch() -> None:
    """Let the daemon count its tasks beside its work."""
    run = Daemon.run

    async def run_and_count(it: Daemon) -> None:
        async with asyncio.TaskGroup() as tasks:
            counting = tasks.create_task(count_tasks())
            try:
                await run(it)
            finally:
                counting.cancel()

    setattr(Daemon, "run", run_and_count)  # noqa: B010 - a type checker sees no method


if __name__ == "__main__":
    sys.addaudithook(hear)
    watch()
    sys.argv[0] = "alvh-trader"
    from alvh_trader.cli import main

    main()
