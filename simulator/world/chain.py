"""The dependency graph of a scenario, as the laws and the clocks read it."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np

from simulator.laws.arrays import Array
from simulator.laws.dependency import Group, Source, SupplyGraph, stands_on
from simulator.laws.dependency import Node as GraphNode
from simulator.spec.base import Figure
from simulator.spec.chain import Input, Node, Terms
from simulator.spec.hardware import Chip
from simulator.spec.scenario import Scenario
from simulator.spec.shocks import Hit
from simulator.units import Calendar
from simulator.world.buying import purchases

#: Stages of an order that hang on nodes, in the order it passes them.
STAGES = ("wafer", "packaging", "rack", "ship")
#: The four inputs every chip names, and the stage that waits for each.
_NAMED = {
    "foundry": "wafer",
    "packaging": "packaging",
    "memory_makers": "packaging",
    "vendor": "rack",
}


@dataclass(frozen=True)
class Need:
    """Substitutes for one input, with times translated; limits are of the need.

    Attributes
    ----------
    suppliers : tuple of str
    shares, limits : tuple of float
        Planned, and the most each may cover. [1]
    lag_s, qualified_s : float, tuple of float
        Until others deliver more, and from when each may. [s]
    per_unit : float
        Supplier's units in one of the consumer.
    stock_s : float
        What stands ready at the consumer, at plan. [s]
    """

    name: str
    stage: str
    suppliers: tuple[str, ...]
    shares: tuple[float, ...]
    limits: tuple[float, ...]
    lag_s: float
    qualified_s: tuple[float, ...]
    per_unit: float
    stock_s: float = 0.0


class Chain:
    """What never changes in a scenario's supply: who needs whom, how much of it.

    Shared by all replications of a scenario.

    Attributes
    ----------
    order : tuple of str
        Nodes, upstream before downstream.
    needs : mapping of str to tuple of Need
        Inputs of each node and chip.
    ties : mapping of str to tuple of str
        Nodes each node rests on, its country among them where that is a node.
    foundations, fed : mapping of str to tuple of str
        Each node with all that it rests on; those of them that have inputs.
    upstream : mapping of str to tuple of str
        Nodes that a chip needs a share of above zero of.
    switch_lags_s, qualified_s : set of float
        Times until substitutes deliver more, and dates from when some may. [s]
    lines, lines_of : tuple, mapping
        Stages that hang on the same nodes are one line, however many chips use it; the line of
        each of a chip's stages.
    scarce : tuple of str
        Nodes with a capacity.
    units : ndarray, shape (scarce nodes, chips)
        Units of each that go into a rack. [units/rack]
    stands_on_scarce : mapping of str to bool
        Whether any of those goes into a rack of each chip.
    begins_s : mapping of str to float
        When a quarter begins, also one outside the run. [s]
    plan : list of (quarter, list of Purchase)
        The plan of record as the buying rule orders it, by time.
    random_shocks : list of (RandomShocks, tuple of str)
        Each with the nodes it hits.
    shock_streams, streams : list of str
        Name of the random stream of each; of all that every replication draws from.
    capacity, others : ndarray, shape (quarters, scarce nodes)
        What each has, and what its other customers ask. [units a quarter]

    Raises
    ------
    ValueError
        If the needs run in a cycle, which is named.
    """

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        nodes, chips = scenario.supply.nodes, scenario.catalog.chips
        countries = {n.country: i for i, n in nodes.items() if n.kind == "country"}
        self.ties = {i: _ties(i, node, countries) for i, node in sorted(nodes.items())}
        self.needs = {
            i: tuple(self._need(name, given) for name, given in sorted(node.inputs.items()))
            for i, node in sorted(nodes.items())
        }
        self.bought = tuple(sorted(scenario.catalog.racks))
        for chip in sorted(chips):
            self.needs[chip] = self._chip_needs(chips[chip])
        self.graph = self._graph()
        self.order = tuple(i for i in self.graph.nodes if i in nodes)
        #: Needs with a stock, those of suppliers before those of whom they supply.
        self.stocked = tuple(n for i in self.graph.nodes for n in self.needs[i] if n.stock_s > 0)
        switched = [n for each in self.needs.values() for n in each if n.limits != n.shares]
        self.switch_lags_s = {need.lag_s for need in switched}
        dates = {t for need in switched for t in need.qualified_s}
        self.qualified_s = {t for t in dates if -math.inf < t < math.inf}
        self.foundations = {i: tuple(sorted(stands_on(self.graph, i))) for i in nodes}
        self.fed = {
            i: tuple(base for base in bases if self.needs[base])
            for i, bases in self.foundations.items()
        }
        #: Kept by :func:`simulator.world.fragility.reached`.
        self.reached: dict[tuple[str, ...], dict[str, float]] = {}
        self._echoes: dict[tuple[str, ...], tuple[tuple[str, str], ...]] = {}
        self.upstream = {chip: self._upstream(chip) for chip in sorted(chips)}
        self.lines, self.lines_of = self._lines(sorted(chips))
        self.scarce = tuple(i for i in sorted(nodes) if nodes[i].capacity)
        self.units = self._units()
        self.stands_on_scarce = {
            chip: bool(self.units[:, k].any()) for k, chip in enumerate(self.bought)
        }
        self.quarters = scenario.horizon.calendar.names()
        self.number_of_quarter = {name: k for k, name in enumerate(self.quarters)}
        self.edges_s = scenario.horizon.calendar.edges_s()
        self.begins_s = _Begins(scenario.horizon.calendar)
        by_quarter = groupby(purchases(scenario), lambda bought: bought.quarter)
        self.plan = [(quarter, list(each)) for quarter, each in by_quarter]
        self.random_shocks = [
            (shock, tuple(self.hit_by(shock))) for shock in scenario.supply.random_shocks
        ]
        self.shock_streams = [f"shocks/{shock.stream}" for shock in scenario.supply.random_shocks]
        queues = [f"queue/{vendor}" for vendor in sorted(scenario.supply.queues)]
        leads = [f"lead/{chip}" for chip in self.bought if chip in scenario.supply.lead_times]
        self.streams = [*self.shock_streams, *queues, *leads]
        self.capacity = np.array(
            [[_from(nodes[i].capacity, q) for i in self.scarce] for q in self.quarters]
        )
        self.others = np.array(
            [[_from(nodes[i].others, q) for i in self.scarce] for q in self.quarters]
        )

    def hit_by(self, shock: Hit) -> list[str]:
        """Return the nodes a shock's selector names, in their order."""
        if shock.node is not None:
            return [shock.node]
        nodes = sorted(self.scenario.supply.nodes.items())
        return [i for i, node in nodes if shock.hits(i, node.tags, node.country)]

    def echoes(self, nodes: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
        """Return where one shock on several nodes would count twice: each node with its base.

        A node that is hit feels a shock itself, so not once more by what it rests on; one
        that is not feels it by the first of those it rests on.
        """
        if nodes not in self._echoes:
            hit, found = {*nodes}, []
            for node, bases in self.foundations.items():
                felt = [base for base in bases if base in hit]
                if len(felt) > 1:
                    first = node if node in hit else felt[0]
                    found += [(node, base) for base in felt if base != first]
            self._echoes[nodes] = tuple(found)
        return self._echoes[nodes]

    def _need(self, name: str, given: Input) -> Need:
        return self._of(name, given.stage, given.shares, given)

    def _chip_needs(self, chip: Chip) -> tuple[Need, ...]:
        shares = {
            "foundry": chip.foundry,
            "packaging": chip.packaging,
            "memory_makers": chip.memory_makers,
            "vendor": {chip.vendor: 1.0},
        }
        terms = {str(name): given for name, given in chip.terms.items()}
        named = [
            self._of(name, stage, shares[name], terms.get(name)) for name, stage in _NAMED.items()
        ]
        return (*named, *(self._need(name, given) for name, given in sorted(chip.inputs.items())))

    def _of(self, name: str, stage: str, shares: dict[str, float], terms: Terms | None) -> Need:
        calendar = self.scenario.horizon.calendar
        limits = {} if terms is None else terms.limits
        qualified = {} if terms is None else terms.qualified
        suppliers = tuple(sorted(shares))
        return Need(
            name,
            stage,
            suppliers,
            tuple(shares[i] for i in suppliers),
            tuple(max(shares[i], limits.get(i, 0.0)) for i in suppliers),
            0.0 if terms is None else terms.switch_lag,
            tuple(calendar.at(qualified[i]) if i in qualified else -math.inf for i in suppliers),
            1.0 if terms is None or terms.per_unit is None else terms.per_unit.value,
            0.0 if terms is None else terms.stock,
        )

    def _graph(self) -> SupplyGraph:
        """Return the law's graph: planned shares, no capacities."""
        return SupplyGraph.of(
            GraphNode(
                i,
                groups=tuple(
                    Group(
                        need.name,
                        tuple(map(Source, need.suppliers, _whole(need.shares))),
                        need.per_unit,
                    )
                    for need in needs
                ),
                rests_on={f"tie {k}": tie for k, tie in enumerate(self.ties.get(i, ()))},
            )
            for i, needs in self.needs.items()
        )

    def _upstream(self, chip: str) -> tuple[str, ...]:
        found: set[str] = set()
        waiting = [chip]
        while waiting:
            here = waiting.pop()
            above = [*self.ties.get(here, ())]
            for need in self.needs[here]:
                above += [s for s, x in zip(need.suppliers, need.shares, strict=True) if x > 0]
            waiting += {*above} - found
            found.update(above)
        return tuple(sorted(found))

    def _lines(self, chips: list[str]) -> tuple[tuple[tuple[Need, ...], ...], dict[str, list[int]]]:
        number: dict[tuple[Need, ...], int] = {}
        lines_of: dict[str, list[int]] = {chip: [] for chip in chips}
        for chip in chips:
            for stage in STAGES:
                needs = tuple(
                    replace(need, name="", per_unit=1.0)
                    for need in self.needs[chip]
                    if need.stage == stage
                )
                lines_of[chip].append(number.setdefault(needs, len(number)))
        return tuple(number), lines_of

    def _units(self) -> Array:
        """Follow planned shares upstream from a rack of each chip."""
        per_rack = np.zeros((len(self.scarce), len(self.bought)))
        for column, chip in enumerate(self.bought):
            amount: defaultdict[str, float] = defaultdict(float)
            amount[chip] = float(self.scenario.catalog.racks[chip].chips)
            for i in reversed(list(self.graph.nodes)):
                for need in self.needs[i] if amount[i] else ():
                    for supplier, share in zip(need.suppliers, need.shares, strict=True):
                        amount[supplier] += amount[i] * need.per_unit * share
            per_rack[:, column] = [amount[i] for i in self.scarce]
        return per_rack


class _Begins(dict[str, float]):
    """Begin of each quarter that was asked for. [s]."""

    def __init__(self, calendar: Calendar) -> None:
        super().__init__()
        self.calendar = calendar

    def __missing__(self, quarter: str) -> float:
        self[quarter] = self.calendar.at(quarter)
        return self[quarter]


def _from(figures: Mapping[str, Figure[float]], quarter: str) -> float:
    """Return the figure that holds in a quarter: the last that began, or the first of all."""
    if not figures:
        return 0.0
    begun = [name for name in figures if name <= quarter]
    return float(figures[max(begun) if begun else min(figures)].value)


def _ties(i: str, node: Node, countries: dict[str, str]) -> tuple[str, ...]:
    country = countries.get(node.country)
    home = {country} if country is not None and country != i else set()
    return tuple(sorted({*node.rests_on.values(), *home}))


def _whole(shares: tuple[float, ...]) -> list[float]:
    """Shares sum to 1 within the file's rounding; the law wants them to the last digits."""
    total = math.fsum(shares)
    return [share / total for share in shares]
