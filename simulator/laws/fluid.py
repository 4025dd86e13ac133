"""Capacity dispatched to demand, step by step, in many sampled worlds at once.

The cheap fidelity: work flows to chips as a linear program would send it, and
what finds no room waits. No gang, no host and no order inside a step is seen,
so it errs towards more work done; it is right where the fleet is large
against its jobs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from simulator.laws.arrays import Array, floats, require_not_negative
from simulator.laws.backlog import Backlog
from simulator.laws.dispatch_worlds import Dispatcher


@dataclass(frozen=True)
class Askers:
    """Who asks: groups of demand of one family each.

    Attributes
    ----------
    family : tuple of int
        Row of the rate matrix, one a group.
    rank : tuple of float
        Higher is served first.
    patience : tuple of int
        Whole steps work waits after the one it was asked in.
    """

    family: tuple[int, ...]
    rank: tuple[float, ...]
    patience: tuple[int, ...]


@dataclass(frozen=True)
class Flow:
    """What became of demand and capacity.

    Attributes
    ----------
    done, lost : ndarray, shape (worlds, groups, steps)
        Work served, and work whose patience ended. [rce·s]
    waiting : ndarray, shape (worlds, groups)
        Work that still waits at the end. [rce·s]
    used : ndarray, shape (worlds, families, chips, steps)
        Chip time that served each family. [chip·s]
    solves : int
        Linear programs solved.
    """

    done: Array
    lost: Array
    waiting: Array
    used: Array
    solves: int


def flow(
    asked: npt.ArrayLike,
    chip_s: npt.ArrayLike,
    rate: npt.ArrayLike,
    askers: Askers,
    burden: npt.ArrayLike | None = None,
) -> Flow:
    """Serve as much of what is asked as each world's chips can.

    Parameters
    ----------
    asked : array_like, shape (worlds, groups, steps)
        Work the groups would do in each step if nothing were short. [rce·s]
    chip_s : array_like, shape (worlds, chips, steps)
        Chip time in service. [chip·s]
    rate : array_like, shape (worlds, families, chips, steps)
        Work a chip does of a family; 0 where it is not ported. [rce/chip]
    askers : Askers
        Of the groups.
    burden : array_like, shape (chips,), optional
        Of equally good chips, those of less burden serve, such as watts a chip.

    Raises
    ------
    ValueError
        If shapes do not fit, or an amount is negative.

    Examples
    --------
    A chip of ten is there for the second of three steps; what waits a step is done then:

    >>> who = Askers(family=(0,), rank=(1.0,), patience=(1,))
    >>> found = flow([[[4.0, 4.0, 4.0]]], [[[0.0, 10.0, 0.0]]], np.ones((1, 1, 1, 3)), who)
    >>> found.done.round(6).tolist(), found.lost.tolist(), found.waiting.tolist()
    ([[[0.0, 8.0, 0.0]]], [[[0.0, 0.0, 0.0]]], [[4.0]])
    """
    work, there, speed = floats(asked), floats(chip_s), floats(rate)
    worlds, groups, steps = work.shape
    families, chips = speed.shape[1:3]
    if there.shape != (worlds, chips, steps) or speed.shape != (worlds, families, chips, steps):
        raise ValueError(
            f"chip_s {there.shape} and rate {speed.shape} do not fit asked {work.shape}"
        )
    if len(askers.family) != groups or max(askers.family, default=-1) >= families:
        raise ValueError(f"askers name {askers.family} for {groups} groups, {families} families")
    require_not_negative(asked=work, chip_s=there, rate=speed)
    queue = Backlog(askers.family, askers.rank, askers.patience, worlds)
    # A chip counts by its best family, so that worlds in which one chip is
    # better or worse throughout share their dispatch.
    best = speed.max(axis=1, initial=0.0)
    relative = np.divide(
        speed, best[:, None], out=np.zeros_like(speed), where=best[:, None] > 0
    ).round(9)
    known: dict[bytes, Dispatcher] = {}
    done, lost = np.zeros_like(work), np.zeros_like(work)
    used = np.zeros_like(speed)
    for step in range(steps):
        wanted = _padded(queue.ask(work[:, :, step].T), families)
        served = np.zeros((worlds, families))
        alike = relative[..., step].reshape(worlds, -1)
        _, first, which = np.unique(alike, axis=0, return_index=True, return_inverse=True)
        for kind, example in enumerate(first):
            key = alike[example].tobytes()
            if key not in known:
                known[key] = Dispatcher(relative[example, :, :, step], burden=burden)
            here = np.flatnonzero(which == kind)
            found = known[key](wanted[here], there[here, :, step] * best[here, :, step])
            served[here] = found.served
            used[here, ..., step] = np.divide(
                found.used,
                best[here, None, :, step],
                out=np.zeros_like(found.used),
                where=best[here, None, :, step] > 0,
            )
        outcome = queue.serve(served)
        done[:, :, step], lost[:, :, step] = outcome.done.T, outcome.lost.T
    solves = sum(dispatcher.solves for dispatcher in known.values())
    return Flow(done, lost, queue.waiting.T, used, solves)


def _padded(wanted: Array, families: int) -> Array:
    """Families that nobody asks for come last and want nothing."""
    return np.pad(wanted, ((0, 0), (0, families - wanted.shape[1])))
