"""All figures of a study's report: what each shows, of what, and how to read it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from analysis.figures import cases, fleet, network, risk, work
from analysis.figures.style import Draw, canvas, save
from analysis.measures.binding import NOT_COUNTED
from analysis.measures.network import was_shared
from analysis.study_reader import Study
from analysis.telling import FEWEST
from analysis.views import cases as case_views
from analysis.views import fleet as fleet_views
from analysis.views import network as network_views
from analysis.views import risk as risk_views
from analysis.views import work as work_views


@dataclass(frozen=True)
class Plate:
    """One figure of the report.

    Parameters
    ----------
    name : str
        Stem of its files.
    view : callable
        From a study to the figure's table.
    draw : callable
        From the table and axes to the axes.
    unit : str
        For the footer.
    caption : str
        How to read it and what it rests on.
    height : callable
        Height for a table. [in]
    of_cases : bool
        Whether it shows all cases, not the baseline alone.
    """

    name: str
    view: Callable[[Study], pl.DataFrame]
    draw: Draw
    unit: str
    caption: str
    height: Callable[[pl.DataFrame], float] = lambda _: 4.6
    of_cases: bool = False


@dataclass(frozen=True)
class Drawn:
    """A figure on disk: its finding, its caption and its files."""

    name: str
    title: str
    caption: str
    png: Path
    svg: Path
    csv: Path


def _rows(column: str, each: float, base: float = 1.9) -> Callable[[pl.DataFrame], float]:
    return lambda data: max(3.2, base + each * data[column].n_unique())


PLATES: tuple[Plate, ...] = (
    Plate(
        "work_by_service",
        work_views.work_by_service,
        work.work_by_service,
        "rce-days",
        "Baseline. Asked: work of all jobs submitted within the horizon and of those in "
        "progress at its start. Done: productive work, each piece counted once. Work asked late "
        "is not due yet at the horizon, so less than 100 % is not all unserved.",
        _rows("service", 0.42),
    ),
    Plate(
        "work_difference",
        case_views.work_differences,
        cases.work_difference,
        "rce-days",
        "Every case shares the baseline's luck replication by replication (common random "
        "numbers), so differences are taken in pairs; whether the cases' own intervals overlap "
        "says nothing.",
        _rows("case", 0.42),
        of_cases=True,
    ),
    Plate(
        "supply_demand",
        work_views.supply_demand,
        work.supply_demand,
        "rce, mean over the quarter",
        "Baseline. Demand is asked in the quarter of submission, work is done later: a gap is a "
        "backlog, and only what is given up or never starts is unserved.",
    ),
    Plate(
        "services_by_quarter",
        work_views.services_by_quarter,
        work.services_by_quarter,
        "rce, mean over the quarter",
        "Baseline, each service at its own scale, all in one unit. Dashed: median of the work "
        "asked, in the quarter of submission. Line and band: median and P10–P90 of the work done; "
        "of fewer than five runs, marks at the lowest and the highest. Unserved: given up, or not "
        "begun by the end of the run. Metrics of a study are "
        "told of one service or quarter too: work_done.SERVICE.QUARTER.",
        lambda data: 0.9 + 1.9 * -(-max(1, data["service"].n_unique()) // 4),
    ),
    Plate(
        "chips_in_service",
        fleet_views.chips_by_quarter,
        fleet.chips_in_service,
        "chips",
        "Baseline. Chips of different kinds are counted alike here; they differ in the work "
        "they do.",
    ),
    Plate(
        "stranded",
        fleet_views.stranded_by_quarter,
        fleet.stranded,
        "% of chip time in service",
        "Baseline. Chips in service on which a family that asks for work does not run (yet): they "
        "are worth nothing to it, though others may use them. All of them: worth nothing to any.",
    ),
    Plate(
        "power_by_site",
        fleet_views.power_by_site,
        fleet.power_by_site,
        "MW of nameplate IT power",
        "Baseline. Racks stand only where floor and energised critical power are free for "
        "their nameplate; what is drawn is less.",
        lambda data: 1.2 + 2.3 * -(-data["site"].n_unique() // 3),
    ),
    Plate(
        "queue_wait",
        work_views.waits_by_service,
        work.queue_wait,
        "h",
        "Baseline. A job that never started has waited until it was given up or the horizon, "
        "so long waits are understated for jobs submitted late. Labels: median / 95th "
        "percentile.",
        _rows("service", 0.42),
    ),
    Plate(
        "chip_time",
        fleet_views.chip_time_by_case,
        fleet.chip_time,
        "% of chip time in service",
        "Allocated: held by a job's gang. Busy: allocated and not restarting after a fault. "
        "Productive: busy with work that is not lost to a fault. Chips under repair count as "
        "in service.",
        of_cases=True,
    ),
    Plate(
        "unit_cost",
        case_views.unit_cost_by_case,
        cases.unit_cost,
        "USD/rce-day, accrued",
        "Racks and buildings are written off over their lives; development is spread to the "
        "gate; cancellation is what orders and wafers called off cost, when they were. Cheaper "
        "and dearer are paired differences whose interval excludes zero.",
        _rows("case", 0.42),
        of_cases=True,
    ),
    Plate(
        "stop_loss",
        risk_views.work_lost_by_stop,
        risk.stop_loss,
        "% of the case's own work",
        "Each node is stopped in runs of its own that share the case's luck, so a rare event "
        "is not left to chance. A stop takes nothing that runs already, only what is yet to "
        "come: a loss within the horizon understates a stop late in it.",
        _rows("node", 0.4),
        of_cases=True,
    ),
    Plate(
        "concentration",
        case_views.concentration_by_case,
        cases.concentration,
        "points",
        "Stock: racks in service at the end. Flow: racks that went into service within the "
        "horizon. A custom chip's vendor is its design partner. These are not scores of risk: "
        "the work lost by a stop is.",
        _rows("case", 0.5),
        of_cases=True,
    ),
    Plate(
        "held_back",
        risk_views.racks_held_back,
        risk.held_back,
        "racks, mean over the quarter",
        f"Baseline. Racks are counted, not chips. {NOT_COUNTED} Clearly: its lead over the next "
        "cause, replication by replication, is distinguishable from zero.",
    ),
    Plate(
        "gate",
        risk_views.gate_outcomes,
        risk.gate,
        "1, relative to target",
        "Baseline. A mark a replication: true performance is drawn, the pilot measures it with "
        "noise, the chip ramps if every rule of the gate is met, of which two are drawn. "
        "Interval: Wilson's.",
    ),
)


#: Of studies whose jobs share the network.
NETWORK = Plate(
    "network",
    network_views.load_and_failures,
    network.network_load,
    "load over capacity; rce-days in the horizon",
    "Baseline, sites together. While jobs exchange: all of them at once, which is the worst moment "
    "of a step; in the mean: with what each sends spread over its step. A bundle is all trunks of "
    "a pod to the spine, or a link between sites. An outage costs the work that stopped runs did "
    "since their checkpoints, and what others do less of while it lasts.",
    lambda _: 6.6,
)


def plates_of(study: Study) -> tuple[Plate, ...]:
    """Return the figures that a study's report has: of waits only where jobs queued."""
    plates = [p for p in PLATES if study.queues_jobs() or p.view is not work_views.waits_by_service]
    return (*plates, NETWORK) if was_shared(study) else tuple(plates)


def provenance(study: Study, unit: str, *, of_cases: bool = False) -> str:
    """Return the footer that makes a figure readable on its own.

    Parameters
    ----------
    study : Study
    unit : str
    of_cases : bool
        Whether it shows all cases, not the baseline alone.
    """
    calendar, manifest = study.calendar(), study.manifest()
    quarters = calendar.names()
    names = [thing.label for thing in study.things("cases").values()]
    case = f"cases {', '.join(names)}" if of_cases else f"case {names[0]}"
    return (
        f"Unit: {unit} · {case} · horizon {quarters[0]}–{quarters[-1]} · "
        f"{study.replications} replications, seed {study.seed} · {_intervals(study)} · "
        f"{study.scenario_file}, run {study.run()} · commit {manifest['commit']}"
    )


def _intervals(study: Study) -> str:
    n = study.replications
    if n >= FEWEST:
        return "intervals 95 %"
    if n == 1:
        return "one replication: no intervals"
    return f"{n} runs are too few for a band: bars span them; intervals in words: 95 %"


def draw(plate: Plate, study: Study, folder: Path) -> Drawn:
    """Draw one figure and write it with the table behind it.

    Parameters
    ----------
    plate : Plate
    study : Study
    folder : Path
        Gets ``<name>.png``, ``<name>.svg`` and ``<name>.csv``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    data = plate.view(study)
    figure, ax = canvas(height_in=plate.height(data))
    plate.draw(data, ax)
    title = " ".join(ax.get_title(loc="left").split())
    footer = provenance(study, plate.unit, of_cases=plate.of_cases)
    png, svg = save(figure, folder / plate.name, footer)
    csv = folder / f"{plate.name}.csv"
    data.write_csv(csv)
    return Drawn(plate.name, title, plate.caption, png, svg, csv)


def draw_all(study: Study, folder: Path, plates: Sequence[Plate] | None = None) -> list[Drawn]:
    """Draw every figure of the report, in order."""
    return [draw(plate, study, folder) for plate in plates or plates_of(study)]
