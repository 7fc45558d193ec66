"""Do what a disk may never finish on another thread, and wait only so long for it.

A commit that outlives its deadline counts as failed, whatever becomes of it: nothing
that waits for it may be sent (reliability.md F121).
"""

import threading
from collections.abc import Callable
from queue import SimpleQueue

from alvh_trader.errors import JournalError

Job = Callable[[], object]


class Deadline:
    """Runs jobs one after the other; `seconds` is how long each may take.

    None runs them here and waits for ever. The thread does not keep the process alive.
    """

    def __init__(self, seconds: float | None) -> None:
        self._seconds = seconds
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._done: SimpleQueue[BaseException | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self.is_missed = False
        """Whether a job did not end in time; it may still be running."""
        if seconds is not None:
            self._thread.start()

    def run(self, job: Job) -> None:
        """Run `job`, and pass on what it raises.

        Raises:
            JournalError: It took too long.
        """
        if self._seconds is None:
            job()
            return
        self._jobs.put(job)
        try:
            error = self._done.get(timeout=self._seconds)
        except Exception as late:
            self.is_missed = True
            raise JournalError(
                f"the disk did not finish within {self._seconds:g} s"
            ) from late
        if error is not None:
            raise error

    def end(self) -> None:
        """Let the thread go."""
        self._jobs.put(None)
        if self._thread.is_alive() and not self.is_missed:
            self._thread.join()

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            try:
                job()
            except BaseException as error:  # noqa: BLE001 - it is raised where it is awaited
                self._done.put(error)
            else:
                self._done.put(None)
