"""What must hold of unserved work whatever the numbers: properties of whole worlds.

On the tiny world at fluid fidelity, in every replication and not on average. Those of
draws, labels and conservation are in test_study, test_supply_conserves and the tests of
laws.
"""

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from simulator.spec.loader import load
from simulator.streams import Streams
from simulator.world import fluid
from simulator.world.world import simulate

TINY = Path(__file__).parent.parent / "data" / "tiny.yaml"
REPLICATIONS = range(3)
#: Rounding of the dispatch: a millionth of a world's largest amount, step by step.
SLIP = 1e-4

BASE = load(TINY).change(
    {
        "policy.fidelity": "fluid",
        # Short enough of chips that every rack counts.
        "services.feed.demand.value": "450 rce_day/day",
    }
)


def unserved(**changes: object) -> np.ndarray:
    """Unserved part of the work asked, a replication each."""
    given = BASE.change({key.replace("__", "."): value for key, value in changes.items()})
    found = simulate(given.scenario, 0, REPLICATIONS)
    return np.array(
        [sum(t["asked"]["unserved_rce_s"]) / sum(t["asked"]["work_rce_s"]) for t in found]
    )


def stop(*nodes: str, quarter: str = "2025Q1", duration: str = "26 weeks", severity: float = 1.0):
    return [
        {"node": node, "quarter": quarter, "duration": duration, "severity": severity}
        for node in nodes
    ]


def test_identical_worlds_differ_by_exactly_nothing():
    assert np.array_equal(unserved(), unserved())


def test_without_shocks_and_with_capacity_to_spare_nothing_is_unserved():
    light = unserved(services__feed__demand__value="60 rce_day/day")
    assert light == pytest.approx(0, abs=SLIP)


def test_more_racks_that_displace_nothing_never_leave_more_unserved():
    # Where floor, power and money are short, a rack may keep a better one out.
    room: dict[str, object] = {
        "sites__north__phases": [{"quarter": "2024Q1", "it_power": "20 MW", "racks": 400}],
        "economics__budget__2025Q1": "60 MUSD",
    }
    plan = [{"chip": "gpu", "quarter": "2025Q1", "racks": n} for n in (2, 3)]
    fewer = unserved(**room, supply__plan=plan)
    more = unserved(**room, supply__plan=[*plan, {**plan[0], "racks": 4}])
    assert np.all(more <= fewer + SLIP)
    assert np.all(more < fewer - 0.01)


def test_a_stop_never_serves_more_and_more_nodes_never_cost_less():
    nodes = ("merchant", "fab-a", "package")
    loss = {(): unserved()}
    for size in (1, 2, 3):
        for chosen in combinations(nodes, size):
            loss[chosen] = unserved(supply__shocks=stop(*chosen))
            for part in combinations(chosen, size - 1):
                assert np.all(loss[chosen] >= loss[part] - SLIP)
    assert loss["merchant",].max() > loss[()].max() + 0.01


@pytest.mark.parametrize("longer", [{"duration": "52 weeks"}, {"severity": 0.5}])
def test_twice_the_length_or_severity_never_costs_less(longer):
    whole = unserved(supply__shocks=stop("merchant"))
    other = unserved(supply__shocks=stop("merchant", **longer))
    if "severity" in longer:
        whole, other = other, whole
    assert np.all(other >= whole - SLIP)


def test_a_shock_that_touches_nothing_costs_nothing():
    plain = unserved()
    after = stop("merchant", quarter="2026Q2", duration="80 weeks")
    own = stop("partner", quarter="2026Q2")
    instant = stop("merchant", quarter="2025Q2", duration="0 s")
    for shocks in (own, instant):
        assert unserved(supply__shocks=shocks) == pytest.approx(plain, abs=SLIP)
    # In the last quarter an order can no longer come: what it stops was not to land.
    assert np.all(unserved(supply__shocks=after) >= plain - SLIP)


def test_thresholds_out_of_reach_decide_the_gate():
    gate = "supply.programme.gate"
    for bound, state in ((0.0001, "ramp"), (1000.0, "cancel")):
        given = BASE.change(
            {f"{gate}.min_performance": bound, f"{gate}.min_performance_per_watt": bound}
        )
        for tables in simulate(given.scenario, 0, REPLICATIONS):
            assert state in list(tables["programme"]["state"])


def test_scaling_fleet_orders_money_and_gangs_scales_the_unserved_work(
    monkeypatch: pytest.MonkeyPatch,
):
    def told(k: int) -> dict[str, object]:
        times = {"median": "2 days", "p90": "5 days"}
        return {
            # Faults see hosts of a gang, of which a larger gang has more.
            "catalog__racks__gpu__host_faults_per_day__value": 1e-9,
            "services__feed__demand__value": f"{450 * k} rce_day/day",
            "services__feed__sizes": [{"chips": 8 * k, "share": 1.0, "run_time": times}],
            "sites__north__phases": [
                {"quarter": "2024Q1", "it_power": f"{500 * k} kW", "racks": 12 * k},
                {"quarter": "2025Q4", "it_power": f"{k} MW", "racks": 40 * k},
            ],
            "supply__in_service": [
                {"chip": "gpu", "site": "north", "racks": 10 * k, "source": "a test"}
            ],
            "supply__plan": [
                {"chip": "gpu", "quarter": "2025Q1", "racks": 2 * k},
                {"chip": "gpu", "quarter": "2025Q2", "spend": f"{3 * k} MUSD"},
            ],
            "supply__programme": None,
            "supply__shocks": stop("merchant", quarter="2025Q2"),
            **{f"economics__budget__2025Q{q}": f"{6 * k} MUSD" for q in (1, 2, 3, 4)},
        }

    one = unserved(**told(1))
    # The same luck: a stream of draws bears the size of the gang in its name.
    draw = Streams.__call__
    monkeypatch.setattr(
        Streams, "__call__", lambda self, name: draw(self, name.replace("feed/24", "feed/8"))
    )
    assert unserved(**told(3)) == pytest.approx(one, abs=1e-6)
    assert one.min() > 0.05


def test_a_finer_step_changes_little(monkeypatch: pytest.MonkeyPatch):
    coarse = unserved()
    monkeypatch.setattr(fluid, "STEPS_A_QUARTER", 12)
    assert unserved() == pytest.approx(coarse, abs=0.02)
