"""Measured against predicted: one outcome a row, and the errors of groups of them."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from rich.table import Table

__all__ = [
    "BAND",
    "Outcome",
    "Score",
    "error_table",
    "json_line",
    "row_table",
    "score",
    "scores_by",
]

#: Two-sided 90 % of a normal distribution, in standard deviations.
BAND = 1.645


@dataclass(frozen=True)
class Outcome:
    """A row and its prediction, in the row's own unit; *spread* is that of its log error [1].

    *layout* tells how the model lies over the chips: rows alike in it differ in batches alone.
    """

    id: str
    family: str
    chip: str
    kind: str
    tier: str
    measured: float
    predicted: float
    unit: str
    model: str = ""
    layout: str = ""
    count: float = math.nan
    published: str = ""
    spread: float = math.nan

    @property
    def low(self) -> float:
        """Lower end of the stated 90 % band."""
        return self.predicted * math.exp(-BAND * self.spread)

    @property
    def high(self) -> float:
        """Upper end of the stated 90 % band."""
        return self.predicted * math.exp(BAND * self.spread)

    @property
    def error(self) -> float:
        """Predicted over measured, less one [1]."""
        return self.predicted / self.measured - 1.0


@dataclass(frozen=True)
class Score:
    """Errors of a group: mean, 90th percentile and median of their size, and their mean [1].

    Besides, the shares of its rows inside the 90 % band stated for them (nan if none is), and
    within a factor of two [1].
    """

    rows: int
    mape: float
    p90: float
    bias: float
    median: float
    inside: float
    twofold: float


def score(outcomes: Iterable[Outcome]) -> Score:
    """Errors of some outcomes; an outcome that does not run counts as wholly wrong.

    Examples
    --------
    >>> rows = [Outcome("a", "f", "c", "k", "A", 1.0, p, "s") for p in (0.9, 1.1)]
    >>> score(rows).mape, abs(score(rows).bias) < 1e-9
    (0.1, True)
    """
    rows = list(outcomes)
    if not rows:
        return Score(0, *[math.nan] * 6)
    errors = np.array([min(o.error, 1e3) for o in rows])
    size = np.abs(errors)
    banded = [o.low <= o.measured <= o.high for o in rows if not math.isnan(o.spread)]
    return Score(
        rows=errors.size,
        mape=round(float(size.mean()), 6),
        p90=round(float(np.quantile(size, 0.9)), 6),
        bias=round(float(errors.mean()), 6),
        median=round(float(np.median(size)), 6),
        inside=round(sum(banded) / len(banded), 6) if banded else math.nan,
        twofold=round(float(np.mean((errors >= -0.5) & (errors <= 1.0))), 6),
    )


def scores_by(outcomes: Sequence[Outcome], *names: str) -> Mapping[tuple[str, ...], Score]:
    """Errors by the values of some attributes, in order."""
    groups: dict[tuple[str, ...], list[Outcome]] = {}
    for outcome in outcomes:
        groups.setdefault(tuple(str(getattr(outcome, n)) for n in names), []).append(outcome)
    return {key: score(groups[key]) for key in sorted(groups)}


def json_line(outcome: Outcome) -> str:
    """The row as one JSON object."""
    return json.dumps(
        {
            "id": outcome.id,
            "kind": outcome.kind,
            "family": outcome.family,
            "model": outcome.model,
            "chip": outcome.chip,
            "tier": outcome.tier,
            "measured": outcome.measured,
            "predicted": _finite(outcome.predicted),
            "low": _finite(outcome.low),
            "high": _finite(outcome.high),
            "unit": outcome.unit,
            "error": _finite(outcome.error),
        }
    )


def _finite(value: float) -> float | None:
    return float(f"{value:.6g}") if math.isfinite(value) else None


def row_table(outcomes: Sequence[Outcome]) -> Table:
    """Every row with its error."""
    table = Table("id", "kind", "model", "chip", "measured", "predicted", "unit", "error")
    for o in outcomes:
        table.add_row(
            o.id, o.kind, o.model, o.chip, f"{o.measured:.5g}", f"{o.predicted:.5g}", o.unit,
            f"{o.error:+.1%}",
        )  # fmt: skip
    return table


def error_table(title: str, scores: Mapping[tuple[str, ...], Score]) -> Table:
    """Errors of groups."""
    table = Table(
        "group", "rows", "MAPE", "P90", "bias", "median", "in band", "in 2x", title=title,
        caption="in band: share of rows inside their stated 90 % band",
    )  # fmt: skip
    for key, s in scores.items():
        inside = "" if math.isnan(s.inside) else f"{s.inside:.0%}"
        table.add_row(
            " ".join(key), str(s.rows), f"{s.mape:.1%}", f"{s.p90:.1%}", f"{s.bias:+.1%}",
            f"{s.median:.1%}", inside, f"{s.twofold:.0%}",
        )  # fmt: skip
    return table
