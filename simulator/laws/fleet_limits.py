"""The fleet a site's power carries, and the fleet a budget buys.

The two favour different chips: power favours work per watt, money favours work
per dollar. Always print which one binds.
"""

from __future__ import annotations

from collections.abc import Mapping

from simulator.laws.arrays import require_not_negative, require_positive


def power_limited_rce(it_w: float, chip_w: float, rce_per_chip: float) -> float:
    """Effective capacity of one kind of chip that IT power carries. [rce]

    Parameters
    ----------
    it_w : float
        Critical IT power, >= 0. [W]
    chip_w : float
        IT power of a chip with its share of host and network, > 0. [W]
    rce_per_chip : float
        Effective speed of a chip in reference chips. [rce]

    Examples
    --------
    >>> round(power_limited_rce(800e6, 1.4e3, 1.0))
    571429
    """
    require_not_negative(it_w=it_w)
    require_positive(chip_w=chip_w)
    return it_w / chip_w * rce_per_chip


def budget_limited_rce(
    budget_usd: float, chip_usd: float, rce_per_chip: float, fixed_usd: float = 0.0
) -> float:
    """Effective capacity of one kind of chip that a budget buys. [rce]

    Parameters
    ----------
    budget_usd : float
        Capital to spend, >= 0. [USD]
    chip_usd : float
        Price of a chip in service, with its share of host and network, > 0. [USD]
    rce_per_chip : float
        Effective speed of a chip in reference chips. [rce]
    fixed_usd : float
        Cost paid once before the first chip, such as design and masks. [USD]

    Examples
    --------
    >>> round(budget_limited_rce(39e9, 15e3, 0.5, fixed_usd=1e9))
    1266667
    """
    require_not_negative(budget_usd=budget_usd, fixed_usd=fixed_usd)
    require_positive(chip_usd=chip_usd)
    return max(budget_usd - fixed_usd, 0.0) / chip_usd * rce_per_chip


def break_even_rce_per_chip(
    budget_usd: float, chip_usd: float, fixed_usd: float, rival_rce: float
) -> float:
    """Speed a chip must reach for a budget to buy as much with it as *rival_rce*. [rce]

    Infinite where the fixed cost eats the budget.

    Examples
    --------
    >>> round(break_even_rce_per_chip(39e9, 15e3, 1e9, 39e9 / 35e3), 5)
    0.43985
    """
    bought = budget_limited_rce(budget_usd, chip_usd, 1.0, fixed_usd)
    return rival_rce / bought if bought > 0 else float("inf")


def binding_limit(limits: Mapping[str, float]) -> tuple[str, float]:
    """Name the resource that allows least, and what it allows; the first named wins ties.

    Parameters
    ----------
    limits : mapping
        What each resource alone would allow, all in one unit.

    Examples
    --------
    >>> binding_limit({"power": 571_429.0, "money": 1_114_286.0})
    ('power', 571429.0)
    """
    if not limits:
        raise ValueError("limits must name at least one resource, got none")
    name = min(limits, key=limits.__getitem__)
    return name, limits[name]
