"""Services ask for training: the job table of one replication, drawn up front.

Nothing that happens in the world changes what the services ask, so all jobs
are drawn at the start, each service and size from streams of its own. For the
same reason worlds that differ in supply alone share one table of jobs.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from math import ceil, exp, log, sqrt
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.laws.demand import arrival_times, demand_rce, residual_run_s
from simulator.spec.scenario import Scenario
from simulator.spec.workload import JobSize, Service
from simulator.streams import Streams
from simulator.units import DAY_S, HOUR_S, quarter_start
from simulator.world.jobs import JobTable
from simulator.world.rates import checkpoint_interval_s

Array = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Demand:
    """All jobs asked within the horizon and what their codes mean.

    Attributes
    ----------
    table : JobTable
        Jobs sorted by (submit, id).
    services : tuple of str
        Service of a service code.
    classes : tuple of (str, int)
        Family and gang size of a job class. [-], [rce]
    """

    table: JobTable
    services: tuple[str, ...]
    classes: tuple[tuple[str, int], ...]


#: Tables of jobs kept for worlds that ask the same; one of the studies' is some 9 MB.
_KEPT = 8
_kept: OrderedDict[str, Demand] = OrderedDict()


def shared_demand(scenario: Scenario, streams: Streams) -> Demand:
    """Return what :func:`draw_demand` gives, drawn once for worlds that ask the same.

    Its arrays are shared: whoever takes it writes nothing into them.
    """
    key = _asked_by(scenario, streams)
    if key not in _kept:
        _kept[key] = draw_demand(scenario, streams)
        while len(_kept) > _KEPT:
            _kept.popitem(last=False)
    _kept.move_to_end(key)
    return _kept[key]


def _asked_by(scenario: Scenario, streams: Streams) -> str:
    """Return all that :func:`draw_demand` reads."""
    told = scenario.model_dump_json(include={"services", "horizon"})
    sizes = {size.chips for service in scenario.services.values() for size in service.sizes}
    steps_s = [checkpoint_interval_s(scenario, chips) for chips in sorted(sizes)]
    more = (streams.seed, streams.replication, steps_s, scenario.policy.restart.value)
    return f"{more} {told}"


def draw_demand(scenario: Scenario, streams: Streams) -> Demand:
    """Draw the jobs that all services ask for in one replication."""
    classes = _job_classes(scenario)
    code = {c: k for k, c in enumerate(classes)}
    services = tuple(sorted(scenario.services))
    parts = [
        _draw_size(scenario, streams, service_id, size, code, services.index(service_id))
        for service_id in services
        for size in scenario.services[service_id].sizes
    ]
    columns = {name: np.concatenate([p[name] for p in parts]) for name in parts[0]}
    order = np.argsort(columns["submit_s"], kind="stable")
    columns = {name: values[order] for name, values in columns.items()}
    columns["job_id"] = np.arange(len(order), dtype=np.int64)
    return Demand(JobTable(**columns), services, classes)


def _job_classes(scenario: Scenario) -> tuple[tuple[str, int], ...]:
    found = {
        (family, size.chips)
        for service in scenario.services.values()
        for family in service.families
        for size in service.sizes
    }
    return tuple(sorted(found))


def class_weights(scenario: Scenario, classes: tuple[tuple[str, int], ...]) -> Array:
    """Demand for each class at the start, shape (classes,). [rce]."""
    weight = np.zeros(len(classes))
    for service in scenario.services.values():
        for family, part in service.families.items():
            for size in service.sizes:
                at = classes.index((family, size.chips))
                weight[at] += service.demand.value * part * size.share
    return weight


def _draw_size(
    scenario: Scenario,
    streams: Streams,
    service_id: str,
    size: JobSize,
    code: dict[tuple[str, int], int],
    service_code: int,
) -> dict[str, Any]:
    """Draw one service's jobs of one size: in progress at the start, then arriving."""
    service = scenario.services[service_id]
    name = f"demand/{service_id}/{size.chips}"
    sigma = log(size.run_time.p90 / size.run_time.median) / NormalDist().inv_cdf(0.9)
    mean_run_s = size.run_time.median * exp(sigma**2 / 2)
    edges = np.arange(0.0, scenario.horizon.calendar.horizon_s + HOUR_S / 2, HOUR_S)
    work_rce = demand_rce(
        edges[:-1] + HOUR_S / 2,
        service.demand.value,
        service.growth_per_year.value,
        service.daily_swing,
        service.weekly_swing,
        since_monday_s=quarter_start(scenario.horizon.start).weekday() * DAY_S,
    )
    rate = size.share * work_rce / (size.chips * mean_run_s)

    at_start = size.share * service.demand.value / size.chips
    n_warm = int(streams(f"{name}/warm-count").poisson(at_start))
    warm_run = residual_run_s(
        streams(f"{name}/warm-run-times").standard_normal(n_warm),
        streams(f"{name}/warm-left").random(n_warm),
        size.run_time.median,
        sigma,
    )

    expected = float(np.sum(rate) * HOUR_S)
    gaps = streams(f"{name}/arrivals").exponential(size=ceil(expected + 10 * sqrt(expected) + 20))
    submit = arrival_times(np.cumsum(gaps), edges, rate)
    normal = streams(f"{name}/run-times").standard_normal(len(submit))
    run = size.run_time.median * np.exp(sigma * normal)
    family_u = np.concatenate(
        [
            streams(f"{name}/warm-families").random(n_warm),
            streams(f"{name}/families").random(len(submit)),
        ]
    )
    wrong = np.concatenate(
        [
            streams(f"{name}/warm-estimates").standard_normal(n_warm),
            streams(f"{name}/estimates").standard_normal(len(submit)),
        ]
    )
    return _columns(
        scenario,
        service,
        size,
        service_code,
        np.concatenate([np.zeros(n_warm), submit]),
        np.concatenate([warm_run, run]),
        np.exp(scenario.policy.estimate_error * wrong),
        family_u,
        code,
    )


def _columns(
    scenario: Scenario,
    service: Service,
    size: JobSize,
    service_code: int,
    submit_s: Array,
    run_s: Array,
    estimate: Array,
    family_u: Array,
    code: dict[tuple[str, int], int],
) -> dict[str, Any]:
    """Give each job its estimate, class, priority, checkpoint interval and patience."""
    n = len(submit_s)
    families = sorted(service.families)
    edges = np.cumsum([service.families[f] for f in families])
    which = np.minimum(np.searchsorted(edges, family_u, side="right"), len(families) - 1)
    classes = np.array([code[f, size.chips] for f in families], dtype=np.int32)
    return {
        "submit_s": submit_s,
        "chips": np.full(n, size.chips, dtype=np.int64),
        "work_s": run_s,
        "estimate_s": run_s * estimate,
        "job_class": classes[which],
        "service": np.full(n, service_code, dtype=np.int32),
        "priority": np.full(n, float(service.priority)),
        "checkpoint_s": np.full(n, checkpoint_interval_s(scenario, size.chips)),
        "restart_s": np.full(n, scenario.policy.restart.value),
        "patience_s": np.full(n, service.patience),
    }
