"""A small study written by hand, so that every number of the analysis is known beforehand.

Two quarters, two services, two sites, a merchant GPU and a chip of one's own. Four
replications differ by ``NOISE`` in the work done; cases add what ``GAIN`` says.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl

from simulator import results
from simulator.units import DAY_S, HOUR_S

REPLICATIONS = 4
#: Work done above its mean, by replication. [rce-days]
NOISE = (-3.0, 1.0, 2.0, 0.0)
#: Work a case adds to the baseline's, by replication. [rce-days]
GAIN = {
    "baseline": (0.0,) * 4,
    "more_chips": (9.0, 11.0, 9.0, 11.0),
    "noisy_case": (-5.0, 5.0, -5.0, 5.0),
}
#: Work lost when a node stops. [rce-days]
STOP_LOSS = {"nv": 20.0, "fab-one": 35.0, "fab-two": 0.0}
SWITCH = "pod0/plane1"
QUARTERS = ("2025Q1", "2025Q2")
LENGTH_S = (90 * DAY_S, 91 * DAY_S)
HORIZON_S = sum(LENGTH_S)
#: Work done by service and quarter, without noise and gain. [rce-days]
DONE = {"feed": (90.0, 80.0), "lm": (40.0, 30.0)}
ASKED = {"feed": (100.0, 100.0), "lm": (50.0, 50.0)}
#: Work of the jobs below that were given up or had not started. [rce-days]
UNSERVED = {"feed": (0.0, 12.0), "lm": (15.0, 3.0)}


def figure(value: float, status: str = "published") -> dict[str, Any]:
    return {
        "value": value,
        "status": status,
        "source": "a hand-written example",
        "date": "2025-01",
        "low": value / 2 if status == "assumed" else None,
        "high": value * 2 if status == "assumed" else None,
    }


def scenario() -> dict[str, Any]:
    return {
        "title": "Which mix, in the small?",
        "horizon": {"start": "2025Q1", "quarters": 2},
        "catalog": {
            "reference_chip": "gpu-a",
            "chips": {
                "gpu-a": {
                    "label": "GPU A",
                    "kind": "gpu",
                    "vendor": "nv",
                    "foundry": {"fab-one": 1.0},
                },
                "own-b": {
                    "label": "Own B",
                    "kind": "custom",
                    "vendor": "partner",
                    "foundry": {"fab-one": 0.5, "fab-two": 0.5},
                },
            },
            "racks": {
                "gpu-a": {"chip": "gpu-a", "price": figure(3e6)},
                "own-b": {"chip": "own-b", "price": figure(1e6, "assumed")},
            },
            "families": {
                "dlrm": {"label": "Recommendation", "network": figure(0.4)},
                "dense": {"label": "Dense", "network": figure(0.2)},
            },
            "software": {"ports": {}},
        },
        "sites": {
            "east": {
                "label": "East",
                "phases": [
                    {"quarter": "2024Q4", "it_power": 3e6, "racks": 40},
                    {"quarter": "2025Q2", "it_power": 1e6, "racks": 10},
                ],
            },
            "west": {
                "label": "West",
                "phases": [{"quarter": "2025Q2", "it_power": 2e6, "racks": 20}],
            },
        },
        "services": {
            "feed": {"label": "Feed ranking", "side": "social", "patience": 24 * HOUR_S},
            "lm": {"label": "Language models", "side": "social", "patience": 24 * HOUR_S},
        },
        "supply": {
            "nodes": {
                "nv": {"label": "Vendor N", "kind": "vendor", "country": "US"},
                "partner": {"label": "Partner", "kind": "vendor", "country": "US"},
                "fab-one": {"label": "Fab One", "kind": "foundry", "country": "TW"},
                "fab-two": {"label": "Fab Two", "kind": "foundry", "country": "KR"},
            },
            "programme": {
                "chip": "own-b",
                "gate": {
                    "quarter": "2025Q2",
                    "min_performance": 0.9,
                    "min_performance_per_watt": 1.0,
                    "forced": None,
                },
            },
        },
        "economics": {"training_share": figure(0.4, "assumed")},
        "stops": {"nodes": list(STOP_LOSS), "quarter": "2025Q1", "quarters": 1, "cases": []},
    }


def jobs() -> dict[str, list[Any]]:
    """Feed waits 0, 1, 2, 3, 10 h; language models wait 4, 24 (given up) and 6 h (horizon)."""
    rows = [
        # service, submit, start, work [rce-days], gave_up; the first runs from before the start
        ("feed", 0.0, 0.0, 10.0, False),
        ("feed", 1 * HOUR_S, 1 * HOUR_S, 20.0, False),
        ("feed", 1 * HOUR_S, 2 * HOUR_S, 20.0, False),
        ("feed", 1 * HOUR_S, 3 * HOUR_S, 20.0, False),
        ("feed", 1 * HOUR_S, 4 * HOUR_S, 20.0, False),
        ("feed", HORIZON_S - 10 * HOUR_S, None, 12.0, False),
        ("lm", 1 * HOUR_S, 5 * HOUR_S, 50.0, False),
        ("lm", 1 * HOUR_S, None, 15.0, True),
        ("lm", HORIZON_S - 6 * HOUR_S, None, 3.0, True),
    ]
    n = len(rows)
    return {
        "job_id": list(range(n)),
        "service": [r[0] for r in rows],
        "family": ["dlrm" if r[0] == "feed" else "dense" for r in rows],
        "chips": [8] * n,
        "submit_s": [r[1] for r in rows],
        "start_s": [r[2] for r in rows],
        "finish_s": [None] * n,
        "site": [None] * n,
        "chip": [None] * n,
        "restarts": [0] * n,
        "work_rce_s": [r[3] * DAY_S for r in rows],
        "productive_rce_s": [0.0] * n,
        "lost_rce_s": [0.0] * n,
        "gave_up": [r[4] for r in rows],
    }


def rows(name: str, *values: tuple[Any, ...]) -> pl.DataFrame:
    columns = list(results.schemas()[name])
    return results.table(name, {c: [v[k] for v in values] for k, c in enumerate(columns)})


def result(case: str, replication: int, lost: float = 0.0) -> results.Result:
    """Tables of one replication; see the tests for what they must come to."""
    extra = NOISE[replication] + GAIN[case][replication] - lost
    work = []
    for service, family in (("feed", "dlrm"), ("lm", "dense")):
        for k, quarter in enumerate(QUARTERS):
            done = DONE[service][k] + (extra if (service, k) == ("feed", 1) else 0.0)
            # Held 25 chip-days, 1 restarting, 20 productive.
            held = (25 * DAY_S, 20 * DAY_S, done * DAY_S, 2 * DAY_S, 1 * DAY_S)
            work.append((quarter, service, family, "east", "gpu-a", *held))
    ramps = replication != 2
    measured = (1.1, 1.2) if ramps else (0.8, 1.2)
    decision = "ramp" if ramps else "cancel"
    tables = {
        "asked": rows(
            "asked",
            *(
                (q, s, "dlrm", 10, ASKED[s][k] * DAY_S, UNSERVED[s][k] * DAY_S)
                for s in ASKED
                for k, q in enumerate(QUARTERS)
            ),
        ),
        "work": rows("work", *work),
        "jobs": results.table("jobs", jobs()),
        "fleet": rows(
            "fleet",
            (0.0, "east", "gpu-a", 10, 80, 4e5),
            (LENGTH_S[0] / 2, "east", "gpu-a", 20, 160, 8e5),
            # At the very end of the first quarter: part of the second.
            (LENGTH_S[0], "west", "own-b", 30, 480, 6e5),
        ),
        "fleet_quarter": rows(
            "fleet_quarter",
            ("2025Q1", "east", "gpu-a", 60 * DAY_S, 0.0),
            ("2025Q2", "east", "gpu-a", 65 * DAY_S, 5 * DAY_S),
        ),
        "orders": rows(
            "orders",
            ("p/1", "gpu-a", "nv", "plan", 10, 3e6, 0.0, 0.0, 5.0, 6.0, False),
            ("p/2", "own-b", "partner", "pilot", 30, 1e6, 0.0, 0.0, 5.0, 6.0, False),
        ),
        "deliveries": rows(
            "deliveries",
            ("in/0", "east", "gpu-a", 10, 0.0),
            ("p/1", "east", "gpu-a", 10, LENGTH_S[0] / 2),
            ("p/2", "west", "own-b", 30, LENGTH_S[0]),
        ),
        "waiting": rows(
            "waiting",
            ("2025Q1", "gpu-a", "money", 4 * LENGTH_S[0]),
            ("2025Q1", "own-b", "money", 1 * LENGTH_S[0]),
            ("2025Q1", "gpu-a", "supply", 2 * LENGTH_S[0]),
            ("2025Q2", "gpu-a", "power", 7 * LENGTH_S[1]),
        ),
        "energy": rows(
            "energy",
            ("2025Q1", "east", "gpu-a", 3.6e15, 4.5e15, 100.0),
            ("2025Q2", "east", "gpu-a", 3.6e15, 4.5e15, 100.0),
        ),
        "cost": rows(
            "cost",
            ("2025Q1", "cash", "racks", "gpu-a", 3e7),
            ("2025Q1", "cash", "development", "own-b", 1e7),
            ("2025Q1", "cash", "energy", "gpu-a", 200.0),
            ("2025Q1", "accrual", "racks", "gpu-a", 1000.0),
            ("2025Q1", "accrual", "development", "own-b", 500.0),
            ("2025Q1", "accrual", "facility", "east", 700.0),
            ("2025Q1", "accrual", "energy", "gpu-a", 200.0),
            # Of an order called off 3 MUSD are paid and 1 is owed; 9 MUSD are not firm.
            ("2025Q1", "cash", "cancellation", "gpu-a", 3e6),
            ("2025Q1", "accrual", "cancellation", "gpu-a", 100.0),
            ("2025Q2", "owed", "cancellation", "gpu-a", 1e6),
            ("2025Q2", "owed", "racks", "gpu-a", 6e6),
            ("2025Q2", "pending", "racks", "own-b", 9e6),
        ),
        "nodes": rows("nodes", (0.0, "nv", 1.0)),
        "programme": rows(
            "programme",
            (0.0, "pilot_ordered", 1.0, None, None, None),
            (LENGTH_S[0], "gate", 1.0, *measured, 1.1),
            (LENGTH_S[0], decision, 1.0, *measured, 1.1),
        ),
        # Dense models run on GPU A alone, recommendation on Own B from the middle of the second.
        "stranded": rows(
            "stranded",
            ("2025Q2", "own-b", "dense", 0.2 * 65 * DAY_S),
            ("2025Q2", "own-b", "dlrm", 0.1 * 65 * DAY_S),
            ("2025Q2", "own-b", None, 0.1 * 65 * DAY_S),
        ),
        # Half full, then a quarter; one of four pods' trunks is taken whole at first.
        "links": rows(
            "links",
            (0.0, LENGTH_S[0], "east", "pods", "pod", 4.0, 1.0, 100e9, 50e9, 20e9, 1.0),
            (LENGTH_S[0], LENGTH_S[1], "east", "pods", "pod", 4.0, 0.0, 100e9, 25e9, 10e9, 0.5),
        ),
        "bundles": rows(
            "bundles",
            ("east", "pods", "pod", "pod0", 25e9 * HORIZON_S, 5e9 * HORIZON_S, LENGTH_S[0]),
            ("east", "pods", "pod", "pod1", 25e9 * HORIZON_S, 1e9 * HORIZON_S, 0.0),
        ),
        "contention": rows(
            "contention",
            (0.0, LENGTH_S[0], "east", "pods", 3.0, 2.0, 2.0, 1.0, 0.0),
            (LENGTH_S[0], LENGTH_S[1], "east", "pods", 3.0, 1.0, 4.0, 0.0, 0.25),
        ),
        "outages": rows(
            "outages",
            (LENGTH_S[0], "east", "pods", "pod-switch", SWITCH, "down", 2, 3 * DAY_S, 5.0),
            (LENGTH_S[0] + 2 * DAY_S, "east", "pods", "pod-switch", SWITCH, "up", 0, 0.0, -5.0),
        ),
        "events": rows("events", (0.0, "energised", "east", "3 MW")),
    }
    manifest = {
        "case": case,
        "changes": [f"{case}: made by hand"],
        "seed": 11,
        "replication": replication,
        "versions": {"polars": pl.__version__},
        "commit": "0123abc",
        "hash": case,
        "scenario": scenario(),
        "volatile": {"written_at": "2025-01-01T00:00:00+00:00", "wall_s": 1.5, "host": "here"},
    }
    return results.Result(tables, manifest)


def write_study(out: Path, replications: int = REPLICATIONS) -> Path:
    """Write the study: the cases above, one identical to the baseline, and forced stops."""
    cases = {
        "baseline": "h-baseline",
        "same_again": "h-baseline",
        "more_chips": "h-more_chips",
        "noisy_case": "h-noisy_case",
    }
    for case in GAIN:
        for k in range(replications):
            folder = results.replication_folder(out, f"h-{case}", k)
            results.write(result(case, k), folder)
    for node, loss in STOP_LOSS.items():
        for k in range(replications):
            folder = results.replication_folder(out, f"h-stop-{node}", k)
            results.write(result("baseline", k, loss), folder)
    index = {
        "title": "Which mix, in the small?",
        "seed": 11,
        "replications": replications,
        "cases": cases,
        "stops": {"baseline": {node: f"h-stop-{node}" for node in STOP_LOSS}},
        "scenario_file": "small.yaml",
    }
    (out / "study.json").write_text(json.dumps(index), encoding="utf-8")
    return out
