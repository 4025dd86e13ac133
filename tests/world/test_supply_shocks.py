"""Shocks as nodes, windows and orders feel them: expectations computed by hand."""

import math

import numpy as np
import pytest

from simulator.units import DAY_S, WEEK_S
from simulator.world.chain import Chain
from tests.world.buying import buying, chip, node, run

QUAKE = {"quarter": "2025Q2", "duration": 1e7, "severity": 0.6, "kind": "quake"}
GRID = node("power", "TW", tags=["island"])
WATER = node("material", "TW", tags=["island"])


def least_health(nodes: dict, *shocks: dict, of: str = "fab", **more) -> float:
    """Health of a node at its worst."""
    health = run(buying(nodes=nodes, shocks=[*shocks], **more)).nodes.health(of)
    return 1.0 if health is None else float(np.min(health))


@pytest.mark.parametrize(
    "nodes",
    [
        {},
        {"tw": node("country", "TW")},
        {"grid": GRID, "fab": node("foundry", "TW", rests_on={"power": "grid"})},
        # Hit itself, by its country, and by the grid, which rests on the country too.
        {
            "tw": node("country", "TW"),
            "grid": GRID,
            "fab": node("foundry", "TW", rests_on={"power": "grid"}),
        },
    ],
)
def test_a_shock_of_a_country_is_felt_once_however_much_of_it_a_node_rests_on(nodes):
    assert least_health(nodes, {"country": "TW", **QUAKE}) == pytest.approx(0.4)


def test_a_tag_borne_by_two_things_a_node_rests_on_is_felt_once():
    fab = node("foundry", "KR", rests_on={"power": "grid", "water": "water"})
    nodes = {"grid": GRID, "water": WATER, "fab": fab}
    assert least_health(nodes, {"tag": "island", **QUAKE}) == pytest.approx(0.4)
    # Two shocks are two.
    apart = [{"node": name, **QUAKE} for name in ("grid", "water")]
    assert least_health(nodes, *apart) == pytest.approx(0.16)


@pytest.mark.parametrize(
    ("overlap", "left"), [("multiply", 0.4 * 0.8), ("worst", 0.4), ("add", 0.2)]
)
@pytest.mark.parametrize("nodes", [{}, {"tw": node("country", "TW")}])
def test_a_country_among_the_nodes_changes_no_overlap_of_its_plants(overlap, left, nodes):
    own = {"node": "fab", **QUAKE, "severity": 0.2, "duration": 30 * DAY_S}
    told = ({"country": "TW", **QUAKE}, own)
    assert least_health(nodes, *told, overlap=overlap) == pytest.approx(left)


def test_an_exponential_recovery_loses_what_its_curve_encloses():
    """0.4 e^(-3 t / T) over T: 0.4 (1 - e^-3) / 3 of T, most of it at the start."""
    shock = {"node": "fab", **QUAKE, "severity": 0.4, "recovery": "exponential"}
    nodes = run(buying(shocks=[shock])).nodes
    lost = 1 - nodes.health("fab")
    area_s = np.sum(lost[:-1] * np.diff(nodes.t_s))
    assert area_s == pytest.approx(0.4 * (1 - math.exp(-3)) / 3 * 1e7)
    # By eighths: what the curve falls in each is e^(3/8) times what it falls in the next.
    felt = lost[lost > 0]
    assert felt[:-1] / felt[1:] == pytest.approx([math.exp(3 / 8)] * 7)


def test_a_shock_is_warned_of_when_it_is_known():
    shock = {"node": "fab", **QUAKE, "warning": 20 * DAY_S}
    world = run(buying(shocks=[shock]))
    told = world.record.tables["events"]
    begin_s = world.scenario.horizon.calendar.at("2025Q2")
    found = {k: t for t, k, s in zip(told["t_s"], told["kind"], told["subject"], strict=True)}
    assert found["warning"] == begin_s - 20 * DAY_S
    assert found["shock"] == begin_s
    assert found["recovered"] == begin_s + 1e7


def test_waits_for_a_slot_have_their_median_and_90th_percentile():
    """Ten weeks at the median, fifteen in one case of ten; of many quarters and worlds."""
    state = {"wait": 10 * WEEK_S, "granted": 1.0}
    queue = {"regimes": {"loose": state}, "start": "loose", "wait_spread": 1.5, "source": "a test"}
    scenario = buying(
        queues={"vendor": queue},
        plan=[
            {"chip": "gpu", "quarter": f"{2025 + k // 4}Q{k % 4 + 1}", "racks": 1}
            for k in range(20)
        ],
        quarters=20,
    )
    chain = Chain(scenario)
    waits_s = np.array(
        [
            o.made_s - o.funded_s
            for replication in range(50)
            for o in run(scenario, 4, replication, chain).supply.orders
        ]
    )
    for wait_s, part in ((10 * WEEK_S, 0.5), (15 * WEEK_S, 0.1)):
        above = np.mean(waits_s > wait_s)
        assert abs(above - part) < 4 * math.sqrt(part * (1 - part) / len(waits_s))


@pytest.mark.parametrize(("maker", "left"), [("few", 0.95), ("most", 0.55)])
def test_a_shock_takes_of_a_chip_what_stands_on_the_node_it_hits(maker, left):
    """Half of what comes from a maker of a tenth of the memory, or of nine tenths."""
    gpu = chip(memory_makers={"few": 0.1, "most": 0.9})
    nodes = {name: node("memory", "KR") for name in ("few", "most")}
    half = {"node": maker, **QUAKE, "severity": 0.5, "quarter": "2025Q1", "duration": 1e9}
    kinds = ("allocation_cut", "licence_withdrawal")
    world = run(
        buying(
            {"gpu": gpu},
            nodes=nodes,
            shocks=[{**half, "kind": kind} for kind in kinds],
            plan=[{"chip": "gpu", "quarter": "2025Q1", "racks": 100}],
            quarters=1,
        )
    )
    assert world.nodes.share_left("stock", "gpu", 1.0) == pytest.approx(left)
    granted = [o.racks for o in world.supply.orders if o.granted_s is not None]
    assert granted == [round(100 * left)]


@pytest.mark.parametrize(
    ("recovery", "left"), [("step", [0.6, 0.6]), ("linear", [1 - 0.375, 1 - 0.025])]
)
def test_a_withdrawn_licence_slows_less_as_it_recovers(recovery, left):
    """0.4 lost; by a line in eighths, 0.4 x 15/16 of the first and 0.4 / 16 of the last."""
    shock = {"node": "vendor", **QUAKE, "severity": 0.4, "recovery": recovery}
    world = run(buying(shocks=[{**shock, "kind": "licence_withdrawal"}]))
    begin_s = world.scenario.horizon.calendar.at("2025Q2")
    at_s = [begin_s + part * 1e7 for part in (0.01, 0.99)]
    assert [world.nodes.share_left("stock", "gpu", t) for t in at_s] == pytest.approx(left)
    assert world.nodes.share_left("stock", "gpu", begin_s + 1.01e7) == 1
