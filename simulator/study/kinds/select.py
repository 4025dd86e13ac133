"""Which case is best: a race in which whoever is shown worse drops out."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from simulator.spec.study_file import Question
from simulator.spec.study_sections import Select
from simulator.study.inputs import Arm, as_given

Array = npt.NDArray[np.float64]
#: Replications added between two looks, as a part of those there are.
_GROWTH = 0.5


def plan(question: Question[Select]) -> list[Arm]:
    """Return the cases."""
    part = question.part
    return [as_given(case, question.file.given[case]) for case in dict.fromkeys(part.cases)]


def race(
    question: Question[Select],
    arms: list[Arm],
    outcomes: Callable[[list[Arm], int], list[Array]],
    survivors: Callable[[Array], tuple[int, ...]],
) -> list[int]:
    """Return how many replications of each arm were made before it dropped out, or all ended.

    Parameters
    ----------
    question : Question
    arms : list of Arm
    outcomes : callable
        From arms and a number of replications to the outcomes of each.
    survivors : callable
        From outcomes, shape (arms, replications), NaN where none was made, to who is left.
    """
    part = question.part
    made = [0] * len(arms)
    samples = np.full((len(arms), part.most), np.nan)
    alive: tuple[int, ...] = tuple(range(len(arms)))
    n = part.first
    while True:
        found = outcomes([arms[k] for k in alive], n)
        for k, sample in zip(alive, found, strict=True):
            samples[k, :n], made[k] = sample, n
        alive = survivors(samples[:, :n])
        if len(alive) == 1 or n == part.most:
            return made
        n = min(part.most, n + max(1, int(n * _GROWTH)))
