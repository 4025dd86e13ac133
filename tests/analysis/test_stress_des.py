"""The checklist: every numbered section, each from the scenario it tells."""

import re
from pathlib import Path

import pytest

from analysis.stress_des import Facts, checklist, markdown
from simulator.spec.loader import load
from tests.analysis.synthetic import scenario

TINY = Path(__file__).parent.parent / "data" / "tiny.yaml"
#: Of the published checklist, in order.
NUMBERS = [
    *("1.1", "1.2", "1.3", "2.1", "2.2", "2.3", "2.4", "2.5.1", "2.5.2", "2.5.3", "2.5.4", "2.5.5"),
    *("3.1", "3.2", "3.3", "3.4", "4.1", "4.2", "4.3", "5.1", "5.2", "5.3", "5.4", "6.1"),
]
FACTS = Facts("8 replications", 7, {"numpy": "2"}, "0123abc", changes={"late": ("a: 1 → 2",)})


def told(given: dict) -> dict[str, str]:
    return {item.number: " ".join(item.lines) for item in checklist(given, FACTS)}


@pytest.mark.parametrize("given", [scenario(), load(TINY).scenario.model_dump(mode="json")])
def test_every_numbered_section_is_there_and_says_something(given):
    items = checklist(given, FACTS)
    assert [item.number for item in items] == NUMBERS
    assert all(line.strip() for item in items for line in item.lines)
    assert all(item.lines for item in items)


def test_what_it_says_is_the_scenarios_own():
    given = load(TINY)
    found = told(given.scenario.model_dump(mode="json"))
    assert given.scenario.title in found["1.1"]
    assert "6 quarters from 2025Q1" in found["4.2"]
    assert "10 racks stand" in found["4.1"]
    assert "discipline: easy" in found["2.4"]
    assert "1.5 MW" in found["2.5.3"]
    assert "seed 7" in found["4.3"]
    assert "a: 1 → 2" in found["2.3"]
    other = given.change({"supply.in_service.0.racks": 11, "policy.discipline": "fcfs"})
    changed = told(other.scenario.model_dump(mode="json"))
    assert "11 racks stand" in changed["4.1"]
    assert "discipline: fcfs" in changed["2.4"]


def test_assumed_figures_stand_with_their_ranges():
    found = told(scenario())
    assert "training share: 0.4 (0.2 to 0.8)" in found["3.4"]
    assert "economics" in found["3.4"]


def test_markdown_has_a_heading_for_every_section():
    text = markdown("A question", checklist(scenario(), FACTS))
    assert re.findall(r"^### (\S+)", text, re.M) == NUMBERS
    assert text.startswith("# STRESS-DES: A question\n")
