"""The catalogue and the pilot study: against published figures, and for sense."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from itertools import pairwise
from math import exp, inf, log
from pathlib import Path
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest

from scenarios.validate_recommendation import recommendation_model
from simulator.laws.training_recommendation import recommendation_step_s
from simulator.spec.base import Figure
from simulator.spec.loader import cases, load
from simulator.spec.scenario import Scenario
from simulator.units import YEAR_S, next_quarter, quarter_start
from simulator.world.rates import Rates
from simulator.world.step_inputs import tables

STUDY = Path(__file__).parents[2] / "scenarios" / "inhouse_pilot.yaml"
#: Case → the only keys it may change.
CASES = {
    "buy_only": ("title", "supply.programme", "supply.plan", "economics.budget"),
    "ramp_same_foundry": ("title", "supply.programme.gate.forced"),
    "ramp_second_foundry": (
        "title",
        "catalog.chips.pilot-chip.foundry",
        "catalog.chips.pilot-chip.packaging",
        "supply.lead_times.pilot-chip",
        "supply.programme.development",
        "supply.programme.gate.forced",
    ),
    "pilot_fails": ("title", "supply.programme.gate.forced"),
    "gpu_allocation_cut": ("title", "supply.shocks"),
    "foundry_outage": ("title", "supply.shocks"),
}
#: Our id → the chip's name in the published table.
PUBLISHED = {
    "h100-sxm": "H100-SXM",
    "h200-sxm": "H200-SXM",
    "gb200-nvl72": "GB200-NVL72",
    "mi300x": "MI300X",
    "mi355x": "MI355X",
    "mtia-2i": "MTIA-2i (v2)",
    "mtia-300": "MTIA-300",
}


@pytest.fixture(scope="module")
def study() -> Scenario:
    """Return the baseline."""
    return load(STUDY).scenario


def figures(part: Any, path: str = "") -> Iterator[tuple[str, Figure[float]]]:
    """Walk a spec and yield every figure with its path."""
    if isinstance(part, Figure):
        yield path, part
    elif isinstance(part, dict):
        for key, value in part.items():
            yield from figures(value, f"{path}.{key}")
    elif isinstance(part, list | tuple):
        for k, value in enumerate(part):
            yield from figures(value, f"{path}.{k}")
    elif hasattr(type(part), "model_fields"):
        for name in type(part).model_fields:
            yield from figures(getattr(part, name), f"{path}.{name}")


def lognormal_mean(median: float, p90: float) -> float:
    sigma = log(p90 / median) / NormalDist().inv_cdf(0.9)
    return median * exp(sigma**2 / 2)


def test_study_has_its_six_cases() -> None:
    assert cases(STUDY) == sorted(CASES)


@pytest.mark.parametrize("case", sorted(CASES))
def test_a_case_differs_only_in_its_cause(case: str) -> None:
    changed = [text.split(":")[0] for text in load(STUDY, case).changes]
    assert changed
    assert [key for key in changed if not key.startswith(CASES[case])] == []


def test_every_figure_says_where_it_comes_from(study: Scenario) -> None:
    found = list(figures(study))
    assert len(found) >= 8 * len(study.catalog.chips) + 5 * len(study.catalog.racks)
    bare = [p for p, f in found if f.source.endswith((".csv", ".gz")) or not f.source[0].isalnum()]
    assert bare == []
    ends = [p for p, f in found if f.status == "assumed" and f.low is None]
    assert ends == []


def test_published_figures_equal_the_public_table(study: Scenario) -> None:
    folder = os.environ.get("SILICONMIX_DATA")
    if not folder:
        pytest.skip("SILICONMIX_DATA is not set: the table of accelerators is not here")
    with (Path(folder) / "hardware" / "accelerators.csv").open(newline="") as file:
        table = {row["chip"]: row for row in csv.DictReader(file)}
    columns = (
        ("peak_bf16", "bf16_tflops", 1e12),
        ("memory", "mem_gb", 1e9),
        ("memory_bandwidth", "mem_bw_tbps", 1e12),
        ("tdp", "tdp_w", 1.0),
        ("scaleup_bandwidth", "scaleup_bw_unidir_GBps", 1e9),
        ("scaleout_bandwidth", "scaleout_gbps_per_chip", 1e9 / 8),
        ("scaleup_domain", "scaleup_domain_chips", 1.0),
    )
    for chip_id, name in PUBLISHED.items():
        chip = study.catalog.chips[chip_id]
        for field, column, unit in columns:
            if not table[name][column]:
                continue
            ours = getattr(chip, field)
            value = ours.value if isinstance(ours, Figure) else ours
            assert value == pytest.approx(float(table[name][column]) * unit, rel=2e-3), (
                chip_id,
                field,
            )
        low, high = table[name]["price_usd_low"], table[name]["price_usd_high"]
        if low:
            assert float(low) <= chip.price.value <= float(high), chip_id


def test_a_rack_feeds_and_pays_for_its_chips(study: Scenario) -> None:
    catalog = study.catalog
    for chip_id, rack in catalog.racks.items():
        chip = catalog.chips[chip_id]
        assert 0.3 * rack.nameplate.value < rack.chips * chip.tdp.value < rack.nameplate.value
        assert rack.chips * chip.price.value < rack.price.value
        assert rack.idle_share.value < rack.busy_share.value


@pytest.mark.parametrize(
    ("chip_id", "family", "size", "low", "high"),
    [
        # Llama 3.1 405B at bf16 and fp8, GB200 over H100 (NVIDIA DGX Cloud benchmarks).
        ("gb200-nvl72", "dense-transformer", 1024, 2.0, 2.6),
        ("gb200-nvl72", "dense-transformer", 2048, 2.0, 2.6),
        # At fp8, tokens a second and chip of one release of Megatron Bridge, GB200 over H100:
        # DeepSeek-V3 3,454 / 1,297 = 2.66 and Qwen3 30B-A3B 22,775 / 10,494 = 2.17 (25.09),
        # Qwen3 26,373 / 9,058 and 26,032 / 8,901 = 2.92 (26.02.01, 26.04). Where H100 fell to
        # half of its own earlier rate (25.11, 26.02), or GB200 alone moved on (26.06): 4.5 to 5.1.
        ("gb200-nvl72", "moe-transformer", 1024, 2.17, 2.92),
    ],
)
def test_mature_rates_meet_published_ratios(
    study: Scenario, chip_id: str, family: str, size: int, low: float, high: float
) -> None:
    assert low <= mature_rate(study, chip_id, family, size) <= high


def mature_rate(study: Scenario, chip_id: str, family_id: str, size: int) -> float:
    """Return the rate of a gang on a chip over H100's with mature software. [1]."""
    rates = Rates(study, ((family_id, size),), 1.0)
    mature = study.catalog.software.ports[family_id][chip_id].mature.value
    return mature * float(rates.hardware(chip_id)[0] / rates.hardware("h100-sxm")[0])


@pytest.mark.parametrize(
    ("count", "batch", "low", "high"), [(8, 55296, 1.7, 2.0), (64, 135168, 1.8, 2.4)]
)
def test_a_gb200_runs_the_mlperf_recommender_as_measured(
    study: Scenario, count: int, batch: int, low: float, high: float
) -> None:
    """MLCommons Training v3.0 to v5.0, DLRM-DCNv2, GB200 over H100 at the same batch."""
    assert study.catalog.step_law is not None
    shape = recommendation_model("dlrm-dcnv2-mlperf")
    times = []
    for chip_id in ("h100-sxm", "gb200-nvl72"):
        chip = study.catalog.chips[chip_id]
        step = recommendation_step_s(
            shape,
            tables(study.catalog.step_law, chip),
            batch=batch,
            chips=count,
            peak_flops_per_s=chip.peak_bf16.value,
            memory_b_per_s=chip.memory_bandwidth.value,
            up_b_per_s=chip.scaleup_bandwidth.value,
            out_b_per_s=chip.scaleout_bandwidth.value,
            domain=chip.scaleup_domain,
        )
        port = study.catalog.software.ports["recommendation"][chip_id]
        times.append(float(step) / port.mature.value)
    assert low <= times[0] / times[1] <= high


def test_mtia_300_recommendation_per_cost_of_ownership_is_as_published(study: Scenario) -> None:
    """Meta, ISCA 2026: 1.39x H100; rack, building and energy over the rack's life."""
    cost = {}
    for chip_id in ("h100-sxm", "mtia-300"):
        rack, eco = study.catalog.racks[chip_id], study.economics
        watt = rack.nameplate.value
        life_s = eco.rack_life.value
        building = watt * eco.facility_cost.value * life_s / eco.facility_life.value
        energy = watt * rack.busy_share.value * life_s * 1.08 * 60 / 3.6e9
        rate = mature_rate(study, chip_id, "recommendation", 512)
        cost[chip_id] = (rack.price.value + building + energy) / (rack.chips * rate)
    assert cost["h100-sxm"] / cost["mtia-300"] == pytest.approx(1.39, rel=0.05)


def test_inference_chip_has_no_training_port(study: Scenario) -> None:
    assert not any("mtia-2i" in chips for chips in study.catalog.software.ports.values())


def test_reference_chip_is_one_and_mature(study: Scenario) -> None:
    for family, chips in study.catalog.software.ports.items():
        port = chips[study.catalog.reference_chip]
        assert (port.first.value, port.mature.value) == (1.0, 1.0), family
        assert quarter_start(port.ready) < quarter_start(study.horizon.start)


@pytest.mark.parametrize("case", ["baseline", "buy_only"])
def test_every_quarter_is_within_its_budget(case: str) -> None:
    scenario = load(STUDY, case).scenario
    price = {chip: rack.price.value for chip, rack in scenario.catalog.racks.items()}
    programme = scenario.supply.programme
    for quarter in scenario.horizon.calendar.names():
        spent = sum(
            order.spend if order.spend is not None else (order.racks or 0) * price[order.chip]
            for order in scenario.supply.plan
            if order.quarter == quarter
        )
        if programme is not None:
            spent += programme.reserve.get(quarter, 0.0)
            if programme.pilot_quarter == quarter:
                spent += programme.pilot_racks * price[programme.chip]
        budget = scenario.economics.budget[quarter] * scenario.economics.training_share.value
        assert 0.9 * budget < spent <= budget, quarter


def test_buying_only_spends_the_money_of_the_programme_and_no_more(study: Scenario) -> None:
    programme, other = study.supply.programme, load(STUDY, "buy_only").scenario
    assert programme is not None
    extra = other.supply.plan[len(study.supply.plan) :]
    pilot = programme.pilot_racks * study.catalog.racks[programme.chip].price.value
    spent = sum(order.spend or 0.0 for order in extra)
    money = sum(programme.reserve.values()) + programme.development.value + pilot
    assert spent == pytest.approx(money)
    # Development is paid beside the rack budget, so the rack budget rises by it.
    more = sum(other.economics.budget.values()) - sum(study.economics.budget.values())
    share = study.economics.training_share.value
    assert share * more == pytest.approx(programme.development.value, rel=1e-3)


def test_budget_of_2025_is_the_guidance(study: Scenario) -> None:
    year = [usd for quarter, usd in study.economics.budget.items() if quarter.startswith("2025")]
    assert sum(year) == pytest.approx(65e9)


def test_fleet_of_the_start_fits_and_counts_several_hundred_thousand(study: Scenario) -> None:
    chips = 0
    watts = dict.fromkeys(study.sites, 0.0)
    racks = dict.fromkeys(study.sites, 0)
    for line in study.supply.in_service:
        rack = study.catalog.racks[line.chip]
        assert rack.cooling in study.sites[line.site].cooling
        chips += line.racks * rack.chips
        watts[line.site] += line.racks * rack.nameplate.value
        racks[line.site] += line.racks
    assert 200_000 <= chips <= 600_000
    for site_id, site in study.sites.items():
        begun = [p for p in site.phases if quarter_start(p.quarter) <= quarter_start("2025Q1")]
        assert watts[site_id] <= sum(p.it_power for p in begun), site_id
        assert racks[site_id] <= sum(p.racks for p in begun), site_id


def test_demand_of_the_start_fills_most_of_the_fleet(study: Scenario) -> None:
    """At the start every family runs on NVIDIA's chips, so these bound the capacity from below."""
    asked = sum(s.demand.value for s in study.services.values())
    h100s = sum(
        line.racks * study.catalog.racks[line.chip].chips
        for line in study.supply.in_service
        if line.chip != "mi300x"
    )
    assert 0.85 * h100s < asked < h100s


def test_job_mix_follows_the_published_shares_of_gpu_time(study: Scenario) -> None:
    """arXiv 2410.21680: 66 % of GPU time in gangs of 256 and more, 12 % at about 4000."""
    total = sum(s.demand.value for s in study.services.values())

    def share_from(chips: int) -> float:
        return sum(
            size.share * service.demand.value / total
            for service in study.services.values()
            for size in service.sizes
            if size.chips >= chips
        )

    assert share_from(256) == pytest.approx(0.66, abs=0.03)
    assert share_from(4096) == pytest.approx(0.12, abs=0.02)


def test_recommendation_takes_more_than_half_of_training(study: Scenario) -> None:
    """Acun et al., HPCA 2021."""
    services = study.services.values()
    part = sum(s.demand.value * s.families.get("recommendation", 0.0) for s in services)
    assert 0.5 < part / sum(s.demand.value for s in services) < 0.65


def test_gangs_are_powers_of_two_and_small_against_the_fleet(study: Scenario) -> None:
    racks = study.catalog.racks
    chips = sum(at.racks * racks[at.chip].chips for at in study.supply.in_service)
    for service in study.services.values():
        for size in service.sizes:
            assert size.chips & (size.chips - 1) == 0
            assert size.chips <= chips / 8


def test_a_replication_has_about_a_hundred_thousand_jobs(study: Scenario) -> None:
    horizon_s = study.horizon.calendar.horizon_s
    jobs = 0.0
    for service in study.services.values():
        rate = log(service.growth_per_year.value) / YEAR_S
        work_rce_s = service.demand.value * (exp(rate * horizon_s) - 1) / rate
        for size in service.sizes:
            run_s = lognormal_mean(size.run_time.median, size.run_time.p90)
            jobs += size.share * work_rce_s / (size.chips * run_s)
    assert 0.8e5 < jobs < 1.4e5


def test_the_gate_is_a_real_decision(study: Scenario) -> None:
    """P(ramp) by Monte Carlo, independent of the simulator's own draws."""
    programme = study.supply.programme
    assert programme is not None
    z = NormalDist().inv_cdf(0.9)
    rng = np.random.default_rng(20250101)
    normal = rng.standard_normal((3, 200_000))
    performance, energy = (
        spread.median * np.exp(log(spread.p90 / spread.median) / z * draws)
        for spread, draws in ((programme.performance, normal[0]), (programme.energy, normal[1]))
    )
    measured = performance * (1 + programme.measurement_noise.value * normal[2])
    passes = (measured >= programme.gate.min_performance) & (
        measured / energy >= programme.gate.min_performance_per_watt
    )
    # Cost of work over plan: racks by performance, power and buildings by performance per watt.
    rack, economics = study.catalog.racks[programme.chip], study.economics
    site = [s for s in study.sites.values() if rack.cooling in s.cooling]
    joule = float(np.mean([s.pue.value * s.energy_price.value for s in site]))
    watts = rack.nameplate.value
    power = watts * rack.busy_share.value * joule
    power += watts * economics.facility_cost.value / economics.facility_life.value
    racks = rack.price.value / economics.rack_life.value
    cost = (racks / measured + power * energy / measured) / (racks + power)
    bound = programme.gate.max_cost_of_work
    assert bound is not None
    # The rule on cost stops some that just pass both others, and few.
    dear = passes & (cost > bound)
    assert 0 < dear.mean() < 0.05
    assert 0.5 < (passes & ~dear).mean() < 0.7


def test_what_is_ported_by_the_gate_is_more_than_it_asks(study: Scenario) -> None:
    """By the medians of the team: recommendation is there, dense models are not."""
    programme, porting = study.supply.programme, study.supply.porting
    assert programme is not None
    assert porting is not None
    calendar, month_s = study.horizon.calendar, YEAR_S / 12
    ends, free_s = {}, 0.0
    for task in porting.tasks:
        free_s = (
            max(free_s, calendar.at(task.start)) + task.effort.median / task.engineers * month_s
        )
        ends[task.family] = free_s
        # As the catalogue dates it for a study without a team, within a quarter.
        dated = calendar.at(study.catalog.software.ports[task.family][task.chip].ready)
        assert abs(free_s - dated) < YEAR_S / 4
    gate_s = calendar.at(programme.gate.quarter)
    years = gate_s / YEAR_S
    asked = ported = 0.0
    for service in study.services.values():
        demand = service.demand.value * service.growth_per_year.value**years
        asked += demand
        ported += demand * sum(x for f, x in service.families.items() if ends.get(f, inf) <= gate_s)
    assert ends["recommendation"] < gate_s < ends["dense-transformer"]
    assert programme.gate.min_ported_share < ported / asked < 0.6


def test_chances_of_the_queue_are_those_of_the_published_path(study: Scenario) -> None:
    """Twelve quarters of 2022 to 2024 as the replay has them; from each to the next."""
    replayed = load(STUDY.parent / "buildout_2024.yaml").scenario.supply.queues["nvidia"]
    path, now = [], replayed.start
    for quarter in [f"{year}Q{k}" for year in (2022, 2023, 2024) for k in (1, 2, 3, 4)]:
        now = replayed.known.get(quarter, now)
        path.append(now)
    queue = study.supply.queues["nvidia"]
    for regime, state in queue.regimes.items():
        steps = [b for a, b in pairwise(path) if a == regime]
        counted = {b: steps.count(b) / len(steps) for b in set(steps) - {regime}}
        assert state.leaves_to == pytest.approx(counted, abs=0.01)
        assert state.wait == replayed.regimes[regime].wait


def test_pilot_can_be_measured_before_the_gate(study: Scenario) -> None:
    programme, supply = study.supply.programme, study.supply
    assert programme is not None
    calendar = study.horizon.calendar
    silicon = programme.silicon
    assert silicon is not None
    stages = (silicon.design, silicon.spin, silicon.bring_up)
    bench_s = calendar.at(silicon.start) + sum(stage.median for stage in stages)
    ordered_s = max(bench_s, calendar.at(programme.pilot_quarter))
    landed_s = ordered_s + supply.lead_times[programme.chip].total.median
    assert landed_s + programme.pilot_run <= calendar.at(programme.gate.quarter)
    assert min(programme.reserve) >= programme.gate.quarter


def test_second_foundry_shares_no_line_with_any_gpu() -> None:
    scenario = load(STUDY, "ramp_second_foundry").scenario
    chips = scenario.catalog.chips
    shared = {
        node
        for chip in chips.values()
        if chip.kind == "gpu"
        for group in (chip.foundry, chip.packaging)
        for node, share in group.items()
        if share > 0
    }
    pilot = chips["pilot-chip"]
    own = {n for group in (pilot.foundry, pilot.packaging) for n, s in group.items() if s > 0}
    assert own
    assert not own & shared


def test_stops_fall_inside_the_horizon(study: Scenario) -> None:
    assert study.stops is not None
    last = next_quarter(study.stops.quarter, study.stops.quarters - 1)
    assert {study.stops.quarter, last} <= set(study.horizon.calendar.names())
    assert set(study.stops.cases) <= {"baseline", *CASES}
