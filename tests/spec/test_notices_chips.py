"""What is said of chips that hardly do what they are bought for."""

from pathlib import Path
from typing import Any

import pytest

from simulator.spec.loader import Given, load
from simulator.spec.notices import notices

DATA = Path(__file__).parent.parent / "data"
PILOT = Path(__file__).parents[2] / "scenarios" / "inhouse_pilot.yaml"


@pytest.fixture(scope="module")
def tiny() -> Given:
    """One merchant's chip on fab-a, one of our own on fab-b; they share package and memory."""
    return load(DATA / "tiny.yaml").change({"supply.programme.gate.latest": "2025Q4"})


@pytest.fixture(scope="module")
def pilot() -> Given:
    return load(PILOT)


def said(given: Given) -> list[str]:
    return [f"{notice.key}: {notice.message}" for notice in notices(given)]


def test_a_chip_that_runs_nothing_of_what_is_asked_is_told(tiny: Given):
    family = tiny.tree["catalog"]["families"]["ranking"]
    ports = tiny.tree["catalog"]["software"]["ports"]["ranking"]
    bought = tiny.change(
        {
            "supply.programme": None,
            "supply.plan": [
                {"chip": "gpu", "quarter": "2025Q1", "racks": 1},
                {"chip": "own", "quarter": "2025Q1", "racks": 1},
                {"chip": "own", "quarter": "2025Q1", "racks": 1},
            ],
        }
    )
    assert not said(bought)
    # A port of a family nobody asks for is none; a port that comes is one.
    idle = bought.change(
        {
            "catalog.families.video": family,
            "catalog.software": {"ports": {"video": {"own": ports["own"]}}},
        }
    )
    assert not said(idle)
    merged = {"ranking": {"gpu": ports["gpu"]}, "video": {"own": ports["own"]}}
    tree = idle.tree
    tree["catalog"]["software"]["ports"] = merged
    path = DATA / "unused.yaml"
    (line,) = said(_given(tree, path))
    assert line.startswith("supply.plan.1.chip: no family runs on 'own'")
    assert line.endswith("no port to it of ranking: its racks stand idle")


def _given(tree: dict[str, Any], path: Path) -> Given:
    """Return a tree as a scenario, though ports cannot be taken away by a change."""
    from simulator.spec.faults import Place
    from simulator.spec.loader import _given as validated
    from simulator.spec.located import locate

    located = locate(tree, Place("tree"))
    return validated(path, "baseline", located, located, [])


def test_a_chip_bought_instead_on_the_same_plants_is_told(tiny: Given):
    hedged = tiny.change({"supply.buying": {"rule": "hedge", "other": "own", "share": 0.2}})
    (line,) = said(hedged)
    assert line == (
        "supply.buying.other: hedge buys own, which hangs on package, memory as gpu does: "
        "a stop there is felt by both"
    )
    # Of plants of its own, which have no share in the other, nothing is said.
    nodes = tiny.tree["supply"]["nodes"]
    own = {
        "supply.nodes.package-b": nodes["package"],
        "supply.nodes.memory-b": nodes["memory"],
        "catalog.chips.own.packaging": {"package-b": 1, "package": 0},
        "catalog.chips.own.memory_makers": {"memory-b": 1, "memory": 0},
    }
    assert not said(hedged.change(own))
    # A rule that buys nothing else makes nothing of it.
    assert not said(tiny.change({"supply.buying": {"rule": "commit_early", "other": "own"}}))


def test_shared_plants_of_the_catalogue(pilot: Given):
    """Every chip bought there is made by TSMC; memory is shared where a maker is."""
    chips = pilot.scenario.catalog.chips
    react = pilot.change({"supply.buying": {"rule": "react_to_slips", "other": "mi355x"}})
    (line,) = [one for one in said(react) if "buying.other" in one]
    bought = {order.chip for order in pilot.scenario.supply.plan} - {"mi355x"}
    assert all(chips[c].foundry.keys() == {"tsmc-logic"} for c in bought | {"mi355x"})
    assert f"hangs on tsmc-logic, tsmc-cowos as {', '.join(sorted(bought))} do" in line
    assert "sk-hynix" not in line  # AMD buys from Samsung and Micron
    assert "on micron as gb200-nvl72, h200-sxm do" in line


def test_a_chip_without_an_input_all_others_of_its_vendor_name_is_told(pilot: Given):
    """The catalogue's GB200, without a maker of its optics: dependent on nobody for them."""
    tree = pilot.tree
    chips = tree["catalog"]["chips"]
    del chips["gb200-nvl72"]["inputs"]["optics"]
    del chips["gb200-nvl72"]["inputs"]["substrate"]
    (line,) = said(_given(tree, PILOT))
    assert line.startswith("catalog.chips.gb200-nvl72.inputs: names no optics, substrate, which")
    # The other chips of NVIDIA name a host-cpu, this one the licence of the one it is made with.
    assert "host-cpu" not in line
    # Under another name it is named, if a maker of optics is.
    chips["gb200-nvl72"]["inputs"]["transceivers"] = chips["h100-sxm"]["inputs"]["optics"]
    (line,) = said(_given(tree, PILOT))
    assert "names no substrate, which every other chip of 'nvidia' names" in line
    # No power is asked of it: not all others name one.
    del chips["gb200-nvl72"]["inputs"]["power"]
    assert len(said(_given(tree, PILOT))) == 1
