"""Money: the budget and how cost is counted."""

from __future__ import annotations

from simulator.spec.base import Figure, Quarter, Share, Spec
from simulator.spec.quantities import Dollars, DollarsPerWatt, PositiveSeconds


class Economics(Spec):
    """Budget by quarter and the lives over which capital is written off."""

    budget: dict[Quarter, Dollars]
    """Company capital expenditure that becomes available at the start of the quarter."""
    training_share: Figure[Share]
    """Share of it for racks that train."""
    rack_life: Figure[PositiveSeconds]
    """Straight-line life of a rack."""
    facility_cost: Figure[DollarsPerWatt]
    """Building and power for a watt of IT, written off over the facility's life."""
    facility_life: Figure[PositiveSeconds]
    """Straight-line life of a building."""
