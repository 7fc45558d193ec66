"""Many seeds, each in a process of its own; and a failing one made smaller."""

import selectors
from collections.abc import Iterable, Iterator

from tests.simulation.schedule import Schedule, smaller
from tests.simulation.stage import Result, Stage
from tests.simulation.trunk import Trunks


def campaign(
    stage: Stage, trunks: Trunks, seeds: Iterable[int], jobs: int = 2
) -> Iterator[tuple[int, Result | None]]:
    """Yield (seed, result) in the order of the seeds, `jobs` of them at a time."""
    over: dict[int, Result | None] = {}
    under_way: list[int] = []
    coming = iter(seeds)
    with selectors.DefaultSelector() as waiting:
        while True:
            while len(waiting.get_map()) < jobs and (seed := next(coming, None)):
                running = trunks.begin(stage.schedule(seed))
                waiting.register(running, selectors.EVENT_READ, (seed, running))
                under_way.append(seed)
            if not under_way:
                return
            for key, _ in waiting.select():
                waiting.unregister(key.fileobj)
                seed, running = key.data
                over[seed] = running.result()
            while under_way and under_way[0] in over:
                first = under_way.pop(0)
                yield first, over.pop(first)


def shrunk(trunks: Trunks, failing: Schedule) -> Schedule:
    """Return a schedule with as little as possible that fails by the same row."""
    rows = _rows(trunks.begin(failing).result())
    is_smaller = True
    while is_smaller:
        is_smaller = False
        for fewer in smaller(failing):
            if _rows(trunks.begin(fewer).result()) & rows:
                failing, is_smaller = fewer, True
                break
    return failing


def _rows(result: Result | None) -> set[str]:
    if result is None:
        return {"broke"}
    return {words.partition(" ")[0] for words in result.wrong}
