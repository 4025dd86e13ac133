"""What faults and checkpoints leave of a training run.

Faults arrive at a constant rate; a fault anywhere in a gang stops the whole
gang, which falls back to its last checkpoint and restarts. Every argument
may be an array; they broadcast.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from simulator.laws.arrays import Array, floats, require_positive


def gang_mtbf_s(member_mtbf_s: npt.ArrayLike, members: npt.ArrayLike) -> Array:
    """Mean time between faults of a gang that any one member's fault stops. [s]

    Measured gangs of a thousand chips do better than this; from ten thousand
    up it holds within a few per cent (arXiv:2410.21680, figure 7).

    Parameters
    ----------
    member_mtbf_s : array_like
        Mean time between faults of one member, a chip or a host, > 0. [s]
    members : array_like
        Members of that kind in the gang, > 0.

    Examples
    --------
    The 2048 hosts of a 16384-GPU job, each faulting 6.5 times in 1000 days,
    published as 1.8 h:

    >>> round(float(gang_mtbf_s(86400 / 6.5e-3, 2048)) / 3600, 2)
    1.8
    """
    require_positive(member_mtbf_s=member_mtbf_s, members=members)
    return floats(member_mtbf_s) / floats(members)


def young_interval_s(write_s: npt.ArrayLike, mtbf_s: npt.ArrayLike) -> Array:
    """Checkpoint interval of least loss to first order, ``sqrt(2 C M)``. [s]

    Parameters
    ----------
    write_s : array_like
        Time a checkpoint stops the run, > 0. [s]
    mtbf_s : array_like
        Mean time between faults of the gang, > 0. [s]

    Returns
    -------
    ndarray
        Useful work between the end of one checkpoint and the start of the next. [s]

    References
    ----------
    Young, Communications of the ACM 17(9), 1974. doi:10.1145/361147.361115

    Examples
    --------
    >>> float(young_interval_s(300, 86400))
    7200.0
    """
    require_positive(write_s=write_s, mtbf_s=mtbf_s)
    return np.sqrt(2 * floats(write_s) * floats(mtbf_s))


def daly_interval_s(write_s: npt.ArrayLike, mtbf_s: npt.ArrayLike) -> Array:
    """Checkpoint interval of least loss to higher order. [s]

    Parameters and result as for :func:`young_interval_s`, which it corrects
    where a checkpoint takes long compared with the time between faults.

    References
    ----------
    Daly, Future Generation Computer Systems 22(3), 2006, equation 37.
    doi:10.1016/j.future.2004.11.016

    Examples
    --------
    >>> round(float(daly_interval_s(300, 86400)), 1)
    7001.4
    """
    require_positive(write_s=write_s, mtbf_s=mtbf_s)
    write, mtbf = floats(write_s), floats(mtbf_s)
    x = write / (2 * mtbf)
    series = np.sqrt(2 * write * mtbf) * (1 + np.sqrt(x) / 3 + x / 9) - write
    return np.where(x < 1, series, mtbf)


def checkpoint_overhead(
    interval_s: npt.ArrayLike, write_s: npt.ArrayLike, mtbf_s: npt.ArrayLike
) -> Array:
    """Time lost to writing and to recomputing, to first order, per time of work. [1]

    Restarts come on top.

    Examples
    --------
    >>> round(float(checkpoint_overhead(7200, 300, 86400)), 4)
    0.0833
    """
    require_positive(interval_s=interval_s, mtbf_s=mtbf_s)
    interval = floats(interval_s)
    return floats(write_s) / interval + interval / (2 * floats(mtbf_s))


def surviving_work_s(ran_s: npt.ArrayLike, checkpoint_s: npt.ArrayLike) -> Array:
    """Work a fault leaves behind: the whole checkpoint intervals already written. [s]

    Parameters
    ----------
    ran_s : array_like
        Useful time run since the job last started, >= 0. [s]
    checkpoint_s : array_like
        Useful work between two checkpoints, > 0; infinite if it writes none. [s]

    Examples
    --------
    >>> surviving_work_s([5.5, 10.0, 0.5], [1.0, 0.1, np.inf]).tolist()
    [5.0, 10.0, 0.0]
    """
    require_positive(checkpoint_s=checkpoint_s)
    ran, step = floats(ran_s), floats(checkpoint_s)
    # 10.0 // 0.1 is 99.0, so nudge before flooring. Relative, or else a job a
    # billion intervals old would be below the nudge.
    written = np.floor(ran / step * (1 + 1e-12) + 1e-9)
    kept = written * np.where(written > 0, step, 0.0)
    return np.minimum(kept, ran)


def expected_ettr(
    mtbf_s: npt.ArrayLike,
    interval_s: npt.ArrayLike,
    write_s: npt.ArrayLike,
    restart_s: npt.ArrayLike,
) -> Array:
    """Expected share of wall time that is productive training (ETTR). [1]

    ``(1 - (u + dt/2)/M) / (1 + w/dt)``: a fault loses the restart and half an
    interval; each interval pays a write. First order in the losses; where
    they exceed the time between faults no progress is made and the result is 0.

    Parameters
    ----------
    mtbf_s : array_like
        Mean time between faults of the gang, > 0. [s]
    interval_s : array_like
        Useful work between checkpoints, > 0. [s]
    write_s : array_like
        Time a checkpoint stops the run; 0 if it is written aside. [s]
    restart_s : array_like
        From a fault to the first useful step: detect, replace, load. [s]

    References
    ----------
    Kokolis et al., HPCA 2025, equation 2. arXiv:2410.21680

    Examples
    --------
    >>> round(float(expected_ettr(1.8 * 3600, 300, 0, 600)), 3)
    0.884
    """
    require_positive(mtbf_s=mtbf_s, interval_s=interval_s)
    interval = floats(interval_s)
    lost = (floats(restart_s) + interval / 2) / floats(mtbf_s)
    return np.maximum(1 - lost, 0.0) / (1 + floats(write_s) / interval)


def expected_completion_s(
    work_s: npt.ArrayLike,
    interval_s: npt.ArrayLike,
    write_s: npt.ArrayLike,
    restart_s: npt.ArrayLike,
    mtbf_s: npt.ArrayLike,
) -> Array:
    """Expected wall time of a run whose faults are a Poisson process. [s]

    ``M e^(R/M) (e^((dt+C)/M) - 1) W/dt``: exact for exponential faults, which
    may also strike in a write or a restart; the run is taken to be a whole
    number of intervals, each with its write.

    References
    ----------
    Daly, Future Generation Computer Systems 22(3), 2006, equation 20.
    doi:10.1016/j.future.2004.11.016

    Examples
    --------
    >>> round(float(expected_completion_s(100, 10, 0, 0, 1e9)), 3)
    100.0
    """
    require_positive(interval_s=interval_s, mtbf_s=mtbf_s)
    mtbf = floats(mtbf_s)
    segment = floats(interval_s) + floats(write_s)
    tries = mtbf * np.exp(floats(restart_s) / mtbf) * np.expm1(segment / mtbf)
    return tries * floats(work_s) / floats(interval_s)


def availability(mtbf_s: npt.ArrayLike, mttr_s: npt.ArrayLike) -> Array:
    """Long-run share of time a repairable part is up. [1]

    Parameters
    ----------
    mtbf_s : array_like
        Mean time up between faults, > 0. [s]
    mttr_s : array_like
        Mean time to repair, >= 0. [s]

    Examples
    --------
    >>> round(float(availability(1000, 50)), 6)
    0.952381
    """
    require_positive(mtbf_s=mtbf_s)
    up = floats(mtbf_s)
    return up / (up + floats(mttr_s))
