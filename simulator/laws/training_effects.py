"""What a law leaves over, learnt by group and shrunk: effects of software that no peak explains.

Rows of one group (a benchmark on a chip family, a round of a benchmark) miss a law alike, because
they share software. The mean miss of a group is its effect, drawn towards nothing the less it has
rows and the smaller effects of its kind are believed to be: the best linear unbiased prediction of
a mixed model. A group never seen has no effect, so the law speaks alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["fit_effects", "sum_effects"]

Array = NDArray[np.float64]


def fit_effects(
    residual: ArrayLike,
    groups: Sequence[Sequence[str]],
    spreads: Mapping[str, float],
    *,
    noise: float,
    rounds: int = 8,
) -> dict[str, float]:
    """Effect of each group on the logarithm of a row [1].

    Parameters
    ----------
    residual : array_like
        Logarithm of measured over predicted, a row each [1].
    groups : sequence of sequences of str
        Names of the groups each row is in; what stands before the first ``:`` is the kind.
    spreads : mapping
        Standard deviation believed of effects of each kind [1], > 0.
    noise : float
        Standard deviation of a row about its groups [1], > 0; larger misses count ever less.
    rounds : int
        Times the weights of the rows are found anew.

    Raises
    ------
    ValueError
        If a spread or the noise is not > 0.

    References
    ----------
    .. [1] Henderson, "Best linear unbiased estimation and prediction under a selection model",
       Biometrics 31 (1975), :doi:`10.2307/2529430`.

    Examples
    --------
    Four rows that miss by 0.1 give an effect of 0.1 times 4 / (4 + noise^2 / spread^2):

    >>> found = fit_effects([0.1] * 4, [["k:a"]] * 4, {"k": 0.1}, noise=0.1, rounds=1)
    >>> round(found["k:a"], 6)
    0.08
    """
    if not noise > 0 or any(not spread > 0 for spread in spreads.values()):
        raise ValueError(f"noise {noise!r} and spreads {dict(spreads)} must be > 0")
    left = np.asarray(residual, dtype=np.float64)
    names = sorted({name for row in groups for name in row})
    place = {name: i for i, name in enumerate(names)}
    design = np.zeros((left.size, len(names)))
    for number, row in enumerate(groups):
        for name in row:
            design[number, place[name]] = 1.0
    belief = np.array([spreads[name.split(":", 1)[0]] ** -2 for name in names])
    weights = np.ones(left.size)
    effects: Array = np.zeros(len(names))
    for _ in range(rounds):
        weighted = design.T * (weights / noise**2)
        effects = np.asarray(
            np.linalg.solve(weighted @ design + np.diag(belief), weighted @ left), np.float64
        )
        miss = (left - design @ effects) / noise
        weights = 1.0 / np.sqrt(1.0 + miss**2)
    return dict(zip(names, effects.tolist(), strict=True))


def sum_effects(groups: Sequence[Sequence[str]], effects: Mapping[str, float]) -> Array:
    """Sum of the effects of each row's groups [1]; a group never seen has none.

    Examples
    --------
    >>> sum_effects([["k:a", "l:b"], ["k:z"]], {"k:a": 0.1, "l:b": 0.2}).round(3).tolist()
    [0.3, 0.0]
    """
    return np.array([sum(effects.get(name, 0.0) for name in row) for row in groups], np.float64)
