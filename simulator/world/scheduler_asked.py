"""What a planner's own policy sees, and how its answer is taken down."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simulator.world.jobs_arrays import State
from simulator.world.jobs_state import ANSWERED, N_WAITING, NOW


class QueueView(NamedTuple):
    """The queue and the pools at one moment; jobs in order of submission.

    The arrays are the engine's memory: they cannot be written to, and hold until
    the policy returns. What is to be kept for later must be copied.
    """

    now_s: float
    #: Rows of the job table, shape (jobs,); the next six likewise.
    job: NDArray[np.int64]
    chips: NDArray[np.int64]
    job_class: NDArray[np.int32]
    service: NDArray[np.int32]
    priority: NDArray[np.float64]
    submit_s: NDArray[np.float64]
    #: Work left, as wall time at rate 1, as far as it is known. [s]
    left_s: NDArray[np.float64]
    #: Wall time left, likewise, in each pool, inf: cannot run there, shape (jobs, pools). [s]
    wall_s: NDArray[np.float64]
    #: Chips needed in each pool, shape (jobs, pools).
    need: NDArray[np.int64]
    #: Reference work per chip, shape (classes, pools). [rce/chip]
    rate: NDArray[np.float64]
    #: What each class likes without a policy of its own, shape (classes, pools).
    preference: NDArray[np.float64]
    #: Whole hosts idle, shape (pools,); the next two likewise.
    free_hosts: NDArray[np.int64]
    up_hosts: NDArray[np.int64]
    chips_per_host: NDArray[np.int64]


#: A planner's policy: from the queue to who goes first, shape (jobs,), higher
#: first, ties in order of submission; and which pools it likes, shape (jobs,
#: pools), higher first, ties by number, -inf: not there.
Decide = Callable[[QueueView], tuple[ArrayLike, ArrayLike]]


class Desk:
    """Where a policy is shown the queue that compiled code wrote down, and answers.

    Parameters
    ----------
    decide : callable
    st : State
        As long as its arrays stay where they are.
    rate, preference : ndarray, shape (classes, pools)
    """

    def __init__(
        self,
        decide: Decide,
        st: State,
        rate: NDArray[np.float64],
        preference: NDArray[np.float64],
    ) -> None:
        self.st = st
        self._decide = decide
        self._first, self._liking = st.seen["first"], st.liking.T
        seen, pool = _read_only(st.seen), _read_only(st.pool)
        names = ("job", "chips", "job_class", "service", "priority", "submit", "left")
        # Fields are looked up here: to do so for every question would cost most of it.
        by_job = [seen[name] for name in names]
        # A pool's column lies in one piece: what is quickest for a job is found column by column.
        self._by_job = (*by_job, _read_only(st.wall).T, _read_only(st.need).T)
        fleet = tuple(pool[name] for name in ("free", "up", "chips_per_host"))
        self._of_all = (_read_only(rate), _read_only(preference), *fleet)

    def ask(self) -> None:
        """Ask the policy and take down what it says.

        Raises
        ------
        ValueError
            If the answer has another shape than the queue.
        """
        st = self.st
        n = int(st.counts[N_WAITING])
        columns = [column[:n] for column in self._by_job]
        first, liking = self._decide(QueueView(float(st.real[NOW]), *columns, *self._of_all))
        first, liking = np.asarray(first), np.asarray(liking)
        shape = (n, len(st.pool))
        if first.shape != shape[:1] or liking.shape != shape:
            raise ValueError(
                f"a policy must return shapes {shape[:1]} and {shape}, got {first.shape}"
                f" and {liking.shape}"
            )
        self._first[:n], self._liking[:n] = first, liking
        st.counts[ANSWERED] = 1


def _read_only(array: NDArray[Any]) -> NDArray[Any]:
    view = array.view()
    view.flags.writeable = False
    return view
