"""Speed of a workload family on a chip, relative to the reference chip (one H100 SXM = 1 rce).

A step on the reference chip is split into the shares of its time that are bound by arithmetic, by
memory traffic and by the network. Each share shrinks with the ratio of the resource it waits for;
the shares add up because they do not hide behind each other (what overlaps is already left out of
the shares). It is Amdahl's law with three resources, or the additive form of the roofline.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["network_time_share", "relative_rate"]

_SHARES_SUM_TOLERANCE = 1e-6


def relative_rate(
    compute_share: ArrayLike,
    memory_share: ArrayLike,
    network_share: ArrayLike,
    peak_ratio: ArrayLike,
    memory_ratio: ArrayLike,
    network_ratio: ArrayLike,
    maturity: ArrayLike,
) -> NDArray[np.float64]:
    """Speed of a family on a chip over its speed on the reference chip [rce per chip].

    ``1 / rate = (compute / peak + memory / bandwidth + network / network) / maturity``.

    Parameters
    ----------
    compute_share, memory_share, network_share : array_like
        Shares of a step's time on the reference chip bound by each resource [1], in [0, 1],
        summing to 1.
    peak_ratio : array_like
        Matmul rate of the chip over the reference's, same precision policy [1], > 0.
    memory_ratio : array_like
        Memory bandwidth of the chip over the reference's [1], > 0.
    network_ratio : array_like
        Network bandwidth per chip over the reference's [1], > 0.
    maturity : array_like
        Share of the software's final efficiency reached on this chip, over the reference's [1],
        > 0; above 1 where the reference's own software is the less mature.

    Returns
    -------
    ndarray
        Relative rate [1], shape of the broadcast arguments. Never slower with more of any ratio,
        and between the least and the greatest ratio times the maturity.

    Raises
    ------
    ValueError
        If a share is outside [0, 1], the shares do not sum to 1, or a ratio is not finite and > 0.

    Notes
    -----
    Holds where the shares hold: a chip whose ratios differ by more than about 4x moves the shares
    of work that overlaps, and the full step-time law should be asked instead.

    References
    ----------
    .. [1] Amdahl, "Validity of the single processor approach to achieving large scale computing
       capabilities", AFIPS 1967, :doi:`10.1145/1465482.1465560`.
    .. [2] Williams, Waterman, Patterson, "Roofline", CACM 52(4) 2009,
       :doi:`10.1145/1498765.1498785`; the additive form is its lower bound on overlap.

    Examples
    --------
    Twice the arithmetic helps the half of the time that waits for it:

    >>> float(relative_rate(0.5, 0.25, 0.25, 2.0, 1.0, 1.0, 1.0).round(4))
    1.3333
    >>> relative_rate(0.2, 0.5, 0.3, [1.0, 2.0], [1.0, 2.0], [1.0, 2.0], 0.5)
    array([0.5, 1. ])
    """
    shares = {
        name: _within("share", name, value, upper=1.0)
        for name, value in (
            ("compute_share", compute_share),
            ("memory_share", memory_share),
            ("network_share", network_share),
        )
    }
    ratios = {
        name: _within("ratio", name, value)
        for name, value in (
            ("peak_ratio", peak_ratio),
            ("memory_ratio", memory_ratio),
            ("network_ratio", network_ratio),
            ("maturity", maturity),
        )
    }
    total = shares["compute_share"] + shares["memory_share"] + shares["network_share"]
    wrong = np.abs(total - 1.0) > _SHARES_SUM_TOLERANCE
    if np.any(wrong):
        raise ValueError(f"shares sum to {_first(total, wrong)!r}, must sum to 1")
    time = (
        shares["compute_share"] / ratios["peak_ratio"]
        + shares["memory_share"] / ratios["memory_ratio"]
        + shares["network_share"] / ratios["network_ratio"]
    )
    return np.asarray(ratios["maturity"] / time, dtype=np.float64)


def network_time_share(
    compute_share: ArrayLike,
    memory_share: ArrayLike,
    network_share: ArrayLike,
    peak_ratio: ArrayLike,
    memory_ratio: ArrayLike,
    network_ratio: ArrayLike,
) -> NDArray[np.float64]:
    """Share of a step on a chip that waits for the network [1].

    Parameters
    ----------
    compute_share, memory_share, network_share, peak_ratio, memory_ratio, network_ratio : array_like
        As in `relative_rate`.

    Examples
    --------
    A quarter of the reference's step; on twice the arithmetic and memory bandwidth, two fifths:

    >>> network_time_share(0.5, 0.25, 0.25, 2.0, 2.0, 1.0).item()
    0.4
    """
    waiting = np.asarray(network_share, float) / np.asarray(network_ratio, float)
    shares = compute_share, memory_share, network_share
    ratios = peak_ratio, memory_ratio, network_ratio
    return np.asarray(waiting * relative_rate(*shares, *ratios, 1.0), dtype=np.float64)


def _within(kind: str, name: str, value: ArrayLike, upper: float = np.inf) -> NDArray[np.float64]:
    array = np.asarray(value, dtype=np.float64)
    if kind == "share":
        wrong = ~((array >= 0.0) & (array <= upper))
        bound = "in [0, 1]"
    else:
        wrong = ~((array > 0.0) & np.isfinite(array))
        bound = "finite and > 0"
    if np.any(wrong):
        raise ValueError(f"{name} is {_first(array, wrong)!r}, must be {bound}")
    return array


def _first(array: NDArray[Any], wrong: NDArray[np.bool_]) -> float:
    return float(np.atleast_1d(array)[np.atleast_1d(wrong)][0])
