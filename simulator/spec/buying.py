"""The rule by which the plan of record becomes orders."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from simulator.spec.base import Id, Share, Spec
from simulator.spec.quantities import Seconds


class Buying(Spec):
    """How the buyer follows the plan of record."""

    rule: Literal["plan_of_record", "commit_early", "react_to_slips", "hedge"]
    """As planned; so early that racks come in time with a stated chance, where the plan reckons
    with medians; as planned, and what is overdue is bought again elsewhere, at the catalogue's
    price, once, while the late order stands: both are paid and both land; or a part of every line
    goes to another chip."""
    service: float = Field(gt=0.5, lt=1, default=0.9)
    """Of `commit_early`: chance to land by the date the plan reckons with, if the vendor's queue
    stays in its regime and nothing fails."""
    other: Id | None = None
    """Of `react_to_slips` and `hedge`: the chip that is bought instead."""
    share: Share = 0.2
    """Of `hedge`: part of each line's money. What buys no whole rack, or fewer than a contract's
    minimum, waits for the next line; what is left of the last stays unspent."""
    grace: Seconds = 0.0
    """Of `react_to_slips`: an order this much overdue has slipped. It is due a median lead time
    and the median wait of the queue's regime after it was wanted, and overdue for whatever reason:
    luck, a stop, no allocation, no money. Seen at quarters' starts."""

    @model_validator(mode="after")
    def _names_the_other(self) -> Self:
        if self.rule in ("react_to_slips", "hedge") and self.other is None:
            raise ValueError(f"the rule {self.rule!r} needs 'other', the chip bought instead")
        return self
