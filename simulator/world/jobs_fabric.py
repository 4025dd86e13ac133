"""Runs on shared fabrics: kept from when they come until they go, rated anew where it matters.

Compiled beside the jobs, so that a run which comes or goes costs no way through Python. What is
found is what the laws find of all runs together (:mod:`simulator.laws.folded_kernel`): a fabric is
looked at again only if a change can matter to its runs, and then as a whole.
"""

from __future__ import annotations

from math import ceil
from typing import Any

import numpy as np
from numba import njit

from simulator.laws.folded_kernel import leaves
from simulator.world.jobs_fabric_alone import account, add_alone, is_beside
from simulator.world.jobs_fabric_shares import feed, share

#: Places in ``count``.
(
    USED,  # of the store of parts
    LACK,  # parts there is no room for
    HUNGRY,  # whether what is read over the backbone is to be shared again
    SITES,  # plants; the backbone is one more, 0: there is none
    N_COUNTS,
) = range(5)
#: What a plant's ``stale`` says: all is known; look again; looked, and its runs to be told.
KNOWN, STALE, LOOKED = range(3)

#: A speed that differs by so little is the same: only the order of sums has changed. [1]
ROUNDING = 1e-12
MEMBER = np.dtype(
    [
        ("pool", "i8"),
        ("kind", "i8"),
        ("begin", "i8"),  # its parts in the store
        ("end", "i8"),
        ("entries", "i8"),  # its pods there, from *begin* on, if it crosses
        ("crosses", "i8"),
        ("cut", "i8"),
        ("line", "f8"),
        ("waits", "f8"),
        ("chips", "f8"),
        ("rce", "f8"),  # work a second at full line rate
        ("per_host", "f8"),
        ("replica", "f8"),  # hosts of a copy of the model
        ("all_to_all", "f8"),
        ("column", "i8"),  # of what it reads over the backbone, and how much
        ("reads", "f8"),
        ("fabric", "f8"),  # speed its fabric allows
        ("speed", "f8"),
    ],
    align=True,
)
PLANT = np.dtype(
    [
        ("row", "i8"),  # its first bundle: racks, then pods
        ("place", "i8"),  # its first rack, of all plants'
        ("pod", "i8"),  # its first pod, likewise
        ("rack_up", "i8"),  # first flag of what of its racks and pods is up
        ("pod_up", "i8"),
        ("places", "i8"),
        ("pods", "i8"),
        ("opened", "i8"),
        ("pod_racks", "i8"),
        ("planes", "i8"),
        ("spines", "i8"),
        ("site", "i8"),
        ("tight", "i8"),
        ("hurt", "i8"),
        ("stale", "i8"),
        ("racks_told", "i8"),  # rows of racks the last look wrote
        ("since", "f8"),  # up to when it is weighed
    ],
    align=True,
)
#: Of a pool: its racks' places lie from *begin* on in ``pool_place``.
STAND = np.dtype(
    [("begin", "i8"), ("racks", "i8"), ("plant", "i8"), ("per_host", "f8"), ("line", "f8")],
    align=True,
)


@njit(error_model="numpy")
def leave(net: Any, r: int, now: float) -> None:
    """Let a run go."""
    _change(net, r, -1, now)
    net.of[r] = -1


@njit(error_model="numpy")
def join(
    net: Any, r: int, pool: int, kind: int, chips: int, parts: int, speed: float, now: float
) -> None:
    """Let a run come that goes at some speed; its racks and hosts lie next in the store."""
    m, stand, first = net.member[r], net.pool[pool], net.count[USED]
    plant = net.plant[stand.plant]
    net.of[r] = stand.plant
    m.pool, m.kind, m.chips = pool, kind, chips
    m.begin, m.end, m.cut = first, first + parts, 0
    m.fabric, m.speed = 1.0, speed
    m.line, m.waits, m.rce = stand.line, net.waits[kind, pool], chips * net.work[kind, pool]
    m.per_host, m.all_to_all = stand.per_host, net.all_to_all[kind]
    m.replica = ceil(net.replica[kind] / stand.per_host)
    net.count[USED] = first + parts
    for k in range(first, first + parts):
        net.place[k] = net.pool_place[stand.begin + net.place[k]]
    racks = plant.pod_racks
    m.crosses = int(net.place[first] // racks != net.place[first + parts - 1] // racks)
    m.entries = _put_pods(net, r, racks) if m.crosses else 0
    if net.count[SITES] > 0:
        m.column = plant.site * net.families[0] + net.family[kind]
        m.reads = chips * net.reads[kind]
    _change(net, r, 1, now)


@njit(error_model="numpy")
def _put_pods(net: Any, r: int, racks: int) -> int:
    """Write a run's lanes on the trunks of its pods, all being up, beside its parts."""
    m = net.member[r]
    whole = 0.0
    for k in range(m.begin, m.end):
        whole += net.hosts[k]
    k, n = m.begin, m.begin
    while k < m.end:
        pod, inside = net.place[k] // racks, 0.0
        while k < m.end and net.place[k] // racks == pod:
            inside += net.hosts[k]
            k += 1
        out = leaves(inside, whole, m.replica, m.all_to_all)
        if out > 0:
            net.entry[n], net.lanes[n] = pod, m.per_host * out
            n += 1
    return n - m.begin


@njit(error_model="numpy")
def _change(net: Any, r: int, came: int, now: float) -> None:
    """Take account of a run that came (1) or goes (-1), or have its plant looked at again.

    Inside a pod whose racks are not oversubscribed, no bundle can be filled but where a run with
    fewer trunks than all lies: every host sends at most its own line.
    """
    plant, m = net.plant[net.of[r]], net.member[r]
    net.count[HUNGRY] = 1
    if plant.stale == STALE:
        return
    if plant.tight or plant.hurt:
        matters = plant.tight or m.crosses or is_beside(net, r)
    else:
        matters = m.crosses and not add_alone(net, r, came, now)
    if matters:
        plant.stale = STALE
    elif came > 0 and m.fabric != m.speed:
        plant.stale = LOOKED


@njit(error_model="numpy")
def update(net: Any, now: float) -> None:
    """Look again at all that is stale; its runs are then to be told."""
    for k in range(len(net.plant)):
        if net.plant[k].stale == STALE:
            account(net, k, now)
            share(net, k)
            net.plant[k].stale = LOOKED
    sites = net.count[SITES]
    if sites > 0 and net.count[HUNGRY]:
        account(net, sites, now)
        feed(net, sites)
        for k in range(sites):
            net.plant[k].stale = LOOKED
    net.count[HUNGRY] = 0


@njit(error_model="numpy")
def has_news(net: Any, r: int) -> bool:
    """Note the speed of a run of a plant that was looked at; return whether it is another."""
    if net.of[r] < 0 or net.plant[net.of[r]].stale != LOOKED:
        return False
    m = net.member[r]
    speed = m.fabric
    if net.count[SITES] > 0:
        speed *= net.fed[m.column]
    if abs(speed - m.speed) <= ROUNDING * m.speed:
        return False
    m.speed = speed
    return True


@njit(error_model="numpy")
def all_told(net: Any) -> None:
    """Forget what was looked at."""
    for k in range(len(net.plant)):
        if net.plant[k].stale == LOOKED:
            net.plant[k].stale = KNOWN
