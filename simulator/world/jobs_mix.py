"""Counts by class and by service: what jobs ask, what they hold, how long they took."""

from __future__ import annotations

from typing import Any

from simulator.world.jobs_kernel import kernel
from simulator.world.jobs_queue import replace, unplan
from simulator.world.jobs_state import BY_WORK, DIRTY, LEARNING, MIX_CHANGED, ORDER


@kernel
def learn(st: Any, j: int) -> None:
    """Count a job that is done into the mean of its class."""
    job_class = st.kind[st.job[j].type].job_class
    count_in_mix(st, st.job[j].type, -1)
    if st.counts[LEARNING] == 0:
        return
    group = st.group[job_class]
    group.done += 1
    group.mean_s += (st.work[j] - group.mean_s) / group.done
    unplan(st)
    if st.counts[ORDER] == BY_WORK:
        for k in range(len(st.kind)):
            if st.kind[k].job_class == job_class:
                replace(st, k)
        # The queue is in another order, so no pool is held as it was.
        st.counts[DIRTY] |= (1 << len(st.pool)) - 1


@kernel
def count_in_mix(st: Any, k: int, jobs: int) -> None:
    """Count a job of a type into its class, or out of it."""
    group = st.group[st.kind[k].job_class]
    group.chips += jobs * st.kind[k].chips
    if group.chips < group.least or group.chips > group.most:
        st.counts[MIX_CHANGED] = 1


@kernel
def count_chips(st: Any, run: Any, chips: int) -> None:
    """Count chips as allocated, or, if negative, as given back."""
    kind = st.kind[st.job[run.job].type]
    st.share[kind.service].used += chips
    st.held[kind.service, run.pool] += chips
    st.aims[kind.job_class, run.pool].held += chips
