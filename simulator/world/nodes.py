"""The supply chain's nodes: their health, and the production clocks orders wait for."""

from __future__ import annotations

from itertools import pairwise
from math import inf

import numpy as np
import numpy.typing as npt

from simulator.laws.arrays import Array
from simulator.laws.pipeline import ProductionClock, behind_stock, production_clock
from simulator.laws.recovery import group_health, health_on, health_under, mean_between
from simulator.streams import Streams
from simulator.world.chain import Chain, Need
from simulator.world.fragility import reached
from simulator.world.recorder import Recorder
from simulator.world.shocks import Blow, draw_shocks

#: Stretches of constant loss: begin, end [s] and share lost [1].
_Steps = list[tuple[float, float, float]]


class Nodes:
    """What happens to each node in one replication, drawn before it begins.

    A node gives what its own health and that of all it rests on allow
    (troubles of different nodes multiply; one shock that hits several of them is
    felt once), and no more than the scarcest of its inputs (substitutes of one
    input add up). `None` stands for a health of one throughout. What a shock that is under
    way when the run begins has used of stocks is gone, and who stands in for whom it hit has
    taken over. But all lines begin on time: the plan knows of it.
    """

    def __init__(self, chain: Chain, streams: Streams) -> None:
        self.chain = chain
        self.blows = draw_shocks(chain, streams)
        self._rare = [blow for blow in self.blows if blow.takes != "output"]
        #: Whether others ask for more at any time.
        self.surges = any(blow.takes == "demand" for blow in self._rare)
        self.steps: dict[str, _Steps] = {}
        #: By node and what it rests on: steps of shocks that it feels by another way.
        self._felt_already: dict[tuple[str, str], _Steps] = {}
        for blow in self.blows:
            if blow.takes == "output" and blow.end_s > 0:
                self._note_steps(blow)
        self._catch_up = chain.scenario.supply.catch_up.value
        self.t_s = self._times([t for steps in self.steps.values() for s in steps for t in s[:2]])
        self._own = {node: self._left(self.t_s, steps) for node, steps in self.steps.items()}
        self._given: dict[str, Array | None] = {}
        for need in chain.stocked:
            self._note_when_empty(need)
        #: Which of the times the run begins with.
        self._start = int(np.searchsorted(self.t_s, 0.0))
        #: Of each line, once somebody asked for one.
        self._clocks: list[ProductionClock | None] | None = None

    def _note_steps(self, blow: Blow) -> None:
        steps = blow.steps()
        for node in blow.nodes:
            self.steps.setdefault(node, []).extend(steps)
        if len(blow.nodes) > 1:
            for pair in self.chain.echoes(blow.nodes):
                self._felt_already.setdefault(pair, []).extend(steps)

    def clocks(self, chip: str) -> list[ProductionClock | None]:
        """Return the clock of each stage of a chip's orders; None where it never fails."""
        if self._clocks is None:
            self._clocks = self._wind()
        return [self._clocks[line] for line in self.chain.lines_of[chip]]

    def health(self, node: str) -> Array | None:
        """Part of a node's plan it can give, from each time of `t_s` on. [1]."""
        if node not in self._given:
            self._given[node] = self._health(node)
        return self._given[node]

    def share_left(self, takes: str, chip: str, t_s: float) -> float:
        """Return what shocks that take a kind of thing leave of a chip's at a time. [1]."""
        steps = self._steps_of(takes, chip)
        return float(self._left(np.array([t_s]), steps)[0]) if steps else 1.0

    def left_by_quarter(self, takes: str, chip: str) -> Array:
        """Return what shocks that take a kind leave of a chip's, each quarter's mean. [1]."""
        return self._mean_left(self._steps_of(takes, chip))

    def taken_from(self, takes: str) -> set[str]:
        """Return the chips that a shock which takes a kind of thing reaches."""
        return {
            chip
            for blow in self._rare
            if blow.takes == takes
            for chip, part in reached(self.chain, blow.nodes).items()
            if part > 0
        }

    def surge_by_quarter(self, node: str) -> Array:
        """Return by what others' demand at a node is multiplied, each quarter's mean. [1]."""
        more = np.ones(len(self.chain.quarters))
        for blow in self._rare:
            if blow.takes == "demand" and node in blow.nodes:
                more += 1 - self._mean_left(blow.steps())
        return more

    def _steps_of(self, takes: str, chip: str) -> _Steps:
        """Return a chip's losses of a kind: of what stands on the nodes hit, each shock's once."""
        steps = []
        for blow in self._rare:
            part = reached(self.chain, blow.nodes)[chip] if blow.takes == takes else 0.0
            if part > 0:
                steps += [(begin, end, lost * part) for begin, end, lost in blow.steps()]
        return steps

    def _mean_left(self, steps: _Steps) -> Array:
        edges_s = np.array(self.chain.edges_s)
        if not steps:
            return np.ones(len(edges_s) - 1)
        t_s = np.union1d(edges_s, [t for begin, end, _ in steps for t in (begin, end)])
        t_s = t_s[(edges_s[0] <= t_s) & (t_s <= edges_s[-1])]
        return mean_between(edges_s, t_s, self._left(t_s, steps))

    def _left(self, t_s: Array, steps: _Steps) -> Array:
        if len(steps) == 1:  # leaves the same by every rule, and is the most frequent
            return health_under(t_s, *steps[0])
        start, end, lost = zip(*steps, strict=True)
        return health_on(t_s, start, end, lost, self.chain.scenario.supply.overlap)

    def tell(self, record: Recorder) -> None:
        """Record every node's health at the start and as it changes within the horizon."""
        horizon_s = self.chain.scenario.horizon.calendar.horizon_s
        nodes = [*self.chain.ties]
        times, states = self._from_start([self.health(node) for node in nodes])
        # In order of time, those of one time in order of nodes.
        at, which = np.nonzero(_new(states).T & (times < horizon_s)[:, None])
        record.columns(
            "nodes",
            t_s=times[at].tolist(),
            node=[nodes[k] for k in which.tolist()],
            health=states[which, at].tolist(),
        )

    def _note_when_empty(self, need: Need) -> None:
        """Put the times at which a stock runs out among those at which a health may change."""
        health = self._covered(need)
        if health is None:
            return
        _, empty_s = behind_stock(self.t_s, health, need.stock_s, self._catch_up)
        if not empty_s:
            return
        old_s = self.t_s
        self.t_s = np.union1d(old_s, self._times(empty_s))
        at = np.searchsorted(old_s, self.t_s, side="right") - 1
        self._own = {node: own[at] for node, own in self._own.items()}
        self._given = {n: None if h is None else h[at] for n, h in self._given.items()}

    def _times(self, changes: list[float]) -> Array:
        later = [t + lag for t in changes for lag in self.chain.switch_lags_s]
        times = {t for t in (*changes, *later) if t < inf}
        return np.array(sorted({0.0, *times, *self.chain.qualified_s}))

    def _health(self, node: str) -> Array | None:
        health: Array | None = None
        for base in self.chain.foundations[node]:
            own = self._own.get(base)
            if own is not None and (node, base) in self._felt_already:
                own = self._without_echoes(node, base)
            if own is not None:
                health = own if health is None else health * own
        for base in self.chain.fed[node]:
            health = self._scarcest(self.chain.needs[base], health)
        return health

    def _without_echoes(self, node: str, base: str) -> Array | None:
        """Health of what a node rests on, but for shocks that the node feels by another way."""
        steps = [*self.steps[base]]
        for step in self._felt_already[node, base]:
            steps.remove(step)
        return self._left(self.t_s, steps) if steps else None

    def _scarcest(self, needs: tuple[Need, ...], health: Array | None) -> Array | None:
        """Return a health cut to what the scarcest of some inputs allows."""
        for need in needs:
            covered = self._covered(need)
            if covered is None:
                continue
            if need.stock_s > 0:
                covered, _ = behind_stock(self.t_s, covered, need.stock_s, self._catch_up)
            health = covered if health is None else np.minimum(health, covered)
        return health

    def _covered(self, need: Need) -> Array | None:
        """Part of a need that its suppliers cover."""
        if need.shares == (1.0,):  # nobody can stand in
            return self.health(need.suppliers[0])
        parts = [self.health(supplier) for supplier in need.suppliers]
        if all(part is None for part in parts):
            return None
        whole = np.ones_like(self.t_s)
        stacked = [whole if part is None else part for part in parts]
        return group_health(
            self.t_s, stacked, need.shares, need.limits, need.lag_s, need.qualified_s
        )

    def _wind(self) -> list[ProductionClock | None]:
        """Return each line's clock: the scarcest input sets the pace; nothing if it never fails."""
        times, states = self._from_start([self._scarcest(n, None) for n in self.chain.lines])
        new = _new(states)
        edges = [0, *np.cumsum(np.count_nonzero(new, axis=1)).tolist()]
        t_s, health = times[np.nonzero(new)[1]].tolist(), states[new].tolist()
        return [
            production_clock(t_s[a:b], health[a:b], self._catch_up)
            if min(health[a:b]) < 1 - 1e-6
            else None
            for a, b in pairwise(edges)
        ]

    def _from_start(self, healths: list[Array | None]) -> tuple[Array, Array]:
        """Return the times from the start on; some healths from each, shape (healths, times)."""
        times = self.t_s[self._start :]
        states = np.ones((len(healths), len(times)))
        for k, health in enumerate(healths):
            if health is not None:
                states[k] = health[self._start :]
        return times, states


def _new(states: Array) -> npt.NDArray[np.bool_]:
    """Tell where each of some states begins or is another than before; same shape."""
    new = np.ones(states.shape, bool)
    np.not_equal(states[:, 1:], states[:, :-1], out=new[:, 1:])
    return new
