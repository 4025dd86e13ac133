"""Predict measured training runs, and refit with whole groups left out to see what is foreseen."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from scenarios.validate_catalog import calibration, chips, constant_lines
from scenarios.validate_inputs import Inputs, inputs_of
from scenarios.validate_outcomes import Outcome
from scenarios.validate_recommendation import predict_recommendation
from scenarios.validate_rows import Case
from simulator.laws.training import step_time
from simulator.laws.training_fit import Fit, Prior, fit_constants, group_weights

__all__ = [
    "GROUPS",
    "constants",
    "fit_cases",
    "leave_largest",
    "leave_out",
    "predict_cases",
    "priors",
    "refitted_lines",
    "training_group",
]

Array = NDArray[np.float64]

#: Rows of one configuration differ by this much between sites; errors within it are noise [1].
#: Mixtures of experts differ by as much as nine releases of one recipe do within a year
#: (Qwen3-30B-A3B on eight GB200, 25.09 to 26.08).
_NOISE = {"dense": 0.06, "sweep": 0.06, "moe": 0.24}


def constants() -> Mapping[str, float]:
    """Fitted constants of the step-time law, by name."""
    return {k: float(v["value"]) for k, v in calibration()["training"]["constants"].items()}


def priors() -> Mapping[str, Prior]:
    """What was believed of each constant before the rows."""
    found = calibration()["training"]["constants"]
    return {k: Prior(float(v["prior"]), float(v["prior_spread"])) for k, v in found.items()}


def training_group(case: Case) -> str:
    """The group a row is left out with: its model on its chip family."""
    return f"{case.model} on {chips()[case.chip]['family']}"


def model_family(model: str) -> str:
    """The line a model belongs to: its name up to the first number or dash.

    Examples
    --------
    >>> [model_family(m) for m in ("Llama3.1-405B", "GPT-OSS-120B", "GPT-22B", "gpt 1024x16x12")]
    ['Llama', 'GPT-OSS', 'GPT', 'gpt']
    """
    if model.startswith("GPT-OSS"):
        return "GPT-OSS"
    return re.split(r"[-\d( ]", model)[0]


#: What rows may be left out together, by the name of the choice.
GROUPS: Mapping[str, Callable[[Case], str]] = {
    "model": training_group,
    "family": lambda case: f"{model_family(case.model)} on {chips()[case.chip]['family']}",
    "chip": lambda case: case.chip,
    "source": lambda case: case.family,
}


def _quantities(inputs: Inputs, values: Mapping[str, float]) -> Array:
    """Predictions in each row's own quantity."""
    time = step_time(
        inputs.model, inputs.chip, inputs.network(values), inputs.plan, inputs.software(values)
    )
    plan = inputs.plan
    per_chip = 1.0 / time.total_s / plan.chips
    rate = time.flops * per_chip
    kinds = np.array([case.quantity for case in inputs.cases])
    tokens = plan.global_batch * inputs.model.sequence * per_chip
    return np.select(
        [kinds == "step_time_s", kinds == "tokens_per_s_per_chip", kinds == "reported_mfu_pct"],
        [time.total_s, tokens, 100.0 * rate / inputs.chip.wide_flops_per_s],
        rate / 1e12,
    )


def predict_cases(
    cases: Sequence[Case], values: Mapping[str, float] | None = None
) -> list[Outcome]:
    """Outcome of every case, with the catalogue's constants if none are given."""
    steps = [case for case in cases if case.kind != "recommendation"]
    predicted: dict[str, float] = {}
    if steps:
        found = _quantities(inputs_of(steps), constants() if values is None else values)
        predicted = {case.id: float(p) for case, p in zip(steps, found, strict=True)}
    for case in cases:
        if case.kind == "recommendation":
            predicted[case.id] = predict_recommendation(case)
    return [_outcome(case, predicted[case.id]) for case in cases]


def _outcome(case: Case, predicted: float) -> Outcome:
    return Outcome(
        id=case.id,
        family=case.family,
        chip=case.chip,
        kind=case.kind,
        tier=case.tier,
        measured=case.measured,
        predicted=predicted,
        unit=case.unit,
        model=case.model,
        layout=_layout(case),
        count=_count(case),
        published=case.published,
        spread=_spread(case.kind, case.tier),
    )


def _layout(case: Case) -> str:
    """How a case lies over its chips."""
    degrees = ("tp", "pp", "cp", "dp")
    return " ".join(f"{k}{case.plan[k]:g}" for k in degrees if case.plan.get(k, 1.0) > 1.0)


def _spread(kind: str, tier: str) -> float:
    """Spread of the log error of rows of a kind and tier whose group was left out."""
    if kind == "recommendation":
        return float(calibration()[kind]["log_error"])
    found = calibration()["training"]
    whole: Mapping[str, float] = found["log_error"]
    return float((whole if tier == "A" else whole | found["log_error_partial"])[kind])


def fit_cases(
    cases: Sequence[Case], *, start: Mapping[str, float] | None = None, evaluations: int = 30
) -> Fit:
    """Constants that explain these cases best."""
    steps = [case for case in cases if case.kind != "recommendation"]
    inputs = inputs_of(steps)
    groups = [f"{case.model} {case.chip} {case.family}" for case in steps]
    return fit_constants(
        lambda values: _quantities(inputs, values),
        [case.measured for case in steps],
        priors(),
        noise=[_NOISE[case.kind] for case in steps],
        weights=group_weights(groups),
        start=start,
        evaluations=evaluations,
    )


def refitted_lines(cases: Sequence[Case]) -> list[str]:
    """Constants fitted to these cases, each as its line of the calibration."""
    # Valleys of the fit are flat: whoever refits starts in the catalogue's.
    return constant_lines(fit_cases(cases, start=constants(), evaluations=60), priors())


def leave_largest(cases: Sequence[Case]) -> list[Outcome]:
    """Outcome of the largest run of every series, with constants fitted to all smaller ones.

    A series is one model on one chip in one precision with one software and layout, at three or
    more numbers of chips.
    """
    steps = [case for case in cases if case.kind != "recommendation"]
    series: dict[tuple[object, ...], list[Case]] = {}
    for case in steps:
        shape = tuple(case.plan[k] for k in ("tp", "pp", "cp"))
        key = (case.family, case.model, case.chip, case.precision, case.software, case.sequence)
        series.setdefault((*key, shape), []).append(case)
    held: set[str] = set()
    for members in series.values():
        sizes = {_count(case) for case in members}
        if len(sizes) >= 3:
            held |= {case.id for case in members if _count(case) == max(sizes)}
    rest = [case for case in steps if case.id not in held]
    return predict_cases([c for c in steps if c.id in held], fit_cases(rest).values)


def _count(case: Case) -> float:
    return float(np.prod([case.plan.get(k, 1.0) for k in ("tp", "pp", "cp", "dp")]))


def leave_out(
    cases: Sequence[Case],
    group: Callable[[Case], str] = training_group,
    progress: Callable[[str], None] = lambda _: None,
) -> list[Outcome]:
    """Outcome of every case with constants fitted to all cases of other groups."""
    steps = [case for case in cases if case.kind != "recommendation"]
    # Valleys of the fit are flat: whoever leaves a group out starts in the catalogue's.
    whole = fit_cases(steps, start=constants(), evaluations=8).values
    outcomes: list[Outcome] = []
    for name in sorted({group(case) for case in steps}):
        progress(name)
        held = [case for case in steps if group(case) == name]
        rest = [case for case in steps if group(case) != name]
        values = fit_cases(rest, start=whole, evaluations=8).values if rest else None
        outcomes += predict_cases(held, values)
    return outcomes
