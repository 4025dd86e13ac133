"""What it is worth to wait, to try a pilot first, and to know.

Values are net present values in any one unit of money; a rate is a year's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from simulator.laws.arrays import require_not_negative, require_probability
from simulator.laws.cost import perpetuity_usd


@dataclass(frozen=True)
class WaitOrInvest:
    """Value of investing now, of waiting to see, and of being able to wait."""

    now: float
    wait: float

    @property
    def option(self) -> float:
        """Worth of the freedom to wait: what it adds to the better of now and never."""
        return max(self.wait, self.now, 0.0) - max(self.now, 0.0)


def wait_one_year(
    cost: float, flow_now: float, later: Sequence[tuple[float, float]], rate: float
) -> WaitOrInvest:
    """Invest now, or wait a year until the yearly flow is known for ever.

    The first payment comes in the year of investing; whoever waits invests
    only if it pays, and loses the first year's flow.

    Parameters
    ----------
    cost : float
        Of the investment, whenever made. [money]
    flow_now : float
        Flow of the first year. [money/yr]
    later : sequence of (float, float)
        Chance and yearly flow from the second year on; chances sum to 1.
    rate : float
        Discount rate a year, > 0. [1/yr]

    References
    ----------
    Dixit and Pindyck, Investment under Uncertainty (1994), section 2.1.

    Examples
    --------
    >>> v = wait_one_year(1600, 200, [(0.5, 300), (0.5, 100)], 0.10)
    >>> round(v.now, 2), round(v.wait, 2), round(v.option, 2)
    (600.0, 772.73, 172.73)
    """
    _require_chances([chance for chance, _ in later])
    worth = [(chance, perpetuity_usd(flow, rate)) for chance, flow in later]
    expected = sum(chance * value for chance, value in worth)
    now = -cost + flow_now + expected / (1 + rate)
    wait = sum(chance * max(0.0, value - cost) for chance, value in worth) / (1 + rate)
    return WaitOrInvest(now, wait)


@dataclass(frozen=True)
class Pilot:
    """Value of a test before a commitment.

    Attributes
    ----------
    commit : float
        Committing at once. [money]
    pass_chance : float
        Chance that the pilot passes. [1]
    good_if_pass, good_if_fail : float
        Chance that the thing is good, given the outcome; the prior where that
        outcome cannot happen. [1]
    worth_if_pass, worth_if_fail : float
        Expected value of committing then, before discount. [money]
    piloting : float
        The pilot, then committing only if that pays; its cost and delay included. [money]
    information : float
        What a free and instant test of that quality adds (EVSI). [money]
    most_to_pay : float
        Price at which the pilot, with its delay, is no better than the best
        without one; may be negative. [money]
    """

    commit: float
    pass_chance: float
    good_if_pass: float
    good_if_fail: float
    worth_if_pass: float
    worth_if_fail: float
    piloting: float
    information: float
    most_to_pay: float


def pilot_value(
    prior: float,
    worth_good: float,
    worth_bad: float,
    invest: float,
    *,
    sensitivity: float = 1.0,
    specificity: float = 1.0,
    pilot_cost: float = 0.0,
    delay_years: float = 0.0,
    rate: float = 0.0,
) -> Pilot:
    """Value a pilot of a thing that is good or bad.

    Parameters
    ----------
    prior : float
        Chance that it is good. [1]
    worth_good, worth_bad : float
        Worth once invested in, if good and if bad. [money]
    invest : float
        Cost of committing. [money]
    sensitivity, specificity : float
        Chance that a good one passes, and that a bad one fails; 1 and 1 is perfect. [1]
    pilot_cost : float
        Paid now. [money]
    delay_years, rate : float
        Time the pilot takes, over which the commitment is discounted. [yr], [1/yr]

    References
    ----------
    Raiffa and Schlaifer, Applied Statistical Decision Theory (1961).

    Examples
    --------
    >>> p = pilot_value(0.4, 8, 1, 3, sensitivity=0.9, specificity=0.8,
    ...                 pilot_cost=0.5, delay_years=1, rate=0.10)
    >>> round(p.piloting, 3), round(p.most_to_pay, 3), round(p.information, 2)
    (0.918, 0.618, 0.76)
    """
    require_probability(prior=prior, sensitivity=sensitivity, specificity=specificity)
    require_not_negative(delay_years=delay_years)

    def committing(good: float) -> float:
        return good * worth_good + (1 - good) * worth_bad - invest

    passes = prior * sensitivity + (1 - prior) * (1 - specificity)
    good_if_pass = prior * sensitivity / passes if passes > 0 else prior
    good_if_fail = prior * (1 - sensitivity) / (1 - passes) if passes < 1 else prior
    if_pass, if_fail = committing(good_if_pass), committing(good_if_fail)
    after = passes * max(0.0, if_pass) + (1 - passes) * max(0.0, if_fail)
    discounted = after / (1 + rate) ** delay_years
    without = max(0.0, committing(prior))
    return Pilot(
        commit=committing(prior),
        pass_chance=passes,
        good_if_pass=good_if_pass,
        good_if_fail=good_if_fail,
        worth_if_pass=if_pass,
        worth_if_fail=if_fail,
        piloting=discounted - pilot_cost,
        information=after - without,
        most_to_pay=discounted - without,
    )


def _require_chances(chances: Sequence[float]) -> None:
    require_probability(chances=chances)
    if abs(sum(chances) - 1) > 1e-9:
        raise ValueError(f"chances must sum to 1, got {sum(chances)}")
