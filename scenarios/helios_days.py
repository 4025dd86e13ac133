"""Virtual clusters of Helios Earth, day by day: what is inferred of their jobs, and forecasts.

Of each cluster only counts are public: running and waiting GPU jobs and the GPUs
they hold or ask, each ten minutes. Jobs are inferred from the counts
(:mod:`simulator.laws.occupancy`), their run times lengthened by the product-limit
estimate where they had not ended. Each day is forecast from its midnight, by counts up
to it alone: they tell what runs and since when, and what waits; the day's arrivals are
those inferred of a random day before, of its kind (working day or not); and the
engine says when each starts, first come first served, on interchangeable GPUs: in seven
clusters of eight no more than 4 % of the counts have a job waiting beside idle GPUs.

Many who find no room hold a job back and send it when there is some: it starts when
it can, as one that waits does, but no count has it among those that wait. How many do
not is inferred too.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.laws.occupancy import Seen, asked_at, even_parts, jobs_seen
from simulator.laws.survival import Survival, lasts, survival
from simulator.world.replay import ReplayPool, replay

__all__ = ["DAY", "Counts", "Known", "forecast", "jobs_of", "known_at"]

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
class Jobs:
    """Jobs inferred from all counts of a cluster; of each, only counts up to its end tell."""

    seen: Seen
    #: Count that first has each, running or waiting.
    asked: Ints


def jobs_of(counts: Counts) -> Jobs:
    """Infer a cluster's jobs."""
    seen = jobs_seen(counts.running_jobs, counts.running_gpus)
    return Jobs(seen, asked_at(seen.start, counts.waiting_jobs))


@dataclass(frozen=True)
class Known:
    """What counts up to a midnight tell of a cluster."""

    counts: Counts
    day: int
    #: Of each job so far, as in :class:`Jobs`.
    start: Ints
    asked: Ints
    chips: Ints
    going: NDArray[np.bool_]
    #: Counts each has run.
    ran: Ints
    #: Of run times, in counts.
    curve: Survival
    #: Of jobs that find no room, the share that waits in the queue. [1]
    queues: float

    @property
    def gpus(self) -> int:
        """GPUs of the cluster."""
        return int(self.counts.gpus[self.day * DAY])

    @property
    def waiting(self) -> Ints:
        """GPUs of the jobs that wait at midnight."""
        at = self.day * DAY
        gpus, jobs = self.counts.waiting_gpus[at], self.counts.waiting_jobs[at]
        return np.array(even_parts(int(gpus), int(jobs)), np.int64)


def known_at(clusters: list[Counts], jobs: dict[str, Jobs], day: int) -> list[Known]:
    """What is known of each cluster as a day begins; few ends borrow from all clusters."""
    at = day * DAY
    pasts = [_past(counts, jobs[counts.name], at) for counts in clusters]
    ran = [past["ran"][past["start"] > 0] for past in pasts]
    # What ran from the start has an unknown age, and says nothing of run times.
    ended = [~past["going"][past["start"] > 0] for past in pasts]
    queued = [_queued(counts, past) for counts, past in zip(clusters, pasts, strict=True)]
    found = []
    for i, counts in enumerate(clusters):
        many = ended[i].sum() >= FEW
        curve = survival(
            ran[i] if many else np.concatenate(ran), ended[i] if many else np.concatenate(ended)
        )
        mine = queued[i] if len(queued[i]) >= FEW else np.concatenate(queued)
        share = float(mine.mean()) if len(mine) else 1.0
        found.append(Known(counts, day, curve=curve, queues=share, **pasts[i]))
    return found


def _past(counts: Counts, jobs: Jobs, at: int) -> dict[str, NDArray[Any]]:
    """Columns of the jobs that started by a count."""
    seen = jobs.seen
    here = seen.start <= at
    start, end = seen.start[here], seen.end[here]
    going = (end < 0) | (end > at)
    return {
        "start": start,
        "asked": jobs.asked[here],
        "chips": seen.chips[here],
        "going": going,
        "ran": np.where(going, at, end) - start,
    }


def _queued(counts: Counts, past: dict[str, NDArray[Any]]) -> NDArray[np.bool_]:
    """Of jobs that the count before they came has no room for, whether each queued."""
    idle = counts.gpus - counts.running_gpus - counts.waiting_gpus
    full = idle[np.maximum(past["asked"] - 1, 0)] < past["chips"]
    queued: NDArray[np.bool_] = past["start"] > past["asked"]
    return queued[(past["start"] > 0) & full]


def forecast(known: Known, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """One sample path of running and waiting GPUs over a day, at its counts. [chip]"""
    age = known.ran[known.going].astype(float)
    left = lasts(known.curve, age, rng.random(len(age))) - age
    # Oldest first, so that what runs goes on before what is new.
    now, waiting = (known.chips[known.going], left * BEAT_S), known.waiting
    new_at, new_chips, new_ran = _arrivals(known, rng)
    waits = lasts(known.curve, np.zeros(len(waiting)), rng.random(len(waiting)))
    submit_s = np.concatenate([np.zeros(len(now[0]) + len(waiting)), new_at])
    chips = np.concatenate([now[0], waiting, new_chips]).astype(np.int64)
    run_s = np.concatenate([now[1], waits * BEAT_S, new_ran])
    run_s = np.where(np.isfinite(run_s), run_s, LONG_S)
    # A job larger than the cluster would block the line for ever; one may hold no GPU.
    fits = (chips > 0) & (chips <= known.gpus)
    starts = replay(
        np.arange(fits.sum()),
        submit_s[fits],
        run_s[fits],
        chips[fits],
        pools=(ReplayPool(known.gpus),),
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


def _arrivals(known: Known, rng: np.random.Generator) -> tuple[Floats, Ints, Floats]:
    """Times from midnight, GPUs and run times of a day like those before. [s], [chip], [s]."""
    rest = known.counts.rest
    alike = [d for d in range(known.day) if rest(d) == rest(known.day)]
    drawn = alike[rng.integers(len(alike))] * DAY
    that = (known.asked > drawn) & (known.asked <= drawn + DAY) & (known.start > 0)
    ran = np.array(known.ran[that], np.float64)
    going = known.going[that]
    ran[going] = lasts(known.curve, ran[going], rng.random(int(going.sum())))
    # Seen first at a count, a job came half a beat before, in the mean.
    at = np.array(known.asked[that] - drawn - 0.5, np.float64)
    return at * BEAT_S, known.chips[that], ran * BEAT_S
