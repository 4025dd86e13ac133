"""How late one may order and still be on time, when lead times are uncertain."""

from __future__ import annotations

from scipy.optimize import brentq

from simulator.distributions import Distribution


def last_order_s(need_s: float, lead: Distribution, service: float) -> float:
    """Latest time to order so that it lands by *need_s* with chance *service*. [s]

    The last responsible moment; it has passed where it lies before the present.

    Parameters
    ----------
    need_s : float
        When it must be there. [s]
    lead : Distribution
        Lead time of the order. [s]
    service : float
        Chance asked for, in (0, 1). [1]

    Examples
    --------
    >>> from simulator.distributions import Lognormal
    >>> round(last_order_s(100.0, Lognormal.from_quantiles(30, 52), 0.9), 9)
    48.0
    """
    if not 0 < service < 1:
        raise ValueError(f"service must be in (0, 1), got {service}")
    return need_s - lead.quantile(service)


def chance_on_time(span_s: float, lead: Distribution) -> float:
    """Chance that an order lands within a span, by inverting the quantile. [1]

    Parameters
    ----------
    span_s : float
        From order to need. [s]
    lead : Distribution
        Lead time of the order; its quantile never falls. [s]

    Examples
    --------
    >>> from simulator.distributions import Lognormal
    >>> round(chance_on_time(40.0, Lognormal.from_quantiles(30, 52)), 4)
    0.7487
    """
    lowest, highest = 1e-12, 1 - 1e-12
    if lead.quantile(highest) <= span_s:
        return 1.0
    if lead.quantile(lowest) > span_s:
        return 0.0

    # Landing at the very moment of need is on time, so a tie is no zero to the
    # solver but lies below; where the quantile jumps, it finds the jump.
    def beyond(u: float) -> float:
        return lead.quantile(u) - span_s or -1.0

    return float(brentq(beyond, lowest, highest, xtol=1e-12))
