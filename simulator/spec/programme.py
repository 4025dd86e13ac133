"""The in-house programme: pilot, gate, and ramp or cancel."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from simulator.spec.base import Figure, Id, Quarter, Ratio, Share, Spec, Spread
from simulator.spec.quantities import Dollars, Seconds
from simulator.units import next_quarter, quarter_start

#: Quarters after the gate's by which a pilot must be in service, unless a date is given.
_PATIENCE = 4


class Silicon(Spec):
    """From an idea to chips on a bench: design, tape-outs until one works, bring-up."""

    start: Quarter
    """Design begins at the start of this quarter."""
    design: Spread[Seconds]
    """Until the first tape-out."""
    spin: Spread[Seconds]
    """One tape-out: masks, wafers, packaging, test; a failed one is repeated."""
    spin_success: list[Share]
    """Chance that each spin works, given those before did not; the next after them does."""
    spin_cost: Figure[Dollars] | None = None
    """Paid for each spin after the first, beside the rack budget."""
    bring_up: Spread[Seconds]
    """From the spin that works until pilot racks can be ordered."""


class Gate(Spec):
    """The decision at the end of the pilot."""

    quarter: Quarter
    """Decided at the start of this quarter (later if the pilot is late)."""
    latest: Quarter | None = None
    """If no pilot rack is in service by the start of this quarter, the chip is dropped without
    having been measured, also where `forced` would ramp it; four quarters after `quarter` if
    absent. A pilot that is in service by then runs its time, however late the gate is."""
    min_performance: Ratio
    """Measured performance over target must reach this."""
    min_performance_per_watt: Ratio
    """Measured performance per watt over target must reach this."""
    min_yield: Share = 0.0
    """Measured yield over target must reach this."""
    max_cost_of_work: Ratio | None = None
    """Cost of a unit of work over its plan, as it follows from measured performance, performance
    per watt and yield, must not exceed this; no rule if absent. Development is sunk by then."""
    min_ported_share: Share = 0.0
    """Part of the work asked at the gate whose family runs on the chip must reach this."""
    certainty: float = Field(ge=0.5, lt=1, default=0.5)
    """Chance, given what was measured, with which each must be reached; half is the bare value."""
    hold: Seconds = 0.0
    """Where a measure misses but may yet reach its value, or too little is ported, the pilot runs
    on for so long, once."""
    hold_above: float = Field(gt=0, le=0.5, default=0.5)
    """Least chance of each with which it is held rather than cancelled."""
    forced: Literal["ramp", "cancel"] | None = None
    """Decide so whatever was measured; for cases that ask what if."""

    @property
    def last(self) -> str:
        """The quarter at whose start a pilot must be in service."""
        return self.latest or next_quarter(self.quarter, _PATIENCE)

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if quarter_start(self.last) < quarter_start(self.quarter):
            raise ValueError(f"latest is {self.latest}, before the gate's quarter, {self.quarter}")
        return self


class Programme(Spec):
    """The in-house training chip: pilot, gate, and ramp or cancel."""

    chip: Id
    """The chip in pilot."""
    pilot_racks: int = Field(ge=1)
    """Racks of the pilot."""
    pilot_quarter: Quarter
    """Pilot racks are ordered at the start of this quarter."""
    development: Figure[Dollars]
    """Spent until the gate whether it ramps or not (masks, design, bring-up)."""
    performance: Spread[Ratio]
    """True performance over target. [1]"""
    energy: Spread[Ratio]
    """True power over target. [1]"""
    measurement_noise: Figure[Share]
    """Standard deviation of one measurement, over target. [1]"""
    measurements: int = Field(ge=1, default=1)
    """Independent measurements that are averaged, such as pilot hosts."""
    silicon: Silicon | None = None
    """What comes before the pilot; if absent, chips are there when it is ordered."""
    die_yield: Spread[Ratio] | None = None
    """True yield over target; chips cost that much more or less. As planned if absent. [1]"""
    take_or_pay: Figure[Dollars] | None = None
    """Owed for wafers and packaging reserved for the ramp, if the chip is dropped: a sum of money,
    where a contract's is a share of the price."""
    pilot_run: Seconds
    """Time the pilot needs in service before the gate can decide."""
    gate: Gate
    """The decision."""
    reserve: dict[Quarter, Dollars]
    """Money to spend on the ramp, or after a cancel on the fallback, from each quarter on, as far
    as the budget has it by then: nothing else is kept from spending it."""
    fallback: Id
    """GPU bought when the chip is dropped."""
    fallback_delay: Seconds
    """Extra wait of a fallback order: the back of the merchant's queue."""
    ports_after_ramp: list[Id]
    """Families whose software runs on the chip once the pilot has landed."""
