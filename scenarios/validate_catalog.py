"""What a validation row names: models, chips, other people's names for them, fitted constants."""

from __future__ import annotations

import difflib
import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from simulator.laws.training_fit import Fit, Prior
from simulator.spec import yamlfile
from simulator.spec.faults import SpecError
from simulator.spec.hardware import Chip

__all__ = ["Unknown", "calibration", "chip_key", "chips", "model_key", "models", "read_yaml"]

CATALOG = Path(__file__).parent / "catalog"


class Unknown(ValueError):
    """A name, file or value that cannot be read; its text is the whole message."""


def read_yaml(path: Path) -> Any:
    """Content of a YAML 1.2 file.

    Raises
    ------
    Unknown
        If the file is missing or is not YAML.
    """
    try:
        return yamlfile.read(path).plain()
    except SpecError as error:
        raise Unknown(str(error)) from error


@functools.cache
def models() -> Mapping[str, Mapping[str, Any]]:
    """Architectures by name."""
    found: Mapping[str, Mapping[str, Any]] = read_yaml(CATALOG / "models.yaml")["models"]
    return found


@functools.cache
def chips() -> Mapping[str, Mapping[str, Any]]:
    """Chips by catalogue id: those measured, and those only scenarios speak of."""
    measured = read_yaml(CATALOG / "validation" / "chips.yaml")["chips"]
    planned = read_yaml(CATALOG / "chips.yaml")["catalog"]["chips"]
    return measured | {k: _planned(v) for k, v in planned.items() if k not in measured}


def _planned(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    """Entry of a scenario's chip in the units of the measured ones."""
    chip = Chip.model_validate(entry)
    return {
        "aliases": [chip.label],
        "family": chip.vendor,
        "available": "2026-01",
        "peak_bf16_tflops": chip.peak_bf16.value / 1e12,
        "memory_gb": chip.memory.value / 1e9,
        "memory_tb_per_s": chip.memory_bandwidth.value / 1e12,
        "scaleup_gb_per_s": chip.scaleup_bandwidth.value / 1e9,
        "domain_chips": chip.scaleup_domain,
        "scaleout_gb_per_s": chip.scaleout_bandwidth.value / 1e9,
        "tdp_w": chip.tdp.value,
    }


@functools.cache
def calibration() -> Mapping[str, Any]:
    """Fitted constants: section, then name, then value with prior and spread."""
    found: Mapping[str, Any] = read_yaml(CATALOG / "calibration.yaml")
    return found


def constant_lines(fit: Fit, before: Mapping[str, Prior]) -> list[str]:
    """Fitted constants with what was believed of them, each as its line of the calibration."""
    return [
        f"    {name}: {{value: {fit.values[name]:.4g}, prior: {before[name].value:g}, "
        f"prior_spread: {before[name].spread:g}, spread: {fit.spreads[name]:.2g}}}"
        for name in before
    ]


@functools.cache
def _chip_names() -> Mapping[str, str]:
    names = {key.lower(): key for key in chips()}
    for key, chip in chips().items():
        for alias in chip["aliases"]:
            names[str(alias).lower()] = key
    return names


def chip_key(name: str) -> str:
    """Catalogue id of a chip by any of its names.

    Raises
    ------
    Unknown
        With the nearest known name.

    Examples
    --------
    >>> chip_key("TPU-v6e(Trillium)")
    'tpu-v6e'
    """
    found = _chip_names().get(name.strip().lower())
    if found is None:
        raise Unknown(f"unknown chip {name!r}{_nearest(name, _chip_names())}")
    return found


def model_key(name: str) -> str:
    """Catalogue name of a model, whatever the case.

    Raises
    ------
    Unknown
        With the nearest known name.

    Examples
    --------
    >>> model_key("llama3-70b")
    'Llama3-70B'
    """
    names = {key.lower(): key for key in models()}
    found = names.get(name.strip().lower())
    if found is None:
        raise Unknown(f"unknown model {name!r}{_nearest(name, names)}")
    return found


def _nearest(name: str, known: Mapping[str, str]) -> str:
    close = difflib.get_close_matches(name.lower(), list(known), n=1, cutoff=0.4)
    return f"; nearest known is {known[close[0]]!r}" if close else ""
