"""What a study moves, and how surely it must know."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, model_validator

from simulator.spec.base import Id, Ratio, Spec


def _plain(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, float | int | str):
        raise ValueError(f"must be a number or a quantity such as '26 weeks', got {value!r}")
    return value


#: What a scenario file would say in one place: ``0.3``, ``"26 weeks"``.
Plain = Annotated[Any, AfterValidator(_plain)]


class Precision(Spec):
    """Replicate until the mean is known so well."""

    metric: str
    """Of which number."""
    relative: Ratio
    """Half width of the interval asked for, as a part of the mean. [1]"""
    level: float = Field(default=0.95, gt=0, lt=1)
    """Confidence of the interval. [1]"""


class Replications(Spec):
    """How many replications, or when they are enough."""

    first: int = Field(ge=2)
    """Made in any case."""
    most: int = Field(ge=2)
    """Never more."""
    precision: Precision | None = None
    """When to stop between the two; without it ``first`` are made."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.most < self.first:
            raise ValueError(f"most must be >= first, got {self.most} and {self.first}")
        return self


class Input(Spec):
    """A value of the scenario that is moved."""

    key: str = Field(min_length=1)
    """Dotted key, such as ``supply.catch_up``; ``*`` stands for any part of a key there."""
    factor: bool = False
    """Whether low, high and values multiply what stands there."""
    whole: bool = False
    """Whether it counts things: rounded to whole numbers."""


class Range(Input):
    """A value that may lie anywhere in a range, all of it equally likely."""

    low: Plain = None
    """Low end; without it the catalogue figure's own."""
    high: Plain = None
    """High end; without it the catalogue figure's own."""

    @model_validator(mode="after")
    def _both_ends(self) -> Self:
        if (self.low is None) != (self.high is None):
            raise ValueError("needs both 'low' and 'high', or neither for the figure's own range")
        if self.factor and self.low is None:
            raise ValueError("a factor needs 'low' and 'high'")
        return self


class Levels(Input):
    """A value that is set to each of a list."""

    values: list[Plain] = Field(min_length=1)
    """What it is set to, in turn."""


#: Inputs by the name they have in tables and figures.
Ranges = Annotated[dict[Id, Range], Field(min_length=1)]
