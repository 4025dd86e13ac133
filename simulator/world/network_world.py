"""The network's part in a world: pools join it, the engine asks it, its faults stop runs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from functools import partial

import numpy as np
import simpy
from numpy.typing import NDArray

from simulator.spec.network import Network as NetworkSpec
from simulator.spec.scenario import Scenario
from simulator.world.engine import JobEngine, Layout
from simulator.world.jobs_state import POD, SITE
from simulator.world.network import Network
from simulator.world.network_backbone import Backbone
from simulator.world.network_build import class_traffic, plants, pool_traffic, spread_speeds
from simulator.world.network_faults import Outages
from simulator.world.rates import Rates
from simulator.world.recorder import Recorder

__all__ = ["Interconnect"]

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


class Interconnect:
    """All fabrics of a world at the fidelity its scenario asks for, above ``ideal``.

    Invariant: racks that nothing joins to their pod are down in the engine, and after a fault no
    run goes on whose parts are not joined.

    Parameters
    ----------
    env : simpy.Environment
    scenario : Scenario
    spec : simulator.spec.network.Network
        The scenario's own.
    rates : Rates
    streams : callable
        Returns the generator that owns a purpose.
    record : Recorder
    set_rates : callable
        Called when sites can feed other job classes than before.
    """

    def __init__(
        self,
        env: simpy.Environment,
        scenario: Scenario,
        spec: NetworkSpec,
        rates: Rates,
        streams: Callable[[str], np.random.Generator],
        record: Recorder,
        set_rates: Callable[[], None],
    ) -> None:
        self._env = env
        self._set_rates = set_rates
        #: Site of each pool.
        self._pools: dict[int, str] = {}
        self.scenario = scenario
        self.spec = spec
        self.rates = rates
        self._sent = class_traffic(spec, rates.classes)
        self._engine: JobEngine | None = None
        #: Pool and number of the racks that nothing joins to their pod, by plant.
        self._down: defaultdict[str, set[tuple[int, int]]] = defaultdict(set)
        self.network: Network | None = None
        self.outages: dict[str, Outages] = {}
        self.backbone: Backbone | None = None
        if spec.fidelity == "contended":
            found = plants(scenario, spec)
            families = [family for family, _ in rates.classes]
            if spec.backbone is not None:
                backbone = Backbone(spec.backbone, sorted(scenario.sites), families)
                self.outages[backbone.name] = Outages(
                    env, backbone, self._rejoined, _named(streams, backbone.name), record
                )
                self.backbone = backbone
            self.network = Network(found, self._sent, self._moment_s, record, self.backbone)
            for name, plant in found.items():
                changed = partial(self._changed, name)
                self.outages[name] = Outages(env, plant, changed, _named(streams, name), record)

    def layout(self, chip: str) -> Layout:
        """How the hosts of a kind of chip stand."""
        rack, fabric = self.scenario.catalog.racks[chip], self.spec.fabric_of(chip)
        assert fabric is not None  # a scenario whose chips have none is refused
        domain = max(1, self.scenario.catalog.chips[chip].scaleup_domain // rack.chips_per_host)
        whole = domain if rack.hosts % domain == 0 else 1
        return Layout(whole, rack.hosts, self.spec.fabrics[fabric].racks)

    def spread_rate(self, chip: str) -> Floats:
        """Speed of each class by how far it is spread, shape (classes, 5).

        If contended, that with the whole line: what is shared on the way is the network's to say.
        """
        if self.network is not None:
            return np.asarray(self.rates.spread(chip))
        sizes = np.array([size for _, size in self.rates.classes], float)
        fabric = self.spec.fabric_of(chip)
        assert fabric is not None
        pool = pool_traffic(self.scenario, self.rates, chip, lambda: sizes)
        chips = np.ceil(sizes * self.rates.gang_factor(chip))
        on_links = spread_speeds(self.spec.fabrics[fabric], self._sent, pool, chips)
        return np.asarray(on_links * self.rates.spread(chip))

    def start(self, engine: JobEngine) -> None:
        """Let what wears begin to."""
        self._engine = engine
        self._listen()
        for outages in self.outages.values():
            outages.start()

    def join(self, pool: int, site: str, chip: str, rate: Callable[[], Floats]) -> None:
        """Let a new pool join its site's fabric."""
        if self.network is not None:
            # Runs that exchange over it lie in several racks, and do that much less.
            away = self.rates.spread(chip)[:, POD]
            traffic = pool_traffic(self.scenario, self.rates, chip, lambda: rate() * away)
            self._pools[pool] = site
            self.network.add_pool(pool, f"{site}/{self.spec.fabric_of(chip)}", traffic)

    def enter(self, pool: int, site: str, chip: str, racks: int) -> None:
        """Let a pool have so many racks in all."""
        if self.network is not None:
            self.network.enter(pool, racks)
            assert self._engine is not None
            self._engine.network_changed()
            self.outages[f"{site}/{self.spec.fabric_of(chip)}"].grown()

    def rates_changed(self) -> None:
        """Tell that runs do other work at full speed than before."""
        if self.network is not None and self._engine is not None:
            self.network.rates_changed()
            self._engine.network_changed()

    def close(self, horizon_s: float) -> None:
        """Write what is not written yet."""
        if self.network is not None:
            self.network.close(horizon_s)

    def break_down(self, name: str, kind: str, number: int) -> None:
        """Take down one of a kind in a plant until `mend`."""
        self.outages[name].plant.fail(kind, number)
        self.outages[name].changed()

    def mend(self, name: str, kind: str, number: int) -> None:
        """Repair what `break_down` took down."""
        self.outages[name].plant.repair(kind, number)
        self.outages[name].changed()

    def _listen(self) -> None:
        """Have runs inside a pod told of only while others there can matter to them."""
        assert self._engine is not None
        if self.network is not None:
            self._engine.ask_network_from(SITE if self.network.roomy else POD)

    def _moment_s(self) -> float:
        """The moment the network is asked at: that of the jobs, who are ahead of the world. [s]"""
        return self._env.now if self._engine is None else self._engine.reached_s

    def _changed(self, name: str) -> tuple[int, float, float]:
        """Stop what a fault cuts, let back what a repair joins, and have the rest asked again.

        Returns
        -------
        stopped : int
            Runs over several racks.
        lost_rce_s : float
            Work of all that were stopped, since their last checkpoints.
        slower_rce : float
            Work a second that runs do less from now on; below 0: more.
        """
        network, engine = self.network, self._engine
        assert network is not None
        assert engine is not None
        before_rce = network.tallies[name].cost_rce
        lost = set(network.isolated(name))
        down = self._down[name]
        runs, jobs = 0, engine.running()
        lost_rce_s = -engine.lost_rce_s(jobs)
        if lost != down:
            runs = engine.runs_apart()
            for pool, rack in sorted(lost - down):
                engine.fail_rack(pool, rack)
            for pool, rack in sorted(down - lost):
                engine.repair_rack(pool, rack)
            self._down[name] = lost
            runs -= engine.runs_apart()
        self._listen()
        engine.share_network()
        cut = network.cut()
        if cut.size:
            engine.stop_runs(cut)
        lost_rce_s += engine.lost_rce_s(jobs)
        engine.network_changed()
        return int(runs + cut.size), lost_rce_s, network.tallies[name].cost_rce - before_rce

    def fed(self, site: str) -> Mask | None:
        """Which job classes a site can feed over the links that are up; None: all."""
        return None if self.backbone is None else self.backbone.fed(site)

    def _rejoined(self) -> tuple[int, float, float]:
        """As `_changed`, when a link between sites failed or came back.

        What a site cannot feed any more stops there and is not started there again.
        """
        network, engine, backbone = self.network, self._engine, self.backbone
        assert network is not None
        assert engine is not None
        assert backbone is not None
        before_rce = network.tallies[backbone.name].cost_rce
        jobs = engine.running()
        lost_rce_s = -engine.lost_rce_s(jobs)
        hungry = [
            engine.runs_of(pool, np.flatnonzero(~backbone.fed(site)))
            for pool, site in self._pools.items()
        ]
        stopped = np.concatenate([np.empty(0, np.int64), *hungry])
        if stopped.size:
            engine.stop_runs(stopped)
        self._set_rates()
        engine.share_network()
        lost_rce_s += engine.lost_rce_s(jobs)
        engine.network_changed()
        slower_rce = network.tallies[backbone.name].cost_rce - before_rce
        return int(stopped.size), lost_rce_s, slower_rce


def _named(
    streams: Callable[[str], np.random.Generator], name: str
) -> Callable[[str], np.random.Generator]:
    return lambda kind: streams(f"network/{name}/{kind}")
