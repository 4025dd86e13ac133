"""Measured training runs as other people's tables state them, made ready to be predicted."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from scenarios.validate_catalog import CATALOG, Unknown, chip_key, model_key, models, read_yaml
from scenarios.validate_fields import Row, number, read_table, text, year
from scenarios.validate_models import architecture_entry
from scenarios.validate_plan import DEFAULT_SEQUENCE, stated_plan

__all__ = ["Case", "read_cases", "read_table", "training_case", "typed_cases"]


@dataclass(frozen=True)
class Case:
    """One measured run: what ran, on what, how, and what was measured."""

    id: str
    family: str
    kind: str
    model: str
    chip: str
    precision: str
    software: str
    year: float
    plan: Mapping[str, float]
    sequence: float
    quantity: str
    measured: float
    unit: str
    known: bool
    tier: str
    published: str
    overlapped: bool = False
    rowwise: bool = False
    dropping: bool = False
    out_b_per_s: float | None = None


def read_cases(rows: Iterable[Row]) -> tuple[list[Case], list[tuple[str, str]]]:
    """Cases that can be predicted, and id with reason of those that cannot."""
    cases: list[Case] = []
    refused: list[tuple[str, str]] = []
    for place, row in enumerate(rows, start=1):
        name = row.get("id") or f"row {place}"
        try:
            cases.append(training_case(row, name))
        except Unknown as error:
            refused.append((name, str(error)))
    return cases, refused


def typed_cases() -> tuple[list[Case], list[tuple[str, str]]]:
    """Cases typed into the catalogue, each with its publication."""
    found = read_yaml(CATALOG / "validation" / "training.yaml")
    rows: list[dict[str, str]] = []
    for group in found["groups"]:
        common = {k: str(v) for k, v in group.items() if k != "rows"}
        for row in group["rows"]:
            rows.append({**common, **{k: str(v) for k, v in row.items()}})
    return read_cases(rows)


def training_case(row: Row, name: str) -> Case:
    """Read one row in the columns of a training-run table or a plan sweep.

    Raises
    ------
    Unknown
        With the reason why the row cannot be predicted.
    """
    chip = chip_key(text(row, "chip", "names no chip"))
    sweep = "step_time_s" in row and "hidden" in row and "model" not in row
    if sweep:
        model = _inline_model(row)
    else:
        if row.get("workload", "").startswith("dlrm"):
            return _recommendation_case(row, name, chip)
        model = model_key(text(row, "model", "names no model"))
        if not models()[model].get("layers"):
            raise Unknown(f"shape of {model} is not published")
    quantity, measured, unit = _measured(row)
    count = number(row, "n_chips")
    if count is None:
        raise Unknown("number of chips is not given")
    precision = _precision(row.get("precision") or ("fp16" if sweep else "bf16"))
    software = _software(row, sweep)
    sequence = number(row, "seq_len")
    plan, guessed = stated_plan(row, model, chip, software, count, sequence)
    family = row.get("family") or ("vtrain_one_node" if sweep else "training")
    architecture = architecture_entry(model)
    kind = "moe" if architecture.get("experts") else "dense"
    return Case(
        id=name,
        family=family,
        kind="sweep" if family.startswith("vtrain") else kind,
        model=model,
        chip=chip,
        precision=precision,
        software=software,
        year=year(row.get("date", "")),
        plan=plan,
        sequence=sequence or DEFAULT_SEQUENCE,
        quantity=quantity,
        measured=measured,
        unit=unit,
        known=not guessed and sequence is not None,
        tier=row.get("tier") or "A",
        published=row.get("source", ""),
        overlapped="async" in row.get("notes", "").lower(),
        rowwise="rowwise" in row.get("notes", "").lower(),
        dropping="tokendrop" in row.get("notes", "").lower(),
        out_b_per_s=_stated_fabric(row),
    )


def _recommendation_case(row: Row, name: str, chip: str) -> Case:
    measured = number(row, "samples_per_s")
    if measured is None and row.get("primary_metric") == "samples_per_s":
        measured = number(row, "primary_value")
    if measured is None:
        raise Unknown("only a ratio to another system is published, no rate")
    count, batch = number(row, "n_chips"), number(row, "micro_batch")
    if count is None or batch is None:
        raise Unknown("number of chips or batch is not given")
    crossed = "dcn" in row.get("notes", "").lower()
    return Case(
        id=name,
        family=row.get("family", "dlrm"),
        kind="recommendation",
        model="dlrm-dcnv2" if crossed else "dlrm-dot",
        chip=chip,
        precision=row.get("precision", "fp32"),
        software="torchrec",
        year=year(row.get("date", "")),
        plan={"chips": count, "global_batch": count * batch},
        sequence=1.0,
        quantity="samples_per_s",
        measured=measured,
        unit="samples/s",
        known=True,
        tier=row.get("tier") or "A",
        published=row.get("source", ""),
    )


def _inline_model(row: Row) -> str:
    shape = [number(row, key) for key in ("hidden", "heads", "layers")]
    if any(x is None or x <= 0 for x in shape):
        raise Unknown("shape of the model is not given")
    return "gpt " + "x".join(str(int(x or 0)) for x in shape)


def _measured(row: Row) -> tuple[str, float, str]:
    metric = row.get("primary_metric") or ""
    order = [metric, "step_time_s", "tokens_per_s_per_chip"]
    order += ["reported_tflops_per_chip", "reported_mfu_pct"]
    if number(row, "step_time_s") is not None and metric == "reported_tflops_per_chip":
        # A rate that counts recomputation is compared as the time it was derived to.
        order = ["step_time_s"]
    units = {
        "step_time_s": "s",
        "tokens_per_s_per_chip": "tokens/s/chip",
        "reported_tflops_per_chip": "TFLOP/s/chip",
        "reported_mfu_pct": "%",
    }
    if metric == "chip_hours":
        raise Unknown("chip-hours of a whole programme, with its stops, are not a step time")
    for quantity in order:
        value = number(row, quantity)
        if value is None and quantity == metric:
            value = number(row, "primary_value")
        if quantity in units and value is not None and value > 0:
            return quantity, value, units[quantity]
    raise Unknown("nothing measured that a step time can be compared with")


def _stated_fabric(row: Row) -> float | None:
    """Scale-out bandwidth of a chip where the row states its host's, e.g. ``4x200 Gb/s per VM``."""
    found = re.search(
        r"(?:(\d+)x)?(\d+) Gb/s(?: NIC| [\w-]+)? per (?:node|VM|host)", row.get("chip_note") or ""
    )
    if found is None:
        return None
    host = number(row, "chips_per_host") or 8.0
    return float(found[1] or 1) * float(found[2]) * 1e9 / 8.0 / host


def _software(row: Row, sweep: bool) -> str:
    stated = f"{row.get('software', '')} {row.get('family', '')}".lower()
    notes = row.get("notes", "").lower()
    if sweep or "deepspeed" in stated or "vtrain" in stated:
        return "deepspeed"
    if "bridge" in stated:
        return "megatron-bridge"
    if "torchtitan" in stated:
        eager = "eager" in notes
        return "torchtitan-eager" if eager else "torchtitan"
    for mark, stack in (
        ("megascale (", "megascale"),
        ("megascale  ", "megascale"),
        ("maxtext", "maxtext"),
        ("foundry", "fsdp"),
        ("metaseq", "fsdp"),
        ("23.06", "megatron-2023"),
        ("primus", "primus"),
    ):
        if mark in stated:
            return stack
    if row.get("software", "").strip().lower() == "megascale":
        return "megascale"
    if "megatron-lm" in stated and year(row.get("date", "")) < 2023:
        return "megatron"
    return "megatron-core"


def _precision(stated: str) -> str:
    low = stated.lower()
    for mark in ("nvfp4", "mxfp8", "fp4", "fp8"):
        if mark in low:
            return {"nvfp4": "fp4"}.get(mark, mark)
    return "bf16"
