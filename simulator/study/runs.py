"""What determines a run: a scenario, a seed, this code and the libraries it uses."""

from __future__ import annotations

import hashlib
import json
import platform
import subprocess
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path

from simulator.spec.scenario import Scenario
from simulator.spec.shocks import Shock

#: Packages whose version may change a number.
_PACKAGES = ("numpy", "numba", "scipy", "simpy", "polars", "pydantic")
#: Of this package; how runs are planned and shared out changes no number in them.
_DECIDES_NOTHING = "study"


@dataclass(frozen=True)
class Run:
    """One scenario of a study, whole, with its name: a case, or a case with a node stopped."""

    case: str
    scenario: Scenario
    changes: tuple[str, ...] = ()
    stopped: str | None = None
    jobs: bool = True
    """Whether the table of single jobs is kept; without it a run takes a tenth of the disk."""

    @property
    def is_fluid(self) -> bool:
        """Whether work flows to chips, and no single job is seen."""
        return self.scenario.policy.fidelity == "fluid"


def run_key(scenario: Scenario, seed: int) -> str:
    """Return the hash of what determines a run: scenario, seed and this code."""
    # A title and the stops to study name runs; they change no number in them.
    given = scenario.model_dump(mode="json", exclude={"title", "stops"})
    what = {"scenario": given, "seed": seed, "code": code_digest(), "versions": versions()}
    text = json.dumps(what, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@lru_cache(maxsize=1)
def code_digest() -> str:
    """Return the hash of the source that decides what a run's numbers are."""
    root = Path(__file__).parent.parent
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        name = path.relative_to(root)
        if name.parts[0] != _DECIDES_NOTHING:
            digest.update(name.as_posix().encode() + path.read_bytes())
    return digest.hexdigest()[:16]


@lru_cache(maxsize=1)
def versions() -> dict[str, str]:
    """Return the versions that may change a number."""
    return {"python": platform.python_version()} | {p: version(p) for p in _PACKAGES}


@lru_cache(maxsize=1)
def commit() -> str:
    """Return the commit of the code, marked if the tree differs; the digest without git."""
    command = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty"]
    try:
        found = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return f"source {code_digest()}"
    return found.stdout.strip()


def with_shock(
    scenario: Scenario, node: str, quarter: str, duration_s: float, severity: float = 1.0
) -> Scenario:
    """Return the scenario with one more stop of a node.

    Parameters
    ----------
    scenario : Scenario
    node : str
        The node that is hit.
    quarter : str
        From the start of this quarter.
    duration_s : float
        For so long. [s]
    severity : float
        Share of its output that is lost, in (0, 1]. [1]
    """
    # Specs take text with units at the border; inside the program they take SI values.
    shock = Shock.model_construct(
        node=node, quarter=quarter, duration=duration_s, severity=severity
    )
    supply = scenario.supply.model_copy(update={"shocks": [*scenario.supply.shocks, shock]})
    return scenario.model_copy(update={"supply": supply})


def stop_node(scenario: Scenario, node: str) -> Scenario:
    """Return the scenario with a node stopped as its stop study says.

    Raises
    ------
    ValueError
        If the scenario has no stop study.
    """
    stops = scenario.stops
    if stops is None:
        raise ValueError("the scenario has no 'stops' section")
    calendar = scenario.horizon.calendar
    from_s = calendar.at(stops.quarter)
    names = [q for q in calendar.names() if calendar.at(q) >= from_s][: stops.quarters + 1]
    until_s = calendar.at(names[-1]) if len(names) > stops.quarters else calendar.horizon_s
    return with_shock(scenario, node, stops.quarter, until_s - from_s)
