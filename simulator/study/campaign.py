"""A study's runs, made as its questions need them, and where each answer's runs lie.

What a run's numbers mean is not known here: whoever composes the study hands in how a
run is measured, and when replications are enough.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from simulator.spec.study_file import Question, StudyFile
from simulator.spec.study_inputs import Replications
from simulator.spec.study_sections import BreakEven, Select
from simulator.study.inputs import Arm, ranges, unit_of
from simulator.study.kinds import break_even, select
from simulator.study.runs import run_key
from simulator.study.tasks import tasks_of
from simulator.study.workers import Outcome, Workers

Array = npt.NDArray[np.float64]
#: Replications added between two looks at a precision, as a part of those there are.
_GROWTH = 0.5


@dataclass(frozen=True)
class Judge:
    """How runs are measured and judged."""

    outcome: Callable[[str, str, int], Array]
    """From a metric, a run and a number of replications to one number each; NaN: it failed."""
    enough: Callable[[Sequence[Array], Replications], int | None]
    """After how many replications all samples are known as surely as asked; None: not yet."""
    interval: break_even.Interval
    """From a sample of differences to its mean and the ends of its interval."""
    survivors: Callable[[Array, Select], tuple[int, ...]]
    """Who is left of a race, from outcomes of shape (arms, replications)."""
    needs_jobs: bool
    """Whether a wanted metric is read off single jobs."""


@dataclass(frozen=True)
class Answered:
    """A section of the study with the runs that answer it."""

    question: Question[Any]
    arms: tuple[Arm, ...]
    replications: tuple[int, ...]
    """Of each arm, those that count."""


class Campaign:
    """Makes the runs of one study.

    Parameters
    ----------
    file : StudyFile
    crew : Workers
    judge : Judge
    progress : callable, optional
        Called with (kind of question, tasks done, tasks in all).
    """

    def __init__(
        self,
        file: StudyFile,
        crew: Workers,
        judge: Judge,
        progress: Callable[[str, int, int], None] = lambda kind, done, total: None,
    ) -> None:
        self.file = file
        self.crew = crew
        self.judge = judge
        self.progress = progress
        self.outcome = Outcome()
        #: Folders looked at already, so that a failed replication is not tried again and again.
        self._seen: set[Path] = set()

    def answer(self, question: Question[Any], arms: list[Arm]) -> Answered:
        """Make every run a section needs.

        Raises
        ------
        OSError
            If a result cannot be written. What is finished stays.
        """
        part = question.part
        if isinstance(part, Select):
            made = select.race(
                question,
                arms,
                lambda some, n: self._outcomes(question, some, n),
                lambda samples: self.judge.survivors(samples, part),
            )
            return Answered(question, tuple(arms), tuple(made))
        n = self._replicate(question, arms)
        if isinstance(part, BreakEven):
            arms = break_even.search(
                question,
                arms,
                lambda arm: self._outcomes(question, [arm], n)[0],
                self.judge.interval,
            )
        return Answered(question, tuple(arms), (n,) * len(arms))

    def _replicate(self, question: Question[Any], arms: list[Arm]) -> int:
        """Replicate until every arm is known as surely as asked; all alike, so that they pair."""
        rule, alone = self.file.plan.replications, question.part.replications
        n = alone or rule.first
        self._finish(question, arms, n)
        if alone or rule.precision is None:
            return n
        while True:
            samples = [self._outcome(arm, n, rule.precision.metric) for arm in arms]
            stop = self.judge.enough(samples, rule)
            if stop is not None:
                return stop
            if n >= rule.most:
                return n
            n = min(rule.most, n + max(1, int(n * _GROWTH)))
            self._finish(question, arms, n)

    def _outcomes(self, question: Question[Any], arms: list[Arm], n: int) -> list[Array]:
        self._finish(question, arms, n)
        return [self._outcome(arm, n, self.file.plan.outcome) for arm in arms]

    def _outcome(self, arm: Arm, n: int, metric: str) -> Array:
        return self.judge.outcome(metric, run_key(arm.scenario, self.file.plan.seed), n)

    def _finish(self, question: Question[Any], arms: list[Arm], n: int) -> None:
        """Do what is not on disk of the first *n* replications of each arm."""
        runs = [arm.run(jobs=self.judge.needs_jobs) for arm in arms]
        tasks = tasks_of(runs, self.file.plan.seed, range(n))
        wanted = {task.folder(self.crew.out): task for task in tasks}
        fresh = {folder: task for folder, task in wanted.items() if folder not in self._seen}
        self._seen |= fresh.keys()
        todo = [task for task in fresh.values() if not task.is_done(self.crew.out)]
        self.outcome.reused += len(fresh) - len(todo)
        total, there = len(wanted), len(wanted) - len(todo)
        self.progress(question.kind, there, total)
        self.outcome.add(
            self.crew.run(todo, lambda done: self.progress(question.kind, there + done, total))
        )


def index(file: StudyFile, answers: Sequence[Answered]) -> dict[str, Any]:
    """Return what the study's folder tells of it: questions, inputs, runs; nothing volatile."""
    plan = file.plan
    first = next(iter(file.given.values()))
    return {
        "title": plan.title,
        "study_file": file.path.name,
        "scenario_file": first.path.name,
        "seed": plan.seed,
        "outcome": plan.outcome,
        "metrics": list(plan.wanted_metrics),
        "labels": {
            "services": {key: one.label for key, one in first.scenario.services.items()},
            "nodes": {key: one.label for key, one in first.scenario.supply.nodes.items()},
        },
        "sections": {a.question.kind: _section(a, plan.seed) for a in answers},
    }


def _section(answered: Answered, seed: int) -> dict[str, Any]:
    part = answered.question.part
    return {
        "says": part.model_dump(mode="json"),
        "inputs": _units(part),
        "arms": [
            {
                "label": arm.label,
                "case": arm.case,
                "stopped": arm.stopped,
                "settings": dict(arm.settings),
                "changes": list(arm.changes),
                "run": run_key(arm.scenario, seed),
                "replications": n,
            }
            for arm, n in zip(answered.arms, answered.replications, strict=True)
        ],
    }


def _units(part: Any) -> Mapping[str, str]:
    """Return each input's unit, by its name."""
    if isinstance(part, BreakEven):
        return {name: unit_of(item) for name, (item, _) in ranges(part).items()}
    return {name: unit_of(item) for name, item in getattr(part, "inputs", {}).items()}
