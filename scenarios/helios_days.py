"""Virtual clusters of Helios Earth, day by day: what is inferred of their jobs, and forecasts.

Of each cluster only counts are public: running and waiting GPU jobs and the GPUs
they hold or ask, each ten minutes. From the counts of the first days jobs are
inferred (:mod:`simulator.laws.occupancy`), their run times lengthened by the
product-limit estimate where they had not ended. Each later day is forecast from
its midnight, when the counts tell what runs and since when, and what waits: the
day's arrivals are those inferred of a random earlier day of its kind (working day or
not), and the engine says when each starts, first come first served, on
interchangeable GPUs: in seven clusters of eight no more than 4 % of the counts have
a job waiting beside idle GPUs.

Many who find no room hold a job back and send it when there is some: it starts when
it can, as one that waits does, but no count has it among those that wait. How many do
not is inferred too.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from simulator.laws.occupancy import Seen, asked_at, even_parts, jobs_seen
from simulator.laws.survival import Survival, lasts, survival
from simulator.world.replay import ReplayPool, replay

__all__ = ["Counts", "Inferred", "Midnight", "forecast", "infer", "midnight_of"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

BEAT_S = 600.0
#: Counts a day.
DAY = 144
#: China's holidays of May 2020, and the Saturday worked for them (State Council, notice
#: 2019-16 of 21 November 2019).
HOLIDAYS = {date(2020, 5, day) for day in range(1, 6)}
WORKED = {date(2020, 5, 9)}
#: What stands for a run time longer than any that was seen. [s]
LONG_S = 30 * 86400.0
#: Ends of run times below which a cluster borrows those of all.
FEW = 15


@dataclass(frozen=True)
class Counts:
    """Counts of one virtual cluster, from midnight, without gaps."""

    name: str
    first: datetime
    gpus: Ints
    running_jobs: Ints
    running_gpus: Ints
    waiting_jobs: Ints
    waiting_gpus: Ints

    @property
    def days(self) -> int:
        """Whole days."""
        return len(self.gpus) // DAY

    def rest(self, day: int) -> bool:
        """Whether a day is a weekend or holiday."""
        when = (self.first + timedelta(days=day)).date()
        return when in HOLIDAYS or (when.weekday() >= 5 and when not in WORKED)


@dataclass(frozen=True)
class Inferred:
    """Jobs of a cluster's first days."""

    seen: Seen
    #: Count that first has each, running or waiting.
    asked: Ints
    #: Counts over which each ran; until inference stopped, where it had not ended.
    ran: Ints
    curve: Survival
    days: int
    #: Of jobs that find no room, the share that waits in the queue. [1]
    queues: float


def infer(clusters: list[Counts], days: int) -> dict[str, Inferred]:
    """Infer the jobs of some days; run times of clusters with few are pooled."""
    found = {}
    last = days * DAY
    for counts in clusters:
        seen = jobs_seen(counts.running_jobs[:last], counts.running_gpus[:last])
        asked = asked_at(seen.start, counts.waiting_jobs[:last])
        ran = np.where(seen.end >= 0, seen.end, last) - seen.start
        found[counts.name] = (seen, asked, ran)
    # What ran from the start has an unknown age, and says nothing of run times.
    fresh = {name: seen.start > 0 for name, (seen, _, _) in found.items()}
    pooled = survival(
        np.concatenate([ran[fresh[name]] for name, (_, _, ran) in found.items()]),
        np.concatenate([seen.end[fresh[name]] >= 0 for name, (seen, _, _) in found.items()]),
    )
    waited = {c.name: _waited(c, *found[c.name][:2]) for c in clusters}
    all_waited = np.concatenate(list(waited.values()))
    inferred = {}
    for name, (seen, asked, ran) in found.items():
        new = fresh[name]
        ended = seen.end[new] >= 0
        curve = survival(ran[new], ended) if ended.sum() >= FEW else pooled
        mine = waited[name] if len(waited[name]) >= FEW else all_waited
        queues = float(mine.mean()) if len(mine) else 1.0
        inferred[name] = Inferred(seen, asked, ran, curve, days, queues)
    return inferred


def _waited(counts: Counts, seen: Seen, asked: Ints) -> NDArray[np.bool_]:
    """Of jobs that the count before they came has no room for, whether each queued."""
    idle = counts.gpus - counts.running_gpus - counts.waiting_gpus
    new = seen.start > 0
    full = idle[np.maximum(asked - 1, 0)] < seen.chips
    return (seen.start > asked)[new & full]


@dataclass(frozen=True)
class Midnight:
    """What counts up to a midnight tell of the jobs there."""

    day: int
    gpus: int
    #: GPUs of the jobs that run, oldest first, so that they go on before what is new.
    chips: Ints
    #: Counts each has run. [beat]
    age: Floats
    #: GPUs of the jobs that wait.
    waiting: Ints


def midnight_of(counts: Counts, day: int) -> Midnight:
    """What runs and waits as a day begins."""
    at = day * DAY
    seen = jobs_seen(counts.running_jobs[: at + 1], counts.running_gpus[: at + 1])
    here = seen.end < 0
    return Midnight(
        day,
        int(counts.gpus[at]),
        seen.chips[here],
        (at - seen.start[here]).astype(float),
        np.array(even_parts(int(counts.waiting_gpus[at]), int(counts.waiting_jobs[at])), np.int64),
    )


def forecast(
    counts: Counts, known: Inferred, state: Midnight, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """One sample path of running and waiting GPUs over a day, at its counts. [chip]"""
    left = lasts(known.curve, state.age, rng.random(len(state.age))) - state.age
    now, waiting = (state.chips, left * BEAT_S), state.waiting
    new_at, new_chips, new_ran = _arrivals(counts, known, state.day, rng)
    waits = lasts(known.curve, np.zeros(len(waiting)), rng.random(len(waiting)))
    submit_s = np.concatenate([np.zeros(len(now[0]) + len(waiting)), new_at])
    chips = np.concatenate([now[0], waiting, new_chips]).astype(np.int64)
    run_s = np.concatenate([now[1], waits * BEAT_S, new_ran])
    run_s = np.where(np.isfinite(run_s), run_s, LONG_S)
    # A job larger than the cluster would block the line for ever; one may hold no GPU.
    fits = (chips > 0) & (chips <= state.gpus)
    starts = replay(
        np.arange(fits.sum()),
        submit_s[fits],
        run_s[fits],
        chips[fits],
        pools=(ReplayPool(state.gpus),),
        discipline="fcfs",
    )
    at = np.arange(1, DAY + 1)[:, None] * BEAT_S
    begun = starts["start_s"] <= at
    runs = begun & (starts["finish_s"] > at)
    held = chips[fits].astype(float)
    # Those that wait at midnight are in the queue, whatever others do.
    queued = np.arange(len(chips))[fits] < len(now[0]) + len(waiting)
    queued |= rng.random(len(queued)) < known.queues
    return runs @ held, ((submit_s[fits] <= at) & ~begun & queued) @ held


def _arrivals(
    counts: Counts, known: Inferred, day: int, rng: np.random.Generator
) -> tuple[Floats, Ints, Floats]:
    """Times from midnight, GPUs and run times of a day like those inferred. [s], [chip], [s]."""
    alike = [d for d in range(known.days) if counts.rest(d) == counts.rest(day)]
    drawn = alike[rng.integers(len(alike))] * DAY
    that = (known.asked > drawn) & (known.asked <= drawn + DAY) & (known.seen.start > 0)
    ran = np.array(known.ran[that], np.float64)
    going = known.seen.end[that] < 0
    ran[going] = lasts(known.curve, ran[going], rng.random(int(going.sum())))
    # Seen first at a count, a job came half a beat before, in the mean.
    at = np.array(known.asked[that] - drawn - 0.5, np.float64)
    return at * BEAT_S, known.seen.chips[that], ran * BEAT_S
