"""Figures: a table and axes in, axes out.

Every figure of the report is a function here; ``canvas`` gives axes in the common
look and ``save`` writes them. The tables come from :mod:`analysis.views`.
"""

from analysis.figures.cases import concentration, unit_cost, work_difference
from analysis.figures.catalogue import PLATES, Drawn, Plate, draw, draw_all, provenance
from analysis.figures.fleet import chip_time, chips_in_service, power_by_site, stranded
from analysis.figures.risk import gate, held_back, stop_loss
from analysis.figures.style import canvas, save
from analysis.figures.work import (
    queue_wait,
    services_by_quarter,
    supply_demand,
    work_by_service,
)

__all__ = [
    "PLATES",
    "Drawn",
    "Plate",
    "canvas",
    "chip_time",
    "chips_in_service",
    "concentration",
    "draw",
    "draw_all",
    "gate",
    "held_back",
    "power_by_site",
    "provenance",
    "queue_wait",
    "save",
    "services_by_quarter",
    "stop_loss",
    "stranded",
    "supply_demand",
    "unit_cost",
    "work_by_service",
    "work_difference",
]
