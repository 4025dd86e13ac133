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
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import simulator.laws
from simulator.laws.plans import best_plan
from simulator.laws.spread import LEVELS
from simulator.laws.training_recommendation import recommendation_step_s
from simulator.laws.training_vision import vision_step_s
from simulator.spec.hardware import Chip
from simulator.spec.scenario import Scenario
from simulator.spec.training import ImageModel, Model, Recommender, StepLaw, Transformer
from simulator.world.step_inputs import (
    accelerator,
    architecture,
    image_model,
    images,
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
    "arrays", "collectives", "matmul", "memory", "plans", "training", "training_inputs",
    "training_exchanges", "training_recommendation", "training_shapes", "training_vision",
)  # fmt: skip


@dataclass(frozen=True)
class RateTable:
    """What every chip is worth to every class at every spread.

    Attributes
    ----------
    rate : ndarray, shape (classes, chips, levels)
        Work of a chip, its gang spread to a level, over that of a reference chip whose gang lies as
        close as it can, software alike; 0 where the model does not fit or the family has no port.
        A level too tight for the gang stands for the tightest that holds it. [rce/chip]
    chips : tuple of str
        Ids of the chips.
    """

    rate: Array
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
        return RateTable(np.full((len(classes), len(chips), len(LEVELS)), np.nan), chips)
    file = _folder() / f"{_key(scenario, needed, chips)}.npz"
    found = _read(file, (len(needed), len(chips), len(LEVELS)))
    if found is None:
        found = _rate(scenario, needed, chips)
        _keep(file, found)
    rate = np.full((len(classes), *found.shape[1:]), np.nan)
    for row, job in enumerate(classes):
        if job in needed:
            rate[row] = found[needed.index(job)]
    return RateTable(rate, chips)


def _rate(scenario: Scenario, needed: list[tuple[str, int]], chips: tuple[str, ...]) -> Array:
    catalog = scenario.catalog
    assert catalog.step_law is not None
    reference = catalog.chips[catalog.reference_chip]
    rate = np.zeros((len(needed), len(chips), len(LEVELS)))
    for row, (family, size) in enumerate(needed):
        model = [m for m in catalog.families[family].models if m.from_chips <= size][-1]
        base = _speed(model, reference, reference, size, catalog.step_law)[0]
        for column, chip in enumerate(chips):
            if chip in catalog.software.ports.get(family, {}):
                found = _speed(model, catalog.chips[chip], reference, size, catalog.step_law)
                rate[row, column] = found / base
    return rate


def _speed(model: Model, chip: Chip, reference: Chip, size: int, law: StepLaw) -> Array:
    """Samples a second of a chip, its gang spread to each level."""
    faster = chip.peak_bf16.value / reference.peak_bf16.value
    # Plans divide powers of two; a rate a chip hardly moves within a factor of root two.
    asked = 2 ** int(np.floor(np.log2(size)))
    gang = max(1, 2 ** round(np.log2(asked / faster)))
    if isinstance(model, Recommender):
        return _recommender_speed(model, chip, gang, asked, law)
    if isinstance(model, ImageModel):
        return _image_speed(model, chip, gang, asked, law)
    return _transformer_speed(model, chip, gang, asked, law)


def _transformer_speed(
    model: Transformer, chip: Chip, gang: int, asked: int, law: StepLaw
) -> Array:
    batch = max(1, max(_STEP_TOKENS, _CHIP_TOKENS * asked) // model.sequence)
    shape, made = architecture(model), software(law, chip, moe=model.experts > 0)

    def step(level: str) -> float:
        # Who lies farther apart plans for it.
        kind, network = accelerator(chip, gang, level), network_at(level, chip, law)
        return best_plan(shape, kind, network, made, chips=gang, global_batch=batch).total_s

    for _ in range(_DOUBLINGS):
        if np.isfinite(step("host")):
            break
        gang *= 2
    else:
        return np.zeros(len(LEVELS))
    return batch / (gang * _by_level(step, gang <= chip.scaleup_domain))


def _recommender_speed(
    model: Recommender, chip: Chip, gang: int, asked: int, law: StepLaw
) -> Array:
    batch = float(model.samples_per_chip * asked)
    shape, made = recommender(model), tables(law, chip)

    def step(level: str) -> float:
        kind, network = accelerator(chip, gang, level), network_at(level, chip, law)
        return float(
            recommendation_step_s(
                shape,
                made,
                batch=batch,
                chips=gang,
                peak_flops_per_s=kind.wide_flops_per_s,
                memory_b_per_s=kind.memory_b_per_s,
                up_b_per_s=network.up_b_per_s,
                out_b_per_s=network.out_b_per_s,
                domain=kind.domain,
            )
        )

    return batch / (gang * _by_level(step, gang <= chip.scaleup_domain))


def _image_speed(model: ImageModel, chip: Chip, gang: int, asked: int, law: StepLaw) -> Array:
    batch = float(model.samples_per_chip * asked)
    shape, made = image_model(model), images(law, chip)

    def step(level: str) -> float:
        kind = accelerator(chip, gang, level)
        return float(
            vision_step_s(
                shape,
                made,
                network_at(level, chip, law),
                batch=batch,
                chips=gang,
                peak_flops_per_s=kind.wide_flops_per_s,
                memory_b_per_s=kind.memory_b_per_s,
                domain=kind.domain,
            )
        )

    return batch / (gang * _by_level(step, gang <= chip.scaleup_domain))


def _by_level(step: Callable[[str], float], fits_domain: bool) -> Array:
    """Step time at each level: near, over several domains of a pod, over several pods. [s]"""
    near = step("domain")
    apart = step("pod") if fits_domain else near
    found = {"host": near, "domain": near, "rack": apart, "pod": apart, "site": step("site")}
    return np.maximum.accumulate([found[level] for level in LEVELS])


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


def _read(file: Path, shape: tuple[int, ...]) -> Array | None:
    """Return a kept table; none if there is none, or if it is not whole."""
    try:
        with np.load(file) as kept:
            rate = kept["rate"]
    except (OSError, KeyError, ValueError, EOFError):
        return None
    return rate if rate.shape == shape else None


def _keep(file: Path, table: Array) -> None:
    """Keep a table aside and rename it; where the folder cannot be written, it is computed anew."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=file.parent, suffix=".npz", delete=False) as aside:
            np.savez(aside, rate=table)
        Path(aside.name).replace(file)
    except OSError:
        return
