"""How runs share a fabric, and sites the links between them: laws over arrays of all plants."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from simulator.laws.folded_faults_kernel import beside, thin, thinned
from simulator.laws.folded_kernel import columns, speeds
from simulator.laws.maxmin_kernel import filled, own_limit, wanted
from simulator.world.jobs_native import as_array


@njit(error_model="numpy")
def share(net: Any, k: int) -> None:
    """Share a plant's bundles among its runs, max-min fairly by lane."""
    plant = net.plant[k]
    chosen = _chosen(net, k)
    if plant.tight or plant.hurt:
        racks = plant.opened * plant.pod_racks
        chosen, indptr, row, lanes, cut = _entries(net, k, chosen)
    else:
        racks, cut = 0, np.zeros(0, np.bool_)
        indptr, row, lanes = _pods(net, chosen)
    line, waits = np.empty(chosen.size), np.empty(chosen.size)
    for j in range(chosen.size):
        m = net.member[chosen[j]]
        line[j], waits[j] = m.line, m.waits
    # Rows of what is open: of its racks, if they can be short, then of its pods.
    capacity = _opened(as_array(net.capacity), plant, racks)
    alone = own_limit(indptr, row, lanes, capacity, line)
    rate = filled(indptr, row, lanes, capacity, np.ones(chosen.size), alone)
    for j in range(cut.size):
        if cut[j]:
            rate[j] = alone[j] = 0.0
            net.member[chosen[j]].cut = 1
    now, by_itself, peak, mean = speeds(indptr, row, lanes, capacity, line, waits, rate, alone)
    _set_opened(as_array(net.peak), plant, racks, peak)
    _set_opened(as_array(net.mean), plant, racks, mean)
    _set_opened(as_array(net.want), plant, racks, wanted(indptr, row, lanes, capacity.size, alone))
    plant.racks_told = racks
    slowed = by_fabric = by_neighbours = 0.0
    for j in range(chosen.size):
        m = net.member[chosen[j]]
        m.fabric = now[j]
        by_fabric += m.rce * (1 - by_itself[j])
        by_neighbours += m.rce * (by_itself[j] - now[j])
        slowed += m.rce * (1 - now[j]) > 1e-9 * m.rce
    net.cost[k, 0], net.cost[k, 1] = chosen.size, slowed
    net.cost[k, 2], net.cost[k, 3] = by_fabric, by_neighbours


@njit(error_model="numpy")
def _opened(whole: Any, plant: Any, racks: int) -> Any:
    """Rows of so many racks of a plant and of the pods that are open."""
    pods = plant.row + plant.places
    found = np.empty(racks + plant.opened)
    found[:racks] = whole[plant.row : plant.row + racks]
    found[racks:] = whole[pods : pods + plant.opened]
    return found


@njit(error_model="numpy")
def _set_opened(whole: Any, plant: Any, racks: int, found: Any) -> None:
    """Write rows as `_opened` reads them; racks that were written but are not now have none."""
    pods = plant.row + plant.places
    whole[plant.row + racks : plant.row + max(plant.racks_told, racks)] = 0.0
    whole[plant.row : plant.row + racks] = found[:racks]
    whole[pods : pods + plant.opened] = found[racks:]


@njit(error_model="numpy")
def _chosen(net: Any, k: int) -> Any:
    """Runs of a plant that cross pods, or all if others can matter inside a pod too.

    All go at full speed meanwhile.
    """
    plant = net.plant[k]
    chosen = np.empty(len(net.of), np.int64)
    n = 0
    for r in range(len(net.of)):
        if net.of[r] == k:
            m = net.member[r]
            m.fabric, m.cut = 1.0, 0
            if m.crosses or plant.tight or plant.hurt:
                chosen[n] = r
                n += 1
    return chosen[:n]


@njit(error_model="numpy")
def _pods(net: Any, chosen: Any) -> Any:
    """Lanes of runs on the trunks of pods, as they were written down when they came."""
    indptr = np.zeros(chosen.size + 1, np.int64)
    for j in range(chosen.size):
        indptr[j + 1] = indptr[j] + net.member[chosen[j]].entries
    row, lanes = np.empty(indptr[-1], np.int64), np.empty(indptr[-1])
    n = 0
    for j in range(chosen.size):
        m = net.member[chosen[j]]
        for e in range(m.begin, m.begin + m.entries):
            row[n], lanes[n] = net.entry[e], net.lanes[e]
            n += 1
    return indptr, row, lanes


@njit(error_model="numpy")
def _entries(net: Any, k: int, there: Any) -> Any:
    """Who can be short of trunks of racks or pods, lanes on those that are up, and who is cut."""
    plant = net.plant[k]
    racks, place = plant.opened * plant.pod_racks, as_array(net.place)
    pod_of = as_array(net.pod_of)[plant.place : plant.place + racks]
    counted = np.ones(racks, np.bool_)
    on_rack, on_pod = np.ones(there.size), np.ones(there.size)
    begin, end, crosses = _lie(net, there)
    if plant.hurt:
        lost = as_array(net.rack_lost)[plant.place :]
        lost_pod = as_array(net.pod_lost)[plant.pod :]
        few, marked = thin(begin, end, place, crosses, pod_of, lost, lost_pod)
        as_array(net.marked)[plant.place : plant.place + racks] = marked
        if not plant.tight:
            # Elsewhere racks are not short: every host sends at most its own line.
            counted = marked
            near = crosses | beside(begin, end, place, marked)
            there, few = there[near], few[near]
            begin, end = begin[near], end[near]
        pods, planes, spines = plant.opened, plant.planes, plant.spines
        up = as_array(net.rack_up)[plant.rack_up : plant.rack_up + racks * planes]
        up_pod = as_array(net.pod_up)[plant.pod_up : plant.pod_up + pods * planes * spines]
        on_rack, on_pod = thinned(
            begin,
            end,
            place,
            few,
            pod_of,
            up.reshape(racks, planes),
            up_pod.reshape(pods, planes, spines),
        )
    chips, shift, part = np.empty(there.size), np.empty(there.size), np.empty(there.size)
    for j in range(there.size):
        m = net.member[there[j]]
        chips[j], shift[j], part[j] = m.per_host, m.replica, m.all_to_all
    hosts = as_array(net.hosts)
    indptr, row, lanes = columns(
        begin, end, place, hosts, pod_of, chips, shift, part, on_rack, on_pod, counted
    )
    return there, indptr, row, lanes, on_rack == 0.0


@njit(error_model="numpy")
def _lie(net: Any, there: Any) -> Any:
    """Where the parts of runs begin and end, and which cross pods."""
    begin, end = np.empty(there.size, np.int64), np.empty(there.size, np.int64)
    crosses = np.empty(there.size, np.bool_)
    for j in range(there.size):
        m = net.member[there[j]]
        begin[j], end[j], crosses[j] = m.begin, m.end, m.crosses != 0
    return begin, end, crosses


@njit(error_model="numpy")
def feed(net: Any, k: int) -> None:
    """Share the links between sites among what is read over them."""
    fed, wanted = as_array(net.fed), as_array(net.wanted)
    wanted[:] = 0.0
    for r in range(len(net.of)):
        if net.of[r] >= 0:
            m = net.member[r]
            wanted[m.column] += m.reads * m.fabric
    capacity = as_array(net.site_capacity)
    load = np.zeros(capacity.size)
    wants = np.flatnonzero((wanted > 0) & (as_array(net.away) != 0) & (as_array(net.reached) != 0))
    indptr = np.zeros(wants.size + 1, np.int64)
    for c in range(fed.size):
        fed[c] = 1.0 if net.reached[c] else 0.0
    for j in range(wants.size):
        indptr[j + 1] = indptr[j] + net.routes_at[wants[j] + 1] - net.routes_at[wants[j]]
    link, part = np.empty(indptr[-1], np.int64), np.empty(indptr[-1])
    for j in range(wants.size):
        at = net.routes_at[wants[j]] - indptr[j]
        for e in range(indptr[j], indptr[j + 1]):
            link[e], part[e] = net.routes_link[at + e], net.routes[at + e]
            load[link[e]] += part[e] * wanted[wants[j]]
    if (load > capacity).any():
        wish = wanted[wants]
        rate = filled(
            indptr, link, part, capacity, wish, own_limit(indptr, link, part, capacity, wish)
        )
        load[:] = 0.0
        for j in range(wants.size):
            fed[wants[j]] = rate[j] / wish[j]
            for e in range(indptr[j], indptr[j + 1]):
                load[link[e]] += part[e] * rate[j]
    first = net.plant[k].row
    as_array(net.peak)[first : first + load.size] = load
    as_array(net.mean)[first : first + load.size] = load
    runs = slowed = lost = 0.0
    for r in range(len(net.of)):
        if net.of[r] >= 0:
            m = net.member[r]
            missing = m.rce * m.fabric * (1 - fed[m.column])
            runs += 1
            slowed += missing > 1e-9 * m.rce
            lost += missing
    net.cost[k, 0], net.cost[k, 1], net.cost[k, 2], net.cost[k, 3] = runs, slowed, 0.0, lost
