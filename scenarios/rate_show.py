"""Ratings of a model, shown: a table, lines of JSON, a picture."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.table import Table

from analysis.figures import style
from analysis.figures.chips import chip_rates, rates_frame
from scenarios.validate_catalog import Unknown

__all__ = ["Rating", "draw", "plain", "table"]


@dataclass(frozen=True)
class Rating:
    """A model on some chips: each figure with the low and high end of its 90 % band."""

    model: str
    chip: str
    count: int
    plan: str
    step_s: float
    step_low_s: float
    step_high_s: float
    units_per_s: float
    units_low_per_s: float
    units_high_per_s: float
    unit: str
    mfu: float
    memory_b: float
    exposed_share: float
    energy_j_per_unit: float
    energy_low_j_per_unit: float
    energy_high_j_per_unit: float
    plans_considered: int
    reason: str


def draw(ratings: Sequence[Rating], out: Path) -> None:
    """Write the picture of some ratings of one model, the best chip on top."""
    ordered = sorted(ratings, key=lambda r: (bool(r.reason), -r.units_per_s))
    data = rates_frame(
        {
            "chip": r.chip,
            "model": r.model,
            "count": r.count,
            "unit": r.unit,
            "rate": r.units_per_s / r.count,
            "low": r.units_low_per_s / r.count,
            "high": r.units_high_per_s / r.count,
            "reason": r.reason,
        }
        for r in ordered
    )
    figure, ax = style.canvas(9.0, 1.8 + 0.27 * len(ordered))
    chip_rates(data, ax)
    try:
        style.save(figure, out.with_suffix(""), "siliconmix: step-time law at 16 bits")
    except OSError as error:
        raise Unknown(f"cannot write {out}: {error.strerror}") from error


def plain(rating: Rating) -> dict[str, Any]:
    """JSON has no infinity: what does not run has no figure, and its reason."""
    found = dataclasses.asdict(rating)
    return {
        k: (None if isinstance(v, float) and not math.isfinite(v) else v) for k, v in found.items()
    }


def table(ratings: Sequence[Rating]) -> Table:
    """Ratings of one model, a line a chip."""
    unit = ratings[0].unit
    shown = Table(
        "chip", "chips", "step [s]", "90 % band", f"{unit}/s", "MFU", "memory [GB]", "exposed",
        f"J/{unit[:-1]}", "plan", title=f"{ratings[0].model}",
    )  # fmt: skip
    for r in ratings:
        if r.reason:
            shown.add_row(r.chip, str(r.count), "inf", "", "", "", f"{r.memory_b / 1e9:.0f}", "",
                          "", r.reason)  # fmt: skip
            continue
        shown.add_row(
            r.chip, str(r.count), f"{r.step_s:.4g}", f"{r.step_low_s:.4g} to {r.step_high_s:.4g}",
            f"{r.units_per_s:,.0f}", f"{r.mfu:.1%}", f"{r.memory_b / 1e9:.0f}",
            "" if math.isnan(r.exposed_share) else f"{r.exposed_share:.1%}",
            f"{r.energy_j_per_unit:.3g}", r.plan,
        )  # fmt: skip
    return shown
