"""The ground all specs stand on: frozen, closed to unknown keys, every figure with its source."""

from __future__ import annotations

from typing import Annotated, Generic, Literal, Self, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from simulator.units import quarter_start

T = TypeVar("T", bound=float)


class Spec(BaseModel):
    """One part of what is given. Frozen; an unknown key is an error."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", use_attribute_docstrings=True, strict=True, allow_inf_nan=False
    )


def _is_quarter(text: str) -> str:
    quarter_start(text)
    return text


#: Stable name of a thing: a catalogue key. Labels may change, ids may not.
Id = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]


def _year_as_text(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


#: A year, month or day. YAML takes a bare year for a number.
Date = Annotated[str, BeforeValidator(_year_as_text), Field(pattern=r"^\d{4}(-\d{2}(-\d{2})?)?$")]
#: A calendar quarter, ``2025Q1``.
Quarter = Annotated[str, AfterValidator(_is_quarter)]
#: A whole number that counts things.
Count = Annotated[int, Field(ge=0)]
#: A share between 0 and 1.
Share = Annotated[float, Field(ge=0, le=1)]
#: An amount of things that may be parts, and may be none.
Amount = Annotated[float, Field(ge=0)]
#: A number above zero without a unit.
Ratio = Annotated[float, Field(gt=0)]


class Figure(Spec, Generic[T]):
    """A number of the catalogue with where it comes from."""

    value: T
    """The number, with its unit."""
    status: Literal["measured", "published", "assumed"]
    """Measured by somebody, published by its maker, or assumed by us."""
    source: str = Field(min_length=3)
    """Who says so."""
    date: Date
    """Date of the source: year, month or day."""
    low: T | None = None
    """Low end of the range; an assumed figure must have one."""
    high: T | None = None
    """High end of the range; an assumed figure must have one."""

    @model_validator(mode="after")
    def _has_range(self) -> Self:
        if self.status == "assumed" and (self.low is None or self.high is None):
            raise ValueError("an assumed figure needs its range: add 'low' and 'high'")
        low = self.value if self.low is None else self.low
        high = self.value if self.high is None else self.high
        if not low <= self.value <= high:
            raise ValueError(f"needs low <= value <= high, got {low:g}, {self.value:g}, {high:g}")
        return self


class Spread(Spec, Generic[T]):
    """A positive uncertain number, lognormal through two quantiles."""

    median: T
    """Half of the draws lie below."""
    p90: T
    """Nine draws of ten lie below; equal to the median if certain."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not 0 < self.median <= self.p90:
            raise ValueError(f"needs 0 < median <= p90, got {self.median:g} and {self.p90:g}")
        return self


def shares_sum_to_one(shares: dict[str, float]) -> dict[str, float]:
    """Return *shares* if they sum to 1 within rounding.

    Raises
    ------
    ValueError
        Naming the sum that was found.
    """
    total = sum(shares.values())
    if abs(total - 1) > 1e-6:
        raise ValueError(f"shares must sum to 1, they sum to {total:.6g}")
    return shares


#: Shares by id that sum to 1.
Shares = Annotated[dict[Id, Share], AfterValidator(shares_sum_to_one)]
