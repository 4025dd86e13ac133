"""Workload families, the software that carries them to chips, and the services that ask."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from simulator.spec.base import Figure, Id, Quarter, Ratio, Share, Shares, Spec, Spread
from simulator.spec.quantities import PositiveSeconds, ReferenceChips, Seconds
from simulator.spec.training import Model


class Family(Spec):
    """Training jobs of one kind: where their step time goes on the reference chip."""

    label: str
    """Name on figures."""
    compute: Figure[Share]
    """Share of step time bound by arithmetic on the reference chip."""
    memory: Figure[Share]
    """Share bound by memory bandwidth."""
    network: Figure[Share]
    """Share bound by the network, not overlapped."""
    models: list[Model] = Field(default_factory=list)
    """What its jobs train, by size of gang; a family without is rated by the shares above."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        total = self.compute.value + self.memory.value + self.network.value
        if abs(total - 1) > 1e-6:
            raise ValueError(f"compute, memory and network must sum to 1, they sum to {total:.6g}")
        return self


class Port(Spec):
    """A family's software on a chip: from when it runs, and how it matures."""

    ready: Quarter
    """First quarter the family runs correctly on the chip."""
    first: Figure[Ratio]
    """Efficiency over the reference chip's mature software on the day it first runs. [1]"""
    mature: Figure[Ratio]
    """Efficiency it tends to. [1]"""
    settle: Figure[PositiveSeconds]
    """Time constant of the approach."""


class JobSize(Spec):
    """One size in a service's mix of jobs."""

    chips: int = Field(ge=1)
    """Gang size asked, in reference chips. [rce]"""
    share: Share
    """Share of the service's work that comes in this size."""
    run_time: Spread[Seconds]
    """Wall time on the gang it asks for."""


class Service(Spec):
    """A product that wants models trained."""

    label: str
    """Name on figures."""
    side: Literal["social", "metaverse"]
    """Social network or metaverse."""
    priority: int = Field(ge=0, le=9)
    """Higher goes first."""
    demand: Figure[ReferenceChips]
    """Work asked at the start of the run, in reference chips kept busy. [rce]"""
    growth_per_year: Figure[Ratio]
    """Demand after a year over demand now, a factor: 1.7 is 70 % more. [1]"""
    daily_swing: Share
    """Amplitude of the daily rhythm of submissions over their mean."""
    weekly_swing: Share
    """Amplitude of the weekly rhythm of submissions over their mean."""
    families: Shares
    """Share of its work by workload family."""
    sizes: Annotated[list[JobSize], Field(min_length=1)]
    """The mix of job sizes."""
    patience: Seconds
    """A job that has not started this long after it was asked is given up."""

    @model_validator(mode="after")
    def _sizes_are_whole(self) -> Self:
        total = sum(size.share for size in self.sizes)
        if abs(total - 1) > 1e-6:
            raise ValueError(f"the sizes' shares must sum to 1, they sum to {total:.6g}")
        if len({size.chips for size in self.sizes}) < len(self.sizes):
            raise ValueError("two sizes have the same chips; merge them")
        return self


class Software(Spec):
    """Which family runs on which chip."""

    ports: dict[Id, dict[Id, Port]]
    """Family → chip → port. A pair that is missing cannot run."""
