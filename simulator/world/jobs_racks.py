"""Making room for racks in the tree of a pool with a layout."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from simulator.world.jobs_arrays import State
from simulator.world.jobs_memory import grown, shaped
from simulator.world.jobs_state import FREE_PART

#: The lists of a pool's tree, in order.
LISTS = (
    "free",
    "up",
    "there",
    "held",
    "drain",
    "rack",
    "pod",
    "heat",
    "cells",
    "racks",
    "bits",
    "brief",
)


def with_racks(st: State, p: int, racks: int) -> State:
    """Return the memory with places for more racks in a pool."""
    pool = st.pool[p]
    old = _lists(pool)
    pool["racks"] += racks
    new = _lists(pool)
    before = st.tree[p].copy()
    tree = shaped(st.tree, len(st.pool), sum(rows * width for rows, width in new.values()))
    tree[p] = 0
    at = was = 0
    for name, (rows, width) in new.items():
        old_rows, old_width = old[name]
        own = tree[p, at : at + rows * width].reshape(rows, width)
        own[:old_rows, :old_width] = before[was : was + old_rows * old_width].reshape(
            old_rows, old_width
        )
        pool[f"{name}_at"] = at
        at += rows * width
        was += old_rows * old_width
    pool["words"], pool["briefs"] = new["bits"][1], new["brief"][1]
    # The cells that come have no idle host.
    tree[p, pool["cells_at"]] += racks * int(pool["rack"] // pool["domain"])
    return _with_parts(replace(st, tree=tree))


def _lists(pool: Any) -> dict[str, tuple[int, int]]:
    """Return the lists of a pool's tree, in order: rows and width of each."""
    domain, rack, pod, racks = (int(pool[name]) for name in ("domain", "rack", "pod", "racks"))
    if racks == 0:
        return dict.fromkeys(LISTS, (0, 0))
    cells = racks * (rack // domain)
    buckets = 1 + rack * (1 + domain * (1 < domain < rack))
    words = -(-racks // 64)
    sizes = [(1, cells)] * 5
    pods = -(-racks // pod)
    sizes += [(1, racks), (1, pods), (1, pods), (1, domain + 1), (1, buckets)]
    sizes += [(buckets, words), (buckets, -(-words // 64))]
    return dict(zip(LISTS, sizes, strict=True))


def _with_parts(st: State) -> State:
    """Return the memory with a part for each host there may be."""
    parts = int(np.sum(st.pool["racks"] * st.pool["rack"]))
    part = grown(st.part, parts)
    # Those that come go before those that were free.
    part["next"][len(st.part) :] = np.arange(len(st.part) + 1, parts + 1)
    part["next"][-1] = st.counts[FREE_PART]
    st.counts[FREE_PART] = len(st.part)
    return replace(st, part=part)
