"""A site's fabric under runs that a test shows it, and the whole graph of the same fabric."""

from dataclasses import dataclass
from itertools import product

import numpy as np

from simulator.laws.maxmin import max_min_rates
from simulator.laws.outages import dead_link, dead_switch
from simulator.laws.paths import Routes, capacity_of
from simulator.laws.topologies import clos
from simulator.laws.traffic import Traffic, all_to_all, gather_columns, replace_columns
from simulator.spec.network import PodFabric
from simulator.world.network import ClassTraffic, Network, PoolTraffic
from simulator.world.network_plant import Plant
from simulator.world.recorder import Recorder

NIC = 50e9
CHIPS = 8


@dataclass
class Runs:
    """Runs as the engine shows them."""

    run: np.ndarray
    job_class: np.ndarray
    pool: np.ndarray
    chips: np.ndarray
    indptr: np.ndarray
    rack: np.ndarray
    hosts: np.ndarray


def runs_of(placed, kind=None, pool=None):
    """Show runs given as mappings of rack to hosts."""
    n = len(placed)
    hosts = [list(row.values()) for row in placed]
    return Runs(
        np.arange(n) + 10,
        np.zeros(n, np.int64) if kind is None else np.asarray(kind),
        np.zeros(n, np.int64) if pool is None else np.asarray(pool),
        np.array([CHIPS * sum(row) for row in hosts], np.int64),
        np.cumsum([0, *(len(row) for row in hosts)]),
        np.array([rack for row in placed for rack in row], np.int64),
        np.array([count for row in hosts for count in row], np.int64),
    )


def spec_of(racks, planes=4, spines=2, pod_ratio=7.0, rack_ratio=1.0, wear=None):
    """Describe a fabric of pods of so many racks."""
    figure = {"status": "published", "source": "test", "date": "2025"}
    return PodFabric.model_validate(
        {
            "label": "pods",
            "source": "test",
            "chips": ["a", "b"],
            "racks": racks,
            "planes": planes,
            "spines": spines,
            "rack_oversubscription": rack_ratio,
            "pod_oversubscription": pod_ratio,
            "port": {"value": "50 GB/s", **figure},
            "port_price": {"value": "1 kUSD", **figure},
            "wear": wear or {},
        }
    )


def network_of(spec, racks, hosts, *, communication=(0.2, 0.2), more=(), now=lambda: 0.0):
    """One site of one fabric under one pool, and another pool of each of *more* racks."""
    pods = sum(-(-count // spec.racks) for count in (racks, *more))
    plant = Plant("home/pods", spec, pods)
    record = Recorder()
    classes = ClassTraffic(np.array([1.0, 0.0]), np.array([8.0, 16.0]))
    network = Network({"home/pods": plant}, classes, now, record)
    for pool, count in enumerate((racks, *more)):
        traffic = PoolTraffic(CHIPS, hosts, NIC, np.array(communication), lambda: np.ones(2))
        network.add_pool(pool, "home/pods", traffic)
        network.enter(pool, count)
    return network, plant, record


def traffic_of(ends, step, share):
    """Flows of a run on its two hosts or more: from all to all for a *share*, else in rings."""
    mixed = all_to_all(ends, CHIPS)
    return Traffic(
        np.r_[ends, mixed.source],
        np.r_[np.roll(ends, -min(step, ends.size - 1)), mixed.target],
        np.r_[np.full(ends.size, (1 - share) * CHIPS), share * mixed.amount],
    )


class WholeGraph:
    """Every host, switch and trunk of a fabric, and the runs' multi-path routes on it.

    Nothing of the folded fabric is used: what a run is slowed to is found link by link.
    """

    def __init__(self, spec, pods, hosts):
        self.spec, self.pods = spec, pods
        self.fabric = clos(
            pods, spec.racks, hosts, CHIPS, NIC,
            planes=spec.planes, spines=spec.spines,
            rack_oversubscription=spec.rack_oversubscription,
            pod_oversubscription=spec.pod_oversubscription,
        )  # fmt: skip
        self._node = {name: k for k, name in enumerate(self.fabric.nodes)}
        self._links = [self.fabric.link_name(k) for k in range(self.fabric.tail.size)]

    def names(self, kind):
        """Names of all elements of a kind, pod by pod (or plane by plane), inner counts fastest."""
        q, r, p, s = map(range, (self.pods, self.spec.racks, self.spec.planes, self.spec.spines))
        pod, rack = "pod{0}/plane{1}", "pod{0}/rack{1}/switch0"
        text, counts = {
            "rack-switch": (rack, (q, r)),
            "pod-switch": (pod, (q, p)),
            "spine-switch": ("plane{0}/spine{1}", (p, s)),
            "rack-trunk": (rack + " -- pod{0}/plane{2}", (q, r, p)),
            "pod-trunk": (pod + " -- plane{1}/spine{2}", (q, p, s)),
        }[kind]
        return [text.format(*at) for at in product(*counts)]

    def dead(self, name):
        """Which links are down when the element of that name is."""
        if " -- " in name:
            return dead_link(self.fabric, self._links.index(name))
        return dead_switch(self.fabric, self._node[name])

    def place(self, placed):
        """Put runs given as mappings of rack to hosts on hosts, first come, first served."""
        free = dict.fromkeys(range(self.pods * self.spec.racks), 0)
        found = []
        for row in placed:
            ends = []
            for rack, count in row.items():
                name = f"pod{rack // self.spec.racks}/rack{rack % self.spec.racks}"
                ends += [self._node[f"{name}/host{free[rack] + k}"] for k in range(count)]
                free[rack] += count
            found.append(np.array(ends))
        return found

    def rates(self, traffic, dead=None):
        """Max-min fair rates on what is left, and who is cut (rate 0)."""
        routes, cut = Routes(self.fabric, dead).incidence(gather_columns(traffic))
        return self._shared(routes, cut, dead)

    def rates_in_channels(self, placed, traffic, dead):
        """Return `rates` where a run keeps to what joins all of its racks and pods.

        A run takes no plane that one of its racks, and no spine that one of its pods, has lost the
        way to: for it the whole plane, or that spine, is down; its neighbours go on using it.
        """
        flows = gather_columns(traffic)
        routes, cut = Routes(self.fabric).incidence(flows)
        for k, row in enumerate(placed):
            mine = np.arange(len(placed)) == k
            lost = self._avoided(row, dead)
            if lost.any():
                fresh, gone = Routes(self.fabric, lost).incidence(flows.of(mine))
                routes, cut[k] = replace_columns(routes, fresh, mine), gone[k]
        return self._shared(routes, cut, dead)

    def _shared(self, routes, cut, dead):
        columns = np.flatnonzero(~cut)
        rate = np.zeros(cut.size)
        rate[columns] = max_min_rates(
            routes[:, columns], capacity_of(self.fabric, dead), limit_b_per_s=NIC
        )
        return rate, cut

    def _avoided(self, row, dead):
        """Links a run on these racks has no use of."""
        racks = {(rack // self.spec.racks, rack % self.spec.racks) for rack in row}
        pods = {pod for pod, _ in racks}
        lost = np.zeros(dead.size, bool)
        for link in np.flatnonzero(dead).tolist():
            low, high = self._links[link].split(" -- ")
            where = [int("".join(filter(str.isdigit, part))) for part in low.split("/")[:2]]
            plane = high.split("/plane")[-1] if "rack" in low else str(where[1])
            if "rack" in low and tuple(where) in racks:
                lost |= [f"/plane{plane}" in name for name in self._links]
            elif "spine" in high and where[0] in pods and len(pods) > 1:
                lost |= [name.endswith(f" -- {high}") for name in self._links]
        return lost
