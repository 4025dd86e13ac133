"""Which node matters, by each of the questions one may mean.

=====================================================  ==========================
question                                               measure
=====================================================  ==========================
where does a point of availability help most?          Birnbaum
which nodes drive today's number?                      criticality, Fussell-Vesely
what if it fails for certain?                          risk achievement worth
what is the most we can gain by fixing it?             risk reduction worth
=====================================================  ==========================

They rank nodes differently; show one of each kind. The risk may be a system's
unavailability or expected unserved training.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from simulator.laws.arrays import Array, floats, require_not_negative, require_probability


@dataclass(frozen=True)
class Importance:
    """Importance of each node, arrays of shape (nodes,).

    Attributes
    ----------
    birnbaum : ndarray
        Risk with the node failed less risk with it perfect. [unit of risk]
    contribution : ndarray
        Birnbaum times the node's unavailability. [unit of risk]
    criticality : ndarray
        Contribution over risk; NaN where there is no risk. [1]
    fussell_vesely : ndarray
        Part of the risk that goes if the node is perfect; NaN likewise. [1]
    achievement_worth : ndarray
        Risk with the node failed over risk (RAW); NaN likewise. [1]
    reduction_worth : ndarray
        Risk over risk with the node perfect (RRW); infinite where none is left. [1]
    """

    birnbaum: Array
    contribution: Array
    criticality: Array
    fussell_vesely: Array
    achievement_worth: Array
    reduction_worth: Array


def importance(
    risk: float,
    risk_failed: npt.ArrayLike,
    risk_perfect: npt.ArrayLike,
    unavailability: npt.ArrayLike,
) -> Importance:
    """Importance of nodes from the risk as it is and with each failed or perfect.

    The three risks may come from a formula or from runs on the same luck.

    Parameters
    ----------
    risk : float
        As things are, >= 0. [unavailability, or unserved work]
    risk_failed, risk_perfect : array_like, shape (nodes,)
        With each node alone failed for certain, and never failing. [same unit]
    unavailability : array_like, shape (nodes,)
        Chance that each is down, in [0, 1]. [1]

    References
    ----------
    Vesely et al., NUREG/CR-3385 (1983); Birnbaum, Multivariate Analysis II (1969).

    Examples
    --------
    Two parts in series, available .98 and .96:

    >>> importance(1 - 0.98 * 0.96, [1, 1], [0.04, 0.02], [0.02, 0.04]).birnbaum.tolist()
    [0.96, 0.98]
    """
    require_not_negative(risk=risk, risk_failed=risk_failed, risk_perfect=risk_perfect)
    require_probability(unavailability=unavailability)
    failed, perfect = floats(risk_failed), floats(risk_perfect)
    birnbaum = failed - perfect
    contribution = birnbaum * floats(unavailability)
    over = 1 / risk if risk > 0 else np.nan
    with_nothing_left = np.full_like(perfect, np.inf if risk > 0 else np.nan)
    return Importance(
        birnbaum=birnbaum,
        contribution=contribution,
        criticality=contribution * over,
        fussell_vesely=(risk - perfect) * over,
        achievement_worth=failed * over,
        reduction_worth=np.divide(risk, perfect, out=with_nothing_left, where=perfect > 0),
    )


def importance_of_structure(
    risk: Callable[[Array], float], unavailability: npt.ArrayLike
) -> Importance:
    """Importance of the nodes of a system whose risk is a formula of their unavailabilities.

    Parameters
    ----------
    risk : callable
        Of an array of unavailabilities, one a node.
    unavailability : array_like, shape (nodes,)
        As things are, in [0, 1]. [1]
    """
    q = floats(unavailability)

    def with_node(k: int, value: float) -> float:
        return risk(np.where(np.arange(q.size) == k, value, q))

    failed = [with_node(k, 1.0) for k in range(q.size)]
    perfect = [with_node(k, 0.0) for k in range(q.size)]
    return importance(risk(q), failed, perfect, q)
