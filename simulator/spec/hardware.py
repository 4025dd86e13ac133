"""Chips and the racks they come in."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from simulator.spec.base import Figure, Id, Ratio, Share, Shares, Spec
from simulator.spec.chain import Input, Terms
from simulator.spec.quantities import (
    Bytes,
    BytesPerSecond,
    Dollars,
    FlopPerSecond,
    PositiveDollars,
    Watts,
)


class Chip(Spec):
    """A kind of training accelerator and what it hangs on upstream."""

    label: str
    """Name on figures."""
    kind: Literal["gpu", "custom"]
    """Merchant GPU or chip of one's own design."""
    vendor: Id
    """Node that sells it, or for a custom chip the design partner that delivers it."""
    foundry: Shares
    """Share of its logic dies by foundry node."""
    packaging: Shares
    """Share of its packages by packaging line."""
    memory_makers: Shares
    """Share of its memory by maker."""
    terms: dict[Literal["vendor", "foundry", "packaging", "memory_makers"], Terms] = Field(
        default_factory=dict
    )
    """Of these four inputs: amounts, how suppliers stand in for each other, and who says so."""
    inputs: dict[Id, Input] = Field(default_factory=dict)
    """What else it needs, all of it."""
    peak_bf16: Figure[FlopPerSecond]
    """Dense peak at bfloat16."""
    matmul_reach: Figure[Share] | None = None
    """Share of that peak the largest matmuls reach; not given, as chips that were measured."""
    memory: Figure[Bytes]
    """Memory on the package (or on the board, where there is no HBM)."""
    memory_bandwidth: Figure[BytesPerSecond]
    """Of that memory."""
    scaleup_bandwidth: Figure[BytesPerSecond]
    """One way, inside the scale-up domain."""
    scaleup_domain: int = Field(ge=1)
    """Chips in one scale-up domain. [chips]"""
    scaleout_bandwidth: Figure[BytesPerSecond]
    """One way, network share of a chip outside the domain."""
    tdp: Figure[Watts]
    """Thermal design power of one chip."""
    price: Figure[Dollars]
    """One chip, as its buyer pays."""


class Rack(Spec):
    """The unit that is ordered, landed and energised."""

    chip: Id
    """Kind of chip it holds."""
    hosts: int = Field(ge=1)
    """Hosts in the rack. [hosts]"""
    chips_per_host: int = Field(ge=1)
    """Chips in a host. [chips]"""
    cooling: Literal["air", "liquid"]
    """What a site must offer."""
    nameplate: Figure[Watts]
    """IT power to provision for the rack."""
    busy_share: Figure[Share]
    """Power drawn under training load over nameplate."""
    idle_share: Figure[Share]
    """Power drawn idle over nameplate."""
    price: Figure[PositiveDollars]
    """The whole rack, with hosts and its share of the network."""
    host_faults_per_day: Figure[Ratio]
    """Faults that kill a job, per host and day in service. [1/day]"""

    @property
    def chips(self) -> int:
        """Chips in the rack. [chips]"""
        return self.hosts * self.chips_per_host
