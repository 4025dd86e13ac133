"""What is said of gates: held against draws judged by the gate itself, and against the world."""

from math import exp, log, sqrt
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from simulator.spec.loader import Given, load
from simulator.spec.notices import notices
from simulator.spec.notices_gate import _kept
from simulator.world.chain import Chain
from simulator.world.gate import Measured, chances
from simulator.world.supply_world import run_supply

TINY = Path(__file__).parent.parent / "data" / "tiny.yaml"
GATE = "supply.programme.gate"
PROGRAMME = load(TINY).scenario.supply.programme


@pytest.fixture(scope="module")
def tiny() -> Given:
    """Half of all chips perform below target, one in ten above 1.2; a last date in the run."""
    return load(TINY).change({f"{GATE}.latest": "2025Q4", "stops": None})


def said(given: Given) -> list[str]:
    return [f"{notice.key}: {notice.message}" for notice in notices(given)]


def test_a_gate_that_decides_in_the_run_says_nothing(tiny: Given):
    assert not said(tiny)


@given(
    median=st.floats(0.5, 1.5),
    over=st.floats(1, 1.6),
    noise=st.one_of(st.just(0.0), st.floats(0.001, 0.3)),
    certainty=st.sampled_from([0.5, 0.7, 0.95]),
    least=st.floats(0.3, 2),
    rounds=st.sampled_from([1, 2]),
)
@settings(max_examples=40, deadline=None)
def test_the_chance_to_keep_a_rule_is_that_of_draws(median, over, noise, certainty, least, rounds):
    """Chips drawn and measured, each judged as the world judges a pilot."""
    assert PROGRAMME is not None
    gate = PROGRAMME.gate.model_copy(update={"certainty": certainty, "min_performance": least})
    noisy = PROGRAMME.measurement_noise.model_copy(update={"value": noise})
    programme = PROGRAMME.model_copy(
        update={"gate": gate, "measurement_noise": noisy, "measurements": 3}
    )
    rng, n = np.random.default_rng(0), 4000
    sd, sigma = noise / sqrt(3 * rounds), log(over) / norm.ppf(0.9)
    truth = median * np.exp(sigma * rng.standard_normal(n))
    kept = [
        chances(gate, Measured(m, 1, 1, sd, 0, 1, 0), 1.0)["min_performance"] >= certainty
        for m in truth + sd * rng.standard_normal(n)
    ]
    chance = _kept(programme, least, (log(median), sigma), rounds)
    assume(max(sigma * median, sd) > 1e-6)  # else all or none, as rounding has it
    assert abs(np.mean(kept) - chance) < 5 * sqrt(chance * (1 - chance) / n) + 3 / n


@pytest.mark.parametrize(
    ("threshold", "what"),
    [
        (1.56, None),  # 1.56 is the 99.9 % quantile of the truth, which noise carries beyond
        (1.7, "of a thousand pilots less than one reaches 1.7"),
        (0.7, None),
        (0.4, "of a thousand pilots less than one misses 0.4"),
    ],
)
def test_a_threshold_that_decides_nothing_is_told(tiny: Given, threshold: float, what: str | None):
    assert exp(norm.ppf(0.999) * log(1.2) / norm.ppf(0.9)) == pytest.approx(1.552, abs=1e-3)
    found = said(tiny.change({f"{GATE}.min_performance": threshold}))
    assert [line.partition(": half")[0] for line in found] == (
        [f"{GATE}.min_performance: {what}"] if what else []
    )
    forced = {f"{GATE}.min_performance": threshold, f"{GATE}.forced": "ramp"}
    assert not said(tiny.change(forced))


def test_a_chip_that_reaches_nothing_is_dropped_in_every_world(tiny: Given):
    out_of_reach = tiny.change({f"{GATE}.min_performance": 1.9})
    assert "the chip is dropped" in said(out_of_reach)[0]
    for seed in range(20):
        world = run_supply(out_of_reach.scenario, seed, 0, Chain(out_of_reach.scenario))
        assert "cancel" in world.record.tables["programme"]["state"]


def test_a_yield_that_goes_by_plan_is_always_reached(tiny: Given):
    (line,) = said(tiny.change({f"{GATE}.min_yield": 0.99}))
    assert line.startswith(f"{GATE}.min_yield: the yield goes by plan")
    spread = {"supply.programme.die_yield": {"median": 0.9, "p90": 1.0}}
    assert not said(tiny.change({f"{GATE}.min_yield": 0.9, **spread}))


def test_more_ported_work_than_there_are_ports_is_never_reached(tiny: Given):
    """A service that asks for a third of all, of a family that no chip of our own runs."""
    family = tiny.tree["catalog"]["families"]["ranking"]
    port = tiny.tree["catalog"]["software"]["ports"]["ranking"]["gpu"]
    other = {**tiny.tree["services"]["feed"], "families": {"video": 1}}
    demand = {**other["demand"], "value": "125 rce_day/day"}
    more = tiny.change(
        {
            "catalog.families.video": family,
            "catalog.software.ports.video": {"gpu": port},
            "services.watch": {**other, "demand": demand},
        }
    )
    assert not said(more.change({f"{GATE}.min_ported_share": 0.66}))
    (line,) = said(more.change({f"{GATE}.min_ported_share": 0.67}))
    assert "0.67 is never reached: at most 0.667 of the work asked" in line


def test_a_gate_after_the_run_decides_nothing_in_the_world(tiny: Given):
    late = tiny.change({f"{GATE}.quarter": "2026Q3", f"{GATE}.latest": None})
    (line,) = said(late)
    assert line.startswith(f"{GATE}.quarter: 2026Q3 is after the last quarter, 2026Q2")
    for seed in range(5):
        world = run_supply(late.scenario, seed, 0, Chain(late.scenario))
        assert not {"ramp", "cancel"} & {*world.record.tables["programme"]["state"]}
    (line,) = said(tiny.change({f"{GATE}.latest": "2026Q3"}))
    assert line.startswith(f"{GATE}.latest: 2026Q3 is after the last quarter")
    # Four quarters after the gate, as nothing is stated, is nobody's slip.
    assert not said(tiny.change({f"{GATE}.latest": None}))
