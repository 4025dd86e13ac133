"""The checklist in order, and as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from analysis.stress_des import experiment, model


@dataclass(frozen=True)
class Facts:
    """What a scenario does not say of its runs.

    Parameters
    ----------
    replications : str
        How many, in words.
    seed : int
    versions : mapping of str to str
    commit : str
    machine : str
        What it ran on.
    titles : mapping of str to str
        Question of each case, by name.
    changes : mapping of str to sequence of str
        What each case changes.
    kinds : sequence of str
        Kinds of question asked.
    """

    replications: str
    seed: int
    versions: Mapping[str, str]
    commit: str
    machine: str = "Recorded in each run's manifest (host, wall time)."
    titles: Mapping[str, str] = field(default_factory=dict)
    changes: Mapping[str, Sequence[str]] = field(default_factory=dict)
    kinds: Sequence[str] = ("cases",)


@dataclass(frozen=True)
class Item:
    """One numbered section."""

    number: str
    title: str
    lines: tuple[str, ...]


def checklist(scenario: Mapping[str, Any], facts: Facts) -> list[Item]:
    """Return every numbered section of the checklist.

    Parameters
    ----------
    scenario : mapping
        The effective scenario of a manifest, in SI units.
    facts : Facts
    """
    told: list[tuple[str, str, Sequence[str]]] = [
        ("1.1", "Purpose of the model", model.purpose(scenario, facts.titles)),
        ("1.2", "Model outputs", model.outputs()),
        ("1.3", "Experimentation aims", model.aims(scenario, facts.kinds)),
        ("2.1", "Base model diagram", model.diagram()),
        ("2.2", "Base model logic", model.base_logic(scenario)),
        ("2.3", "Scenario logic", model.scenario_logic(facts.changes) or ["No case beside it."]),
        ("2.4", "Algorithms", model.algorithms(scenario)),
        ("2.5.1", "Entities", model.entities(scenario)),
        ("2.5.2", "Activities", model.activities()),
        ("2.5.3", "Resources", model.resources(scenario)),
        ("2.5.4", "Queues", model.queues(scenario)),
        ("2.5.5", "Entry and exit points", model.entry_and_exit(scenario)),
        ("3.1", "Data sources", experiment.sources(scenario)),
        ("3.2", "Pre-processing", experiment.preprocessing()),
        ("3.3", "Input parameters", experiment.inputs(scenario)),
        ("3.4", "Assumptions", experiment.assumed(scenario) or ["None."]),
        ("4.1", "Initialisation", experiment.initialisation(scenario)),
        ("4.2", "Run length", experiment.run_length(scenario)),
        ("4.3", "Estimation approach", experiment.estimation(facts.replications, facts.seed)),
        ("5.1", "Software or programming language",
         experiment.software(facts.versions, facts.commit)),
        ("5.2", "Random sampling", experiment.sampling(facts.seed)),
        ("5.3", "Model execution", experiment.events()),
        ("5.4", "System specification", experiment.hardware(facts.machine)),
        ("6.1", "Computer model sharing statement", experiment.access()),
    ]  # fmt: skip
    return [Item(number, title, tuple(lines)) for number, title, lines in told]


#: Headings of the checklist's parts.
PARTS = {
    "1": "Objectives",
    "2": "Logic",
    "3": "Data",
    "4": "Experimentation",
    "5": "Implementation",
    "6": "Code access",
}


def markdown(title: str, items: Sequence[Item]) -> str:
    """Write the checklist as Markdown text."""
    out, part = [f"# STRESS-DES: {title}", ""], ""
    for item in items:
        if item.number[0] != part:
            part = item.number[0]
            out += [f"## {part}. {PARTS[part]}", ""]
        out += [f"### {item.number} {item.title}", ""]
        out += [item.lines[0]] if len(item.lines) == 1 else [f"- {line}" for line in item.lines]
        out.append("")
    return "\n".join(out)
