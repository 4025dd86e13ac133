"""How well predictions rank the plans of a model, and how well scatter lets an exact law rank them.

Runs of one layout (same degrees of every parallelism, other batches) scatter about any smooth law:
network, hosts and memory were not the same. Whoever knew every time but that scatter would still
rank plans imperfectly where many of them are alike.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from scenarios.validate_outcomes import Outcome

__all__ = ["Reach", "rank_correlation", "rank_lines", "rank_reach"]

Array = NDArray[np.float64]
_DRAWS = 1000
#: Fewest rows beyond one a layout that tell a scatter. [1]
_LEAST_FREE = 4


@dataclasses.dataclass(frozen=True)
class Reach:
    """Rank correlation an exact law would reach over a model's rows [1]: mean and 90 % of draws.

    *scatter* is the standard deviation of the logarithm of rows about their layout's level [1].
    """

    mean: float
    low: float
    high: float
    scatter: float


def rank_correlation(outcomes: Sequence[Outcome]) -> Mapping[str, float]:
    """Spearman's rank correlation of measured and predicted over the rows of each model [1].

    Examples
    --------
    >>> rows = [Outcome(str(m), "f", "c", "k", "A", m, p, "s", "x") for m, p in ((1, 3), (2, 9))]
    >>> rank_correlation([*rows, Outcome("3", "f", "c", "k", "A", 5.0, 20.0, "s", "x")])
    {'x': 1.0}
    """
    found = {}
    for model, members in _by(outcomes, "model").items():
        if len(members) >= 3:
            measured = np.array([o.measured for o in members])
            found[model] = float(_spearman(measured, np.array([o.predicted for o in members])))
    return found


def rank_reach(outcomes: Sequence[Outcome], *, seed: int = 0) -> Mapping[str, Reach]:
    """What an exact law would reach over the rows of each model, through their scatter.

    Parameters
    ----------
    outcomes : sequence of Outcome
        Rows with their layout; models whose layouts hold too few rows to tell a scatter are
        left out.
    seed : int
        Of the draws.

    Notes
    -----
    Each layout is granted its own level, so that the predictions only say how time changes with
    the batches: these are taken for true. What rows leave about them, widened by ``sqrt(n / (n -
    levels))``, is drawn anew for every row and the ranks compared. Errors of the law in how time
    changes with batches count as scatter: a better law may reach more.
    """
    random = np.random.default_rng(seed)
    found = {}
    for model, members in _by(outcomes, "model").items():
        truth, left = _levelled(members)
        several = left[~np.isnan(left)]
        layouts = [g for g in _by(members, "layout").values() if len(g) > 1]
        free = several.size - len(layouts)
        if free < _LEAST_FREE:
            continue
        wide = several * np.sqrt(several.size / free)
        noise = np.exp(random.choice(wide, size=(_DRAWS, truth.size)))
        drawn = _spearman(truth, truth * noise)
        low, high = np.quantile(drawn, [0.05, 0.95])
        scatter = float(np.sqrt(np.mean(wide**2)))
        found[model] = Reach(float(drawn.mean()), float(low), float(high), scatter)
    return found


def rank_lines(outcomes: Sequence[Outcome]) -> list[str]:
    """Rank correlation over the plans of each model, then over models and over all rows."""
    found = rank_correlation(outcomes)
    if not found:
        return []
    reach = rank_reach(outcomes)
    lines = []
    for model, members in _by(outcomes, "model").items():
        if model in found:
            line = f"rank correlation over {len(members)} plans of {model}: {found[model]:.3f}"
            lines.append(line + _reach_text(reach.get(model)) + _worst_text(members))
    pooled = rank_correlation([dataclasses.replace(o, model="all") for o in outcomes])["all"]
    each = np.array(list(found.values()))
    lines.append(
        f"rank correlation over plans of a model, {each.size} models: mean {each.mean():.3f}, "
        f"median {np.median(each):.3f}, least {each.min():.3f}; "
        f"over all {len(outcomes)} rows {pooled:.3f}"
    )
    return lines


def _reach_text(reach: Reach | None) -> str:
    if reach is None:
        return ""
    return (
        f"; an exact law would reach {reach.mean:.3f} ({reach.low:.3f} to {reach.high:.3f}) "
        f"as rows of one layout scatter by {reach.scatter:.1%}"
    )


def _worst_text(members: Sequence[Outcome]) -> str:
    """The layout furthest off its model's other rows, and the correlation without it."""
    layouts = _by(members, "layout")
    if len(layouts) < 3:
        return ""
    logs = {name: np.mean([np.log1p(o.error) for o in group]) for name, group in layouts.items()}
    worst = max(logs, key=lambda name: abs(logs[name]))
    rest = [o for o in members if o.layout != worst]
    without = rank_correlation(rest)
    if not without:
        return ""
    (value,) = without.values()
    off = np.expm1(logs[worst])
    return f"; furthest off {worst} ({len(layouts[worst])} rows, {off:+.0%}), without {value:.3f}"


def _levelled(members: Sequence[Outcome]) -> tuple[Array, Array]:
    """Predictions at their layout's level, and the log each row leaves (nan if it is alone)."""
    predicted = np.array([o.predicted for o in members])
    logs = np.log(np.array([o.measured for o in members]) / predicted)
    _, index, counts = np.unique(
        [o.layout for o in members], return_inverse=True, return_counts=True
    )
    level = (np.bincount(index, weights=logs) / counts)[index]
    return predicted * np.exp(level), np.where(counts[index] > 1, logs - level, np.nan)


def _by(outcomes: Sequence[Outcome], name: str) -> dict[str, list[Outcome]]:
    groups: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        groups.setdefault(getattr(outcome, name), []).append(outcome)
    return dict(sorted(groups.items()))


def _spearman(first: Array, second: Array) -> Array:
    """Rank correlation of *first* with each row of *second*; ties share their mean rank."""
    x, y = _centred_ranks(first), _centred_ranks(second)
    lengths = np.sqrt((x**2).sum() * (y**2).sum(axis=-1))
    return np.asarray((x * y).sum(axis=-1) / lengths, dtype=np.float64)


def _centred_ranks(values: Array) -> Array:
    """Ranks along the last axis less their mean: rows below less rows above, halved."""
    one, other = values[..., :, None], values[..., None, :]
    return np.asarray((other < one).sum(-1) - (other > one).sum(-1), dtype=np.float64) / 2.0
