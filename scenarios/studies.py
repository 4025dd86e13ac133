"""Studies composed: what is asked, how its runs are measured, where they run, what was found.

A script asks as a file does::

    from pathlib import Path
    from scenarios.studies import ask

    if __name__ == "__main__":  # worker processes import the script too
        found = ask(
            {
                "title": "Does a late foundry hurt?",
                "scenario": "scenarios/inhouse_pilot.yaml",
                "replications": 8,
                "portfolio": {"cases": ["baseline", "foundry_outage"]},
            },
            Path("out/inhouse_pilot"),
        )
        print(found.answers.sections["portfolio"].means())
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from analysis import metrics
from analysis.measures.parts import PARTED
from analysis.selection import replications_used
from analysis.studies import Answers, Measured, open_answers, write_record
from analysis.studies.select import survivors
from analysis.uncertainty import mean_interval
from simulator.spec.faults import SpecError, fault
from simulator.spec.study_file import StudyFile, load_study, study_of
from simulator.spec.study_inputs import Replications
from simulator.spec.study_sections import Select
from simulator.study.campaign import Answered, Campaign, Judge, index
from simulator.study.cluster import cluster
from simulator.study.kinds import plan_all
from simulator.study.notices import study_notices
from simulator.study.runs import run_key
from simulator.study.workers import Outcome, Workers

Array = npt.NDArray[np.float64]
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Found:
    """What a study left."""

    answers: Answers
    outcome: Outcome
    """Runs made and reused, and those that failed."""


def read_study(path: Path) -> StudyFile:
    """Read a study file, all faults at once."""
    return _with_jobs_for_waits(load_study(path, metrics.BY_ID, PARTED))


def _with_jobs_for_waits(file: StudyFile) -> StudyFile:
    """Refuse metrics of single jobs where no case has any.

    Raises
    ------
    SpecError
        Naming each such metric where it stands.
    """
    if any(one.scenario.policy.fidelity == "jobs" for one in file.given.values()):
        return file
    places: list[tuple[tuple[str | int, ...], str]] = [(("outcome",), file.plan.outcome)]
    places += [(("metrics", k), name) for k, name in enumerate(file.plan.metrics)]
    if file.plan.replications.precision is not None:
        named = file.plan.replications.precision.metric
        places.append((("replications", "precision", "metric"), named))
    message = (
        "is read off single jobs, which the fluid fidelity does not have; "
        "write 'policy.fidelity: jobs', or ask for another"
    )
    found = [
        fault(file.place(*loc), loc, f"{name!r} {message}")
        for loc, name in places
        if name in metrics.JOB_METRICS
    ]
    if found:
        raise SpecError(found)
    return file


def ask(
    told: StudyFile | Mapping[str, object],
    out: Path,
    *,
    workers: int | None = None,
    scheduler: str | None = None,
    progress: Progress = lambda kind, done, total: None,
) -> Found:
    """Make every run a study needs, and write what they answer.

    Parameters
    ----------
    told : StudyFile or mapping
        A study, or what a study file would say, with paths from the working folder.
    out : Path
        Folder of results; what is there is not computed again.
    workers : int, optional
        Local processes; all cores if not given.
    scheduler : str, optional
        A Dask scheduler, such as ``tcp://HOST:8786``, instead.
    progress : callable
        Called with (kind of question, tasks done, tasks in all).

    Returns
    -------
    Found

    Raises
    ------
    SpecError
        With every fault of the study, before anything is run.
    OSError
        If a result cannot be written, or nobody answers at *scheduler*.
    """
    file = told if isinstance(told, StudyFile) else study_of(told, metrics.BY_ID, parted=PARTED)
    file = _with_jobs_for_waits(file)
    planned = plan_all(file)
    out.mkdir(parents=True, exist_ok=True)
    measured = Measured(out, file.plan.wanted_metrics)
    answered: list[Answered] = []
    with _executor(scheduler) as executor, Workers(out, workers, executor) as crew:
        campaign = Campaign(file, crew, _judge(file, measured), progress)
        for question, arms in planned:
            answered.append(campaign.answer(question, arms))
    folder = study_folder(out, file)
    said = [f"{notice.key}: {notice.message}" for notice in study_notices(file, planned)]
    write_record(folder, index(file, answered) | {"notices": said}, measured)
    return Found(open_answers(folder), campaign.outcome)


def study_folder(out: Path, file: StudyFile) -> Path:
    """Return where a study's own results lie."""
    return out / "studies" / file.path.stem


def forget(file: StudyFile, out: Path) -> None:
    """Remove the runs a study begins with, so that they are computed again."""
    for _, arms in plan_all(file):
        for arm in arms:
            shutil.rmtree(out / run_key(arm.scenario, file.plan.seed), ignore_errors=True)


@contextmanager
def _executor(scheduler: str | None) -> Iterator[Executor | None]:
    if scheduler is None:
        yield None
    else:
        with cluster(scheduler) as executor:
            yield executor


def _judge(file: StudyFile, measured: Measured) -> Judge:
    def interval(sample: Array) -> tuple[float, float, float]:
        e = mean_interval(sample[np.isfinite(sample)])
        return e.mean, e.low, e.high

    def left(samples: Array, part: Select) -> tuple[int, ...]:
        lower_is_better = metrics.by_name(file.plan.outcome).more_is != "better"
        return survivors(samples, part.model_dump(), lower_is_better=lower_is_better)

    wanted = set(file.plan.wanted_metrics)
    return Judge(measured.outcome, _enough, interval, left, bool(wanted & metrics.JOB_METRICS))


def _enough(samples: Sequence[Array], rule: Replications) -> int | None:
    """After how many replications every sample's mean is known as surely as asked."""
    asked = rule.precision
    if asked is None:
        return rule.first
    used = []
    for sample in samples:
        good = np.flatnonzero(np.isfinite(sample))
        n = replications_used(sample[good], asked.relative, asked.level, rule.first)
        if n is None:
            return None
        used.append(int(good[n - 1]) + 1)
    return max(used)
