"""Nodes beside each other: each has its own losses, and is told of in its place."""

import numpy as np
import pytest

from simulator.units import DAY_S, WEEK_S
from simulator.world.chain import Chain
from tests.world.buying import buying, lead, node, run

LONG = {"quarter": "2025Q1", "duration": 1e12}


def stated(supplier: str) -> dict:
    """Return an input that one node alone supplies."""
    return {"stage": "wafer", "shares": {supplier: 1.0}, "source": "a test"}


def told(world) -> list[tuple[float, str, float]]:
    table = world.record.tables["nodes"]
    return [*zip(*(table[name] for name in ("t_s", "node", "health")), strict=True)]


@pytest.mark.parametrize(
    ("overlap", "twice", "thrice"),
    # Lost are .5 and .2; .6, .7 and .1.
    [("multiply", 0.4, 0.108), ("worst", 0.5, 0.3), ("add", 0.3, 0.0)],
)
def test_each_node_has_the_losses_of_its_own_shocks(overlap, twice, thrice):
    """The maker is hit twice, the fab once, the line three times, the vendor once."""
    losses = [("maker", 0.5), ("maker", 0.2), ("fab", 0.9), *[("line", x) for x in (0.6, 0.7, 0.1)]]
    hits = [
        {"node": name, "quarter": "2025Q1", "duration": (200 - k) * DAY_S, "severity": lost}
        for k, (name, lost) in enumerate([*losses, ("vendor", 0.25)])
    ]
    # Before all of these, so that the maker's are the first that are noted.
    hits.append({"node": "maker", "quarter": "2024Q4", "duration": 100 * DAY_S, "severity": 0.0001})
    nodes = run(buying(shocks=hits, overlap=overlap)).nodes
    at = int(np.searchsorted(nodes.t_s, 150 * DAY_S, side="right")) - 1
    left = {name: float(nodes.health(name)[at]) for name in ("maker", "fab", "line", "vendor")}
    assert left == pytest.approx({"maker": twice, "fab": 0.1, "line": thrice, "vendor": 0.75})


def test_nodes_are_told_of_in_order_of_time_then_of_name_until_the_horizon():
    """The able stands on the zinc; the maker is well again just as the run ends."""
    able, zinc = node("material", "US", rests_on={"power": "zinc"}), node("power", "US")
    given = buying(nodes={"able": able, "zinc": zinc}, quarters=4)
    horizon_s, second_s = (Chain(given).edges_s[k] for k in (-1, 1))
    hits = [
        {"node": "zinc", "quarter": "2025Q2", "duration": 10 * DAY_S, "severity": 0.5},
        {"node": "fab", "quarter": "2025Q2", "duration": 20 * DAY_S, "severity": 1.0},
        {"node": "maker", "quarter": "2025Q1", "duration": horizon_s, "severity": 0.25},
    ]
    world = run(buying(nodes={"able": able, "zinc": zinc}, quarters=4, shocks=hits))
    start = dict.fromkeys(["able", "fab", "line", "maker", "vendor", "zinc"], 1.0)
    assert told(world) == [
        *[(0.0, name, health) for name, health in (start | {"maker": 0.75}).items()],
        *[(second_s, name, left) for name, left in (("able", 0.5), ("fab", 0.0), ("zinc", 0.5))],
        *[(second_s + 10 * DAY_S, name, 1.0) for name in ("able", "zinc")],
        (second_s + 20 * DAY_S, "fab", 1.0),
    ]


def test_a_loss_of_a_two_thousandth_is_felt():
    """Half a thousandth of the fab is lost for good: ten weeks take 10 / .9995."""
    world = run(
        buying(
            shocks=[{"node": "fab", "severity": 0.0005, **LONG}],
            plan=[{"chip": "gpu", "quarter": "2025Q1", "racks": 1}],
            lead_times={"gpu": lead(10 * WEEK_S, fab_share=1.0, package_share=0.0)},
        )
    )
    (order,) = world.supply.orders
    assert order.landed_s == pytest.approx(10 * WEEK_S / 0.9995, rel=1e-9)


@pytest.mark.parametrize(("own", "below"), [(0.25, 0.5), (0.5, 0.25)])
def test_a_node_lacks_its_own_inputs_and_those_of_what_it_rests_on(own, below):
    """The scarcer of the two counts, whichever it is."""
    rest = {"power": "zinc"}
    nodes = {
        "able": node("foundry", "US", rests_on=rest, inputs={"memory": stated("maker")}),
        "zinc": node("power", "US", inputs={"packages": stated("line")}),
    }
    hits = [{"node": "maker", "severity": own, **LONG}, {"node": "line", "severity": below, **LONG}]
    world = run(buying(nodes=nodes, shocks=hits))
    assert dict(row[1:] for row in told(world) if row[0] == 0.0) == {
        **{"able": 0.5, "fab": 1.0, "line": 1 - below, "maker": 1 - own, "vendor": 1.0},
        "zinc": 1 - below,
    }
