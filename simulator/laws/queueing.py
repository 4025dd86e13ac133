"""What theory says of queues: the closed forms an event engine must reproduce.

Steady state, rates per unit of time; any one unit of time will do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from simulator.laws.arrays import Array, floats, require_not_negative, require_positive


def little(rate: float, time: float) -> float:
    """Mean number present, ``L = lambda W``.

    References
    ----------
    Little, Operations Research 9(3), 1961. doi:10.1287/opre.9.3.383

    Examples
    --------
    A hundred racks a month with a lead time of nine months:

    >>> little(100, 9)
    900
    """
    return rate * time


def erlang_b(servers: int, offered: float) -> float:
    """Part of arrivals lost where none may wait. [1]

    Parameters
    ----------
    servers : int
        Servers, >= 0.
    offered : float
        Arrival rate times mean service time, >= 0. [Erlang]

    Examples
    --------
    >>> round(erlang_b(5, 3), 8)
    0.11005435
    """
    require_not_negative(servers=servers, offered=offered)
    blocked = 1.0
    for n in range(1, servers + 1):
        blocked = offered * blocked / (n + offered * blocked)
    return blocked


@dataclass(frozen=True)
class Queue:
    """Steady state of a queue.

    Attributes
    ----------
    utilisation : float
        Part of the servers that is busy. [1]
    wait_chance : float
        Chance that an arrival waits. [1]
    wait, sojourn : float
        Mean time in the queue, and in queue and service. [time]
    queued, present : float
        Mean number in the queue, and in queue and service.
    """

    utilisation: float
    wait_chance: float
    wait: float
    sojourn: float
    queued: float
    present: float


def mmc(rate: float, service_rate: float, servers: int = 1) -> Queue:
    """Poisson arrivals, exponential service, some like servers, first come first served.

    Parameters
    ----------
    rate, service_rate : float
        Arrivals, and services by one busy server, per unit of time.
    servers : int
        Servers, >= 1.

    Raises
    ------
    ValueError
        If the servers cannot keep up: there is no steady state.

    Examples
    --------
    >>> round(mmc(8, 1, 10).wait, 8)
    0.20459008
    """
    offered = _offered(rate, service_rate, servers)
    utilisation = offered / servers
    blocked = erlang_b(servers, offered)
    waits = blocked / (1 - utilisation * (1 - blocked))
    wait = waits / (servers * service_rate - rate)
    sojourn = wait + 1 / service_rate
    return Queue(utilisation, waits, wait, sojourn, rate * wait, rate * sojourn)


def mg1_wait(rate: float, mean_service: float, service_scv: float) -> float:
    """Mean wait with any distribution of service (Pollaczek and Khinchine). [time]

    Parameters
    ----------
    rate : float
        Poisson arrivals per unit of time.
    mean_service : float
        Mean service. [time]
    service_scv : float
        Squared coefficient of variation of service: 0 fixed, 1 exponential. [1]

    Examples
    --------
    >>> round(mg1_wait(0.8, 1.0, 4.0), 9)
    10.0
    """
    utilisation = _offered(rate, 1 / mean_service, 1)
    return utilisation * mean_service * (1 + service_scv) / (2 * (1 - utilisation))


def kingman_wait(
    utilisation: float, mean_service: float, arrival_scv: float, service_scv: float
) -> float:
    """Approximate mean wait with any arrivals and service, one server. [time]

    References
    ----------
    Kingman, Proceedings of the Cambridge Philosophical Society 57(4), 1961.
    doi:10.1017/S0305004100036094

    Examples
    --------
    >>> round(kingman_wait(0.8, 1.0, 1.0, 0.5), 9)
    3.0
    """
    if not 0 <= utilisation < 1:
        raise ValueError(f"utilisation must be in [0, 1), got {utilisation}")
    return utilisation / (1 - utilisation) * (arrival_scv + service_scv) / 2 * mean_service


def priority_waits(rates: Sequence[float], mean_services: Sequence[float]) -> list[float]:
    """Mean wait of each class, exponential service, one server, no preemption. [time]

    Parameters
    ----------
    rates, mean_services : sequence of float
        Of each class, the most urgent first.

    References
    ----------
    Cobham, Journal of the Operations Research Society of America 2(1), 1954.
    doi:10.1287/opre.2.1.70

    Examples
    --------
    >>> [round(w, 6) for w in priority_waits([0.3, 0.4], [1.0, 1.0])]
    [1.0, 3.333333]
    """
    loads = [r * s for r, s in zip(rates, mean_services, strict=True)]
    _offered(sum(loads), 1.0, 1)
    left_over = sum(r * s * s for r, s in zip(rates, mean_services, strict=True))
    ahead = np.cumsum([0.0, *loads])
    return [float(left_over / ((1 - ahead[k]) * (1 - ahead[k + 1]))) for k in range(len(loads))]


def preemptive_sojourns(
    rates: Sequence[float], mean_services: Sequence[float], second_moments: Sequence[float]
) -> list[float]:
    """Mean time in queue and service of each class, one server, preemptive resume. [time]

    A more urgent arrival takes the server at once; whom it sends back loses nothing.

    Parameters
    ----------
    rates, mean_services, second_moments : sequence of float
        Of each class, the most urgent first: Poisson arrivals, and mean and mean square of
        service. [1/time], [time], [time^2]

    References
    ----------
    White and Christie, Operations Research 6(1), 1958. doi:10.1287/opre.6.1.79

    Examples
    --------
    >>> [round(t, 6) for t in preemptive_sojourns([0.3, 0.4], [1, 1], [2, 2])]
    [1.428571, 4.761905]
    """
    loads = [r * s for r, s in zip(rates, mean_services, strict=True)]
    _offered(sum(loads), 1.0, 1)
    ahead = np.cumsum([0.0, *loads])
    left_over = np.cumsum([r * m / 2 for r, m in zip(rates, second_moments, strict=True)])
    return [
        float(s / (1 - ahead[k]) + left_over[k] / ((1 - ahead[k]) * (1 - ahead[k + 1])))
        for k, s in enumerate(mean_services)
    ]


def multirate_loss(capacity: int, offered: Sequence[float], sizes: Sequence[int]) -> Array:
    """Part lost of each class where classes need several servers at once and none may wait. [1]

    Parameters
    ----------
    capacity : int
        Servers.
    offered : sequence of float
        Of each class: arrivals times mean service time. [Erlang]
    sizes : sequence of int
        Servers each of its customers takes, >= 1.

    References
    ----------
    Kaufman, IEEE Transactions on Communications 29(10), 1981, and Roberts, 1981.
    doi:10.1109/TCOM.1981.1094894

    Examples
    --------
    One class of single servers is Erlang's:

    >>> multirate_loss(5, [3], [1]).round(8).tolist()
    [0.11005435]
    """
    chance = np.zeros(capacity + 1)
    chance[0] = 1.0
    for n in range(1, capacity + 1):
        chance[n] = sum(
            load * size * chance[n - size]
            for load, size in zip(offered, sizes, strict=True)
            if size <= n
        ) / n  # fmt: skip
    chance /= chance.sum()
    return floats([chance[max(capacity - size + 1, 0) :].sum() for size in sizes])


def visit_rates(external: npt.ArrayLike, routing: npt.ArrayLike) -> Array:
    """Arrival rates at the nodes of an open network, by its traffic equations.

    Parameters
    ----------
    external : array_like, shape (nodes,)
        Arrivals from outside per unit of time.
    routing : array_like, shape (nodes, nodes)
        Chance to go from row to column after service; what is missing from 1 leaves. [1]

    References
    ----------
    Jackson, Operations Research 5(4), 1957. doi:10.1287/opre.5.4.518

    Examples
    --------
    >>> visit_rates([1, 0], [[0, 1], [0.25, 0]]).round(6).tolist()
    [1.333333, 1.333333]
    """
    move = floats(routing)
    return floats(np.linalg.solve(np.eye(len(move)) - move.T, floats(external)))


def machine_repair(machines: int, failure_rate: float, repair_rate: float, crews: int = 1) -> Array:
    """Chance that each number of machines is down. [1]

    Parameters
    ----------
    machines : int
        Machines, each of which fails at *failure_rate* while up.
    failure_rate, repair_rate : float
        Per machine up, and per crew at work, > 0. [1/time]
    crews : int
        Machines repaired at once, >= 1.

    Returns
    -------
    ndarray, shape (machines + 1,)
        From none down to all.

    References
    ----------
    Gross and Harris, Fundamentals of Queueing Theory, 4th ed. (2008), section 2.7.

    Examples
    --------
    >>> machine_repair(5, 0.1, 1.0).round(6).tolist()
    [0.563952, 0.281976, 0.11279, 0.033837, 0.006767, 0.000677]
    """
    require_positive(failure_rate=failure_rate, repair_rate=repair_rate, crews=crews)
    # Balance between k down and k + 1 down, in logarithms: a thousand hosts overflow.
    k = np.arange(machines)
    steps = np.log((machines - k) * failure_rate) - np.log(np.minimum(k + 1, crews) * repair_rate)
    logs = np.concatenate([[0.0], np.cumsum(steps)])
    chances = np.exp(logs - logs.max())
    return chances / chances.sum()


def _offered(rate: float, service_rate: float, servers: int) -> float:
    require_not_negative(rate=rate)
    require_positive(service_rate=service_rate, servers=servers)
    if rate >= servers * service_rate:
        raise ValueError(
            f"arrivals {rate:g} must be below what {servers} servers do, {servers * service_rate:g}"
        )
    return rate / service_rate
