"""What is drawn of an in-house chip: each by its own spread, none by another's luck."""

import math

import numpy as np
import pytest
import simpy

from simulator.streams import Streams
from simulator.units import DAY_S
from simulator.world.chain import Chain
from simulator.world.programme import Programme
from simulator.world.recorder import Recorder
from tests.world.buying import figure, run, spread
from tests.world.test_programme import scenario, states

NORMAL = 4.0  # standard errors an estimate may stray


def uncorrelated(draws: np.ndarray) -> bool:
    """Tell whether no two rows go together more than chance has it."""
    found = np.corrcoef(draws)[np.triu_indices(len(draws), 1)]
    return bool(np.abs(found).max() < NORMAL / math.sqrt(draws.shape[1]))


def test_performance_power_and_yield_are_drawn_apart_each_by_its_spread():
    """One of ten lies above the 90th percentile, half above the median."""
    spreads = {"performance": (1.1, 1.3), "energy": (0.9, 1.2), "die_yield": (0.8, 0.9)}
    given, n = scenario(**{name: spread(*each) for name, each in spreads.items()}), 800
    drawn = [Programme(simpy.Environment(), given, Streams(s, 0), Recorder()) for s in range(n)]
    values = np.array([[p.performance, p.energy, p.die_yield] for p in drawn]).T
    for found, (median, p90) in zip(values, spreads.values(), strict=True):
        for bound, part in ((median, 0.5), (p90, 0.1)):
            above = np.mean(found > bound)
            assert abs(above - part) < NORMAL * math.sqrt(part * (1 - part) / n)
    assert uncorrelated(np.log(values))


def test_what_is_measured_errs_apart_in_each_measure_and_round():
    """Three measures in two rounds, each mean with sd .05 of nine hosts' .15."""
    given, n = scenario(die_yield=spread(1.0)), 600
    made = [Programme(simpy.Environment(), given, Streams(s, 0), Recorder()) for s in range(n)]
    one, both = ([p.assay.measured(rounds) for p in made] for rounds in (1, 2))
    first = np.array([[m.performance, m.per_watt, m.die_yield] for m in one]).T - 1
    mean = np.array([[m.performance, m.per_watt, m.die_yield] for m in both]).T - 1
    errors = np.concatenate([first, 2 * mean - first])
    assert np.abs(errors.std(axis=1) / 0.05 - 1).max() < NORMAL / math.sqrt(2 * n)
    assert np.abs(errors.mean(axis=1)).max() < NORMAL * 0.05 / math.sqrt(n)
    assert uncorrelated(errors)
    assert {round(m.sd, 12) for m in both} == {round(0.05 / math.sqrt(2), 12)}


def test_design_spins_and_bring_up_take_times_of_their_own():
    """Two failed spins and one that works, each of 100 days at the median, 150 in one of ten."""
    silicon = {
        "start": "2025Q1",
        **{stage: spread(100 * DAY_S, 150 * DAY_S) for stage in ("design", "spin", "bring_up")},
        "spin_success": [0.0, 0.0],
    }
    given = scenario(quarters=16, silicon=silicon, gate={"latest": "2028Q4"})
    chain, n = Chain(given), 300
    lengths = []
    for r in range(n):
        told = run(given, 5, r, chain).record.tables["programme"]
        rows = zip(told["state"], told["t_s"], strict=True)
        # Design ends with the first tape-out, a spin with the next or as the bring-up begins.
        marks = [t for state, t in rows if state in ("design", "tapeout", "bring_up")]
        ordered_s = told["t_s"][told["state"].index("pilot_ordered")]
        lengths.append(np.diff([*marks, ordered_s]))
    logs = np.log(np.array(lengths).T / DAY_S)
    assert len(logs) == 5
    # sigma = ln(1.5) / 1.28155 = .31638.
    assert np.abs(logs.std(axis=1) / 0.31638 - 1).max() < NORMAL / math.sqrt(2 * n)
    assert np.abs(logs.mean(axis=1) - math.log(100)).max() < NORMAL * 0.31638 / math.sqrt(n)
    assert uncorrelated(logs)


@pytest.mark.parametrize("cheap", [1e-9, 1e-7])
def test_energy_of_a_chips_work_is_paid_where_it_can_be_cooled(cheap):
    """Two sites by air at 1e-8 and at another price, one by liquid that is none of ours.

    .8 W x 1.25 at the mean of both, and the building, 10/6e8 a watt.
    """
    plain = scenario()
    tree = plain.model_dump(mode="json")
    here = tree["sites"]["site"]
    other = {**here, "energy_price": figure(cheap)}
    wet = {**here, "cooling": ["liquid"], "energy_price": figure(1.0)}
    tree["sites"] = {"site": here, "other": other, "wet": wet}
    parts = run(type(plain).from_si(tree)).programme.assay.parts
    assert parts.power == pytest.approx((1e-8 + cheap) / 2 + 10 / 6e8)


@pytest.mark.parametrize(("run_days", "decided_day"), [(30, 181), (200, 228)])
def test_a_gate_waits_for_its_quarter_and_for_the_pilot(run_days, decided_day):
    """In service on day 28: it has run before 2025Q3 begins, on day 181, or only behind it."""
    told = states(run(scenario(pilot_run=run_days * DAY_S)))
    assert told["gate"] == pytest.approx(decided_day * DAY_S)
