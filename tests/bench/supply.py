"""The supply world without jobs: five years, 40 nodes, 12 chips, against bare SimPy."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Any

import simpy

from simulator.spec.scenario import Scenario
from simulator.streams import Streams
from simulator.units import WEEK_S, next_quarter
from simulator.world.chain import Chain
from simulator.world.recorder import Recorder
from simulator.world.supply_world import SupplyWorld, read_supplies
from tests.bench.measure import Row, ratio, seconds
from tests.world.buying import buying, chip, figure, lead, node, rack, spread

CHIPS, QUARTERS = 12, 20
#: Replications timed together at size 1.
REPLICATIONS = 100
COUNTRIES = ("TW", "KR", "US", "JP")


def scenario() -> Scenario:
    """Return 12 chips ordered each quarter, on 40 nodes with shocks, scarcity and a queue."""
    fabs = [f"fab-{k}" for k in range(6)]
    lines = [f"line-{k}" for k in range(6)]
    makers = [f"maker-{k}" for k in range(4)]
    films = [f"film-{k}" for k in range(4)]
    others = [f"integrator-{k}" for k in range(6)] + [f"switch-{k}" for k in range(6)]
    nodes: dict[str, Any] = {}
    for k, name in enumerate([*fabs, *lines, *makers, *films, *others]):
        nodes[name] = node("foundry", COUNTRIES[k % 4])
    for k, country in enumerate(COUNTRIES):
        nodes[f"country-{k}"] = node("country", country)
    for line in lines:
        nodes[line]["capacity"] = {"2025Q1": figure(140)}
        nodes[line]["others"] = {"2025Q1": figure(60)}
        shares = {film: 1 / len(films) for film in films}
        nodes[line]["inputs"] = {"film": {"shares": shares, "source": "a bench"}}
    chips = {
        f"chip-{k}": chip(
            fabs[k % 6],
            lines[k % 6],
            makers[k % 4],
            inputs={
                "integrator": {"shares": {others[k % 6]: 1.0}, "source": "a bench"},
                "switch": {"shares": {others[6 + k % 6]: 1.0}, "source": "a bench"},
            },
        )
        for k in range(CHIPS)
    }
    shares = {"fab_share": 0.4, "package_share": 0.2, "ship_share": 0.1}
    state = {"wait": 4 * WEEK_S, "granted": 1.0}
    queue = {
        "regimes": {
            "loose": {**state, "leaves_to": {"tight": 0.2}},
            "tight": {**state, "wait": 12 * WEEK_S, "leaves_to": {"loose": 0.2}},
        },
        "start": "loose",
        "wait_spread": 1.5,
        "source": "a bench",
    }
    shocks = [
        {"node": name, "per_year": figure(0.06), "duration": spread(4 * WEEK_S, 19 * WEEK_S)}
        for name in nodes
    ]
    plan = [
        {"chip": name, "quarter": next_quarter("2025Q1", q), "racks": 30 + 5 * (q % 3)}
        for q in range(QUARTERS)
        for name in chips
    ]
    return buying(
        chips,
        racks={name: rack(name) for name in chips},
        quarters=QUARTERS,
        nodes=nodes,
        queues={"vendor": queue},
        lead_times={name: lead(26 * WEEK_S, 38 * WEEK_S, **shares) for name in chips},
        random_shocks=shocks,
        plan=plan,
        catch_up=figure(0.1),
    )


def replicate(chain: Chain, replications: int) -> None:
    """Run replications, to their tables."""
    assert all(read_supplies(chain, 0, replications, lambda world: len(world.record.tables)))


def events_of(chain: Chain, replications: int) -> int:
    """Return how many events SimPy processes in replications."""
    processed = 0
    for replication in range(replications):
        env = simpy.Environment()
        SupplyWorld(env, chain, Streams(0, replication), Recorder()).start()
        env.run(until=chain.scenario.horizon.calendar.horizon_s)
        processed += next(env._eid) - len(env._queue)
    return processed


def bare(events: int, replications: int) -> None:
    """Run the barest programs of as many events: processes that wait, five times each.

    So often an order waits: for its grant and for four stages.
    """

    def wait(env: simpy.Environment) -> Generator[simpy.Event, Any, None]:
        for _ in range(5):
            yield env.timeout(1.0)

    for _ in range(replications):
        env = simpy.Environment()
        for _ in range(events // replications // 7):  # beside the waits, a begin and an end
            env.process(wait(env))
        env.run()


def rows(size: float) -> Iterator[Row]:
    """The ratio to bare SimPy for as many events, and replications a second and core."""
    chain = Chain(scenario())
    replications = max(5, int(REPLICATIONS * size))
    processed = events_of(chain, replications)
    over, bare_s = ratio(
        lambda: replicate(chain, replications), lambda: bare(processed, replications), times=5
    )
    spent_s = seconds(lambda: replicate(chain, replications), times=5)
    beside = {
        "replications/s": replications / spent_s,
        "events": processed / replications,
        "bare us/event": 1e6 * bare_s / processed,
    }
    against = "bare SimPy, same events"
    yield Row("supply world", over, "1", against, 4.0, beside=beside)
    yield Row("supply worlds", replications / spent_s, "1/s", "target", 100.0, sense="min")
