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


def test_supply_is_told_as_the_scenario_has_it():
    """What a part of supply changes is said where it is there, and not where it is not."""
    given = load(TINY)
    plain = told(given.scenario.model_dump(mode="json"))
    assert "by the rule plan of record" in plain["2.2"]
    for silent in ("window", "Contracts"):
        assert silent not in plain["2.2"]
    for silent in ("Queue of", "Ports:", "Silicon:", "Sharing out", "cost of a unit of work"):
        assert silent not in plain["2.4"]
    assert "performance ≥ 0.9 and performance per watt ≥ 0.9; else cancel" in plain["2.4"]
    assert "spare rate of 25 %" in plain["2.4"]
    full = given.scenario.model_dump(mode="json")
    supply, gate = full["supply"], full["supply"]["programme"]["gate"]
    figure = {"value": 10, "status": "published", "source": "a test", "date": "2025"}
    supply["nodes"]["package"] |= {"capacity": {"2025Q1": figure}, "sharing": {"rule": "contract"}}
    supply["contracts"] = {"gpu": {"minimum": 2, "source": "a test"}}
    queue = {"regimes": {"tight": {"wait": 5 * 604800.0}}, "start": "tight", "source": "a test"}
    supply["queues"] = {"merchant": queue}
    supply["buying"] = {"rule": "hedge", "other": "own", "share": 0.3}
    months = {"median": 3.0, "p90": 4.0}
    task = {"family": "ranking", "chip": "own", "start": "2025Q1", "engineers": 1}
    supply["porting"] = {"engineers": 7, "tasks": [{**task, "effort": months, "source": "a test"}]}
    silicon = {"start": "2025Q1", "spin_success": [0.6]}
    supply["programme"]["silicon"] = silicon | dict.fromkeys(("design", "spin", "bring_up"), months)
    gate |= {"max_cost_of_work": 1.2, "min_ported_share": 0.5, "hold": 4 * 604800.0}
    supply["overlap"] = "add"
    found = told(type(given.scenario).from_si(full).model_dump(mode="json"))
    assert "0.3 of each line's money goes to own" in found["2.2"]
    assert "quarterly window" in found["2.2"]
    assert "Contracts of gpu" in found["2.2"]
    assert "Sharing out of Package line: contract" in found["2.4"]
    assert "tight 5 weeks" in found["2.4"]
    assert "1 tasks by a team of 7" in found["2.4"]
    assert "work with a chance of 0.6" in found["2.4"]
    assert "losses add up" in found["2.4"]
    assert "cost of a unit of work ≤ 1.2" in found["2.4"]
    assert "held once for 4 weeks" in found["2.4"]
    assert "for an allocation" in found["2.5.4"]
    assert "for engineers" in found["2.5.4"]
    assert "7 engineers" in found["2.5.3"]


def test_assumed_figures_stand_with_their_ranges():
    found = told(scenario())
    assert "training share: 0.4 (0.2 to 0.8)" in found["3.4"]
    assert "economics" in found["3.4"]


def test_markdown_has_a_heading_for_every_section():
    text = markdown("A question", checklist(scenario(), FACTS))
    assert re.findall(r"^### (\S+)", text, re.M) == NUMBERS
    assert text.startswith("# STRESS-DES: A question\n")
