"""Which figure shows a kind of question, and how to read it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from matplotlib.axes import Axes

from analysis.figures import dependence, studies, style
from analysis.figures.catalogue import Drawn
from analysis.figures.studies import Labels
from analysis.studies import FINDINGS, Answers, Section, break_even
from analysis.words import within

_MOST_ROWS = 40


@dataclass(frozen=True)
class Plate:
    """The figure of one kind of question."""

    draw: Callable[[pl.DataFrame, Axes, Labels], Axes]
    caption: str
    is_rows: bool = True
    """Whether it has one row for each row of its table."""
    names: Callable[[Section, pl.DataFrame], Mapping[str, str]] = lambda section, table: {}


def _first(section: Section, table: pl.DataFrame) -> Mapping[str, str]:
    return {"first": section.arms[0].label}


def _axes(section: Section, table: pl.DataFrame) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for axis in ("cost", "work", "risk"):
        metric = next(m for m in section.metrics if m.id == section.says[axis])
        found |= {axis: metric.label, f"{axis}_unit": metric.unit}
    return found


def _crossing(section: Section, table: pl.DataFrame) -> Mapping[str, str]:
    says, unit = section.says, section.inputs[section.says["name"]]
    named = {key: str(says[key]).replace("_", " ") for key in ("case", "against")}
    named["input"] = f"{says['name']} [{unit}]" if unit else str(says["name"])
    found = break_even.crossing(table)
    if found.at is not None:
        low = table["x"][0] if math.isinf(found.low) else found.low
        high = table["x"][-1] if math.isinf(found.high) else found.high
        named |= {"at": repr(found.at), "low": repr(low), "high": repr(high)}
    return named


_ALONE = "Paired differences: both runs share their luck replication by replication."
PLATES: Mapping[str, Plate] = {
    "portfolio": Plate(studies.differences, _ALONE, names=_first),
    "deltas": Plate(studies.differences, f"{_ALONE} One change at a time.", names=_first),
    "sweep": Plate(studies.differences, _ALONE, names=_first),
    "stress": Plate(
        studies.stress,
        "Each stop is forced, so a rare event is not left to chance; what it delays beyond the "
        "horizon is not seen.",
    ),
    "dependence": Plate(
        dependence.dependence,
        "Groups of nodes are stopped in every combination. A part is Shapley's: the mean of what "
        "a group adds to the loss over all orders of failing; parts sum to the loss when all stop. "
        "Exposure index: a group's loss over the largest of a single group.",
        is_rows=False,
    ),
    "importance": Plate(
        dependence.importance,
        "Failed for good against never failing (Birnbaum), and what would be gained if the node "
        "never failed; shocks that reach it by tag or country stay in both.",
    ),
    "credit": Plate(
        dependence.credit,
        "Effective load-carrying capability: by how much demand may grow with the addition until "
        "as much work is unserved as without it, over what the addition could do if always busy.",
    ),
    "survival": Plate(
        dependence.survival,
        "Time to survive: the longest forced stop that costs no more work than the threshold, "
        "the loss taken as straight between the stops tried; time to recover: how long the "
        "node's own stops of chance last. What a stop delays beyond the horizon is not seen. "
        "Exposure index: loss of a stop of the 90th percentile, over the case's largest.",
    ),
    "pilot": Plate(
        dependence.pilot,
        "Each replication's gate is also forced both ways on the same luck. A run is worth its "
        "work times the worth of a unit less its cash, energy apart. The better "
        "blind branch is picked by its mean over the same replications.",
        is_rows=False,
    ),
    "hedges": Plate(
        dependence.hedges,
        "Work added by each hedge over what it is held against, on the same luck, by its cost: "
        "what the study states, and what is paid and owed in the runs beyond what it is held "
        "against. Where that is unknown of one, the work itself is drawn. A hedge with which less "
        "is spent than without has no bar by the dollar.",
    ),
    "design": Plate(
        studies.shares,
        "Spearman's rank correlation over the design; it sees what rises or falls steadily, not "
        "what turns.",
        names=lambda section, table: {
            "axis": f"Rank correlation with {within(section.outcome.label)}"
        },
    ),
    "frontier": Plate(
        studies.frontier,
        "On the frontier: no other is on average as good in cost, work and risk and better in "
        "one. Intervals are each alternative's own; pairs are closer than they look.",
        is_rows=False,
        names=_axes,
    ),
    "tornado": Plate(
        studies.tornado,
        "One input at a time at either end of its range, the others as they stand: "
        "interactions are not seen.",
    ),
    "morris": Plate(
        studies.shares,
        "Mean size of the outcome's change over an input's whole range, others anywhere "
        "(Morris); the interval is over walks.",
        names=lambda section, table: {
            "axis": f"Mean size of effect on {within(section.outcome.label)}"
        },
    ),
    "sobol": Plate(
        studies.shares,
        "Parts of the variance of the outcome's mean when all inputs vary over their ranges. "
        "Alone: first-order; with interactions: total.",
        names=lambda section, table: {
            "first": "alone",
            "total": "with interactions",
            "axis": f"Part of the variance of {within(section.outcome.label)}",
        },
    ),
    "nested": Plate(
        studies.nested,
        "What is not known is drawn outside, luck inside, the same luck for every draw.",
        is_rows=False,
    ),
    "rare": Plate(
        studies.strata,
        "Runs are forced to have so many shocks of chance within the horizon; the whole is "
        "their mean by chance: E[L] = Σ P(K = k) E[L | K = k]. Drawing shocks at a raised rate "
        "(importance sampling) draws the same strata by chance, and so adds their spread.",
    ),
    "break_even": Plate(
        studies.break_even,
        "Bisection with common random numbers; the interval is where the paired interval of the "
        "difference holds zero.",
        is_rows=False,
        names=_crossing,
    ),
    "select": Plate(
        studies.levels,
        "Cases drop out when paired differences show them worse (Kim and Nelson 2001).",
    ),
}


def draw_answer(answers: Answers, kind: str, table: pl.DataFrame, folder: Path) -> Drawn:
    """Draw the figure of one section and write it with the table behind it."""
    folder.mkdir(parents=True, exist_ok=True)
    section, plate = answers.sections[kind], PLATES[kind]
    title = FINDINGS[kind](section, table)
    outcome = section.outcome
    text = Labels(title, outcome.label, outcome.unit, plate.names(section, table))
    data = section.labelled(table)
    if "metric" in table.columns:
        data = table.filter(pl.col("metric") == outcome.id)
    height = 4.8
    if plate.is_rows:
        # Of a heat map, one row a case and node.
        data = data.head(_MOST_ROWS) if kind != "stress" else data
        lines = data.n_unique(["case", "node"]) if kind == "stress" else data.height
        height = max(3.4, 1.9 + 0.46 * lines)
    figure, ax = style.canvas(height_in=height)
    style.styled(lambda data, ax: plate.draw(data, ax, text))(data, ax)
    png, svg = style.save(figure, folder / kind, _origin(answers, section))
    csv = folder / f"{kind}.csv"
    table.write_csv(csv)
    return Drawn(kind, title, plate.caption, png, svg, csv)


def _origin(answers: Answers, section: Section) -> str:
    counts = sorted({arm.replications for arm in section.arms})
    said = str(counts[0]) if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
    return (
        f"{len(section.arms)} runs, {said} replications each, seed {answers.seed} · "
        f"intervals 95 % · {answers.study_file} on {answers.scenario_file}"
    )
