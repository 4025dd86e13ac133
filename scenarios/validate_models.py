"""Architectures by name: the shape of a model in the catalogue, or of a GPT a sweep describes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from scenarios.validate_catalog import models
from simulator.laws.training_shapes import Architecture

__all__ = ["architecture_entry", "architecture_of"]


def architecture_entry(model: str) -> Mapping[str, Any]:
    """Shape of a model: of ``gpt HIDDENxHEADSxLAYERS``, or as the catalogue has it."""
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


def architecture_of(model: str, sequence: float) -> Architecture:
    """Architecture of a model in the catalogue, at a sequence length."""
    entry = architecture_entry(model)
    hidden, layers = float(entry["hidden"]), float(entry["layers"])
    heads = float(entry.get("heads", hidden / 128))
    width = float(entry.get("head_width", hidden / heads))
    keys = float(entry.get("kv_heads", heads)) * width
    queries = heads * width
    matrices = 3.0 if entry.get("gated") else 2.0
    sparse = float(entry.get("expert_layers", 0)) / layers
    shared = 3.0 * hidden * float(entry.get("shared_ffn", 0)) * sparse
    plain = matrices * hidden * float(entry.get("ffn", 0)) * (1.0 - sparse)
    values: dict[str, float] = {
        "layers": layers,
        "hidden": hidden,
        "heads": heads,
        "vocabulary": float(entry.get("vocabulary", 50304)),
        "sequence": sequence,
        "attention_params": float(
            entry.get("attention_params", 2.0 * hidden * queries + 2.0 * hidden * keys)
        ),
        "attention_width": float(entry.get("attention_width", queries)),
        "key_width": float(entry.get("key_width", keys)),
        "attention_share": float(entry.get("attention_share", 1.0)),
        "dense_params": shared + plain,
        "dense_matrices": matrices,
        "experts": float(entry.get("experts", 0)) * sparse,
        "top_k": float(entry.get("top_k", 0)) * sparse,
        "expert_width": float(entry.get("expert_ffn", 0)),
        "expert_share": sparse,
        "tables": float(entry.get("tables", 2.0 if entry.get("gated") else 1.0)),
    }
    return Architecture(**{key: np.asarray(value) for key, value in values.items()})
