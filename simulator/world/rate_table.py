"""Rates of families on chips by gang and spread, from the step-time law; kept once computed.

A job of a family asks for a gang of reference chips and trains the family's model for that size.
On another chip it takes about as many chips as have the gang's arithmetic, each law searches
its own best plan on them, and the rate is what a chip then does over what a reference chip does,
under software alike on both.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import simulator.laws
from simulator.laws.plans import best_plan
from simulator.laws.spread import LEVELS
from simulator.laws.training import step_time
from simulator.laws.training_recommendation import recommendation_step_s
from simulator.spec.hardware import Chip
from simulator.spec.scenario import Scenario
from simulator.spec.training import Model, Recommender, StepLaw, Transformer
from simulator.world.step_inputs import (
    accelerator,
    architecture,
    network_at,
    recommender,
    software,
    tables,
)

__all__ = ["RateTable", "rate_table"]

Array = NDArray[np.float64]

#: Tokens of a step: at least so many, and so many a reference chip, as large runs publish.
_STEP_TOKENS, _CHIP_TOKENS = 2**22, 2**11
#: A gang that does not fit is tried at twice the chips, so often.
_DOUBLINGS = 6
#: Sources of the law: a table computed by other sources is not taken.
_SOURCES = (
    "arrays", "collectives", "memory", "plans", "training", "training_inputs",
    "training_recommendation", "training_shapes",
)  # fmt: skip


@dataclass(frozen=True)
class RateTable:
    """What every chip is worth to every class at every spread.

    Attributes
    ----------
    rate : ndarray, shape (classes, chips, levels)
        Work of a chip over a reference chip's inside its pod, software alike; 0 where the model
        does not fit or the family has no port. [rce/chip]
    exposed : ndarray, shape (classes, chips)
        Share of a step inside a pod that waits for the network. [1]
    chips : tuple of str
        Ids of the chips.
    """

    rate: Array
    exposed: Array
    chips: tuple[str, ...]


def rate_table(scenario: Scenario, classes: tuple[tuple[str, int], ...]) -> RateTable:
    """Table of the classes whose family names its models; rows of others are not a number.

    Parameters
    ----------
    scenario : Scenario
    classes : sequence of (family id, gang size [rce])

    Returns
    -------
    RateTable
        Read from the user's cache folder where the same inputs were rated before.
    """
    catalog = scenario.catalog
    chips = tuple(sorted(catalog.chips))
    needed = sorted({c for c in classes if catalog.families[c[0]].models})
    if catalog.step_law is None or not needed:
        empty = np.full((len(classes), len(chips)), np.nan)
        return RateTable(np.repeat(empty[:, :, None], len(LEVELS), axis=2), empty, chips)
    file = _folder() / f"{_key(scenario, needed, chips)}.npz"
    found = _read(file, (len(needed), len(chips), len(LEVELS)))
    if found is None:
        found = _rate(scenario, needed, chips)
        _keep(file, found)
    rate = np.full((len(classes), *found[0].shape[1:]), np.nan)
    exposed = np.full((len(classes), len(chips)), np.nan)
    for row, job in enumerate(classes):
        if job in needed:
            rate[row] = found[0][needed.index(job)]
            exposed[row] = found[1][needed.index(job)]
    return RateTable(rate, exposed, chips)


def _rate(
    scenario: Scenario, needed: list[tuple[str, int]], chips: tuple[str, ...]
) -> tuple[Array, Array]:
    catalog = scenario.catalog
    assert catalog.step_law is not None
    reference = catalog.chips[catalog.reference_chip]
    pod = LEVELS.index("pod")
    rate = np.zeros((len(needed), len(chips), len(LEVELS)))
    exposed = np.zeros((len(needed), len(chips)))
    for row, (family, size) in enumerate(needed):
        model = [m for m in catalog.families[family].models if m.from_chips <= size][-1]
        base, _ = _speed(model, reference, reference, size, catalog.step_law)
        for column, chip in enumerate(chips):
            if chip in catalog.software.ports.get(family, {}):
                found = _speed(model, catalog.chips[chip], reference, size, catalog.step_law)
                rate[row, column] = found[0] / base[pod]
                exposed[row, column] = found[1]
    return rate, exposed


def _speed(
    model: Model, chip: Chip, reference: Chip, size: int, law: StepLaw
) -> tuple[Array, float]:
    """Samples a second of a chip by level, and the share of a step that waits for the network."""
    faster = chip.peak_bf16.value / reference.peak_bf16.value
    # Plans divide powers of two; a rate a chip hardly moves within a factor of root two.
    asked = 2 ** int(np.floor(np.log2(size)))
    gang = max(1, 2 ** round(np.log2(asked / faster)))
    if isinstance(model, Recommender):
        return _recommender_speed(model, chip, gang, asked, law)
    return _transformer_speed(model, chip, gang, asked, law)


def _transformer_speed(
    model: Transformer, chip: Chip, gang: int, asked: int, law: StepLaw
) -> tuple[Array, float]:
    batch = max(1, max(_STEP_TOKENS, _CHIP_TOKENS * asked) // model.sequence)
    shape, made = architecture(model), software(law, moe=model.experts > 0)
    kind = accelerator(chip)
    networks = [network_at(level, chip, gang, law) for level in LEVELS]
    for _ in range(_DOUBLINGS):
        best = best_plan(
            shape, kind, networks[LEVELS.index("pod")], made, chips=gang, global_batch=batch
        )
        if np.isfinite(best.total_s):
            break
        gang *= 2
    else:
        return np.zeros(len(LEVELS)), 0.0
    steps = [float(step_time(shape, kind, n, best.plan, made).total_s) for n in networks]
    # Who crosses pods plans for it: another layout sends less there.
    far = LEVELS.index("site")
    other = best_plan(shape, kind, networks[far], made, chips=gang, global_batch=batch)
    steps[far] = min(steps[far], other.total_s)
    waits = float(best.time.exposed_s) / best.total_s
    return batch / (np.array(steps) * gang), min(max(waits, 0.0), 1.0)


def _recommender_speed(
    model: Recommender, chip: Chip, gang: int, asked: int, law: StepLaw
) -> tuple[Array, float]:
    batch = float(model.samples_per_chip * asked)
    shape, made = recommender(model), tables(law)

    def step(out_b_per_s: float, up_b_per_s: float) -> float:
        return float(
            recommendation_step_s(
                shape,
                made,
                batch=batch,
                chips=gang,
                peak_flops_per_s=chip.peak_bf16.value,
                memory_b_per_s=chip.memory_bandwidth.value,
                up_b_per_s=up_b_per_s,
                out_b_per_s=out_b_per_s,
                domain=chip.scaleup_domain,
            )
        )

    networks = [network_at(level, chip, gang, law) for level in LEVELS]
    steps = [step(float(n.out_b_per_s), float(n.up_b_per_s)) for n in networks]  # type: ignore[arg-type]
    inside = steps[LEVELS.index("pod")]
    # A wire without end leaves what does not wait for it.
    waits = 1.0 - step(np.inf, np.inf) / inside
    return batch / (np.array(steps) * gang), waits


def _folder() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "siliconmix" / "rates"


def _key(scenario: Scenario, needed: list[tuple[str, int]], chips: tuple[str, ...]) -> str:
    """Hash of all a table depends on: sizes, models, chips, constants and the law's own text."""
    catalog = scenario.catalog
    assert catalog.step_law is not None
    given: dict[str, Any] = {
        "classes": needed,
        "reference": catalog.reference_chip,
        "ports": {
            f: sorted(set(chips) & set(catalog.software.ports.get(f, {})))
            for f in sorted({family for family, _ in needed})
        },
        "models": {
            f: [m.model_dump(mode="json") for m in catalog.families[f].models]
            for f in sorted({family for family, _ in needed})
        },
        "chips": {c: catalog.chips[c].model_dump(mode="json") for c in chips},
        "law": catalog.step_law.model_dump(mode="json"),
    }
    sign = hashlib.sha256(json.dumps(given, sort_keys=True).encode())
    laws = Path(next(iter(simulator.laws.__path__)))
    here = Path(__file__)
    for source in (
        *(laws / f"{name}.py" for name in _SOURCES),
        here,
        here.parent / "step_inputs.py",
    ):
        sign.update(source.read_bytes())
    return sign.hexdigest()[:32]


def _read(file: Path, shape: tuple[int, ...]) -> tuple[Array, Array] | None:
    """Return a kept table; none if there is none, or if it is not whole."""
    try:
        with np.load(file) as kept:
            rate, exposed = kept["rate"], kept["exposed"]
    except (OSError, KeyError, ValueError, EOFError):
        return None
    return (rate, exposed) if rate.shape == shape else None


def _keep(file: Path, table: tuple[Array, Array]) -> None:
    """Keep a table aside and rename it; where the folder cannot be written, it is computed anew."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=file.parent, suffix=".npz", delete=False) as aside:
            np.savez(aside, rate=table[0], exposed=table[1])
        Path(aside.name).replace(file)
    except OSError:
        return
