"""Many replications of many scenarios, over any executor, resumable.

Each replication is a task keyed by the hash of what determines it. What is already on
disk is not computed again, so an interrupted study resumes and two studies over one
folder share.
"""

from simulator.study.cases import plan_runs, run_study
from simulator.study.runs import Run, code_digest, run_key, stop_node
from simulator.study.tasks import Task, perform
from simulator.study.workers import Outcome

__all__ = [
    "Outcome",
    "Run",
    "Task",
    "code_digest",
    "perform",
    "plan_runs",
    "run_key",
    "run_study",
    "stop_node",
]
