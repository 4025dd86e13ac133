"""siliconmix: a discrete-event simulator for choosing a mix of training silicon.

Public names, for scenario scripts:

- `load`: a scenario file and its case, validated; `cases`: the names of its cases.
- `run_study`: replications of one or more scenarios, on disk.
- `SpecError`: every fault of a file at once.
"""

from simulator.spec.loader import Given, SpecError, cases, load
from simulator.study import Outcome, run_study

__all__ = ["Given", "Outcome", "SpecError", "cases", "load", "run_study"]
