"""Which points of the input space to run, so that what matters can be told apart.

A design is a plain array of inputs; run every row on the same replications,
then hand the outcomes, in the same order, to the sensitivity analysis.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.stats import qmc

from simulator.laws.arrays import Array, floats


def one_at_a_time(base: npt.ArrayLike, low: npt.ArrayLike, high: npt.ArrayLike) -> Array:
    """Base, then each input at its low and at its high with the others at base.

    Parameters
    ----------
    base, low, high : array_like, shape (inputs,)
        In each input's own unit.

    Returns
    -------
    ndarray, shape (1 + 2 inputs, inputs)
        Base first; then low and high of the first input, of the second, ...

    Examples
    --------
    >>> one_at_a_time([5, 5], [1, 2], [9, 8]).tolist()
    [[5.0, 5.0], [1.0, 5.0], [9.0, 5.0], [5.0, 2.0], [5.0, 8.0]]
    """
    centre, bottom, top = np.atleast_1d(floats(base)), floats(low), floats(high)
    if not centre.shape == bottom.shape == top.shape:
        raise ValueError(f"base, low and high must match, got {centre.shape}, {bottom.shape}")
    runs = np.tile(centre, (1 + 2 * centre.size, 1))
    each = np.arange(centre.size)
    runs[1 + 2 * each, each] = bottom
    runs[2 + 2 * each, each] = top
    return runs


def morris_design(low: npt.ArrayLike, high: npt.ArrayLike, paths: int, seed: int) -> Array:
    """Random walks through a grid that move one input a step (Morris screening).

    Parameters
    ----------
    low, high : array_like, shape (inputs,)
        Range of each input, in its own unit.
    paths : int
        Walks, >= 2; ten to fifty are usual.
    seed : int
        Of the walks.

    Returns
    -------
    ndarray, shape (paths, inputs + 1, inputs)

    References
    ----------
    Morris, Technometrics 33(2), 1991. doi:10.1080/00401706.1991.10484804
    """
    bottom, top = _range(low, high)
    if paths < 2:
        raise ValueError(f"paths must be >= 2, got {paths}")
    rng = np.random.default_rng(seed)
    k = bottom.size
    # Four levels and steps of two thirds, as Morris advises: 0 <-> 2/3, 1/3 <-> 1.
    starts = rng.integers(0, 4, (paths, k)) / 3
    steps = np.where(starts < 0.5, 2 / 3, -2 / 3)
    walks = np.repeat(starts[:, None, :], k + 1, axis=1)
    for path in range(paths):
        for row, moved in enumerate(rng.permutation(k), start=1):
            walks[path, row:, moved] += steps[path, moved]
    return bottom + walks * (top - bottom)


def sobol_design(low: npt.ArrayLike, high: npt.ArrayLike, n: int, seed: int) -> Array:
    """Saltelli's points for Sobol indices: two samples and their crossings.

    Parameters
    ----------
    low, high : array_like, shape (inputs,)
        Range of each input, in its own unit, taken as uniform.
    n : int
        Size of a sample, a power of 2.
    seed : int
        Of the scrambled Sobol sequence.

    Returns
    -------
    ndarray, shape (inputs + 2, n, inputs)
        Sample A, sample B, then A with each input in turn taken from B.

    References
    ----------
    Saltelli et al., Computer Physics Communications 181(2), 2010.
    doi:10.1016/j.cpc.2009.09.018
    """
    bottom, top = _range(low, high)
    if n < 2 or n & (n - 1):
        raise ValueError(f"n must be a power of 2, got {n}")
    k = bottom.size
    both = qmc.Sobol(2 * k, rng=np.random.default_rng(seed)).random(n)
    a, b = both[:, :k], both[:, k:]
    crossed = np.repeat(a[None], k, axis=0)
    each = np.arange(k)
    crossed[each, :, each] = b.T
    return bottom + np.concatenate([a[None], b[None], crossed]) * (top - bottom)


def unit_points(inputs: int, points: int, sampler: str, seed: int) -> Array:
    """Points spread evenly over the unit cube.

    Parameters
    ----------
    inputs : int
        Dimensions.
    points : int
        How many.
    sampler : {'latin-hypercube', 'sobol'}
        One point in each of so many slices of every input, or a scrambled Sobol sequence.
    seed : int

    Returns
    -------
    ndarray, shape (points, inputs)
        In [0, 1). [1]

    References
    ----------
    McKay, Beckman and Conover, Technometrics 21(2), 1979. doi:10.2307/1268522
    Owen, Journal of Complexity 14(4), 1998. doi:10.1006/jcom.1998.0487

    Examples
    --------
    >>> sorted((4 * unit_points(2, 4, "latin-hypercube", 0)[:, 0]).astype(int).tolist())
    [0, 1, 2, 3]
    """
    rng = np.random.default_rng(seed)
    if sampler == "sobol":
        # The sequence is even over whole powers of two; the rest of the last one is cut off.
        whole = qmc.Sobol(inputs, rng=rng).random_base2(max(0, points - 1).bit_length())
        return floats(whole[:points])
    return floats(qmc.LatinHypercube(inputs, rng=rng).random(points))


def _range(low: npt.ArrayLike, high: npt.ArrayLike) -> tuple[Array, Array]:
    bottom, top = np.atleast_1d(floats(low)), np.atleast_1d(floats(high))
    if bottom.shape != top.shape or not np.all(bottom < top):
        raise ValueError(f"low must be < high, got {bottom.tolist()} and {top.tolist()}")
    return bottom, top
