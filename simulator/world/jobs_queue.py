"""Waiting jobs: a queue for each type, and the types in order of their heads.

A queue in order of submission is a linked list, so that a pass can walk it and
a job can leave from its middle; one in order of work left, or to which those
that were preempted return, is a heap. Conservative backfill has one queue for
all types.
"""

from __future__ import annotations

from math import isnan
from typing import Any

from simulator.world.jobs_heap import before, drop, rise
from simulator.world.jobs_kernel import kernel
from simulator.world.jobs_state import (
    AGEING,
    ASKED,
    BY_ATTAINED,
    BY_PRIORITY,
    BY_WORK,
    CONSERVATIVE,
    FRESH,
    FRESH_JOB,
    LEARNING,
    MODE,
    N_CAME,
    N_PLANNED,
    N_SEEN,
    N_TYPES_WAITING,
    N_WAITING,
    ORDER,
    PREEMPTS,
    WAITING,
)


@kernel
def key_of(st: Any, j: int) -> float:
    """Order of a job among all that wait: lower first, ties by row of the table."""
    order = st.counts[ORDER]
    if order in (BY_PRIORITY, BY_ATTAINED):
        priority = st.kind[st.job[j].type].priority
        # Without ageing, spare a look at another cache line.
        return -priority if st.real[AGEING] == 0.0 else -priority + st.real[AGEING] * st.submit[j]
    if order == BY_WORK:
        if st.counts[LEARNING] == 1:
            return st.group[st.kind[st.job[j].type].job_class].mean_s
        return guess_of(st, j)
    return 0.0


@kernel
def guess_of(st: Any, j: int) -> float:
    """Return what the work left of a job is taken for."""
    return max(st.job[j].left + error_of(st, j), 0.0)


@kernel
def end_of_job(st: Any, j: int, at: float, slow: float) -> float:
    """Return when a job is thought to end if it starts at a time; no work left takes none."""
    # The same sum as of a run's finish, so that they compare to the last bit.
    begin = at + (0.0 if isnan(st.job[j].start) else st.restart[j])
    guess = guess_of(st, j)
    return begin + guess * slow if guess > 0.0 else begin


@kernel
def error_of(st: Any, j: int) -> float:
    """Return by how much the work of a job is taken for more than it is."""
    if st.counts[LEARNING] == 1:
        return st.group[st.kind[st.job[j].type].job_class].mean_s - st.work[j]
    return st.job[j].error


@kernel
def queue_of(st: Any, j: int) -> int:
    """Return which queue a job waits in: its type's, or the only one."""
    return 0 if st.counts[MODE] == CONSERVATIVE else st.job[j].type


@kernel
def heaped(st: Any) -> bool:
    """Whether the queue of a type is a heap: jobs come to any place, and leave at the head."""
    return st.counts[PREEMPTS] == 1 or (st.counts[ORDER] == BY_WORK and st.counts[LEARNING] == 0)


@kernel
def _rank(st: Any, j: int) -> float:
    """Order of a job within its type; ties by row of the table."""
    return guess_of(st, j) if st.counts[ORDER] == BY_WORK and st.counts[LEARNING] == 0 else 0.0


@kernel
def _next_head(st: Any, kind: Any) -> None:
    drop(st, st.queue, kind.first, kind.size, 0)
    kind.size -= 1
    kind.head = st.queue[kind.first].job if kind.size > 0 else -1


@kernel
def join(st: Any, j: int) -> None:
    """Let a job wait: new, or sent back by a fault to where it came from."""
    job = st.job[j]
    n = st.counts[N_PLANNED]
    if n > 0 and j < st.planned[n - 1].job:
        unplan(st)
    job.state = WAITING
    if st.counts[MODE] == ASKED:
        _note(st, j)
    st.counts[N_WAITING] += 1
    st.counts[FRESH] += 1
    st.counts[FRESH_JOB] = j
    kind = st.kind[queue_of(st, j)]
    if heaped(st):
        kind.size += 1
        rise(st, st.queue, kind.first, kind.size - 1, _rank(st, j), j, -1)
        kind.head = st.queue[kind.first].job
    else:
        _link(st, kind, j)
    replace(st, queue_of(st, j))


@kernel
def _note(st: Any, j: int) -> None:
    """Note that a planner's policy has not seen a job as it is."""
    n = st.counts[N_CAME]
    if n < len(st.came):
        st.came[n] = j
        st.counts[N_CAME] = n + 1
    else:
        st.counts[N_SEEN] = -1


@kernel
def unplan(st: Any) -> None:
    """Call no reservation good any more."""
    for p in range(len(st.pool)):
        st.pool[p].hold_good = 0


@kernel
def leave(st: Any, j: int) -> None:
    """Take a job out of the queue, to start it or because it gave up."""
    job = st.job[j]
    st.counts[N_WAITING] -= 1
    kind = st.kind[queue_of(st, j)]
    if heaped(st):
        # One that gives up within the heap stays until it comes to the top.
        if kind.head != j:
            return
        _next_head(st, kind)
        while kind.head >= 0 and st.job[kind.head].state != WAITING:
            _next_head(st, kind)
    else:
        if job.prev >= 0:
            st.job[job.prev].next = job.next
        else:
            kind.head = job.next
        if job.next >= 0:
            st.job[job.next].prev = job.prev
        else:
            kind.tail = job.prev
    replace(st, queue_of(st, j))


@kernel
def _link(st: Any, kind: Any, j: int) -> None:
    """Put a job into a type's list; one sent back is older than most, so look from the front."""
    if kind.tail < j:
        left, right = kind.tail, -1
    else:
        left, right = -1, kind.head
        while right < j:
            left = right
            right = st.job[right].next
    st.job[j].prev = left
    st.job[j].next = right
    if left >= 0:
        st.job[left].next = j
    else:
        kind.head = j
    if right >= 0:
        st.job[right].prev = j
    else:
        kind.tail = j


@kernel
def type_before(st: Any, a: int, b: int) -> bool:
    """Whether the head of type *a* goes before the head of type *b*."""
    return before(st.kind[a].key, st.kind[a].head, st.kind[b].key, st.kind[b].head)


@kernel
def replace(st: Any, k: int) -> None:
    """Give a type the place in the heap that its head now deserves."""
    kind = st.kind[k]
    if kind.head < 0:
        if kind.place >= 0:
            set_aside(st, k)
        return
    kind.key = key_of(st, kind.head)
    if kind.place < 0:
        put_back(st, k)
        return
    _up(st, kind.place)
    _down(st, kind.place)


@kernel
def put_back(st: Any, k: int) -> None:
    """Add a type to the heap of waiting types."""
    n = st.counts[N_TYPES_WAITING]
    st.kind[n].waiting = k
    st.kind[k].place = n
    st.counts[N_TYPES_WAITING] = n + 1
    _up(st, n)


@kernel
def set_aside(st: Any, k: int) -> None:
    """Take a type out of the heap of waiting types."""
    place = st.kind[k].place
    n = st.counts[N_TYPES_WAITING] - 1
    st.counts[N_TYPES_WAITING] = n
    st.kind[k].place = -1
    if place != n:
        last = st.kind[n].waiting
        st.kind[place].waiting = last
        st.kind[last].place = place
        _up(st, place)
        _down(st, st.kind[last].place)


@kernel
def _up(st: Any, place: int) -> None:
    k = st.kind[place].waiting
    while place > 0:
        parent = (place - 1) >> 1
        other = st.kind[parent].waiting
        if not type_before(st, k, other):
            break
        st.kind[place].waiting = other
        st.kind[other].place = place
        place = parent
    st.kind[place].waiting = k
    st.kind[k].place = place


@kernel
def _down(st: Any, place: int) -> None:
    k = st.kind[place].waiting
    n = st.counts[N_TYPES_WAITING]
    while True:
        child = 2 * place + 1
        if child >= n:
            break
        if child + 1 < n and type_before(st, st.kind[child + 1].waiting, st.kind[child].waiting):
            child += 1
        other = st.kind[child].waiting
        if not type_before(st, other, k):
            break
        st.kind[place].waiting = other
        st.kind[other].place = place
        place = child
    st.kind[place].waiting = k
    st.kind[k].place = place
