"""The fluid dispatch: five-year sampled worlds a second, and its gap to a program a step."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.laws.dispatch import dispatch
from simulator.laws.fluid import Askers, flow
from tests.bench.measure import Row, seconds

Floats = NDArray[np.float64]

STEPS, GROUPS, FAMILIES, CHIPS = 20, 16, 4, 8
#: Worlds of which every first step is solved again on its own.
CHECKED = 1000


def worlds(n: int) -> tuple[Floats, Floats, Floats, Askers]:
    """Draw worlds of 20 quarters: 16 groups of 4 families, 8 chips, about 5 % to spare."""
    rng = np.random.default_rng(0)
    growth = 1.6 ** (np.arange(STEPS) / 4)[:, None, None]
    asked = growth * rng.lognormal(0, 0.05, (STEPS, GROUPS, n)) * rng.lognormal(0, 0.5, (GROUPS, 1))
    there = growth * rng.lognormal(0, 0.15, (STEPS, n, CHIPS)) * rng.lognormal(0, 0.5, CHIPS)
    port = rng.random((FAMILIES, CHIPS)) < 0.75
    speed = rng.lognormal(0, 0.5, CHIPS) * rng.lognormal(0, 0.25, (FAMILIES, CHIPS)) * port
    rate = np.broadcast_to(speed, (STEPS, n, FAMILIES, CHIPS)).copy()
    there *= 1.05 * asked.sum() / (there * speed.max(axis=0)).sum()
    family = tuple(int(f) for f in rng.integers(0, FAMILIES, GROUPS))
    return asked, there, rate, Askers(family, tuple(map(float, range(GROUPS))), (1,) * GROUPS)


def gap(asked: Floats, there: Floats, rate: Floats, who: Askers) -> float:
    """Return the largest part of work that a program a world serves beyond the dispatch. [1]."""
    found = flow(asked, there, rate, who)
    worst = 0.0
    for world in range(asked.shape[2]):
        wanted = np.zeros(FAMILIES)
        np.add.at(wanted, list(who.family), asked[0, :, world])
        best = float(dispatch(wanted, there[0, world], rate[0, world]).served.sum())
        worst = max(worst, 1 - float(found.done[0, :, world].sum()) / best)
    return worst


def rows(size: float) -> Iterator[Row]:
    """Worlds a second, and the gap."""
    n = int(20_000 * size)
    given: Any = worlds(n)
    solves: list[int] = []
    spent_s = seconds(lambda: solves.append(flow(*given, uses=False).solves))
    beside = {"worlds": float(n), "steps": float(STEPS), "linear programs": float(solves[-1])}
    yield Row("fluid dispatch, five years", n / spent_s, "1/s", "", 20_000.0, "min", beside)
    asked, there, rate, who = worlds(CHECKED)
    beside = {"worlds": float(CHECKED)}
    largest = gap(asked[:1], there[:1], rate[:1], who)
    yield Row("fluid dispatch, largest gap", largest, "1", "program a world", 1e-3, beside=beside)
