"""The gate: chances that each rule is kept, from what the pilot measured, and the decision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from simulator.laws.gate import CostParts, chance_above, cost_of_work
from simulator.spec.programme import Gate
from simulator.spec.programme import Programme as ProgrammeSpec
from simulator.spec.scenario import Scenario
from simulator.units import YEAR_S


@dataclass(frozen=True)
class Measured:
    """What the pilot finds, each over its target, and how sure that is. [1].

    Attributes
    ----------
    sd, yield_sd : float
        Standard deviation of performance and performance per watt, and of the yield; 0 for
        the truth.
    cost, cost_sd : float
        Of a unit of work, as follows from the others.
    """

    performance: float
    per_watt: float
    die_yield: float
    sd: float
    yield_sd: float
    cost: float
    cost_sd: float


def chances(gate: Gate, measured: Measured, ported_share: float) -> dict[str, float]:
    """Chance that each rule of a gate is kept, by its name in the scenario. [1].

    Parameters
    ----------
    gate : Gate
    measured : Measured
    ported_share : float
        Part of the work asked whose family runs on the chip by now; known without noise. [1]
    """
    sd = measured.sd
    kept = {
        "min_performance": chance_above(measured.performance, gate.min_performance, sd),
        "min_performance_per_watt": chance_above(
            measured.per_watt, gate.min_performance_per_watt, sd
        ),
        "min_ported_share": float(ported_share >= gate.min_ported_share - 1e-9),
    }
    if gate.min_yield > 0:
        kept["min_yield"] = chance_above(measured.die_yield, gate.min_yield, measured.yield_sd)
    if gate.max_cost_of_work is not None:
        # Below a bound is above it with the signs turned.
        kept["max_cost_of_work"] = chance_above(
            -measured.cost, -gate.max_cost_of_work, measured.cost_sd
        )
    return kept


def decide(gate: Gate, kept: dict[str, float], *, may_hold: bool) -> tuple[str, str]:
    """Return ramp, hold or cancel, and the rule that was kept least surely.

    Parameters
    ----------
    kept : dict of str to float
        From :func:`chances`.
    """
    rule = min(kept, key=kept.__getitem__)
    if gate.forced is not None:
        return gate.forced, "forced"
    if kept[rule] >= gate.certainty:
        return "ramp", rule
    # What is not ported may be by the end of a hold; what is measured must not be out of reach.
    least = min(chance for name, chance in kept.items() if name != "min_ported_share")
    return ("hold" if may_hold and least >= gate.hold_above else "cancel"), rule


class Assay:
    """The true chip, measured with noise, and held against the gate's rules.

    Parameters
    ----------
    scenario : Scenario
    spec : Programme
    performance, energy, die_yield : float
        The truth, over target. [1]
    noise : sequence of float, length 6
        Standard normal: of performance, performance per watt and yield, in two rounds.
    """

    def __init__(
        self,
        scenario: Scenario,
        spec: ProgrammeSpec,
        performance: float,
        energy: float,
        die_yield: float,
        noise: Sequence[float],
    ) -> None:
        self.scenario = scenario
        self.spec = spec
        self.parts = cost_parts(scenario, spec)
        self.truth = (performance, performance / energy, die_yield)
        self.noise = noise

    def measured(self, rounds: int) -> Measured:
        """Return the mean of all that was measured after one or two rounds; of none, the truth."""
        one = self.spec.measurement_noise.value / sqrt(self.spec.measurements)
        sd = one / sqrt(rounds) if rounds else 0.0
        mean = [one * sum(self.noise[k + 3 * r] for r in range(rounds)) for k in range(3)]
        performance, per_watt, die_yield = (
            value + error / max(rounds, 1) for value, error in zip(self.truth, mean, strict=True)
        )
        # A yield that goes by plan is known.
        planned = self.spec.die_yield is None
        die_yield, yield_sd = (1.0, 0.0) if planned else (die_yield, sd)
        cost, cost_sd = cost_of_work(self.parts, performance, per_watt, die_yield, sd, yield_sd)
        return Measured(performance, per_watt, die_yield, sd, yield_sd, cost, cost_sd)

    def judge(self, rounds: int, ported: float, *, may_hold: bool) -> tuple[str, str]:
        """Return the decision after some rounds, and why."""
        kept = chances(self.spec.gate, self.measured(rounds), ported)
        decision, rule = decide(self.spec.gate, kept, may_hold=may_hold)
        told = ", ".join(f"{name} {chance:.2f}" for name, chance in sorted(kept.items()))
        return decision, f"{decision} by {rule}; {told}"

    def deserves(self, ported: float) -> str:
        """Return what the true chip would get, were it known and nothing forced."""
        gate = self.spec.gate.model_copy(update={"forced": None})
        return decide(gate, chances(gate, self.measured(0), ported), may_hold=False)[0]


def cost_parts(scenario: Scenario, spec: ProgrammeSpec) -> CostParts:
    """Return what a rack of the programme's chip costs by its plan, by what scales it. [USD/s].

    Racks and buildings over their lives, energy at the mean price of the sites
    that can cool it. Development is sunk when the gate decides, and not in it.
    """
    rack, economics = scenario.catalog.racks[spec.chip], scenario.economics
    life_s = economics.rack_life.value
    chips_usd = rack.chips * scenario.catalog.chips[spec.chip].price.value
    sites = [s for s in scenario.sites.values() if rack.cooling in s.cooling]
    per_joule = [site.pue.value * site.energy_price.value for site in sites]
    energy = rack.nameplate.value * rack.busy_share.value * sum(per_joule) / max(len(sites), 1)
    building = rack.nameplate.value * economics.facility_cost.value
    return CostParts(
        chips=chips_usd / life_s,
        rest=max(0.0, rack.price.value - chips_usd) / life_s,
        power=energy + building / economics.facility_life.value,
    )


def ported_share(scenario: Scenario, running: set[str], t_s: float) -> float:
    """Part of the work asked at a time that is of some families; 1 if none is asked. [1]."""
    asked = ported = 0.0
    for service in scenario.services.values():
        demand = service.demand.value * service.growth_per_year.value ** (t_s / YEAR_S)
        for family, share in service.families.items():
            asked += demand * share
            ported += demand * share * (family in running)
    return ported / asked if asked else 1.0
