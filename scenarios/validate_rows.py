"""Measured training runs as other people's tables state them, made ready to be predicted."""

from __future__ import annotations

import csv
import gzip
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scenarios.validate_catalog import (
    CATALOG,
    Unknown,
    chip_key,
    chips,
    model_key,
    models,
    read_yaml,
)

__all__ = ["Case", "read_cases", "read_table", "training_case", "typed_cases"]

Row = Mapping[str, str]

#: Assumed where a source leaves them out.
_SEQUENCE = 2048
_TOKENS_PER_CHIP = 8192


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
    out_b_per_s: float | None = None


def read_table(path: Path) -> list[dict[str, str]]:
    """Rows of a comma-separated file, gzipped or not.

    Raises
    ------
    Unknown
        If the file cannot be read or holds no table.
    """
    try:
        if path.suffix == ".gz":
            with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
                rows = list(csv.DictReader(file))
        else:
            with path.open(encoding="utf-8", newline="") as file:
                rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error, EOFError) as error:
        raise Unknown(f"cannot read {path}: {error}") from error
    if not rows:
        raise Unknown(f"{path} holds no rows")
    return rows


def read_cases(rows: Iterable[Row]) -> tuple[list[Case], list[tuple[str, str]]]:
    """Cases that can be predicted, and id with reason of those that cannot."""
    cases: list[Case] = []
    refused: list[tuple[str, str]] = []
    for number, row in enumerate(rows, start=1):
        name = row.get("id") or f"row {number}"
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
    chip = chip_key(_text(row, "chip", "names no chip"))
    sweep = "step_time_s" in row and "hidden" in row and "model" not in row
    if sweep:
        model = _inline_model(row)
    else:
        if row.get("workload", "").startswith("dlrm"):
            return _recommendation_case(row, name, chip)
        model = model_key(_text(row, "model", "names no model"))
        if not models()[model].get("layers"):
            raise Unknown(f"shape of {model} is not published")
    quantity, measured, unit = _measured(row)
    count = _number(row, "n_chips")
    if count is None:
        raise Unknown("number of chips is not given")
    precision = _precision(row.get("precision") or ("fp16" if sweep else "bf16"))
    software = _software(row, sweep)
    sequence = _number(row, "seq_len")
    plan, guessed = _plan(row, model, chip, software, count, sequence)
    family = row.get("family") or ("vtrain_one_node" if sweep else "training")
    architecture = _architecture(model)
    kind = "moe" if architecture.get("experts") else "dense"
    return Case(
        id=name,
        family=family,
        kind="sweep" if family.startswith("vtrain") else kind,
        model=model,
        chip=chip,
        precision=precision,
        software=software,
        year=_year(row.get("date", "")),
        plan=plan,
        sequence=sequence or _SEQUENCE,
        quantity=quantity,
        measured=measured,
        unit=unit,
        known=not guessed and sequence is not None,
        tier=row.get("tier") or "A",
        published=row.get("source", ""),
        overlapped="async" in row.get("notes", "").lower(),
        rowwise="rowwise" in row.get("notes", "").lower(),
        out_b_per_s=_stated_fabric(row),
    )


def _recommendation_case(row: Row, name: str, chip: str) -> Case:
    measured = _number(row, "samples_per_s")
    if measured is None and row.get("primary_metric") == "samples_per_s":
        measured = _number(row, "primary_value")
    if measured is None:
        raise Unknown("only a ratio to another system is published, no rate")
    count, batch = _number(row, "n_chips"), _number(row, "micro_batch")
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
        year=_year(row.get("date", "")),
        plan={"chips": count, "global_batch": count * batch},
        sequence=1.0,
        quantity="samples_per_s",
        measured=measured,
        unit="samples/s",
        known=True,
        tier=row.get("tier") or "A",
        published=row.get("source", ""),
    )


def _architecture(model: str) -> Mapping[str, Any]:
    if model.startswith("gpt "):
        hidden, heads, layers = (int(x) for x in model.split()[1].split("x"))
        return {
            "layers": layers,
            "hidden": hidden,
            "heads": heads,
            "kv_heads": heads,
            "ffn": 4 * hidden,
            "vocabulary": 51200,
            "gated": False,
        }
    return models()[model]


def _inline_model(row: Row) -> str:
    shape = [_number(row, key) for key in ("hidden", "heads", "layers")]
    if any(x is None or x <= 0 for x in shape):
        raise Unknown("shape of the model is not given")
    return "gpt " + "x".join(str(int(x or 0)) for x in shape)


def _measured(row: Row) -> tuple[str, float, str]:
    metric = row.get("primary_metric") or ""
    order = [metric, "step_time_s", "tokens_per_s_per_chip"]
    order += ["reported_tflops_per_chip", "reported_mfu_pct"]
    if _number(row, "step_time_s") is not None and metric == "reported_tflops_per_chip":
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
        value = _number(row, quantity)
        if value is None and quantity == metric:
            value = _number(row, "primary_value")
        if quantity in units and value is not None and value > 0:
            return quantity, value, units[quantity]
    raise Unknown("nothing measured that a step time can be compared with")


def _plan(
    row: Row, model: str, chip: str, software: str, count: float, sequence: float | None
) -> tuple[dict[str, float], bool]:
    tp = _number(row, "tp") or 1.0
    cp = _number(row, "cp") or 1.0
    pp = _number(row, "pp")
    batch = _number(row, "global_batch_seqs")
    micro = _number(row, "micro_batch")
    guessed = batch is None
    unsharded = software in (
        "megatron",
        "megatron-2023",
        "deepspeed",
        "megatron-core",
        "megatron-bridge",
        "megascale",
    )
    sharding = _sharding(row, unsharded)
    if pp is None:
        pp = _smallest_pipeline(model, chip, count, tp) if unsharded else 1.0
        guessed = guessed or (unsharded and count > tp)
    if count % (tp * pp * cp) and count < tp * pp * cp:
        raise Unknown(f"tp x pp x cp = {tp * pp * cp:g} exceeds {count:g} chips")
    dp = max(count / (tp * pp * cp), 1.0)
    if batch is None:
        length = sequence or _SEQUENCE
        batch = 240.0 * dp if pp > 1 else max(_TOKENS_PER_CHIP / length, 1.0) * dp
    if micro is None:
        # One pass over what a replica holds, as compilers for single programs do.
        micro = 1.0 if pp > 1 or unsharded else max(batch / dp, 1.0 / 64.0)
        if batch < dp:
            cp, dp, micro = cp * dp / batch, batch, 1.0
    if software.startswith("torchtitan") and pp > 1:
        micro = 1.0
    micro = min(micro, max(batch / dp, 1.0 / 64.0))
    plan = {
        "tp": tp,
        "pp": pp,
        "vp": _number(row, "vp") or _chunks(model, software, pp),
        "cp": cp,
        "dp": dp,
        "ep": _number(row, "ep") or 1.0,
        "micro_batch": micro,
        "global_batch": batch,
        "sharding": sharding,
        "recompute": _recompute(row, software),
        "sequence_parallel": _sequence_parallel(row, software),
    }
    return plan, guessed


def _stated_fabric(row: Row) -> float | None:
    """Scale-out bandwidth of a chip where the row states its host's, e.g. ``4x200 Gb/s per VM``."""
    found = re.search(
        r"(?:(\d+)x)?(\d+) Gb/s(?: NIC| [\w-]+)? per (?:node|VM|host)", row.get("chip_note") or ""
    )
    if found is None:
        return None
    host = _number(row, "chips_per_host") or 8.0
    return float(found[1] or 1) * float(found[2]) * 1e9 / 8.0 / host


def _chunks(model: str, software: str, pp: float) -> float:
    """Interleaved chunks a stage where a recipe leaves them out: chunks of about four layers."""
    if pp == 1 or software not in ("megatron-core", "megatron-bridge"):
        return 1.0
    return max(1.0, float(round(float(_architecture(model)["layers"]) / pp / 4.0)))


def _sharding(row: Row, unsharded: bool) -> float:
    stated = (row.get("fsdp") or "").strip()
    if stated in ("", "0"):
        return 1.0 if unsharded else 3.0
    return 1.0 if stated.startswith(("SHARD_GRAD", "ZeRO-2")) else 3.0


def _smallest_pipeline(model: str, chip: str, count: float, tp: float) -> float:
    """Fewest stages whose weights, gradients and optimiser state fill under half the memory."""
    from scenarios.validate_inputs import architecture_of

    params = float(architecture_of(model, 2048.0).params)
    layers = int(_architecture(model)["layers"])
    memory = 0.5 * float(chips()[chip]["memory_gb"]) * 1e9
    for stages in range(1, layers + 1):
        divides = layers % stages == 0 and count % (tp * stages) == 0
        if divides and 8.0 * params / (tp * stages) <= memory:
            return float(stages)
    return 1.0


def _recompute(row: Row, software: str) -> float:
    stated = (row.get("recompute") or "").strip().lower()
    if stated.startswith("full"):
        return 1.0
    if stated == "":
        # What these did by default: all again before selective recomputation was known, half now.
        return {"maxtext": 0.5, "deepspeed": 1.0, "fsdp": 1.0}.get(software, 0.0)
    return 0.0


def _sequence_parallel(row: Row, software: str) -> float:
    if software == "megatron":
        return 1.0 if "seqpar" in (row.get("recompute") or "") else 0.0
    return 0.0 if software == "deepspeed" else 1.0


def _software(row: Row, sweep: bool) -> str:
    text = f"{row.get('software', '')} {row.get('family', '')}".lower()
    notes = row.get("notes", "").lower()
    if sweep or "deepspeed" in text or "vtrain" in text:
        return "deepspeed"
    if "bridge" in text:
        return "megatron-bridge"
    if "torchtitan" in text:
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
        if mark in text:
            return stack
    if row.get("software", "").strip().lower() == "megascale":
        return "megascale"
    if "megatron-lm" in text and _year(row.get("date", "")) < 2023:
        return "megatron"
    return "megatron-core"


def _precision(text: str) -> str:
    low = text.lower()
    for mark in ("nvfp4", "mxfp8", "fp4", "fp8"):
        if mark in low:
            return {"nvfp4": "fp4"}.get(mark, mark)
    return "bf16"


def _year(date: str) -> float:
    digits = date.strip()[:7]
    try:
        year = float(digits[:4])
        month = float(digits[5:7]) if len(digits) == 7 and digits[4] == "-" else 6.5
    except ValueError:
        return 2024.0
    return year + ((month if month <= 12 else 6.5) - 0.5) / 12.0


def _number(row: Row, key: str) -> float | None:
    text = (row.get(key) or "").strip()
    if not text:
        return None
    try:
        value = float(text)
    except ValueError as error:
        raise Unknown(f"{key} is {text!r}, not a number") from error
    if not math.isfinite(value) or value < 0:
        raise Unknown(f"{key} is {text!r}, must be finite and not negative")
    return value


def _text(row: Row, key: str, fault: str) -> str:
    text = (row.get(key) or "").strip()
    if not text:
        raise Unknown(fault)
    return text
