"""All that is bought and what it depends on."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from simulator.spec.base import Figure, Id, Share, Spec
from simulator.spec.buying import Buying
from simulator.spec.chain import Node
from simulator.spec.orders import Contract, InService, LeadTime, Order, Queue, Retirement
from simulator.spec.porting import Porting
from simulator.spec.programme import Programme
from simulator.spec.shocks import RandomShocks, Shock, ShockCount


class Supply(Spec):
    """All that is bought and what it depends on."""

    nodes: dict[Id, Node]
    """The dependency graph's nodes."""
    lead_times: dict[Id, LeadTime]
    """By chip."""
    queues: dict[Id, Queue] = Field(default_factory=dict)
    """By vendor; nobody queues at a vendor that is not named."""
    contracts: dict[Id, Contract] = Field(default_factory=dict)
    """By chip; paid in full with the order where none is named."""
    catch_up: Figure[Share]
    """Spare rate of a line above its plan, by which production lost in a stop is made up."""
    in_service: list[InService]
    """The fleet at the start."""
    plan: list[Order]
    """The plan of record, in order of urgency within a quarter."""
    buying: Buying = Field(default_factory=lambda: Buying(rule="plan_of_record"))
    """The rule by which the plan becomes orders."""
    retirements: list[Retirement] = Field(default_factory=list)
    """Racks taken out of service."""
    shocks: list[Shock] = Field(default_factory=list)
    """Shocks that happen in this scenario."""
    random_shocks: list[RandomShocks] = Field(default_factory=list)
    """Shocks that may happen."""
    shock_count: ShockCount | None = None
    """How many of those that may happen do, if a study says so."""
    overlap: Literal["multiply", "worst", "add"] = "multiply"
    """How shocks of one node that overlap combine: what each leaves multiplies; the worst
    counts; or the losses add up, to at most all."""
    porting: Porting | None = None
    """The team that carries software to chips; without it ports are ready on their dates."""
    programme: Programme | None = None
    """The in-house chip, if there is one."""
