"""Collectives as nccl-tests report them, against the two-tier law."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from scenarios.validate_catalog import CATALOG, Unknown, calibration, chip_key, chips, read_yaml
from scenarios.validate_fields import Row, read_table
from scenarios.validate_outcomes import Outcome
from simulator.laws.collectives import (
    Collective,
    Network,
    bus_bandwidth_b_per_s,
    collective_time_s,
    cube_mesh_rings,
)
from simulator.laws.training_fit import Fit, Prior, fit_constants, group_weights

__all__ = ["Exchange", "fit_rows", "leave_out", "predict_rows", "priors", "read_rows", "typed_rows"]

Array = NDArray[np.float64]
_KINDS = ("all_reduce", "all_gather", "reduce_scatter", "all_to_all")
#: A plateau is read where the message no longer matters.
_PLATEAU_B = 16 * 2.0**30
#: Messages from this size on are long. [B]
_LONG_B = 64 * 2**20
_NOISE = 0.06


@dataclass(frozen=True)
class Exchange:
    """One measured collective."""

    id: str
    chip: str
    platform: str
    collective: Collective
    ranks: float
    nodes: float
    message_b: float
    in_network: bool
    measured_b_per_s: float
    published: str


def read_rows(path: Path) -> tuple[list[Exchange], list[tuple[str, str]]]:
    """Exchanges that can be predicted, and id with reason of those that cannot."""
    return _read(read_table(path))


def typed_rows() -> tuple[list[Exchange], list[tuple[str, str]]]:
    """Exchanges typed into the catalogue, each with its publication."""
    found = read_yaml(CATALOG / "validation" / "collectives.yaml")
    rows: list[dict[str, str]] = []
    for group in found["groups"]:
        common = {k: str(v) for k, v in group.items() if k != "rows"}
        rows += [{**common, **{k: str(v) for k, v in row.items()}} for row in group["rows"]]
    return _read(rows)


def _read(rows: Iterable[Row]) -> tuple[list[Exchange], list[tuple[str, str]]]:
    read: list[Exchange] = []
    refused: list[tuple[str, str]] = []
    for number, row in enumerate(rows, start=1):
        name = row.get("id") or f"row {number}"
        try:
            read.append(_exchange(row, name))
        except Unknown as error:
            refused.append((name, str(error)))
    return read, refused


def _exchange(row: Row, name: str) -> Exchange:
    kind = row.get("kind", "measurement") or "measurement"
    if kind not in ("measurement", "peak_busbw"):
        raise Unknown(f"a {kind.replace('_', ' ')} is an input or a ratio, not a measured exchange")
    collective = (row.get("collective") or "").strip()
    if collective not in _KINDS:
        raise Unknown(f"unknown collective {collective!r}; known: {', '.join(_KINDS)}")
    chip = chip_key(row.get("chip", ""))
    numbers: dict[str, float] = {}
    # A table of plateaus states them in its value column.
    for key in ("n_ranks", "n_nodes", "msg_bytes", "busbw_GBps", "value", "time_us"):
        text = (row.get(key) or "").strip()
        try:
            numbers[key] = float(text) if text else 0.0
        except ValueError as error:
            raise Unknown(f"{key} is {text!r}, not a number") from error
    ranks = numbers["n_ranks"]
    if ranks < 2:
        raise Unknown("fewer than two ranks exchange nothing")
    message = numbers["msg_bytes"] or _PLATEAU_B
    if kind == "measurement" and not numbers["msg_bytes"]:
        raise Unknown("message size is not given")
    rate = (numbers["busbw_GBps"] or numbers["value"]) * 1e9
    if numbers["time_us"] > 0:
        # The rate is printed with two decimals, the time with more digits.
        rate = float(
            bus_bandwidth_b_per_s(
                cast(Collective, collective), message, ranks, numbers["time_us"] * 1e-6
            )
        )
    if rate <= 0:
        raise Unknown("no bandwidth or time measured")
    nodes = numbers["n_nodes"] or 1.0
    return Exchange(
        id=name,
        chip=chip,
        platform=row.get("platform", ""),
        collective=cast(Collective, collective),
        ranks=ranks,
        nodes=nodes,
        message_b=message,
        in_network=_in_network(row, chip, ranks, message),
        measured_b_per_s=rate,
        published=row.get("source", ""),
    )


def _in_network(row: Row, chip: str, ranks: float, message: float) -> bool:
    """Whether switches sum: said so, or what NCCL picks by itself for many ranks and bytes."""
    stated = (row.get("algo") or "").lower()
    if "off" in stated or (stated.strip().startswith("ring") and "nvls" not in stated):
        return False
    if "nvls" in stated or "sharp" in stated:
        return message >= 2**21
    switched = chips()[chip]["family"] in ("hopper", "blackwell")
    return switched and row.get("collective") == "all_reduce" and ranks >= 6 and message >= 2**21


def _key(row: Exchange) -> str:
    return f"{row.platform} {row.chip} {row.collective} {row.ranks:g}"


def priors() -> Mapping[str, Prior]:
    """What was believed of each constant before the rows."""
    found = calibration()["collectives"]["constants"]
    return {k: Prior(float(v["prior"]), float(v["prior_spread"])) for k, v in found.items()}


def constants() -> Mapping[str, float]:
    """Fitted constants of the collectives, by name."""
    return {k: float(v["value"]) for k, v in calibration()["collectives"]["constants"].items()}


def _rates(rows: Sequence[Exchange], values: Mapping[str, float]) -> Array:
    """Bus bandwidth of every row [B/s]."""
    found = []
    for row in rows:
        chip = chips()[row.chip]
        family = str(chip["family"])
        domain = float(chip["domain_chips"])
        # Switched racks span hosts; elsewhere a host is the domain.
        inside = domain if domain > 16 else min(domain, row.ranks / row.nodes)
        slow = "aws" in row.platform.lower() or "p5en" in row.platform.lower()
        up = float(chip["scaleup_gb_per_s"]) * 1e9
        if family == "volta":
            up = cube_mesh_rings(int(row.ranks)) * 25e9 if row.nodes == 1 else up
        elif family.startswith("cdna") and row.nodes == 1:
            # A full mesh: each pair shares one link, so few ranks use few links.
            up *= min(1.0, (row.ranks - 1.0) / (domain - 1.0))
        reach = values.get(f"up.{family}", values["up.other"])
        if row.collective == "all_to_all":
            reach *= values["up.all_to_all"]
        if row.in_network:
            reach = values.get(f"switch.{family}", values["switch.hopper"])
        latency = values["latency_s.cloud"] if slow else values.get(
            f"latency_s.{family}", values["latency_s.other"]
        )  # fmt: skip
        network = Network(
            up,
            float(chip.get("scaleout_gb_per_s", 25.0)) * 1e9,
            up_efficiency=reach,
            out_efficiency=min(values["out"], 1.0),
            up_latency_s=latency,
            out_latency_s=values["hop_s.cloud"] if slow else values["hop_s"],
            half_b=values.get(f"half_b.{family}", values["half_b.other"]),
            ramp=min(values["ramp"], 0.99),
        )
        crossing_sum = row.in_network and "sharp" in row.platform.lower()
        time = collective_time_s(
            row.collective, row.message_b, row.ranks, inside, network,
            in_network=row.in_network, in_fabric=crossing_sum,
        )  # fmt: skip
        found.append(float(bus_bandwidth_b_per_s(row.collective, row.message_b, row.ranks, time)))
    return np.array(found)


def predict_rows(
    rows: Sequence[Exchange], values: Mapping[str, float] | None = None
) -> list[Outcome]:
    """Outcome of every row in GB/s of bus bandwidth."""
    rates = _rates(rows, constants() if values is None else values)
    return [_outcome(row, rate) for row, rate in zip(rows, rates, strict=True)]


def _outcome(row: Exchange, rate: float) -> Outcome:
    size, long = "", row.message_b >= _LONG_B
    if row.collective == "all_reduce":
        size = " 64 MiB and more" if long else " smaller"
    return Outcome(
        id=row.id,
        family=row.platform,
        chip=row.chip,
        kind=row.collective + size,
        tier="A",
        measured=row.measured_b_per_s / 1e9,
        predicted=rate / 1e9,
        unit="GB/s",
        model=f"{row.ranks:g} ranks {row.message_b:.3g} B",
        count=row.ranks,
        published=row.published,
        spread=float(calibration()["collectives"]["log_error"]["long" if long else "short"]),
    )


def fit_rows(
    rows: Sequence[Exchange], *, start: Mapping[str, float] | None = None, evaluations: int = 30
) -> Fit:
    """Constants that explain these exchanges best."""
    return fit_constants(
        lambda values: _rates(rows, values),
        [row.measured_b_per_s for row in rows],
        priors(),
        noise=_NOISE,
        weights=group_weights([_key(row) for row in rows]),
        start=start,
        evaluations=evaluations,
    )


def leave_out(rows: Sequence[Exchange]) -> list[Outcome]:
    """Outcome of every row with constants fitted to the other platforms and group sizes."""
    whole = fit_rows(rows).values
    outcomes: list[Outcome] = []
    for name in sorted({_key(row) for row in rows}):
        held = [row for row in rows if _key(row) == name]
        rest = [row for row in rows if _key(row) != name]
        outcomes += predict_rows(held, fit_rows(rest, start=whole, evaluations=8).values)
    return outcomes
