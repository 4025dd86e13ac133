"""Who does the tasks: this process, local processes, or any executor.

Tasks that are quicker together go to a worker as one block. Of a block that fails, each
task is tried alone, so that only the one at fault is reported. A local worker that dies
takes nothing with it but its own tasks, which are tried again alone; one that keeps dying
is reported, and the rest of the study survives.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    Executor,
    Future,
    ProcessPoolExecutor,
    wait,
)
from dataclasses import dataclass, field
from multiprocessing.connection import wait as wait_for_any
from pathlib import Path
from types import TracebackType
from typing import Self

from simulator.results import sweep
from simulator.study.tasks import Block, Task, blocks_of, perform

#: How often a task whose worker died is tried again, by itself.
RETRIES = 2
#: Tasks handed to a foreign executor at a time: enough to keep a cluster busy.
_AHEAD = 512

#: Called with the number of tasks done.
Tell = Callable[[int], None]


@dataclass
class Outcome:
    """What a study left: finished tasks, and those that failed with their reason."""

    finished: int = 0
    reused: int = 0
    failed: list[tuple[Task, str]] = field(default_factory=list)

    def add(self, other: Outcome) -> None:
        """Count another's tasks to these."""
        self.finished += other.finished
        self.reused += other.reused
        self.failed += other.failed


#: Why no worker began, most likely.
UNGUARDED = (
    "no worker process could begin: it runs the script that asked for it once more, so a script "
    "must do what it does under 'if __name__ == \"__main__\":', or ask with workers=1"
)


class Workers:
    """Does tasks, over and over, until closed.

    Parameters
    ----------
    out : Path
        Folder of results.
    workers : int, optional
        Local processes; all cores if not given. One: this process. Ignored with *executor*.
    executor : Executor, optional
        Where tasks run instead. Its processes must see *out* under the same path.
    """

    def __init__(
        self, out: Path, workers: int | None = None, executor: Executor | None = None
    ) -> None:
        self.out = out
        self.count = workers or os.cpu_count() or 1
        self._given = executor
        self._pool: ProcessPoolExecutor | None = None
        self._began = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._drop_pool()

    def run(self, tasks: Iterable[Task], tell: Tell = lambda done: None) -> Outcome:
        """Do every task; a fault of one is reported, and the rest survives.

        Raises
        ------
        OSError
            If a result cannot be written. What is finished stays.
        """
        wanted = list(tasks)
        for key in {task.key for task in wanted}:
            sweep(self.out, key)
        todo = deque(blocks_of(wanted))
        outcome = Outcome()
        if self._given is not None:
            self._drain(self._given, todo, outcome, tell, _AHEAD)
        elif self.count == 1:
            self._run_here(todo, outcome, tell)
        else:
            self._run_in_pool(todo, outcome, tell)
        return outcome

    def _run_in_pool(self, todo: deque[Block], outcome: Outcome, tell: Tell) -> None:
        starts = 0
        while todo:
            suspects = self._drain(self._local(), todo, outcome, tell, 2 * self.count)
            for task in (task for block in suspects for task in block):
                self._run_alone(task, outcome, tell)
            if todo or suspects:
                self._drop_pool()
            starts = 0 if suspects else starts + 1
            if todo and starts > RETRIES:
                raise OSError("local workers die before they do anything")

    def _local(self) -> ProcessPoolExecutor:
        if self._pool is None:
            self._pool = _pool(self.count)
            if not self._began:
                self._see_one_begin(self._pool)
        return self._pool

    def _see_one_begin(self, pool: ProcessPoolExecutor) -> None:
        # What a script does outside its main guard, each worker would do again as it begins.
        try:
            pool.submit(int).result()
        except BrokenExecutor:
            raise RuntimeError(UNGUARDED) from None
        self._began = True

    def _drop_pool(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None

    def _drain(
        self, executor: Executor, todo: deque[Block], outcome: Outcome, tell: Tell, ahead: int
    ) -> list[Block]:
        """Do blocks until none is left or the pool breaks; return those a break took along."""
        running: dict[Future[None], Block] = {}
        lost: list[Block] = []
        try:
            while todo or running:
                while todo and len(running) < ahead and not lost:
                    try:
                        running[executor.submit(perform, todo[0], self.out)] = todo[0]
                    except BrokenExecutor:
                        if self._given is not None:
                            raise
                        break
                    todo.popleft()
                if not running:
                    break
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    block, fault = running.pop(future), future.exception()
                    if isinstance(fault, BrokenExecutor) and self._given is None:
                        lost.append(block)
                    else:
                        todo.extendleft(self._take(fault, block, outcome, tell))
        except BaseException:
            # Ctrl-C or a full disk: let what runs end, start nothing more.
            for future in running:
                future.cancel()
            raise
        return lost

    def _run_alone(self, task: Task, outcome: Outcome, tell: Tell) -> None:
        for _ in range(RETRIES):
            with _pool(1) as pool:
                fault = pool.submit(perform, (task,), self.out).exception()
            if not isinstance(fault, BrokenExecutor):
                break
        if isinstance(fault, BrokenExecutor):
            fault = RuntimeError(f"its worker died {1 + RETRIES} times")
        self._take(fault, (task,), outcome, tell)

    def _run_here(self, todo: deque[Block], outcome: Outcome, tell: Tell) -> None:
        while todo:
            block = todo.popleft()
            fault: BaseException | None = None
            try:
                perform(block, self.out)
            except Exception as error:  # a poisoned replication is reported, the rest survives
                fault = error
            todo.extendleft(self._take(fault, block, outcome, tell))

    def _take(
        self, fault: BaseException | None, block: Block, outcome: Outcome, tell: Tell
    ) -> list[Block]:
        """Count what is finished and what failed; return what is to be tried task by task."""
        if isinstance(fault, OSError):
            raise fault
        if fault is not None and len(block) > 1:
            return [(task,) for task in reversed(block)]
        for task in block:
            why = fault
            if why is None and not task.is_done(self.out):
                why = RuntimeError(
                    f"a worker wrote {task.folder(self.out)} where this process cannot see it; "
                    "the folder of results must be shared by all workers"
                )
            if why is None:
                outcome.finished += 1
            else:
                outcome.failed.append((task, f"{type(why).__name__}: {why}"))
        tell(outcome.finished + len(outcome.failed))
        return []


def _pool(count: int) -> ProcessPoolExecutor:
    # spawn: polars and numba keep threads, which a fork would break.
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(count, mp_context=context, initializer=_begin_worker)


def _begin_worker() -> None:
    # Ctrl-C is for the parent, which lets what runs end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    # A killed parent closes no queue: its workers would wait for work for ever.
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait_for_any([parent.sentinel])
        os._exit(1)
