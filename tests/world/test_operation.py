"""A scenario's policy in a whole world: every discipline and aim runs, and maintenance is kept."""

from pathlib import Path

import numpy as np
import pytest
import simpy

from simulator.spec.loader import load
from simulator.spec.policy import AIMABLE, PREEMPTIBLE, SHARING, Maintenance
from simulator.spec.policy import Policy as Spec
from simulator.world import jobs_state, scheduler
from simulator.world.engine import JobEngine, JobTable, Layout, Policy
from simulator.world.maintenance import Rounds
from simulator.world.operation import usd_per_chip_s
from simulator.world.world import World

TINY = load(Path(__file__).parent.parent / "data" / "tiny.yaml")
DAY_S = 86400.0
MAINTENANCE = {"every": 50.0, "notice": 0.5, "takes": 2.0}


def days(number: float) -> dict[str, str]:
    plain = {"status": "published", "source": "a test", "date": "2025"}
    return plain | {"value": f"{number} days"}


def ran(**policy: object) -> World:
    changes = {f"policy.{key}": value for key, value in policy.items()}
    world = World(TINY.change(changes).scenario, 0, 0)
    world.run()
    return world


def choices(name: str) -> tuple[str, ...]:
    return Spec.model_fields[name].annotation.__args__


@pytest.mark.parametrize("discipline", choices("discipline"))
def test_every_discipline_runs_jobs(discipline):
    aim = "max_throughput" if discipline in AIMABLE else "least_flexible"
    preemption = "checkpoint" if discipline in PREEMPTIBLE else "none"
    world = ran(discipline=discipline, aim=aim, preemption=preemption, estimate_error=0.5)
    jobs = world.engine.close(world.scenario.horizon.calendar.horizon_s).jobs
    assert np.mean(~np.isnan(jobs["finish_s"])) > 0.1


@pytest.mark.parametrize("aim", choices("aim"))
def test_every_aim_is_asked(aim):
    world = ran(discipline="fcfs", aim=aim)
    assert (world.engine.asked.times > 0) == (aim != "least_flexible")


def test_what_the_spec_says_of_disciplines_is_what_the_engine_takes():
    assert {*choices("discipline"), "asked"} == set(scheduler.DISCIPLINES)
    assert set(PREEMPTIBLE) == set(scheduler.PREEMPTIBLE)
    assert set(AIMABLE) == set(scheduler.CHOOSING)
    by_shares = {d for d, (_, mode) in scheduler.DISCIPLINES.items() if mode == jobs_state.SHARING}
    assert by_shares == set(SHARING)
    assert choices("preemption") == scheduler.PREEMPTIONS
    assert choices("run_time") == scheduler.RUN_TIMES
    assert set(choices("placement")) == set(scheduler.PLACEMENTS)


def test_noisy_estimates_are_right_in_the_middle_and_spread_as_said():
    table = ran(estimate_error=0.5).demand.table
    log = np.log(table.estimate_s / table.work_s)
    n = len(log)
    assert abs(np.mean(log)) < 4 * 0.5 / np.sqrt(n)
    assert abs(np.std(log) - 0.5) < 4 * 0.5 / np.sqrt(2 * n)


@pytest.mark.parametrize("layout", [None, Layout(1, 2, 5)])
def test_maintenance_takes_each_rack_once_in_a_period(layout):
    # Five racks of two idle hosts, each away for 2.5 days of 50: one from day 10, 20, ..., 490.
    env = simpy.Environment()
    table = JobTable.of([0.0], [1], [1.0])
    engine = JobEngine(env, table, 1, Policy("fcfs"), rng_faults=np.random.default_rng)
    pool = engine.add_pool("p", 8, [1.0], layout=layout)
    engine.add_hosts(pool, 10)
    spec = Maintenance(**{name: days(n) for name, n in MAINTENANCE.items()})
    env.process(Rounds(env, engine, spec).of_pool(pool, 2, layout is not None))
    env.process(engine.operate())
    env.run(until=500 * DAY_S)
    away_s = engine.close(500 * DAY_S).host_down_s.sum()
    assert away_s / DAY_S == pytest.approx(49 * 2 * 2.5)


def test_a_chip_costs_its_rack_its_building_and_its_energy():
    scenario = TINY.scenario
    (site,) = list(scenario.sites)[:1]
    chip = next(iter(scenario.catalog.racks))
    rack, money = scenario.catalog.racks[chip], scenario.economics
    idle = usd_per_chip_s(scenario, site, chip, 0.0)
    year_usd = rack.chips * idle * 365 * DAY_S
    rack_usd = rack.price.value * 365 * DAY_S / money.rack_life.value
    assert year_usd > rack_usd
    busy = usd_per_chip_s(scenario, site, chip, 1000.0)
    place = scenario.sites[site]
    assert busy - idle == pytest.approx(1000 * place.pue.value * place.energy_price.value)
