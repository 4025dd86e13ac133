"""Sizes nobody entered: MLPerf predicted at counts of chips that are left out in every round."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from scenarios.validate_catalog import Unknown
from scenarios.validate_entries import Entry
from scenarios.validate_mlperf import learn, predict_rows, published
from scenarios.validate_outcomes import BAND, Outcome

__all__ = ["leave_sizes", "size_lines", "split_sizes"]

_Size = tuple[str, str, float]
#: Share of the series whose largest size is left out, and entries a size may have at most: the
#: host of eight that everybody enters is no size anybody must ask for.
_SHARE, _MOST = 0.35, 13
_LEAST_DRAWS = 2


def split_sizes(entries: Sequence[Entry], seed: int) -> tuple[list[Entry], list[Entry]]:
    """Entries to learn from, and those left out.

    A series is what one submitter ran of a benchmark on a chip in a round. Of a random third of
    them the largest size goes, and with it every entry of that benchmark on as many of that chip,
    by whomever and whenever. What is left out has smaller and often larger neighbours, and no twin.
    """
    rng = np.random.default_rng(seed)
    shared = Counter(_size(e) for e in entries)
    series: dict[tuple[str, float, str, str], set[float]] = {}
    for e in entries:
        series.setdefault((e.benchmark, e.year, e.submitter, e.chip), set()).add(e.chips)
    asked = {
        (key[0], key[3], max(counts))
        for key, counts in sorted(series.items())
        if len(counts) > 1 and rng.random() < _SHARE
    }
    asked = {size for size in asked if shared[size] <= _MOST}
    rest = [e for e in entries if _size(e) not in asked]
    known = {(e.benchmark, e.chip) for e in rest}
    held = [e for e in entries if _size(e) in asked and (e.benchmark, e.chip) in known]
    return [e for e in entries if e not in held], held


def leave_sizes(entries: Sequence[Entry], draws: int, seed: int = 0) -> list[list[Outcome]]:
    """Outcomes of sizes left out, a draw each, the laws learnt afresh without them.

    Raises
    ------
    Unknown
        If there are fewer than two draws, or no submitter entered two sizes of anything.
    """
    if draws < _LEAST_DRAWS:
        raise Unknown(f"--sizes is {draws}, must be at least {_LEAST_DRAWS}")
    found: list[list[Outcome]] = []
    for number in range(draws):
        rest, held = split_sizes(entries, seed + number)
        if not held:
            raise Unknown("too few submitters entered two sizes of a benchmark to leave one out")
        largest: dict[tuple[str, str], float] = {}
        for e in rest:
            key = e.benchmark, e.chip
            largest[key] = max(largest.get(key, 0.0), e.chips)
        places = ["within" if e.chips <= largest[e.benchmark, e.chip] else "beyond" for e in held]
        outcomes = predict_rows(held, learn(rest, start=published().values, evaluations=12))
        found.append([_placed(o, p) for o, p in zip(outcomes, places, strict=True)])
    return found


def size_lines(draws: Sequence[Sequence[Outcome]]) -> list[str]:
    """Median log error over draws, between and beyond sizes known, and what bands hold."""
    lines = []
    for name in ("all", "within", "beyond"):
        errors = [np.array([_log(o) for o in d if name == "all" or o.tier == name]) for d in draws]
        medians = [float(np.median(e)) for e in errors if e.size]
        if not medians:
            continue
        low, high = np.quantile(medians, [0.05, 0.95])
        every = np.concatenate(errors)
        lines.append(
            f"{name}: median |log error| {np.median(every):.3f}, 90 % of draws between {low:.3f} "
            f"and {high:.3f}; 90 % of rows below {np.quantile(every, 0.9):.3f} "
            f"(a spread of {np.quantile(every, 0.9) / BAND:.3f}); {every.size} rows"
        )
    rows = [o for d in draws for o in d]
    inside = np.mean([o.low <= o.measured <= o.high for o in rows])
    lines.append(f"{inside:.1%} of {len(rows)} rows inside their 90 % band")
    return lines


def _size(entry: Entry) -> _Size:
    return entry.benchmark, entry.chip, entry.chips


def _log(outcome: Outcome) -> float:
    return abs(math.log(outcome.predicted / outcome.measured))


def _placed(outcome: Outcome, place: str) -> Outcome:
    return replace(outcome, tier=place)
