"""What a scenario file may say, as tables of Markdown read off the spec.

``python -m tests.spec.reference`` writes them into ``docs/scenario_files.md``, each between its
marks, and leaves what is written around them as it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_type_hints

from pydantic import BaseModel

from simulator.spec import chain, hardware, network, orders, programme, shocks, training
from simulator.spec.base import Figure, Spread, T
from simulator.spec.policy import Maintenance
from simulator.spec.porting import PortTask
from simulator.spec.scenario import Scenario, StopStudy
from simulator.spec.site import NetworkPhase, PowerPhase, Site
from simulator.spec.workload import Family, JobSize, Port, Service
from tests.reference import Page, units_table
from tests.reference import written as written_into

DOCUMENT = Path(__file__).parents[2] / "docs" / "scenario_files.md"

PAGE = Page(
    words=((T, "as its key wants"),),
    meant={
        "country": "country, `TW`",
        "cases": "list of cases",
        "cancel_before": "`wafer`, `packaging`, `rack`, `ship`",
    },
    titles={
        Scenario: "the file",
        hardware.Chip: "chips",
        hardware.Rack: "racks",
        Family: "families",
        training.ImageModel: "images",
        training.StepLaw: "step_law",
        Port: "ports",
        Site: "sites",
        PowerPhase: "power phases",
        NetworkPhase: "network phases",
        Service: "services",
        JobSize: "sizes",
        chain.Node: "nodes",
        chain.Input: "inputs",
        orders.LeadTime: "lead_times",
        orders.Queue: "queues",
        orders.QueueState: "regimes",
        orders.Contract: "contracts",
        orders.Order: "plan",
        orders.InService: "in_service",
        orders.Retirement: "retirements",
        shocks.Shock: "shocks",
        shocks.RandomShocks: "random_shocks",
        shocks.ShockCount: "shock_count",
        PortTask: "tasks",
        programme.Silicon: "silicon",
        Maintenance: "maintenance",
        network.PodFabric: "fabrics",
        network.Exchange: "exchanges",
        network.SiteLink: "links",
        StopStudy: "stops",
    },
    id_is="id",
)


def models(of: Any = Scenario) -> Iterator[type[BaseModel]]:
    """Yield every part of a scenario, some more than once; of figures and spreads, the kind."""
    if not (isinstance(of, type) and issubclass(of, BaseModel)):
        for inner in get_args(of):
            yield from models(inner)
        return
    made = of.__pydantic_generic_metadata__["origin"]
    yield made or of
    for hint in () if made else get_type_hints(of, include_extras=True).values():
        yield from models(hint)


def tables() -> dict[str, str]:
    """Return every table of the page by its mark, which is its heading."""
    titles = {Figure: "figures", Spread: "spreads"}
    found = {titles.get(m, PAGE.title(m)): PAGE.table(m) for m in dict.fromkeys(models())}
    return {"units": units_table(), **found}


def written(text: str) -> str:
    """Return the page with every table as the spec has it."""
    return written_into(text, tables())


if __name__ == "__main__":
    DOCUMENT.write_text(written(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
