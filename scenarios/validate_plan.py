"""The parallel plan a row states, and what its recipe means where it leaves something out."""

from __future__ import annotations

from scenarios.validate_catalog import Unknown, chips
from scenarios.validate_fields import Row, number
from scenarios.validate_models import architecture_entry, architecture_of

__all__ = ["DEFAULT_SEQUENCE", "stated_plan"]

#: Assumed where a source leaves them out.
DEFAULT_SEQUENCE = 2048
_TOKENS_PER_CHIP = 8192


def stated_plan(
    row: Row, model: str, chip: str, software: str, count: float, sequence: float | None
) -> tuple[dict[str, float], bool]:
    """Plan of a row, and whether any of it had to be guessed.

    Raises
    ------
    Unknown
        If the degrees do not fit the number of chips.
    """
    tp = number(row, "tp") or 1.0
    cp = number(row, "cp") or 1.0
    pp = number(row, "pp")
    batch = number(row, "global_batch_seqs")
    micro = number(row, "micro_batch")
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
        length = sequence or DEFAULT_SEQUENCE
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
        "vp": number(row, "vp") or _chunks(model, software, pp),
        "cp": cp,
        "dp": dp,
        "ep": number(row, "ep") or 1.0,
        "micro_batch": micro,
        "global_batch": batch,
        "sharding": sharding,
        "recompute": _recompute(row, software),
        "sequence_parallel": _sequence_parallel(row, software),
    }
    return plan, guessed


def _sharding(row: Row, unsharded: bool) -> float:
    stated = (row.get("fsdp") or "").strip()
    if stated in ("", "0"):
        return 1.0 if unsharded else 3.0
    return 1.0 if stated.startswith(("SHARD_GRAD", "ZeRO-2")) else 3.0


def _chunks(model: str, software: str, pp: float) -> float:
    """Interleaved chunks a stage where a recipe leaves them out: chunks of about four layers."""
    if pp == 1 or software not in ("megatron-core", "megatron-bridge"):
        return 1.0
    return max(1.0, float(round(float(architecture_entry(model)["layers"]) / pp / 4.0)))


def _smallest_pipeline(model: str, chip: str, count: float, tp: float) -> float:
    """Fewest stages whose weights, gradients and optimiser state fill under half the memory."""
    params = float(architecture_of(model, 2048.0).params)
    layers = int(architecture_entry(model)["layers"])
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
