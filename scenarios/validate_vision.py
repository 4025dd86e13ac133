"""Vision and diffusion: MLPerf's benchmarks by the step law, from their layers alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scenarios.validate_catalog import calibration, chips
from scenarios.validate_entries import GROUPS, INTRODUCED, Entry, entry_outcomes, years
from scenarios.validate_inputs import reached_share
from scenarios.validate_outcomes import Outcome
from simulator.laws.collectives import Network
from simulator.laws.maturity import settled_share
from simulator.laws.training_fit import Fit, Prior, fit_constants, group_weights
from simulator.laws.training_target import measured_samples
from simulator.laws.training_vision import VisionModel, VisionSoftware, vision_step_s

__all__ = [
    "fit_entries",
    "leave_out",
    "predict_entries",
    "vision_constants",
    "vision_entries",
    "vision_minutes",
    "vision_model",
    "vision_models",
    "vision_priors",
    "vision_step_of",
]

Array = NDArray[np.float64]

_NOISE = 0.1
#: Share of memory bandwidth streaming reaches [1].
_STREAMING = 0.85
#: Years in which a benchmark's software, and a chip's, come of age. [a]
_SETTLING_YEARS = 1.0
#: Chips with no more than this share their host's bus. [GB/s]
_LINKED_GB_PER_S = 80.0


def vision_models() -> Sequence[str]:
    """Names of the models whose layers the catalogue has."""
    return tuple(calibration()["vision"]["models"])


def vision_model(name: str) -> VisionModel:
    """Layers of a model as products."""
    layers = calibration()["vision"]["models"][name]
    return VisionModel([(float(p), float(i), float(o), float(n)) for p, i, o, n in layers])


def vision_entries(entries: Sequence[Entry]) -> list[Entry]:
    """Those of some entries that train one of these models."""
    known = set(vision_models())
    return [entry for entry in entries if entry.benchmark in known]


def vision_step_of(name: str, chip: str, *, batch: float, chips_used: float) -> float:
    """Step time of a model on chips of a kind, with grown-up software [s]."""
    kind = chips()[chip]
    step = _step_s(
        name,
        [kind],
        vision_constants(),
        batch=np.array([batch]),
        count=np.array([chips_used]),
        domain=np.array([float(kind["domain_chips"])]),
    )
    return float(step[0])


def predict_entries(
    entries: Sequence[Entry], values: Mapping[str, float] | None = None
) -> list[Outcome]:
    """Outcome of every entry, in minutes."""
    minutes = vision_minutes(entries, vision_constants() if values is None else values)
    return entry_outcomes(entries, minutes, float(calibration()["vision"]["log_error"]))


def fit_entries(
    entries: Sequence[Entry], *, start: Mapping[str, float] | None = None, evaluations: int = 25
) -> Fit:
    """Constants that explain these entries best."""
    return fit_constants(
        lambda values: vision_minutes(entries, values),
        [e.measured_min for e in entries],
        vision_priors(),
        noise=_NOISE,
        weights=group_weights([f"{e.benchmark} {e.chip} {e.chips:g}" for e in entries]),
        start=start,
        evaluations=evaluations,
    )


def leave_out(entries: Sequence[Entry], key: Callable[[Entry], str] | None = None) -> list[Outcome]:
    """Outcome of every entry without its group: its benchmark on its chip family."""
    group = key or GROUPS["family"]
    whole = fit_entries(entries).values
    outcomes: list[Outcome] = []
    for name in sorted({group(e) for e in entries}):
        rest = [e for e in entries if group(e) != name]
        values = fit_entries(rest, start=whole, evaluations=6).values
        outcomes += predict_entries([e for e in entries if group(e) == name], values)
    return outcomes


def vision_priors() -> dict[str, Prior]:
    """What was believed of each constant before the rows."""
    found = calibration()["vision"]["constants"]
    return {k: Prior(float(v["prior"]), float(v["prior_spread"])) for k, v in found.items()}


def vision_constants() -> dict[str, float]:
    """Fitted constants of the vision law, by name."""
    return {k: float(v["value"]) for k, v in calibration()["vision"]["constants"].items()}


def vision_minutes(entries: Sequence[Entry], values: Mapping[str, float]) -> Array:
    """Minutes of every entry to its target [min]."""
    minutes = np.zeros(len(entries))
    for name in {e.benchmark for e in entries}:
        at = [i for i, e in enumerate(entries) if e.benchmark == name]
        minutes[at] = _benchmark_minutes(name, [entries[i] for i in at], values)
    return minutes


def _benchmark_minutes(name: str, entries: Sequence[Entry], values: Mapping[str, float]) -> Array:
    """Minutes to the target: reference runs' samples at the law's rate, evaluated, started once."""
    kinds = [chips()[e.chip] for e in entries]
    batch = np.array([e.batch for e in entries])
    host = np.array([e.chips / e.nodes for e in entries])
    domain = np.array([float(kind["domain_chips"]) for kind in kinds])
    step = _step_s(
        name,
        kinds,
        values,
        batch=batch,
        count=np.array([e.chips for e in entries]),
        domain=np.where(domain > 16, domain, np.minimum(domain, np.maximum(host, 1.0))),
    )
    seen = calibration()["mlperf"]["convergence"][name]
    epoch = float(calibration()["vision"]["epoch_samples"].get(name, 1.0))
    samples = measured_samples(batch, seen["batch"], seen["samples"]) * epoch
    known = np.array([max(e.year - INTRODUCED[name], 0.0) for e in entries])
    age = [e.year - years(str(k["available"])) for e, k in zip(entries, kinds, strict=True)]
    ripe = settled_share(known, min(values["young"], 0.9), _SETTLING_YEARS)
    ripe = ripe * settled_share(age, min(values["young_chip"], 0.9), _SETTLING_YEARS)
    seconds = samples / batch * step * (1.0 + values["evaluation"]) / ripe
    return np.asarray((seconds + values["fixed_s"]) / 60.0)


def _step_s(
    name: str,
    kinds: Sequence[Mapping[str, Any]],
    values: Mapping[str, float],
    *,
    batch: Array,
    count: Array,
    domain: Array,
) -> Array:
    def each(key: str, scale: float, otherwise: float = np.nan) -> Array:
        return np.array([float(kind.get(key, otherwise)) for kind in kinds]) * scale

    fitted = calibration()["training"]["constants"]
    wire = {k: float(fitted[f"network.{k}"]["value"]) for k in ("up", "out", "half_b")}
    lag = {k: float(fitted[f"network.{k}_latency_s"]["value"]) for k in ("up", "out")}
    linked = each("scaleup_gb_per_s", 1.0) > _LINKED_GB_PER_S
    network = Network(
        each("scaleup_gb_per_s", 1e9),
        each("scaleout_gb_per_s", 1e9, 25.0),
        up_efficiency=np.where(linked, wire["up"], min(values["bus_fraction"], 1.0)),
        out_efficiency=wire["out"],
        up_latency_s=lag["up"],
        out_latency_s=lag["out"],
        half_b=wire["half_b"],
        ramp=0.75,
    )
    reached = np.array([reached_share(kind, "bf16") for kind in kinds])
    software = VisionSoftware(
        matmul_fraction=np.minimum(values["matmul_fraction"] * reached, 1.0),
        half_rows=values["half_rows"],
        half_width=values["half_width"],
        memory_fraction=_STREAMING,
        activation_passes=values["activation_passes"],
        layer_s=values["layer_s"],
        step_s=values["step_s"],
        straggle=values["straggle"],
    )
    step = vision_step_s(
        vision_model(name),
        software,
        network,
        batch=batch,
        chips=count,
        peak_flops_per_s=each("peak_bf16_tflops", 1e12),
        memory_b_per_s=each("memory_tb_per_s", 1e12),
        domain=domain,
    )
    # What one implementation does more or less than its layers say.
    return step * values[f"stack.{name}"]
