"""The shipped dependency graph: what it holds and rests on, and that each edge has a source."""

from pathlib import Path

import pytest

from simulator.laws.dependency import necessary_nodes
from simulator.spec.loader import load
from simulator.world.chain import Chain

STUDY = Path(__file__).parents[2] / "scenarios" / "inhouse_pilot.yaml"


@pytest.fixture(scope="module")
def chain() -> Chain:
    return Chain(load(STUDY).scenario)


def test_it_has_about_forty_nodes_and_no_idle_one(chain: Chain) -> None:
    nodes = chain.scenario.supply.nodes
    assert 38 <= len(nodes) <= 50
    used = {node for chip in chain.upstream for node in chain.upstream[chip]}
    # Lines that only a case uses, and countries of theirs.
    assert nodes.keys() - used <= {"samsung-foundry"}


def test_every_edge_says_who_says_so_and_whether_the_record_is_thin(chain: Chain) -> None:
    for chip_id, chip in chain.scenario.catalog.chips.items():
        given = [*chip.terms.values(), *chip.inputs.values()]
        assert all(len(terms.source) > 10 for terms in given), chip_id
        split = [group for group in chip.inputs.values() if len(group.shares) > 1]
        # No company publishes how it splits its purchases.
        assert all(group.record == "thin" for group in split), chip_id
    for node in chain.scenario.supply.nodes.values():
        assert all(len(group.source) > 10 for group in node.inputs.values())


def test_all_that_trains_rests_on_taiwan_and_one_maker_of_film(chain: Chain) -> None:
    needed = necessary_nodes(chain.graph)
    training = [c for c in chain.upstream if c != "mtia-2i"]
    for chip in training:
        assert {"tsmc-logic", "tsmc-cowos", "taiwan", "ajinomoto", "japan"} <= needed[chip], chip
        assert not {"sk-hynix", "samsung-memory", "micron"} <= needed[chip], chip
    assert "arm" in needed["gb200-nvl72"]
    assert "arm" not in needed["h100-sxm"]


def test_second_sources_can_cover_part_of_what_fails(chain: Chain) -> None:
    for chip in chain.upstream:
        for need in chain.needs[chip]:
            if len([s for s in need.shares if s > 0]) > 1:
                assert sum(need.limits) > 1, (chip, need.name)


def test_packages_a_wafer_are_those_of_the_press(chain: Chain) -> None:
    chips = chain.scenario.catalog.chips
    per_unit = {c: chips[c].terms["packaging"].per_unit for c in ("h100-sxm", "gb200-nvl72")}
    packages = {c: 1 / figure.value for c, figure in per_unit.items() if figure is not None}
    assert packages == {"h100-sxm": pytest.approx(29, abs=0.1), "gb200-nvl72": 16.0}
