"""Changes of a fabric that touch one run only, and what holds between changes, added up."""

from __future__ import annotations

from typing import Any

from numba import njit

from simulator.laws.folded_kernel import busy, speed, weigh
from simulator.laws.maxmin_kernel import ROOM
from simulator.world.jobs_native import as_array

#: A bundle so full is hot: nothing more gets through. [1]
FULL = 0.999


@njit(error_model="numpy")
def add_alone(net: Any, r: int, came: int, now: float) -> bool:
    """Count a run that crosses pods in or out, if none of its bundles can be filled.

    Then nobody's rate depends on it: a bundle that could carry all its runs at their own limits
    is nobody's bottleneck, with the run or without (:func:`simulator.laws.maxmin_kernel.filled`
    leaves such bundles out). All trunks of the plant are up. Returns whether it was counted.
    """
    k, m = net.of[r], net.member[r]
    first = net.plant[k].row + net.plant[k].places
    own = m.line
    for e in range(m.begin, m.begin + m.entries):
        own = min(own, net.capacity[first + net.entry[e]] / net.lanes[e])
    for e in range(m.begin, m.begin + m.entries):
        row = first + net.entry[e]
        more = net.lanes[e] * own if came > 0 else 0.0
        if net.want[row] + more > net.capacity[row] * ROOM:
            return False
    account(net, k, now)
    exchanges = busy(m.waits, m.line, own)
    for e in range(m.begin, m.begin + m.entries):
        row, sent = first + net.entry[e], came * net.lanes[e] * own
        # What is left of a difference of equals is not below zero.
        net.want[row] = max(net.want[row] + sent, 0.0)
        net.peak[row] = max(net.peak[row] + sent, 0.0)
        net.mean[row] = max(net.mean[row] + sent * exchanges, 0.0)
    m.fabric = speed(m.waits, m.line, own)
    missing = m.rce * (1 - m.fabric)
    net.cost[k, 0] += came
    net.cost[k, 1] += came * (missing > 1e-9 * m.rce)
    net.cost[k, 2] = max(net.cost[k, 2] + came * missing, 0.0)
    return True


@njit(error_model="numpy")
def is_beside(net: Any, r: int) -> bool:
    """Whether a run lies in a rack that lost trunks, or with a run that has fewer than all."""
    first, m = net.plant[net.of[r]].place, net.member[r]
    for k in range(m.begin, m.end):
        if net.rack_lost[first + net.place[k]] or net.marked[first + net.place[k]]:
            return True
    return False


@njit(error_model="numpy")
def account(net: Any, k: int, now: float) -> None:
    """Weigh what held in a plant until now; to be called before anything else is set."""
    plant = net.plant[k]
    span = now - plant.since
    if span <= 0:
        return
    plant.since = now
    if plant.opened == 0:
        return
    for i in range(net.cost.shape[1]):
        net.cost_s[k, i] += net.cost[k, i] * span
    first = plant.row + plant.places
    _weigh(net, span, first, first + plant.opened, as_array(net.sums)[k, 6:])
    if plant.tight:
        last = plant.row + plant.opened * plant.pod_racks
        _weigh(net, span, plant.row, last, as_array(net.sums)[k, :6])


@njit(error_model="numpy")
def _weigh(net: Any, span: float, a: int, b: int, sums: Any) -> None:
    capacity, peak, mean = as_array(net.capacity), as_array(net.peak), as_array(net.mean)
    weigh(span, FULL, capacity[a:b], peak[a:b], mean[a:b], as_array(net.whole)[:, a:b], sums)
