"""``siliconmix rate``: what a chip is worth on a model, with the best plan or a given one."""

from __future__ import annotations

import json as json_text
import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import typer
from rich.console import Console

from scenarios.rate_show import Rating, draw, plain, table
from scenarios.validate_catalog import Unknown, calibration, chip_key, chips, model_key
from scenarios.validate_inputs import Inputs
from scenarios.validate_outcomes import BAND
from scenarios.validate_recommendation import recommendation_model, step_of
from scenarios.validate_rows import Case
from scenarios.validate_training import constants
from scenarios.validate_vision import vision_model, vision_models, vision_step_of
from simulator.laws.plans import BestPlan, best_plan
from simulator.laws.training import Plan

__all__ = ["Rating", "rate", "rate_model"]

#: Tokens of a step: at least so many, and so many a chip; what large runs publish.
_STEP_TOKENS, _CHIP_TOKENS = 2**22, 2**10
_SEQUENCE = 8192
_SAMPLES_PER_CHIP = 6912
#: Power over TDP while training, of the chip alone (MLPerf Power, 8x H100 and B200 hosts).
_BUSY = 0.9
_STACKS = {"tpu": "maxtext", "cdna2": "primus", "cdna3": "primus", "cdna4": "primus"}
_KEYS = {
    "tp": "tp", "pp": "pp", "vp": "vp", "cp": "cp", "dp": "dp", "ep": "ep", "micro": "micro_batch",
    "batch": "global_batch", "shard": "sharding", "recompute": "recompute",
}  # fmt: skip


def rate_model(model: str, chip: str, count: int, plan: str | None = None) -> Rating:
    """Rate a model on chips of a kind, with the best plan or the one stated.

    Raises
    ------
    Unknown
        If a name is not known or the plan cannot be read.
    """
    if count < 1:
        raise Unknown(f"--count is {count}, must be at least 1")
    recommended = calibration()["recommendation"]["models"]
    if model.lower() in recommended:
        if plan is not None:
            raise Unknown("a recommendation model is laid out one way; leave --plan out")
        return _rate_recommendation(model.lower(), chip_key(chip), count)
    name = model.lower().replace("-", "_")
    if name in vision_models():
        if plan is not None:
            raise Unknown("a vision or diffusion model is trained data parallel; leave --plan out")
        return _rate_vision(name, chip_key(chip), count)
    return _rate_transformer(model_key(model), chip_key(chip), count, plan)


def _rate_transformer(model: str, chip: str, count: int, text: str | None) -> Rating:
    entry = chips()[chip]
    stated = _stated(text)
    batch = int(stated.get("global_batch", 0))
    if batch == 0:
        tokens = max(_STEP_TOKENS, _CHIP_TOKENS * count)
        batch = max(1, math.ceil(tokens / _SEQUENCE))
    case = _case(model, chip, entry, batch)
    inputs = Inputs([case])
    values = constants()
    best = best_plan(
        _scalar(inputs.model),
        _scalar(inputs.chip),
        _scalar(inputs.network(values)),
        _scalar(inputs.software(values)),
        chips=count,
        global_batch=batch,
        plan=_given(stated, count, batch) if set(stated) - {"global_batch"} else None,
    )
    kind = "moe" if float(inputs.model.experts[0]) > 0 else "dense"
    peak = float(inputs.chip.wide_flops_per_s[0])
    return _transformer_rating(model, chip, count, best, batch, kind, peak, entry)


def _transformer_rating(
    model: str,
    chip: str,
    count: int,
    best: BestPlan,
    batch: int,
    kind: str,
    peak: float,
    entry: Mapping[str, Any],
) -> Rating:
    step = best.total_s
    runs = math.isfinite(step)
    exposed = float(best.time.exposed_s / best.time.total_s) if runs else math.nan
    mfu = float(best.time.flops) / step / (count * peak) if runs else 0.0
    return _rating(
        model, chip, count, _plan_text(best.plan), step, batch * float(_SEQUENCE), "tokens",
        float(calibration()["training"]["log_error"][kind]), mfu, best.memory_b, exposed,
        best.considered, best.reason, entry,
    )  # fmt: skip


def _rate_recommendation(model: str, chip: str, count: int) -> Rating:
    entry = chips()[chip]
    batch = _SAMPLES_PER_CHIP * count
    shape = recommendation_model(model)
    peak = float(entry["peak_bf16_tflops"]) * 1e12
    step = step_of(model, chip, "hugectr", batch=batch, chips_used=count)
    tables = float(calibration()["recommendation"]["models"][model].get("table_b", 0.0))
    memory = tables / count + 18.0 * shape.dense_params
    room = float(entry["memory_gb"]) * 1e9
    reason = ""
    if memory > room:
        reason = f"needs {memory / 1e9:.0f} GB of {room / 1e9:.0f} GB on each chip"
        step = math.inf
    mfu = 0.0 if reason else batch * shape.dense_flops / step / (count * peak)
    spread = float(calibration()["recommendation"]["log_error"])
    return _rating(
        model, chip, count, f"tables split over {count}, towers data parallel", step, float(batch),
        "samples", spread, mfu, memory, math.nan, 1, reason, entry,
    )  # fmt: skip


def _rate_vision(model: str, chip: str, count: int) -> Rating:
    """A model of convolutions, all of it on every chip."""
    entry, section = chips()[chip], calibration()["vision"]
    batch = float(section["usual_batch"][model]) * count
    shape = vision_model(model)
    step = vision_step_of(model, chip, batch=batch, chips_used=count)
    alone = vision_step_of(model, chip, batch=batch / count, chips_used=1)
    # Weights, gradients and optimiser state; what layers put out is kept for the way back.
    memory = 18.0 * shape.params + 2.0 * batch / count * shape.activations
    room, reason = float(entry["memory_gb"]) * 1e9, ""
    if memory > room:
        reason, step = f"needs {memory / 1e9:.0f} GB of {room / 1e9:.0f} GB on each chip", math.inf
    peak = float(entry["peak_bf16_tflops"]) * 1e12
    mfu = 0.0 if reason else batch * shape.flops / step / (count * peak)
    exposed = math.nan if reason else max(1.0 - alone / step, 0.0)
    return _rating(
        model, chip, count, f"dp={count}", step, batch, "samples", float(section["log_error"]),
        mfu, memory, exposed, 1, reason, entry,
    )  # fmt: skip


def _rating(
    model: str,
    chip: str,
    count: int,
    plan: str,
    step: float,
    units: float,
    unit: str,
    spread: float,
    mfu: float,
    memory: float,
    exposed: float,
    considered: int,
    reason: str,
    entry: Mapping[str, Any],
) -> Rating:
    wide = math.exp(BAND * spread)
    rate_s = units / step
    watts = count * float(entry.get("tdp_w", math.nan)) * _BUSY
    energy = watts * step / units
    return Rating(
        model=model,
        chip=chip,
        count=count,
        plan=plan,
        step_s=step,
        step_low_s=step / wide,
        step_high_s=step * wide,
        units_per_s=rate_s,
        units_low_per_s=rate_s / wide,
        units_high_per_s=rate_s * wide,
        unit=unit,
        mfu=mfu,
        memory_b=memory,
        exposed_share=exposed,
        energy_j_per_unit=energy,
        energy_low_j_per_unit=energy / wide,
        energy_high_j_per_unit=energy * wide,
        plans_considered=considered,
        reason=reason,
    )


def _case(model: str, chip: str, entry: Mapping[str, Any], batch: int) -> Case:
    plan = dict.fromkeys(Plan.__dataclass_fields__, 1.0) | {"global_batch": float(batch)}
    return Case(
        id="rate", family="rate", kind="dense", model=model, chip=chip, precision="bf16",
        software=_STACKS.get(str(entry["family"]), "megatron-core"),
        year=max(2026.0, float(str(entry["available"])[:4]) + 1.0), plan=plan,
        sequence=float(_SEQUENCE), quantity="step_time_s", measured=1.0, unit="s", known=True,
        tier="A", published="",
    )  # fmt: skip


def _scalar(item: Any) -> Any:
    names = type(item).__dataclass_fields__
    return type(item)(**{n: np.asarray(getattr(item, n)).reshape(-1)[0] for n in names})


def _stated(text: str | None) -> dict[str, float]:
    """Numbers of a plan written ``tp=8,pp=4,micro=1``."""
    if text is None:
        return {}
    found: dict[str, float] = {}
    for part in re.split(r"[,\s]+", text.strip()):
        match = re.fullmatch(r"([a-z]+)=(\d+(?:\.\d+)?)", part)
        if match is None or match[1] not in _KEYS:
            raise Unknown(
                f"cannot read {part!r} in --plan; write e.g. tp=8,pp=4,dp=16,micro=1 "
                f"(known: {', '.join(_KEYS)})"
            )
        if match[1] not in ("shard", "recompute") and float(match[2]) < 1:
            raise Unknown(f"{match[1]} is {match[2]} in --plan, must be at least 1")
        found[_KEYS[match[1]]] = float(match[2])
    return found


def _given(stated: Mapping[str, float], count: int, batch: int) -> Plan:
    """The stated plan; what it leaves out is 1, and replicas fill the chips."""
    values = dict.fromkeys(Plan.__dataclass_fields__, 1.0)
    values |= {"recompute": 0.0, "sharding": 1.0} | dict(stated)
    values["global_batch"] = float(batch)
    if "dp" not in stated:
        used = values["tp"] * values["pp"] * values["cp"]
        if count % used:
            raise Unknown(f"tp x pp x cp = {used:g} does not divide {count} chips; state dp")
        values["dp"] = count / used
    return Plan(**{name: np.array([value]) for name, value in values.items()})


def _plan_text(plan: Plan) -> str:
    parts = [f"{k}={float(getattr(plan, f)):g}" for k, f in _KEYS.items()]
    return ",".join(p for p in parts if not p.endswith("=1") or p.startswith(("tp", "pp", "dp")))


def rate(
    model: str,
    chip: str | None = None,
    count: int = 1024,
    plan: str | None = None,
    compare: bool = False,
    json: bool = False,
    out: Path | None = None,
) -> None:
    """Rate a model on one kind of chip, or on all of them side by side.

    Prints a table, or one JSON object a chip, and draws all chips where --out names a .png; on bad
    input one message on standard error and exit code 2.
    """
    try:
        if out is not None and (out.suffix != ".png" or not compare):
            raise Unknown(f"--out {out} must end in .png and go with --compare")
        if chip is None and not compare:
            raise Unknown("name a chip with --chip, or ask for all with --compare")
        if compare:
            ratings = [rate_model(model, key, count, plan) for key in _compared()]
        else:
            ratings = [rate_model(model, str(chip), count, plan)]
        if out is not None:
            draw(ratings, out)
    except Unknown as fault:
        typer.echo(f"siliconmix: {fault}", err=True)
        raise typer.Exit(2) from fault
    if json:
        for rating in ratings:
            typer.echo(json_text.dumps(plain(rating)))
    else:
        Console().print(table(ratings))


def _compared() -> Sequence[str]:
    """Data-centre chips, newest last."""
    dated = [
        (str(c["available"]), k) for k, c in chips().items() if float(c["scaleup_gb_per_s"]) >= 80
    ]
    return [key for _, key in sorted(dated)]
